"""What the lips listen to: log-mel spectra, four to a picture.

Sound is brought to one loudness first, so that a voice from another microphone, or
our own synthetic one, sounds as loud as the enrollment did; and a floor of the
enrollment's own room noise is laid under it, because digital silence is something
that the network has never heard.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from avatar_app.media import Sound

EAR_HZ = 16000
BANDS = 80
STEPS = 4  # spectra a picture: 100 a second at 25 pictures a second
_WINDOW = 800  # 50 ms: vowels are told apart, bursts are still short
_LOUDNESS = 0.08  # RMS of the louder moments after levelling
_FAINT = 1e-4
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 7600.0

Spectra = NDArray[np.float32]


def level(sound: Sound) -> Sound:
    """Return the sound at 16 kHz and the usual loudness.

    The louder half of the 20 ms moments above the noise decides, so that pauses do
    not make a slow speaker louder.
    """
    samples = sound.at(EAR_HZ).samples
    moment = EAR_HZ // 50
    count = len(samples) // moment
    if count == 0:
        return Sound(samples, EAR_HZ)
    power = (samples[: count * moment].reshape(count, moment) ** 2).mean(axis=1)
    loud = power[power >= 0.02 * np.percentile(power, 95)]
    rms = float(np.sqrt(loud.mean())) if len(loud) else 0.0
    if rms < 1e-5:
        return Sound(samples, EAR_HZ)
    return Sound((samples * np.float32(_LOUDNESS / rms)).astype(np.float32), EAR_HZ)


def listen(levelled: Sound, moments: NDArray[np.float64], fps: float) -> Spectra:
    """Hear what is said around each picture.

    Args:
        levelled: Sound from ``level``.
        moments: (T,) seconds at which the pictures begin.
        fps: Pictures per second; the spectra are spread evenly over a picture.

    Returns:
        (T * STEPS, BANDS) float32, about 0 for speech, -1 for silence.
    """
    spread = (np.arange(STEPS) + 0.5) / (STEPS * fps)
    centres = (moments[:, None] + spread).reshape(-1)
    starts = np.round(centres * EAR_HZ).astype(np.int64)
    padded = np.pad(levelled.samples, (_WINDOW // 2, _WINDOW + EAR_HZ // 10))
    starts = np.clip(starts, 0, len(padded) - _WINDOW)
    spectra = np.empty((len(starts), BANDS), np.float32)
    window, bank = np.hanning(_WINDOW).astype(np.float32), _mel_bank()
    for first in range(0, len(starts), 2000):  # memory stays small for a long take
        rows = starts[first : first + 2000, None] + np.arange(_WINDOW)
        spectrum = np.abs(np.fft.rfft(padded[rows] * window, axis=1))
        spectra[first : first + 2000] = spectrum.astype(np.float32) @ bank.T
    return _logarithmic(spectra)


def with_room(spectra: Spectra, room: NDArray[np.float32]) -> Spectra:
    """Lift spectra to a room's noise, (BANDS,) as ``room_of`` found it."""
    return np.asarray(np.maximum(spectra, room), np.float32)


def room_of(spectra: Spectra) -> NDArray[np.float32]:
    """(BANDS,) the quiet of a recording: what nine tenths of it are louder than."""
    return np.asarray(np.percentile(spectra, 10, axis=0), np.float32)


def _logarithmic(magnitude: Spectra) -> Spectra:
    return np.asarray(0.5 * np.log10(magnitude + np.float32(_FAINT)) + 1, np.float32)


@functools.lru_cache(1)
def _mel_bank() -> NDArray[np.float32]:
    import librosa

    bank: NDArray[np.float32] = librosa.filters.mel(
        sr=EAR_HZ, n_fft=_WINDOW, n_mels=BANDS, fmin=_LOWEST_HZ, fmax=_HIGHEST_HZ
    ).astype(np.float32)
    return bank
