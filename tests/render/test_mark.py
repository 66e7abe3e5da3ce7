"""Every film says on its own pictures that it is AI-generated."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.render.mark import LABEL_SECONDS, Marks

SIZES = [(160, 96), (640, 360), (1280, 720), (1920, 1080), (720, 1280)]


def planes(width: int, height: int, luma: int) -> NDArray[np.uint8]:
    """A plain picture in a strong color."""
    page = np.full((height * 3 // 2, width), luma, np.uint8)
    page[height:] = 60
    return page


def touched(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> tuple[int, ...]:
    """Top, bottom, left and right of what changed in the luma plane."""
    height = before.shape[0] * 2 // 3
    rows, columns = np.nonzero(before[:height] != after[:height])
    return rows.min(), rows.max(), columns.min(), columns.max()


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("luma", [16, 90, 160, 235])
def test_the_label_can_be_read_on_any_background(
    width: int, height: int, luma: int
) -> None:
    """White letters on a plate that is dark whatever lies below it."""
    page = planes(width, height, luma)
    before = page.copy()
    Marks(width, height, is_demo=True).stamp(page, 0.0)

    top, bottom, left, right = touched(before, page)
    box = page[top : bottom + 1, left : right + 1]
    assert box.max() >= 225
    plate = np.sort(box[2:-2].ravel())[box[2:-2].size // 10]
    assert plate <= 85  # 8:1 against white
    assert top >= height * 0.05 - 1
    assert left >= width * 0.05 - 1
    assert right <= width * 0.95 + 1


@pytest.mark.parametrize("is_demo", [False, True])
def test_something_is_marked_at_every_moment(is_demo: bool) -> None:
    """The words first, a small sign later; both to the last picture."""
    marks = Marks(640, 360, is_demo=is_demo)
    changed = []
    for seconds in (0.0, LABEL_SECONDS - 0.04, LABEL_SECONDS, 600.0):
        page = planes(640, 360, 128)
        marks.stamp(page, seconds)
        changed.append(np.count_nonzero(page != planes(640, 360, 128)))

    assert changed[0] == changed[1] > changed[2] == changed[3] > 100


def test_a_demo_says_so_throughout() -> None:
    """The right upper corner is marked in a demo film and only there."""
    for seconds in (0.0, 60.0):
        for is_demo in (False, True):
            page = planes(640, 360, 200)
            Marks(640, 360, is_demo=is_demo).stamp(page, seconds)
            assert bool((page[:180, 400:] != 200).any()) is is_demo


def test_only_the_boxes_are_touched() -> None:
    """Three quarters of the picture are bit for bit what they were, color too."""
    page = planes(640, 360, 128)
    before = page.copy()
    Marks(640, 360, is_demo=True).stamp(page, 0.0)

    assert (page[90:360] == before[90:360]).all()
    first, second = page[360:].reshape(2, 180, 320)
    assert (first[45:] == 60).all()
    assert (first == second).all()
    assert first.max() > 110  # grey where the letters are


def test_there_is_no_switch() -> None:
    """Nobody can ask for a film without marks: there is nothing to ask."""
    assert set(inspect.signature(Marks).parameters) == {"width", "height", "is_demo"}
