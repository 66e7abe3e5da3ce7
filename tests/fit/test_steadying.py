"""Steadying: brightness finds the pose that the mesh only guesses."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.fit.face.canon import Canon, Matrix, invert, learn_canon, similarity
from avatar_app.fit.face.steadying import Steady
from tests.fit.test_canon import face, move

SIZE = (480, 360)


def scene(moved: Matrix) -> NDArray[np.uint8]:
    """A soft random texture for a face, carried by a movement, with a little noise."""
    random = np.random.default_rng(11)
    rough = random.normal(0, 1, (360, 480)).astype(np.float32)
    soft = cv2.GaussianBlur(rough, (0, 0), 4)
    soft = 128 + 45 * soft / soft.std()
    carried = cv2.warpAffine(soft, moved, SIZE, flags=cv2.INTER_CUBIC)
    noisy = carried + np.random.default_rng(int(1000 * abs(moved[0, 2]))).normal(
        0, 1.5, carried.shape
    )
    return np.clip(noisy, 0, 255).astype(np.uint8)


def learned() -> tuple[Steady, Canon, Matrix]:
    """A steadying patch from still frames, and their true pose."""
    canon = learn_canon(face()[None])
    true = similarity(face(), canon.points)
    steady = Steady(canon)
    steady.learn([(scene(move(1, 0, 0, 0)), true)] * 3)
    return steady, canon, true


@pytest.mark.parametrize("shift", [(0.4, -0.3), (-0.75, 0.2), (1.3, 0.9)])
def test_a_shift_below_a_pixel_is_found(shift: tuple[float, float]) -> None:
    """The mesh missed it altogether; what is left of it is under a tenth."""
    steady, _, true = learned()
    moved = move(1, 0, *shift)
    found = steady(scene(moved), true)  # the rough pose knows of no shift
    wanted = _carried(true, invert(moved))

    rough_off = np.abs(_at_middle(true) - wanted).max()
    off = np.abs(_at_middle(found) - wanted).max()
    assert off < 0.1
    assert off < 0.25 * rough_off


def test_size_and_turn_are_found_too() -> None:
    """A little nearer and turned: better than the rough pose by far."""
    steady, _, true = learned()
    moved = move(1.015, 0.7, 0.0, 0.0)
    middle = np.array([320.0, 170.0])
    moved[:, 2] = middle - moved[:, :2] @ middle + [0.8, -0.6]
    found = steady(scene(moved), true)
    wanted_points = _carried(true, invert(moved))

    before = np.abs(_at_middle(true) - wanted_points).max()
    after = np.abs(_at_middle(found) - wanted_points).max()
    assert after < 0.15 * before
    assert after < 0.3


def test_lids_that_shut_do_not_move_the_head() -> None:
    """A dark bar over both eyes is no movement."""
    steady, canon, true = learned()
    luma = scene(move(1, 0, 0, 0)).copy()
    for outer, inner in ((33, 133), (362, 263)):
        a, b = face()[outer], face()[inner]
        x, y = ((a + b) / 2).astype(int)
        luma[y - 3 : y + 4, x - 12 : x + 13] = 40
    found = steady(luma, true)

    assert np.abs(_at_middle(found) - _at_middle(true)).max() < 0.35
    assert canon.inter_ocular > 0


def test_before_anything_was_learned_the_pose_is_left_alone() -> None:
    """And there is no average to be kept."""
    canon = learn_canon(face()[None])
    true = similarity(face(), canon.points)
    steady = Steady(canon)

    assert steady(scene(move(1, 0, 2, 2)), true) is true
    with pytest.raises(ValueError, match="no patch"):
        _ = steady.average


def test_a_kept_patch_steadies_as_the_learned_one() -> None:
    """The average is all there is to it."""
    steady, canon, true = learned()
    again = Steady(canon)
    again.restore(steady.average)
    luma = scene(move(1, 0, 0.6, 0.6))

    assert again(luma, true) == pytest.approx(steady(luma, true), abs=1e-9)


def _at_middle(pose: Matrix) -> NDArray[np.float64]:
    """Where a pose puts three points between the eyes and the nose."""
    return _carried(pose, move(1, 0, 0, 0))


def _carried(pose: Matrix, first: Matrix) -> NDArray[np.float64]:
    points = np.array([[300.0, 165.0], [340.0, 165.0], [320.0, 190.0]])
    moved = points @ first[:, :2].T + first[:, 2]
    result: NDArray[np.float64] = moved @ pose[:, :2].T + pose[:, 2]
    return result
