"""The skin of the frame that is drawn into, moved with the jaw; and the native size.

A basis draws cheeks and chin as they are on average. The frame has its own: real,
sharp, and grainy as the rest of the picture. So the fine structure of the skin round
the mouth is the frame's own, moved to where the drawn jaw is (``fit/face/jaw.py``).
Where the frame is finer than the canonical picture, what is finer is the frame's own
too, and in the mouth's surroundings that of the key frame which lends its detail.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.canon import Matrix, after, apply, invert
from avatar_app.fit.face.crops import LowerFace, flatten
from avatar_app.fit.face.jaw import TO_CANON, Field
from avatar_app.fit.face.native import NOTHING, Fine, surroundings
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.fit.face.warping import Warp

Floats = NDArray[np.float32]
Plane = NDArray[np.uint8]
Drawn = tuple[Floats, Floats, Floats]  # canonical luma (H, W), u and v (H / 2, W / 2)
_COARSE = 0.03  # inter-ocular distances: finer structure of the skin is the frame's own
_FARTHER = 20.0  # grey levels that skin is believed to differ by when jaws are read
# Grey levels of luma and chroma: skin that differs more, coarsely, is no skin.
_STRANGE = (22.0, 9.0, 9.0)
_FINER = 1.0  # frame pixels per canonical pixel from which there is something finer


@dataclass(frozen=True, slots=True, eq=False)
class Lent:
    """What a key frame lends to one picture beyond canonical pixels.

    Attributes:
        pick: The key frame.
        lips: (40, 2) float32, the drawn lips, see ``lip_shapes``.
    """

    pick: int
    lips: Floats


def lent_by(
    face: PersonalFace, rows: Floats, picks: NDArray[np.int32]
) -> list[Lent | None]:
    """What the key frames lend to (T, K + 12) rows; None where there is nothing."""
    if not len(face.native):
        return [None] * len(rows)
    shapes = face.mouths.shapes(rows)
    return [Lent(int(n), lips) for n, lips in zip(picks, shapes, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """A frame's own skin where a drawn mouth puts it.

    Attributes:
        field: (h, w, 2) canonical pixels of movement, on the jaw's places.
        own: The frame's own lower face, moved.
        near: (H, W) float32, the mouth's surroundings, moved.
    """

    field: Floats
    own: LowerFace
    near: Floats


class Skin:
    """Moves one person's own skin."""

    def __init__(self, face: PersonalFace) -> None:
        canon = face.canon
        self._face, self._canon = face, canon
        self._field, self._warp = Field(canon), Warp(canon)
        self._reading = face.jaw.reading(face.basis, face.lighting.bright)
        self._near = surroundings(canon)
        self._told = self._believed(face)
        self._small = (canon.width // 4, canon.height // 4)
        self._drawn = (face.window.mask > 0).astype(np.float32)
        self._fine = Fine.of(canon)
        self._soft = _COARSE * canon.inter_ocular
        y, x = np.mgrid[: canon.height, : canon.width].astype(np.float32)
        self._here = (x, y)
        self._beyond = functools.lru_cache(64)(face.native.picture)

    def _believed(self, face: PersonalFace) -> Floats:
        """(D,) grey levels by which numbers count at most when the jaw is read."""
        window = face.window
        half = _halved(self._near)[window.kept_half]
        near = np.concatenate([self._near[window.kept], half, half])
        return np.asarray(_FARTHER + 255 * near, np.float32)

    @staticmethod
    def is_finer(back: Matrix) -> bool:
        """Whether a frame shows more than its canonical picture does.

        Args:
            back: Canonical picture to frame.
        """
        return bool(np.linalg.det(back[:, :2]) > _FINER**2)

    def move(self, lit: Floats, around: LowerFace) -> Moved:
        """Find how a frame's skin has to move for (D,) a lower face in its light."""
        away = lit - flatten(around, self._face.window)
        away = np.clip(away, -self._told, self._told) @ self._reading
        field = self._field(away.reshape(-1, 2))
        size = (self._canon.width, self._canon.height)
        far = cv2.resize(field, size)
        x, y = self._here[0] - far[..., 0], self._here[1] - far[..., 1]
        luma = cv2.remap(around.luma, x, y, cv2.INTER_CUBIC, borderMode=_REPLICATE)
        near = cv2.remap(self._near, x, y, cv2.INTER_LINEAR)
        x, y = (_halved(x) - 0.5) / 2, (_halved(y) - 0.5) / 2
        u, v = (
            cv2.remap(tint, x, y, cv2.INTER_LINEAR, borderMode=_REPLICATE)
            for tint in (around.u, around.v)
        )
        own = LowerFace(*(np.asarray(part, np.uint8) for part in (luma, u, v)))
        return Moved(field, own, np.asarray(near, np.float32))

    def settle(self, drawn: Drawn, moved: Moved) -> tuple[Drawn, Floats]:
        """Give a drawn lower face the frame's own fine skin, and its outline.

        Where the frame's own skin, moved, is coarsely another color than what is drawn,
        it is no skin: background beside a turned cheek, collar, hand. There the frame
        stays as it is.

        Returns:
            Luma and chromas, and (H, W) float32 what was added to the frame's own,
            moved luma to make it so where it is far from the mouth: coarse shade.
        """
        off = [
            part - own
            for part, own in zip(
                drawn, (moved.own.luma, moved.own.u, moved.own.v), strict=True
            )
        ]
        small = [cv2.resize(o, self._small, interpolation=cv2.INTER_AREA) for o in off]
        scaled = [o / far for o, far in zip(small, _STRANGE, strict=True)]
        strange = np.square(np.stack(scaled)).sum(axis=0)
        trust = np.exp(-cv2.GaussianBlur(strange, (0, 0), 1.0))
        size = (self._canon.width, self._canon.height)
        shade = cv2.GaussianBlur(off[0], (0, 0), self._soft) * cv2.resize(trust, size)
        away = self._drawn * (1 - moved.near)
        luma = drawn[0] - away * (off[0] - shade)
        doubt = _halved(away) * (1 - cv2.resize(trust, (size[0] // 2, size[1] // 2)))
        u, v = drawn[1] - doubt * off[1], drawn[2] - doubt * off[2]
        return (luma, u, v), np.asarray(shade, np.float32)

    def native(
        self,
        own: Plane,
        luma: Floats,
        shade: Floats,
        moved: Moved,
        back: Matrix,
        lent: Lent | None,
    ) -> Floats:
        """Draw a lower face at the native size of a frame.

        Args:
            own: (h, w) luma of the frame's box.
            luma: (H, W) canonical luma to draw.
            shade: (H, W) what is to be added to the frame's own, moved luma.
            moved: How the frame's skin has to move.
            back: Canonical picture to the box.
            lent: What a key frame lends.

        Returns:
            (h, w) luma of the box.
        """
        height, width = own.shape
        bent = -(moved.field @ back[:, :2].T.astype(np.float32))
        # The frame itself is read once, and not through its canonical picture: what
        # that loses, and where, is not the same once it has moved.
        drawn = _resampled(own, _IDENTITY, bent, back, (0, 0, width, height))
        drawn += cv2.warpAffine(shade, back, (width, height), borderMode=_REPLICATE)
        x0, y0, x1, y1 = part = self._part(back, moved, width, height)
        if x1 <= x0 or y1 <= y0:
            return drawn
        here = after(np.array([[1.0, 0, -x0], [0, 1.0, -y0]]), back)
        size = (x1 - x0, y1 - y0)
        near = cv2.warpAffine(moved.near, here, size)
        mouth = cv2.warpAffine(
            luma, here, size, flags=cv2.INTER_CUBIC, borderMode=_REPLICATE
        )
        if lent is not None:
            there = self._fine.matrix
            shift = self._warp.field(self._face.texture.lips[lent.pick], lent.lips)
            bent = shift @ there[:, :2].T.astype(np.float32)
            straight = after(there, invert(back))
            key = self._beyond(lent.pick)
            none = cv2.BORDER_CONSTANT
            beyond = _resampled(key, straight, bent, back, part, none)
            mouth = mouth + (beyond - NOTHING)
        inside = drawn[y0:y1, x0:x1]
        inside += near * (mouth - inside)
        return drawn

    def _part(
        self, back: Matrix, moved: Moved, width: int, height: int
    ) -> tuple[int, int, int, int]:
        """The mouth's surroundings, moved, in a box: x0, y0, x1, y1."""
        rows = np.flatnonzero(moved.near.max(axis=1) > 0)
        columns = np.flatnonzero(moved.near.max(axis=0) > 0)
        if not len(rows):
            return 0, 0, 0, 0
        y, x = (rows[0] - 1, rows[-1] + 1), (columns[0] - 1, columns[-1] + 1)
        there = apply(back, np.array([[a, b] for a in x for b in y], np.float64))
        low = np.maximum(np.floor(there.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(there.max(axis=0)).astype(int) + 1, (width, height))
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _halved(picture: Floats) -> Floats:
    smaller = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.float32)


_REPLICATE = cv2.BORDER_REPLICATE
_IDENTITY: Matrix = np.array([[1.0, 0, 0], [0, 1.0, 0]])


def _resampled(
    picture: Plane,
    straight: Matrix,
    bent: Floats,
    back: Matrix,
    part: tuple[int, int, int, int],
    border: int = _REPLICATE,
) -> Floats:
    """Read a picture for a part of a box.

    Args:
        picture: (h, w) grey.
        straight: Box to picture.
        bent: (h, w, 2) pixels of the picture, added to that; on the jaw's places.
        back: Canonical picture to box.
        part: x0, y0, x1, y1 in the box.
        border: What lies beyond the picture; nothing finer, if constant.
    """
    x0, y0, x1, y1 = part
    size = (x1 - x0, y1 - y0)
    way = after(np.array([[1.0, 0, -x0], [0, 1.0, -y0]]), after(back, TO_CANON))
    where = cv2.warpAffine(bent, way, size, borderMode=_REPLICATE)
    x, y = np.arange(x0, x1, dtype="f4"), np.arange(y0, y1, dtype="f4")[:, None]
    (a, b, c), (d, e, f) = straight.astype(np.float32)
    read = cv2.remap(
        picture,
        where[..., 0] + (a * x + (b * y + c)),
        where[..., 1] + (d * x + (e * y + f)),
        cv2.INTER_CUBIC,
        borderMode=border,
        borderValue=(NOTHING,),
    )
    return np.asarray(read, np.float32)
