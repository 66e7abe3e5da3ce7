"""Follow the face through a clip: 468 landmarks a frame, once, kept sealed.

Everything later (the canonical face, poses, lip shapes) reads these tracks; no frame
is ever looked at by the face mesh again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from avatar_app.errors import FileTorn
from avatar_app.shelf import Shelf

LANDMARKS = 468


@dataclass(frozen=True, slots=True, eq=False)
class FaceTrack:
    """Where the face was in every frame of a clip.

    Attributes:
        points: (T, 468, 2) float32 landmarks in pixels, numbered as in MediaPipe's
            face mesh; frames without a face hold their neighbours' interpolation.
        seen: (T,) bool, whether the face was seen in that frame.
        seconds: (T,) float64, the moments of the frames.
    """

    points: NDArray[np.float32]
    seen: NDArray[np.bool_]
    seconds: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.points.shape != (len(self.seen), LANDMARKS, 2):
            raise ValueError(f"a track is (T, 468, 2), not {self.points.shape}")

    def keep(self, shelf: Shelf, name: str) -> None:
        """Seal the track under a name."""
        arrays = {"points": self.points, "seen": self.seen, "seconds": self.seconds}
        shelf.write(name, save(arrays))


def reopen_track(shelf: Shelf, name: str) -> FaceTrack:
    """Read a sealed track; raises FileTorn."""
    try:
        arrays = load(shelf.read(name))
        return FaceTrack(arrays["points"], arrays["seen"], arrays["seconds"])
    except (KeyError, ValueError, SafetensorError) as error:
        raise FileTorn(name) from error


class FaceFollower:
    """MediaPipe's face mesh, frame after frame (Kartynnik et al., 2019)."""

    def __init__(self, mesh: Any, detector: Any) -> None:
        self._mesh = mesh
        self._detector = detector
        self._has_talked = False

    def look(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """Find the face in one frame of a stream.

        Args:
            pixels: (H, W, 3) blue-green-red.

        Returns:
            (468, 2) landmarks in pixels, or None where no face is.
        """
        height, width = pixels.shape[:2]
        with nullcontext() if self._has_talked else _hushed():
            found = self._mesh.process(np.ascontiguousarray(pixels[..., ::-1]))
        if not found.multi_face_landmarks:
            return None
        self._has_talked = True  # its last word comes with the first face it finds
        points = found.multi_face_landmarks[0].landmark
        return np.array([(p.x * width, p.y * height) for p in points], np.float32)

    def faces(self, pixels: NDArray[np.uint8]) -> int:
        """Count the faces in a frame, each at least an eighth of its height."""
        found = self._detector.process(np.ascontiguousarray(pixels[..., ::-1]))
        boxes = [d.location_data.relative_bounding_box for d in found.detections or []]
        return sum(box.height >= 1 / 8 for box in boxes)


@contextmanager
def follow_faces() -> Iterator[FaceFollower]:
    """Open the face mesh for one clip; it forgets everything when left."""
    with _hushed():
        import mediapipe as mp

        mesh = mp.solutions.face_mesh.FaceMesh(
            static_image_mode=False,
            max_num_faces=1,
            refine_landmarks=False,
            min_detection_confidence=0.4,
            min_tracking_confidence=0.4,
        )
        # 0.7: at 0.5 a poster or a pattern on a shirt counts as a second person.
        detector = mp.solutions.face_detection.FaceDetection(
            model_selection=0, min_detection_confidence=0.7
        )
        follower = FaceFollower(mesh, detector)
        blank = np.zeros((64, 64, 3), np.uint8)
        follower.look(blank)  # the engines start, and talk, at their first picture
        follower.faces(blank)
    with mesh, detector:
        yield follower


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep the C++ engines' start-up chatter off the person's terminal.

    It goes straight to file descriptor 2 and no setting of theirs stops it.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def join_track(
    found: list[NDArray[np.float32] | None], seconds: NDArray[np.float64]
) -> FaceTrack:
    """Join what was seen at these moments, bridging the frames without a face."""
    seen = np.array([points is not None for points in found], np.bool_)
    whole = np.zeros((len(found), LANDMARKS, 2), np.float32)
    for index, points in enumerate(found):
        if points is not None:
            whole[index] = points
    if seen.any() and not seen.all():
        have = np.flatnonzero(seen)
        # The nearest seen frames on both sides; linear between, constant outside.
        for index in np.flatnonzero(~seen):
            right = int(np.searchsorted(have, index))
            after, before = have[min(right, len(have) - 1)], have[max(right - 1, 0)]
            share = 0.0 if after == before else (index - before) / (after - before)
            whole[index] = whole[before] * (1 - share) + whole[after] * share
    return FaceTrack(whole, seen, seconds)
