"""Quality: cheap measures of light, sharpness and sound, for a coach at the recording.

A picture costs about a millisecond and a block of sound less, so every frame can be
looked at while it is recorded. What is good enough is for the coach to say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.media import Picture

SILENCE_DB = -120.0
_WINDOW_SECONDS = 0.05
_CLIPPED = 0.99
_SIDE = 160  # a picture is judged by about so many columns


@dataclass(frozen=True, slots=True)
class Light:
    """How a picture is lit and focused.

    Attributes:
        exposure: Mean brightness, in [0, 1]; a face reads well around 0.35 to 0.65.
        crushed: Share of the picture that is nearly black, in [0, 1].
        burnt: Share of the picture that is nearly white, in [0, 1].
        unevenness: Difference between the left and the right half over their sum, in
            [-1, 1]; below zero the left half of the picture is darker.
        focus: Fine detail over contrast, unitless: near 0 when blurred.
    """

    exposure: float
    crushed: float
    burnt: float
    unevenness: float
    focus: float


def judge_light(
    picture: Picture, box: tuple[int, int, int, int] | None = None
) -> Light:
    """Measure light and focus of a picture, or of a part of it.

    Args:
        picture: What the camera saw.
        box: Left, top, right and bottom in pixels, for example of the face.
    """
    left, top, right, bottom = box or (
        0,
        0,
        picture.pixels.shape[1],
        picture.pixels.shape[0],
    )
    part = picture.pixels[max(0, top) : bottom, max(0, left) : right]
    if min(part.shape[:2]) < 8:
        raise ValueError(f"nothing to judge in {box}")
    step = max(1, part.shape[1] // _SIDE)
    grey = _brightness(part[::step, ::step])
    middle = grey.shape[1] // 2
    one, other = float(grey[:, :middle].mean()), float(grey[:, -middle:].mean())
    return Light(
        exposure=float(grey.mean()),
        crushed=float((grey < 0.05).mean()),
        burnt=float((grey > 0.97).mean()),
        unevenness=(one - other) / (one + other) if one + other > 0 else 0.0,
        focus=_focus(part),
    )


class Loudness:
    """Listens along and knows the loudest and the quietest moments so far.

    Levels are of 50 ms windows, in dB below full scale; a histogram keeps them, so its
    memory does not grow however long it listens.
    """

    def __init__(self, rate_hz: int) -> None:
        self._window = max(1, round(rate_hz * _WINDOW_SECONDS))
        self._rest = np.zeros(0, np.float32)
        self._levels = np.zeros(round(-SILENCE_DB) + 1, np.int64)
        self._loudest = SILENCE_DB
        self._heard = 0
        self._clipped = 0
        self.now_db = SILENCE_DB

    def listen(self, samples: NDArray[np.float32]) -> None:
        """Take some more sound."""
        self._heard += len(samples)
        self._clipped += int(np.count_nonzero(np.abs(samples) >= _CLIPPED))
        whole = np.concatenate([self._rest, samples])
        count = len(whole) // self._window
        self._rest = whole[count * self._window :]
        if count == 0:
            return
        windows = whole[: count * self._window].reshape(count, self._window)
        power = np.mean(np.square(windows, dtype=np.float64), axis=1)
        levels = np.maximum(10 * np.log10(power + 1e-30), SILENCE_DB)
        steps = np.rint(levels - SILENCE_DB).astype(np.int64)
        self._levels += np.bincount(
            np.minimum(steps, len(self._levels) - 1), minlength=len(self._levels)
        )
        self._loudest = max(self._loudest, float(levels.max()))
        self.now_db = float(levels[-1])

    @property
    def loudest_db(self) -> float:
        """The loudest 50 ms so far, in dB."""
        return self._loudest

    @property
    def floor_db(self) -> float:
        """The level that a tenth of the time stays below: the room itself."""
        return self._quantile(0.1)

    @property
    def signal_to_noise_db(self) -> float:
        """How far the louder tenth of the time stands above the room, in dB."""
        return self._quantile(0.9) - self.floor_db

    @property
    def clipped(self) -> float:
        """Share of samples at full scale, in [0, 1]."""
        return self._clipped / self._heard if self._heard else 0.0

    def _quantile(self, share: float) -> float:
        """Find a level by the histogram, to one dB."""
        reached = np.cumsum(self._levels)
        if reached[-1] == 0:
            return SILENCE_DB
        return SILENCE_DB + int(np.searchsorted(reached, share * reached[-1]))


def _brightness(part: NDArray[np.uint8]) -> NDArray[np.float32]:
    weights = np.array([0.114, 0.587, 0.299], np.float32) / 255
    bright: NDArray[np.float32] = part.astype(np.float32) @ weights
    return bright


def _focus(part: NDArray[np.uint8]) -> float:
    """Laplacian over contrast in the middle, at full resolution.

    Source:
        Pertuz, Puig and Garcia, "Analysis of focus measure operators for
        shape-from-focus" (2013), the variance of the Laplacian; divided by the
        variance of the picture, so that dim light does not pass for blur.
    """
    height, width = part.shape[:2]
    top, left = max(0, height // 2 - 120), max(0, width // 2 - 160)
    grey = part[top : top + 240, left : left + 320, 1].astype(np.float32)
    detail = (
        4 * grey[1:-1, 1:-1]
        - grey[:-2, 1:-1]
        - grey[2:, 1:-1]
        - grey[1:-1, :-2]
        - grey[1:-1, 2:]
    )
    return float(detail.var() / (grey.var() + 1.0))
