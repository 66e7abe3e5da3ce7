"""Grains: real speech cut into single pulses, which can be laid out in a new rhythm.

A voiced grain is two periods around one beat of the vocal folds, an unvoiced one
10 ms of noise. Laid at other distances they give another pitch, repeated or left out
another length, and each can be coloured to another envelope, while breath and phase
stay those of the person: no artificial pulses, so no buzz.

Source:
    Moulines and Charpentier, "Pitch-synchronous waveform processing techniques for
    text-to-speech synthesis using diphones" (1990), here with beats taken from the
    phase of the fundamental so that units of different sentences meet in step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from avatar_app.fit.voice.hearing import FRAME_S
from avatar_app.fit.voice.vocoder import RATE_HZ, basis

NOISE_S = 0.005  # distance of unvoiced grains
_COARSE = 4  # the fundamental is tracked at RATE_HZ / 4
_HALF = 480  # longest half grain: a period of 50 Hz
_FFT = 2048
_FALL, _RISE = -2.3, 0.9  # nepers: a grain is coloured down by 20 dB, up by 8 at most;
# lifted further, single sibilants became whistles that hit the ceiling of -3 dB

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """Where the grains of one recording lie.

    Attributes:
        at: (M) samples, rising.
        half: (M) samples from a grain's middle to its edge.
        voiced: (M) whether it is a beat of the vocal folds.
    """

    at: Ints
    half: Ints
    voiced: NDArray[np.bool_]


def fundamental_phase(samples: NDArray[np.float32], pitch: Array) -> Array:
    """Follow the phase of the fundamental: (S / 4) radians, unwrapped."""
    count = len(samples) // _COARSE
    slow = samples[: count * _COARSE].reshape(count, _COARSE).mean(1, dtype=np.float64)
    hertz = _pitch_at(pitch, (np.arange(count) + 0.5) * _COARSE / RATE_HZ)
    turning = np.cumsum(2 * np.pi * hertz * _COARSE / RATE_HZ)
    width = 0.6 / float(np.median(hertz)) * RATE_HZ / _COARSE
    still = slow * np.exp(-1j * turning)
    steady = gaussian_filter1d(still.real, width) + 1j * gaussian_filter1d(
        still.imag, width
    )
    return np.asarray(turning + np.unwrap(np.angle(steady)))


def loudest_phase(samples: NDArray[np.float32], pitch: Array, phase: Array) -> complex:
    """Where in a period the folds close: the mean direction of the fast energy."""
    count = len(phase)
    fast = np.diff(samples.astype(np.float64), prepend=0.0) ** 2
    energy = fast[: count * _COARSE].reshape(count, _COARSE).sum(1)
    frame = ((np.arange(count) + 0.5) * _COARSE / RATE_HZ / FRAME_S).astype(int)
    voiced = pitch[np.minimum(frame, len(pitch) - 1)] > 0
    return complex(np.sum((energy * np.exp(1j * phase))[voiced]))


def find_beats(pitch: Array, phase: Array, closing: float) -> Beats:
    """Place grains on a recording: one per period, or each 5 ms where unvoiced."""
    turns = np.floor((phase - closing) / (2 * np.pi))
    crossings = np.flatnonzero(np.diff(turns) > 0)
    within = (phase[crossings + 1] - closing) % (2 * np.pi)
    step = np.maximum(phase[crossings + 1] - phase[crossings], 1e-6)
    exact = (crossings + 1.5 - np.clip(within / step, 0, 1)) * _COARSE
    length = len(phase) * _COARSE
    period = RATE_HZ / _pitch_at(pitch, exact / RATE_HZ)
    frame = np.minimum((exact / RATE_HZ / FRAME_S + 0.5).astype(int), len(pitch) - 1)
    beats = [
        (int(at), int(min(wide, _HALF)))
        for at, wide, is_voiced in zip(exact, period, pitch[frame] > 0, strict=True)
        if is_voiced
    ]
    noise = round(NOISE_S * RATE_HZ)
    placed: list[tuple[int, int, bool]] = []
    last = 0
    for at, half in [*beats, (length, 0)]:
        if placed and placed[-1][2] and at - last < 0.5 * half:
            continue  # a slip of the phase: two beats in half a period
        gap = at - last - (half if half else 0)
        if at - last > 1.8 * max(half, noise):
            count = int(gap // noise)
            placed.extend((last + k * noise, noise, False) for k in range(1, count + 1))
        if half:
            placed.append((at, half, True))
            last = at
    at_, half_, voiced_ = zip(*placed, strict=True) if placed else ((), (), ())
    return Beats(
        np.array(at_, np.int64), np.array(half_, np.int64), np.array(voiced_, np.bool_)
    )


def lay_grains(
    samples: NDArray[np.int16],
    source: Ints,
    half: Ints,
    target: Ints,
    change: Array,
    length: int,
    backwards: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """Add grains up to a new sound.

    Args:
        samples: What the grains are cut from.
        source: (G) middle of every grain in ``samples``.
        half: (G) samples to its edge.
        target: (G) where its middle comes to lie.
        change: (G, CEPSTRUM) what is added to its mel-cepstrum.
        length: Samples of the new sound.
        backwards: (G) grains to turn round, so that repeated noise does not ring.
    """
    reach = np.arange(-_HALF, _HALF)
    within = np.clip(source[:, None] + reach, 0, len(samples) - 1)
    cut = samples[within] / 32768.0  # (G, 960)
    cut[backwards] = cut[backwards, ::-1]
    window = 0.5 + 0.5 * np.cos(np.pi * np.clip(reach / half[:, None], -1, 1))
    spectrum = np.fft.rfft(cut * window, _FFT, axis=1)
    gain = np.clip(change @ basis(_FFT).T, _FALL, _RISE)
    # A zero-phase filter rings before its grain too: half of the ringing wraps round.
    ringing = np.fft.irfft(spectrum * np.exp(gain), _FFT, axis=1)
    spare = (_FFT - 2 * _HALF) // 2
    coloured = np.roll(ringing, spare, axis=1)
    out = np.zeros(length + 2 * _FFT)
    start = _FFT - _HALF - spare
    for at, grain in zip(target, coloured, strict=True):
        out[start + at : start + at + _FFT] += grain
    return out[_FFT : _FFT + length].astype(np.float32)


def _pitch_at(pitch: Array, seconds: Array) -> Array:
    """Interpolate the pitch, through unvoiced stretches too."""
    voiced = np.flatnonzero(pitch > 0)
    if not len(voiced):
        return np.full(len(seconds), 120.0)
    return np.asarray(np.interp(seconds / FRAME_S, voiced, pitch[voiced]))
