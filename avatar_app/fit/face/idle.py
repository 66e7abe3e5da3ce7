"""The idle film: the person, quietly there, under every film's mouth.

It carries head motion and blinks. It is played to and fro, between two moments at
which the head stands nearly still and the eyes are open, so that no join is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from avatar_app.capture.take import Purpose, Take
from avatar_app.enroll.tracking import FaceTrack
from avatar_app.errors import FileTorn
from avatar_app.shelf import Shelf

FILM = "avatar/idle.mkv"
NOTES = "avatar/idle.safetensors"
_MEMORY = 400_000_000  # bytes of decoded frames that a render may hold
_COPY = 1 << 20
_LIDS = ((159, 145), (386, 374))
_SHORTEST = 25  # frames


@dataclass(frozen=True, slots=True, eq=False)
class Idle:
    """What is known of the idle film's frames, T of them.

    Attributes:
        first: (1,) int32, the first frame of the clip that is used.
        poses: (T, 2, 3) float64, frame to canonical picture.
        light: (T, 3) float32, see ``light_on``.
        setting: (T, K) float32, what pose and light say about the mouth.
    """

    first: NDArray[np.int32]
    poses: NDArray[np.float64]
    light: NDArray[np.float32]
    setting: NDArray[np.float32]

    def __len__(self) -> int:
        """Frames."""
        return len(self.poses)

    def frame_at(self, number: int) -> int:
        """Which idle frame is under the film's frame ``number``: to and fro."""
        round_trip = max(1, 2 * (len(self) - 1))
        place = number % round_trip
        return place if place < len(self) else round_trip - place

    def keep(self, shelf: Shelf) -> None:
        """Seal the notes."""
        arrays = {
            f.name: np.ascontiguousarray(getattr(self, f.name)) for f in fields(self)
        }
        shelf.write(NOTES, save(arrays))


def reopen_idle(shelf: Shelf) -> Idle:
    """Read the sealed notes; raises FileTorn."""
    try:
        return Idle(**load(shelf.read(NOTES)))
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        raise FileTorn(NOTES) from error


def choose_clip(take: Take, openings: Sequence[NDArray[np.float32]]) -> int:
    """Pick the clip to idle in: the longest listening one, else the calmest mouth.

    Args:
        take: The clips.
        openings: How open the mouth is in each frame of each clip.
    """
    listening = [
        (clip.frames, number)
        for number, clip in enumerate(take.clips)
        if clip.purpose is Purpose.LISTENING and clip.frames > _SHORTEST
    ]
    if listening:
        return max(listening)[1]
    return min(range(len(openings)), key=lambda number: float(openings[number].mean()))


def choose_span(track: FaceTrack, width: int, height: int) -> tuple[int, int]:
    """Pick first and last frame: still, eyes open, and not too much to hold."""
    frames = len(track.seen)
    most = max(_SHORTEST, min(frames, _MEMORY // (width * height * 3 // 2)))
    restless = _restlessness(track)
    edge = max(1, min(frames, most) // 5)
    first = int(restless[:edge].argmin())
    end = min(frames, first + most)
    last = end - edge + int(restless[end - edge : end].argmin())
    return first, max(last, min(frames - 1, first + 1))


def _restlessness(track: FaceTrack) -> NDArray[np.float64]:
    """(T,) how fast the head moves, plus a lot where the eyes are not open."""
    eyes = np.linalg.norm(track.points[:, 33] - track.points[:, 263], axis=1)
    middle = track.points[:, [33, 263, 4]].mean(axis=1) / eyes.mean()
    speed = np.linalg.norm(np.gradient(middle, axis=0), axis=1)
    lids = np.mean(
        [
            np.linalg.norm(track.points[:, a] - track.points[:, b], axis=1)
            for a, b in _LIDS
        ],
        axis=0,
    )
    shut = lids < 0.7 * np.median(lids)
    return np.asarray(speed + 10.0 * shut, np.float64)


def copy_film(take: Take, number: int, shelf: Shelf) -> None:
    """Copy a clip as the idle film, sealed to sealed."""
    with take.shelf.open(take.clips[number].name) as source, shelf.create(FILM) as copy:
        while block := source.read(_COPY):
            copy.write(block)
