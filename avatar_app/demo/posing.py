"""Posing the head: a still canvas becomes a picture in which the head has moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.demo.anatomy import Field, bell, smoothstep
from avatar_app.demo.canvas import FINER, Canvas
from avatar_app.demo.sampling import sample, window
from avatar_app.demo.shading import blurred

_STEP = 8  # picture pixels between the points at which motion is worked out
_PIVOT = (1.35, -0.45)  # height and depth of the neck's joint, in units


@dataclass(frozen=True, slots=True)
class HeadPose:
    """How the head is held; all zero is straight ahead.

    Attributes:
        aside: Shift to the right, in units.
        down: Shift downwards, in units.
        roll: Tilt to the right shoulder, radians.
        yaw: Turn to the right of the picture, radians, small.
        pitch: Nod downwards, radians, small.
        brow: How far the brows are raised, in [-1, 1].
        breath: How far the chest is raised, in units.
    """

    aside: float = 0.0
    down: float = 0.0
    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    brow: float = 0.0
    breath: float = 0.0


class Posing:
    """Moves head, brows and chest of a canvas while taking a picture of it."""

    def __init__(
        self, painting: NDArray[np.uint8], depth: Field, canvas: Canvas
    ) -> None:
        size = (canvas.width, canvas.height)
        self._still = sample(painting, _identity(size, (0, 0)))
        box = canvas.box(-2.3, -2.1, 2.3, 3.2)
        self._left, self._top = (-(-side // 12) * 8 for side in (box.left, box.top))
        right, bottom = (int(side / FINER) for side in (box.right, box.bottom))
        self._size = (right - self._left, bottom - self._top)
        self._identity = _identity(self._size, (self._left, self._top))
        coarse = tuple(-(-side // _STEP) + 1 for side in self._size)
        places = _identity((coarse[0], coarse[1]), (0, 0), _STEP)
        places += self._identity[0, 0] - places[0, 0]
        self._unit = canvas.unit
        x0, y0 = canvas.middle
        self._x = (places[..., 0] + 0.5 - x0) / canvas.unit
        self._y = (places[..., 1] + 0.5 - y0) / canvas.unit
        soft = blurred(depth, 0.10 * canvas.unit)
        self._z = sample(soft, places)
        self._follows = _follows(self._x, self._y)
        self._brows = bell(np.abs(self._x) - 0.42, 0.36) * bell(self._y + 0.33, 0.19)
        self._chest = smoothstep(1.5, 2.1, self._y) * smoothstep(
            2.25, 1.6, np.abs(self._x)
        )

    def picture(self, canvas: NDArray[np.uint8], pose: HeadPose) -> NDArray[np.uint8]:
        """Take the picture, newly made."""
        x, y = self._x, self._y - _PIVOT[0]
        z = self._z - _PIVOT[1]
        dx = pose.aside - pose.roll * y + np.sin(pose.yaw) * z
        dy = pose.down + pose.roll * x + np.sin(pose.pitch) * z
        dx = dx * self._follows
        dy = dy * self._follows - 0.055 * pose.brow * self._brows
        dy = dy - pose.breath * self._chest
        shift = (np.stack([dx, dy], -1) * -self._unit).astype(np.float32)
        width, height = self._size
        origin = window(shift, (width, height), 1 / _STEP, (0.0, 0.0))
        origin += self._identity
        picture = self._still.copy()
        picture[self._top : self._top + height, self._left : self._left + width] = (
            sample(canvas, origin)
        )
        return picture


def _follows(x: Field, y: Field) -> Field:
    """How much of the head's motion each point follows, in [0, 1]."""
    oval = np.hypot(x / 1.22, (y + 0.16) / 1.55)
    head = smoothstep(1.58, 1.0, oval)
    throat = smoothstep(2.25, 1.0, y) * smoothstep(1.7, 0.75, np.abs(x))
    return np.asarray(
        np.maximum(head * smoothstep(2.25, 1.2, y), throat * smoothstep(0.4, 1.0, y)),
        np.float32,
    )


def _identity(size: tuple[int, int], corner: tuple[int, int], step: int = 1) -> Field:
    """Canvas places (H, W, 2) of the centers of every step-th picture pixel."""
    x = (np.arange(size[0]) * step + corner[0] + 0.5) * FINER - 0.5
    y = (np.arange(size[1]) * step + corner[1] + 0.5) * FINER - 0.5
    return np.asarray(np.stack(np.meshgrid(x, y), -1), np.float32)
