"""Timing: when each phoneme is said in speech that came without times.

The phone encoder tells how likely each sound is, fiftyfold a second; the best path
through the sounds that the sentence must have, with pauses allowed between its words,
is laid over that. How well it fits tells whether the sentence was said at all.

Source:
    Rabiner, "A Tutorial on Hidden Markov Models" (1989), Viterbi, here over the
    posteriors of one network; Witt and Young, "Phone-level pronunciation scoring"
    (2000) for the goodness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.voice.alignment import best_paths
from avatar_app.media import Sound
from avatar_app.phonetics import Phone, TimedPhone
from avatar_app.weights.phones import RATE_HZ, PhoneEncoder
from avatar_app.weights.sounds import sounds_of

_SILENCE = 0
_LEAST = 0.01  # likelihood: one sound heard wrongly shall not outvote a sentence
_PAUSE = -1
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """The phonemes of a sentence on the clock of a sound, and how well they fit.

    Attributes:
        phones: From begin to end without a gap; pauses among them.
        numbers: (N) which phoneme of the sentence each is, -1 for a pause.
        goodness: Mean over the spoken frames of log posterior less the best sound's, at
            most 0.
        longest: Seconds of the longest phoneme.
    """

    phones: tuple[TimedPhone, ...]
    numbers: tuple[int, ...]
    goodness: float
    longest: float


def time_speech(
    sound: Sound, phones: Sequence[Phone], encoder: PhoneEncoder
) -> Timed | None:
    """Find when each phoneme is said.

    Args:
        sound: Speech of one sentence.
        phones: What should be said in it.
        encoder: What listens.

    Returns:
        None where the sound is too short to hold them (20 ms for each sound).
    """
    numbers, sounds, skips = _chain(phones)
    posteriors = encoder.hear(sound).posteriors
    if len(posteriors) < len(sounds) - int((skips >= 0).sum()):
        return None
    likely = np.log(np.maximum(posteriors.astype(np.float64), _LEAST))
    (path,), _ = best_paths([likely[:, sounds]], [skips])
    best = likely.max(axis=1)
    spoken = numbers[path] != _PAUSE
    at = np.arange(len(path))
    fits = likely[at, sounds[path]] - best
    segments = _segments(numbers)[path]
    starts = np.flatnonzero(np.diff(segments, prepend=-1))
    edges = np.append(starts / RATE_HZ, sound.seconds)
    edges = np.minimum(edges, sound.seconds)
    said = tuple(int(n) for n in numbers[path[starts]])
    lengths = np.diff(edges)[np.array(said) != _PAUSE]
    return Timed(
        tuple(
            TimedPhone("" if n == _PAUSE else phones[n].symbol, float(a), float(b))
            for n, a, b in zip(said, edges[:-1], edges[1:], strict=True)
        ),
        said,
        float(fits[spoken].mean()),
        float(lengths.max()),
    )


def _chain(phones: Sequence[Phone]) -> tuple[Ints, Ints, Ints]:
    """States of a sentence: phoneme, sound, and whence a pause may be jumped over."""
    numbers, sounds, skips = [_PAUSE], [_SILENCE], [-1]
    for number, phone in enumerate(phones):
        may_rest = number > 0 and phone.word != phones[number - 1].word
        if may_rest:
            numbers.append(_PAUSE)
            sounds.append(_SILENCE)
            skips.append(-1)
        # A glottal stop is no sound of the encoder's; it is heard as quiet.
        for part, sound in enumerate(sounds_of(phone.symbol) or (_SILENCE,)):
            over = may_rest and part == 0
            skips.append(len(sounds) - 2 if over else -1)
            numbers.append(number)
            sounds.append(sound)
    numbers.append(_PAUSE)
    sounds.append(_SILENCE)
    skips.append(-1)
    return np.array(numbers), np.array(sounds), np.array(skips)


def _segments(numbers: Ints) -> Ints:
    """Number the runs of states that belong to one phoneme or pause."""
    return np.asarray(np.cumsum(np.diff(numbers, prepend=numbers[0]) != 0), np.int64)
