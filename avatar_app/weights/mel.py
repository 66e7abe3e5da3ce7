"""Mel: how the phone encoder's ear sees a sound, whatever its level and microphone.

Log powers in mel bands, 100 a second. Then the mean over the loud moments of some
seconds around is taken away: its level wholly, its colour as far as there was enough
speech to know it.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

EAR_HZ = 16000
BANDS = 64
FRAMES_HZ = 100
_WINDOW, _FFT = 400, 512  # 25 ms
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7600.0
# Narrower filters would follow the single harmonics of a high voice.
_HALF_WIDTH_HZ = 50.0
_QUIET = 1e-10
_FAINTEST_LEVEL = -14.0  # mean log power; fainter sounds are not raised to speech level
_SURE_FRAMES = 100.0  # of speech, at which the colour is trusted by half
_AROUND = 300  # frames to either side
_DEEPEST, _SCALE = 10.0, 3.0
_TOGETHER = 3000  # frames at once: memory does not grow with the sound

Array = NDArray[np.float32]


def log_mel(samples: Array, count: int | None = None) -> Array:
    """Return (T, BANDS) log powers; frame j is centred at (j + 0.5) / 100 s.

    Args:
        samples: (S,) in [-1, 1] at EAR_HZ.
        count: T; round(S / 160) unless given.
    """
    hop = EAR_HZ // FRAMES_HZ
    if count is None:
        count = round(len(samples) / hop)
    mels = np.empty((count, BANDS), np.float32)
    for first in range(0, count, _TOGETHER):
        some = slice(first, min(count, first + _TOGETHER))
        starts = np.arange(some.start, some.stop) * hop
        mels[some] = powers(samples, starts) @ mel_filters().T
    return np.asarray(np.log(mels + _QUIET))


def powers(samples: Array, starts: NDArray[np.int64]) -> Array:
    """Return the power spectra (T, 257) of windows around ``starts`` + 5 ms."""
    if len(starts) == 0:
        return np.zeros((0, _FFT // 2 + 1), np.float32)
    before = _WINDOW // 2 - EAR_HZ // FRAMES_HZ // 2
    first, last = int(starts[0]) - before, int(starts[-1]) - before + _WINDOW
    heard = samples[max(0, first) : max(0, last)]
    padded = np.pad(heard, (max(0, -first), max(0, last - max(0, first) - len(heard))))
    views = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)
    frames = views[starts - starts[0]]
    spectra = rfft(frames * _window(), _FFT, axis=1)
    power: Array = spectra.real**2 + spectra.imag**2
    return power


@functools.lru_cache(64)
def mel_filters(warp: float = 1.0) -> Array:
    """Triangles on the mel scale, (BANDS, 257), their centres moved by ``warp``."""
    highest = 2595 * np.log10(1 + _HIGHEST_HZ / 700)
    lowest = 2595 * np.log10(1 + _LOWEST_HZ / 700)
    edges = 700 * (10 ** (np.linspace(lowest, highest, BANDS + 2) / 2595) - 1)
    edges = np.minimum(edges * warp, 7900.0 - 20.0 * np.arange(BANDS + 2)[::-1])
    middle = edges[1:-1, None]
    left = np.minimum(edges[:-2, None], middle - _HALF_WIDTH_HZ)
    right = np.maximum(edges[2:, None], middle + _HALF_WIDTH_HZ)
    bins = np.arange(_FFT // 2 + 1) * EAR_HZ / _FFT
    rise = (bins - left) / (middle - left)
    fall = (right - bins) / (right - middle)
    filters = np.maximum(0.0, np.minimum(rise, fall))
    return np.asarray(filters / filters.sum(1, keepdims=True), np.float32)


def evened(mels: Array, colour: Array) -> Array:
    """Take the level and the colour of the recording out of log mels.

    Args:
        mels: (T, BANDS) log powers.
        colour: (BANDS,) the usual mean shape of speech, trusted where there is little.

    Returns:
        (T, BANDS), about -3 to 2; 0 is the mean of the loud moments around.
    """
    level = mels.mean(1, keepdims=True, dtype=np.float64)
    loud = np.exp(0.5 * level) + 1e-6
    mass = _around(loud)
    usual_level = _around(loud * level) / mass
    shape = _around(loud * (mels - level)) / mass
    sure = mass**2 / _around(loud**2)
    shape = (sure * shape + _SURE_FRAMES * colour) / (sure + _SURE_FRAMES)
    usual = np.maximum(usual_level, _FAINTEST_LEVEL) + shape
    return np.asarray(np.maximum(mels - usual, -_DEEPEST) / _SCALE, np.float32)


def _around(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over some seconds to either side of each frame."""
    summed = np.concatenate([np.zeros((1, columns.shape[1])), columns.cumsum(0)])
    place = np.arange(len(columns))
    first = np.maximum(0, place - _AROUND)
    last = np.minimum(len(columns), place + _AROUND + 1)
    return np.asarray(summed[last] - summed[first])


@functools.lru_cache(1)
def _window() -> Array:
    # Power of a sound does not depend on the window's length.
    window = np.hanning(_WINDOW)
    return np.asarray(window / np.sqrt((window**2).sum()), np.float32)
