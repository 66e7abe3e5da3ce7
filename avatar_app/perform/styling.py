"""Styling: an author's wish for a larger, smaller or calmer mouth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from avatar_app.fit.face.personal import PersonalFace
from avatar_app.lesson.style import Style
from avatar_app.perform.motion import MouthMotion

Floats = NDArray[np.float32]
_LOOKS = 2.5  # standard deviations
_CLOSED = 0.1  # of the pictures, those with the mouth least open, show it at rest


def style_motion(face: PersonalFace, motion: MouthMotion, style: Style) -> MouthMotion:
    """Move a mouth more, less or more calmly than it was acted.

    What is asked for is applied to a whole passage: the mouth is enlarged about the
    one it has at rest, so that closed lips stay closed. As acted where the style asks
    for nothing.

    Args:
        face: Whose mouth.
        motion: Of one passage.
        style: Its ``opening`` and ``smoothing`` count.
    """
    if (style.opening == 1.0 and style.smoothing == 0.0) or len(motion) == 0:
        return motion
    rows = motion.rows
    if style.smoothing > 0:
        rows = gaussian_filter1d(rows, style.smoothing, axis=0, mode="nearest")
    openings = face.mouths.opening(motion.rows)
    count = max(1, round(_CLOSED * len(motion)))
    rest = motion.rows[np.argsort(openings, kind="stable")[:count]].mean(axis=0)
    larger = _seen_like(face, rest + style.opening * (rows - rest), motion.rows)
    rows = np.ascontiguousarray(larger, np.float32)
    return MouthMotion(rows, face.texture.choose(face.mouths.place(rows)))


def _seen_like(face: PersonalFace, rows: Floats, acted: Floats) -> Floats:
    """Hold looks within what a mouth of this person looks like, shapes are free.

    Beyond, the basis draws what nobody ever saw: at one and a half of a wide vowel a
    dark blue rim along the teeth.
    """
    count = face.mouths.coordinates
    mean, spread = face.mouths.mean[:count], face.mouths.spread[:count]
    low = np.minimum(mean - _LOOKS * spread, acted[:, :count].min(axis=0))
    high = np.maximum(mean + _LOOKS * spread, acted[:, :count].max(axis=0))
    held = rows.copy()
    held[:, :count] = np.clip(rows[:, :count], low, high)
    return held
