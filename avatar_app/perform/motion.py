"""Motion: from sound to the mouth, picture by picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from avatar_app.errors import FileTorn
from avatar_app.fit.face.listening import level, listen, with_room
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.media import Sound
from avatar_app.shelf import Shelf

_JUDGED = 20  # pictures under which a sentence is too short to judge its opening
_MOST_GAIN = 2.0
_DRAWN_LESS = 1.2  # a tracked drawn mouth opens .7 as far as was asked, a real one 1.0
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
    face: PersonalFace,
    sound: Sound,
    pictures: int,
    fps: float,
    *,
    is_synthetic: bool = False,
) -> MouthMotion:
    """Move the mouth to a sound.

    Args:
        face: Whose mouth.
        sound: What is said, from the first picture on.
        pictures: How many pictures to move for.
        fps: Pictures per second.
        is_synthetic: Whether the sound is the avatar's own voice: then the mouth opens
            as widely as the person's does, even where the networks are unsure.
    """
    from avatar_app.fit.face.lips import move_lips

    moments = (np.arange(-_MARGIN, pictures + _MARGIN)) / fps
    heard = listen(level(sound), moments, fps)
    said = move_lips(face.networks(), with_room(heard, face.room))
    rows = face.mouths.quickened(face.mouths.spoken(said))
    if is_synthetic:
        rows = _assured(face, rows)
    rows = rows[_MARGIN:-_MARGIN]
    return MouthMotion(rows, face.texture.choose(face.mouths.place(rows)))


def _assured(face: PersonalFace, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Open the mouth as widely as it was enrolled.

    Words unlike all that were read leave the networks unsure, and an unsure network
    says the average: on GRID s1, whose people read 51 words, other sentences opened the
    mouth half as far as theirs. All moves are enlarged about the mouth at rest.
    """
    inner = rows[_MARGIN:-_MARGIN]
    if len(inner) < _JUDGED:
        return rows
    rest = np.concatenate([rows[: _MARGIN // 2], rows[-_MARGIN // 2 :]]).mean(axis=0)
    opened = float(face.mouths.opening(inner).std())
    wanted = _DRAWN_LESS * float(face.mouths.spread[-2])
    gain = np.clip(wanted / max(opened, 1e-6), 1.0, _MOST_GAIN)
    return np.asarray(rest + gain * (rows - rest), np.float32)
