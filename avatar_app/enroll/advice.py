"""Advice: what the footage so far still lacks, as figures a coach can show.

An ``Advisor`` is told each clip once, right after it was recorded and followed: that
costs under a millisecond, and its memory does not grow with the take. Asked at any
moment, it gives every finding with its value, what would be enough, and one sentence
on what to do; what matters most comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from avatar_app.capture.quality import Light, judge_light
from avatar_app.capture.take import Purpose
from avatar_app.enroll.enrollment import Enrollment
from avatar_app.enroll.tracking import FaceTrack, reopen_track
from avatar_app.enroll.visemes import VISEMES, Viseme, visemes_of
from avatar_app.media import Picture

# Under the first a mouth cannot be learned; under the second it is learned poorly:
# on GRID s1 the opening follows with r .81 after one minute, .89 after three.
NEEDED_SECONDS: Final = 30.0
ADVISED_SECONDS: Final = 120.0
# A shape of the mouth is a square of this side in the plane of opening and width, both
# in distances of the outer eye corners, and counts once it was seen in three pictures.
# Any two minutes of GRID s1 show 26 to 33 shapes, 30 s 16 to 23. It is a hint at a
# mumbler, not a measure of quality: among subsets of one length more shapes did not
# make a better mouth (benchmarks/advice.py, docs/decisions/0012).
_CELL, _ROWS, _COLUMNS = 0.02, 14, 14
_OFTEN = 3
_SHAPES = 26
_TIMES_EACH = 3  # how often every viseme should have been read
# Of the middle width of the mouth in one clip from that in all, in eye distances: one
# sentence of sixty seconds that GRID s1 read with a smile (.07 off, all others within
# .022) took the drawn lips from 0.90 % to 1.03-1.18 % off (docs/decisions/0012).
_ODD = 0.04
_LISTENING_SECONDS = 8.0
_BLINKS = 3
_LIGHT_EVERY = 0.5  # seconds between two looks at the light
# Degrees between the 5th and the 95th percentile; GRID s1, who sits at a table and
# reads from a screen, turns by 9 and nods by 9.
_TURN, _NOD = 6.0, 5.0
_NOSE = 0.5  # how far its tip stands before the eye corners, in their distance
# Sharp faces of GRID have .10 to .15, blurred by one pixel .016 to .023.
_FOCUS = 0.03
_EYES_PX = 60.0  # between the outer eye corners
_LIDS = ((159, 145), (386, 374))
# Of the lids' opening in the second around: so GRID s1 blinks 10 times a minute, with
# .75 he would 27 times. The mesh does not see the drawn presenter's lids that low.
_SHUT, _AROUND = 0.7, 25
_OPENS, _SPREADS, _ROUNDS = 0.12, 0.03, -0.03  # extreme mouths, in eye distances

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure about the footage so far.

    Attributes:
        name: What was measured, a key that stays the same.
        value: What there is.
        least: What would be enough.
        most: What would be too much; infinite where there is no such thing.
        unit: Of the three above, as it is shown; empty for a plain number.
        remedy: What to do about it, one sentence.
        weight: How much it matters to the avatar when it lacks, above 0.
        is_vital: Whether nothing can be built without it.
    """

    name: str
    value: float
    least: float
    most: float
    unit: str
    remedy: str
    weight: float
    is_vital: bool = False

    @property
    def is_met(self) -> bool:
        """Whether there is enough, and not too much."""
        return self.least <= self.value <= self.most

    @property
    def lacking(self) -> float:
        """How much of it is lacking or too much, as a share of the limit, in [0, 1]."""
        if self.value < self.least:
            return min(1.0, (self.least - self.value) / max(abs(self.least), 1e-9))
        if self.value > self.most:
            return min(1.0, (self.value - self.most) / max(abs(self.most), 1e-9))
        return 0.0


