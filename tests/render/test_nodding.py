"""Nods and melting: whole pictures, nothing torn, nothing shown twice."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.fit.face.canon import apply, invert
from avatar_app.fit.face.crops import split_planes
from avatar_app.render.morphing import Morph, between
from avatar_app.render.nodding import nod, nod_path

EYES, UNIT = np.array([160.0, 90.0], np.float32), 60.0


def picture(aside: float = 0.0) -> NDArray[np.uint8]:
    """A soft, textured disc before a soft wall, 320 × 240 yuv420p."""
    y, x = np.mgrid[:240, :320].astype(np.float32)
    r = np.hypot(x - 160 - aside, y - 110)
    wall = 90 + 15 * np.sin(x / 23) * np.sin(y / 19)
    face = 160 + 25 * np.sin((x - aside) / 4) * np.sin(y / 4)
    share = 1 / (1 + np.exp((r - 55) / 2))
    luma = (wall * (1 - share) + face * share).astype(np.uint8)
    half = np.full((240 // 2, 320), 128, np.uint8)
    return np.asarray(np.concatenate([luma, half]).reshape(360, 320), np.uint8)


def test_a_nod_carries_the_head_and_leaves_the_rest() -> None:
    """Within the head all moves by the same; the picture's edge stays to the bit."""
    before, after = picture(), picture()
    pose = np.array([[1.2, 0.1, 5.0], [-0.1, 1.2, 7.0]])
    moved = nod(after, pose, EYES, UNIT, 0.05)
    luma, was = split_planes(after)[0].astype(float), split_planes(before)[0]
    inner = (slice(80, 140), slice(130, 190))
    down = was[77:137, 130:190].astype(float)

    assert np.abs(luma[inner] - down).mean() < 1.0
    assert (luma[:, :40] == was[:, :40]).all()
    assert (luma[235:] == was[235:]).all()
    point, below = np.array([150.0, 100.0]), np.array([150.0, 103.0])
    assert apply(moved, below) == pytest.approx(apply(pose, point))


def test_a_nod_tears_nothing() -> None:
    """The farther from the head the less it moves: brightness order is kept."""
    ramp = np.repeat(np.linspace(20, 230, 240).astype(np.uint8)[:, None], 320, axis=1)
    planes = np.concatenate([ramp, np.full((120, 320), 128, np.uint8)]).reshape(
        360, 320
    )
    nod(planes, np.eye(2, 3), EYES, UNIT, 0.10)

    assert (np.diff(split_planes(planes)[0].astype(int), axis=0) >= -1).all()


def test_nods_are_gentle_and_deepest_on_the_word() -> None:
    """No faster than the head usually is, 0 between them, and never beyond a frame."""
    path = nod_path([1.0, 4.0], 200, 25.0, 0.006)

    assert path.argmax() in (25, 100)
    assert np.abs(np.diff(path)).max() <= 0.006
    assert path.max() <= 0.035
    assert (path[45:85] == 0).all()
    assert nod_path([], 50, 25.0, 0.006).max() == 0


def test_melting_shows_nothing_twice() -> None:
    """Half way between two places the disc is in the middle, as sharp as before."""
    left, right = picture(-4), picture(4)
    middle = split_planes(Morph(320, 240)(left, right, 0.5))[0].astype(float)
    wanted = split_planes(picture(0))[0].astype(float)
    plain = split_planes(left)[0] / 2 + split_planes(right)[0] / 2.0
    face = (slice(70, 150), slice(120, 200))

    assert (
        np.abs(middle - wanted)[face].mean() < 0.5 * np.abs(plain - wanted)[face].mean()
    )
    sharp = [cv2.Laplacian(p[face], cv2.CV_64F).var() for p in (middle, wanted, plain)]
    assert sharp[0] > 0.6 * sharp[1] > sharp[2]


def test_melting_ends_at_either_picture() -> None:
    """Share 0 is the one that leaves, share 1 the one that comes."""
    left, right = picture(-3), picture(3)
    morph = Morph(320, 240)

    assert np.abs(morph(left, right, 0.0).astype(int) - left).max() <= 1
    assert np.abs(morph(left, right, 1.0).astype(int) - right).max() <= 1


def test_the_pose_goes_along() -> None:
    """A point of the face lies half way between where it was and will be."""
    a = np.array([[1.0, 0, 10], [0, 1.0, 5]])
    b = np.array([[1.1, 0.05, 4], [-0.05, 1.1, 9]])
    half = between(a, b, 0.5)
    point = np.array([30.0, 40.0])
    there = (apply(invert(a), point) + apply(invert(b), point)) / 2

    assert apply(invert(half), point) == pytest.approx(there)
