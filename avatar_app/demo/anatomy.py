"""Where the drawn face has its features: proportions and curves, in face units.

One unit is half the width of the face at the cheekbones. The origin lies between the
eyes; x grows to the right of the picture, y downwards, z towards the viewer. The
drawing is symmetric, so most curves take |x|.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

CHIN = 1.27
MOUTH_HALF_WIDTH = 0.385
MOUTH_HEIGHT = 0.86
UPPER_LIP, LOWER_LIP = 0.090, 0.120
EYE_X, EYE_HALF_WIDTH = 0.42, 0.205
UPPER_LID, LOWER_LID = 0.102, 0.064
IRIS_RADIUS, PUPIL_RADIUS, IRIS_Y = 0.092, 0.038, -0.018


def smoothstep(low: float, high: float, value: Field) -> Field:
    """Rise from 0 to 1 between low and high, level at both ends."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


def bell(value: Field, width: float) -> Field:
    """exp(-(value / width)^2)."""
    return np.asarray(np.exp(-np.square(value / width)), np.float32)


def mouth_line(x: Field) -> Field:
    """Height at which closed lips meet: a slight bow, the corners a little raised."""
    across = np.minimum(np.abs(x) / MOUTH_HALF_WIDTH, 1.4)
    bow = 0.010 * bell(x, 0.09) - 0.044 * across**3 + 0.014 * across
    return np.asarray(MOUTH_HEIGHT + bow, np.float32)


def upper_lip_edge(x: Field) -> Field:
    """Height of the upper edge of the upper lip, with its cupid's bow."""
    across = np.minimum(np.abs(x) / MOUTH_HALF_WIDTH, 1.0)
    thick = UPPER_LIP * (1.0 - across**1.7) - 0.020 * bell(x, 0.05)
    return np.asarray(mouth_line(x) - np.maximum(thick, 0.0), np.float32)


def lower_lip_edge(x: Field) -> Field:
    """Height of the lower edge of the lower lip."""
    across = np.minimum(np.abs(x) / MOUTH_HALF_WIDTH, 1.0)
    thick = LOWER_LIP * np.power(1.0 - across**2.2, 0.9)
    return np.asarray(mouth_line(x) + thick, np.float32)


def along_eye(x: Field) -> Field:
    """Place along the eye: -1 at the corner by the nose, 1 at the outer one."""
    return np.asarray((np.abs(x) - EYE_X) / EYE_HALF_WIDTH, np.float32)


def upper_lid_edge(x: Field) -> Field:
    """Height of the open upper lid's margin."""
    s = np.clip(along_eye(x), -1.0, 1.0)
    arch = np.power(1.0 - np.square(s), 0.62) * (1.0 - 0.10 * s)
    return np.asarray(-0.016 * s - UPPER_LID * arch, np.float32)


def lower_lid_edge(x: Field) -> Field:
    """Height of the lower lid's margin."""
    s = np.clip(along_eye(x), -1.0, 1.0)
    arch = np.power(1.0 - np.square(s), 0.8) * (1.0 + 0.18 * s)
    return np.asarray(-0.016 * s + LOWER_LID * arch, np.float32)


def lid_crease(x: Field) -> Field:
    """Height of the fold above the upper lid."""
    s = np.clip(along_eye(x), -1.25, 1.25)
    arch = np.maximum(1.0 - np.square(s / 1.25), 0.0)
    return np.asarray(-0.016 * s - 0.015 - (UPPER_LID + 0.048) * arch, np.float32)


def brow_middle(x: Field) -> Field:
    """Height of the middle of the brow."""
    s = (np.abs(x) - 0.43) / 0.31
    return np.asarray(-0.318 - 0.044 * s + 0.062 * s * s + 0.03 * s**3, np.float32)
