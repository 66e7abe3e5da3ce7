"""The base: the picture under the mouth, for every picture of a film.

A frame of the idle film, or two of them melting, perhaps with a nod; with everything
that drawing a mouth into it needs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.canon import Matrix
from avatar_app.fit.face.crops import Planes
from avatar_app.fit.face.idle import Idle
from avatar_app.lesson.style import Style
from avatar_app.perform.gestures import Cue
from avatar_app.perform.performance import Performance
from avatar_app.render.morphing import Morph, between
from avatar_app.render.nodding import nod, nod_path
from avatar_app.render.pasting import Place
from avatar_app.render.reel import Reel
from avatar_app.render.walking import Walk, plan_walk
from avatar_app.shelf import Shelf

_FADE = 4  # frames over which a mouth comes and goes where the pose range ends

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Under:
    """One picture under a mouth.

    Attributes:
        planes: yuv420p, its receiver's own.
        pose: (2, 3) frame to canonical picture.
        light: (3,) float32, see ``light_on``.
        setting: (K,) float32.
        opacity: Of the mouth, in [0, 1]; 0 where the pose is not known.
    """

    planes: Planes
    pose: Matrix
    light: Floats
    setting: Floats
    opacity: float


class Base:
    """The pictures under one film.

    Attributes:
        walk: Which idle frames they are.
        nods: (F,) float32, how far the head nods, in inter-ocular distances.
        nod_moments: Seconds at which nods are deepest.
        opacities: (F,) float32, how much of a mouth is drawn, see ``opacity_along``.
    """

    def __init__(self, performance: Performance, idle: Idle) -> None:
        """Plan the film's base, and open the idle film; raises FileTorn."""
        card = performance.avatar.card
        frames = max(1, round(performance.seconds * card.fps))
        cues, self._moments = _on_the_film_clock(performance)
        self._idle = idle
        self.walk = plan_walk(idle, frames, cues)
        self._fps = card.fps
        self.wear(performance.style)
        self._morph = Morph(card.width, card.height)
        self._reel = _reel(performance.avatar.shelf, idle, self.walk)
        self.opacities = opacity_along(idle, self.walk)
        self._rest: Under | None = None

    def wear(self, style: Style) -> None:
        """Nod, or nod no more, from the next picture on."""
        self.nod_moments = self._moments if style.nods else []
        step = float(self._idle.usual_step[0])
        self.nods = nod_path(self.nod_moments, len(self.walk), self._fps, step)

    def at(self, number: int) -> Under:
        """The picture under the film's picture with this number; raises FileTorn."""
        number = min(number, len(self.walk) - 1)
        under = self._melted(number)
        deep = float(self.nods[number])
        if deep == 0.0:
            return under
        eyes, unit = self._eyes(number)
        pose = nod(under.planes, under.pose, eyes, unit, deep)
        return replace(under, pose=pose)

    def at_rest(self) -> Under:
        """The one picture of a film in which the head keeps still; raises FileTorn."""
        if self._rest is None:
            self._rest = self._alone(int(self._idle.span[0]), 1.0)
        return replace(self._rest, planes=self._rest.planes.copy())

    def _melted(self, number: int) -> Under:
        walk, idle = self.walk, self._idle
        first, second = int(walk.first[number]), int(walk.second[number])
        opacity = float(self.opacities[number])
        if second < 0:
            return self._alone(first, opacity)
        share = float(walk.share[number])
        planes = self._morph(self._reel.frame(first), self._reel.frame(second), share)
        return Under(
            planes,
            between(idle.poses[first], idle.poses[second], share),
            idle.light[first] * (1 - share) + idle.light[second] * share,
            idle.setting[first] * (1 - share) + idle.setting[second] * share,
            opacity,
        )

    def _alone(self, frame: int, opacity: float) -> Under:
        idle = self._idle
        planes = self._reel.frame(frame)
        pose, light, setting = idle.poses[frame], idle.light[frame], idle.setting[frame]
        return Under(planes, pose, light, setting, opacity)

    def _eyes(self, number: int) -> tuple[Floats, float]:
        """The middle between the eyes, and the distance between them, in pixels."""
        corners = head_at(self._idle, self.walk, number)[:2]
        unit = float(self._idle.inter_ocular[0])
        apart = float(np.linalg.norm(corners[1] - corners[0])) * unit
        return (corners.mean(axis=0) * unit).astype(np.float32), apart


def _on_the_film_clock(performance: Performance) -> tuple[list[Cue], list[float]]:
    """Gestures and nods of all passages, in seconds of the film."""
    cues: list[Cue] = []
    moments: list[float] = []
    began = 0.0
    for passage in performance.passages:
        cues += [Cue(cue.name, began + cue.seconds) for cue in passage.gestures]
        moments += [began + moment for moment in passage.nods]
        began += passage.seconds
    return cues, moments


def _reel(shelf: Shelf, idle: Idle, walk: Walk) -> Reel:
    if not walk.is_to_and_fro:
        return Reel(shelf, idle)
    first, last = (int(frame) for frame in idle.span)
    return Reel(shelf, idle, kept=range(first, last + 1))


def head_at(idle: Idle, walk: Walk, number: int | slice) -> Floats:
    """(..., 3, 2) eye corners and nose in film frames, in inter-ocular distances."""
    first, second = walk.first[number], walk.second[number]
    share = np.where(second >= 0, walk.share[number], 0.0)[..., None, None]
    there = idle.head[np.maximum(second, 0)]
    return np.asarray(idle.head[first] * (1 - share) + there * share, np.float32)


def opacity_along(idle: Idle, walk: Walk) -> Floats:
    """(F,) how much of a drawn mouth is there: none where the pose is unknown."""
    known = idle.within[walk.first] & (
        (walk.second < 0) | idle.within[np.maximum(walk.second, 0)]
    )
    opacity: Floats = known.astype(np.float32)
    # Fades lie on the known side: beyond the range nothing is ever drawn.
    for lost in np.flatnonzero(~known):
        low, high = max(0, lost - _FADE), min(len(known), lost + _FADE + 1)
        ramp = np.abs(np.arange(low, high) - lost) / (_FADE + 1)
        opacity[low:high] = np.minimum(opacity[low:high], ramp)
    return opacity


def faded(place: Place, opacity: float) -> Place:
    """A place in which the mouth is drawn only so much."""
    share = np.float32(opacity)
    return replace(
        place, alpha=place.alpha * share, alpha_half=place.alpha_half * share
    )
