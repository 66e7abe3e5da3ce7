"""Poses: a known movement of the head is found again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.fit.face.canon import (
    CHIN,
    EYE_CORNERS,
    JAW,
    LIPS,
    RIGID,
    Canon,
    after,
    apply,
    invert,
    learn_canon,
    poses_of,
    similarity,
    smooth_poses,
)

Points = NDArray[np.float64]


def move(scale: float, degrees: float, dx: float, dy: float) -> Points:
    """A similarity from what a person would say."""
    angle = np.radians(degrees)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cos, -sin, dx], [sin, cos, dy]])


def face(seed: int = 0) -> NDArray[np.float32]:
    """468 points roughly where a face has them, the eyes 80 pixels apart and level."""
    random = np.random.default_rng(seed)
    points = random.uniform([260, 120], [380, 260], (468, 2))
    points[33], points[263] = (280, 160), (360, 160)
    points[133], points[362] = (306, 160), (334, 160)
    points[9] = (320, 140)
    points[2] = (320, 205)
    points[61], points[291] = (300, 228), (340, 228)
    round_the_jaw = np.linspace(np.pi, 0, len(JAW))
    points[list(JAW), 0] = 320 + 55 * np.cos(round_the_jaw)
    points[list(JAW), 1] = 205 + 60 * np.sin(round_the_jaw)
    points[list(LIPS)] = random.uniform([300, 222], [340, 236], (len(LIPS), 2))
    points[61], points[291] = (300, 228), (340, 228)
    return points.astype(np.float32)


def canon_of_the_face() -> Canon:
    """A canonical face whose picture begins at (260, 190)."""
    return Canon(face() - np.array([260, 190], np.float32), 120, 100)


@pytest.mark.parametrize(
    ("scale", "degrees", "dx", "dy"),
    [(1, 0, 3.7, -2.1), (1.4, 0, 0, 0), (0.6, 33, 5, 9), (1, 180, 40, -7)],
)
def test_a_known_similarity_is_found(
    scale: float, degrees: float, dx: float, dy: float
) -> None:
    """Size, turn and shift, from exact points to within rounding."""
    known = move(scale, degrees, dx, dy)
    source = np.random.default_rng(1).normal(0, 50, (20, 2))

    assert similarity(source, apply(known, source)) == pytest.approx(known, abs=1e-9)


def test_noise_is_averaged_out() -> None:
    """A pixel of noise on 20 points moves the pose by a fraction of it."""
    known = move(1.1, 4, 12, -3)
    random = np.random.default_rng(2)
    source = random.normal(0, 50, (20, 2))
    noisy = apply(known, source) + random.normal(0, 1, (20, 2))

    off = apply(similarity(source, noisy), source) - apply(known, source)
    assert np.abs(off).mean() < 0.5


def test_a_mirrored_face_is_not_turned_inside_out() -> None:
    """A similarity never mirrors."""
    source = np.random.default_rng(3).normal(0, 50, (20, 2))
    found = similarity(source, source * [-1, 1])

    assert np.linalg.det(found[:, :2]) >= 0


def test_points_in_one_place_have_no_pose() -> None:
    """It says so rather than dividing by zero."""
    with pytest.raises(ValueError, match="coincide"):
        similarity(np.ones((5, 2)), np.zeros((5, 2)))


def test_undoing_and_chaining_agree() -> None:
    """A movement after its inverse is none; two in a row are one."""
    one, two = move(1.2, 10, 4, 5), move(0.7, -25, -8, 2)
    points = np.random.default_rng(4).normal(0, 30, (7, 2))

    assert apply(invert(one), apply(one, points)) == pytest.approx(points)
    assert apply(after(two, one), points) == pytest.approx(
        apply(two, apply(one, points))
    )


def test_the_canon_is_upright_and_without_pose() -> None:
    """Frames of one face in many poses have one canonical face, its eyes level."""
    random = np.random.default_rng(5)
    frames = [
        apply(move(s, d, x, y), face()).astype(np.float32)
        for s, d, x, y in random.uniform(
            [0.9, -20, -30, -30], [1.1, 20, 30, 30], (9, 4)
        )
    ]
    canon = learn_canon(np.stack(frames))
    left, right = canon.points[list(EYE_CORNERS)]

    assert left[1] == pytest.approx(right[1], abs=0.01)
    assert canon.inter_ocular == pytest.approx(1.25 * 80, rel=0.1)
    assert (canon.width % 4, canon.height % 4) == (0, 0)
    same = similarity(face(), canon.points)
    assert apply(same, face()) == pytest.approx(canon.points, abs=0.05)


def test_the_lower_face_is_inside_the_picture() -> None:
    """Lips and chin are; the eyes are not."""
    canon = learn_canon(face()[None])
    low, high = (
        canon.points[[61, 291, CHIN]].min(0),
        canon.points[[61, 291, CHIN]].max(0),
    )

    assert (low > 0).all()
    assert (high < [canon.width, canon.height]).all()
    assert (canon.points[list(EYE_CORNERS), 1] < 0).all()


def test_poses_follow_a_moving_head_but_not_its_mouth() -> None:
    """The lips move as they like; the head's own movement is found to a twentieth."""
    canon = canon_of_the_face()
    moves = [move(1 + t / 500, t / 10, t / 3, -t / 5) for t in range(30)]
    frames = np.stack([apply(m, face()) for m in moves]).astype(np.float32)
    talking = [n for n in LIPS if n not in RIGID]
    frames[:, talking] += np.random.default_rng(6).normal(0, 6, (30, len(talking), 2))
    poses = poses_of(frames, canon, smoothing=0)

    for pose, known in zip(poses, moves, strict=True):
        back = apply(after(pose, known), face())
        assert back[list(RIGID)] == pytest.approx(canon.points[list(RIGID)], abs=0.05)


def test_smoothing_takes_the_tremble_away() -> None:
    """A third of a pixel of noise becomes a sixth; a still head is still."""
    canon = canon_of_the_face()
    random = np.random.default_rng(7)
    noise = random.normal(0, 0.35, (60, 468, 2)).astype(np.float32)
    still = np.repeat(face()[None], 60, axis=0)
    rough, smooth = (poses_of(still + noise, canon, s)[:, :, 2] for s in (0.0, 1.5))

    assert smooth.std(axis=0).max() < 0.6 * rough.std(axis=0).max()
    steady = poses_of(still, canon)
    assert smooth_poses(steady, 2.0) == pytest.approx(steady, abs=1e-9)
    assert smooth_poses(steady[:1], 2.0) == pytest.approx(steady[:1])
