"""The lower face as numbers: cut from a frame, freed of pose and light.

Everything works in yuv420p as cameras and encoders hold it: luma at full size, the
two chromas at half. No frame is ever turned into red, green and blue, which at 720p
would cost more than drawing the mouth.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.canon import (
    JAW,
    LIP_TOP,
    LIPS,
    NOSE_BASE,
    Canon,
    Matrix,
    after,
    apply,
    invert,
)

Planes = NDArray[np.uint8]  # (H * 3 / 2, W) yuv420p
_BLACK = 16.0  # luma of black in video range
_GREY = 128.0  # chroma without color
_TO_HALF = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]])
_TO_FULL = np.array([[2.0, 0, 0.5], [0, 2.0, 0.5]])


def split_planes(
    planes: Planes,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """View yuv420p as luma (H, W) and two chromas (H / 2, W / 2)."""
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    flat = planes.reshape(-1)
    size = height * width
    luma = flat[:size].reshape(height, width)
    half = (height // 2, width // 2)
    u = flat[size : size + size // 4].reshape(half)
    v = flat[size + size // 4 : size + size // 2].reshape(half)
    return luma, u, v


def halved(matrix: Matrix) -> Matrix:
    """Return the same similarity between the half-size planes."""
    return after(_TO_HALF, after(matrix, _TO_FULL))


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Which canonical pixels belong to the mouth, and how much of them is drawn.

    Attributes:
        canon: The canonical face.
        mask: (H, W) float32 in [0, 1], opacity of the drawn lower face.
        mask_half: (H / 2, W / 2), the same for the chromas.
        weight: (D,) float32 > 0, how much each kept number matters to the basis.
        skin: (H, W) bool, skin above the mask by which light is judged.
    """

    canon: Canon
    mask: NDArray[np.float32]
    mask_half: NDArray[np.float32]
    weight: NDArray[np.float32]
    skin: NDArray[np.bool_]

    @property
    def kept(self) -> NDArray[np.bool_]:
        """(H, W) luma pixels that are kept as numbers."""
        kept: NDArray[np.bool_] = self.mask > _KEPT
        return kept

    @property
    def kept_half(self) -> NDArray[np.bool_]:
        """(H / 2, W / 2) chroma pixels that are kept as numbers."""
        kept: NDArray[np.bool_] = self.mask_half > _KEPT
        return kept


_KEPT = 0.004


def open_window(canon: Canon) -> Window:
    """Lay the mask over jaw, chin and mouth, below the nose."""
    mask = _mask(canon)
    half = _half(mask)
    lips = lips_nearness(canon)
    lips_half = _half(lips)
    bright = (np.sqrt(mask) * (1 + 2 * lips))[mask > _KEPT]
    color = (np.sqrt(half) * (1 + 2 * lips_half))[half > _KEPT]
    weight = np.concatenate([bright, color, color])
    return Window(
        canon,
        mask,
        half,
        np.maximum(weight, 0.1).astype(np.float32),
        _skin(canon, mask),
    )


def _half(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    smaller = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.float32)


def lips_nearness(canon: Canon) -> NDArray[np.float32]:
    """(H, W) float32, 1 at the middle of the lips, falling to 0 round the mouth."""
    y, x = np.mgrid[: canon.height, : canon.width].astype(np.float32)
    centre = canon.points[list(LIPS)].mean(axis=0)
    unit = canon.inter_ocular
    reach = ((x - centre[0]) / (0.38 * unit)) ** 2
    reach = reach + ((y - centre[1]) / (0.26 * unit)) ** 2
    near: NDArray[np.float32] = np.exp(-reach).astype(np.float32)
    return near


