"""Film: a finished file, whole on disk, marked as synthetic."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Film:
    """Where a film lies and what is in it.

    Attributes:
        path: The MP4.
        captions: The WebVTT beside it.
        seconds: Length of the picture.
        frames: Pictures in it.
        fps: Pictures per second.
    """

    path: Path
    captions: Path
    seconds: float
    frames: int
    fps: float
