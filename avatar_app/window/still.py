"""A still of a finished film, the first picture after its opening label."""

from __future__ import annotations

from pathlib import Path

import av
from PySide6.QtGui import QImage

from avatar_app.render.film import Film
from avatar_app.render.mark import LABEL_SECONDS
from avatar_app.work import Job


def with_still(job: Job[Film]) -> Job[tuple[Film, QImage]]:
    """Let a job also bring a still of its film, so no screen waits for decoding."""
    film = yield from job
    return film, still_of(film.path)


def still_of(path: Path) -> QImage:
    """Return the first picture after the label, or the last of a shorter film."""
    seen: av.VideoFrame | None = None
    with av.open(str(path), "r") as box:
        # The writer's key pictures lie four seconds apart, so this decodes one or two.
        box.seek(round(LABEL_SECONDS * av.time_base))
        for frame in box.decode(video=0):
            seen = frame
            if frame.time is not None and frame.time >= LABEL_SECONDS:
                break
    if seen is None:
        return QImage()
    pixels = seen.to_ndarray(format="rgb24")
    height, width = pixels.shape[:2]
    image = QImage(
        pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888
    )
    return image.copy()  # its own memory: the bytes above end here
