"""Joins: where one stretch of footage may melt into another without a jump.

A join lays the end of one stretch over the beginning of another for .4 s to 1 s, the
longer the further apart they are. It is offered only where head, turn, speed, light and
the whole picture are alike, no eye is shutting, and the head would move no faster than
this person moves.

Source:
    Schödl, Szeliski, Salesin and Essa, "Video Textures" (2000): joins by likeness with
    dynamics preserved, dead ends pruned. Berthouzoz, Li and Agrawala, "Tools for
    Placing Cuts and Transitions in Interview Video" (2012): the same for speakers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

OVERLAP_SECONDS = (0.4, 0.64, 0.96)
LEAST_SECONDS = 0.5  # between two joins
_LOOP_SECONDS = 1.5  # of one clip that come again at least, when it joins itself
_PER_EXIT = 6  # joins kept for each frame one may leave at
_NEARER = 10  # frames: of joins to the same place only the best is kept
_TURN = 8.0  # degrees of yaw or pitch, at most
_LIGHT = 10.0  # grey levels of skin, at most
_PICTURE = 9.0  # levels of luma and chroma over the small picture (rms), at most
# The same over any of its tiles: where a shoulder is in one stretch and a wall in the
# other, the whole picture hardly differs, and the shoulder would be seen half there.
_TILE = 14.0
_LIDS = 0.15  # of the open eye, at most
_STEEPEST = 1.5  # of the smooth step that carries one stretch into the other

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """What joins are judged by; N frames, clip after clip.

    Attributes:
        clips: (C, 2) int32, the first frame of each clip and how many it has.
        head: (N, 3, 2) float32, eye corners and nose in the frame, in inter-ocular
            distances.
        turns: (N, 3) float32 degrees, see ``turns_of``.
        light: (N, 3) float32, see ``light_on``.
        lids: (N,) float32, how open the eyes are; 1 is open.
        free: (N,) bool, whether the frame may lie in a join: seen, within the range,
            and in no blink.
    """

    clips: Ints
    head: Floats
    turns: Floats
    light: Floats
    lids: Floats
    free: NDArray[np.bool_]

    def steps(self) -> Floats:
        """(N,) how far the head moves from each frame to the next, at its widest.

        The last frame of a clip has the step before it.
        """
        steps = np.zeros(len(self.head), np.float32)
        for first, count in self.clips:
            if count > 1:
                own = self.head[first : first + count]
                away = np.linalg.norm(np.diff(own, axis=0), axis=2).max(axis=1)
                steps[first : first + count - 1] = away
                steps[first + count - 1] = away[-1]
        return steps

    def speeds(self) -> Floats:
        """(N, 6) inter-ocular distances a frame, smoothed over five frames."""
        flat = self.head.reshape(len(self.head), -1)
        speeds = np.zeros_like(flat)
        for first, count in self.clips:
            frames = np.arange(first, first + count)
            ahead = np.minimum(frames + 2, first + count - 1)
            behind = np.maximum(frames - 2, first)
            span = np.maximum(ahead - behind, 1)[:, None]
            speeds[frames] = (flat[ahead] - flat[behind]) / span
        return speeds


@dataclass(frozen=True, slots=True, eq=False)
class Joins:
    """J ways from one stretch into another.

    After frame ``leave[k]`` the next ``overlap[k]`` frames of its clip melt into those
    that begin at ``enter[k]``; after them the second stretch is alone.

    Attributes:
        leave: (J,) int32, rising.
        enter: (J,) int32.
        cost: (J,) float32 ≥ 0: 0 cannot be seen, 1 is as far as joins go.
        overlap: (J,) int32, frames.
    """

    leave: Ints
    enter: Ints
    cost: Floats
    overlap: Ints

    def __len__(self) -> int:
        """How many."""
        return len(self.leave)

    def only(self, kept: NDArray[Any]) -> Joins:
        """Some of them: a mask, or numbers in order."""
        return Joins(
            self.leave[kept], self.enter[kept], self.cost[kept], self.overlap[kept]
        )


def overlaps_of(fps: float) -> list[int]:
    """Frames that joins may take, the shortest first."""
    return [max(2, round(seconds * fps)) for seconds in OVERLAP_SECONDS]


def find_joins(footage: Footage, small: Floats, usual_step: float, fps: float) -> Joins:
    """Find the joins among which a walk never comes to an end.

    Args:
        footage: The frames.
        small: (N, T, S) float32, the T tiles of small pictures in levels of S pixels
            each, luma and chroma.
        usual_step: Inter-ocular distances between frames that the head of this person
            hardly ever exceeds (the 99th percentile within clips).
        fps: Frames per second.

    Returns:
        None at all where the footage is too short or too restless.
    """
    found = [_joins_over(footage, small, usual_step, n, fps) for n in overlaps_of(fps)]
    together = Joins(
        *(
            np.concatenate([getattr(part, name) for part in found])
            for name in ("leave", "enter", "cost", "overlap")
        )
    )
    calm = _steps_through(footage, together) <= usual_step
    together = together.only(calm)
    in_order = together.only(np.argsort(together.leave, kind="stable"))
    return _without_dead_ends(in_order, footage.clips, fps)


def _joins_over(
    footage: Footage, small: Floats, usual_step: float, overlap: int, fps: float
) -> Joins:
    """The best joins of one length."""
    half = overlap // 2
    middles = _free_middles(footage, overlap)
    costs = _costs(footage, small, middles, usual_step, overlap)
    clip_of = np.repeat(np.arange(len(footage.clips)), footage.clips[:, 1])[middles]
    same = clip_of[:, None] == clip_of[None, :]
    near = np.abs(middles[:, None] - middles[None, :]) < _LOOP_SECONDS * fps
    costs[same & near] = np.inf
    ends = np.repeat(footage.clips.sum(axis=1), footage.clips[:, 1])[middles]
    costs[:, middles - half + overlap + LEAST_SECONDS * fps > ends] = np.inf
    pairs = [
        (row, column)
        for row in range(len(middles))
        for column in _apart(costs[row], middles)
    ]
    rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
    return Joins(
        (middles[rows] - half - 1).astype(np.int32),
        (middles[columns] - half).astype(np.int32),
        costs[rows, columns],
        np.full(len(rows), overlap, np.int32),
    )


def _free_middles(footage: Footage, overlap: int) -> NDArray[np.int64]:
    """Frames about which a whole overlap lies free, with a frame before it."""
    half = overlap // 2
    middles = []
    for first, count in footage.clips:
        free = footage.free[first : first + count]
        whole = np.convolve(free, np.ones(overlap), "valid") > overlap - 0.5
        middles.append(first + half + np.flatnonzero(whole)[1:])
    return np.asarray(np.concatenate(middles), np.int64)


def _costs(
    footage: Footage,
    small: Floats,
    middles: NDArray[np.int64],
    usual_step: float,
    overlap: int,
) -> Floats:
    """(M, M) float32 cost of every pair of middles; infinite where none is allowed."""
    head = footage.head[middles]
    apart = np.zeros((len(middles), len(middles)), np.float32)
    for point in range(head.shape[1]):
        dx = head[:, None, point, 0] - head[None, :, point, 0]
        dy = head[:, None, point, 1] - head[None, :, point, 1]
        np.maximum(apart, np.hypot(dx, dy), out=apart)
    speeds = footage.speeds()[middles]
    swift = np.sqrt((speeds**2).sum(axis=1) / 3)
    step = _STEEPEST * apart / overlap + np.maximum(swift[:, None], swift[None, :])
    cost = (step / usual_step) ** 2
    worst = step > usual_step
    faster = _distances(speeds) / np.sqrt(3)
    parts = (
        (faster, 0.6 * usual_step),
        (_widest(footage.turns[middles]), _TURN),
        (_widest(footage.light[middles]), _LIGHT),
        (_widest(footage.lids[middles, None]), _LIDS),
        *_unlike(small[middles]),
    )
    for off, most in parts:
        worst |= off > most
        cost += (off / most) ** 2
    cost /= 1 + len(parts)
    cost[worst] = np.inf
    return np.asarray(cost, np.float32)


def share_at(place: int, overlap: int) -> float:
    """How much of the coming stretch is there, ``place`` frames into a join."""
    at = (place + 1) / (overlap + 1)
    return at * at * (3 - 2 * at)


def _steps_through(footage: Footage, joins: Joins) -> Floats:
    """(J,) the largest step of the head on the way through each join."""
    largest = np.zeros(len(joins), np.float32)
    for overlap in np.unique(joins.overlap):
        own = np.flatnonzero(joins.overlap == overlap)
        leave, enter = joins.leave[own], joins.enter[own]
        before = footage.head[leave]
        for place in range(overlap + 1):
            after = footage.head[enter + place]
            if place < overlap:
                share = share_at(place, int(overlap))
                going = footage.head[leave + 1 + place]
                after = going * (1 - share) + after * share
            step = np.linalg.norm(after - before, axis=2).max(axis=1)
            largest[own] = np.maximum(largest[own], step)
            before = after
    return largest


def _distances(rows: Floats) -> Floats:
    """(M, M) Euclidean distances between (M, D) rows."""
    rows = rows - rows.mean(axis=0)
    square = (rows**2).sum(axis=1)
    distance = square[:, None] + square[None, :] - 2 * rows @ rows.T
    return np.asarray(np.sqrt(np.maximum(distance, 0)), np.float32)


def _unlike(small: Floats) -> tuple[tuple[Floats, float], tuple[Floats, float]]:
    """(M, M) differences of (M, T, S) pictures, over all and at the worst tile."""
    count, tiles, pixels = small.shape
    worst = np.zeros((count, count), np.float32)
    over_all = np.zeros((count, count), np.float32)
    for tile in range(tiles):
        off = _distances(small[:, tile]) / np.float32(np.sqrt(pixels))
        np.maximum(worst, off, out=worst)
        over_all += off**2 / np.float32(tiles)
    return (np.sqrt(over_all), _PICTURE), (worst, _TILE)


def _widest(rows: Floats) -> Floats:
    """(M, M) largest difference in any column of (M, D) rows."""
    widest = np.zeros((len(rows), len(rows)), np.float32)
    for column in rows.T:
        np.maximum(widest, np.abs(column[:, None] - column[None, :]), out=widest)
    return widest


def _apart(costs: Floats, middles: NDArray[np.int64]) -> list[int]:
    """The best columns of a row, no two of them to nearly the same frame."""
    chosen: list[int] = []
    for column in np.argsort(costs):
        if not np.isfinite(costs[column]) or len(chosen) == _PER_EXIT:
            break
        if all(abs(middles[column] - middles[other]) >= _NEARER for other in chosen):
            chosen.append(int(column))
    return chosen


def _without_dead_ends(joins: Joins, clips: Ints, fps: float) -> Joins:
    """Keep the largest part in which every place can be reached from every other."""
    # A place is where the second stretch is alone.
    places, target = np.unique(joins.enter + joins.overlap, return_inverse=True)
    least = round(LEAST_SECONDS * fps)
    edges_from, edges_to = [], []
    for number, place in enumerate(places):
        own = target[exits_from(joins, clips, int(place), least)]
        edges_to.append(own)
        edges_from.append(np.full(len(own), number))
    if not edges_from:
        return joins
    start, end = np.concatenate(edges_from), np.concatenate(edges_to)
    shape = (len(places), len(places))
    graph = coo_matrix((np.ones(len(start)), (start, end)), shape)
    _, part = connected_components(graph, directed=True, connection="strong")
    sizes = np.bincount(part)
    loops = np.bincount(part[start][part[start] == part[end]], minlength=len(sizes))
    best = int(np.argmax(sizes * (loops > 0)))
    return joins.only((part == best)[target] & bool(loops[best]))


def exits_from(joins: Joins, clips: Ints, place: int, least: int) -> slice:
    """The joins by which one may leave a clip after ``least`` frames from a place."""
    first, count = clips[np.searchsorted(clips[:, 0], place, side="right") - 1]
    begin = np.searchsorted(joins.leave, place + least - 1)
    end = np.searchsorted(joins.leave, first + count)
    return slice(int(begin), int(max(begin, end)))
