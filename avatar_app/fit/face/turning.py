"""How the head is turned, in degrees from how it is usually held, and how far is known.

The face engine knows the mouth from the poses in which the person read. Beyond that
range a drawn mouth would hang beside the face, so the frame is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from avatar_app.fit.face.canon import EYE_CORNERS, RIGID

# How far the tip of the nose lies before the outer eye corners, in their distance: in
# MediaPipe's canonical face model 4.4 of 8.9 cm.
_NOSE_DEPTH = 0.496
_NOSE_TIP = 4
_SMOOTHING = 1.5  # frames; the mesh trembles
_MARGIN = 4.0  # degrees beyond what was seen in which a mouth still sits well
_SHARE = 1.0  # percent of the frames at either end that do not count


def turns_of(
    rigid: NDArray[np.float32], poses: NDArray[np.float64], inter_ocular: float
) -> NDArray[np.float32]:
    """Measure yaw, pitch and roll of consecutive frames.

    Args:
        rigid: (T, 2 * len(RIGID)) rigid landmarks in canonical pixels.
        poses: (T, 2, 3) frame to canonical picture.
        inter_ocular: Canonical pixels between the outer eye corners.

    Returns:
        (T, 3) float32 degrees. Roll is that of the frame's similarity; yaw and pitch
        are those of the nose's tip against the eyes, so their zero is arbitrary: only
        differences within one person mean something.
    """
    points = rigid.reshape(len(rigid), -1, 2).astype(np.float64)
    eyes = points[:, [RIGID.index(corner) for corner in EYE_CORNERS]].mean(axis=1)
    nose = (points[:, RIGID.index(_NOSE_TIP)] - eyes) / (_NOSE_DEPTH * inter_ocular)
    aside, down = np.degrees(np.arcsin(np.clip(nose, -1, 1))).T
    roll = -np.degrees(np.arctan2(poses[:, 1, 0], poses[:, 0, 0]))
    turns = np.stack([aside, down, roll], axis=1)
    if len(turns) > 1:
        turns = gaussian_filter1d(turns, _SMOOTHING, axis=0, mode="nearest")
    return np.asarray(turns, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class PoseRange:
    """The turns at which the person was seen speaking.

    Attributes:
        low: (3,) float32 degrees: yaw, pitch, roll.
        high: (3,) float32 degrees.
    """

    low: NDArray[np.float32]
    high: NDArray[np.float32]

    def holds(self, turns: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(T,) whether (T, 3) turns lie within, or nearly."""
        inside = (turns >= self.low - _MARGIN) & (turns <= self.high + _MARGIN)
        return np.asarray(inside.all(axis=1), np.bool_)


def range_of(turns: NDArray[np.float32]) -> PoseRange:
    """Measure the range of (T, 3) turns, T ≥ 1, without the outermost percent."""
    low, high = np.percentile(turns, [_SHARE, 100 - _SHARE], axis=0)
    return PoseRange(low.astype(np.float32), high.astype(np.float32))
