"""The canvas: which point of the face every pixel is, and noise to give it grain."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from avatar_app.demo.anatomy import Field

_HEAD_HEIGHT, _EYES_AT = 0.198, 0.405  # one unit and the eye line, of picture height
FINER = 1.5  # canvas pixels per picture pixel: resampling then stays crisp


@dataclass(frozen=True, slots=True)
class Canvas:
    """The scene's own pixels, finer than the pictures taken of it.

    Attributes:
        width: Of a picture, in pixels.
        height: Of a picture, in pixels.
        unit: Canvas pixels per face unit.
        columns: Canvas width in pixels.
        rows: Canvas height in pixels.
        middle: (x, y) of the face's origin in canvas pixels.
    """

    width: int
    height: int
    unit: float = field(init=False)
    columns: int = field(init=False)
    rows: int = field(init=False)
    middle: tuple[float, float] = field(init=False)

    def __post_init__(self) -> None:
        if self.width < 64 or self.height < 64:
            raise ValueError(
                f"a drawing needs 64 x 64, not {self.width} x {self.height}"
            )
        unit = FINER * min(_HEAD_HEIGHT * self.height, 0.26 * self.width)
        set_once = object.__setattr__  # derived once, at birth
        set_once(self, "unit", unit)
        set_once(self, "columns", round(FINER * self.width))
        set_once(self, "rows", round(FINER * self.height))
        set_once(self, "middle", (0.5 * self.columns, _EYES_AT * self.rows))

    def box(self, left: float, top: float, right: float, bottom: float) -> Box:
        """The pixels of a rectangle given in face units, clipped to the canvas."""
        x, y = self.middle
        return Box(
            self,
            max(0, round(x + left * self.unit)),
            max(0, round(y + top * self.unit)),
            min(self.columns, round(x + right * self.unit)),
            min(self.rows, round(y + bottom * self.unit)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A rectangle of canvas pixels."""

    canvas: Canvas
    left: int
    top: int
    right: int
    bottom: int

    @property
    def rows(self) -> slice:
        """Its rows on the canvas."""
        return slice(self.top, self.bottom)

    @property
    def columns(self) -> slice:
        """Its columns on the canvas."""
        return slice(self.left, self.right)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, as OpenCV orders them."""
        return self.right - self.left, self.bottom - self.top

    def points(self, step: int = 1) -> tuple[Field, Field]:
        """Face coordinates (x, y) of every step-th pixel center, each (H, W).

        The last ones lie on the box's far edges or just beyond, so that what is
        worked out at them can be interpolated at every pixel.
        """
        x0, y0 = self.canvas.middle
        x = (
            np.arange(self.left, self.right + step - 1, step) + 0.5 - x0
        ) / self.canvas.unit
        y = (
            np.arange(self.top, self.bottom + step - 1, step) + 0.5 - y0
        ) / self.canvas.unit
        grid = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
        return grid[0], grid[1]

    def place(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Pixel coordinates inside this box of points given in face units."""
        x0, y0 = self.canvas.middle
        unit = self.canvas.unit
        return (
            np.asarray(x * unit + x0 - 0.5 - self.left, np.float32),
            np.asarray(y * unit + y0 - 0.5 - self.top, np.float32),
        )


def grain(
    shape: tuple[int, ...], size: float, rng: np.random.Generator, stretch: float = 1.0
) -> Field:
    """Soft noise, mean 0 and deviation 1.

    Args:
        shape: (H, W, ...).
        size: Of its blotches, pixels.
        rng: Where chance comes from.
        stretch: How many times taller than wide the blotches are.
    """
    height, width = shape[:2]
    small = (
        max(4, round(width / max(size, 1.0))),
        max(4, round(height / max(size * stretch, 1.0))),
    )
    noise = rng.standard_normal((small[1], small[0])).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 0.8)
    large = np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC))
    return np.asarray((large - large.mean()) / (large.std() + 1e-6), np.float32)
