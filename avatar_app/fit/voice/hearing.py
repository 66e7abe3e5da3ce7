"""Hearing: what a sound is like, frame by frame, before anything is learned.

Mel-cepstra as recognizers use them (for alignment, and as the guide that espeak-ng's
own speech gives the network), the loudness of a voice, and where it begins and ends.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from avatar_app.media import Sound

FRAME_S = 0.005  # every frame of the voice, everywhere in this room
CEPSTRA = 16  # 13 is usual; 16 keeps a little more of the formants for the guide
_EAR_HZ = 16000  # alignment needs nothing above 8 kHz
_WINDOW, _FFT = 400, 512  # 25 ms
_MELS = 40

Array = NDArray[np.float64]


def mel_cepstra(sound: Sound) -> Array:
    """Return (T, CEPSTRA) mel-cepstra, one row each 5 ms, centred on its moment."""
    samples = sound.at(_EAR_HZ).samples.astype(np.float64)
    hop = round(_EAR_HZ * FRAME_S)
    count = len(samples) // hop + 1
    padded = np.pad(samples, (_FFT // 2, _FFT // 2 + hop))
    views = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::hop][:count]
    power = np.abs(np.fft.rfft(views * _ear_window(), axis=1)) ** 2  # (T, 257)
    mels = np.log(power @ _mel_filters().T + 1e-8)
    cepstra: Array = dct(mels, type=2, norm="ortho", axis=1)[:, :CEPSTRA]
    return cepstra


def with_changes(frames: Array) -> Array:
    """Append how each value changes, and how that change changes: (T, 3 D)."""
    first = _slope(frames)
    return np.concatenate([frames, first, _slope(first)], axis=1)


def evened(frames: Array) -> Array:
    """Bring every column to mean 0 and deviation 1 over the sentence."""
    return np.asarray((frames - frames.mean(0)) / (frames.std(0) + 1e-5))


def loudness_db(sound: Sound) -> Array:
    """Return (T,) level in dB re full scale, one value each 5 ms over 20 ms."""
    hop = round(sound.rate_hz * FRAME_S)
    count = len(sound.samples) // hop + 1
    power = np.pad(sound.samples.astype(np.float64) ** 2, (2 * hop, 3 * hop))
    summed = np.concatenate([[0.0], np.cumsum(power)])
    starts = np.arange(count) * hop
    mean = (summed[starts + 4 * hop] - summed[starts]) / (4 * hop)
    return np.asarray(10 * np.log10(np.maximum(mean, 1e-10)))


def spoken_level_db(sound: Sound) -> float:
    """Mean level of the parts that are spoken (within 30 dB of the loudest)."""
    level = loudness_db(sound)
    loud = level[level > level.max() - 30]
    return float(10 * np.log10(np.mean(10 ** (loud / 10))))


def spoken_span(sound: Sound, below_db: float = 38.0) -> tuple[float, float]:
    """Seconds at which speech begins and ends, by level below the 95th percentile."""
    level = loudness_db(sound)
    spoken = np.flatnonzero(level > np.percentile(level, 95) - below_db)
    return float(spoken[0] * FRAME_S), float(min(sound.seconds, spoken[-1] * FRAME_S))


def _slope(frames: Array, reach: int = 4) -> Array:
    """Least-squares slope over ± ``reach`` frames."""
    padded = np.pad(frames, ((reach, reach), (0, 0)), mode="edge")
    weights = np.arange(-reach, reach + 1) / (2 * sum(k * k for k in range(reach + 1)))
    count = len(frames)
    return np.asarray(sum(w * padded[k : k + count] for k, w in enumerate(weights)))


@functools.lru_cache(1)
def _ear_window() -> Array:
    window = np.zeros(_FFT)
    start = (_FFT - _WINDOW) // 2
    window[start : start + _WINDOW] = np.hanning(_WINDOW)
    return window


@functools.lru_cache(1)
def _mel_filters() -> Array:
    """Triangles on the mel scale from 60 Hz to 7.8 kHz: (40, 257)."""
    edges_mel = np.linspace(_mel(60.0), _mel(7800.0), _MELS + 2)
    edges = 700 * (10 ** (edges_mel / 2595) - 1)
    bins = np.arange(_FFT // 2 + 1) * _EAR_HZ / _FFT
    rise = (bins[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins[None]) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0.0, np.minimum(rise, fall)))


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))
