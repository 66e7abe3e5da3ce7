"""The room behind the presenter, what they wear, and the DEMO mark on the wall."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.demo import sculpting, shading
from avatar_app.demo.anatomy import Field, bell, smoothstep
from avatar_app.demo.canvas import Box, Canvas, grain
from avatar_app.demo.shading import blurred

_WALL = shading.linear(146, 162, 164)
_KNIT = shading.linear(44, 66, 92)
_SHIRT = shading.linear(228, 228, 222)
_LETTERS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "D": (((0, 0), (0, 1), (0.35, 1), (0.6, 0.8), (0.6, 0.2), (0.35, 0), (0, 0)),),
    "E": (((0.55, 0), (0, 0), (0, 1), (0.55, 1)), ((0, 0.5), (0.45, 0.5))),
    "M": (((0, 1), (0, 0), (0.4, 0.6), (0.8, 0), (0.8, 1)),),
    "O": (
        tuple(
            (0.36 + 0.36 * float(np.cos(a)), 0.5 + 0.5 * float(np.sin(a)))
            for a in np.linspace(0, 2 * np.pi, 25)
        ),
    ),
}


def paint_wall(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Paint a calm wall in soft light, (rows, columns, 3) linear."""
    x, y = canvas.box(-9, -9, 9, 9).points()
    light = 0.50 + 0.55 * bell(np.hypot(x + 0.9, (y + 0.4) * 1.1), 2.6)
    light = light - 0.16 * smoothstep(0.6, 3.4, x) - 0.10 * smoothstep(0.5, 2.4, y)
    color = _WALL * light[..., None]
    warm = bell(np.hypot(x - 2.7, y - 0.1), 1.5)[..., None]
    color = color + warm * np.array((0.020, 0.045, 0.075), np.float32)
    color = _furnished(np.asarray(color, np.float32), x, y, canvas.unit, rng)
    speck = 1.0 + 0.006 * grain(x.shape, 2.0, rng) + 0.010 * grain(x.shape, 120.0, rng)
    return np.asarray(color * speck[..., None], np.float32)


def _furnished(
    wall: Field, x: Field, y: Field, unit: float, rng: np.random.Generator
) -> Field:
    """Put a shelf with books and a plant far behind, quite out of focus.

    It stays where the head's motion does not reach, so it never wobbles with it.
    """
    things = np.zeros((*x.shape, 4), np.float32)  # color and cover
    _put(things, x, y, (2.15, 0.62, 5.2, 0.72), (104, 84, 66))
    left = 2.35
    for tone in ((150, 96, 78), (198, 180, 150), (84, 104, 110), (168, 130, 84)):
        width, tall = rng.uniform(0.13, 0.2), rng.uniform(0.52, 0.74)
        _put(things, x, y, (left, 0.62 - tall, left + width, 0.62), tone)
        left += width + 0.015
    _put(things, x, y, (3.55, 0.30, 3.93, 0.62), (206, 196, 182))
    for _ in range(26):
        lean = rng.normal(0.0, 0.55)
        reach = rng.uniform(0.25, 0.75)
        tip = (3.74 + reach * np.sin(lean), 0.34 - reach * np.cos(lean))
        leaf = np.hypot((x - tip[0]) / 0.10, (y - tip[1]) / 0.15) < 1
        things[leaf, :3] = shading.linear(78, 116 + 20 * rng.random(), 84)
        things[leaf, 3] = 1.0
    soft = blurred(things, 0.075 * unit)
    cover = 0.62 * soft[..., 3:]
    color = soft[..., :3] / np.maximum(soft[..., 3:], 1e-3)
    return np.asarray(wall * (1 - cover) + 0.62 * color * cover, np.float32)


def _put(
    things: Field,
    x: Field,
    y: Field,
    box: tuple[float, float, float, float],
    tone: tuple[int, int, int],
) -> None:
    left, top, right, bottom = box
    here = (x > left) & (x < right) & (y > top) & (y < bottom)
    things[here, :3] = shading.linear(*tone)
    things[here, 3] = 1.0


