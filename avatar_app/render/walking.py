"""Walk through the idle film for as long as a film needs, and never the same way.

The walk leaves each stretch by one of the joins that were found, forward always. Which
one is a matter of how well it joins, how long ago the frames beyond it were shown, and
whether the eyes blink too often or too seldom. Gestures that the script asks for are
walked to in time. Without any join, a stretch is played to and fro.

Source:
    Schödl, Szeliski, Salesin and Essa, "Video Textures" (2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.idle import Idle
from avatar_app.fit.face.joins import LEAST_SECONDS, exits_from, overlaps_of, share_at
from avatar_app.perform.gestures import Cue

BLINKS_A_MINUTE = 14.0  # what is aimed at; 12 to 20 look natural
_BLINKS_WITHIN = 2.0  # more or fewer cost nothing; twice as many more cost one
_MOST_OFF = 6.0  # from where on more blinks cost in proportion, no longer squared
_PRICED_FROM = 14.0  # blinks a minute that are often enough
_RATE_SECONDS = 20.0  # over which blinks are counted
_AHEAD_SECONDS = 3.0  # beyond a join that are looked at before it is taken
_WEIGHT_JOIN, _WEIGHT_BLINKS, _WEIGHT_AGAIN, _WEIGHT_SHORT = 1.0, 3.0, 4.0, 0.5
_STAYING = 0.5  # what a second without a join is worth
_CHANCE = 0.3
_FRESH, _FRESH_SECONDS = 3.0, 6.0
_DEPTH, _BREADTH = 1, 6  # joins to look ahead, and ways to try at each
_TRUST = 0.9  # in what a join leads to, against what it costs
_ROUNDS = 40  # of working out what a join leads to in the end
_BLINK_PRICE = 12.0  # there, while the eyes blink often enough
_DEAD_END = 1e6
_LATE_SECONDS = 0.6  # by which a gesture may come early or late
_EDGE_SECONDS = 0.3  # of a gesture clip in which one may enter and leave it
_STEEPEST = 1.5  # see joins.py
_LONGEST_OVERLAP = 2.5  # times the usual one, to fetch a head from far

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """Which idle frames lie under F film frames.

    Attributes:
        first: (F,) int32, the frame that is shown, or that is leaving.
        second: (F,) int32, the frame that is coming, or -1 outside of joins.
        share: (F,) float32 in [0, 1], how much of the coming one is there.
        gestures: Names and the film frames at which they begin.
        joins: (J,) int32, the film frames at which joins begin.
        is_to_and_fro: Whether a stretch is played to and fro for want of joins.
    """

    first: Ints
    second: Ints
    share: Floats
    gestures: tuple[tuple[str, int], ...]
    joins: Ints
    is_to_and_fro: bool

    def __len__(self) -> int:
        """Film frames."""
        return len(self.first)


def plan_walk(idle: Idle, frames: int, cues: Sequence[Cue] = (), seed: int = 0) -> Walk:
    """Plan the walk under a film; the same seed walks the same way.

    Args:
        idle: The notes on the idle film.
        frames: How long the film is.
        cues: Gestures and the seconds at which they should begin, rising; names that
            the idle film does not have are passed over.
        seed: Of what is left to chance.
    """
    walker = _Walker(idle, seed)
    waiting = [cue for cue in cues if cue.name in idle.gestures]
    while len(walker.first) < frames:
        if waiting and walker.turn_to(waiting[0]):
            waiting.pop(0)
        else:
            walker.go_on(waiting[0] if waiting else None)
    return walker.walked(frames)


@dataclass(frozen=True, slots=True, eq=False)
class _Stand:
    """A moment of the walk: when, where, and what is remembered."""

    now: int
    place: int
    shown: NDArray[np.float64]
    blinked: list[int]
    used: dict[int, int]


class _Walker:
    """Where the walk has come to."""

    def __init__(self, idle: Idle, seed: int) -> None:
        self.idle = idle
        self.first: list[int] = []
        self.second: list[int] = []
        self.share: list[float] = []
        self.gestures: list[tuple[str, int]] = []
        self.joined: list[int] = []
        self._fps = float(idle.fps[0])
        self._joins = idle.joins
        self._overlap = overlaps_of(self._fps)[0]
        self._chance = np.random.default_rng(seed)
        self._ends = np.repeat(idle.clips.sum(axis=1) - 1, idle.clips[:, 1])
        self._least = round(LEAST_SECONDS * self._fps)
        shut = np.zeros(len(idle) + 1, np.int32)
        shut[idle.blinks[:, 1] + 1] = 1
        self._blinks = np.cumsum(shut)  # blinks in frames before each
        self._beyond = [self._in_the_end(price) for price in (0.0, _BLINK_PRICE)]
        self._shown = np.full(len(idle), -np.inf)  # the film frame of the last time
        self._used: dict[int, int] = {}
        self._blinked: list[int] = []
        self._step = 1
        self._place = self._beginning()

    @property
    def now(self) -> int:
        """Film frames so far."""
        return len(self.first)

    def walked(self, frames: int) -> Walk:
        """The walk as far as it is needed."""
        return Walk(
            np.array(self.first[:frames], np.int32),
            np.array(self.second[:frames], np.int32),
            np.array(self.share[:frames], np.float32),
            tuple((name, at) for name, at in self.gestures if at < frames),
            np.array([at for at in self.joined if at < frames], np.int32),
            len(self._joins) == 0,
        )

    def _beginning(self) -> int:
        """A place in which a well-joined stretch begins, few blinks ahead."""
        if not len(self._joins):
            return int(self.idle.span[0])
        worth = self._joins.cost + self._beyond[1]
        best = np.argsort(worth)[: max(1, len(self._joins) // 4)]
        chosen = int(self._chance.choice(best))
        return int(self._joins.enter[chosen] + self._joins.overlap[chosen])

    def _in_the_end(self, price: float) -> NDArray[np.float64]:
        """(J,) what joins lead to, all later ones together, the best way taken.

        It costs what the joins cost and a price for every blink beyond those that are
        due. This is the future cost of Video Textures, by value iteration; a walk that
        looks only a few joins ahead ends up where it cannot but blink.
        """
        joins, clips = self._joins, self.idle.clips
        due = price * BLINKS_A_MINUTE / 60 / self._fps + _STAYING / self._fps
        place = joins.enter + joins.overlap
        away = _WEIGHT_JOIN * joins.cost.astype(np.float64)
        away += price * self._blinks[joins.leave + 1] - due * joins.leave
        here = due * place - price * self._blinks[place]
        begin = np.searchsorted(joins.leave, place + self._least - 1)
        begin = np.minimum(begin, max(0, len(joins) - 1))
        # So far apart that the least of all that follow lies in the same clip.
        apart = _DEAD_END * np.searchsorted(clips[:, 0], joins.leave, side="right")
        stays = _DEAD_END * np.searchsorted(clips[:, 0], place, side="right")
        cost = np.zeros(len(joins))
        for _ in range(_ROUNDS if len(joins) else 0):
            total = (away + _TRUST * cost + apart)[::-1]
            least = np.minimum.accumulate(total)[::-1][begin] - stays
            cost = np.minimum(least + here, _DEAD_END / 4)
            cost -= cost.min()
        return cost

    def go_on(self, cue: Cue | None) -> None:
        """Play on to the next join and through it; or to the next turn."""
        if not len(self._joins):
            self._to_the_turn(cue)
            return
        here = _Stand(self.now, self._place, self._shown, self._blinked, self._used)
        _, best = self._look_ahead(here, cue, _DEPTH)
        if best is None:
            self._flee()
            return
        self._used[best] = self.now
        leave, enter = int(self._joins.leave[best]), int(self._joins.enter[best])
        self._play(leave)
        self._melt(leave + 1, enter, int(self._joins.overlap[best]))

    def _look_ahead(
        self, here: _Stand, cue: Cue | None, depth: int
    ) -> tuple[float, int | None]:
        """The best join to take, and what it and those after it cost."""
        options = exits_from(self._joins, self.idle.clips, here.place, self._least)
        if options.start == options.stop:
            return _DEAD_END, None
        scores = self._scores(here, options, cue)
        beyond = _TRUST * self._future(here)[options]
        if depth == 0:
            best = int(np.argmin(scores + beyond))
            return float(scores[best] + beyond[best]), options.start + best
        order = np.argsort(scores + beyond)
        found: tuple[float, int | None] = (np.inf, None)
        enters: set[int] = set()
        for one in order:
            number = options.start + int(one)
            enter = int(self._joins.enter[number]) // round(self._fps / 5)
            if enter in enters:  # nearly the same way again
                continue
            enters.add(enter)
            later, _ = self._look_ahead(self._after(here, number), cue, depth - 1)
            found = min(found, (float(scores[one]) + _TRUST * later, number))
            if len(enters) == _BREADTH:
                break
        return found

    def _future(self, here: _Stand) -> NDArray[np.float64]:
        """(J,) what joins lead to, whether blinks are wanted or not."""
        nothing = np.zeros(1, np.int64)
        rate = float(self._rate(here, nothing.astype(np.int32), nothing)[0])
        return self._beyond[int(rate > _PRICED_FROM)]

    def _after(self, here: _Stand, number: int) -> _Stand:
        """Where one stands after a join, roughly."""
        leave, enter = int(self._joins.leave[number]), int(self._joins.enter[number])
        overlap = int(self._joins.overlap[number])
        now = here.now + leave - here.place + 1 + overlap
        shown = here.shown.copy()
        shown[here.place : leave + 1] = now
        shown[enter : enter + overlap] = now
        count = self._blinks[leave + 1] - self._blinks[here.place]
        blinked = here.blinked + [now] * int(count)
        return _Stand(now, enter + overlap, shown, blinked, here.used | {number: now})

    def _scores(
        self, here: _Stand, options: slice, cue: Cue | None
    ) -> NDArray[np.float64]:
        joins = self._joins
        leave, enter = joins.leave[options], joins.enter[options]
        begin = enter + joins.overlap[options]
        length = begin - enter + leave - here.place + 1
        ahead = np.minimum(enter + round(_AHEAD_SECONDS * self._fps), self._ends[enter])
        count = self._blinks[leave + 1] - self._blinks[here.place]
        rate = self._rate(here, length, count)
        off = np.abs(rate - BLINKS_A_MINUTE) / _BLINKS_WITHIN - 1
        off = np.maximum(off, 0)
        again = [here.used.get(n, -(10**9)) for n in range(options.start, options.stop)]
        # A join is as good as new after two minutes.
        worn = np.exp(-(here.now - np.array(again)) / (40.0 * self._fps))
        scores = (
            _WEIGHT_JOIN * joins.cost[options]
            + _WEIGHT_BLINKS * off * np.minimum(off, _MOST_OFF)
            + _WEIGHT_AGAIN * (self._familiar(here, leave, begin, ahead) + worn)
            + _WEIGHT_SHORT * 2.0 * self._fps / length
            + _CHANCE * self._chance.random(len(leave))
        )
        if cue is not None:  # rather be somewhere long when the gesture is due
            wanted = cue.seconds * self._fps - here.now - length
            lasts = self._ends[enter] - begin
            scores = scores + 2.0 * ((wanted > 0) & (wanted < 100) & (lasts < wanted))
            scores = scores + 4.0 * (wanted < -_LATE_SECONDS * self._fps)
        return np.asarray(scores, np.float64)

    def _rate(
        self, here: _Stand, frames: Ints, blinks: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Blinks a minute over the last seconds and these frames together."""
        window = _RATE_SECONDS * self._fps
        recent = sum(at >= here.now - window for at in here.blinked)
        # Before the film all was as it should be.
        missing = max(0.0, window - here.now) / self._fps / 60 * BLINKS_A_MINUTE
        seconds = (window + frames) / self._fps
        return np.asarray(60 * (recent + missing + blinks) / seconds, np.float64)

    def _familiar(
        self, here: _Stand, leave: Ints, begin: Ints, end: Ints
    ) -> NDArray[np.float64]:
        """How well the frames to each exit and beyond the join are remembered."""
        # Half of all idle frames ago, a third of the memory is left; what was seen in
        # the last seconds is far worse to see again.
        gone = here.shown - here.now
        memory = np.exp(gone / max(1.0, 0.5 * len(self.idle)))
        memory += _FRESH * np.exp(gone / (_FRESH_SECONDS * self._fps))
        total = np.concatenate([[0.0], np.cumsum(memory)])
        beyond = total[end + 1] - total[begin]
        before = total[leave + 1] - total[here.place]
        counted = np.maximum(end + 1 - begin, 1) + leave + 1 - here.place
        return np.asarray((beyond + before) / counted, np.float64)

    def _play(self, last: int) -> None:
        """Show everything from here to a frame, that one included."""
        for frame in range(self._place, last + self._step, self._step):
            self._show(frame, -1, 0.0)
        self._place = last + self._step

    def _melt(self, leaving: int, coming: int, overlap: int, step: int = 1) -> None:
        """Let what is leaving melt into what is coming."""
        self.joined.append(self.now)
        for k in range(overlap):
            self._show(leaving + step * k, coming + k, share_at(k, overlap))
        self._step = 1
        self._place = coming + overlap

    def _show(self, first: int, second: int, share: float) -> None:
        shown = second if share > 0.5 else first
        self._shown[[first, second] if second >= 0 else [first]] = self.now
        if self._blinks[shown + 1] > self._blinks[shown]:
            self._blinked.append(self.now)
        self.first.append(first)
        self.second.append(second)
        self.share.append(share)

    def _to_the_turn(self, cue: Cue | None) -> None:
        """Play to the end of the stretch and turn round; towards a gesture, a step."""
        first, last = (int(frame) for frame in self.idle.span)
        if not first <= self._place <= last:
            self._place, self._step = first, 1
        end = last if self._step > 0 else first
        if cue is not None:
            room = round(cue.seconds * self._fps) - self.now
            if 0 < room <= abs(end - self._place):
                end = self._place + self._step * (room - 1)
        self._play(end)
        if end in (first, last):
            self._step = 1 if end == first else -1
            # The turn itself is shown once.
            self._place = min(max(end + self._step, first), last)

    def turn_to(self, cue: Cue) -> bool:
        """Walk into a gesture and through it, if it is time and there is a way."""
        late = round(_LATE_SECONDS * self._fps)
        due = max(self.now, round(cue.seconds * self._fps))
        first, last = self.idle.gestures[cue.name]
        exits = self._exits(due - late, due + late)
        if not len(exits):
            return False
        edge = max(1, round(_EDGE_SECONDS * self._fps))
        most = (last - first + 1) // 3
        entries = first + np.arange(min(edge, most) + 1)
        leave, enter, overlap = self._best(exits, entries, most, self._step)
        self._play(leave)
        self.gestures.append((cue.name, self.now))
        self._melt(leave + self._step, enter, overlap, self._step)
        self._leave_gesture(last, edge, most)
        return True

    def _leave_gesture(self, last: int, edge: int, most: int) -> None:
        """Play the gesture nearly to its end, then melt into the idle film."""
        exits = np.arange(max(self._place, last - edge - most), last)
        entries = self._entries()
        leave, enter, overlap = self._best(exits, entries, most, 1)
        self._play(leave)
        self._melt(leave + 1, enter, min(overlap, last - leave), 1)

    def _flee(self) -> None:
        """From a place without an exit, to the best entry there is."""
        end = self.idle.end_of(self._place)
        exits = np.arange(self._place, max(self._place + 1, end - self._overlap))
        leave, enter, overlap = self._best(exits, self._entries(), 10**6, 1)
        overlap = max(1, min(overlap, end - leave))
        self._play(leave)
        self._melt(leave + 1, enter, overlap)

    def _entries(self) -> NDArray[np.int64]:
        """Where one may come back into the idle film."""
        if len(self._joins):
            return np.unique(self._joins.enter).astype(np.int64)
        first, last = (int(frame) for frame in self.idle.span)
        return np.arange(first, max(first + 1, last - 2 * self._overlap))

    def _exits(self, earliest: int, latest: int) -> NDArray[np.int64]:
        """Free places of this stretch at which the film is at these frames."""
        overlap = round(_LONGEST_OVERLAP * self._overlap)
        moments = np.arange(max(earliest, self.now), latest + 1)
        places = self._place + self._step * (moments - self.now)
        if len(self._joins):
            low, high = 0, self.idle.end_of(self._place)
        else:
            low, high = (int(frame) for frame in self.idle.span)
        room = (places + self._step * overlap <= high) & (
            places + self._step * overlap >= low
        )
        return np.asarray(places[room], np.int64)

    def _best(
        self,
        exits: NDArray[np.int64],
        entries: NDArray[np.int64],
        most: int,
        step: int,
    ) -> tuple[int, int, int]:
        """The most alike pair of an exit and an entry, and how long they overlap."""
        idle, overlap = self.idle, self._overlap
        usual = max(float(idle.usual_step[0]), 1e-4)
        tail = np.clip(exits + step * (overlap // 2), 0, len(idle) - 1)
        start = np.minimum(entries + overlap // 2, len(idle) - 1)
        head, turns = idle.head, idle.turns
        apart = np.linalg.norm(head[tail][:, None] - head[start][None], axis=3).max(2)
        turned = np.abs(turns[tail][:, None] - turns[start][None]).max(axis=2)
        shut = self._shutting(exits, step)[:, None] | self._shutting(entries, 1)[None]
        cost = apart / (usual * overlap) + turned / 4.0 + 3.0 * shut
        row, column = np.unravel_index(int(np.argmin(cost)), cost.shape)
        needed = int(np.ceil(_STEEPEST * float(apart[row, column]) / usual))
        longest = max(1, min(round(_LONGEST_OVERLAP * overlap), most))
        length = int(np.clip(needed, min(overlap, longest), longest))
        return int(exits[row]), int(entries[column]), length

    def _shutting(self, places: NDArray[np.int64], step: int) -> NDArray[np.bool_]:
        """Whether an eye shuts in the overlap that begins at each place."""
        reach = np.arange(self._overlap + 1) * step
        frames = np.clip(places[:, None] + reach, 0, len(self.idle) - 1)
        blinking = np.zeros(len(self.idle), np.bool_)
        for first, _, last in self.idle.blinks:
            blinking[first : last + 1] = True
        return np.asarray(blinking[frames].any(axis=1), np.bool_)
