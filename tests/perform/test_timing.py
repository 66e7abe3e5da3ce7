"""Timing: phonemes are found where they are said, and what is not said is noticed."""

from __future__ import annotations

import numpy as np

from avatar_app.media import Sound
from avatar_app.perform.timing import time_speech
from avatar_app.phonetics import phones_of, speak
from avatar_app.weights.phones import open_phone_encoder
from tests.fakes.made_up_speaker import SENTENCES

VOICE = "en-us+f3"


def test_phonemes_are_found_where_they_are_said() -> None:
    """espeak-ng tells when it says what: half lie within 15 ms, nine tenths in 50."""
    away: list[float] = []
    for text in SENTENCES[:6]:
        sound, told, _ = speak(text, VOICE)
        timed = time_speech(sound, phones_of(text, VOICE), open_phone_encoder())
        assert timed is not None
        found = [p for p in timed.phones if p.symbol]
        right = [p for p in told if p.symbol]
        assert [p.symbol for p in found] == [p.symbol for p in right]
        away += [abs(a.start - b.start) for a, b in zip(found, right, strict=True)]

    assert len(away) > 120
    assert np.median(away) < 0.015
    assert np.percentile(away, 90) < 0.05


def test_times_fill_the_sound_and_pauses_are_found() -> None:
    """A silence between two words is a pause, not a long sound."""
    sound, _, words = speak("Put it down", VOICE)
    cut = round(words[2].start * sound.rate_hz)
    quiet = np.zeros(sound.rate_hz // 2, np.float32)
    apart = np.concatenate([sound.samples[:cut], quiet, sound.samples[cut:]])
    longer = Sound(apart, sound.rate_hz)
    phones = phones_of("Put it down", VOICE)
    timed = time_speech(longer, phones, open_phone_encoder())

    assert timed is not None
    assert timed.phones[0].start == 0
    assert timed.phones[-1].end == longer.seconds
    for before, after in zip(timed.phones[:-1], timed.phones[1:], strict=True):
        assert before.end == after.start
    rests = [p for p in timed.phones[1:-1] if not p.symbol]
    assert max(p.end - p.start for p in rests) > 0.4
    assert timed.longest < 0.4


def test_another_text_fits_badly_and_too_short_a_sound_not_at_all() -> None:
    """The right text fits better than any other, by far."""
    encoder = open_phone_encoder()
    sound, _, _ = speak(SENTENCES[0], VOICE)
    right = time_speech(sound, phones_of(SENTENCES[0], VOICE), encoder)
    wrong = time_speech(sound, phones_of(SENTENCES[1], VOICE), encoder)
    short = Sound(sound.samples[: sound.rate_hz // 10], sound.rate_hz)

    assert right is not None
    assert wrong is not None
    assert right.goodness > -0.5
    assert wrong.goodness < -1.8
    assert time_speech(short, phones_of(SENTENCES[0], VOICE), encoder) is None
