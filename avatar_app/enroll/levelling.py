"""Levelling: one loudness for all recordings, and cuts where nobody hears them.

Source:
    ITU-R BS.1770-4 (loudness), as pyloudnorm measures it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from avatar_app.enroll.reading import WordHeard
from avatar_app.media import Sound

LOUDNESS_LUFS, PEAK_DB = -23.0, -6.0
STEP_S = 0.01  # between two levels
_PAUSE_S, _LONGEST_S = 0.3, 12.0
_EASING_S = 0.005

Floats = NDArray[np.float64]


def cut_in_pauses(
    sound: Sound, text: str, words: Sequence[WordHeard]
) -> list[tuple[Sound, str]]:
    """Cut a long reading where its pauses are quietest, and its text with it.

    Returns:
        Parts of 12 s at most where there are pauses of 0.3 s between words; the whole
        where it is short, or where the words are not all found in the text again.
    """
    places = _places(text, words)
    if sound.seconds <= _LONGEST_S or places is None:
        return [(sound, text)]
    level = levels_db(sound)
    cuts: list[tuple[int, int]] = [(0, 0)]  # sample, place in the text
    last = (len(sound.samples), len(text))
    for before, after, place in zip(words, words[1:], places[1:], strict=False):
        if after.start - before.end < _PAUSE_S:
            continue
        first = round(before.end / STEP_S)
        quiet = first + int(np.argmin(level[first : round(after.start / STEP_S)]))
        cuts.append((round((quiet + 0.5) * STEP_S * sound.rate_hz), place))
    longest = round(_LONGEST_S * sound.rate_hz)
    chosen = [cuts[0]]
    for here, there in zip(cuts[1:], [*cuts[2:], last], strict=True):
        if there[0] - chosen[-1][0] > longest:
            chosen.append(here)
    return [
        (Sound(sound.samples[a:b], sound.rate_hz), text[p:q].strip())
        for (a, p), (b, q) in zip(chosen, [*chosen[1:], last], strict=True)
    ]


def levelled(sound: Sound) -> Sound:
    """Bring speech to LOUDNESS_LUFS and ease peaks above PEAK_DB."""
    import pyloudnorm

    samples = sound.samples.astype(np.float64)
    padded = np.pad(samples, (0, max(0, round(0.5 * sound.rate_hz) - len(samples))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        loudness = pyloudnorm.Meter(sound.rate_hz).integrated_loudness(padded)
    if not np.isfinite(loudness):
        return sound
    samples = samples * 10 ** ((LOUDNESS_LUFS - loudness) / 20)
    return Sound(_eased(samples, sound.rate_hz).astype(np.float32), sound.rate_hz)


def levels_db(sound: Sound) -> Floats:
    """(T,) level in dB re full scale, one value for each 10 ms."""
    size = round(STEP_S * sound.rate_hz)
    count = max(1, len(sound.samples) // size)
    padded = np.pad(sound.samples, (0, max(0, size - len(sound.samples))))
    frames = padded[: count * size].reshape(count, size).astype(np.float64)
    return np.asarray(10 * np.log10(np.mean(frames**2, axis=1) + 1e-12))


def loudest_db(sound: Sound) -> float:
    """Level of the loud twentieth of a recording; -120 when there is nothing."""
    return float(np.percentile(levels_db(sound), 95))


def _eased(samples: Floats, rate_hz: int) -> Floats:
    """Turn peaks down, smoothly and ahead of time: a limiter that looks ahead."""
    highest = 10 ** (PEAK_DB / 20)
    reach = max(1, round(_EASING_S * rate_hz))
    wanted = np.minimum(1.0, highest / np.maximum(np.abs(samples), 1e-9))
    if wanted.min() >= 1:
        return samples
    padded = np.pad(wanted, 2 * reach, constant_values=1.0)
    width = 2 * reach + 1
    lowest = np.lib.stride_tricks.sliding_window_view(padded, width).min(axis=1)
    window = np.hanning(width + 2)[1:-1]
    gain = np.convolve(lowest, window / window.sum(), "valid")
    return np.asarray(samples * gain)


def _places(text: str, words: Sequence[WordHeard]) -> list[int] | None:
    """Where each word begins in the text; None where one cannot be found."""
    found: list[int] = []
    start = 0
    for word in words:
        first = word.text.split(" ")[0]
        place = text.find(first, start)
        if place < 0:
            return None
        found.append(place)
        start = place + len(first)
    return found
