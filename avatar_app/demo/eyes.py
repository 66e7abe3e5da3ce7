"""The moving eyes: lids that close over eyeballs that look about."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.demo import anatomy
from avatar_app.demo.anatomy import Field, bell, smoothstep
from avatar_app.demo.canvas import Canvas, grain
from avatar_app.demo.sampling import blend, sample, shaded, shifted

_MARGIN = 0.034  # height of the lid's margin, units
_WHITE = (214, 222, 230)  # B, G, R
_IRIS, _IRIS_DEEP = (112, 122, 104), (58, 58, 44)


class Eye:
    """Draws one eye of a painting at any gaze and closure."""

    def __init__(
        self,
        painting: NDArray[np.uint8],
        canvas: Canvas,
        side: int,
        rng: np.random.Generator,
    ) -> None:
        middle = side * anatomy.EYE_X
        self._box = canvas.box(middle - 0.30, -0.24, middle + 0.30, 0.20)
        self._painting = painting[self._box.rows, self._box.columns].copy()
        self._unit = canvas.unit
        x, y = self._box.points()
        self._x, self._y = x, y
        row = x[:1]
        self._upper, self._lower = (
            anatomy.upper_lid_edge(row),
            anatomy.lower_lid_edge(row),
        )
        self._crease = anatomy.lid_crease(row)
        self._top = self._box.place(row, np.zeros_like(row))[1]
        self._white = _white(x, y, middle, side)
        self._iris = _iris(x - middle, y - anatomy.IRIS_Y, rng)
        self._glint = _glint(x - middle, y - anatomy.IRIS_Y)

    def draw(
        self, closed: float, gaze: tuple[float, float], onto: NDArray[np.uint8]
    ) -> None:
        """Draw onto the whole canvas.

        Args:
            closed: 0 open, 1 shut.
            gaze: Shift of the iris to the right and down, in units.
            onto: The canvas, changed in this eye's box.
        """
        reach = self._lower - self._upper
        margin = self._upper + closed * 0.94 * reach
        floor = self._lower - closed * 0.06 * reach
        y = self._y
        fold = self._crease
        # The margin with its lashes keeps its size; only the skin above it stretches.
        stretched = (self._upper - _MARGIN - fold) / (margin - _MARGIN - fold)
        lid = np.where(
            y > margin - _MARGIN,
            y + self._upper - margin,
            fold + (y - fold) * stretched,
        )
        lowered = y + (self._lower - floor) * bell(y - floor, 0.07)
        upper, lower = (
            self._taken(rows) for rows in (np.where(y < fold, y, lid), lowered)
        )
        below, above = (y - margin) * self._unit, (floor - y) * self._unit
        is_below = np.clip(below + 0.5, 0.0, 1.0).astype(np.float32)
        skin = blend(lower, upper, is_below)
        seen = is_below * np.clip(above + 0.5, 0, 1) * (floor - margin > 0.004)
        ball = self._ball(gaze, (y - margin).astype(np.float32))
        onto[self._box.rows, self._box.columns] = blend(
            ball, skin, np.asarray(seen, np.float32)
        )

    def _taken(self, height: Field) -> NDArray[np.uint8]:
        """The painting's skin from other heights, given in units for every pixel."""
        places = self._box.place(self._x, np.asarray(height, np.float32))
        return sample(self._painting, np.stack(places, -1))

    def _ball(self, gaze: tuple[float, float], below_lid: Field) -> NDArray[np.uint8]:
        color, cover = self._iris
        right, down = gaze[0] * self._unit, gaze[1] * self._unit
        color, cover = shifted(color, right, down), shifted(cover, right, down)
        ball = blend(color, self._white, cover)
        shade = 0.40 + 0.60 * np.clip(below_lid / 0.075, 0.0, 1.0)
        return np.asarray(cv2.add(shaded(ball, shade), self._glint), np.uint8)


def _white(x: Field, y: Field, middle: float, side: int) -> NDArray[np.uint8]:
    """The white of the eye: a shaded ball, pink towards the nose."""
    s = (x - middle) * side / anatomy.EYE_HALF_WIDTH
    ball = 1.0 - 0.42 * np.square(s) - 0.30 * np.square((y - 0.01) / 0.12)
    light = 1.0 - 0.10 * (x - middle) / anatomy.EYE_HALF_WIDTH
    color = np.array(_WHITE, np.float32) * np.clip(ball * light, 0.3, 1.0)[..., None]
    pink = np.maximum(
        smoothstep(-0.74, -0.95, s), 0.25 * smoothstep(0.5, 1.0, np.abs(s))
    )
    flesh = np.array((128, 132, 200), np.float32)
    color = color + (flesh * 0.9 - color) * 0.8 * pink[..., None]
    return np.asarray(np.clip(color, 0, 255), np.uint8)


def _iris(
    x: Field, y: Field, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Field]:
    radius = np.hypot(x, y)
    share = radius / anatomy.IRIS_RADIUS
    angle = np.arctan2(y, x)
    fibers = grain((1, 360), 3.0, rng)[0]
    rays = fibers[((angle + np.pi) / (2 * np.pi) * 359).astype(int)]
    fine = grain((1, 360), 1.2, rng)[0]
    rays = rays + 0.5 * fine[((angle + np.pi) / (2 * np.pi) * 359).astype(int)]
    lit = 0.78 + 0.11 * rays + 0.55 * bell(y - 0.05, 0.05) * bell(x - 0.02, 0.06)
    color = np.array(_IRIS, np.float32) * lit[..., None]
    warm = np.array((62, 96, 128), np.float32) * (0.9 + 0.1 * rays)[..., None]
    color = color + (warm - color) * (0.75 * bell(share - 0.50, 0.16))[..., None]
    ring = smoothstep(0.74, 1.0, share)[..., None]
    color = color + (np.array(_IRIS_DEEP, np.float32) - color) * 0.85 * ring
    pupil = smoothstep(
        anatomy.PUPIL_RADIUS + 0.005, anatomy.PUPIL_RADIUS - 0.004, radius
    )
    color = color * (1.0 - 0.93 * pupil)[..., None]
    cover = smoothstep(1.05, 0.93, share)
    return np.clip(color, 0, 255).astype(np.uint8), cover


def _glint(x: Field, y: Field) -> NDArray[np.uint8]:
    """The window and the floor mirrored in the eye; they stay where the light is."""
    window = smoothstep(1.2, 0.75, np.hypot((x + 0.034) / 0.020, (y + 0.030) / 0.024))
    floor = 0.18 * bell(np.hypot(x - 0.035, y - 0.045), 0.022)
    shine = 235.0 * np.clip(window + floor, 0, 1)
    return np.repeat(shine.astype(np.uint8)[..., None], 3, -1)


class Eyes:
    """Both eyes."""

    def __init__(
        self, painting: NDArray[np.uint8], canvas: Canvas, rng: np.random.Generator
    ) -> None:
        self._eyes = [Eye(painting, canvas, side, rng) for side in (-1, 1)]

    def draw(
        self, closed: float, gaze: tuple[float, float], onto: NDArray[np.uint8]
    ) -> None:
        """Draw both onto the canvas; see Eye.draw."""
        for eye in self._eyes:
            eye.draw(closed, gaze, onto)
