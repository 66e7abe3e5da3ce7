"""Blinks: found whole, counted once, and a look down is none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.blinks import EYES, eye_opening, find_blinks, relative_opening

_BLINK = [0.80, 0.62, 0.66, 0.78, 0.88]


def opening_with(
    *moments: int, count: int = 200, usual: float = 0.3
) -> NDArray[np.float64]:
    """Eyes open as a tracker sees them, with blinks that begin at these frames."""
    opening = usual + np.random.default_rng(0).normal(0, 0.004, count)
    for moment in moments:
        part = _BLINK[: count - moment]
        opening[moment : moment + len(part)] = usual * np.array(part)
    return opening


def test_every_blink_is_found_once_and_whole() -> None:
    """Where it begins, is shut and ends, to the frame."""
    found = find_blinks(opening_with(30, 90, 150), 25.0)

    assert [(b.first, b.shut, b.last) for b in found] == [
        (30, 31, 34),
        (90, 91, 94),
        (150, 151, 154),
    ]


def test_two_blinks_in_a_row_are_two() -> None:
    """Even where the lids have not come up altogether between them."""
    found = find_blinks(opening_with(60, 65), 25.0)

    assert [b.shut for b in found] == [61, 66]
    assert found[0].last < found[1].first


def test_open_eyes_and_a_long_look_down_are_no_blinks() -> None:
    """Two seconds of lowered lids are not a blink; nor is a tracker's tremble."""
    looking = opening_with()
    looking[80:135] *= 0.75

    assert find_blinks(opening_with(), 25.0) == []
    assert find_blinks(looking, 25.0) == []
    assert find_blinks(np.zeros(0), 25.0) == []


def test_who_blinks_half_of_the_time_has_open_eyes_too() -> None:
    """The open eye is the measure, not the average one."""
    opening = opening_with(*range(10, 190, 9))

    assert len(find_blinks(opening, 25.0)) == 20
    assert np.median(relative_opening(opening, 25.0)[5:9]) > 0.97


def test_an_eye_is_as_open_near_as_far() -> None:
    """Height over width, whatever the size; a shut eye has none."""
    points = np.zeros((2, 468, 2), np.float32)
    for outer, high, up, inner, low, down in EYES:
        points[0, [outer, inner]] = [[0, 0], [10, 0]]
        points[0, [high, up]] = [[3, -1.5], [7, -1.5]]
        points[0, [low, down]] = [[7, 1.5], [3, 1.5]]
    points[1] = 4 * points[0] + 100
    shut = points[:1] * np.array([1, 0], np.float32)

    assert np.allclose(eye_opening(points), 0.3, atol=1e-6)
    assert eye_opening(shut)[0] == 0
