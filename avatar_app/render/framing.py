"""Framing: which part of the camera's picture the film shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatar_app.fit.face.canon import EYE_CORNERS, invert
from avatar_app.fit.face.crops import Planes, split_planes
from avatar_app.fit.face.idle import Idle
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.lesson.style import SHAPES, Style

# The eyes stand between these shares of the film's height, whatever is asked for, as
# long as the picture has room.
_HIGHEST, _LOWEST = 0.15, 0.65
# A film's shorter side is no smaller, where the camera's is not: nothing could be seen
# in it, and the mark that says it is synthetic could not be read.
_LEAST_PX = 360


@dataclass(frozen=True, slots=True)
class Framing:
    """A part of the camera's picture, in luma pixels, all even.

    Attributes:
        left: Of the picture that the film leaves out.
        top: Likewise.
        width: Of the film.
        height: Of the film.
        is_whole: Whether it is all of the picture.
    """

    left: int
    top: int
    width: int
    height: int
    is_whole: bool

    def cut(self, planes: Planes) -> Planes:
        """Return the part of a yuv420p picture; the picture itself when whole."""
        if self.is_whole:
            return planes
        parts = []
        for fineness, plane in zip((1, 2, 2), split_planes(planes), strict=True):
            top, left = self.top // fineness, self.left // fineness
            tall, wide = self.height // fineness, self.width // fineness
            parts.append(plane[top : top + tall, left : left + wide].reshape(-1))
        packed = np.concatenate(parts).reshape(self.height * 3 // 2, self.width)
        return np.asarray(packed, np.uint8)


def frame_face(
    style: Style, width: int, height: int, eyes: tuple[float, float]
) -> Framing:
    """Lay the film's frame round a face.

    It keeps the face's height in the picture, except for the style's ``lift``, and
    stands as near to the middle of the face as the picture's edge allows.

    Args:
        style: Its ``shape``, ``closeness`` and ``lift`` count.
        width: Of the camera's picture, pixels.
        height: Of the camera's picture, pixels.
        eyes: Where the middle between the eyes is, x and y in pixels.
    """
    ratio = SHAPES[style.shape] or width / height
    most = min(height, width / ratio)
    room = min(1 / style.closeness, 1 - abs(style.lift))
    tall = most * max(room, min(1, _LEAST_PX / min(most, most * ratio)))
    film = (_even(tall * ratio, width), _even(tall, height))
    left = eyes[0] - film[0] / 2
    top = eyes[1] * (1 - film[1] / height) + style.lift * height
    top = np.clip(top, eyes[1] - _LOWEST * film[1], eyes[1] - _HIGHEST * film[1])
    return Framing(
        _even(np.clip(left, 0, width - film[0]), width - film[0]),
        _even(np.clip(top, 0, height - film[1]), height - film[1]),
        *film,
        is_whole=film == (width, height),
    )


def eyes_of(face: PersonalFace, idle: Idle) -> tuple[float, float]:
    """Where the middle between the eyes lies, on average over the idle film."""
    corners = face.canon.points[list(EYE_CORNERS)].mean(axis=0)
    inverse = np.array([invert(pose) for pose in idle.poses])
    places = inverse[:, :, :2] @ corners + inverse[:, :, 2]
    x, y = places.mean(axis=0)
    return float(x), float(y)


def _even(pixels: float, most: int) -> int:
    """The nearest even number, within what there is."""
    return min(2 * round(float(pixels) / 2), most // 2 * 2)
