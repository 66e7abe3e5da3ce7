"""Walking: no jump, no half blink, nothing that comes again and again."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.fit.face.joins import find_joins
from avatar_app.perform.gestures import Cue
from avatar_app.render.base import head_at, opacity_along
from avatar_app.render.walking import Walk, plan_walk
from avatar_app.render.watching import count_blinks, shown_frames
from tests.fakes.made_up_idle import FPS, swaying

MINUTES = 2
FRAMES = round(MINUTES * 60 * FPS)


def steps_of(idle_walk: tuple[object, Walk], first: int = 0, last: int = -1) -> float:
    """The largest step of the head between pictures."""
    idle, walk = idle_walk
    head = head_at(idle, walk, slice(first, None if last < 0 else last))  # type: ignore[arg-type]
    return float(np.linalg.norm(np.diff(head, axis=0), axis=2).max())


@pytest.mark.parametrize("seed", range(3))
def test_the_head_never_jumps(seed: int) -> None:
    """Over two minutes no step exceeds the largest within the clips themselves."""
    idle = swaying(seed=seed)
    walk = plan_walk(idle, FRAMES, seed=seed)
    own = float(idle.footage.steps().max())

    assert len(walk.joins) > 10
    assert steps_of((idle, walk)) <= own + 1e-6
    inside = np.flatnonzero((walk.second[1:] >= 0) | (walk.second[:-1] >= 0))
    head = head_at(idle, walk, slice(None))
    at_joins = np.linalg.norm(np.diff(head, axis=0), axis=2).max(axis=1)[inside]
    assert at_joins.max() <= float(idle.usual_step[0]) + 1e-6


def test_a_join_that_jumps_is_not_offered() -> None:
    """A clip in which the head sits elsewhere is never entered nor left."""
    idle = swaying()
    far = idle.head.copy()
    far[600:] += 0.5
    footage = replace(idle.footage, head=far)
    small = np.zeros((800, 1, 4), np.float32)
    joins = find_joins(footage, small, float(idle.usual_step[0]), FPS)

    assert len(joins)
    assert not ((joins.leave < 600) != (joins.enter < 600)).any()
    assert ((idle.leave < 600) != (idle.enter < 600)).any()


def test_time_goes_forward() -> None:
    """Outside of joins each picture is the next frame of the one before it."""
    idle = swaying()
    walk = plan_walk(idle, FRAMES)
    alone = walk.second < 0
    both = alone[1:] & alone[:-1]

    assert (np.diff(walk.first)[both] == 1).all()
    assert not walk.is_to_and_fro


@pytest.mark.parametrize("blink_every", [30, 70])
def test_blinks_are_whole(blink_every: int) -> None:
    """No join lies in a blink, however many there are."""
    idle = swaying(blink_every=blink_every)
    walk = plan_walk(idle, FRAMES)
    whole, cut = count_blinks(idle, walk, FRAMES)

    assert whole > 10
    assert cut == 0


def test_half_a_blink_is_noticed() -> None:
    """The count that says so is not blind: a walk through a blink's middle is told."""
    idle = swaying()
    walk = plan_walk(idle, 200)
    first, shut, _ = (int(frame) for frame in idle.blinks[0])
    jumping = walk.first.copy()
    jumping[100 : 100 + shut - first] = np.arange(first, shut)
    cut = replace(walk, first=jumping, second=np.full(200, -1, np.int32))

    assert count_blinks(idle, cut, 200)[1] >= 1


@pytest.mark.parametrize("seed", range(3))
def test_the_eyes_blink_as_often_as_people_do(seed: int) -> None:
    """12 to 20 times a minute, from footage that blinks 15 times."""
    idle = swaying(clips=16, seed=seed)
    walk = plan_walk(idle, FRAMES, seed=seed)

    assert 12 <= count_blinks(idle, walk, FRAMES)[0] / MINUTES <= 20


@pytest.mark.parametrize("seed", range(3))
def test_footage_full_of_blinks_is_walked_round_them(seed: int) -> None:
    """Someone who blinks 30 times a minute is shown blinking 20 times at most."""
    idle = swaying(clips=16, blink_every=40, seed=seed)
    own = 60 * len(idle.blinks) * FPS / len(idle)
    walk = plan_walk(idle, FRAMES, seed=seed)

    assert own >= 30
    assert 12 <= count_blinks(idle, walk, FRAMES)[0] / MINUTES <= 20


@pytest.mark.parametrize("seed", range(3))
def test_even_45_blinks_a_minute_are_nearly_halved(seed: int) -> None:
    """To 20 they cannot all be brought.

    Only 14 frames lie between two, and a join takes 10: some cannot be left out.
    """
    idle = swaying(clips=16, blink_every=20, seed=seed)
    own = 60 * len(idle.blinks) * FPS / len(idle)
    walk = plan_walk(idle, FRAMES, seed=seed)
    whole, cut = count_blinks(idle, walk, FRAMES)

    assert own >= 45
    assert 12 <= whole / MINUTES <= 0.55 * own
    assert cut == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_walk_does_not_recur(seed: int) -> None:
    """Of a minute most is used, and no two seconds come twice within ten."""
    idle = swaying(clips=16, seed=seed)
    shown = shown_frames(plan_walk(idle, FRAMES, seed=seed), FRAMES)
    lags = range(round(FPS), round(10 * FPS))

    assert len(set(shown.tolist())) > 0.55 * len(idle)
    assert max(longest_again(shown, lag) for lag in lags) < 2 * FPS