def paint_clothes(
    box: Box, relief: sculpting.Relief, rng: np.random.Generator
) -> tuple[Field, Field]:
    """Paint a knitted jumper over a shirt's collar.

    Returns:
        (H, W, 3) linear light and (H, W) cover in [0, 1].
    """
    x, y = box.points()
    unit = box.canvas.unit
    ax = np.abs(x)
    collar = 1.56 + 0.34 * np.sqrt(np.clip(1 - np.square(ax / 0.64), 0, 1))
    collar = collar - 3.0 * np.maximum(ax - 0.62, 0.0)
    below = y - collar
    knit = np.sin((x + 0.1 * y) * 2 * np.pi / 0.040) * np.sin(y * 2 * np.pi / 0.055)
    height = relief.depth + 0.0030 * knit + 0.0022 * grain(x.shape, unit * 0.02, rng)
    height = height + 0.03 * smoothstep(0.0, 0.02, below) * smoothstep(
        0.13, 0.10, below
    )
    height = height + 0.05 * _drapes(x, y)
    rib = 0.004 * np.sin(np.arctan2(y - 1.2, x) * 130.0) * (below < 0.12)
    normal = shading.normals((height + rib).astype(np.float32), unit)
    sky = shading.occlusion(relief.depth, unit, 0.6)
    sky = sky * (1.0 - 0.40 * bell(ax, 0.75) * smoothstep(2.3, 1.7, y))
    color = _KNIT * (1.0 + 0.05 * grain(x.shape, unit * 0.012, rng))[..., None]
    light = shading.lit(color, normal, sky, (0.25, 0.25, 0.25)) + 0.10 * shading.rim(
        normal
    )
    cover = relief.cover * smoothstep(-0.006, 0.006, below)
    return light, np.asarray(cover, np.float32)


def _drapes(x: Field, y: Field) -> Field:
    """Soft folds running from the shoulders to the chest."""
    ax = np.abs(x)
    a = bell(0.82 * ax - 0.57 * (y - 1.2), 0.10) * smoothstep(2.1, 2.5, y)
    b = bell(0.95 * (ax - 1.45) + 0.30 * (y - 2.6), 0.07) * smoothstep(2.5, 2.9, y)
    return np.asarray(0.5 * a - 0.7 * b, np.float32)


def draw_mark(picture: NDArray[np.uint8]) -> None:
    """Draw DEMO on a small plate, lower left: the film's own marks are at the top."""
    size = picture.shape[0] * 0.030
    left, top = 1.35 * size, picture.shape[0] - 3.45 * size
    width = 5.35 * size
    plate = picture.copy()
    corner = 0.55 * size
    for inset, color in ((0.0, (236, 240, 240)), (0.09 * size, (92, 84, 62))):
        _rounded(
            plate,
            (left + inset, top + inset, left + width - inset, top + 2.1 * size - inset),
            corner - inset,
            color,
        )
    picture[:] = cv2.addWeighted(plate, 0.80, picture, 0.20, 0)
    pen = left + 0.85 * size
    for letter in "DEMO":
        for line in _LETTERS[letter]:
            points = np.array(line) * size * (1.05, 1.0) + (pen, top + 0.55 * size)
            cv2.polylines(
                picture,
                [np.round(points * 8).astype(np.int32)],
                False,
                (240, 244, 244),
                max(1, round(0.15 * size)),
                cv2.LINE_AA,
                3,
            )
        pen += size * (1.28 if letter == "M" else 1.02)


def _rounded(
    picture: NDArray[np.uint8],
    box: tuple[float, float, float, float],
    radius: float,
    color: tuple[int, int, int],
) -> None:
    left, top, right, bottom = box
    turn = np.linspace(0, np.pi / 2, 12)
    corners = [
        (right - radius, bottom - radius, 0.0),
        (left + radius, bottom - radius, np.pi / 2),
        (left + radius, top + radius, np.pi),
        (right - radius, top + radius, 1.5 * np.pi),
    ]
    points = np.concatenate(
        [
            np.stack(
                [cx + radius * np.cos(turn + a), cy + radius * np.sin(turn + a)], -1
            )
            for cx, cy, a in corners
        ]
    )
    cv2.fillPoly(
        picture, [np.round(points * 8).astype(np.int32)], color, cv2.LINE_AA, 3
    )