def _mask(canon: Canon) -> NDArray[np.float32]:
    """A soft polygon: along the jaw, below the chin, below the nose."""
    unit, points = canon.inter_ocular, canon.points
    middle = np.array([canon.width / 2, points[LIP_TOP, 1]])
    jaw = middle + (points[list(JAW)] - middle) * np.array([0.97, 1.0])
    # The chin drops as the mouth opens: room for it below the mean jaw line.
    jaw[3:-3, 1] += 0.17 * unit
    jaw[[1, 2, -2, -3], 1] += 0.05 * unit
    nose, left, right = points[NOSE_BASE], points[JAW[0]], points[JAW[-1]]
    upper = np.array(
        [
            [right[0] - 0.10 * unit, nose[1] + 0.10 * unit],
            [nose[0] + 0.20 * unit, nose[1] + 0.06 * unit],
            [nose[0] - 0.20 * unit, nose[1] + 0.06 * unit],
            [left[0] + 0.10 * unit, nose[1] + 0.10 * unit],
        ]
    )
    edge = max(3.0, 0.036 * unit)
    outline = np.clip(
        np.concatenate([jaw, upper]),
        [edge, edge],
        [canon.width - 1 - edge, canon.height - 1 - edge],
    )
    mask = np.zeros((canon.height, canon.width), np.uint8)
    hull = np.asarray(cv2.convexHull(outline.astype(np.int32)), np.int32)
    cv2.fillConvexPoly(mask, hull, (255,))
    feather = 0.084 * unit
    grow = int(feather) | 1
    mask = np.asarray(cv2.erode(mask, np.ones((grow, grow), np.uint8)), np.uint8)
    mask[:2], mask[-2:], mask[:, :2], mask[:, -2:] = 0, 0, 0, 0
    soft = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), feather / 2.2)
    return np.asarray(soft, np.float32)