@pytest.mark.parametrize("seed", range(3))
def test_half_a_minute_recurs_somewhat_more(seed: int) -> None:
    """Half of it is used, and never three seconds of it come twice within ten.

    Among eight clips there are few ways that keep the blinks apart too.
    """
    idle = swaying(clips=8, seed=seed)
    shown = shown_frames(plan_walk(idle, FRAMES, seed=seed), FRAMES)
    lags = range(round(FPS), round(10 * FPS))

    assert len(set(shown.tolist())) > 0.5 * len(idle)
    assert max(longest_again(shown, lag) for lag in lags) < 3 * FPS


def test_a_way_out_is_found_however_often_the_eyes_have_blinked() -> None:
    """Blinking hundreds of times a minute, the walk still takes joins, many of them."""
    idle = swaying(clips=16, blink_every=20)
    each = [np.full(3, at) for b in idle.blinks for at in range(b[0], b[2] + 1)]
    crowded = replace(idle, blinks=np.array(each, np.int32))
    walk = plan_walk(crowded, FRAMES)
    pairs = set(zip(walk.first[walk.joins], walk.second[walk.joins], strict=True))
    offered = set(zip(idle.leave + 1, idle.enter, strict=True))

    assert pairs <= offered
    assert len(pairs) > 10


def longest_again(shown: NDArray[np.int32], lag: int) -> int:
    """The most pictures in a row that were shown so many pictures before."""
    same = np.concatenate([[0], shown[lag:] == shown[:-lag], [0]])
    return int((np.diff(np.flatnonzero(same == 0)) - 1).max())


def test_the_same_seed_walks_the_same_way() -> None:
    """And another one another way."""
    idle = swaying()
    one, same, other = (plan_walk(idle, 500, seed=seed) for seed in (1, 1, 2))

    assert (one.first == same.first).all()
    assert (one.share == same.share).all()
    assert (one.first != other.first).any()


def test_a_longer_film_begins_as_a_shorter_one() -> None:
    """So a preview shows what the film will show."""
    idle = swaying()
    short, long = plan_walk(idle, 300), plan_walk(idle, 900)

    assert (long.first[:300] == short.first).all()


def test_without_joins_a_stretch_goes_to_and_fro() -> None:
    """Neighbours are neighbours in the film too; the turn is shown once."""
    idle = swaying(clips=1, can_join=False)
    walk = plan_walk(idle, 500)
    first, last = idle.span

    assert walk.is_to_and_fro
    assert set(walk.first.tolist()) == set(range(first, last + 1))
    assert all(abs(a - b) == 1 for a, b in itertools.pairwise(walk.first.tolist()))


@pytest.mark.parametrize("can_join", [True, False])
@pytest.mark.parametrize("seconds", [0.2, 3.0, 7.7])
def test_a_gesture_comes_when_it_is_asked_for(can_join: bool, seconds: float) -> None:
    """Within six tenths of a second, nearly whole, the head brought there smoothly."""
    idle = swaying(gesture=50, can_join=can_join)
    walk = plan_walk(idle, 600, [Cue("nod", seconds)])
    (name, at), *others = walk.gestures
    first, last = idle.gestures["nod"]
    shown = shown_frames(walk, 600)
    inside = np.flatnonzero((shown >= first) & (shown <= last))

    assert (name, others) == ("nod", [])
    assert abs(at - seconds * FPS) <= 0.6 * FPS + 25
    assert len(inside) >= 0.5 * 50
    assert (np.diff(inside) == 1).all()
    assert steps_of((idle, walk)) <= 2 * float(idle.footage.steps().max())


def test_two_gestures_at_once_come_one_after_the_other() -> None:
    """The second waits until the first is over."""
    idle = swaying(gesture=50)
    walk = plan_walk(idle, 900, [Cue("nod", 3.0), Cue("nod", 3.4)])

    assert len(walk.gestures) == 2
    assert walk.gestures[1][1] - walk.gestures[0][1] >= 25


def test_a_gesture_nobody_has_is_passed_over() -> None:
    """The walk goes on as if nothing had been asked."""
    idle = swaying()

    assert plan_walk(idle, 200, [Cue("shake", 2.0)]).gestures == ()


def test_beyond_the_range_no_mouth_is_drawn_and_it_fades_before() -> None:
    """Opacity is 0 in every unknown frame and climbs by a fifth a frame at most."""
    idle = swaying()
    walk = plan_walk(idle, 300)
    lost = idle.within.copy()
    lost[walk.first[100:110]] = False
    opacity = opacity_along(replace(idle, within=lost), walk)

    assert (opacity[100:110] == 0).all()
    assert np.abs(np.diff(opacity)).max() <= 0.2 + 1e-6
    assert (opacity[:90] == 1).all()
