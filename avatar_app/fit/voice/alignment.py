"""Alignment: when each phoneme of a reading is spoken.

espeak-ng's own speech, whose phoneme times are known, is laid over the reading by
dynamic time warping; from that first guess the person's own hidden Markov models are
trained, three states a phoneme, and each training round realigns all readings.

Source:
    Rabiner, "A Tutorial on Hidden Markov Models" (1989), Viterbi training;
    Sakoe and Chiba, "Dynamic Programming Algorithm Optimization for Spoken Word
    Recognition" (1978), here with the reading's clock never standing still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.voice.hearing import FRAME_S, evened, loudness_db, mel_cepstra
from avatar_app.fit.voice.hearing import with_changes as changing
from avatar_app.fit.voice.score import PAUSE, guide_of
from avatar_app.media import Sound
from avatar_app.phonetics import phones_of, speak
from avatar_app.work import Job, Progress

_ROUNDS = 6
_PHONE_STATES, _PAUSE_STATES = 3, 4
_OWN = 15.0  # frames that a state must have heard to outweigh its phoneme's mean
_IMPOSSIBLE = -1e18
_TOGETHER = 12  # readings per Viterbi pass: bounds memory and the time of one step
_GROUP_WORK = 3  # a pass takes about as long as three first guesses

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """When each segment of one reading is spoken.

    Attributes:
        phones: (N) which phoneme of the text, -1 for a pause; a pause at either end.
        edges: (N + 1) frames of 5 ms, rising; segment k is edges[k] to edges[k + 1].
        fit: Mean log likelihood of a frame; low where text and sound disagree.
    """

    phones: NDArray[np.int64]
    edges: NDArray[np.int64]
    fit: float


@dataclass(slots=True, eq=False)
class _Heard:
    """One reading while it is being aligned.

    ``states`` name (symbol, part); ``segments`` tell which segment a state belongs to,
    ``skips`` the state from which an optional pause may be jumped over, or -1.
    """

    frames: Array  # (T, D)
    phones: NDArray[np.int64]
    states: list[tuple[str, int]]
    segments: NDArray[np.int64]
    skips: NDArray[np.int64]
    path: NDArray[np.int64]  # (T) state of every frame


def align(readings: Sequence[tuple[Sound, str]], accent: str) -> Job[list[Aligned]]:
    """Find the phoneme times of many readings of one person.

    Args:
        readings: Sounds with little silence around the speech, and their texts.
        accent: An espeak-ng voice.

    Returns:
        One Aligned per reading, in order.
    """
    heard: list[_Heard] = []
    groups = -(-len(readings) // _TOGETHER)
    total = len(readings) + _GROUP_WORK * groups * _ROUNDS
    for done, (sound, text) in enumerate(readings):
        yield Progress(done, total, "Listening to how you read")
        heard.append(_first_guess(sound, text, accent))
    fits = [0.0] * len(heard)
    for turn in range(_ROUNDS):
        begun = len(heard) + _GROUP_WORK * groups * turn
        fits = yield from _realign(heard, begun, total)
    return [_times(reading, fit) for reading, fit in zip(heard, fits, strict=True)]


def _first_guess(sound: Sound, text: str, accent: str) -> _Heard:
    """Lay espeak-ng's speech over a reading."""
    cepstra = mel_cepstra(sound)[:, :13]
    frames = evened(changing(cepstra))
    reading = _graph(frames, text, accent)
    other, _, _ = speak(text, accent)
    theirs = evened(changing(mel_cepstra(other)[:, :13]))
    # Without the level itself (column 0), and without the second changes: they differ
    # most between a person and a machine.
    columns = slice(1, 26)
    warp = _warp(frames[::2, columns], theirs[::2, columns]) * 2
    moments = np.interp(np.arange(len(frames)), np.arange(len(warp)) * 2, warp)
    segments = _segments_at(moments * FRAME_S, reading, text, accent)
    firsts = np.searchsorted(reading.segments, np.arange(reading.segments[-1] + 1))
    for segment in np.unique(segments):
        inside = np.flatnonzero(segments == segment)
        count = int(np.sum(reading.segments == segment))
        reading.path[inside] = firsts[segment] + np.arange(len(inside)) * count // len(
            inside
        )
    quiet = loudness_db(sound)[: len(frames)]
    quiet = quiet < np.percentile(quiet, 95) - 38
    spoken = np.flatnonzero(~quiet)
    reading.path[: spoken[0]] = 0
    reading.path[spoken[-1] + 1 :] = len(reading.states) - 1
    return reading


