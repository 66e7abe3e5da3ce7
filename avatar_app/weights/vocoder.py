"""Vocoder: speech from a mel spectrogram and a tune, in any person's voice.

A network of our own, trained on openly licensed speech (models/recipes/vocoder). It
knows no person: whose voice it is stands in the mel spectrogram.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from avatar_app.media import Sound
from avatar_app.weights.opening import open_weights

if TYPE_CHECKING:
    from avatar_app.weights.vocoder_network import VocoderNetwork

RATE_HZ = 24000
FRAMES_HZ = 100
BANDS = 80
_HOP = RATE_HZ // FRAMES_HZ
_FFT = 1024
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 500.0
_USUAL_HZ = 150.0  # where nothing is voiced
_TOGETHER, _MARGIN = 2000, 40  # frames at once, and what is heard beyond
_PIECE, _OVERLAP = 20 * RATE_HZ, RATE_HZ // 5  # copied so, memory does not grow

Floats = NDArray[np.float32]


class Vocoder:
    """Sees speech as a mel spectrogram, and speaks what it sees."""

    def __init__(self, network: VocoderNetwork) -> None:
        self._network = network

    def see(self, sound: Sound) -> Floats:
        """Return the mel spectrogram of a sound: (T, BANDS) log amplitudes.

        Frame j is centred on second j / FRAMES_HZ; T is 1 + the whole hops in it.
        """
        import torch

        samples = torch.from_numpy(sound.at(RATE_HZ).samples)
        count = len(samples) // _HOP + 1
        mels = np.empty((count, BANDS), np.float32)
        padded = torch.nn.functional.pad(samples, (_MARGIN * _HOP, _MARGIN * _HOP))
        for first in range(0, count, _TOGETHER):
            last = min(count, first + _TOGETHER)
            part = padded[first * _HOP : (last + 2 * _MARGIN) * _HOP]
            with torch.inference_mode():
                seen = self._network.mels(part[None])[0].numpy()
            mels[first:last] = seen[_MARGIN : _MARGIN + last - first]
        return mels

    def see_at(
        self, samples: NDArray[np.int16], at: NDArray[np.int64], tune: Floats
    ) -> Floats:
        """Return what is seen around single moments, without harmonics: (N, BANDS).

        Args:
            samples: (S,) 16 bit, at RATE_HZ.
            at: (N) samples on which to look.
            tune: (N) log of the pitch there, in hertz.
        """
        import torch

        reach = np.arange(-_FFT // 2, _FFT // 2)
        within = np.clip(at[:, None] + reach, 0, len(samples) - 1)
        pieces = torch.from_numpy(samples[within] / np.float32(32768))  # (N, FFT)
        pitches = torch.from_numpy(np.asarray(tune, np.float32))[None]
        with torch.inference_mode():
            return self._network.look(pieces[None], pitches)[0].numpy()

    def speak(self, mels: Floats, tune: Floats, seed: int = 0) -> Sound:
        """Speak a mel spectrogram: (T - 1) / FRAMES_HZ seconds.

        Args:
            mels: (T, BANDS) as ``see`` gives; T at least 6.
            tune: (T) log of the pitch in hertz, straight through where unvoiced.
            seed: Of the breath: the same seed gives the same sound.
        """
        import torch

        count = len(mels)
        dice = np.random.default_rng(seed)
        noise = dice.standard_normal((count - 1) * _HOP, np.float32)
        with torch.inference_mode():
            made = self._network(
                torch.from_numpy(np.asarray(mels, np.float32))[None],
                torch.from_numpy(np.asarray(tune, np.float32))[None],
                torch.from_numpy(noise)[None],
            )
        return Sound(made[0].numpy(), RATE_HZ)

    def copy(self, sound: Sound) -> Sound:
        """Take a sound apart and speak it again, at the same rate and length."""
        samples = sound.at(RATE_HZ).samples
        made = np.zeros(len(samples) + _OVERLAP, np.float32)
        ramp = np.linspace(0, 1, _OVERLAP, dtype=np.float32)
        for begin in range(0, len(samples), _PIECE):
            piece = self._copied(samples[begin : begin + _PIECE + _OVERLAP])
            if begin:
                piece[:_OVERLAP] *= ramp[: len(piece)]
            if len(piece) > _PIECE:
                piece[_PIECE:] *= ramp[::-1][: len(piece) - _PIECE]
            made[begin : begin + len(piece)] += piece
        whole = Sound(made[: len(samples)], RATE_HZ).at(sound.rate_hz).samples
        length = len(sound.samples)
        fitted = np.pad(whole, (0, max(0, length - len(whole))))[:length]
        return Sound(np.clip(fitted, -1, 1).astype(np.float32), sound.rate_hz)

    def _copied(self, samples: Floats) -> Floats:
        """Copy a piece at RATE_HZ; one too short to have a pitch stays as it is."""
        if len(samples) < RATE_HZ // 10:
            return samples.copy()
        whole = Sound(np.pad(samples, (0, -len(samples) % _HOP)), RATE_HZ)
        tune = tune_of(whole, pitch_span([whole]))
        again = self.speak(self.see(whole), tune.astype(np.float32))
        return again.samples[: len(samples)].copy()


def pitch_span(sounds: Sequence[Sound]) -> tuple[float, float]:
    """Guess within which pitches one person speaks, in hertz."""
    import pyworld

    found = [
        pyworld.dio(_doubles(sound), RATE_HZ, _LOWEST_HZ, _HIGHEST_HZ, speed=4)[0]
        for sound in sounds
    ]
    voiced = np.concatenate([pitch[pitch > 0] for pitch in found] or [np.zeros(0)])
    if len(voiced) < 20:
        return _LOWEST_HZ, _HIGHEST_HZ
    middle = float(np.median(voiced))
    return max(_LOWEST_HZ, 0.5 * middle), min(_HIGHEST_HZ, 1.9 * middle)


def tune_of(sound: Sound, span: tuple[float, float]) -> NDArray[np.float64]:
    """Return the log of the pitch at every frame of ``Vocoder.see``: (T).

    Source:
        Morise and others, "Fast and Reliable F0 Estimation Method Based on the Period
        Extraction of Vocal Fold Vibration of Singing Voice and Speech" (2009).
    """
    import pyworld

    samples = _doubles(sound)
    period = 1000 / FRAMES_HZ
    rough, times = pyworld.dio(samples, RATE_HZ, *span, frame_period=period)
    pitch = pyworld.stonemask(samples, rough, times, RATE_HZ)
    count = len(samples) // _HOP + 1
    known = np.flatnonzero(pitch[:count] > 0)
    if not len(known):
        return np.full(count, np.log(_USUAL_HZ))
    return np.asarray(np.interp(np.arange(count), known, np.log(pitch[known])))


def _doubles(sound: Sound) -> NDArray[np.float64]:
    return sound.at(RATE_HZ).samples.astype(np.float64)


@functools.lru_cache(1)
def open_vocoder() -> Vocoder:
    """Open the vocoder that came with the program.

    Raises:
        WeightsMissing: Its file is not there.
        WeightsAltered: Its file is not the one that came with the program.
    """
    import torch

    from avatar_app.weights.vocoder_network import VocoderNetwork, VocoderSizes

    tensors, written = open_weights("vocoder")
    network = VocoderNetwork(VocoderSizes(**json.loads(written["sizes"])))
    network.load_state_dict(
        {k: torch.from_numpy(v.astype(np.float32)) for k, v in tensors.items()}
    )
    return Vocoder(network.eval().requires_grad_(requires_grad=False))
