"""Put a drawn mouth into a frame so that no seam shows, in yuv420p throughout.

The drawn lower face is first brought to the frame's own light. What differs along the
ring just outside the mask is then spread inwards (a blurred membrane, after Farbman
et al., "Coordinates for Instant Image Cloning", 2009, made cheap by a Gaussian at a
quarter of the size). Only the box round the mouth is touched.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.canon import Matrix, after, invert
from avatar_app.fit.face.crops import LowerFace, Planes, cut, halved, split_planes
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.render.skin import Lent, Skin

Floats = NDArray[np.float32]
# Grey levels of luma and chroma: more is another object, not another light.
_STRANGE = (15.0, 6.0, 6.0)
_SEEN = 1 / 512  # opacity under which no pixel changes
_DOUBT = 0.05  # of the ring; where little of it is trusted, little is corrected


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a mouth goes in one frame; kept, as frames of the idle film come again.

    Attributes:
        box: x0, y0, x1, y1 in luma pixels, all even.
        back: (2, 3) canonical picture to the box.
        alpha: (h, w) float32 opacity over the box.
        alpha_half: (h / 2, w / 2) float32.
        around: The frame's own lower face.
    """

    box: tuple[int, int, int, int]
    back: Matrix
    alpha: Floats
    alpha_half: Floats
    around: LowerFace


