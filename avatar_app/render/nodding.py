"""Nod: carry the head of one frame a few pixels down, neck and background stretching.

The head moves as a whole; from its edge outwards the motion fades over most of its
width, so nothing tears or shows twice. Neck and wall are stretched by some four
percent for a third of a second (docs/decisions/0015).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.canon import Matrix
from avatar_app.fit.face.crops import Planes, split_planes

_DOWN_SECONDS, _UP_SECONDS = 0.28, 0.44
_MOST = 0.035  # inter-ocular distances
_PACE = 0.8  # of the fastest the person's own head usually moves
# Ellipses about a point below the eyes, in inter-ocular distances: within the first
# everything moves as the head does (chin and hair are in it), beyond the second not.
_BELOW_EYES = 0.20
_INNER, _OUTER = (1.0, 1.5), (1.95, 2.35)
_COARSE = 8  # pixels between points at which the motion is worked out

Floats = NDArray[np.float32]


def nod_path(
    moments: Sequence[float], frames: int, fps: float, usual_step: float
) -> Floats:
    """How far down the head is in each film frame.

    Args:
        moments: Seconds at which the nods are deepest.
        frames: Of the film.
        fps: Frames per second.
        usual_step: The largest step between frames that is usual for this head, in
            inter-ocular distances: a nod is no faster.

    Returns:
        (F,) float32 in inter-ocular distances, 0 between nods.
    """
    down, up = _DOWN_SECONDS * fps, _UP_SECONDS * fps
    deep = min(_MOST, _PACE * usual_step * down * 2 / np.pi)
    at = np.arange(frames)
    path = np.zeros(frames, np.float32)
    for moment in moments:
        since = at - moment * fps
        part = np.where(since < 0, 1 + since / down, 1 - since / up)
        part = np.clip(part, 0, 1)
        path = np.maximum(path, deep * (1 - np.cos(np.pi * part)) / 2)
    return path.astype(np.float32)


def nod(planes: Planes, pose: Matrix, eyes: Floats, unit: float, deep: float) -> Matrix:
    """Carry the head down, in place.

    Args:
        planes: The frame, yuv420p.
        pose: Frame to canonical picture.
        eyes: (2,) the middle between the outer eye corners, in pixels.
        unit: Pixels between them.
        deep: How far, in inter-ocular distances.

    Returns:
        The pose of the moved head.
    """
    pixels = deep * unit
    middle = eyes + np.array([0.0, _BELOW_EYES * unit])
    for fineness, plane in zip((1, 2, 2), split_planes(planes), strict=True):
        _carry_down(plane, middle / fineness, unit / fineness, pixels / fineness)
    moved = pose.copy()
    moved[:, 2] -= pose[:, :2] @ np.array([0.0, pixels])
    return moved


def _carry_down(
    plane: NDArray[np.uint8], middle: NDArray[np.float64], unit: float, pixels: float
) -> None:
    height, width = plane.shape
    reach = np.array(_OUTER) * unit
    size = np.ceil(2 * reach / _COARSE).astype(int) * _COARSE  # seldom another one
    low = np.floor(middle - reach).astype(int)
    x0, y0 = np.maximum(0, low)
    x1, y1 = np.minimum([width, height], low + size)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    small = (-(-(x1 - x0) // _COARSE) + 1, -(-(y1 - y0) // _COARSE) + 1)
    x = np.linspace(x0, x1 - 1, small[0]) - middle[0]
    y = (np.linspace(y0, y1 - 1, small[1]) - middle[1])[:, None]
    inner = np.hypot(x / (_INNER[0] * unit), y / (_INNER[1] * unit))
    outer = np.hypot(x / (_OUTER[0] * unit), y / (_OUTER[1] * unit))
    # 0 on the inner ellipse, 1 on the outer one, whatever the direction.
    part = np.clip((inner - 1) / np.maximum(inner - 1 + 1 - outer, 1e-6), 0, 1)
    part[outer >= 1] = 1
    share = (1 - part * part * (3 - 2 * part)).astype(np.float32)
    share = cv2.resize(share, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    columns, rows = _places(x1 - x0, y1 - y0)
    box = plane[y0:y1, x0:x1]
    box[:] = cv2.remap(
        np.ascontiguousarray(box),
        columns,
        rows - np.float32(pixels) * share,
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )


@functools.lru_cache(8)
def _places(width: int, height: int) -> tuple[Floats, Floats]:
    """(H, W) each, the columns and the rows of a picture's pixels."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    return np.ascontiguousarray(columns), np.ascontiguousarray(rows)
