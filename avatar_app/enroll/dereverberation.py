"""Dereverberation: how much a room echoes in a recording, and taking it out.

Source:
    Nakatani, Yoshioka, Kinoshita, Miyoshi and Juang, "Speech Dereverberation Based on
    Variance-Normalized Delayed Linear Prediction" (2010), one microphone;
    Wen, Habets and Naylor, "Blind estimation of reverberation time based on the
    distribution of signal decay rates" (2008), here their steep side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import istft, stft

from avatar_app.media import Sound

_WINDOW_S, _HOP_S = 0.032, 0.008
_DELAY = 3  # frames: what comes sooner is the voice itself
_TAPS_S = 0.2  # of past from which the echo is told
_ROUNDS = 3
_FLOOR = 1e-3  # of the mean power: below this a frame counts no more than that
_LOADING = 1e-4
_BANDS_HZ = (500, 1000, 2000, 4000)
_LOOK_S, _STEP_S = 0.016, 0.008
_FALL_S = 0.096  # over which a slope is measured
_STEEP = 0.05
_LOUD_DB = 30.0  # below a band's loud moments; falls that begin lower do not count

Floats = NDArray[np.float64]


def dereverberate(sound: Sound) -> Sound:
    """Return the same recording, of the same length, with less of the room's tail."""
    size = 2 ** round(np.log2(_WINDOW_S * sound.rate_hz))
    hop = size // 4
    taps = max(4, round(_TAPS_S * sound.rate_hz / hop))
    _, _, frames = stft(
        sound.samples.astype(np.float64), nperseg=size, noverlap=size - hop
    )
    for band in range(1, frames.shape[0]):
        frames[band] = _without_tail(frames[band], taps)
    _, back = istft(frames, nperseg=size, noverlap=size - hop)
    dry = np.asarray(back[: len(sound.samples)], np.float32)
    return Sound(np.pad(dry, (0, len(sound.samples) - len(dry))), sound.rate_hz)


def _without_tail(band: NDArray[np.complex128], taps: int) -> NDArray[np.complex128]:
    """Take off what the past of this band predicts: (T) to (T)."""
    count = len(band)
    if count <= _DELAY + 2 * taps:
        return band
    past = np.stack(
        [
            np.concatenate([np.zeros(_DELAY + k, complex), band[: count - _DELAY - k]])
            for k in range(taps)
        ]
    )  # (taps, T)
    dry = band
    least = _FLOOR * float(np.mean(np.abs(band) ** 2)) + 1e-20
    for _ in range(_ROUNDS):
        weight = 1 / np.maximum(np.abs(dry) ** 2, least)
        weighted = past * weight
        matrix = weighted @ past.conj().T
        matrix += _LOADING * np.trace(matrix).real / taps * np.eye(taps)
        told = np.linalg.solve(matrix, weighted @ band.conj())
        dry = band - told.conj() @ past
    return dry


def decay_seconds(sound: Sound) -> float:
    """Estimate how long what is said here takes to fall silent by 60 dB.

    A voice cannot stop faster than its room lets it: of all slopes of the level in an
    octave band, the steep twentieth tells. Dry rooms give 0.13 to 0.20, and echo
    makes it rise steadily (benchmarks/preparing.py). Noise also fills the falls, so
    it is judged after denoising.

    Returns:
        Seconds; 0 where there is too little sound to tell.
    """
    size = 2 ** round(np.log2(_LOOK_S * sound.rate_hz))
    hop = round(_STEP_S * sound.rate_hz)
    if len(sound.samples) < 4 * size:
        return 0.0
    hertz, _, spectra = stft(
        sound.samples.astype(np.float64),
        sound.rate_hz,
        nperseg=size,
        noverlap=size - hop,
    )
    power = np.abs(spectra) ** 2
    found = [
        _steepest(10 * np.log10(power[inside].sum(axis=0) + 1e-14))
        for middle in _BANDS_HZ
        if (inside := (hertz >= middle / 2**0.5) & (hertz < middle * 2**0.5)).any()
    ]
    slopes = [slope for slope in found if slope < 0]
    return float(np.median([-60 / slope for slope in slopes])) if slopes else 0.0


def _steepest(level: Floats) -> float:
    """Slope of the steep falls of a level in dB, per second; 0 without any."""
    count = round(_FALL_S / _STEP_S)
    if len(level) < count:
        return 0.0
    moments = (np.arange(count) - (count - 1) / 2) * _STEP_S
    windows = np.lib.stride_tricks.sliding_window_view(level, count)
    windows = windows[windows.max(axis=1) > np.percentile(level, 95) - _LOUD_DB]
    slopes = windows @ moments / (moments @ moments)
    return min(0.0, float(np.quantile(slopes, _STEEP)))
