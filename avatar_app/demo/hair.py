"""Hair, brows and lashes: thousands of fine strokes along the way they grow."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.demo import anatomy
from avatar_app.demo.anatomy import Field, bell, smoothstep
from avatar_app.demo.canvas import Box

Way = Callable[[Field, Field], tuple[Field, Field]]
_ROOT, _SHEEN = (30, 38, 52), (84, 116, 158)  # B, G, R
_FINE = 3  # binary digits of sub-pixel precision in cv2.polylines


def hair_mask(x: Field, y: Field) -> Field:
    """Where the hair of the head is, in [0, 1]."""
    top = -1.60 - 0.05 * bell(x - 0.25, 0.5) + 0.04 * bell(x + 0.75, 0.3)
    outer = np.power(np.abs(x / 1.075), 2.3) + np.power(
        np.abs((y + 0.34) / np.where(y < -0.34, np.abs(top + 0.34), 1.15)), 2.3
    )
    ax = np.abs(x)
    front = -0.97 + 0.06 * np.square((x - 0.1) / 0.5) - 0.02 * bell(x + 0.42, 0.12)
    temple = smoothstep(0.60, 0.84, ax)
    line = front + temple * (0.20 - front) * smoothstep(0.66, 0.93, ax)
    line = np.where(ax > 0.885, 0.22 - 0.3 * (ax - 0.885), line)
    inside = smoothstep(1.02, 0.97, outer) * smoothstep(0.03, -0.03, y - line)
    return np.asarray(inside, np.float32)


def draw_hair(picture: NDArray[np.uint8], box: Box, rng: np.random.Generator) -> None:
    """Draw the hair of the head onto a picture of one box."""
    x, y = box.points()
    mask = hair_mask(x, y)
    unit = box.canvas.unit
    shadow = cv2.GaussianBlur(mask, (0, 0), 0.055 * unit)
    shadow = cv2.warpAffine(
        shadow, np.array([[1, 0, 0.02 * unit], [0, 1, 0.05 * unit]]), mask.shape[::-1]
    )
    dark = (1.0 - 0.45 * shadow * smoothstep(1.12, 0.98, np.abs(x)))[..., None]
    base = np.array(_ROOT, np.float32) * 0.8
    soft = cv2.GaussianBlur(mask, (0, 0), 0.012 * unit)[..., None]
    picture[:] = np.clip(picture * dark * (1 - soft) + base * soft, 0, 255)
    _draw_strands(picture, box, mask, rng, 5200)


def _draw_strands(
    picture: NDArray[np.uint8],
    box: Box,
    mask: Field,
    rng: np.random.Generator,
    count: int,
) -> None:
    rows, columns = np.nonzero(mask > 0.5)
    picks = rng.integers(0, len(rows), count)
    x0, y0 = box.canvas.middle
    unit = box.canvas.unit
    x = (columns[picks] + box.left + rng.random(count) - x0) / unit
    y = (rows[picks] + box.top + rng.random(count) - y0) / unit
    order = np.argsort(-y)  # lower strands lie under upper ones
    x, y = x[order].astype(np.float32), y[order].astype(np.float32)
    length = rng.uniform(0.16, 0.42, count) * (
        0.55 + 0.45 * smoothstep(0.95, 0.6, np.abs(x))
    )
    paths = _grown(x, y, length.astype(np.float32), _combed, rng, 9)
    light = _sheen(x, y) + rng.normal(0.0, 0.16, count)
    for path, bright in zip(paths, light, strict=True):
        color = np.array(_ROOT) + np.clip(bright, -0.25, 1) * (
            np.array(_SHEEN) - np.array(_ROOT)
        )
        _stroke(picture, box, path, tuple(color.tolist()), 2 if bright < 0.3 else 1)


def _combed(x: Field, y: Field) -> tuple[Field, Field]:
    """Which way hair lies: from a parting on the left, over the top, down the sides."""
    parting = -0.40 + 0.10 * (y + 1.0)
    right = smoothstep(-0.05, 0.10, x - parting)
    side = smoothstep(0.35, 0.95, np.abs(x))
    lift = smoothstep(-1.32, -0.95, y) * smoothstep(0.8, 0.3, np.abs(x))
    along = right * (1.0 - 0.75 * side) - (1 - right) * (0.75 - 0.45 * side)
    down = side * 1.25 - 0.80 * lift - 0.10
    down = down - 0.5 * smoothstep(-1.2, -1.5, y) * (1 - side) * 0.2
    return np.asarray(along, np.float32), np.asarray(down, np.float32)


def _sheen(x: Field, y: Field) -> Field:
    """How much of the lamps' light each strand catches, about 0 to 1."""
    arc = np.hypot(x + 0.15, (y + 0.30) * 0.95)
    band = 0.78 * bell(arc - 0.99, 0.13) * (0.35 + 0.65 * smoothstep(0.9, -0.7, x))
    edge = 0.50 * smoothstep(0.86, 1.04, x) * smoothstep(-0.2, -0.6, y)
    return np.asarray(0.10 + band + edge - 0.10 * smoothstep(-0.5, 0.1, y), np.float32)