def _skin(canon: Canon, mask: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Cheeks beside the nose, above the mask: lit like the mouth, never moving."""
    unit, nose = canon.inter_ocular, canon.points[NOSE_BASE]
    skin = np.zeros(mask.shape, np.bool_)
    reach = 0.5 * unit
    left, right = max(0, int(nose[0] - reach)), int(nose[0] + reach)
    bottom = int(nose[1] + 0.10 * unit)
    skin[1:bottom, left:right] = True
    nostrils = int(0.19 * unit)
    skin[2:bottom, int(nose[0]) - nostrils : int(nose[0]) + nostrils] = False
    return skin & (mask < 0.02)


@dataclass(frozen=True, slots=True, eq=False)
class LowerFace:
    """One frame's lower face in canonical pixels, as it was lit.

    Attributes:
        luma: (H, W) uint8.
        u: (H / 2, W / 2) uint8.
        v: (H / 2, W / 2) uint8.
    """

    luma: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]


def cut(planes: Planes, pose: Matrix, canon: Canon) -> LowerFace:
    """Cut the lower face out of a frame."""
    luma, u, v = split_planes(planes)
    size, half = (canon.width, canon.height), (canon.width // 2, canon.height // 2)
    small = halved(pose)
    return LowerFace(
        _shrunk(luma, pose, size),
        _warped(u, small, half, cv2.INTER_LINEAR),
        _warped(v, small, half, cv2.INTER_LINEAR),
    )


def _shrunk(
    plane: NDArray[np.uint8], matrix: Matrix, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Warp; where that makes a large face small, average first, or stubble aliases."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale > _PLAIN:
        return _warped(plane, matrix, size, cv2.INTER_CUBIC)
    corners = np.array([[0, 0], [size[0], 0], [0, size[1]], size]) - 0.5
    there = apply(invert(matrix), corners)
    edges = np.array([plane.shape[1], plane.shape[0]])
    low = np.clip(np.floor(there.min(axis=0)).astype(int) - 4, 0, edges - 2)
    high = np.clip(np.ceil(there.max(axis=0)).astype(int) + 4, low + 2, edges)
    part = plane[low[1] : high[1], low[0] : high[0]]
    wide, tall = np.maximum(np.round((high - low) * scale / _PLAIN), 1).astype(int)
    less = cv2.resize(part, (int(wide), int(tall)), interpolation=cv2.INTER_AREA)
    grow = np.array([part.shape[1] / wide, part.shape[0] / tall])
    to_plane = np.column_stack([np.diag(grow), low + grow / 2 - 0.5])
    return _warped(
        np.asarray(less, np.uint8), after(matrix, to_plane), size, cv2.INTER_CUBIC
    )


# Down to this scale cubic interpolation loses nothing that is seen.
_PLAIN = 0.8


def _warped(
    plane: NDArray[np.uint8], matrix: Matrix, size: tuple[int, int], how: int
) -> NDArray[np.uint8]:
    edge = cv2.BORDER_REPLICATE
    warped = cv2.warpAffine(plane, matrix, size, flags=how, borderMode=edge)
    return np.asarray(warped, np.uint8)


def light_on(face: LowerFace, window: Window) -> NDArray[np.float32]:
    """(3,) float32: mean luma above black, mean u, mean v of the judging skin."""
    skin = window.skin
    half = skin[::2, ::2]
    return np.array(
        [face.luma[skin].mean() - _BLACK, face.u[half].mean(), face.v[half].mean()],
        np.float32,
    )


def flatten(face: LowerFace, window: Window) -> NDArray[np.uint8]:
    """(D,) uint8: the kept luma, then the kept u and v."""
    kept, half = window.kept, window.kept_half
    return np.concatenate([face.luma[kept], face.u[half], face.v[half]])


@dataclass(frozen=True, slots=True, eq=False)
class Lighting:
    """Carries numbers between a frame's own light and the person's usual light.

    A brighter lamp or another white balance multiplies red, green and blue. Luma and
    chroma are scaled by how bright the judging skin is, then chroma is shifted by what
    the skin's own color still differs, in proportion to how bright each place is: a
    dark mouth takes little of a lamp's color. On GRID s1, red and blue changed by a
    tenth, a constant shift left ΔE 1.9 at the mask's edge, this leaves 1.5.

    Attributes:
        usual: (3,) float32, the person's usual light, as ``light_on`` measures it.
        bright: How many of the D numbers are luma.
        beneath: (C,) int32, which luma number lies under each number of a chroma; -1
            where that luma is not kept.
    """

    usual: NDArray[np.float32]
    bright: int
    beneath: NDArray[np.int32]

    @classmethod
    def of(cls, window: Window, usual: NDArray[np.float32]) -> Lighting:
        """The lighting of faces seen through a window."""
        number = np.full(window.kept.shape, -1, np.int32)
        number[window.kept] = np.arange(window.kept.sum())
        return cls(usual, int(window.kept.sum()), number[::2, ::2][window.kept_half])

    def remove(
        self, flat: NDArray[np.uint8], light: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Bring (N, D) numbers from their own light (N, 3) to the usual one."""
        gain, drift = self._between(light)
        even = flat.astype(np.float32)
        drifts = self._drifts(even, light, drift)
        even[:, : self.bright] = (even[:, : self.bright] - _BLACK) * gain + _BLACK
        even[:, self.bright :] = (even[:, self.bright :] - _GREY) * gain + _GREY
        even[:, self.bright :] -= drifts
        return even

    def cast(
        self, even: NDArray[np.float32], light: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Bring (N, D) numbers from the usual light to a frame's own (N, 3)."""
        gain, drift = self._between(light)
        lit = even.copy()
        lit[:, : self.bright] = (lit[:, : self.bright] - _BLACK) / gain + _BLACK
        lit[:, self.bright :] += self._drifts(lit, light, drift)
        lit[:, self.bright :] = (lit[:, self.bright :] - _GREY) / gain + _GREY
        return lit

    def _between(
        self, light: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, 1) by what to multiply, (N, 2) by what the skin's color is then off."""
        # Beyond these the skin patch was hidden, by a hand or by leaving the frame.
        gain = np.clip(self.usual[0] / np.maximum(light[:, :1], 1.0), 0.7, 1.4)
        color = (light[:, 1:] - _GREY) * gain + _GREY
        drift = np.clip(color - self.usual[1:], -12.0, 12.0)
        return gain.astype(np.float32), drift.astype(np.float32)

    def _drifts(
        self,
        lit: NDArray[np.float32],
        light: NDArray[np.float32],
        drift: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """(N, 2 C) the skin's drift, for places as bright as in (N, D) lit numbers."""
        shade = (lit[:, self.beneath] - _BLACK) / np.maximum(light[:, :1], 1.0)
        shade = np.where(self.beneath < 0, 1.0, np.clip(shade, 0.0, 1.5))
        both = [shade * drift[:, :1], shade * drift[:, 1:]]
        return np.asarray(np.concatenate(both, axis=1), np.float32)


def band_of(face: LowerFace, window: Window) -> NDArray[np.uint8]:
    """(B,) uint8: every third luma pixel above the mask, where pose and light show."""
    top = window.mask.shape[0] * 22 // 104
    band = face.luma[:top][window.mask[:top] < 0.02]
    return band[::3]


def lip_shapes(
    points: NDArray[np.float32], poses: Matrix, canon: Canon
) -> NDArray[np.float32]:
    """(T, 40, 2) lips in inter-ocular distances, about their canonical place."""
    lips = np.einsum("tij,tnj->tni", poses[:, :, :2], points[:, list(LIPS)])
    lips += poses[:, None, :, 2]
    middle = canon.points[list(LIPS)].mean(axis=0)
    shapes: NDArray[np.float32] = ((lips - middle) / canon.inter_ocular).astype("f4")
    return shapes
