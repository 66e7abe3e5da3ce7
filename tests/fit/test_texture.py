"""Key frames: near what is wanted, and smooth from one to the next."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.fit.face.texture import Texture, spread_out

Floats = NDArray[np.float32]


def texture_of(places: Floats, following: list[int] | None = None) -> Texture:
    """Key frames at some places, nothing drawn on them."""
    count = len(places)
    after = np.full(count, -1, np.int32)
    if following is not None:
        after[:] = following
    detail = np.zeros((count, 4), np.uint8)
    return Texture(places, after, detail, np.arange(4, dtype=np.int32))


def test_with_smooth_wishes_the_nearest_are_chosen() -> None:
    """On a line of frames, a slow walk along it picks each frame it passes."""
    line = np.arange(50, dtype=np.float32)[:, None] * [[1.0, 0.0]]
    texture = texture_of(line.astype(np.float32))
    wanted = np.linspace(3, 40, 120)[:, None] * [[1.0, 0.0]]
    picks = texture.choose(wanted.astype(np.float32))

    assert picks.dtype == np.int32
    assert np.abs(line[picks, 0] - wanted[:, 0]).max() <= 1.0
    assert (np.diff(picks) >= 0).all()


def test_a_path_does_not_flutter_between_equals() -> None:
    """Of two rows of frames that are equally near, the path stays in one."""
    random = np.random.default_rng(0)
    line = np.linspace(0, 10, 40)
    both = np.concatenate(
        [np.stack([line, np.full(40, side)], 1) for side in (-0.5, 0.5)]
    ).astype(np.float32)
    wanted = np.stack([np.linspace(0, 10, 200), random.normal(0, 0.25, 200)], 1)
    picks = texture_of(both).choose(wanted.astype(np.float32))
    sides = both[picks, 1] > 0
    greedy = wanted[:, 1] > 0

    changes = np.count_nonzero(np.diff(sides))
    assert changes < 0.35 * np.count_nonzero(np.diff(greedy))


def test_the_path_is_the_cheapest_there_is() -> None:
    """On a small case every path is tried."""
    import itertools

    random = np.random.default_rng(1)
    places = random.normal(0, 1, (4, 2)).astype(np.float32)
    wanted = random.normal(0, 1, (5, 2)).astype(np.float32)
    picks = texture_of(places).choose(wanted)

    def cost(path: tuple[int, ...], weight: float) -> float:
        near = ((places[list(path)] - wanted) ** 2).sum()
        join = (np.diff(places[list(path)], axis=0) ** 2).sum()
        return float(near + weight * join)

    paths = list(itertools.product(range(4), repeat=5))
    best = {min(paths, key=lambda p: cost(p, w)) for w in np.linspace(0.05, 2, 80)}
    assert tuple(int(p) for p in picks) in best


def test_frames_that_followed_each_other_are_preferred() -> None:
    """Of two equally good ways on, the recorded one is taken."""
    places = np.array([[0, 0], [1, 0.3], [1, -0.3]], np.float32)
    wanted = np.array([[0, 0], [1, 0]], np.float32)
    for successor in (1, 2):
        picks = texture_of(places, [successor, -1, -1]).choose(wanted)
        assert picks.tolist() == [0, successor]


@pytest.mark.parametrize("count", [0, 1])
def test_short_wishes_are_fine(count: int) -> None:
    """Nothing for nothing, the nearest for one."""
    places = np.array([[0, 0], [5, 5]], np.float32)
    picks = texture_of(places).choose(np.full((count, 2), 4.9, np.float32))

    assert picks.tolist() == [1] * count


def test_spread_out_keeps_the_rare() -> None:
    """Rising, no repeats, as many as asked for, the farthest among them."""
    random = np.random.default_rng(2)
    common = random.normal(0, 0.1, (500, 3))
    rare = np.array([[9, 0, 0], [0, 9, 0], [0, 0, 9]])
    places = np.concatenate([common, rare]).astype(np.float32)
    chosen = spread_out(places, 40)

    assert (np.diff(chosen) > 0).all()
    assert len(chosen) == 40
    assert {500, 501, 502} <= set(chosen.tolist())
    assert (spread_out(places, 40) == chosen).all()


def test_few_places_are_all_kept() -> None:
    """There is nothing to choose."""
    assert spread_out(np.zeros((3, 2), np.float32), 10).tolist() == [0, 1, 2]
