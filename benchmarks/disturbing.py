"""Recordings disturbed on purpose: noise, rooms, whispers and shouts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyworld
from scipy.signal import fftconvolve

from avatar_app.media import Sound

_RATE_HZ = 16000


def noisy(sound: Sound, above_db: float, seed: int = 0) -> Sound:
    """Add noise that falls by 3 dB an octave, as rooms and fans do."""
    count = len(sound.samples)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=count))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 20))
    noise = np.fft.irfft(spectrum, count)
    ratio = np.mean(sound.samples**2) / np.mean(noise**2) / 10 ** (above_db / 10)
    mixed = sound.samples + noise * np.sqrt(ratio)
    return Sound(mixed.astype(np.float32), sound.rate_hz)


def in_room(sound: Sound, seconds: float, direct_db: float, seed: int = 0) -> Sound:
    """Play it in a room: noise that decays by 60 dB in so many seconds.

    Source:
        Polack, "La transmission de l'énergie sonore dans les salles" (1988).
    """
    count = round(1.2 * seconds * sound.rate_hz)
    tail = np.random.default_rng(seed).normal(size=count)
    tail *= 10 ** (-3 * np.arange(count) / sound.rate_hz / seconds)
    tail[: round(0.004 * sound.rate_hz)] = 0
    tail *= np.sqrt(10 ** (-direct_db / 10) / np.sum(tail**2))
    tail[0] = 1
    played = fftconvolve(sound.samples.astype(np.float64), tail)[: len(sound.samples)]
    played *= np.sqrt(np.mean(sound.samples**2) / np.mean(played**2))
    return Sound(played.astype(np.float32), sound.rate_hz)


def whispered(sound: Sound) -> Sound:
    """Say it again without a pitch, weak below 1 kHz."""
    samples = sound.at(_RATE_HZ).samples.astype(np.float64)
    pitch, times = pyworld.harvest(samples, _RATE_HZ)
    power = pyworld.cheaptrick(samples, pitch, times, _RATE_HZ)
    hertz = np.linspace(0, _RATE_HZ / 2, power.shape[1])
    power = power * 10 ** ((np.clip(hertz / 1000, 0, 1) - 1) * 1.2)
    said = pyworld.synthesize(0 * pitch, power, np.ones_like(power), _RATE_HZ)
    return Sound((0.5 * said / np.abs(said).max()).astype(np.float32), _RATE_HZ)


def shouted(sound: Sound, higher: float = 2.0) -> Sound:
    """Say it again higher, with a wider jaw and 8 dB brighter, as shouting does.

    Source:
        Rostolland, "Acoustic features of shouted voice" (1982).
    """
    samples = sound.at(_RATE_HZ).samples.astype(np.float64)
    pitch, times = pyworld.harvest(samples, _RATE_HZ)
    power = pyworld.cheaptrick(samples, pitch, times, _RATE_HZ)
    breath = pyworld.d4c(samples, pitch, times, _RATE_HZ)
    hertz = np.linspace(0, _RATE_HZ / 2, power.shape[1])
    # The first formant goes up by a quarter.
    bent = np.interp(hertz, [0, 300, 750, 1500, 8000], [0, 250, 600, 1450, 8000])
    power = np.array([np.interp(bent, hertz, row) for row in power])
    gain = np.interp(hertz, [50, 500, 1000, 3000], [-8, 0, 6, 8])
    said = pyworld.synthesize(
        pitch * higher, power * 10 ** (gain / 10), breath, _RATE_HZ
    )
    return Sound((0.9 * said / np.abs(said).max()).astype(np.float32), _RATE_HZ)


Disturbing = Callable[[Sound], Sound]
DISTURBED: dict[str, Disturbing] = {
    "as recorded": lambda sound: sound,
    "noise 30 dB": lambda sound: noisy(sound, 30),
    "noise 20 dB": lambda sound: noisy(sound, 20),
    "noise 10 dB": lambda sound: noisy(sound, 10),
    "noise 0 dB": lambda sound: noisy(sound, 0),
    "room .3 s": lambda sound: in_room(sound, 0.3, 5),
    "room .5 s": lambda sound: in_room(sound, 0.5, 5),
    "room .8 s": lambda sound: in_room(sound, 0.8, 0),
    "room .5, 20 dB": lambda sound: noisy(in_room(sound, 0.5, 5), 20),
}
