"""Framing: every shape round the face, whole pixels, nothing outside the picture."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from avatar_app.fit.face.crops import split_planes
from avatar_app.lesson.style import SHAPES, USUAL, Style
from avatar_app.render.framing import frame_face

SIZES = ((1280, 720), (640, 480), (1920, 1080), (360, 288), (720, 1280))


@pytest.mark.parametrize("shape", SHAPES)
def test_every_frame_lies_in_the_picture_and_holds_the_face(shape: str) -> None:
    """Even, of the shape that was asked, round the eyes; wherever they are."""
    for (width, height), closeness, lift in itertools.product(
        SIZES, (1.0, 1.35, 2.0), (-0.3, 0.0, 0.3)
    ):
        style = Style(shape=shape, closeness=closeness, lift=lift)
        for eyes in ((0.5 * width, 0.4 * height), (0.3 * width, 0.45 * height)):
            frame = frame_face(style, width, height, eyes)
            wanted = SHAPES[shape] or width / height

            assert all(edge % 2 == 0 for edge in (frame.left, frame.top))
            assert frame.width % 2 == frame.height % 2 == 0
            assert 0 <= frame.left <= width - frame.width
            assert 0 <= frame.top <= height - frame.height
            assert frame.width / frame.height == pytest.approx(wanted, rel=0.03)
            assert frame.left <= eyes[0] <= frame.left + frame.width
            assert frame.top < eyes[1] < frame.top + frame.height
            shorter = min(frame.width, frame.height)
            most = min(height, width / wanted)
            assert shorter >= min(360, most, most * wanted) - 2
            assert frame.height <= most / closeness + 1 or shorter <= 362


def test_the_usual_frame_is_the_whole_picture() -> None:
    """The very same array: nothing is copied, nothing is changed."""
    frame = frame_face(USUAL, 640, 360, (320.0, 140.0))
    planes = np.zeros((540, 640), np.uint8)

    assert frame.is_whole
    assert frame.cut(planes) is planes


def test_a_face_is_lifted_as_far_as_asked() -> None:
    """The eyes stand higher with every step, and lower with every step down."""
    heights = []
    for lift in np.linspace(-0.3, 0.3, 7):
        frame = frame_face(Style(lift=float(lift)), 1280, 720, (640.0, 270.0))
        heights.append((270.0 - frame.top) / frame.height)

    assert heights == sorted(heights, reverse=True)
    assert heights[0] > 270 / 720 + 0.1
    assert heights[-1] < 270 / 720 - 0.1


def test_what_is_cut_is_what_was_there() -> None:
    """Luma and both colors come from the same place."""
    frame = frame_face(Style(shape="1:1", closeness=1.5), 640, 360, (200.0, 150.0))
    y, x = np.mgrid[:360, :640]
    half_y, half_x = np.mgrid[:180, :320]
    parts = [(x // 4 + y // 8), half_x // 2, half_y]
    planes = np.concatenate([p.ravel() for p in parts]).astype(np.uint8)
    luma, u, v = split_planes(frame.cut(planes.reshape(540, 640)))

    assert luma.shape == (frame.height, frame.width)
    assert luma[10, 20] == (frame.left + 20) // 4 + (frame.top + 10) // 8
    assert (u[0] == (frame.left // 2 + np.arange(frame.width // 2)) // 2).all()
    assert (v[:, 0] == frame.top // 2 + np.arange(frame.height // 2)).all()
