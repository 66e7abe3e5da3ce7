"""Disturb: the same speech as if another person said it elsewhere, again and again.

What is drawn per view: another throat (spectrum warped, pitch and formants shifted),
a room, noise or other people's talk, a microphone (tilt, bumps, narrow band, clipping)
and level. The clock is shared by both views of a crop: only tempo moves it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import irfft, rfft, rfftfreq
from scipy.signal import fftconvolve
from store import Utterance

from avatar_app.weights import mel
from avatar_app.weights.mel import BANDS, EAR_HZ
from avatar_app.weights.sounds import gestures_over
from avatar_app.weights.spoken import sounds_at

FRAMES = 256  # mel frames per crop
_HOP = EAR_HZ // mel.FRAMES_HZ
_BINS_HZ = np.arange(257) * EAR_HZ / 512

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A stretch of speech with what is said in it.

    Attributes:
        samples: (S,) float32 at EAR_HZ.
        tempo: Mel frames per 10 ms of it.
        sounds: (FRAMES / 2,) indices into SOUNDS, -1 where unknown.
        gestures: (FRAMES / 2, G) in [0, 1].
    """

    samples: Array
    tempo: float
    sounds: NDArray[np.int64]
    gestures: Array


def crop_of(one: Utterance, dice: np.random.Generator) -> Crop:
    """Cut a crop out of an utterance; silence stands where it reaches beyond."""
    tempo = float(np.clip(np.exp(dice.normal(0, 0.13)), 0.72, 1.4))
    length = round(FRAMES * _HOP * tempo)
    room = len(one.pcm) - length
    slack = 0.15 * EAR_HZ if dice.random() < 0.7 else 0.8 * EAR_HZ
    at = round(dice.uniform(min(0, room) - slack, max(0, room) + slack))
    samples = np.zeros(length, np.float32)
    first, last = max(0, at), min(len(one.pcm), at + length)
    if last > first:
        samples[first - at : last - at] = one.pcm[first:last] / np.float32(32768)
    moments = at / EAR_HZ + (np.arange(FRAMES // 2) + 0.5) * 0.02 * tempo
    sounds = sounds_at(one.spans, moments)
    sounds[(moments < 0) | (moments > one.seconds)] = 0
    return Crop(samples, tempo, sounds, gestures_over(sounds, 50.0))


def silence(dice: np.random.Generator) -> Crop:
    """Nobody speaks: noise alone, or nothing at all."""
    samples = np.zeros(FRAMES * _HOP, np.float32)
    if dice.random() < 0.9:
        samples = noise(len(samples), dice) * np.float32(10 ** dice.uniform(-4, -1))
    sounds = np.zeros(FRAMES // 2, np.int64)
    return Crop(samples, 1.0, sounds, gestures_over(sounds, 50.0))


def view(
    crop: Crop, others: list[Array], colour: Array, dice: np.random.Generator
) -> Array:
    """Return one disturbed, evened (FRAMES, BANDS) hearing of a crop.

    Args:
        crop: What is said.
        others: Other crops' samples, for talk in the background.
        colour: As ``mel.evened`` wants it.
        dice: Drawn from.
    """
    samples, shift = crop.samples, 1.0
    if dice.random() < 0.6:  # pitch and formants together, as in a larger person
        shift = float(np.clip(np.exp(dice.normal(0, 0.12)), 0.72, 1.35))
        samples = soxr.resample(samples, EAR_HZ * shift, EAR_HZ, quality="LQ")
    # ``shift`` > 1 shortens it and moves all frequencies up by as much.
    if dice.random() < 0.35:
        samples = in_a_room(samples, dice)
    if dice.random() < 0.7:
        samples = among_noise(samples, others, dice)
    if dice.random() < 0.08:
        loudest = float(np.abs(samples).max()) + 1e-6
        drive = dice.uniform(1.5, 5)
        samples = np.tanh(samples / loudest * drive) * loudest
    step = _HOP * crop.tempo / shift
    starts = np.round((np.arange(FRAMES) + 0.5) * step - _HOP / 2).astype(np.int64)
    powers = mel.powers(samples.astype(np.float32), np.maximum(0, starts))
    powers = powers * through_microphone(dice)
    # Throats differ by about ±20 %; steps of 2 % let the filters be kept.
    warp = round(float(np.clip(np.exp(dice.normal(0, 0.10)), 0.78, 1.28)) / 0.02) * 0.02
    mels = np.log(powers @ mel.mel_filters(warp).T + 1e-10)
    heard = mel.evened(mels, colour)
    for _ in range(int(dice.integers(0, 3))):
        width = int(dice.integers(2, 11))
        low = int(dice.integers(0, BANDS - width))
        heard[:, low : low + width] = 0
    for _ in range(int(dice.integers(0, 3))):
        width = int(dice.integers(1, 9))
        at = int(dice.integers(0, FRAMES - width))
        heard[at : at + width] = 0
    return heard


def in_a_room(samples: Array, dice: np.random.Generator) -> Array:
    """Let walls answer: noise that dies away, after the direct sound."""
    fades = dice.uniform(0.12, 0.6)
    times = np.arange(round(fades * EAR_HZ)) / EAR_HZ
    answer = dice.standard_normal(len(times)) * 10 ** (-3 * times / fades)
    answer[: round(0.002 * EAR_HZ)] = 0
    answer *= 10 ** (-dice.uniform(-2, 12) / 20) / np.sqrt((answer**2).sum() + 1e-9)
    answer[0] = 1
    heard = fftconvolve(samples, answer.astype(np.float32))[: len(samples)]
    return np.asarray(heard, np.float32)


def among_noise(
    samples: Array, others: list[Array], dice: np.random.Generator
) -> Array:
    """Add noise of some colour, hum, or other people's talk."""
    level = float(np.sqrt(np.mean(samples**2)))
    if level < 1e-5:
        level = 10 ** dice.uniform(-4, -2)
    below = 10 ** (-np.clip(dice.normal(20, 9), 2, 45) / 20)
    kind = dice.random()
    if kind < 0.75 or not others:
        added = noise(len(samples), dice)
    else:
        below *= 0.5
        added = np.zeros(len(samples), np.float32)
        for _ in range(int(dice.integers(1, 5))):
            other = others[int(dice.integers(len(others)))]
            turned = np.roll(other, int(dice.integers(len(other))))
            added += np.resize(turned, len(added))
    strength = float(np.sqrt(np.mean(added**2))) + 1e-9
    return samples + added * np.float32(level * below / strength)


def noise(count: int, dice: np.random.Generator) -> Array:
    """Return noise of a random colour, strength 1, at times with hum."""
    spectrum = rfft(dice.standard_normal(count).astype(np.float32))
    hertz = rfftfreq(count, 1 / EAR_HZ)
    corner = dice.uniform(30, 800)
    shape = (1 + (hertz / corner) ** 2) ** (-0.5 * dice.uniform(-0.1, 1.0))
    made = irfft(spectrum * shape.astype(np.float32), count)
    made /= np.sqrt(np.mean(made**2)) + 1e-9
    if dice.random() < 0.15:
        hum = dice.choice([50, 60, 100, 120]) * np.arange(count) / EAR_HZ * 2 * np.pi
        made += np.sin(hum) + 0.5 * np.sin(2 * hum) + 0.3 * np.sin(3 * hum)
    if dice.random() < 0.3:  # it comes and goes
        knots = dice.uniform(0, 1, 6)
        made *= np.interp(np.linspace(0, 5, count), np.arange(6), knots)
    return np.asarray(made, np.float32)


def through_microphone(dice: np.random.Generator) -> Array:
    """Return gains of power per FFT bin: level, tilt, bumps, and a narrow band."""
    octaves = np.log2(np.maximum(_BINS_HZ, 60) / 1000)
    decibels = dice.uniform(-25, 10) + dice.normal(0, 2.0) * octaves
    knots = dice.normal(0, 2.5, 8)
    decibels += np.interp(octaves, np.linspace(-4, 3, 8), knots)
    kind = dice.random()
    if kind < 0.12:
        decibels[dice.uniform(2800, 7500) < _BINS_HZ] -= dice.uniform(25, 60)
    elif kind < 0.17:
        decibels[(_BINS_HZ < 300) | (_BINS_HZ > 3400)] -= dice.uniform(15, 40)
    elif kind < 0.27:
        decibels[dice.uniform(80, 250) > _BINS_HZ] -= dice.uniform(10, 30)
    return np.asarray(10 ** (decibels / 10), np.float32)
