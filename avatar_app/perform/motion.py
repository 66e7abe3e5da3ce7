"""Motion: from sound to the mouth, picture by picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from avatar_app.errors import FileTorn
from avatar_app.fit.face.listening import level, listen, with_room
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.media import Sound
from avatar_app.phonetics import TimedPhone
from avatar_app.shelf import Shelf

_JUDGED = 20  # pictures under which a sentence is too short to judge its opening
_MOST_GAIN = 2.0
_BILABIAL = ("p", "b", "m")
_MEET = 0.85  # lips pressed to a line by force would look like a puppet's
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
    """Move the mouth to a sound, by ear alone.

    Args:
        face: Whose mouth.
        sound: What is said, from the first picture on.
        pictures: How many pictures to move for.
        fps: Pictures per second.
    """
    return _motion(face, _rows(face, sound, pictures, fps))


def move_mouth_knowing(
    face: PersonalFace,
    sound: Sound,
    pictures: int,
    fps: float,
    phones: Sequence[TimedPhone],
) -> MouthMotion:
    """Move the mouth to the avatar's own voice, whose phonemes are known to the moment.

    The mouth opens as widely as the person's does, even where the networks are unsure,
    and the lips meet in every p, b and m.

    Args:
        face: Whose mouth.
        sound: What is said, from the first picture on.
        pictures: How many pictures to move for.
        fps: Pictures per second.
        phones: What is said, on the clock of the sound.
    """
    rows = _rows(face, sound, pictures, fps)
    rest = np.concatenate([rows[: _MARGIN // 2], rows[-_MARGIN // 2 :]]).mean(axis=0)
    rows = _assured(face, rows, rest)
    meeting = _meeting(phones, len(rows), fps)[:, None]
    return _motion(face, rows * (1 - meeting) + rest * meeting)


def _rows(
    face: PersonalFace, sound: Sound, pictures: int, fps: float
) -> NDArray[np.float32]:
    """(pictures + 2 margins, K + 12) what the networks say."""
    from avatar_app.fit.face.lips import move_lips

    moments = (np.arange(-_MARGIN, pictures + _MARGIN)) / fps
    heard = listen(level(sound), moments, fps)
    said = move_lips(face.networks(), with_room(heard, face.room))
    return face.mouths.quickened(face.mouths.spoken(said))


def _motion(face: PersonalFace, rows: NDArray[np.float32]) -> MouthMotion:
    rows = np.ascontiguousarray(rows[_MARGIN:-_MARGIN], np.float32)
    return MouthMotion(rows, face.texture.choose(face.mouths.place(rows)))


def _assured(
    face: PersonalFace, rows: NDArray[np.float32], rest: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Open the mouth as widely as it was enrolled.

    Words unlike all that were read leave the networks unsure, and an unsure network
    says the average: on GRID s1, whose people read 51 words, other sentences opened the
    mouth half as far as theirs. All moves are enlarged about the mouth at rest.
    """
    inner = rows[_MARGIN:-_MARGIN]
    if len(inner) < _JUDGED:
        return rows
    opened = float(face.mouths.opening(inner).std())
    wanted = float(face.mouths.spread[-2])
    gain = float(np.clip(wanted / max(opened, 1e-6), 1.0, _MOST_GAIN))
    # Shapes get all of it; looks half, or a chin turns paler than it ever was.
    gains = np.full(rows.shape[1], gain, np.float32)
    gains[: face.mouths.coordinates] = 0.5 + 0.5 * gain
    return np.asarray(rest + gains * (rows - rest), np.float32)


def _meeting(
    phones: Sequence[TimedPhone], rows: int, fps: float
) -> NDArray[np.float32]:
    """(rows,) how much the lips meet, 1 in the middle of the closure of a p, b or m.

    The closure of p and b is their first half, before the burst; m is closed
    throughout. Lips come together over one picture and part over the next.
    """
    middles = (np.arange(rows) - _MARGIN + 0.5) / fps
    meeting = np.zeros(rows, np.float32)
    for phone in phones:
        if phone.symbol[:1] in _BILABIAL:
            length = phone.end - phone.start
            end = phone.end if phone.symbol[:1] == "m" else phone.start + 0.5 * length
            outside = np.maximum(phone.start - middles, middles - end)
            near = np.clip(1 - np.maximum(outside, 0) * fps, 0, 1)
            meeting = np.maximum(meeting, _MEET * near).astype(np.float32)
    return meeting
