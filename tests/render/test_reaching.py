"""Reaching: each side moves alone, as far as was learned and no farther."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.fit.face.canon import learn_canon
from avatar_app.fit.face.crops import Window, open_window
from avatar_app.render.reaching import opacity_of
from tests.fit.test_canon import face

SIDES = ("up", "down", "left", "right")
Reach = tuple[float, float, float, float]


@functools.lru_cache(1)
def window() -> Window:
    """A mask over a made-up face."""
    return open_window(learn_canon(face()[None].astype(np.float32)))


def edges(mask: NDArray[np.float32]) -> NDArray[np.int64]:
    """How far half opacity reaches up, down, left and right."""
    solid = np.argwhere(mask >= 0.5)
    (top, left), (bottom, right) = solid.min(axis=0), solid.max(axis=0)
    return np.array([-top, bottom, -left, right])


def test_no_wish_leaves_the_mask_as_it_was_learned() -> None:
    """The very same arrays."""
    luma, chroma = opacity_of(window(), (0.0, 0.0, 0.0, 0.0))

    assert luma is window().mask
    assert chroma is window().mask_half


@pytest.mark.parametrize("side", range(4), ids=SIDES)
@pytest.mark.parametrize("share", [0.06, -0.1])
def test_one_side_moves_and_no_other(side: int, share: float) -> None:
    """By about what was asked for, in distances of the eyes."""
    wish = [0.0] * 4
    wish[side] = share
    reach: Reach = (wish[0], wish[1], wish[2], wish[3])
    moved = edges(opacity_of(window(), reach)[0]) - edges(window().mask)
    asked = share * window().canon.inter_ocular
    others = np.delete(moved, side)

    assert np.abs(others).max() <= 1
    assert moved[side] * np.sign(share) > 0.3 * abs(asked)
    assert abs(moved[side]) <= abs(asked) + 1.5


def test_nothing_is_drawn_that_was_not_learned() -> None:
    """At the farthest reach the last learned pixels are nearly clear."""
    luma, chroma = opacity_of(window(), (0.08, 0.08, 0.08, 0.08))

    assert luma[~window().kept].max() == 0
    assert chroma[~window().kept_half].max() == 0
    assert (luma <= 1).all()
    assert np.abs(np.diff(luma, axis=0)).max() < 0.6
