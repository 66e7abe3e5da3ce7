"""Draw: crops of the gathered speech, as other people and microphones would sound.

Resampling moves pitch and formants together: from a few women come men and children.
What is drawn is both what goes in (through the mel spectrogram) and what is wanted.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import irfft, rfft, rfftfreq
from scipy.signal import fftconvolve

from avatar_app.weights.vocoder_network import HOP, VOICE_HZ

FRAMES = 96  # per crop, 0.96 s
_SAMPLES = FRAMES * HOP
# How much more often than by their hours: there is one man among the readers.
_OFTEN = {"flemishguy": 2.5, "flite rms": 1.5, "kathleen": 1.2, "librivox_austen": 4.0}
_SLOWEST, _FASTEST = 0.7, 1.3
_QUIETEST = 3e-4  # a crop below this has nobody speaking

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """Everything gathered.

    Attributes:
        samples: (N) int16 at VOICE_HZ.
        tunes: log hertz of every utterance's frames, one after the other.
        starts: (U) frame in ``samples`` at which an utterance begins.
        tune_starts: (U) row in ``tunes`` at which it begins.
        frames: (U) whole frames of it; its tune has one row more.
        speakers: (U) who speaks.
        watched: (U) whether it is kept for watching.
    """

    samples: NDArray[np.int16]
    tunes: Array
    starts: NDArray[np.int64]
    tune_starts: NDArray[np.int64]
    frames: NDArray[np.int64]
    speakers: NDArray[np.str_]
    watched: NDArray[np.bool_]


def load(folder: Path) -> Speech:
    """Read what gather.py wrote."""
    with (folder / "utterances.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    frames = np.array([int(row["frames"]) for row in rows])
    return Speech(
        samples=np.load(folder / "samples.npy", mmap_mode="r"),
        tunes=np.load(folder / "tunes.npy"),
        starts=np.cumsum(frames) - frames,
        tune_starts=np.cumsum(frames + 1) - frames - 1,
        frames=frames,
        speakers=np.array([row["speaker"] for row in rows]),
        watched=np.array([row["watched"] == "1" for row in rows]),
    )


def odds(speech: Speech) -> NDArray[np.float64]:
    """How likely each utterance is to be drawn: (U), sum 1."""
    often = np.array([_OFTEN.get(str(who), 1.0) for who in speech.speakers])
    usable = (speech.frames > FRAMES * _FASTEST + 2) & ~speech.watched
    weight = often * speech.frames * usable
    return np.asarray(weight / weight.sum())


def crop(
    speech: Speech, number: int, dice: np.random.Generator, is_plain: bool = False
) -> tuple[Array, Array]:
    """Cut a crop out of an utterance: (FRAMES * HOP) samples, (FRAMES + 1) tune.

    Args:
        speech: What was gathered.
        number: Of the utterance.
        dice: To draw with.
        is_plain: Leave it as it was recorded.
    """
    for _ in range(4):
        speed = 1.0 if is_plain else drawn_speed(str(speech.speakers[number]), dice)
        room = int(speech.frames[number]) - int(np.ceil(FRAMES * speed)) - 1
        first = int(dice.integers(0, max(1, room)))
        begin = (int(speech.starts[number]) + first) * HOP
        part = speech.samples[begin : begin + int(np.ceil(_SAMPLES * speed)) + HOP]
        samples = np.asarray(part, np.float32) / np.float32(32768)
        if speed != 1.0:
            samples = soxr.resample(samples, VOICE_HZ * speed, VOICE_HZ)
        samples = np.pad(samples, (0, max(0, _SAMPLES - len(samples))))[:_SAMPLES]
        if np.sqrt(np.mean(samples**2)) > _QUIETEST:
            break
    at = np.clip(first + np.arange(FRAMES + 1) * speed, 0, speech.frames[number])
    begin = int(speech.tune_starts[number])
    tune = speech.tunes[begin : begin + int(speech.frames[number]) + 1]
    line = np.interp(at, np.arange(len(tune)), tune) + np.log(speed)
    if not is_plain:
        samples = recorded_elsewhere(samples, dice)
    return np.asarray(samples, np.float32), np.asarray(line, np.float32)


def drawn_speed(speaker: str, dice: np.random.Generator) -> float:
    """How much higher a crop is to sound; women are lowered more often than raised."""
    if dice.random() < 0.35:
        return 1.0
    lower = 0.95 if speaker in ("flemishguy", "flite rms", "flite kal16") else 0.86
    drawn = lower * np.exp(0.16 * dice.standard_normal())
    return float(np.clip(drawn, _SLOWEST, _FASTEST))


def recorded_elsewhere(samples: Array, dice: np.random.Generator) -> Array:
    """Another level, microphone, room and noise."""
    spectrum = rfft(samples, 2 * _SAMPLES)
    hertz = rfftfreq(2 * _SAMPLES, 1 / VOICE_HZ)
    if dice.random() < 0.5:
        knots = np.log(np.array([50, 150, 400, 1000, 2500, 6000, 12000.0]))
        bumps = np.cumsum(dice.normal(0, 1.5, len(knots)))
        bumps -= bumps.mean()
        decibels = np.interp(np.log(np.maximum(hertz, 20)), knots, bumps)
        spectrum = spectrum * 10 ** (decibels / 20)
    if dice.random() < 0.25:  # a rate of 16 or 22.05 kHz, or less
        cut = dice.choice([4000, 5500, 7700, 8000, 10500, 11025])
        spectrum = spectrum / (1 + np.minimum(hertz / cut, 4) ** 80)
    samples = np.asarray(irfft(spectrum)[:_SAMPLES], np.float32)
    if dice.random() < 0.12:
        length = int(dice.uniform(0.1, 0.4) * VOICE_HZ)
        tail = dice.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
        tail *= dice.uniform(0.05, 0.3) / np.sqrt((tail**2).sum())
        tail[0] = 1.0
        samples = fftconvolve(samples, tail)[:_SAMPLES].astype(np.float32)
    level = float(np.sqrt(np.mean(samples**2))) + 1e-9
    if dice.random() < 0.3:
        noise = rfft(dice.standard_normal(_SAMPLES))
        noise[1:] *= np.arange(1, len(noise)) ** -dice.uniform(0.0, 0.6)
        hiss = irfft(noise)
        hiss *= level * 10 ** (dice.uniform(-60, -25) / 20) / np.std(hiss)
        samples = samples + hiss.astype(np.float32)
    wanted = 10 ** (dice.normal(-24, 5) / 20)
    return np.asarray(samples * np.float32(min(wanted / level, 30.0)), np.float32)
