"""Vocoder: a voice as pitch and envelope every 5 ms.

Analysis is WORLD's (Morise and others, "WORLD: A Vocoder-Based High-Quality Speech
Synthesis System", 2016) with its fast pitch tracker or its careful one. Envelopes are
kept as mel-cepstra: ``log |H(w)| = sum c_k cos(k v(w))`` with ``v`` the axis that an
all-pass of 0.466 bends as the ear does at 24 kHz.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from avatar_app.fit.voice.hearing import FRAME_S
from avatar_app.media import Sound

RATE_HZ = 24000
CEPSTRUM = 40
_BEND = 0.466
FFT = 1024  # cheaptrick's own size at 24 kHz
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 500.0
_NEAR_VOICED = 4  # frames by which the fast tracker may be late
_CREAK_FRAMES = 4  # voiced stretches up to here are mistakes of the tracker

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """A voice, one row each 5 ms.

    Attributes:
        envelope: (T, CEPSTRUM) mel-cepstrum of the log amplitude.
        pitch: (T) hertz, 0 where unvoiced.
    """

    envelope: Array
    pitch: Array


def analyse(
    sound: Sound,
    lowest_hz: float = _LOWEST_HZ,
    highest_hz: float = _HIGHEST_HZ,
    is_careful: bool = False,
) -> Frames:
    """Measure pitch and envelope of a sound at RATE_HZ.

    Args:
        sound: What to measure.
        lowest_hz: Lowest pitch to look for.
        highest_hz: Highest pitch to look for.
        is_careful: Track the pitch with Harvest: five times the work, steadier where
            the voice is high, but voiced too far into fricatives, so the fast tracker
            still says where voicing is.
    """
    import pyworld

    if sound.rate_hz != RATE_HZ:
        raise ValueError(f"analysis is at {RATE_HZ} Hz, not {sound.rate_hz}")
    samples = sound.samples.astype(np.float64)
    rough, times = pyworld.dio(
        samples, RATE_HZ, lowest_hz, highest_hz, frame_period=FRAME_S * 1000
    )
    if is_careful:
        steady, _ = pyworld.harvest(
            samples, RATE_HZ, lowest_hz, highest_hz, frame_period=FRAME_S * 1000
        )
        near = maximum_filter1d((rough > 0).astype(np.uint8), 2 * _NEAR_VOICED + 1)
        rough = np.where(near > 0, steady, 0.0)
    pitch = _without_specks(pyworld.stonemask(samples, rough, times, RATE_HZ))
    power = pyworld.cheaptrick(samples, pitch, times, RATE_HZ, fft_size=FFT)
    return Frames(0.5 * np.log(np.maximum(power, 1e-14)) @ _projection().T, pitch)


def pitch_range(sounds: Sequence[Sound]) -> tuple[float, float]:
    """Guess within which pitches one person speaks, from sounds at RATE_HZ."""
    import pyworld

    found = [
        pyworld.dio(
            s.samples.astype(np.float64), RATE_HZ, _LOWEST_HZ, _HIGHEST_HZ, speed=4
        )[0]
        for s in sounds
    ]
    voiced = np.concatenate([pitch[pitch > 0] for pitch in found] or [np.zeros(0)])
    if len(voiced) < 20:
        return _LOWEST_HZ, _HIGHEST_HZ
    middle = float(np.median(voiced))
    return max(_LOWEST_HZ, 0.5 * middle), min(_HIGHEST_HZ, 1.9 * middle)


@functools.lru_cache(4)
def basis(fft: int) -> Array:
    """Cosines that turn a mel-cepstrum into log amplitudes: (fft / 2 + 1, CEPSTRUM)."""
    angle = np.linspace(0, np.pi, fft // 2 + 1)
    bent = angle + 2 * np.arctan2(_BEND * np.sin(angle), 1 - _BEND * np.cos(angle))
    return np.asarray(np.cos(bent[:, None] * np.arange(CEPSTRUM)))


@functools.lru_cache(1)
def _projection() -> Array:
    """Least squares from log amplitudes to a mel-cepstrum, even along the bent axis."""
    cosines = basis(FFT)
    angle = np.linspace(0, np.pi, FFT // 2 + 1)
    weight = (1 - _BEND**2) / (1 + _BEND**2 - 2 * _BEND * np.cos(angle))
    weighted = cosines * weight[:, None]
    return np.asarray(np.linalg.solve(cosines.T @ weighted, weighted.T))


def _without_specks(pitch: Array) -> Array:
    """Unvoice stretches too short to be a sound."""
    voiced = np.concatenate([[False], pitch > 0, [False]])
    edges = np.flatnonzero(voiced[1:] != voiced[:-1])
    kept = pitch.copy()
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin <= _CREAK_FRAMES:
            kept[begin:end] = 0.0
    return kept
