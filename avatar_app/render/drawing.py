"""Who draws the mouth: our own engine, or the one the person chose instead.

All give the same: a lower face in the frame's own light. Placing, blending and marking
it is the same for all of them, and none can be handed another film than the avatar's.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

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

if TYPE_CHECKING:
    from avatar_app.fit.face.decoding import Drawing

Floats = NDArray[np.float32]
log = logging.getLogger(__name__)

OWN, WAV2LIP = "own", "wav2lip"
ENGINES = (OWN, WAV2LIP)
_DECODER = "avatar/decoder.safetensors"  # fit.face.decoding's; its module is heavy
_AT_ONCE = 25  # pictures that a film asks for at once
_BY_DECODER = "The larger decoder drew the mouth, on this computer's GPU."
_NO_GPU = (
    "The larger decoder needs a GPU and there is none here, so the mouth is drawn as "
    "without it."
)
_GAVE_UP = "The GPU gave up, so the mouth is drawn as without one."


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

    def note(self) -> str:
        """What the film's report shall say of who drew, one sentence or nothing."""
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
    if _DECODER in avatar.shelf:
        return _finer(avatar, face)
    return _OwnDrawer(face, avatar.card.drawn_by)


def _finer(avatar: Avatar, face: PersonalFace) -> Drawer:
    """The drawer with the larger decoder, where there is a GPU that takes it.

    On a CPU a picture by the decoder costs a hundred times one by the basis, so a
    film there is drawn by the basis (docs/decisions/0017).
    """
    from avatar_app.fit.face.decoding import (
        GAVE_UP,
        Drawing,
        best_device,
        reopen_decoder,
    )

    decoder = reopen_decoder(avatar.shelf, face)
    if decoder is None:
        return _OwnDrawer(face)
    device = best_device()
    if device is None:
        return _OwnDrawer(face, _NO_GPU)
    try:
        drawer = _DecodedDrawer(face, Drawing(face, decoder, device))
        drawer.try_out()
    except GAVE_UP:
        log.exception("the GPU gave up; the basis draws")
        return _OwnDrawer(face, _GAVE_UP)
    return drawer


class _OwnDrawer:
    """The person's own basis and key frames."""

    def __init__(self, face: PersonalFace, note: str = "") -> None:
        self._face, self._note = face, note

    def begin(self, passage: Passage, motion: MouthMotion) -> None:
        self._motion = motion

    def draw(self, part: slice, ground: Ground) -> Floats:
        rows, picks = self._motion.rows[part], self._motion.picks[part]
        drawn = self._face.draw(rows, picks, ground.setting)
        return self._face.lighting.cast(drawn, ground.light)

    def lend(self, part: slice) -> Sequence[Lent | None]:
        return lent_by(self._face, self._motion.rows[part], self._motion.picks[part])

    def note(self) -> str:
        return self._note


class _DecodedDrawer(_OwnDrawer):
    """The larger decoder on a GPU; the basis for the rest of a film if that fails."""

    def __init__(self, face: PersonalFace, drawing: Drawing) -> None:
        super().__init__(face, _BY_DECODER)
        self._drawing: Drawing | None = drawing

    def try_out(self) -> None:
        """Draw as many pictures as are drawn at once; raises as torch does."""
        mouths = self._face.mouths
        rows = np.tile(mouths.mean, (_AT_ONCE, 1))
        blank = np.zeros((_AT_ONCE, mouths.coordinates), np.float32)
        if self._drawing is not None:
            self._drawing.draw(rows, blank)

    def draw(self, part: slice, ground: Ground) -> Floats:
        from avatar_app.fit.face.decoding import GAVE_UP

        if self._drawing is None:
            return super().draw(part, ground)
        try:
            drawn = self._drawing.draw(self._motion.rows[part], ground.setting)
        except GAVE_UP:
            log.exception("the GPU gave up; the basis draws on")
            self._drawing, self._note = None, _GAVE_UP
            return super().draw(part, ground)
        return self._face.lighting.cast(drawn, ground.light)


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

    def note(self) -> str:
        return ""
