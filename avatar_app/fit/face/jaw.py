"""How the skin round the mouth moves with it, read off the pictures themselves.

Chin and cheeks of the frame that is drawn into are real and sharp, but lie where the
frame's own mouth put them. How far they have to move is read off the difference
between the drawn lower face and the frame's own: a linear reading, learned from where
the face mesh found lips and jaw in the enrollment. Where nothing differs, nothing
moves, so a frame's own mouth pasted back leaves the frame as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.basis import Basis
from avatar_app.fit.face.canon import Canon

Floats = NDArray[np.float32]

# The outline of the lips, chin and jaw, and cheeks: they move with the mouth.
MOVING: tuple[int, ...] = (
    *(61, 37, 0, 267, 291, 314, 17, 84),
    *(18, 200, 175, 152, 148, 377, 176, 400, 150, 379, 136, 365, 172, 397),
    *(202, 422, 212, 432, 207, 427),
)
_REACH = 0.16  # inter-ocular distances: standard deviation of a point's influence
_RIDGE = 0.3
_CAUTION = 1e-3  # of the mean variance
_FURTHEST = 0.15  # inter-ocular distances
STEP = 4  # canonical pixels between the places where the movement is computed
_MIDDLE = STEP / 2 - 0.5
TO_CANON = np.array([[STEP, 0, _MIDDLE], [0, STEP, _MIDDLE]])  # from those places


@dataclass(frozen=True, slots=True, eq=False)
class Jaw:
    """The reading of one person.

    Attributes:
        slopes: (K, 2 P) float32, canonical pixels by which the points move per unit
            of each basis coordinate.
    """

    slopes: Floats

    def reading(self, basis: Basis, bright: int) -> Floats:
        """(D, 2 P) float32, pixels of movement per grey level of each kept number.

        Args:
            basis: The basis.
            bright: How many of its D numbers are luma.
        """
        reading = (basis.parts * basis.weight**2).T @ self.slopes
        # Brighter or redder all over is another light, not another mouth.
        color = bright + (len(reading) - bright) // 2
        for part in (reading[:bright], reading[bright:color], reading[color:]):
            part -= part.mean(axis=0)
        return np.ascontiguousarray(reading, np.float32)


def learn_jaw(coordinates: Sequence[Floats], points: Sequence[Floats]) -> Jaw:
    """Learn the reading.

    Args:
        coordinates: For each clip (T, K) basis coordinates.
        points: For each clip (T, P, 2) where MOVING lay, canonical pixels.
    """
    # Between clips the head is turned otherwise, which is not the jaw's doing.
    seen = np.concatenate([c - c.mean(axis=0) for c in coordinates]).astype(np.float64)
    away = np.concatenate([(p - p.mean(axis=0)).reshape(len(p), -1) for p in points])
    square = seen.T @ seen
    square += _CAUTION * np.trace(square) / len(square) * np.eye(len(square))
    slopes = np.linalg.solve(square, seen.T @ away).astype(np.float32)
    return Jaw(slopes)


class Field:
    """Spreads the movement of the points over the canonical picture."""

    def __init__(self, canon: Canon) -> None:
        unit = canon.inter_ocular
        points = canon.points[list(MOVING)]
        y, x = np.mgrid[0 : canon.height : STEP, 0 : canon.width : STEP]
        grid = np.stack([x.ravel(), y.ravel()], 1).astype(np.float32) + _MIDDLE
        reach = 2 * (_REACH * unit) ** 2
        kernel = np.exp(-_squared(points, points) / reach)
        kernel[np.diag_indices(len(kernel))] += _RIDGE
        near = np.exp(-_squared(grid, points) / reach)
        self._spread = np.linalg.solve(kernel, near.T).T.astype(np.float32)
        self._shape = (x.shape[0], x.shape[1], 2)
        self._most = _FURTHEST * unit

    def __call__(self, moved: Floats) -> Floats:
        """(h, w, 2) movement in the middle of every STEP pixels, for (P, 2)."""
        bounded = np.clip(moved, -self._most, self._most)
        return np.asarray((self._spread @ bounded).reshape(self._shape), np.float32)


def _squared(a: Floats, b: Floats) -> Floats:
    return np.asarray(((a[:, None] - b[None]) ** 2).sum(axis=2), np.float32)
