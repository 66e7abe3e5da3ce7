"""Blinks: how open the eyes are in every frame, and where they shut and open again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

# From the outer corner round the lid, as in the paper's figure.
EYES = ((33, 160, 158, 133, 153, 144), (263, 387, 385, 362, 380, 373))
# A dip of the eye aspect ratio under this share of the open eye is a blink: on GRID s1
# blinks fall to .6-.75 and gazing down stays above .88, on the drawn presenter to .8.
_SHUT, _OPEN = 0.85, 0.94
_NEAR_SECONDS = 2.0  # over which "open" is judged: a longer look down is no blink
_LONGEST_SECONDS = 0.8  # longer than that is a look down, or sleep


@dataclass(frozen=True, slots=True)
class Blink:
    """One blink, in frames of its clip.

    Attributes:
        first: The first frame in which the lids have left their place.
        shut: The frame in which the eyes are most shut.
        last: The last frame before the eyes are open again.
    """

    first: int
    shut: int
    last: int


def eye_opening(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Measure how open the eyes are, both together, whatever their size.

    Args:
        points: (T, 468, 2) landmarks in pixels.

    Returns:
        (T,) eye aspect ratio, unitless: lid height over eye width, .25 to .4 open.

    Source:
        Soukupová and Čech, "Real-Time Eye Blink Detection using Facial Landmarks"
        (2016), equation 1.
    """
    ratios = []
    for outer, high, up, inner, low, down in EYES:
        lids = _apart(points, high, down) + _apart(points, up, low)
        ratios.append(lids / np.maximum(2 * _apart(points, outer, inner), 1e-6))
    return np.asarray(np.mean(ratios, axis=0), np.float64)


def _apart(points: NDArray[np.float32], a: int, b: int) -> NDArray[np.float64]:
    apart = points[:, a].astype(np.float64) - points[:, b]
    return np.asarray(np.linalg.norm(apart, axis=1), np.float64)


def find_blinks(opening: NDArray[np.float64], fps: float) -> list[Blink]:
    """Find whole blinks in consecutive frames.

    Args:
        opening: (T,) from ``eye_opening``.
        fps: Frames per second.

    Returns:
        In order. Two dips with the lids half open between them are two blinks that
        share their border. One cut by the clip's beginning or end is listed too.
    """
    share = relative_opening(opening, fps)
    blinks: list[Blink] = []
    frame = 0
    while frame < len(share):
        if share[frame] >= _SHUT:
            frame += 1
            continue
        first = last = frame
        while first > 0 and share[first - 1] < _OPEN:
            first -= 1
        while last + 1 < len(share) and share[last + 1] < _OPEN:
            last += 1
        if last - first + 1 <= round(2 * _LONGEST_SECONDS * fps):
            blinks += _dips(
                share, max(first, blinks[-1].last + 1 if blinks else 0), last
            )
        frame = last + 1
    return blinks


def relative_opening(opening: NDArray[np.float64], fps: float) -> NDArray[np.float64]:
    """(T,) opening over that of the open eye round about: 1 open, under .85 shut."""
    if len(opening) == 0:
        return opening
    width = max(3, round(_NEAR_SECONDS * fps)) | 1
    # Half of the time of someone who blinks a lot is spent opening the eyes: the
    # median of what is above the median is the open eye.
    usual = np.median(opening)
    above = np.maximum(opening, usual)
    base = median_filter(above, min(width, 2 * len(opening) - 1), mode="nearest")
    relative: NDArray[np.float64] = opening / np.maximum(base, 1e-6)
    return relative


def _dips(share: NDArray[np.float64], first: int, last: int) -> list[Blink]:
    """Divide a shut stretch where the lids come up by a tenth between two dips."""
    blinks: list[Blink] = []
    low = top = first
    for frame in range(first, last + 1):
        if share[frame] > share[top]:
            top = frame
        if share[frame] < share[low] and top <= low:
            low = top = frame
        elif top > low and share[top] - share[frame] > 0.1 < share[top] - share[low]:
            blinks.append(Blink(first, low, top))
            first, low, top = top + 1, frame, frame
    return [*blinks, Blink(first, low, last)]