def _graph(frames: Array, text: str, accent: str) -> _Heard:
    """Chain the states of a sentence, with optional pauses between its words."""
    phones = phones_of(text, accent)
    order: list[int] = [-1]
    optional = [False]
    for k in range(len(phones)):
        if k and phones[k].word != phones[k - 1].word:
            order.append(-1)
            optional.append(True)
        order.append(k)
        optional.append(False)
    order.append(-1)
    optional.append(False)
    states: list[tuple[str, int]] = []
    segments: list[int] = []
    skips: list[int] = []
    for segment, phone in enumerate(order):
        is_pause = phone < 0
        for part in range(_PAUSE_STATES if is_pause else _PHONE_STATES):
            may_skip = part == 0 and segment > 1 and optional[segment - 1]
            skips.append(len(states) - 1 - _PAUSE_STATES if may_skip else -1)
            states.append((PAUSE, 0) if is_pause else (phones[phone].symbol, part))
            segments.append(segment)
    return _Heard(
        frames,
        np.array(order),
        states,
        np.array(segments),
        np.array(skips),
        np.zeros(len(frames), np.int64),
    )


def _segments_at(
    seconds: Array, reading: _Heard, text: str, accent: str
) -> NDArray[np.int64]:
    """Tell the segment that espeak-ng speaks at each of these moments, rising."""
    spans = guide_of(text, accent).spans
    spoken = np.flatnonzero(reading.phones >= 0)
    starts: list[tuple[float, int]] = [(0.0, 0)]
    for segment, (begin, end) in zip(spoken, spans, strict=True):
        starts.append((begin, int(segment)))
        if reading.phones[segment + 1] < 0:
            starts.append((end, int(segment) + 1))
    times = np.array([t for t, _ in starts])
    names = np.array([s for _, s in starts])
    # Where the next phoneme begins at once, the pause before it has no length.
    at = np.maximum.accumulate(np.searchsorted(times, seconds, side="right") - 1)
    return np.asarray(np.maximum.accumulate(names[at]))


def _warp(ours: Array, theirs: Array) -> Array:
    """Map each of our frames to one of theirs: (T) rising, from first to last."""
    distance = np.sqrt(
        np.maximum(
            (ours**2).sum(1)[:, None] + (theirs**2).sum(1) - 2 * ours @ theirs.T, 0
        )
    )
    rows, columns = distance.shape
    steps = max(3, int(np.ceil(columns / rows)) + 2)
    # Standing still or running costs a little, so that even tempo wins ties.
    tolls = np.array([0.25, 0.0] + [0.15 * k for k in range(1, steps)])
    cost = np.full(columns + steps, np.inf)
    cost[steps] = distance[0, 0]
    came = np.zeros((rows, columns), np.int8)
    for row in range(1, rows):
        choices = np.stack(
            [
                cost[steps - k : steps - k + columns] + toll
                for k, toll in enumerate(tolls)
            ]
        )
        came[row] = choices.argmin(0)
        cost[steps:] = choices.min(0) + distance[row]
    path = np.zeros(rows)
    at = columns - 1
    for row in range(rows - 1, -1, -1):
        path[row] = at
        at -= int(came[row, at])
    return path


