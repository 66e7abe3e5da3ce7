"""Hair, brows and lashes: thousands of fine strokes along the way they grow."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.demo import anatomy
from avatar_app.demo.anatomy import Field, bell, smoothstep
from avatar_app.demo.canvas import Box, grain
from avatar_app.demo.sampling import blend, shifted
from avatar_app.demo.shading import blurred

Way = Callable[[Field, Field], tuple[Field, Field]]
_ROOT, _SHEEN = (30, 38, 52), (84, 116, 158)  # B, G, R
_FINE = 3  # binary digits of sub-pixel precision in cv2.polylines


def hair_mask(x: Field, y: Field, ragged: Field) -> Field:
    """Where the hair of the head is, in [0, 1]; ``ragged`` noise frays its line."""
    ax = np.abs(x)
    high = 1.25 + 0.05 * bell(x - 0.22, 0.5) - 0.04 * bell(x + 0.75, 0.3)
    tall = np.where(y < -0.34, high, 1.6)
    outer = np.power(ax / 1.055, 2.25) + np.power(np.abs(y + 0.34) / tall, 2.25)
    front = -0.98 + 0.05 * np.square((x - 0.1) / 0.5) - 0.03 * bell(x + 0.42, 0.12)
    line = front + 0.020 * ragged + (0.0 - front) * smoothstep(0.60, 0.97, ax) ** 1.3
    line = np.where(ax > 0.97, -1.6 * (ax - 0.97), line)
    soft = 0.02 + 0.05 * smoothstep(0.8, 0.2, ax)
    inside = smoothstep(1.02, 0.97, outer) * smoothstep(1.0, -1.0, (y - line) / soft)
    return np.asarray(inside, np.float32)


def draw_hair(picture: NDArray[np.uint8], box: Box, rng: np.random.Generator) -> None:
    """Draw the hair of the head onto a picture of one box."""
    x, y = box.points()
    mask = hair_mask(x, y, grain(x.shape, 0.05 * box.canvas.unit, rng))
    unit = box.canvas.unit
    shadow = shifted(blurred(mask, 0.06 * unit), 0.02 * unit, 0.05 * unit)
    dark = (1.0 - 0.42 * shadow * smoothstep(-1.2, -0.95, y))[..., None]
    base = np.array(_ROOT, np.float32) * 0.85
    # Narrower than the hair itself, or its dark would fringe the wall behind.
    soft = smoothstep(0.3, 1.0, blurred(mask, 0.016 * unit))[..., None]
    picture[:] = np.clip(picture * dark * (1 - soft) + base * soft, 0, 255)
    combed = picture.copy()
    _draw_strands(combed, box, mask, rng, 7000)
    # Strands may leave the hair's own shape by a little, and no more.
    reach = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=round(0.03 * unit))
    picture[:] = blend(combed, picture, blurred(np.asarray(reach), 0.02 * unit))


def _draw_strands(
    picture: NDArray[np.uint8],
    box: Box,
    mask: Field,
    rng: np.random.Generator,
    count: int,
) -> None:
    rows, columns = np.nonzero(mask > 0.35)
    picks = rng.integers(0, len(rows), count)
    x0, y0 = box.canvas.middle
    unit = box.canvas.unit
    x = (columns[picks] + box.left + rng.random(count) - x0) / unit
    y = (rows[picks] + box.top + rng.random(count) - y0) / unit
    # Lower strands lie under upper ones, the sides under the top.
    order = np.argsort(-y + 0.35 * np.abs(x) + rng.normal(0.0, 0.08, count))
    x, y = x[order].astype(np.float32), y[order].astype(np.float32)
    locks = grain(mask.shape, 0.07 * unit, rng)[rows[picks], columns[picks]][order]
    length = rng.uniform(0.16, 0.42, count) * (
        0.4 + 0.6 * smoothstep(0.95, 0.6, abs(x))
    )
    paths = _grown(x, y, length.astype(np.float32), _combed, rng, 8)
    light = _sheen(x, y) + 0.10 * locks + rng.normal(0.0, 0.09, count)
    root, sheen = np.array(_ROOT, np.float32), np.array(_SHEEN, np.float32)
    for path, bright in zip(paths, np.clip(light, -0.3, 1.0), strict=True):
        color = root + bright * (sheen - root)
        _stroke(picture, box, path, tuple(color.tolist()), 1)


def _combed(x: Field, y: Field) -> tuple[Field, Field]:
    """Which way hair lies: from a parting on the left, over the top, down the sides."""
    parting = -0.42 + 0.10 * (y + 1.0)
    right = smoothstep(-0.22, 0.34, x - parting)
    side = smoothstep(0.45, 0.98, np.abs(x))
    lift = smoothstep(-1.45, -0.95, y) * smoothstep(0.95, 0.3, np.abs(x))
    along = right * (1.0 - 0.85 * side) - (1 - right) * (0.75 - 0.55 * side)
    down = side * 1.35 - 0.85 * lift - 0.15 * (1 - side)
    down = down + 0.55 * smoothstep(0.2, 0.8, x) * smoothstep(-1.0, -1.4, y)
    return np.asarray(along, np.float32), np.asarray(down, np.float32)


def _sheen(x: Field, y: Field) -> Field:
    """How much of the lamps' light each strand catches, about 0 to 1."""
    arc = np.hypot(x + 0.15, (y + 0.30) * 0.95)
    band = 0.78 * bell(arc - 0.99, 0.13) * (0.35 + 0.65 * smoothstep(0.9, -0.7, x))
    edge = 0.50 * smoothstep(0.86, 1.04, x) * smoothstep(-0.2, -0.6, y)
    return np.asarray(0.10 + band + edge - 0.10 * smoothstep(-0.5, 0.1, y), np.float32)


