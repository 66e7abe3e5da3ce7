"""What the lips listen to: spectra and what is understood in them, four to a picture.

Sound is brought to one loudness first, so that a voice from another microphone, or
our own synthetic one, sounds as loud as the enrollment did; and a floor of the
enrollment's own room noise is laid under its spectra, because digital silence is
something that the network has never heard. Beside the spectra, which know the person,
stands what our phone encoder understood, which does not know who speaks.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from avatar_app.media import Sound
from avatar_app.weights.catalogue import catalogue
from avatar_app.weights.phones import open_phone_encoder

EAR_HZ = 16000
BANDS = 80
UNDERSTOOD = 64  # the phone encoder's bottleneck
HEARD = BANDS + UNDERSTOOD
STEPS = 4  # spectra a picture: 100 a second at 25 pictures a second
_WINDOW = 800  # 50 ms: vowels are told apart, bursts are still short
_LOUDNESS = 0.08  # RMS of the louder moments after levelling
_FAINT = 1e-4
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 7600.0

_CLOSER = 0.5  # the bottleneck's deviation is 1, the spectra's about a half

_LISTENERS = 2  # the make of the lip networks

Spectra = NDArray[np.float32]


def ear() -> str:
    """Who listens: which phone encoder, and lip networks of which make.

    A face that learned with others cannot use them.
    """
    return f"{catalogue()['phones'].sha256[:16]}-{_LISTENERS}"


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
        (T * STEPS, HEARD) float32: spectra, about 0 for speech and -1 for silence,
        then what is understood. Before the sound and after it there is silence.
    """
    spread = (np.arange(STEPS) + 0.5) / (STEPS * fps)
    centres = (moments[:, None] + spread).reshape(-1)
    return np.concatenate([_spectra(levelled, centres), _sense(levelled, centres)], 1)


def listen_to_another(
    sound: Sound, moments: NDArray[np.float64], fps: float, higher: float
) -> Spectra:
    """Hear what is said as it would sound from a smaller or larger throat.

    Played faster, a voice is higher, its harmonics and formants alike; heard on a clock
    that runs as much faster, everything is said when it was said (Jaitly and Hinton,
    "Vocal Tract Length Perturbation", 2013, with the pitch moved as well).

    Args:
        sound: Before ``level``.
        moments: See ``listen``.
        fps: See ``listen``.
        higher: Factor of all frequencies, .7 to 1.4.

    Returns:
        See ``listen``.
    """
    played = Sound(sound.samples, round(sound.rate_hz * higher))
    faster = played.rate_hz / sound.rate_hz
    return listen(level(played), moments / faster, fps * faster)


def _spectra(levelled: Sound, centres: NDArray[np.float64]) -> Spectra:
    """(N, BANDS) log-mel spectra about moments in seconds."""
    starts = np.round(centres * EAR_HZ).astype(np.int64) - _WINDOW // 2
    before = max(0, -int(starts.min()))
    after = max(0, int(starts.max()) + _WINDOW - len(levelled.samples))
    padded = np.pad(levelled.samples, (before, after))
    starts += before
    spectra = np.empty((len(starts), BANDS), np.float32)
    window, bank = np.hanning(_WINDOW).astype(np.float32), _mel_bank()
    for first in range(0, len(starts), 2000):  # memory stays small for a long take
        rows = starts[first : first + 2000, None] + np.arange(_WINDOW)
        spectrum = np.abs(np.fft.rfft(padded[rows] * window, axis=1))
        spectra[first : first + 2000] = spectrum.astype(np.float32) @ bank.T
    return _logarithmic(spectra)


def _sense(levelled: Sound, centres: NDArray[np.float64]) -> Spectra:
    """(N, UNDERSTOOD) what the phone encoder understands about moments in seconds."""
    quiet = np.zeros(EAR_HZ // 2, np.float32)  # so that silence is known at both ends
    around = Sound(np.concatenate([quiet, levelled.samples, quiet]), EAR_HZ)
    hearing = open_phone_encoder().hear(around)
    places = (centres + 0.5) * hearing.rate_hz - 0.5
    places = np.clip(places, 0, len(hearing.bottleneck) - 1)
    low = places.astype(np.int64)
    high = np.minimum(low + 1, len(hearing.bottleneck) - 1)
    share = (places - low)[:, None].astype(np.float32)
    sense = hearing.bottleneck[low] * (1 - share) + hearing.bottleneck[high] * share
    return np.asarray(_CLOSER * sense, np.float32)


def with_room(heard: Spectra, room: NDArray[np.float32]) -> Spectra:
    """Lift the spectra to a room's noise, (BANDS,) as ``room_of`` found it."""
    lifted = heard.copy()
    np.maximum(lifted[:, :BANDS], room, out=lifted[:, :BANDS])
    return lifted


def room_of(heard: Spectra) -> NDArray[np.float32]:
    """(BANDS,) the quiet of a recording: what nine tenths of it are louder than."""
    return np.asarray(np.percentile(heard[:, :BANDS], 10, axis=0), np.float32)


def _logarithmic(magnitude: Spectra) -> Spectra:
    return np.asarray(0.5 * np.log10(magnitude + np.float32(_FAINT)) + 1, np.float32)


@functools.lru_cache(1)
def _mel_bank() -> NDArray[np.float32]:
    import librosa

    bank: NDArray[np.float32] = librosa.filters.mel(
        sr=EAR_HZ, n_fft=_WINDOW, n_mels=BANDS, fmin=_LOWEST_HZ, fmax=_HIGHEST_HZ
    ).astype(np.float32)
    return bank
