"""Spoken: the exact times of the sounds in espeak-ng's own speech."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from avatar_app.media import Sound
from avatar_app.phonetics import TimedPhone
from avatar_app.weights.sounds import SoundSpan, shares, sounds_of

_VOICELESS_STOPS = tuple("ptkcqʈ")
_DEAD = 1e-3  # amplitude; espeak-ng's closures are exact zeros
_STEP = 64  # samples, about 3 ms
_NO_TIME_S = 0.012


def spans_of(phones: Sequence[TimedPhone], sound: Sound) -> list[SoundSpan]:
    """Turn espeak-ng's events into sounds with times, diphthongs as two.

    Two things are put right: the closure of a voiceless stop lies, as dead silence,
    in the time of the sound before; and a last consonant may get no time at all.
    """
    starts = [phone.start for phone in phones]
    level = np.abs(sound.samples)
    for k in range(1, len(phones)):
        if phones[k].symbol.startswith(_VOICELESS_STOPS) and phones[k - 1].symbol:
            place = int(phones[k].start * sound.rate_hz)
            least = int((starts[k - 1] + phones[k].start) / 2 * sound.rate_hz)
            while place - _STEP > least and (
                level[place - _STEP : place].max() < _DEAD
            ):
                place -= _STEP
            starts[k] = place / sound.rate_hz
    ends = [*starts[1:], sound.seconds]
    for k in range(len(phones) - 1, 0, -1):
        if sounds_of(phones[k].symbol) > (0,) and ends[k] - starts[k] < _NO_TIME_S:
            starts[k] = max(starts[k - 1], ends[k] - 0.35 * (ends[k] - starts[k - 1]))
            ends[k - 1] = starts[k]
    spans: list[SoundSpan] = []
    for phone, start, end in zip(phones, starts, ends, strict=True):
        at = start
        for name, share in shares(phone.symbol) or [(-1, 1.0)]:
            spans.append(SoundSpan(name, at, at + share * (end - start)))
            at += share * (end - start)
    return spans


def sounds_at(
    spans: Sequence[SoundSpan], moments: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the sound at each of these seconds, -1 where it is not known."""
    if not spans:
        return np.full(len(moments), -1)
    starts = np.array([span.start for span in spans])
    names = np.array([span.sound for span in spans])
    place = np.searchsorted(starts, moments, side="right") - 1
    return np.where(place >= 0, names[np.maximum(place, 0)], -1)
