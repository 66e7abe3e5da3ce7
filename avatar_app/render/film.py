"""Film: a finished file, whole on disk, marked as synthetic."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from avatar_app.render.report import FilmReport


@dataclass(frozen=True, slots=True)
class Film:
    """Where a film lies and what is in it.

    Attributes:
        path: The MP4.
        captions: The WebVTT beside it.
        seconds: Length of the picture.
        frames: Pictures in it.
        fps: Pictures per second.
        warning: What the person should know about it, one sentence; mostly empty.
        report: How head, eyes and gestures moved, as measured while it was made.
    """

    path: Path
    captions: Path
    seconds: float
    frames: int
    fps: float
    warning: str = ""
    report: FilmReport | None = None
