"""Measures of a drawn mouth's pictures against the real ones.

``likeness`` stands where others quote LPIPS (Zhang et al., 2018), whose network would
have to be downloaded. Like DISTS (Ding et al., 2020) it asks two things of every band
of an image pyramid: is there as much texture here (energy, wherever it lies within a
few pixels), and is it the same structure (correlation in place)? The bands are two
directional slopes and a Laplacian at three sizes. What it cannot do: it has learned
nothing from people's judgments, knows no faces, and sees luma alone. Read it beside
its floor, ceiling and control, never as a figure to compare with published LPIPS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.canon import INNER_LIPS, LIPS, MOUTH_CORNERS, Canon, Matrix

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]

_SIZES = 3  # of the pyramid
_TEXTURE = 0.5  # share of texture against structure, about what DISTS learned
_REACH = 1.5  # pixels of a band (deviation) within which texture may lie
_STABLE = 4.0  # grey levels squared: below it nothing is told apart
_LEAST_INSIDE = 0.006  # of an open mouth, in squared inter-ocular distances


def psnr(a: Image, b: Image) -> float:
    """Peak signal to noise ratio in dB."""
    error = float(((a.astype(np.float64) - b.astype(np.float64)) ** 2).mean())
    return 10 * float(np.log10(255**2 / max(error, 1e-6)))


def ssim(a: Image, b: Image) -> float:
    """Structural similarity (Wang et al., 2004), Gaussian window 1.5, per channel."""
    x, y = a.astype(np.float32), b.astype(np.float32)
    one, two = (0.01 * 255) ** 2, (0.03 * 255) ** 2

    def soft(z: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(z, (11, 11), 1.5), np.float32)

    mx, my = soft(x), soft(y)
    vx, vy, cov = soft(x * x) - mx**2, soft(y * y) - my**2, soft(x * y) - mx * my
    top = (2 * mx * my + one) * (2 * cov + two)
    return float((top / ((mx**2 + my**2 + one) * (vx + vy + two))).mean())


def unlikeness(a: Image, b: Image) -> float:
    """Perceptual distance of two small pictures, see above: 0 the same, towards 1."""
    x, y = _grey(a), _grey(b)
    told = []
    for size in range(_SIZES):
        if size:
            x, y = _halved(x), _halved(y)
        if min(x.shape[:2]) < 8:
            break
        told += [_band(p, q) for p, q in zip(_bands(x), _bands(y), strict=True)]
    return float(1 - np.mean(told))


def _grey(picture: Image) -> Floats:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.float32)


def _halved(picture: Floats) -> Floats:
    return np.asarray(cv2.pyrDown(picture), np.float32)


def _bands(grey: Floats) -> Iterator[Floats]:
    yield np.asarray(cv2.Scharr(grey, cv2.CV_32F, 1, 0, scale=1 / 16), np.float32)
    yield np.asarray(cv2.Scharr(grey, cv2.CV_32F, 0, 1, scale=1 / 16), np.float32)
    yield np.asarray(cv2.Laplacian(grey, cv2.CV_32F, ksize=3, scale=0.5), np.float32)


def _band(p: Floats, q: Floats) -> float:
    """Likeness in one band, in [-1, 1], mostly above 0."""

    def near(z: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(z, (0, 0), _REACH), np.float32)

    ours, theirs, both = near(p * p), near(q * q), near(p * q)
    low, high = np.minimum(ours, theirs), np.maximum(ours, theirs)
    texture = np.sqrt((low + _STABLE) / (high + _STABLE))
    structure = (both + _STABLE) / (np.sqrt(ours * theirs) + _STABLE)
    # Where there is little to see in either, little is told.
    weight = np.sqrt(high) + 0.5
    mixed = _TEXTURE * texture + (1 - _TEXTURE) * structure
    return float((mixed * weight).sum() / weight.sum())


@dataclass(slots=True)
class Sharpness:
    """Edges of real and drawn mouths, summed over the pictures of a clip.

    Variance of the Laplacian of luma: over the box round the lips, and inside the
    lips where both mouths are open, which is teeth, tongue and what lies between.
    """

    box_real: float = 0.0
    box_drawn: float = 0.0
    inside_real: float = 0.0
    inside_drawn: float = 0.0
    open_pictures: int = 0

    def see(
        self, real: Image, drawn: Image, points: Floats, drawn_points: Floats
    ) -> None:
        """Add one picture: frames, and the (468, 2) landmarks found in each."""
        box = _lips_box(points, real.shape)
        low = np.array([box[1].start, box[0].start], np.float32)
        edges = [
            np.asarray(cv2.Laplacian(_grey(f[box]), cv2.CV_32F), np.float32)
            for f in (real, drawn)
        ]
        self.box_real += float(edges[0].var())
        self.box_drawn += float(edges[1].var())
        inside = np.ones(edges[0].shape, np.uint8)
        areas = []
        for shape in (points, drawn_points):
            outline = shape[list(INNER_LIPS)] - low
            areas.append(cv2.contourArea(outline.astype(np.float32)))
            own = np.zeros_like(inside)
            fine = np.round(outline * 16).astype(np.int32)
            cv2.fillPoly(own, [fine], (1,), lineType=cv2.LINE_8, shift=4)
            inside &= own
        unit = float(np.linalg.norm(points[33] - points[263]))
        if min(areas) >= _LEAST_INSIDE * unit**2 and inside.any():
            self.inside_real += float(edges[0][inside > 0].var())
            self.inside_drawn += float(edges[1][inside > 0].var())
            self.open_pictures += 1

    def figures(self) -> dict[str, float]:
        """Drawn over real; teeth only where a fifth of a second of them was seen."""
        told = {"sharpness": self.box_drawn / max(self.box_real, 1e-9)}
        if self.open_pictures >= 5:
            ratio = self.inside_drawn / max(self.inside_real, 1e-9)
            told["teeth_sharpness"] = ratio
        return told


def _lips_box(points: Floats, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Round the lips, in the frame's own pixels."""
    lips = points[list(LIPS)]
    margin = 0.06 * float(np.linalg.norm(points[33] - points[263]))
    low = np.maximum(0, (lips.min(axis=0) - margin).astype(int))
    high = np.minimum((lips.max(axis=0) + margin).astype(int), (shape[1], shape[0]))
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def mouth_box(canon: Canon) -> tuple[slice, slice]:
    """Round the mouth in the canonical picture, chin and cheeks left out."""
    unit = canon.inter_ocular
    left, right = (float(canon.points[corner, 0]) for corner in MOUTH_CORNERS)
    top = max(0, int(canon.points[0, 1] - 0.1 * unit))
    bottom = int(canon.points[17, 1] + 0.17 * unit)
    return slice(top, bottom), slice(int(left - 0.07 * unit), int(right + 0.07 * unit))


def upright(frame: Image, pose: Matrix, canon: Canon) -> Image:
    """The lower face of a frame in canonical pixels, (H, W, 3)."""
    size = (canon.width, canon.height)
    return np.asarray(cv2.warpAffine(frame, pose, size, flags=cv2.INTER_CUBIC), "u1")
