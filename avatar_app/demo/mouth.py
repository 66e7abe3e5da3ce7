"""The moving mouth: jaw and lips bend the painting, and what lies between shows.

The painting has its lips closed. Every motion is a field of shifts over it; a frame
adds them up by the mouth's shape and inverts the sum. Above and below the line where
the lips meet the fields differ, so the line opens like a slit: pixels that neither
side reaches show teeth and tongue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.demo.anatomy import (
    MOUTH_HALF_WIDTH,
    MOUTH_HEIGHT,
    Field,
    bell,
    mouth_line,
    smoothstep,
)
from avatar_app.demo.canvas import Box, Canvas
from avatar_app.demo.sampling import blend, sample, window
from avatar_app.demo.teeth import Teeth

_JAW, _UPPER, _LOWER = 0.215, 0.062, 0.070  # farthest shifts, in units
_WIDE, _PUCKER, _PRESS = 0.060, 0.115, 0.34
_STEP, _ROUNDS = 6, 5


@dataclass(frozen=True, slots=True)
class MouthShape:
    """How the mouth is held; all zero is closed and at rest.

    Attributes:
        jaw: How far the jaw is lowered, in [0, 1].
        upper: How far the upper lip is raised off the teeth, in [0, 1].
        lower: How far the lower lip is drawn down, in [-1, 1]; below zero it is
            drawn up over the lower teeth.
        wide: How far the corners are drawn apart, in [0, 1].
        pucker: How far the lips are rounded, in [0, 1].
        press: How hard the lips are pressed together, in [0, 1].
        tongue: How far the tip of the tongue is raised to the teeth, in [0, 1].
    """

    jaw: float = 0.0
    upper: float = 0.0
    lower: float = 0.0
    wide: float = 0.0
    pucker: float = 0.0
    press: float = 0.0
    tongue: float = 0.0

    @property
    def opening(self) -> float:
        """Height of the gap between the lips at its middle, in face units."""
        gap = _JAW * self.jaw + _UPPER * self.upper + _LOWER * self.lower
        return max(0.0, gap)


class Mouth:
    """Draws the lower face of a painting with any mouth shape."""

    def __init__(self, painting: NDArray[np.uint8], canvas: Canvas) -> None:
        self.box = canvas.box(-1.10, 0.42, 1.10, 1.86)
        self._painting = painting[self.box.rows, self.box.columns].copy()
        self._unit = canvas.unit
        self._slit = canvas.box(-0.56, 0.62, 0.56, 1.22)
        self._teeth = Teeth(self._slit)
        x, y = self.box.points(_STEP)
        self._coarse = x.shape
        self._change = int(np.searchsorted(y[:, 0], 0.70))
        self._above = _motions(x, y, above=True)
        self._below = _motions(x, y, above=False)
        self._measures = np.stack([y - mouth_line(x), np.abs(x)], -1)
        columns, rows = np.meshgrid(
            np.arange(x.shape[1], dtype=np.float32),
            np.arange(x.shape[0], dtype=np.float32),
        )
        self._places = np.stack([columns, rows], -1)

    def draw(self, shape: MouthShape, onto: NDArray[np.uint8]) -> None:
        """Draw the lower face onto the whole canvas."""
        above = self._origins(self._above, shape)
        below = self._origins(self._below, shape)
        # Beside the slit both fields agree, so changing from one to the other along
        # a row leaves no seam there; within it ``_open`` draws over that row.
        below[: self._change] = above[: self._change]
        full = self._finer(below, self.box)
        drawn = sample(self._painting, full)
        self._open(shape, above, below, drawn)
        onto[self.box.rows, self.box.columns] = drawn

    def _origins(self, motions: Field, shape: MouthShape) -> Field:
        """Where on the coarse grid each coarse point comes from, (h, w, 2)."""
        weights = np.array(
            [
                shape.jaw * _JAW,
                shape.upper * _UPPER,
                shape.lower * _LOWER,
                shape.wide * _WIDE,
                shape.pucker * _PUCKER,
                shape.press * _PRESS,
                shape.pucker * shape.opening,
            ],
            np.float32,
        )
        shift = (motions @ (weights * (self._unit / _STEP))).reshape(*self._coarse, 2)
        origin = self._places - shift
        for _ in range(_ROUNDS):
            there = sample(shift, origin)
            origin = self._places - there
        return np.asarray(origin, np.float32)

    def _finer(self, coarse: Field, box: Box) -> Field:
        """Coarse origins as pixel places inside the painting, for one box."""
        pixels = coarse * _STEP  # sample k of the coarse grid is pixel k * _STEP
        return self._stretch(np.asarray(pixels, np.float32), box)

    def _stretch(self, coarse: Field, box: Box) -> Field:
        """Interpolate a coarse field at the pixels of a box inside this one."""
        corner = (box.left - self.box.left) / _STEP, (box.top - self.box.top) / _STEP
        return window(coarse, box.size, 1 / _STEP, corner)

    def _open(
        self, shape: MouthShape, above: Field, below: Field, drawn: NDArray[np.uint8]
    ) -> None:
        """Put the upper lip over the lower one, and the mouth's inside between."""
        box = self._slit
        upper = sample(self._painting, self._finer(above, box))
        over = self._stretch(self._sampled(above), box)
        under = self._stretch(self._sampled(below), box)
        ends = np.clip((MOUTH_HALF_WIDTH - under[..., 1]) * self._unit + 0.5, 0, 1)
        is_upper = np.clip(0.5 - over[..., 0] * self._unit, 0.0, 1.0)
        is_lower = np.clip(0.5 + under[..., 0] * self._unit, 0.0, 1.0)
        inside = np.asarray((1.0 - is_upper) * (1.0 - is_lower) * ends, np.float32)
        rows = slice(box.top - self.box.top, box.bottom - self.box.top)
        columns = slice(box.left - self.box.left, box.right - self.box.left)
        lower = drawn[rows, columns]
        lips = blend(upper, lower, is_upper)
        if shape.opening > 0.002:
            cavity = self._teeth.draw(shape.jaw * _JAW, shape.tongue, over[..., 0])
        else:
            cavity = self._teeth.dark
        drawn[rows, columns] = blend(cavity, lips, inside)

    def _sampled(self, origins: Field) -> Field:
        """The two measures (below the mouth line, |x|) at given origins, in units."""
        return sample(self._measures, origins)


