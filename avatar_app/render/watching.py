"""Watching: a film's base is measured while the film is made."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.idle import Idle
from avatar_app.render.base import Base, head_at
from avatar_app.render.report import FilmReport
from avatar_app.render.walking import Walk

_FEW, _MANY = 12.0, 20.0  # blinks a minute that look natural
_LONG_ENOUGH = 20.0  # seconds of film under which blinks a minute say little


def report_on(idle: Idle, base: Base, frames: int, fps: float) -> FilmReport:
    """Measure the first so many pictures of a base."""
    walk = base.walk
    seconds = frames / fps
    steps = _steps(idle, walk, frames, base.nods)
    melting = walk.second[:frames] >= 0
    within = melting[1:] | melting[:-1]
    whole, cut = count_blinks(idle, walk, frames)
    a_minute = 60 * whole / seconds
    passed = int((base.opacities[:frames] == 0).sum())
    return FilmReport(
        seconds=round(seconds, 3),
        frames=frames,
        joins=int((walk.joins < frames).sum()),
        turns=_turns(walk, frames),
        again_after_seconds=round(_again_after(walk, frames) / fps, 2),
        blinks=whole,
        blinks_a_minute=round(a_minute, 1),
        cut_blinks=cut,
        largest_step=round(float(steps.max(initial=0.0)), 5),
        largest_step_at_joins=round(float(steps[within].max(initial=0.0)), 5),
        usual_step=round(float(idle.usual_step[0]), 5),
        nods=sum(1 for moment in base.nod_moments if moment < seconds),
        gestures=tuple(name for name, at in walk.gestures if at < frames),
        seconds_passed_through=round(passed / fps, 2),
        notes=tuple(_notes(idle, walk, seconds, a_minute)),
    )


def still_report(frames: int, fps: float) -> FilmReport:
    """The report on a film in which the head was kept still."""
    return FilmReport(
        seconds=round(frames / fps, 3),
        frames=frames,
        joins=0,
        turns=0,
        again_after_seconds=0.0,
        blinks=0,
        blinks_a_minute=0.0,
        cut_blinks=0,
        largest_step=0.0,
        largest_step_at_joins=0.0,
        usual_step=0.0,
        nods=0,
        gestures=(),
        seconds_passed_through=0.0,
        notes=("The head was kept still, as asked: it does not blink either.",),
    )


def shown_frames(walk: Walk, frames: int) -> NDArray[Any]:
    """(F,) which idle frame is mostly seen in each picture."""
    coming = (walk.second >= 0) & (walk.share > 0.5)
    return np.where(coming, walk.second, walk.first)[:frames]


def count_blinks(idle: Idle, walk: Walk, frames: int) -> tuple[int, int]:
    """Blinks of a film shown whole, and those of which a join shows only a part.

    A blink is whole when all its frames are shown one after the other, alone.
    """
    first, alone = walk.first[:frames], walk.second[:frames] < 0
    whole = cut = 0
    for begin, _, end in idle.blinks:
        inside = (first >= begin) & (first <= end) | (
            (walk.second[:frames] >= begin) & (walk.second[:frames] <= end)
        )
        edges = np.flatnonzero(np.diff(np.concatenate([[0], inside, [0]])))
        for start, stop in edges.reshape(-1, 2):
            is_all = set(first[start:stop].tolist()) >= set(range(begin, end + 1))
            if is_all and alone[start:stop].all():
                whole += 1
            elif start > 0 and stop < frames:
                cut += 1
    return whole, cut


def _steps(idle: Idle, walk: Walk, frames: int, deep: NDArray[Any]) -> NDArray[Any]:
    """(F - 1,) how far the head moves between pictures."""
    head = head_at(idle, walk, slice(0, frames)).astype(np.float64)
    head[..., 1] += deep[:frames, None]
    return np.asarray(np.linalg.norm(np.diff(head, axis=0), axis=2).max(axis=1))


def _turns(walk: Walk, frames: int) -> int:
    if not walk.is_to_and_fro:
        return 0
    way = np.sign(np.diff(walk.first[:frames].astype(np.int64)))
    return int((way[1:] != way[:-1]).sum())


def _again_after(walk: Walk, frames: int) -> float:
    """Pictures after which one comes again, in the middle; 0 where none does."""
    last: dict[int, int] = {}
    gaps = []
    for at, frame in enumerate(shown_frames(walk, frames).tolist()):
        if frame in last:
            gaps.append(at - last[frame])
        last[frame] = at
    return float(np.median(gaps)) if gaps else 0.0


def _notes(idle: Idle, walk: Walk, seconds: float, a_minute: float) -> list[str]:
    notes = []
    if walk.is_to_and_fro:
        notes.append(
            "The footage holds no place where it joins another unseen, so a stretch of "
            "it is played to and fro; a longer listening clip helps."
        )
    if not len(idle.blinks):
        notes.append("There is no blink in the footage, so the avatar never blinks.")
    elif seconds >= _LONG_ENOUGH and not _FEW <= a_minute <= _MANY:
        notes.append(
            f"It blinks {a_minute:.0f} times a minute; {_FEW:.0f} to {_MANY:.0f} look "
            "natural. A listening clip with calm eyes helps."
        )
    return notes
