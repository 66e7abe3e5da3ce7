"""Preparing: makes the sound of an enrollment fit to learn a voice from.

Each recording is judged first and touched only where that helps: noise taken off, the
room's tail shortened, silence trimmed, long ones cut in their pauses, all brought to
one loudness. What cannot be put right is refused in one sentence.

Source:
    ITU-R BS.1770-4 (loudness), as pyloudnorm measures it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from avatar_app.enroll.denoising import denoise
from avatar_app.enroll.dereverberation import decay_seconds, dereverberate
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
LOUDNESS_LUFS, PEAK_DB = -23.0, -6.0
_SILENT_DB = -55.0
_STEP_S = 0.01
_SPEECH_DB, _GAP_DB = 25.0, 40.0  # below the loud moments: surely said, surely not
_FEWEST_GAPS, _UNKNOWN_DB = 10, 99.0
# Measured on speech with noise and rooms added (benchmarks/preparing.py).
_NOISY_DB, _TOO_NOISY_DB = 32.0, 5.0
_ROUGHLY = 0.1  # of the recording stays in a denoised one: less hollow in the highs
_ECHOING_S, _TOO_ECHOING_S = 0.25, 0.5
_CLIPPED, _TOO_CLIPPED = 0.99, 0.01
_MARGIN_S = 0.2
_PAUSE_S, _LONGEST_S = 0.3, 12.0
_EASING_S = 0.005
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
        sound: At the loudness of LOUDNESS_LUFS, no peak above PEAK_DB, trimmed.
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
        spoken_seconds=float(_speech(levels_db(clean)).sum() * _STEP_S),
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
    first = max(0.0, spoken[0] * _STEP_S - _MARGIN_S)
    last = min(sound.seconds, (spoken[-1] + 1) * _STEP_S + _MARGIN_S)
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


def cut_in_pauses(
    sound: Sound, text: str, words: Sequence[WordHeard]
) -> list[tuple[Sound, str]]:
    """Cut a long reading where its pauses are quietest, and its text with it.

    Returns:
        Parts of 12 s at most where there are pauses of 0.3 s between words; the whole
        where it is short, or where the words are not all found in the text again.
    """
    places = _places(text, words)
    if sound.seconds <= _LONGEST_S or places is None:
        return [(sound, text)]
    level = levels_db(sound)
    cuts: list[tuple[int, int]] = [(0, 0)]  # sample, place in the text
    last = (len(sound.samples), len(text))
    for before, after, place in zip(words, words[1:], places[1:], strict=False):
        if after.start - before.end < _PAUSE_S:
            continue
        first = round(before.end / _STEP_S)
        quiet = first + int(np.argmin(level[first : round(after.start / _STEP_S)]))
        cuts.append((round((quiet + 0.5) * _STEP_S * sound.rate_hz), place))
    longest = round(_LONGEST_S * sound.rate_hz)
    chosen = [cuts[0]]
    for here, there in zip(cuts[1:], [*cuts[2:], last], strict=True):
        if there[0] - chosen[-1][0] > longest:
            chosen.append(here)
    return [
        (Sound(sound.samples[a:b], sound.rate_hz), text[p:q].strip())
        for (a, p), (b, q) in zip(chosen, [*chosen[1:], last], strict=True)
    ]


def levelled(sound: Sound) -> Sound:
    """Bring speech to LOUDNESS_LUFS and ease peaks above PEAK_DB."""
    import pyloudnorm

    samples = sound.samples.astype(np.float64)
    padded = np.pad(samples, (0, max(0, round(0.5 * sound.rate_hz) - len(samples))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        loudness = pyloudnorm.Meter(sound.rate_hz).integrated_loudness(padded)
    if not np.isfinite(loudness):
        return sound
    samples = samples * 10 ** ((LOUDNESS_LUFS - loudness) / 20)
    return Sound(_eased(samples, sound.rate_hz).astype(np.float32), sound.rate_hz)


def levels_db(sound: Sound) -> Floats:
    """(T,) level in dB re full scale, one value for each 10 ms."""
    size = round(_STEP_S * sound.rate_hz)
    count = max(1, len(sound.samples) // size)
    padded = np.pad(sound.samples, (0, max(0, size - len(sound.samples))))
    frames = padded[: count * size].reshape(count, size).astype(np.float64)
    return np.asarray(10 * np.log10(np.mean(frames**2, axis=1) + 1e-12))


def loudest_db(sound: Sound) -> float:
    """Level of the loud twentieth of a recording; -120 when there is nothing."""
    return float(np.percentile(levels_db(sound), 95))


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


def _eased(samples: Floats, rate_hz: int) -> Floats:
    """Turn peaks down, smoothly and ahead of time: a limiter that looks ahead."""
    highest = 10 ** (PEAK_DB / 20)
    reach = max(1, round(_EASING_S * rate_hz))
    wanted = np.minimum(1.0, highest / np.maximum(np.abs(samples), 1e-9))
    if wanted.min() >= 1:
        return samples
    padded = np.pad(wanted, 2 * reach, constant_values=1.0)
    width = 2 * reach + 1
    lowest = np.lib.stride_tricks.sliding_window_view(padded, width).min(axis=1)
    window = np.hanning(width + 2)[1:-1]
    gain = np.convolve(lowest, window / window.sum(), "valid")
    return np.asarray(samples * gain)


def _places(text: str, words: Sequence[WordHeard]) -> list[int] | None:
    """Where each word begins in the text; None where one cannot be found."""
    found: list[int] = []
    start = 0
    for word in words:
        first = word.text.split(" ")[0]
        place = text.find(first, start)
        if place < 0:
            return None
        found.append(place)
        start = place + len(first)
    return found
