"""Shaping: what an author asks of single words, done to speech that is finished.

An engine that cannot be told how to say a word says it as it likes; then its stretch
is made faster, higher or louder, and pauses are put in.

Source:
    Laroche and Dolson, "Improved Phase Vocoder Time-Scale Modification of Audio"
    (1999), as librosa has it.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from avatar_app.media import Sound
from avatar_app.perform.timing import Timed
from avatar_app.perform.uttering import Utterance
from avatar_app.phonetics import TimedPhone

_FADE_S = 0.004  # at either end of a stretch that was changed
_FFT = 1024

Floats = NDArray[np.float32]
_Manner = tuple[float, float, float]  # rate, semitones, decibels


def shaped(sound: Sound, timed: Timed, utterance: Utterance) -> tuple[Sound, Timed]:
    """Give every phoneme its rate, pitch and volume, and put pauses in.

    Returns:
        The sound and its times; both as they were where nothing is asked.
    """
    manners = [_manner(utterance, number) for number in timed.numbers]
    if not utterance.pauses and all(m == (1.0, 0.0, 0.0) for m in manners):
        return sound, timed
    rate_hz = sound.rate_hz
    parts: list[Floats] = []
    phones: list[TimedPhone] = []
    numbers: list[int] = []
    now = 0.0
    rows = list(zip(timed.phones, timed.numbers, manners, strict=True))
    for _, run in itertools.groupby(rows, lambda row: (row[2], row[1] < 0)):
        for group in _before_pauses(list(run), utterance):
            first, number, manner = group[0]
            asked = utterance.pauses.get(number, 0.0)
            if asked:
                parts.append(np.zeros(round(asked * rate_hz), np.float32))
                phones.append(TimedPhone("", now, now + len(parts[-1]) / rate_hz))
                numbers.append(-1)
                now = phones[-1].end
            begin, end = first.start, group[-1][0].end
            own = sound.samples[round(begin * rate_hz) : round(end * rate_hz)]
            parts.append(_said_so(own, rate_hz, manner))
            scale = len(parts[-1]) / rate_hz / max(end - begin, 1e-9)
            for phone, which, _ in group:
                a, b = (now + (t - begin) * scale for t in (phone.start, phone.end))
                phones.append(TimedPhone(phone.symbol, a, b))
                numbers.append(which)
            now = phones[-1].end
    whole = Sound(np.concatenate(parts), rate_hz)
    return whole, replace(timed, phones=tuple(phones), numbers=tuple(numbers))


def _manner(utterance: Utterance, number: int) -> _Manner:
    if number < 0:
        return 1.0, 0.0, 0.0
    return (
        float(utterance.rate[number]),
        float(utterance.pitch[number]),
        float(utterance.volume[number]),
    )


_Row = tuple[TimedPhone, int, _Manner]


def _before_pauses(run: list[_Row], utterance: Utterance) -> list[list[_Row]]:
    """Cut a run where an author asks for a pause."""
    cuts = [k for k, row in enumerate(run) if k and row[1] in utterance.pauses]
    return [run[a:b] for a, b in itertools.pairwise([0, *cuts, len(run)])]


def _said_so(samples: Floats, rate_hz: int, manner: _Manner) -> Floats:
    rate, semitones, decibels = manner
    changed = samples.astype(np.float32)
    if (rate, semitones) != (1.0, 0.0) and len(samples) > _FFT:
        from librosa.effects import pitch_shift, time_stretch

        if rate != 1.0:
            changed = time_stretch(changed, rate=rate, n_fft=_FFT)
        if semitones:
            changed = pitch_shift(
                changed,
                sr=rate_hz,
                n_steps=semitones,
                n_fft=_FFT,
                res_type="soxr_hq",
            )
        count = min(len(changed) // 2, round(_FADE_S * rate_hz))
        fade = np.linspace(0, 1, count, dtype=np.float32)
        changed[:count] *= fade
        changed[len(changed) - count :] *= fade[::-1]
    return np.asarray(changed * 10 ** (decibels / 20), np.float32)
