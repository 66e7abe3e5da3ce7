"""Carry a real picture's lips to where other lips shall be.

A smooth displacement, the sum of Gaussians at the lip points, ridge-regularized so
that upper and lower lip points that touch need not agree exactly. It is computed on
every fourth pixel and falls to nothing a few centimetres from the lips.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.canon import LIPS, Canon

_STEP = 4
_REACH = 0.12  # inter-ocular distances: standard deviation of a point's influence
_RIDGE = 0.1

Floats = NDArray[np.float32]


class Warp:
    """Warps canonical luma pictures of one person."""

    def __init__(self, canon: Canon) -> None:
        self._unit = canon.inter_ocular
        self._middle = canon.points[list(LIPS)].mean(axis=0)
        self._size = (canon.width, canon.height)
        y, x = np.mgrid[0 : canon.height : _STEP, 0 : canon.width : _STEP]
        middle = _STEP / 2 - 0.5
        self._grid = np.stack([x.ravel(), y.ravel()], 1).astype(np.float32) + middle
        self._rough = (x.shape[0], x.shape[1], 2)
        rows, columns = np.mgrid[: canon.height, : canon.width]
        self._here = np.stack([columns, rows], axis=-1).astype(np.float32)
        self._last: tuple[Floats, Floats, Floats] | None = None

    def __call__(self, picture: Floats, lips: Floats, wanted: Floats) -> Floats:
        """Move the lips of a canonical luma picture.

        Args:
            picture: (H, W) float32.
            lips: (40, 2) lip shape in the picture, see ``lip_shapes``.
            wanted: (40, 2) lip shape to have.
        """
        fine = cv2.resize(self.field(lips, wanted), self._size)
        where = np.asarray(self._here + fine, np.float32)
        moved = cv2.remap(
            picture,
            where[..., 0],
            where[..., 1],
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(moved, np.float32)

    def field(self, lips: Floats, wanted: Floats) -> Floats:
        """(h, w, 2) where from, at the middle of every four by four pixels."""
        reached, kernel = self._about(wanted)
        pulls = np.linalg.solve(kernel, (lips - wanted) * self._unit)
        return np.asarray((reached @ pulls).reshape(self._rough), np.float32)

    def _about(self, wanted: Floats) -> tuple[Floats, Floats]:
        """How much lips reach the grid and one another; often asked twice running."""
        last = self._last
        if last is None or not np.array_equal(last[0], wanted):
            target = wanted * self._unit + self._middle
            reach = 2 * (_REACH * self._unit) ** 2
            kernel = np.exp(-_squared(target, target) / reach)
            kernel[np.diag_indices(len(kernel))] += _RIDGE
            reached = np.exp(-_squared(self._grid, target) / reach)
            last = self._last = (wanted.copy(), reached, kernel)
        return last[1], last[2]


def _squared(a: Floats, b: Floats) -> Floats:
    """Squared distances, (N, 2) against (M, 2)."""
    apart = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.asarray(np.maximum(apart, 0), np.float32)
