"""The head and the bust as solids, seen from the front: how near every point is.

Solids are signed distances joined by smooth unions and marched along the line of
sight, after Inigo Quilez, "Distance functions" (iquilezles.org, MIT). Only the right
half is computed; the left one mirrors it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from avatar_app.demo.anatomy import Field

Triple = tuple[float, float, float]
Solid = Callable[[Field, Field, Field], Field]
_NEAREST, _STEPS = 1.5, 44


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """A solid as seen from the front.

    Attributes:
        depth: (H, W) float32, units towards the viewer.
        cover: (H, W) float32, how much of each pixel it covers, in [0, 1].
    """

    depth: Field
    cover: Field


def carve(solid: Solid, x: Field, y: Field, pixel: float) -> Relief:
    """Look at a solid along z.

    Args:
        solid: Signed distance of points, negative inside.
        x: (H, W) at least zero.
        y: (H, W).
        pixel: Size of a pixel in units, over which edges are softened.
    """
    z = np.full(x.shape, _NEAREST, np.float32)
    nearest = np.full(x.shape, 9.0, np.float32)
    for _ in range(_STEPS):
        distance = solid(x, y, z)
        np.minimum(nearest, distance, out=nearest)
        z -= np.clip(distance * 0.75, -0.02, 0.2)
    cover = np.clip(1.0 - nearest / pixel, 0.0, 1.0)
    return Relief(z, cover.astype(np.float32))


def head(x: Field, y: Field, z: Field) -> Field:
    """Skull, face and nose; lips, lids and folds are finer and added in painting."""
    d = _ellipsoid(x, y, z, (0.0, -0.36, -0.55), (0.99, 1.04, 1.14))
    d = _join(d, _ellipsoid(x, y, z, (0.0, -0.46, -0.04), (0.78, 0.64, 0.68)), 0.30)
    d = _join(d, _ellipsoid(x, y, z, (0.0, 0.20, -0.12), (0.86, 0.84, 0.72)), 0.24)
    d = _join(d, _ellipsoid(x, y, z, (0.0, 0.60, -0.14), (0.745, 0.62, 0.64)), 0.24)
    d = _join(d, _rod(x, y, z, (0.70, 0.34, -0.40), (0.55, 0.74, -0.14), 0.12), 0.34)
    d = _join(d, _ellipsoid(x, y, z, (0.0, 1.02, 0.20), (0.31, 0.19, 0.22)), 0.38)
    d = _join(d, _ellipsoid(x, y, z, (0.56, 0.32, 0.20), (0.27, 0.21, 0.24)), 0.28)
    d = _join(d, _rod(x, y, z, (0.14, -0.27, 0.50), (0.62, -0.27, 0.30), 0.10), 0.22)
    d = _join(d, _ellipsoid(x, y, z, (0.0, 0.83, 0.34), (0.38, 0.27, 0.27)), 0.24)
    d = -_join(-d, _ellipsoid(x, y, z, (0.40, 0.01, 0.74), (0.25, 0.15, 0.26)), 0.18)
    d = _join(d, _ellipsoid(x, y, z, (0.42, -0.01, 0.29), (0.235, 0.19, 0.20)), 0.06)
    d = _join(d, _rod(x, y, z, (0.0, -0.18, 0.53), (0.0, 0.30, 0.71), 0.085), 0.16)
    d = _join(d, _ellipsoid(x, y, z, (0.0, 0.45, 0.75), (0.122, 0.115, 0.15)), 0.14)
    return _join(
        d, _ellipsoid(x, y, z, (0.132, 0.505, 0.62), (0.085, 0.078, 0.13)), 0.12
    )


def neck(x: Field, y: Field, z: Field) -> Field:
    """Neck down to the collarbones."""
    d = _rod(x, y, z, (0.0, 0.6, -0.62), (0.0, 2.3, -0.72), 0.56)
    d = _join(d, _rod(x, y, z, (0.52, 1.0, -0.5), (0.17, 2.05, -0.26), 0.11), 0.2)
    return _join(d, _rod(x, y, z, (0.0, 2.02, -0.9), (1.3, 2.2, -1.0), 0.34), 0.5)


def bust(x: Field, y: Field, z: Field) -> Field:
    """Shoulders and chest under their clothes."""
    d = _rod(x, y, z, (0.30, 1.78, -0.95), (1.42, 2.20, -1.0), 0.36)
    d = _join(d, _rod(x, y, z, (1.42, 2.20, -1.0), (1.76, 4.2, -0.8), 0.44), 0.3)
    d = _join(d, _ellipsoid(x, y, z, (0.0, 3.1, -0.75), (1.45, 1.4, 0.85)), 0.4)
    return np.asarray(d, np.float32)


def ear(x: Field, y: Field, z: Field) -> Field:
    """One ear, without its folds."""
    d = _ellipsoid(x, y, z, (1.00, 0.08, -0.42), (0.13, 0.27, 0.22))
    return _join(d, _ellipsoid(x, y, z, (0.955, 0.30, -0.36), (0.085, 0.14, 0.1)), 0.1)


def _ellipsoid(x: Field, y: Field, z: Field, center: Triple, radii: Triple) -> Field:
    """Approximate distance to an ellipsoid (exact on its surface)."""
    ax, ay, az = (
        (part - np.float32(middle)) / np.float32(radius)
        for part, middle, radius in zip((x, y, z), center, radii, strict=True)
    )
    k0 = np.sqrt(ax * ax + ay * ay + az * az) + np.float32(1e-6)
    bx, by, bz = ax / radii[0], ay / radii[1], az / radii[2]
    k1 = np.sqrt(bx * bx + by * by + bz * bz) + np.float32(1e-6)
    return np.asarray(k0 * (k0 - 1.0) / k1, np.float32)


def _rod(
    x: Field, y: Field, z: Field, start: Triple, end: Triple, radius: float
) -> Field:
    """Distance to a rod with round ends."""
    sx, sy, sz = x - start[0], y - start[1], z - start[2]
    ex, ey, ez = (b - a for a, b in zip(start, end, strict=True))
    length = ex * ex + ey * ey + ez * ez
    t = np.clip((sx * ex + sy * ey + sz * ez) / length, 0.0, 1.0)
    gap = np.square(sx - ex * t) + np.square(sy - ey * t) + np.square(sz - ez * t)
    return np.asarray(np.sqrt(gap) - radius, np.float32)


def _join(a: Field, b: Field, k: float) -> Field:
    """Smooth union over a width k."""
    h = np.clip(0.5 + 0.5 / k * (b - a), 0.0, 1.0)
    return np.asarray(b + h * (a - b) - k * h * (1.0 - h), np.float32)
