"""Motion: from sound to the mouth, picture by picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from avatar_app.errors import FileTorn
from avatar_app.fit.face import PersonalFace
from avatar_app.fit.listening import level, listen, with_room
from avatar_app.media import Sound
from avatar_app.shelf import Shelf

_MARGIN = 12  # pictures of quiet before and after, so that no edge is heard


@dataclass(frozen=True, slots=True, eq=False)
class MouthMotion:
    """How the mouth moves over T pictures.

    Attributes:
        rows: (T, K + 12) float32, see ``Mouths``.
        picks: (T,) int32, key frames that lend their detail.
    """

    rows: NDArray[np.float32]
    picks: NDArray[np.int32]

    def __len__(self) -> int:
        """Pictures."""
        return len(self.rows)

    def keep(self, shelf: Shelf, name: str) -> None:
        """Seal the motion under a name."""
        shelf.write(name, save({"rows": self.rows, "picks": self.picks}))


def reopen_motion(shelf: Shelf, name: str) -> MouthMotion:
    """Read a sealed motion; raises FileTorn."""
    try:
        arrays = load(shelf.read(name))
        return MouthMotion(arrays["rows"], arrays["picks"])
    except (KeyError, ValueError, SafetensorError) as error:
        raise FileTorn(name) from error


def move_mouth(
    face: PersonalFace, sound: Sound, pictures: int, fps: float
) -> MouthMotion:
    """Move the mouth to a sound.

    Args:
        face: Whose mouth.
        sound: What is said, from the first picture on.
        pictures: How many pictures to move for.
        fps: Pictures per second.
    """
    moments = np.arange(pictures) / fps
    return move_mouth_at(face, sound, moments, fps)


def move_mouth_at(
    face: PersonalFace, sound: Sound, moments: NDArray[np.float64], fps: float
) -> MouthMotion:
    """Move the mouth to a sound, for pictures at given moments (seconds, rising)."""
    from avatar_app.fit.lips import move_lips

    margin = np.arange(1, _MARGIN + 1) / fps
    wider = [moments[:1] - margin[::-1], moments, moments[-1:] + margin]
    heard = listen(level(sound), np.concatenate(wider), fps)
    said = move_lips(face.networks(), with_room(heard, face.room))
    rows = face.mouths.quickened(face.mouths.spoken(said))[_MARGIN:-_MARGIN]
    return MouthMotion(rows, face.texture.choose(face.mouths.place(rows)))
