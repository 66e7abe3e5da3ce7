"""Material: one person's readings, cut, aligned and measured, on one long time line.

Every reading starts on a whole frame, so frame ``k`` of the line is always sample
``k * SAMPLES_PER_FRAME``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from avatar_app.fit.voice.alignment import Aligned
from avatar_app.fit.voice.grains import find_beats, fundamental_phase, loudest_phase
from avatar_app.fit.voice.hearing import FRAME_S, spoken_level_db, spoken_span
from avatar_app.fit.voice.parcel import Arrays
from avatar_app.fit.voice.vocoder import CEPSTRUM, RATE_HZ, analyse, pitch_range
from avatar_app.media import Sound
from avatar_app.phonetics import phones_of
from avatar_app.work import Job, Progress

SAMPLES_PER_FRAME = round(RATE_HZ * FRAME_S)
LEVEL_DB = -23.0
_MARGIN_S = 0.15  # silence kept around a reading
_QUIETEST_DB = -55.0  # below this, nobody spoke
_RUMBLE_HZ = 55.0
_FASTEST_S, _SLOWEST_S = 0.03, 0.5  # of a reading per phoneme


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """All readings of a person on one line of T frames.

    Attributes:
        samples: (T * SAMPLES_PER_FRAME) int16.
        envelope: (T, CEPSTRUM) float32.
        tune: (T) float32, log of the pitch, through unvoiced stretches too.
        voiced: (T) bool.
        beats: (M) int64, samples at which grains lie.
        reach: (M) int64, half a grain, samples.
        beating: (M) bool, whether the grain is voiced.
        readings: (R + 1) int64, frames at which readings begin.
        phones: (N) int64, which phoneme of its text a segment is, -1 for a pause.
        edges: (N) int64, frame at which a segment begins; it ends with the next one.
        segments: (R + 1) int64, which segment a reading begins with.
    """

    samples: NDArray[np.int16]
    envelope: NDArray[np.float32]
    tune: NDArray[np.float32]
    voiced: NDArray[np.bool_]
    beats: NDArray[np.int64]
    reach: NDArray[np.int64]
    beating: NDArray[np.bool_]
    readings: NDArray[np.int64]
    phones: NDArray[np.int64]
    edges: NDArray[np.int64]
    segments: NDArray[np.int64]

    def arrays(self) -> Arrays:
        """Return all of it by name."""
        return {name: getattr(self, name) for name in self.__slots__}


def prepare(sound: Sound, text: str, accent: str) -> Sound | None:
    """Bring a reading to one rate, level and margin; None when it cannot be used."""
    count = len(phones_of(text, accent))
    if sound.seconds < 0.3 or count == 0:
        return None
    if spoken_level_db(sound) < _QUIETEST_DB:
        return None
    begin, end = spoken_span(sound)
    if not _FASTEST_S < (end - begin) / count < _SLOWEST_S:
        return None
    whole = sound.at(RATE_HZ).samples
    first = max(0, int((begin - _MARGIN_S) * RATE_HZ))
    last = min(len(whole), int((end + _MARGIN_S) * RATE_HZ))
    high = butter(2, _RUMBLE_HZ, "high", fs=RATE_HZ, output="sos")
    part = sosfiltfilt(high, whole.astype(np.float64))[first:last]
    part = np.pad(part, (0, -len(part) % SAMPLES_PER_FRAME)).astype(np.float32)
    level = spoken_level_db(Sound(part, RATE_HZ))
    louder = 10 ** ((LEVEL_DB - level) / 20)
    return Sound(np.clip(part * louder, -1, 1).astype(np.float32), RATE_HZ)


def measure(sounds: Sequence[Sound], aligned: Sequence[Aligned]) -> Job[Material]:
    """Measure prepared readings and put them on one line."""
    lowest, highest = pitch_range(sounds[:12])
    kept: dict[str, list[NDArray[Any]]] = {}
    phases: list[NDArray[np.float64]] = []
    pitches: list[NDArray[np.float64]] = []
    closing = 0j
    for done, sound in enumerate(sounds):
        yield Progress(done, len(sounds), "Measuring your voice")
        frames = len(sound.samples) // SAMPLES_PER_FRAME
        found = analyse(sound, lowest, highest, is_careful=True)
        pitch = found.pitch[:frames]
        phases.append(fundamental_phase(sound.samples, pitch))
        pitches.append(pitch)
        closing += loudest_phase(sound.samples, pitch, phases[-1])
        _add(
            kept,
            samples=np.round(sound.samples * 32767).astype(np.int16),
            envelope=found.envelope[:frames].astype(np.float32),
            tune=_through(pitch).astype(np.float32),
            voiced=pitch > 0,
        )
    start = 0
    for pitch, phase, times in zip(pitches, phases, aligned, strict=True):
        beats = find_beats(pitch, phase, float(np.angle(closing)))
        _add(
            kept,
            beats=beats.at + start * SAMPLES_PER_FRAME,
            reach=beats.half,
            beating=beats.voiced,
            phones=times.phones,
            edges=np.minimum(times.edges[:-1], len(pitch) - 1) + start,
        )
        start += len(pitch)
    return Material(
        readings=_begins([len(pitch) for pitch in pitches]),
        segments=_begins([len(times.phones) for times in aligned]),
        **{name: np.concatenate(parts) for name, parts in kept.items()},
    )


def unwrapped(arrays: Arrays) -> Material:
    """Make a Material of what ``Material.arrays`` returned."""
    material = Material(**{name: arrays[name] for name in Material.__slots__})
    if material.envelope.shape != (len(material.tune), CEPSTRUM):
        raise ValueError("these arrays are not a material")
    return material


def _add(kept: dict[str, list[NDArray[Any]]], **parts: NDArray[Any]) -> None:
    for name, part in parts.items():
        kept.setdefault(name, []).append(part)


def _begins(lengths: list[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _through(pitch: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log of the pitch, straight through where there is none."""
    known = np.flatnonzero(pitch > 0)
    if len(known) < 2:
        return np.full(len(pitch), np.log(120.0))
    return np.asarray(np.interp(np.arange(len(pitch)), known, np.log(pitch[known])))
