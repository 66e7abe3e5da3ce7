"""Manner: is a recording spoken in an ordinary voice, whispered or shouted?

A voice that an avatar is to speak with must be the ordinary one: a whisper has no pitch
to learn, a shout has another pitch and other formants.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.media import Sound

_RATE_HZ = 16000
_WINDOW, _HOP, _FFT = 480, 160, 1024  # 30 ms each 10 ms
_LOWEST_HZ, _HIGHEST_HZ = 70, 450
_PERIODIC = 0.4  # of the autocorrelation: above, a frame has a pitch
_SURELY = 0.5
_FLATTENED = 0.67  # power of the power spectrum: formants alone shall have no period
_LOUD_DB, _ABOVE_FLOOR_DB = 25.0, 6.0
# All but one of 284 recordings of 14 people have more pitch than this, all whispers
# re-synthesized from them by WORLD less (benchmarks/preparing.py --only manner).
_WHISPERED = 0.35
_SHOUTED_HZ, _SHOUTED_TILT_DB = 285.0, -8.0
# Against the same person's other sentences; nobody strayed so far in an ordinary voice.
_RAISED, _BRIGHTER_DB = 1.35, 3.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Manner:
    """How one recording is spoken.

    Attributes:
        voiced: Share of the speech that has a pitch, in [0, 1].
        pitch_hz: Its median; 0 where there is none.
        tilt_db: Energy from 1 to 5 kHz over that below 1 kHz.
        level_db: Of the loud moments above the floor of the quiet ones.
    """

    voiced: float
    pitch_hz: float
    tilt_db: float
    level_db: float

    @property
    def is_whispered(self) -> bool:
        """Whether there is too little pitch for a voice."""
        return self.voiced < _WHISPERED

    @property
    def is_shouted(self) -> bool:
        """Whether it is higher and brighter than anybody talks."""
        return self.pitch_hz > _SHOUTED_HZ and self.tilt_db > _SHOUTED_TILT_DB

    def is_raised_over(self, usual: Manner) -> bool:
        """Whether it is shouted compared with how this person usually reads."""
        return (
            self.pitch_hz > _RAISED * usual.pitch_hz > 0
            and self.tilt_db > usual.tilt_db + _BRIGHTER_DB
        )


def manner_of(sound: Sound) -> Manner:
    """Measure how a recording of speech is spoken, whatever its level.

    Source:
        Boersma, "Accurate short-term analysis of the fundamental frequency" (1993):
        the autocorrelation over that of its window; Tolonen and Karjalainen, "A
        computationally efficient multipitch analysis model" (2000): its exponent.
    """
    samples = sound.at(_RATE_HZ).samples.astype(np.float64)
    padded = np.pad(samples, (0, max(0, _WINDOW - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    floor, top = np.percentile(level, (8, 95))
    active = level > max(top - _LOUD_DB, min(floor + _ABOVE_FLOOR_DB, top - 1))
    window = np.hanning(_WINDOW)
    power = np.abs(np.fft.rfft(frames[active] * window, _FFT)) ** 2  # (T, 513)
    hertz = np.fft.rfftfreq(_FFT, 1 / _RATE_HZ)
    total = power.sum(axis=0)
    low = total[(hertz > 50) & (hertz <= 1000)].sum()
    high = total[(hertz > 1000) & (hertz < 5000)].sum()
    first, last = _RATE_HZ // _HIGHEST_HZ, _RATE_HZ // _LOWEST_HZ
    own = np.fft.irfft(np.abs(np.fft.rfft(window, _FFT)) ** 2)
    lags = np.fft.irfft(power**_FLATTENED)
    periodicity = lags[:, first:last] / (lags[:, :1] + 1e-12)
    periodicity /= own[first:last] / own[0]
    strength = periodicity.max(axis=1)
    periods = (first + periodicity.argmax(axis=1))[strength > _SURELY]
    return Manner(
        voiced=float(np.mean(strength > _PERIODIC)),
        pitch_hz=float(_RATE_HZ / np.median(periods)) if len(periods) else 0.0,
        tilt_db=float(10 * np.log10((high + 1e-12) / (low + 1e-12))),
        level_db=float(top - floor),
    )


def usual_of(manners: list[Manner]) -> Manner:
    """Return the median of several recordings of one person."""
    if not manners:
        raise ValueError("there is no recording")
    voiced, pitch, tilt, level = np.median(
        [(m.voiced, m.pitch_hz, m.tilt_db, m.level_db) for m in manners], axis=0
    )
    return Manner(float(voiced), float(pitch), float(tilt), float(level))
