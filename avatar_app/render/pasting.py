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

Floats = NDArray[np.float32]
_MOST_CORRECTION = 25.0  # grey levels: more is another object, not another light


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
    """Pastes one person's mouths."""

    def __init__(self, face: PersonalFace) -> None:
        window = face.window
        self._face = face
        self._canon = window.canon
        self._kept, self._kept_half = window.kept, window.kept_half
        outside = (window.mask < 0.03).astype(np.float32)
        reach = max(3, round(0.11 * self._canon.inter_ocular)) | 1
        near = cv2.dilate(
            (window.mask >= 0.03).astype(np.uint8), np.ones((reach, reach), np.uint8)
        )
        ring = outside * near.astype(np.float32)
        self._small = (self._canon.width // 4, self._canon.height // 4)
        self._ring = cv2.resize(ring, self._small, interpolation=cv2.INTER_AREA)
        self._spread = 0.11 * self._canon.inter_ocular / 4
        self._ring_sum = cv2.GaussianBlur(self._ring, (0, 0), self._spread) + 1e-3

    def place(self, planes: Planes, pose: Matrix) -> Place:
        """Find where the mouth goes in a frame with this pose."""
        canon, window = self._canon, self._face.window
        height, width = planes.shape[0] * 2 // 3, planes.shape[1]
        inverse = invert(pose)
        corners = np.array(
            [[0, 0], [canon.width, 0], [canon.width, canon.height], [0, canon.height]]
        )
        corners = corners @ inverse[:, :2].T + inverse[:, 2]
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
            _carry(window.mask, back, size, cv2.INTER_LINEAR),
            _carry(window.mask_half, halved(back), half, cv2.INTER_LINEAR),
            cut(planes, pose, canon),
        )

    def paste(self, planes: Planes, place: Place, lit: Floats) -> None:
        """Paste a lower face, (D,) in the frame's own light, into a frame, in place."""
        luma, u, v = self._pictures(lit, place.around)
        bright, tint_u, tint_v = self._membrane(luma, u, v, place.around)
        size = (self._canon.width, self._canon.height)
        half = (size[0] // 2, size[1] // 2)
        luma = self._face.crisp(luma) + cv2.resize(bright, size)
        u = u + cv2.resize(tint_u, half)
        v = v + cv2.resize(tint_v, half)
        x0, y0, x1, y1 = place.box
        y_plane, u_plane, v_plane = split_planes(planes)
        _blend(y_plane[y0:y1, x0:x1], luma, place.back, place.alpha, cv2.INTER_CUBIC)
        x0, y0, x1, y1 = x0 // 2, y0 // 2, x1 // 2, y1 // 2
        small = halved(place.back)
        for plane, drawn in ((u_plane, u), (v_plane, v)):
            _blend(
                plane[y0:y1, x0:x1], drawn, small, place.alpha_half, cv2.INTER_LINEAR
            )

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
        corrections = []
        for real, drawn in pairs:
            off = np.clip(real - drawn, -_MOST_CORRECTION, _MOST_CORRECTION)
            small = cv2.resize(off, self._small, interpolation=cv2.INTER_AREA)
            spread = cv2.GaussianBlur(small * self._ring, (0, 0), self._spread)
            corrections.append((spread / self._ring_sum).astype(np.float32))
        return corrections[0], corrections[1], corrections[2]


def _carry(picture: Floats, matrix: Matrix, size: tuple[int, int], how: int) -> Floats:
    border = cv2.BORDER_CONSTANT
    carried = cv2.warpAffine(picture, matrix, size, flags=how, borderMode=border)
    return np.asarray(carried, np.float32)


def _blend(
    under: NDArray[np.uint8], drawn: Floats, matrix: Matrix, alpha: Floats, how: int
) -> None:
    """Blend a canonical picture over a part of a plane, in place."""
    size = (under.shape[1], under.shape[0])
    edge = cv2.BORDER_REPLICATE
    over = cv2.warpAffine(drawn, matrix, size, flags=how, borderMode=edge)
    mixed = under + alpha * (over - under)
    np.clip(mixed + 0.5, 0, 255, out=mixed)
    under[:] = mixed.astype(np.uint8)
