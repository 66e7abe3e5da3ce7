"""The idle film: the person, quietly there, under every film's mouth.

It is a handful of the person's own clips, whole and unchanged, and notes on every
frame of them: pose, light, eyes, and the joins by which a walk passes from one stretch
to another (docs/decisions/0015). Gesture clips lie beside them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from avatar_app.capture.take import Take
from avatar_app.errors import AvatarOutdated, FileTorn
from avatar_app.fit.face.joins import Footage, Joins
from avatar_app.fit.face.turning import PoseRange
from avatar_app.shelf import Shelf

NOTES = "avatar/idle.safetensors"
_FILMS = "avatar/idle-"
_OLD_FILM = "avatar/idle.mkv"  # of format 1
_FORMAT = 2
_COPY = 1 << 20

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


def film_name(number: int) -> str:
    """Name the idle film's clip with this number."""
    return f"{_FILMS}{number:03d}.mkv"


@dataclass(frozen=True, slots=True, eq=False)
class Idle:
    """What is known of the idle film's frames, N of them, clip after clip.

    Attributes:
        clips: (C, 2) int32, the first frame of each clip and how many it has.
        poses: (N, 2, 3) float64, frame to canonical picture.
        light: (N, 3) float32, see ``light_on``.
        setting: (N, K) float32, what pose and light say about the mouth.
        head: (N, 3, 2) float32, eye corners and nose in inter-ocular distances.
        turns: (N, 3) float32 degrees of yaw, pitch and roll, see ``turns_of``.
        lids: (N,) float32, how open the eyes are; 1 is open.
        blinks: (B, 3) int32, first, shut and last frame of every whole blink.
        within: (N,) bool, whether a mouth may be drawn: the face was seen, turned no
            further than where the person was seen speaking.
        free: (N,) bool, whether a join may lie there, see ``Footage``.
        span: (2,) int32, first and last frame of the stretch that is played to and
            fro where there are no joins.
        leave: (J,) int32, see ``Joins``.
        enter: (J,) int32.
        cost: (J,) float32.
        low: (3,) float32, see ``PoseRange``.
        high: (3,) float32.
        usual_step: (1,) float32, inter-ocular distances between frames that the
            person's head hardly ever exceeds (the 99th percentile).
        inter_ocular: (1,) float32, pixels between the outer eye corners.
        fps: (1,) float32, frames per second.
        overlap: (J,) int32.
        gestures: Name to first and last frame of its clip.
    """

    clips: Ints
    poses: NDArray[np.float64]
    light: Floats
    setting: Floats
    head: Floats
    turns: Floats
    lids: Floats
    blinks: Ints
    within: NDArray[np.bool_]
    free: NDArray[np.bool_]
    span: Ints
    leave: Ints
    enter: Ints
    cost: Floats
    low: Floats
    high: Floats
    usual_step: Floats
    inter_ocular: Floats
    fps: Floats
    overlap: Ints
    gestures: dict[str, tuple[int, int]]

    def __len__(self) -> int:
        """Frames."""
        return len(self.poses)

    @property
    def joins(self) -> Joins:
        """The joins among which a walk never comes to an end; perhaps none."""
        return Joins(self.leave, self.enter, self.cost, self.overlap)

    @property
    def footage(self) -> Footage:
        """What joins are judged by."""
        return Footage(
            self.clips, self.head, self.turns, self.light, self.lids, self.free
        )

    @property
    def range(self) -> PoseRange:
        """The turns at which the person was seen speaking."""
        return PoseRange(self.low, self.high)

    def clip_of(self, frame: int) -> int:
        """Which clip a frame belongs to."""
        return int(np.searchsorted(self.clips[:, 0], frame, side="right")) - 1

    def end_of(self, frame: int) -> int:
        """The last frame of the clip that a frame belongs to."""
        first, count = self.clips[self.clip_of(frame)]
        return int(first + count - 1)

    def keep(self, shelf: Shelf) -> None:
        """Seal the notes."""
        arrays = {
            f.name: np.ascontiguousarray(getattr(self, f.name))
            for f in fields(self)
            if f.name != "gestures"
        }
        plain = {"format": _FORMAT, "gestures": self.gestures}
        shelf.write(NOTES, save(arrays, metadata={"idle": json.dumps(plain)}))


def reopen_idle(shelf: Shelf) -> Idle:
    """Read the sealed notes.

    Raises:
        FileTorn: They are damaged.
        AvatarOutdated: An older version of the app made them, from one single clip.
    """
    content = shelf.read(NOTES)
    try:
        arrays = load(content)
        if "first" in arrays:  # the one clip of format 1
            raise AvatarOutdated
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        plain = json.loads(header["__metadata__"]["idle"])
        if plain["format"] != _FORMAT:
            raise AvatarOutdated
        gestures = {n: (int(a), int(b)) for n, (a, b) in plain["gestures"].items()}
        return Idle(**arrays, gestures=gestures)
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        raise FileTorn(NOTES) from error


def copy_films(take: Take, numbers: list[int], shelf: Shelf) -> None:
    """Copy clips as the idle film, in this order, sealed to sealed.

    Those of an earlier idle film are erased.
    """
    for name in [*shelf.names(_FILMS), _OLD_FILM]:
        shelf.erase(name)
    for place, number in enumerate(numbers):
        name = take.clips[number].name
        with take.shelf.open(name) as source, shelf.create(film_name(place)) as copy:
            while block := source.read(_COPY):
                copy.write(block)