class Advisor:
    """Hears of every clip and knows what is still missing."""

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._frames = dict.fromkeys(Purpose, 0)
        self._mouths = np.zeros((_ROWS, 2000), np.int64)  # opening by width, .001 fine
        self._visemes: Counter[Viseme] = Counter()
        self._has_prompts = False
        self._widths: list[tuple[float, str]] = []  # of the readings, and what was read
        self._turns = np.zeros((2, 1001), np.int64)  # nose beside and below the eyes
        self._eyes: list[float] = []  # medians of the clips
        self._lights: list[Light] = []
        self._blinks = 0

    def hear(
        self,
        track: FaceTrack,
        purpose: Purpose,
        text: str = "",
        lights: Sequence[Light] = (),
    ) -> None:
        """Take one more clip into account.

        Args:
            track: The face followed through the clip.
            purpose: What the clip is for.
            text: What was read in it; empty where that is not known.
            lights: How the face was lit, see ``lights_on``.
        """
        points = track.points[track.seen].astype(np.float64)
        self._lights.extend(lights)
        if len(points) == 0:
            return
        self._frames[purpose] += len(points)
        eyes = np.linalg.norm(points[:, 33] - points[:, 263], axis=1)
        self._eyes.append(float(np.median(eyes)))
        self._blinks += _blinks(points, eyes)
        for axis, places in enumerate(_nose(points, eyes)):
            fine = np.clip(np.rint(500 + 500 * places), 0, 1000).astype(int)
            self._turns[axis] += np.bincount(fine, minlength=1001)
        if purpose is Purpose.READING:
            opening = np.linalg.norm(points[:, 13] - points[:, 14], axis=1) / eyes
            width = np.linalg.norm(points[:, 61] - points[:, 291], axis=1) / eyes
            row = np.clip(opening / _CELL, 0, _ROWS - 1).astype(int)
            middle = float(np.median(width))
            self._widths.append((middle, text or f"number {len(self._widths) + 1}"))
            # Within the clip: sitting or smiling otherwise is no other shape.
            fine = np.clip(np.rint(1000 + 1000 * (width - middle)), 0, 1999).astype(int)
            np.add.at(self._mouths, (row, fine), 1)
            if text:
                self._has_prompts = True
                self._visemes.update(visemes_of(text))

    def findings(self) -> tuple[Finding, ...]:
        """Say what there is of everything; what is missed most comes first."""
        found = [self._speaking(), self._listening(), self._shapes()]
        if self._has_prompts:
            found.append(self._sounds())
        if self._widths:
            found.append(self._alike())
        if self._eyes:
            found += [self._closeness(), *self._poses(), self._blinking()]
        if self._lights:
            found += self._light()
        return tuple(sorted(found, key=_urgency))

    def _speaking(self) -> Finding:
        seconds = self._frames[Purpose.READING] / self._fps
        is_vital = seconds < NEEDED_SECONDS
        least = NEEDED_SECONDS if is_vital else ADVISED_SECONDS
        more = max(5, 5 * round((ADVISED_SECONDS - seconds) / 5))
        remedy = f"Read on for another {more} seconds; three minutes are best."
        return Finding(
            "speaking", seconds, least, np.inf, "s", remedy, 3.0, is_vital=is_vital
        )

    def _listening(self) -> Finding:
        seconds = self._frames[Purpose.LISTENING] / self._fps
        remedy = "Sit quietly with your lips closed and look at the camera."
        return Finding(
            "listening", seconds, _LISTENING_SECONDS, np.inf, "s", remedy, 0.8
        )

    def _shapes(self) -> Finding:
        """How many mouths there are; the remedy names the kind that is rarest."""
        columns = self._mouths.sum(axis=0)
        usual, side = columns.size // 2, round(1000 * _CELL)
        first = usual - side // 2 - side * (_COLUMNS // 2)
        edges = first + side * np.arange(_COLUMNS + 1)
        cells = [self._mouths[:, a:b].sum(axis=1) for a, b in pairwise(edges)]
        shapes = int((np.array(cells) >= _OFTEN).sum())
        wide = int(self._mouths[int(_OPENS / _CELL) :].sum())
        spread = int(columns[usual + round(1000 * _SPREADS) :].sum())
        round_ = int(columns[: usual + round(1000 * _ROUNDS)].sum())
        rarest = min(
            (wide, "Open your mouth well: read 'Father parked the car in the yard'."),
            (spread, "Spread your lips: read 'He keeps green tea leaves in tins'."),
            (round_, "Round your lips: read 'You knew few of the new rules at noon'."),
        )
        return Finding("shapes", shapes, _SHAPES, np.inf, "", rarest[1], 0.7)

    def _sounds(self) -> Finding:
        """How many visemes were read often enough; the remedy names the rarest."""
        often = sum(self._visemes[v] >= _TIMES_EACH for v in VISEMES)
        rare = min(VISEMES, key=lambda v: self._visemes[v])
        remedy = f"Read a sentence with words such as '{rare.example}'."
        return Finding("sounds", often, len(VISEMES), np.inf, "", remedy, 1.5)

    def _alike(self) -> Finding:
        """How many sentences were read with another mouth than all others."""
        usual = float(np.median([width for width, _ in self._widths]))
        away = [(abs(width - usual), read) for width, read in self._widths]
        odd = sum(off > _ODD for off, _ in away)
        worst = max(away)[1].rstrip(".")
        remedy = f"Read this once more, without a smile: '{worst}'."
        return Finding("odd", odd, 0, 0, "", remedy, 1.9)

    def _closeness(self) -> Finding:
        remedy = "Sit closer to the camera."
        pixels = float(np.median(self._eyes))
        return Finding("closeness", pixels, _EYES_PX, np.inf, "px", remedy, 1.8)

    def _poses(self) -> tuple[Finding, Finding]:
        turn, nod = (_range(bins) for bins in self._turns)
        return (
            Finding(
                "turning", turn, _TURN, np.inf, "°",
                "Turn your head a little to both sides while you read.", 0.5,
            ),
            Finding(
                "nodding", nod, _NOD, np.inf, "°",
                "Nod a little now and then while you read.", 0.4,
            ),
        )  # fmt: skip

    def _blinking(self) -> Finding:
        remedy = "Blink as you usually do; do not stare at the text."
        return Finding("blinks", self._blinks, _BLINKS, np.inf, "", remedy, 0.6)

    def _light(self) -> list[Finding]:
        exposures = np.array([light.exposure for light in self._lights])
        uneven = float(np.median([light.unevenness for light in self._lights]))
        burnt = float(np.median([light.burnt for light in self._lights]))
        focus = float(np.median([light.focus for light in self._lights]))
        usual = float(np.median(exposures))
        lamp = "Turn on a lamp in front of you."
        shade = "Turn the lamp away or close the curtain: your face is too bright."
        left = "Put a lamp on the left of the picture, or turn towards the window."
        right = left.replace("left", "right")
        return [
            Finding(
                "exposure", usual, 0.25, 0.75, "", lamp if usual < 0.5 else shade, 1.6
            ),
            Finding("burnt", 100 * burnt, 0, 5, "%", shade, 1.2),
            Finding(
                "evenness", uneven, -0.2, 0.2, "", left if uneven < 0 else right, 1.0
            ),
            Finding(
                "steadiness", float(np.ptp(np.percentile(exposures, (5, 95)))), 0, 0.12,
                "", "Keep lamp, curtain and camera as they are for all sentences.", 1.1,
            ),
            Finding(
                "sharpness", focus, _FOCUS, np.inf, "",
                "Wipe the lens, and sit where the camera is in focus.", 1.7,
            ),
        ]  # fmt: skip


