"""What is behind the lips: two rows of teeth, a tongue, and the dark."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar_app.demo.anatomy import MOUTH_HEIGHT, Field, bell, smoothstep
from avatar_app.demo.canvas import Box
from avatar_app.demo.sampling import blend, shaded, shifted

_DARK, _GUM, _TONGUE = (30, 22, 46), (96, 92, 168), (104, 98, 186)  # B, G, R
_ENAMEL = (200, 216, 224)
_UPPER_WIDTHS = (0.088, 0.066, 0.070, 0.060, 0.056, 0.05)  # from the middle outwards
_LOWER_WIDTHS = (0.054, 0.056, 0.060, 0.058, 0.056, 0.05)


class Teeth:
    """Draws the inside of the mouth in one box of the canvas."""

    def __init__(self, box: Box) -> None:
        self._box = box
        x, y = box.points()
        self._unit = box.canvas.unit
        corner = np.exp(-np.power(np.abs(x) / 0.30, 4.0))
        self._back = np.empty((*x.shape, 3), np.uint8)
        self._back[:] = _DARK
        self._upper = _row(x, y, _UPPER_WIDTHS, MOUTH_HEIGHT + 0.048, -1.0, corner)
        self._lower = _row(x, y, _LOWER_WIDTHS, MOUTH_HEIGHT - 0.006, 1.0, 0.8 * corner)
        self._tongue = _tongue(x, y)
        self.dark = np.empty_like(self._back)
        self.dark[:] = (40, 30, 74)

    def draw(self, drop: float, tip: float, below_lip: Field) -> NDArray[np.uint8]:
        """Draw it with the jaw lowered.

        Args:
            drop: Of the jaw, in units.
            tip: How far the tongue's tip is raised, in [0, 1].
            below_lip: (H, W), how far each pixel is below the upper lip, in units;
                the lip's shadow falls there.

        Returns:
            (H, W, 3), to be seen only between the lips.
        """
        picture = self._back
        rise = 0.52 * drop + 0.02 - 0.07 * tip
        picture = _over(picture, self._tongue, rise * self._unit)
        picture = _over(picture, self._lower, drop * self._unit)
        picture = _over(picture, self._upper, 0.0)
        shade = np.clip(0.66 + 8.0 * below_lip, 0.6, 1.0)
        return shaded(picture, shade)


def _over(
    base: NDArray[np.uint8], layer: tuple[NDArray[np.uint8], Field], down: float
) -> NDArray[np.uint8]:
    """Lay a colored layer over a picture, moved down by some pixels."""
    color, cover = layer
    if down:
        color, cover = shifted(color, 0.0, down), shifted(cover, 0.0, down)
    return blend(color, base, cover)


def _row(
    x: Field,
    y: Field,
    widths: tuple[float, ...],
    edge: float,
    side: float,
    light: Field,
) -> tuple[NDArray[np.uint8], Field]:
    """One row of teeth whose biting edge is at a height; side -1 is the upper row."""
    away = (y - edge) * side  # into the gum
    ax = np.abs(x)
    round_, end = np.zeros_like(x), 0.0
    biting = np.zeros_like(x)
    for number, width in enumerate(widths):
        middle = end + width / 2
        here = np.clip(1.0 - np.abs(ax - middle) / (width / 2), 0.0, 1.0)
        inside = (ax >= end) & (ax < end + width)
        round_ = np.where(inside, here, round_)
        recess = 0.006 * (number == 1) + 0.002 * number
        corner = 0.006 * np.square(1.0 - here)
        biting = np.where(inside, recess + corner, biting)
        end += width
    away = away + 0.10 * np.square(ax) * (side < 0) * -1.0
    tooth = smoothstep(0.0, 0.008, away - biting) * (ax < end)
    bright = (0.72 + 0.28 * np.power(round_, 0.35)) * light
    bright = bright * (0.86 + 0.14 * smoothstep(0.0, 0.05, away))
    gum = smoothstep(0.115, 0.135, away + 0.018 * np.square(1.0 - round_))
    color = np.array(_ENAMEL, np.float32) * (1 - gum)[..., None]
    color = color + np.array(_GUM, np.float32) * gum[..., None]
    cover = tooth * (0.25 + 0.75 * light) * smoothstep(0.22, 0.19, away)
    return (
        np.clip(color * bright[..., None], 0, 255).astype(np.uint8),
        np.asarray(cover, np.float32),
    )


def _tongue(x: Field, y: Field) -> tuple[NDArray[np.uint8], Field]:
    v = y - MOUTH_HEIGHT
    reach = np.hypot(x / 0.25, (v - 0.10) / 0.105)
    dome = np.sqrt(np.clip(1.0 - np.square(reach), 0.0, 1.0))
    bright = 0.42 + 0.55 * dome - 0.18 * bell(x, 0.02)
    color = np.array(_TONGUE, np.float32) * bright[..., None]
    cover = smoothstep(1.0, 0.88, reach)
    return np.clip(color, 0, 255).astype(np.uint8), np.asarray(cover, np.float32)