def draw_brows(picture: NDArray[np.uint8], box: Box, rng: np.random.Generator) -> None:
    """Draw both brows onto a picture of one box."""
    ink = np.zeros(picture.shape[:2], np.uint8)
    x, y = box.points()
    s = (np.abs(x) - 0.43) / 0.31
    body = bell(y - anatomy.brow_middle(x), 0.030) * _brow_height(s) / 0.042
    for side in (-1, 1):
        for path in _brow_hairs(side, 420, rng):
            _stroke(ink, box, path, (float(rng.uniform(110, 235)),), 1)
    hairs = blurred(ink, 0.45).astype(np.float32) / 255.0
    _tint(picture, (44, 56, 74), np.clip(0.85 * hairs + 0.34 * body, 0.0, 0.9))


def _brow_height(s: Field) -> Field:
    """Half the brow's thickness from its inner end, -1, to its outer one, 1."""
    taper = 1.0 - 0.68 * smoothstep(0.0, 1.0, s)
    ends = smoothstep(-1.12, -0.72, s) * smoothstep(1.1, 0.8, s)
    return np.asarray(0.042 * taper * ends, np.float32)


def _brow_hairs(side: int, count: int, rng: np.random.Generator) -> Field:
    s = rng.uniform(-1.05, 1.0, count).astype(np.float32)
    x = np.asarray(side * (0.43 + 0.31 * s), np.float32)
    spread = rng.uniform(-1.0, 1.0, count)
    y = anatomy.brow_middle(x) + _brow_height(s) * spread
    out = side * (1.0 - 0.75 * smoothstep(-0.55, -1.0, s))
    rise = 0.62 * smoothstep(0.9, -0.9, s) + 0.35 * spread * smoothstep(-0.9, 0.2, s)
    heading = np.asarray(out, np.float32), np.asarray(0.25 * s - rise, np.float32)

    def along(_x: Field, _y: Field) -> tuple[Field, Field]:
        return heading

    length = rng.uniform(0.035, 0.075, count).astype(np.float32)
    return _grown(x, np.asarray(y, np.float32), length, along, rng, 4)


def draw_lashes(picture: NDArray[np.uint8], box: Box, rng: np.random.Generator) -> None:
    """Draw the lid margins' dark line and lashes, so that they move with the lids."""
    x, y = box.points()
    s = anatomy.along_eye(x)
    inside = smoothstep(1.03, 0.95, np.abs(s))
    outer = 0.5 + 0.5 * smoothstep(-0.9, 0.6, s)
    upper = y - anatomy.upper_lid_edge(x)
    lower = y - anatomy.lower_lid_edge(x)
    _tint(picture, (176, 184, 226), 0.35 * bell(lower - 0.010, 0.009) * inside)
    line = bell(upper + 0.012, 0.019) * inside * outer * 0.95
    line = line + bell(lower - 0.024, 0.012) * inside * outer * 0.26
    ink = np.zeros(picture.shape[:2], np.uint8)
    for side in (-1, 1):
        for place in np.linspace(-0.2, 0.98, 30):
            _lash(ink, box, side, float(place + rng.normal(0.0, 0.02)), rng)
    hairs = blurred(ink, 0.5).astype(np.float32) / 255.0
    _tint(picture, (28, 30, 40), np.clip(np.maximum(line, 0.62 * hairs), 0.0, 0.93))


def _tint(
    picture: NDArray[np.uint8], color: tuple[int, int, int], amount: Field
) -> None:
    ink = np.empty_like(picture)
    ink[:] = color
    picture[:] = blend(ink, picture, amount)


def _lash(
    ink: NDArray[np.uint8],
    box: Box,
    side: int,
    place: float,
    rng: np.random.Generator,
) -> None:
    x = np.float32(side * (anatomy.EYE_X + anatomy.EYE_HALF_WIDTH * min(place, 0.99)))
    root = anatomy.upper_lid_edge(np.array([x], np.float32))[0]
    length = 0.024 + 0.020 * max(0.0, place) + rng.uniform(-0.007, 0.003)
    lean = side * (0.2 + 0.9 * place + rng.normal(0.0, 0.12))
    steps = np.linspace(0.0, 1.0, 5, dtype=np.float32)
    path = np.stack(
        [x + lean * length * steps, root - 0.006 - length * 0.7 * steps**1.5], -1
    )
    _stroke(ink, box, path.astype(np.float32), (230.0,), 1)


def _grown(
    x: Field,
    y: Field,
    length: Field,
    way: Way,
    rng: np.random.Generator,
    joints: int,
) -> Field:
    """Let strokes grow from their roots, (N, joints, 2) in units."""
    drift = rng.normal(0.0, 0.10, len(x)).astype(np.float32)
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
