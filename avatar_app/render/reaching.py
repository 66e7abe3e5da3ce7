"""Reaching: how far from the mouth the drawn lower face covers the person's own."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.canon import LIPS
from avatar_app.fit.face.crops import Window

Floats = NDArray[np.float32]
_EDGE = 0.036  # of the eyes' distance: over so much the drawing fades at its last pixel


def opacity_of(
    window: Window, reach: tuple[float, float, float, float]
) -> tuple[Floats, Floats]:
    """Return luma's and chroma's opacity with edges moved by an author's wish.

    Each side of the mask is stretched or shrunk about the middle of the lips. It never
    passes the pixels that were learned, towards whose end it fades.

    Args:
        window: The mask as it was learned.
        reach: Up, down, left and right, in distances of the outer eye corners.

    Returns:
        (H, W) and (H / 2, W / 2) float32 in [0, 1]; the window's own for no wish.
    """
    if not any(reach):
        return window.mask, window.mask_half
    mask, unit = window.mask, window.canon.inter_ocular
    middle = window.canon.points[list(LIPS)].mean(axis=0)
    solid = np.argwhere(mask >= 0.5)
    (top, left), (bottom, right) = solid.min(axis=0), solid.max(axis=0)
    up, down, to_left, to_right = (unit * share for share in reach)
    height, width = mask.shape
    rows = _stretched(height, middle[1], middle[1] - top, bottom - middle[1], up, down)
    columns = _stretched(
        width, middle[0], middle[0] - left, right - middle[0], to_left, to_right
    )
    across, along = np.meshgrid(columns, rows)
    moved = cv2.remap(mask, across, along, cv2.INTER_LINEAR)
    end = cv2.distanceTransform(window.kept.astype(np.uint8), cv2.DIST_L2, 5)
    moved = np.clip(moved, 0, 1) * np.clip(end / max(2.0, _EDGE * unit), 0, 1)
    half = cv2.resize(moved, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    half = np.where(window.kept_half, half, 0)
    return moved.astype(np.float32), half.astype(np.float32)


def _stretched(
    size: int, middle: float, before: float, after: float, low: float, high: float
) -> Floats:
    """For every pixel of one axis, which pixel of the mask comes to lie there."""
    away = np.arange(size) - middle
    scale = np.where(
        away < 0, before / max(before + low, 1), after / max(after + high, 1)
    )
    return np.asarray(middle + away * scale, np.float32)