def draw_brows(picture: NDArray[np.uint8], box: Box, rng: np.random.Generator) -> None:
    """Draw both brows onto a picture of one box."""
    for side in (-1, 1):
        count = 330
        s = rng.uniform(-1.0, 1.0, count).astype(np.float32)
        x = side * (0.43 + 0.31 * s)
        half = (
            0.040 * (1.0 - 0.62 * smoothstep(0.1, 1.0, s)) * smoothstep(-1.12, -0.7, s)
        )
        y = anatomy.brow_middle(x) + half * rng.uniform(-1.0, 1.0, count)
        up = 1.1 * smoothstep(0.0, -1.0, s) + 0.20
        fall = 0.75 * smoothstep(0.1, 0.9, s)
        heading = (side * (1.0 - 0.6 * smoothstep(-0.6, -1.0, s)), fall - up)

        def along(
            _x: Field, _y: Field, way: tuple[Field, Field] = heading
        ) -> tuple[Field, Field]:
            return way

        length = rng.uniform(0.04, 0.085, count).astype(np.float32)
        paths = _grown(x, y.astype(np.float32), length, along, rng, 4)
        layer = picture.copy()
        for path in paths:
            tone = rng.uniform(0.75, 1.25)
            _stroke(layer, box, path, tuple(c * tone for c in (40, 50, 66)), 1)
        picture[:] = cv2.addWeighted(layer, 0.74, picture, 0.26, 0)


def draw_lashes(picture: NDArray[np.uint8], box: Box, rng: np.random.Generator) -> None:
    """Draw the lid margins' dark line and lashes, so that they move with the lids."""
    x, y = box.points()
    s = anatomy.along_eye(x)
    inside = smoothstep(1.03, 0.95, np.abs(s))
    outer = 0.5 + 0.5 * smoothstep(-0.9, 0.6, s)
    upper = y - anatomy.upper_lid_edge(x)
    line = bell(upper + 0.002, 0.016 * 1.0) * inside * outer * 0.90
    lower = y - anatomy.lower_lid_edge(x)
    wet = bell(lower - 0.010, 0.009) * inside * 0.35
    line = line + bell(lower - 0.024, 0.012) * inside * outer * 0.28
    line = np.clip(line, 0, 0.93)[..., None]
    ink = np.array((26, 28, 38), np.float32)
    bright = np.array((176, 184, 226), np.float32)
    mixed = picture * (1 - line) + ink * line
    mixed = mixed + (bright - mixed) * wet[..., None]
    picture[:] = np.clip(mixed, 0, 255)
    for side in (-1, 1):
        for place in np.linspace(-0.55, 0.97, 26):
            _lash(picture, box, side, float(place), rng)


def _lash(
    picture: NDArray[np.uint8],
    box: Box,
    side: int,
    place: float,
    rng: np.random.Generator,
) -> None:
    root_x = np.float32(side * (anatomy.EYE_X + anatomy.EYE_HALF_WIDTH * place))
    root = np.array([root_x], np.float32)
    root_y = anatomy.upper_lid_edge(root)
    length = 0.028 + 0.030 * max(0.0, place) + rng.uniform(-0.006, 0.006)
    lean = side * (0.15 + 0.75 * place)
    steps = np.linspace(0.0, 1.0, 5, dtype=np.float32)
    x = root_x + lean * length * steps
    y = root_y - length * 0.75 * steps**1.3
    _stroke(picture, box, np.stack([x, y], -1), (34, 36, 46), 1)


def _grown(
    x: Field,
    y: Field,
    length: Field,
    way: Way,
    rng: np.random.Generator,
    joints: int,
) -> Field:
    """Let strokes grow from their roots, (N, joints, 2) in units."""
    drift = rng.normal(0.0, 0.16, len(x)).astype(np.float32)
    path = [np.stack([x, y], -1)]
    for _ in range(joints - 1):
        dx, dy = way(x, y)
        dx, dy = dx - drift * dy, dy + drift * dx
        size = np.hypot(dx, dy) + 1e-3
        x = np.asarray(x + dx / size * length / (joints - 1), np.float32)
        y = np.asarray(y + dy / size * length / (joints - 1), np.float32)
        path.append(np.stack([x, y], -1))
    return np.stack(path, 1)


def _stroke(
    picture: NDArray[np.uint8],
    box: Box,
    path: Field,
    color: tuple[float, ...],
    width: int,
) -> None:
    px, py = box.place(path[:, 0], path[:, 1])
    points = np.round(np.stack([px, py], -1) * (1 << _FINE)).astype(np.int32)
    cv2.polylines(
        picture, [points], False, color, width, lineType=cv2.LINE_AA, shift=_FINE
    )
