"""Who draws the mouth: our own engine, or the one the person chose instead.

All give the same: a lower face in the frame's own light. Placing, blending and marking
it is the same for all of them, and none can be handed another film than the avatar's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avatar_app.errors import EngineNotReady
from avatar_app.fit.avatar import Avatar
from avatar_app.fit.face.canon import Matrix
from avatar_app.fit.face.crops import Planes
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.perform.acting import reopen_sound
from avatar_app.perform.motion import MouthMotion
from avatar_app.perform.performance import Passage
from avatar_app.render.skin import Lent, lent_by

Floats = NDArray[np.float32]
OWN, WAV2LIP = "own", "wav2lip"
ENGINES = (OWN, WAV2LIP)


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What N mouths are drawn over: pictures of the avatar's own film.

    Attributes:
        frames: N of them, yuv420p.
        poses: (N, 2, 3) float64, frame to canonical picture.
        light: (N, 3) float32, see ``light_on``.
        setting: (N, K) float32, what pose and light say about the mouth.
    """

    frames: Sequence[Planes]
    poses: Matrix
    light: Floats
    setting: Floats


class Drawer(Protocol):
    """Draws the mouths of one film."""

    def begin(self, passage: Passage, motion: MouthMotion) -> None:
        """Turn to the next passage and its mouth movement."""
        ...

    def draw(self, part: slice, ground: Ground) -> Floats:
        """Draw some pictures of the passage.

        Returns:
            (N, D) float32, lower faces in the frames' own light.
        """
        ...

    def lend(self, part: slice) -> Sequence[Lent | None]:
        """For the same pictures, what a key frame lends beyond canonical pixels."""
        ...


def need_engine(engine: str) -> None:
    """Go on only when an engine can be used, before anything long is begun.

    Raises:
        EngineNotReady: Its weights are missing, damaged or not accepted, or there is
            none of this name.
    """
    if engine == WAV2LIP:
        from avatar_app.perform.lips_wav2lip import open_generator

        open_generator()
    elif engine != OWN:
        raise EngineNotReady(engine, "there is no engine of this name")


def drawer_for(engine: str, avatar: Avatar, face: PersonalFace) -> Drawer:
    """Give the drawer of an engine.

    Args:
        engine: One of ``ENGINES``.
        avatar: Opened; whose film it is.
        face: Theirs.

    Raises:
        EngineNotReady: The engine's weights are missing, damaged or not accepted, or
            there is none of this name.
        FileTorn: The avatar is damaged.
    """
    if engine == WAV2LIP:
        return _Wav2LipDrawer(avatar)
    need_engine(engine)
    return _OwnDrawer(face)


class _OwnDrawer:
    """The person's own basis and key frames."""

    def __init__(self, face: PersonalFace) -> None:
        self._face = face

    def begin(self, passage: Passage, motion: MouthMotion) -> None:
        self._motion = motion

    def draw(self, part: slice, ground: Ground) -> Floats:
        rows, picks = self._motion.rows[part], self._motion.picks[part]
        drawn = self._face.draw(rows, picks, ground.setting)
        return self._face.lighting.cast(drawn, ground.light)

    def lend(self, part: slice) -> Sequence[Lent | None]:
        return lent_by(self._face, self._motion.rows[part], self._motion.picks[part])


class _Wav2LipDrawer:
    """Other people's weights, chosen by the person (docs/decisions/0013)."""

    def __init__(self, avatar: Avatar) -> None:
        from avatar_app.perform.lips_wav2lip import open_wav2lip

        self._avatar, self._engine = avatar, open_wav2lip(avatar)

    def begin(self, passage: Passage, motion: MouthMotion) -> None:
        from avatar_app.perform.lips_wav2lip import pieces_of

        sound = reopen_sound(self._avatar.shelf, passage.sound)
        self._heard = pieces_of(sound, len(motion), self._avatar.card.fps)

    def draw(self, part: slice, ground: Ground) -> Floats:
        return self._engine.draw(ground.frames, ground.poses, self._heard[part])

    def lend(self, part: slice) -> Sequence[Lent | None]:
        return [None] * len(self._heard[part])