def lights_on(pictures: Iterable[Picture], track: FaceTrack) -> list[Light]:
    """Judge light and focus on the face, twice a second.

    Args:
        pictures: Of one clip, in order.
        track: The face followed through the same pictures.
    """
    lights: list[Light] = []
    due = -np.inf
    for picture, points, seen in zip(pictures, track.points, track.seen, strict=False):
        if not seen or picture.seconds < due:
            continue
        left, top = np.maximum(points.min(axis=0), 0).astype(int)
        right, bottom = points.max(axis=0).astype(int)
        height, width = picture.pixels.shape[:2]
        if min(right, width) - left >= 8 and min(bottom, height) - top >= 8:
            box = (int(left), int(top), int(right), int(bottom))
            lights.append(judge_light(picture, box))
            due = picture.seconds + _LIGHT_EVERY
    return lights


def speaking_seconds(enrollment: Enrollment) -> float:
    """How long a face was seen reading, all clips together."""
    shelf = enrollment.take.shelf
    pairs = zip(enrollment.take.clips, enrollment.tracks, strict=True)
    frames = sum(
        int(reopen_track(shelf, name).seen.sum())
        for clip, name in pairs
        if clip.purpose is Purpose.READING
    )
    return frames / enrollment.take.fps


def warning_of(speaking_seconds: float) -> str:
    """One sentence on footage that is enough to build from but not to build well.

    Returns:
        Empty from two minutes on.
    """
    if speaking_seconds >= ADVISED_SECONDS:
        return ""
    return (
        f"Learned from only {speaking_seconds:.0f} seconds of speaking: the mouth will "
        f"follow less well than after {ADVISED_SECONDS / 60:.0f} minutes."
    )


def _urgency(finding: Finding) -> tuple[bool, float, str]:
    """Sort key: what is vital, then what lacks most, then by name."""
    blocks = finding.is_vital and not finding.is_met
    return not blocks, -finding.weight * finding.lacking, finding.name


def _nose(points: Floats, eyes: Floats) -> tuple[Floats, Floats]:
    """(T,) twice: the nose's tip beside and below the eyes' middle, along their line.

    In distances of the outer eye corners, so neither size nor tilt of the head counts.
    """
    across = (points[:, 263] - points[:, 33]) / eyes[:, None]
    down = np.stack([-across[:, 1], across[:, 0]], axis=1)
    tip = points[:, 4] - (points[:, 33] + points[:, 263]) / 2
    return (tip * across).sum(axis=1) / eyes, (tip * down).sum(axis=1) / eyes


def _range(bins: NDArray[np.int64]) -> float:
    """Degrees between the 5th and the 95th percentile of the head's turn."""
    middle, low, high = (_quantile(bins, q) for q in (0.5, 0.05, 0.95))
    share = np.clip(np.array([low - middle, high - middle]) / 500 / _NOSE, -1, 1)
    return float(np.ptp(np.degrees(np.arcsin(share))))


def _quantile(bins: NDArray[np.int64], share: float) -> int:
    """In which bin a quantile lies; 0 where all are empty."""
    reached = np.cumsum(bins)
    return int(np.searchsorted(reached, share * reached[-1])) if reached[-1] else 0


def _blinks(points: Floats, eyes: Floats) -> int:
    """How often both lids came down."""
    lids = np.mean(
        [np.linalg.norm(points[:, a] - points[:, b], axis=1) for a, b in _LIDS], axis=0
    )
    openness = lids / eyes
    shut = openness < _SHUT * median_filter(openness, _AROUND, mode="nearest")
    return int((shut[1:] & ~shut[:-1]).sum())