class Paster:
    """Pastes one person's mouths.

    Args:
        face: Whose.
        opacity: (H, W) and (H / 2, W / 2) float32 in [0, 1] instead of the mask's own,
            see ``opacity_of``.
    """

    def __init__(
        self, face: PersonalFace, opacity: tuple[Floats, Floats] | None = None
    ) -> None:
        window = face.window
        self._mask, self._mask_half = opacity or (window.mask, window.mask_half)
        self._face, self._skin = face, Skin(face)
        self._canon = window.canon
        self._kept, self._kept_half = window.kept, window.kept_half
        drawn = np.argwhere(self._mask > _SEEN)
        (top, left), (bottom, right) = drawn.min(axis=0), drawn.max(axis=0) + 1
        self._corners = np.array(
            [[left, top], [right, top], [right, bottom], [left, bottom]]
        )
        outside = (self._mask < 0.03).astype(np.float32)
        reach = max(3, round(0.11 * self._canon.inter_ocular)) | 1
        near = cv2.dilate(
            (self._mask >= 0.03).astype(np.uint8), np.ones((reach, reach), np.uint8)
        )
        ring = outside * near.astype(np.float32)
        self._small = (self._canon.width // 4, self._canon.height // 4)
        self._ring = cv2.resize(ring, self._small, interpolation=cv2.INTER_AREA)
        self._spread = 0.11 * self._canon.inter_ocular / 4
        self._ring_sum = cv2.GaussianBlur(self._ring, (0, 0), self._spread) + 1e-3

    def place(self, planes: Planes, pose: Matrix) -> Place:
        """Find where the mouth goes in a frame with this pose."""
        canon = self._canon
        height, width = planes.shape[0] * 2 // 3, planes.shape[1]
        inverse = invert(pose)
        corners = self._corners @ inverse[:, :2].T + inverse[:, 2]
        edges = np.array([width, height]) // 2 * 2
        # A face outside the picture has a sliver of a box, in which nothing is opaque.
        low = np.clip(np.floor(corners.min(axis=0)).astype(int) - 1, 0, edges - 2)
        low = low // 2 * 2
        high = np.minimum(edges, np.ceil(corners.max(axis=0)).astype(int) + 2)
        high = np.maximum(high // 2 * 2, low + 2)
        x0, y0, x1, y1 = int(low[0]), int(low[1]), int(high[0]), int(high[1])
        back = after(np.array([[1.0, 0, -x0], [0, 1.0, -y0]]), inverse)
        size, half = (x1 - x0, y1 - y0), ((x1 - x0) // 2, (y1 - y0) // 2)
        return Place(
            (x0, y0, x1, y1),
            back,
            _carry(self._mask, back, size, cv2.INTER_LINEAR),
            _carry(self._mask_half, halved(back), half, cv2.INTER_LINEAR),
            cut(planes, pose, canon),
        )

    def paste(
        self, planes: Planes, place: Place, lit: Floats, lent: Lent | None = None
    ) -> None:
        """Paste a lower face into a frame, in place.

        Args:
            planes: The frame.
            place: Where the mouth goes in it.
            lit: (D,) the lower face in the frame's own light.
            lent: What a key frame lends where the frame is finer than that.
        """
        moved = self._skin.move(lit, place.around)
        drawn, shade = self._skin.settle(self._pictures(lit, place.around), moved)
        luma, u, v = drawn
        bright, tint_u, tint_v = self._membrane(luma, u, v, place.around)
        size = (self._canon.width, self._canon.height)
        half = (size[0] // 2, size[1] // 2)
        bright = np.asarray(cv2.resize(bright, size), np.float32)
        luma = self._face.crisp(luma) + bright
        u = u + cv2.resize(tint_u, half)
        v = v + cv2.resize(tint_v, half)
        x0, y0, x1, y1 = place.box
        y_plane, u_plane, v_plane = split_planes(planes)
        own = y_plane[y0:y1, x0:x1]
        if self._skin.is_finer(place.back):
            over = self._skin.native(own, luma, shade + bright, moved, place.back, lent)
        else:
            over = _over(own, luma, place.back, cv2.INTER_CUBIC)
        _blend(own, over, place.alpha)
        x0, y0, x1, y1 = x0 // 2, y0 // 2, x1 // 2, y1 // 2
        small = halved(place.back)
        for plane, tint in ((u_plane, u), (v_plane, v)):
            own = plane[y0:y1, x0:x1]
            over = _over(own, tint, small, cv2.INTER_LINEAR)
            _blend(own, over, place.alpha_half)

    def _pictures(
        self, lit: Floats, around: LowerFace
    ) -> tuple[Floats, Floats, Floats]:
        """Set the kept numbers into the frame's own lower face."""
        bright, color = int(self._kept.sum()), int(self._kept_half.sum())
        luma = around.luma.astype(np.float32)
        u, v = around.u.astype(np.float32), around.v.astype(np.float32)
        luma[self._kept] = lit[:bright]
        u[self._kept_half] = lit[bright : bright + color]
        v[self._kept_half] = lit[bright + color :]
        return luma, u, v

    def _membrane(
        self, luma: Floats, u: Floats, v: Floats, around: LowerFace
    ) -> tuple[Floats, Floats, Floats]:
        """What to add so that the drawing meets its surroundings along the ring."""
        pairs = ((around.luma, luma), (around.u, u), (around.v, v))
        off = [
            cv2.resize(real - drawn, self._small, interpolation=cv2.INTER_AREA)
            for real, drawn in pairs
        ]
        # Where background, collar or hair lies under the ring, skin learns nothing.
        strange = sum(
            (part / far) ** 2 for part, far in zip(off, _STRANGE, strict=True)
        )
        trust = self._ring * np.exp(-strange)
        trusted = (
            cv2.GaussianBlur(trust, (0, 0), self._spread) + _DOUBT * self._ring_sum
        )
        bright, tint_u, tint_v = (
            cv2.GaussianBlur(part * trust, (0, 0), self._spread) / trusted
            for part in off
        )
        return bright, tint_u, tint_v


def _carry(picture: Floats, matrix: Matrix, size: tuple[int, int], how: int) -> Floats:
    border = cv2.BORDER_CONSTANT
    carried = cv2.warpAffine(picture, matrix, size, flags=how, borderMode=border)
    return np.asarray(carried, np.float32)


def _over(own: NDArray[np.uint8], drawn: Floats, matrix: Matrix, how: int) -> Floats:
    """Carry a canonical picture over a part of a plane."""
    size = (own.shape[1], own.shape[0])
    edge = cv2.BORDER_REPLICATE
    over = cv2.warpAffine(drawn, matrix, size, flags=how, borderMode=edge)
    return np.asarray(over, np.float32)


def _blend(own: NDArray[np.uint8], over: Floats, alpha: Floats) -> None:
    """Blend a picture over a part of a plane, in place."""
    mixed = own + alpha * (over - own)
    np.clip(mixed + 0.5, 0, 255, out=mixed)
    own[:] = mixed.astype(np.uint8)