def _realign(heard: list[_Heard], begun: int, total: int) -> Job[list[float]]:
    """Train the states on the present paths, then find better paths; return fits."""
    names, means, variances = _trained(heard)
    index = {name: k for k, name in enumerate(names)}
    fits = [0.0] * len(heard)
    by_length = sorted(range(len(heard)), key=lambda k: len(heard[k].frames))
    for begin in range(0, len(by_length), _TOGETHER):
        group = by_length[begin : begin + _TOGETHER]
        done = begun + _GROUP_WORK * (begin // _TOGETHER)
        yield Progress(done, total, "Finding every sound you make")
        likely = []
        for k in group:
            needed = sorted({index[state] for state in heard[k].states})
            place = {index_: at for at, index_ in enumerate(needed)}
            scores = _log_likelihood(heard[k].frames, means[needed], variances[needed])
            likely.append(scores[:, [place[index[s]] for s in heard[k].states]])
        paths, totals = best_paths(likely, [heard[k].skips for k in group])
        for k, path, likelihood in zip(group, paths, totals, strict=True):
            heard[k].path = path
            fits[k] = likelihood / len(path)
    return fits


def _trained(heard: list[_Heard]) -> tuple[list[tuple[str, int]], Array, Array]:
    """Estimate one Gaussian per state from the frames that are on it."""
    names = sorted({state for reading in heard for state in reading.states})
    index = {name: k for k, name in enumerate(names)}
    frames = np.concatenate([reading.frames for reading in heard])
    labels = np.concatenate(
        [
            np.array([index[state] for state in reading.states])[reading.path]
            for reading in heard
        ]
    )
    counts, sums, squares = _moments(frames, labels, len(names))
    symbols = sorted({name[0] for name in names})
    of_symbol = np.array([symbols.index(name[0]) for name in names])
    gather = np.zeros((len(symbols), len(names)))
    gather[of_symbol, np.arange(len(names))] = 1
    overall, spread = frames.mean(0), frames.var(0)
    phone_counts = (gather @ counts)[:, None]
    phone_means = (gather @ sums + 2 * overall) / (phone_counts + 2)
    prior = phone_means[of_symbol]
    means = (sums + _OWN * prior) / (counts[:, None] + _OWN)
    scatter = squares - 2 * means * sums + counts[:, None] * means**2
    variances = (scatter + _OWN * 0.5 * spread) / (counts[:, None] + _OWN)
    return names, means, np.maximum(variances, 0.05 * spread)


def _moments(
    frames: Array, labels: NDArray[np.int64], count: int
) -> tuple[Array, Array, Array]:
    """Sum frames and their squares per label."""
    counts = np.bincount(labels, minlength=count).astype(np.float64)
    order = np.argsort(labels, kind="stable")
    present, starts = np.unique(labels[order], return_index=True)
    sums = np.zeros((count, frames.shape[1]))
    squares = np.zeros_like(sums)
    sums[present] = np.add.reduceat(frames[order], starts)
    squares[present] = np.add.reduceat(frames[order] ** 2, starts)
    return counts, sums, squares


def _log_likelihood(frames: Array, means: Array, variances: Array) -> Array:
    """Log density of every frame (T) under every Gaussian (S): (T, S)."""
    weight = 1 / variances
    constant = (means**2 * weight + np.log(variances)).sum(1)
    result: Array = -0.5 * (
        frames**2 @ weight.T - 2 * frames @ (means * weight).T + constant
    )
    return result


def best_paths(
    likely: list[Array], skips: list[NDArray[np.int64]]
) -> tuple[list[NDArray[np.int64]], list[float]]:
    """Best state paths of several readings at once, first state to last."""
    lengths = [len(one) for one in likely]
    widths = [one.shape[1] for one in likely]
    deep, wide, many = max(lengths), max(widths), len(likely)
    jump = np.full((many, wide), -1)
    for k, skip in enumerate(skips):
        jump[k, : widths[k]] = skip
    rows, columns = np.nonzero(jump >= 0)
    sources = jump[rows, columns]
    best = np.full((many, wide), _IMPOSSIBLE)
    best[:, 0] = [one[0, 0] for one in likely]
    came = np.zeros((deep, many, wide), np.int8)  # 0 stayed, 1 stepped, 2 skipped
    now = np.full((many, wide), _IMPOSSIBLE)
    ends = [0.0] * many
    for t in range(1, deep):
        for k in range(many):
            if t < lengths[k]:
                now[k, : widths[k]] = likely[k][t]
        stepped = np.empty_like(best)
        stepped[:, 0] = _IMPOSSIBLE
        stepped[:, 1:] = best[:, :-1]
        skipped = best[rows, sources]
        took = stepped > best
        best = np.where(took, stepped, best)
        came[t] = took
        better = skipped > best[rows, columns]
        best[rows[better], columns[better]] = skipped[better]
        came[t, rows[better], columns[better]] = 2
        best += now
        for k in range(many):
            if t == lengths[k] - 1:
                ends[k] = float(best[k, widths[k] - 1])
    paths = []
    for k in range(many):
        path = np.zeros(lengths[k], np.int64)
        at = widths[k] - 1
        for t in range(lengths[k] - 1, -1, -1):
            path[t] = at
            how = came[t, k, at]
            at = at - how if how < 2 else jump[k, at]
        paths.append(path)
    return paths, ends


def _times(reading: _Heard, fit: float) -> Aligned:
    """Read the segments off a path, without the pauses that were skipped."""
    passed = reading.segments[reading.path]
    segments, starts = np.unique(passed, return_index=True)
    return Aligned(
        reading.phones[segments], np.append(starts, len(passed)).astype(np.int64), fit
    )