def _motions(x: Field, y: Field, *, above: bool) -> Field:
    """All motions as fields of shifts, (H * W * 2, 7), each for a weight of one unit.

    In the order jaw, upper lip, lower lip, corners apart, pucker, press, and what a
    pucker takes from the width of the gap.
    """
    line = y - mouth_line(x)
    near = np.minimum(line, 0.0) if above else np.maximum(line, 0.0)
    across = np.abs(x) / MOUTH_HALF_WIDTH
    gap = np.power(np.clip(1.0 - across * across, 0.0, 1.0), 0.62)
    small = np.power(np.clip(1.0 - np.square(across / 0.74), 0.0, 1.0), 0.55)
    none = np.zeros_like(x)
    jaw, at_line = _jaw(x, y), _jaw(x, mouth_line(x))
    if above:
        dropped = jaw - at_line * gap * bell(near, 0.15)
        raised, drawn = -gap * bell(near, 0.13), none
        narrowed = at_line * (gap - small) * bell(near, 0.15)
    else:
        dropped = jaw + (1.0 - at_line) * gap * bell(near, 0.17)
        raised, drawn = none, gap * bell(near, 0.13)
        narrowed = -(1.0 - at_line) * (gap - small) * bell(near, 0.17)
    aside = x / MOUTH_HALF_WIDTH * np.exp(-np.power(np.abs(x) / 0.56, 4.0))
    aside = aside * bell(line, 0.26)
    thick = line * bell(line, 0.17) * bell(x, 0.36)
    pairs = [
        (none, dropped),
        (none, raised),
        (none, drawn),
        (aside, -0.80 * np.abs(aside) - 0.6 * thick),
        (-aside, 2.4 * thick),
        (none, -thick),
        (none, narrowed),
    ]
    return np.asarray(
        np.stack([np.stack(pair, -1).reshape(-1) for pair in pairs], -1), np.float32
    )


def _jaw(x: Field, y: Field) -> Field:
    """How much of the jaw's drop each point of the face follows, in [0, 1]."""
    falls = smoothstep(0.52, MOUTH_HEIGHT + 0.28, y)
    hinge = smoothstep(1.06, 0.30, np.abs(x))
    throat = smoothstep(1.84, 1.30, y)
    return np.asarray(falls * hinge * throat, np.float32)
