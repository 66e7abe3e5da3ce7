"""Made recordings for the tests: espeak-ng reads, noise and rooms are added."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from avatar_app.media import Sound
from avatar_app.phonetics import speak

TEXTS = (
    "The boy was there when the sun rose above the river.",
    "A rod is used to catch pink salmon in the summer.",
    "The source of the huge river is the clear spring.",
    "Kick the ball straight and follow through with care.",
    "Help the woman get back to her feet before the train comes.",
    "A pot of tea helps to pass the evening with friends.",
)
SPANISH = (
    "El perro duerme debajo de la mesa de la cocina.",
    "Mañana vamos a la playa con toda la familia.",
    "La biblioteca abre sus puertas a las nueve.",
    "Me gusta mucho el pan que hace mi abuela.",
    "El tren para Madrid sale dentro de veinte minutos.",
    "Los niños juegan en el parque después de la escuela.",
)


@functools.lru_cache(32)
def said(text: str, voice: str = "en-us") -> Sound:
    """A sentence with half a second of a quiet room around it."""
    sound, _, _ = speak(text, voice)
    half = sound.rate_hz // 2
    room = np.random.default_rng(1).normal(0, 1e-5, len(sound.samples) + 2 * half)
    samples = 0.3 * np.pad(sound.samples, half) + room
    return Sound(samples.astype(np.float32), sound.rate_hz)


def with_noise(sound: Sound, above_db: float) -> Sound:
    """Add even noise; the speech stands so far above it."""
    noise = np.random.default_rng(2).normal(size=len(sound.samples))
    noise *= np.sqrt(np.mean(sound.samples**2) / 10 ** (above_db / 10))
    return Sound((sound.samples + noise).astype(np.float32), sound.rate_hz)


def in_room(sound: Sound, seconds: float, direct_db: float) -> Sound:
    """Play it in a room whose noise decays by 60 dB in so many seconds."""
    count = round(1.2 * seconds * sound.rate_hz)
    tail = np.random.default_rng(3).normal(size=count)
    tail *= 10 ** (-3 * np.arange(count) / sound.rate_hz / seconds)
    tail *= np.sqrt(10 ** (-direct_db / 10) / np.sum(tail**2))
    tail[0] += 1
    played = np.convolve(sound.samples, tail)[: len(sound.samples)]
    return Sound(played.astype(np.float32), sound.rate_hz)


def whisper(sound: Sound) -> Sound:
    """Keep the spectrum of each moment and throw its pitch away."""
    import pyworld

    samples = sound.samples.astype(np.float64)
    pitch, times = pyworld.harvest(samples, sound.rate_hz)
    power = pyworld.cheaptrick(samples, pitch, times, sound.rate_hz)
    return _made(
        pyworld.synthesize(0 * pitch, power, np.ones_like(power), sound.rate_hz), sound
    )


def shout(sound: Sound) -> Sound:
    """Say it three times as high and 10 dB brighter."""
    import pyworld

    samples = sound.samples.astype(np.float64)
    pitch, times = pyworld.harvest(samples, sound.rate_hz)
    power = pyworld.cheaptrick(samples, pitch, times, sound.rate_hz)
    breath = pyworld.d4c(samples, pitch, times, sound.rate_hz)
    hertz = np.linspace(0, sound.rate_hz / 2, power.shape[1])
    power = power * np.interp(hertz, [200, 800], [0.1, 1.0])
    return _made(pyworld.synthesize(3.2 * pitch, power, breath, sound.rate_hz), sound)


def _made(samples: NDArray[np.float64], like: Sound) -> Sound:
    samples = 0.5 * samples / np.abs(samples).max()
    return Sound(samples.astype(np.float32), like.rate_hz)
