"""Picture and Sound: arrays that know their shape, rate and range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One frame, as it came from a camera.

    Attributes:
        pixels: (H, W, 3) uint8, blue-green-red as OpenCV orders them.
        seconds: When it was captured, on the clock of its take.
    """

    pixels: NDArray[np.uint8]
    seconds: float

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(f"a picture is (H, W, 3), not {self.pixels.shape}")


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Mono sound.

    Attributes:
        samples: (S,) float32 in [-1, 1].
        rate_hz: Samples per second.
    """

    samples: NDArray[np.float32]
    rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise ValueError("sound is one row of float32")

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate_hz

    def at(self, rate_hz: int) -> Sound:
        """Return the same sound at another rate (soxr, high quality)."""
        if rate_hz == self.rate_hz:
            return self
        import soxr

        return Sound(
            soxr.resample(self.samples, self.rate_hz, rate_hz).astype(np.float32),
            rate_hz,
        )
