"""The canonical face: where a person's features lie once pose is taken away.

All mouths of one person are compared, learned and drawn in one small upright picture
of the lower face, ``Canon``. A pose is the similarity that carries a frame into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

EYE_CORNERS = (33, 263)
NOSE_BASE, CHIN = 2, 152
LIP_TOP, LIP_BOTTOM = 13, 14
MOUTH_CORNERS = (61, 291)
# Points that hardly move with jaw, lips or lids: eye corners, nose, forehead, temples.
RIGID: tuple[int, ...] = (
    *(33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 8, 9),
    *(151, 10, 109, 338, 67, 297, 127, 356),
)
OUTER_LIPS: tuple[int, ...] = (
    *(61, 146, 91, 181, 84, 17, 314, 405, 321, 375),
    *(291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
)
INNER_LIPS: tuple[int, ...] = (
    *(78, 95, 88, 178, 87, 14, 317, 402, 318, 324),
    *(308, 415, 310, 311, 312, 13, 82, 81, 80, 191),
)
LIPS = OUTER_LIPS + INNER_LIPS
JAW = (58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288)

# Width and height of the canonical picture in inter-ocular distances.
_WIDTH, _HEIGHT = 1.53, 1.25
# Canonical pixels between the outer eye corners: a quarter more than the footage has,
# so that the warp loses nothing; above 150 the basis grows and nothing gets sharper.
_OVERSAMPLING, _LEAST, _MOST = 1.25, 60.0, 150.0
# A fine pixel is a quarter of a canonical one at least: 600 between the eye corners.
_FINEST, _WORTH = 4.0, 1.3

Matrix = NDArray[np.float64]  # (2, 3) affine, x' = M[:, :2] x + M[:, 2]
Points = NDArray[np.float32]  # (..., 2) pixels


@dataclass(frozen=True, slots=True, eq=False)
class Canon:
    """One person's canonical lower face.

    Attributes:
        points: (468, 2) float32, the mean landmarks in canonical pixels.
        width: Of the canonical picture, in pixels, a multiple of 4.
        height: Of the canonical picture, in pixels, a multiple of 4.
        fineness: Pixels per canonical pixel, each way, at which the footage is kept
            where it is finer than the canonical picture (see ``native.py``); 1 where
            the canonical picture holds all there is.
    """

    points: Points
    width: int
    height: int
    fineness: float = 1.0

    @property
    def inter_ocular(self) -> float:
        """Pixels between the outer eye corners."""
        left, right = self.points[list(EYE_CORNERS)]
        return float(np.linalg.norm(right - left))


def learn_canon(points: Points) -> Canon:
    """Average a person's landmarks with pose removed, upright.

    Args:
        points: (N, 468, 2) landmarks in pixels, N ≥ 1, from all over the footage.

    Returns:
        The canonical face; its origin is the crop's top left corner.

    Source:
        Generalized Procrustes analysis over the rigid points (Gower, 1975).
    """
    rigid = list(RIGID)
    mean = points[0].astype(np.float64)
    for _ in range(4):
        posed = [
            apply(similarity(shape[rigid], mean[rigid]), shape) for shape in points
        ]
        mean = np.mean(posed, axis=0)
    left, right = EYE_CORNERS
    native = float(
        np.median(np.linalg.norm(points[:, right] - points[:, left], axis=1))
    )
    eyes = mean[right] - mean[left]
    wanted = float(np.clip(_OVERSAMPLING * native, _LEAST, _MOST))
    upright = mean @ _turn(-np.arctan2(eyes[1], eyes[0])).T
    upright *= wanted / np.linalg.norm(eyes)
    width, height = _by_four(_WIDTH * wanted), _by_four(_HEIGHT * wanted)
    mouth = upright[list(MOUTH_CORNERS)].mean(axis=0)
    corner = np.array([mouth[0] - width / 2, upright[NOSE_BASE, 1] - 0.14 * wanted])
    points = (upright - corner).astype(np.float32)
    return Canon(points, width, height, _fineness(_OVERSAMPLING * native / wanted))


def _fineness(wanted: float) -> float:
    """How fine is worth keeping: little more than the canonical picture is nothing."""
    return 1.0 if wanted < _WORTH else min(wanted, _FINEST)


def poses_of(points: Points, canon: Canon, smoothing: float = 1.0) -> Matrix:
    """Find the similarity from each frame to the canonical picture.

    Args:
        points: (T, 468, 2) landmarks of consecutive frames.
        canon: The canonical face.
        smoothing: Frames (standard deviation) over which the landmarks are smoothed;
            the mesh trembles by about a third of a pixel from frame to frame.

    Returns:
        (T, 2, 3) float64.
    """
    rigid = points[:, list(RIGID)].astype(np.float64)
    if smoothing > 0 and len(rigid) > 1:
        rigid = gaussian_filter1d(rigid, smoothing, axis=0, mode="nearest")
    target = canon.points[list(RIGID)].astype(np.float64)
    return np.array([similarity(frame, target) for frame in rigid])


def similarity(
    source: NDArray[np.floating[Any]], target: NDArray[np.floating[Any]]
) -> Matrix:
    """Least-squares similarity that carries (N, 2) points onto (N, 2) others.

    Source:
        Umeyama (1991), the two-dimensional case without reflection.
    """
    a, b = source.mean(axis=0), target.mean(axis=0)
    p, q = source - a, target - b
    size = float((p**2).sum())
    if size == 0:
        raise ValueError("the points coincide, so they have no pose")
    cos = (p * q).sum() / size
    sin = (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum() / size
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([turn, b - turn @ a])


def apply(matrix: Matrix, points: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Carry (..., 2) points through an affine."""
    moved: NDArray[np.float64] = points @ matrix[:, :2].T + matrix[:, 2]
    return moved


def invert(matrix: Matrix) -> Matrix:
    """Return the affine that undoes one."""
    return np.asarray(cv2.invertAffineTransform(matrix), np.float64)


def after(outer: Matrix, inner: Matrix) -> Matrix:
    """Return the affine that does ``inner`` first, then ``outer``."""
    turn = outer[:, :2] @ inner[:, :2]
    return np.column_stack([turn, outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def smooth_poses(poses: Matrix, sigma: float) -> Matrix:
    """Smooth (T, 2, 3) poses over time; sigma in frames."""
    if len(poses) < 2 or sigma <= 0:
        return poses
    smoothed: Matrix = gaussian_filter1d(poses, sigma, axis=0, mode="nearest")
    return smoothed


def _turn(angle: float) -> Matrix:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def _by_four(length: float) -> int:
    return round(length / 4) * 4
