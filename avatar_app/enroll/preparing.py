"""Preparing: makes the sound of an enrollment fit to learn a voice from.

Each recording is judged first and touched only where that helps: noise taken off, the
room's tail shortened, silence trimmed, long ones cut in their pauses, all brought to
one loudness. What cannot be put right is refused in one sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from avatar_app.enroll.denoising import denoise
from avatar_app.enroll.dereverberation import decay_seconds, dereverberate
from avatar_app.enroll.levelling import (
    STEP_S,
    cut_in_pauses,
    levelled,
    levels_db,
    loudest_db,
)
from avatar_app.enroll.manner import Manner, manner_of, usual_of
from avatar_app.enroll.reading import Misreading, WordHeard, find_words, misreadings
from avatar_app.errors import (
    RecordingEchoing,
    RecordingNoisy,
    RecordingOverdriven,
    RecordingTooShort,
    SilentMicrophone,
    TextNotRead,
    VoiceShouted,
    VoiceWhispered,
)
from avatar_app.media import Sound
from avatar_app.weights.phones import open_phone_encoder
from avatar_app.work import Job, Progress

NEEDED_SECONDS = 10.0
_SILENT_DB = -55.0
_SPEECH_DB, _GAP_DB = 25.0, 40.0  # below the loud moments: surely said, surely not
_FEWEST_GAPS, _UNKNOWN_DB = 10, 99.0
# Measured on speech with noise and rooms added (benchmarks/preparing.py).
_NOISY_DB, _TOO_NOISY_DB = 32.0, 5.0
_ROUGHLY = 0.1  # of the recording stays in a denoised one: less hollow in the highs
_ECHOING_S, _TOO_ECHOING_S = 0.25, 0.5
_CLIPPED, _TOO_CLIPPED = 0.99, 0.01
_MARGIN_S = 0.2
_STRANGE_TEXT, _STRANGE_WORDS = -2.3, 0.34

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a recording is like.

    Attributes:
        noise_db: How far the voice stands above the noise; 99 where no pause tells.
        decay: Seconds in which what is said falls silent, see ``decay_seconds``.
        clipped: Share of the samples at full scale, in [0, 1].
        spoken_seconds: How much of it is speech.
        manner: How it is spoken.
    """

    noise_db: float
    decay: float
    clipped: float
    spoken_seconds: float
    manner: Manner

    @property
    def is_noisy(self) -> bool:
        """Whether denoising helps; below that it takes the voice's own breath."""
        return self.noise_db < _NOISY_DB

    @property
    def is_echoing(self) -> bool:
        """Whether the room is heard."""
        return self.decay > _ECHOING_S


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """One recording, ready.

    Attributes:
        sound: At -23 LUFS, no peak above -6 dB, trimmed.
        offset: Seconds of the recording that were trimmed off its beginning.
    """

    sound: Sound
    offset: float


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """What a voice can be learned from.

    Attributes:
        readings: Sound and text; none longer than 12 s where it has pauses.
        misread: Words to correct or to record again, by the numbers of the readings
            that were given.
        left_out: Readings that were not used.
    """

    readings: list[tuple[Sound, str]]
    misread: list[Misreading]
    left_out: list[int]


def prepare_readings(
    readings: Sequence[tuple[Sound, str]], accent: str = "en-us"
) -> Job[Ready]:
    """Judge, clean, level, check and cut what one person read.

    Args:
        readings: Recordings and their texts.
        accent: An espeak-ng voice.

    Raises:
        SilentMicrophone, RecordingTooShort, RecordingOverdriven, RecordingNoisy,
        RecordingEchoing, VoiceWhispered, VoiceShouted, TextNotRead: The recordings as
            a whole cannot be learned from; single ones that cannot are left out.
    """
    total = 2 * len(readings) + 1
    judged: dict[int, Judged] = {}
    for k, (sound, _) in enumerate(readings):
        yield Progress(k, total, "Judging your recordings")
        if loudest_db(sound) >= _SILENT_DB:
            judged[k] = judge(sound)
    if not judged:
        levels = [loudest_db(sound) for sound, _ in readings]
        raise SilentMicrophone(max(levels, default=-120.0))
    refuse_unfit(list(judged.values()))
    # One treatment for all: sentences shall not differ by what was done to them.
    usual = typical(list(judged.values()))
    usable: dict[int, Prepared] = {}
    for k, one in judged.items():
        yield Progress(len(readings) + k, total, "Cleaning your recordings")
        if not one.manner.is_whispered and not one.manner.is_raised_over(usual.manner):
            usable[k] = prepare(readings[k][0], usual)
    yield Progress(total - 1, total, "Comparing what you read with the text")
    encoder = open_phone_encoder()
    heard = [(encoder.hear(one.sound), readings[k][1]) for k, one in usable.items()]
    if not is_this_text(find_words(heard, accent, rounds=0)):
        raise TextNotRead(accent)
    read = find_words(heard, accent)
    numbers = list(usable)
    misread = [
        replace(
            one,
            reading=numbers[one.reading],
            start=one.start + usable[numbers[one.reading]].offset,
            end=one.end + usable[numbers[one.reading]].offset,
        )
        for one in misreadings(read)
    ]
    kept: list[tuple[Sound, str]] = []
    for k, words in zip(numbers, read, strict=True):
        count = sum(one.reading == k for one in misread)
        if not words or count > _STRANGE_WORDS * len(words):
            del usable[k]
        else:
            kept += cut_in_pauses(usable[k].sound, readings[k][1], words)
    left_out = [k for k in range(len(readings)) if k not in usable]
    return Ready(kept, misread, left_out)


