"""Contact sheets: the same telling moments, real, drawn, ceiling and wrong sound.

A figure cannot see a doubled lip line or a tooth where the tongue should be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.canon import LIPS
from benchmarks.closures import Closure
from benchmarks.measures import opening, width
from benchmarks.pictures import Image

COLUMNS = 8
_TILE = (300, 264)  # width and height of one picture of a sheet
_APART = 3  # pictures by which two moments lie apart at least
_ROOM = 0.62  # half the width shown, in inter-ocular distances


def moments(
    points: NDArray[np.float32], closures: Sequence[Closure], fps: float
) -> list[tuple[str, int]]:
    """Choose telling moments of a real clip, in order: names and picture numbers.

    Args:
        points: (T, 468, 2) landmarks of the real clip.
        closures: Its p, b and m.
        fps: Pictures per second.
    """
    high, wide = opening(points), width(points)
    wanted: list[tuple[str, int]] = []

    def add(name: str, scores: NDArray[np.float64], most: int) -> None:
        for index in np.argsort(-scores):
            near = any(abs(int(index) - taken) < _APART for _, taken in wanted)
            if not near and most > 0 and len(wanted) < COLUMNS:
                wanted.append((name, int(index)))
                most -= 1

    near = np.zeros(len(high), np.float64)
    for closure in closures:
        at = np.arange(len(high)) - closure.moment * fps
        near = np.maximum(near, np.abs(at) <= 2)
    if near.any():
        add("p b m", near - high / high.max(), 2)
    add("open", high, 2)
    add("spread", wide, 1)
    add("round", -wide + (high > np.median(high)), 1)
    add("quick", np.abs(np.gradient(high)), 1)
    add("rest", -high, COLUMNS)
    return sorted(wanted, key=lambda item: item[1])


def tile(frame: Image, points: NDArray[np.float32]) -> Image:
    """Cut the mouth and chin out of a frame, large, where the real landmarks are."""
    unit = float(np.linalg.norm(points[33] - points[263]))
    middle = points[list(LIPS)].mean(axis=0) + np.array([0, 0.08 * unit])
    scale = _TILE[0] / (2 * _ROOM * unit)
    carry = np.array([[scale, 0, 0], [0, scale, 0]], np.float64)
    carry[:, 2] = np.array(_TILE) / 2 - scale * middle
    large = cv2.warpAffine(frame, carry, _TILE, flags=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)


def sheet(
    path: Path,
    names: Sequence[tuple[str, int]],
    rows: Mapping[str, Sequence[Image]],
) -> None:
    """Write a sheet: one row of tiles per system, the moments above."""
    wide, high = _TILE
    page = np.full((24 + len(rows) * (high + 18), wide * len(names), 3), 24, np.uint8)
    for column, (name, index) in enumerate(names):
        _write(page, f"{name} #{index}", column * wide + 4, 17)
    for row, (system, tiles) in enumerate(rows.items()):
        top = 24 + row * (high + 18)
        _write(page, system, 4, top + 13)
        for column, picture in enumerate(tiles):
            place = slice(column * wide, (column + 1) * wide)
            page[top + 18 : top + 18 + high, place] = picture
    cv2.imwrite(str(path), page)


def _write(page: Image, text: str, x: int, y: int) -> None:
    font, color = cv2.FONT_HERSHEY_SIMPLEX, (230, 230, 230)
    cv2.putText(page, text, (x, y), font, 0.45, color, 1, cv2.LINE_AA)