def judge(sound: Sound) -> Judged:
    """Measure one recording that is not silent."""
    clean = denoise(sound)
    noise_db = _above_noise_db(sound, clean)
    # Noise fills the falls by which the room is told.
    ready = _mixed(sound, clean) if noise_db < _NOISY_DB else sound
    return Judged(
        noise_db=noise_db,
        decay=decay_seconds(ready),
        clipped=float(np.mean(np.abs(sound.samples) >= _CLIPPED)),
        spoken_seconds=float(_speech(levels_db(clean)).sum() * STEP_S),
        manner=manner_of(ready),
    )


def typical(judged: Sequence[Judged]) -> Judged:
    """Return the medians of several recordings, and the sum of their seconds."""
    noises = [one.noise_db for one in judged if one.noise_db < _UNKNOWN_DB]
    decay, clipped = np.median([(one.decay, one.clipped) for one in judged], axis=0)
    return Judged(
        noise_db=float(np.median(noises)) if noises else _UNKNOWN_DB,
        decay=float(decay),
        clipped=float(clipped),
        spoken_seconds=sum(one.spoken_seconds for one in judged),
        manner=usual_of([one.manner for one in judged]),
    )


def prepare(sound: Sound, judged: Judged) -> Prepared:
    """Clean, trim and level one recording that is not silent.

    Args:
        sound: Of any rate; it is kept.
        judged: Of it, or what is typical of all recordings of a sitting.
    """
    ready = _mixed(sound, denoise(sound)) if judged.is_noisy else sound
    if judged.is_echoing:
        ready = dereverberate(ready)
    level = levels_db(ready)
    spoken = np.flatnonzero(level > np.percentile(level, 95) - _GAP_DB)
    first = max(0.0, spoken[0] * STEP_S - _MARGIN_S)
    last = min(sound.seconds, (spoken[-1] + 1) * STEP_S + _MARGIN_S)
    part = ready.samples[round(first * sound.rate_hz) : round(last * sound.rate_hz)]
    return Prepared(levelled(Sound(part, sound.rate_hz)), first)


def refuse_unfit(judged: Sequence[Judged]) -> None:
    """Raise what is wrong with the recordings as a whole, the plainest first.

    Raises:
        RecordingTooShort, RecordingOverdriven, RecordingNoisy, VoiceWhispered,
        VoiceShouted, RecordingEchoing: As their names say.
    """
    usual = typical(judged)
    if usual.spoken_seconds < NEEDED_SECONDS:
        raise RecordingTooShort(usual.spoken_seconds, NEEDED_SECONDS)
    if usual.clipped > _TOO_CLIPPED:
        raise RecordingOverdriven(usual.clipped)
    if usual.noise_db < _TOO_NOISY_DB:
        raise RecordingNoisy(usual.noise_db)
    if usual.manner.is_whispered:
        raise VoiceWhispered
    if usual.manner.is_shouted:
        raise VoiceShouted
    if usual.decay > _TOO_ECHOING_S:
        raise RecordingEchoing(usual.decay)


def sentence_of(misread: Sequence[Misreading]) -> str:
    """One sentence on the words that seem misread; empty when there are none."""
    if not misread:
        return ""
    named = ", ".join(f"“{one.word}”" for one in misread[:5])
    more = f" and {len(misread) - 5} more" if len(misread) > 5 else ""
    return (
        f"These words did not sound like the text and may be read again: {named}{more}."
    )


def is_this_text(read: Sequence[Sequence[WordHeard]]) -> bool:
    """Tell whether these readings are, by and large, of these texts.

    Another text, and another language, fit equally badly.

    Args:
        read: As ``find_words`` tells without having learned from these readings.
    """
    good = [
        float(np.median([word.goodness for word in words])) if words else -np.inf
        for words in read
    ]
    return bool(good) and float(np.median(good)) > _STRANGE_TEXT


def _mixed(sound: Sound, clean: Sound) -> Sound:
    mixed = (1 - _ROUGHLY) * clean.samples + _ROUGHLY * sound.samples
    return Sound(mixed.astype(np.float32), sound.rate_hz)


def _speech(level: Floats) -> NDArray[np.bool_]:
    return np.asarray(level > np.percentile(level, 95) - _SPEECH_DB)


def _above_noise_db(sound: Sound, clean: Sound) -> float:
    """Speech against what is left where the denoised recording falls silent."""
    quiet = levels_db(clean)
    gaps = quiet < np.percentile(quiet, 95) - _GAP_DB
    if gaps.sum() < _FEWEST_GAPS:
        return _UNKNOWN_DB
    power = 10 ** (levels_db(sound) / 10)
    noise = float(np.median(power[gaps]))
    speech = float(np.mean(power[_speech(quiet)]))
    return float(10 * np.log10(max(speech - noise, 1e-12) / (noise + 1e-12)))
