"""A voice is learned from reading, survives being stopped, and keeps well."""

from __future__ import annotations

import numpy as np
import pytest

from avatar_app.errors import FileTorn, TooLittleSpeech
from avatar_app.fit.voice.personal import Reading, fit_voice, keep_voice, reopen_voice
from avatar_app.media import Sound
from avatar_app.perform.speech import say
from avatar_app.work import carry_out
from tests.fakes.made_up_speaker import (
    SENTENCES,
    fitted,
    readings,
    reads,
)
from tests.fakes.shelf import OpenShelf

ALIGNING, TRAINING = "Finding every sound you make", "Learning your voice"


def test_a_stopped_job_goes_on_where_it_left_off() -> None:
    """The second run neither aligns nor starts training anew."""
    run = fitted()

    assert ALIGNING in {step.saying for step in run.before}
    assert "fit/voice/alignment" in run.stopped_with
    assert "fit/voice/material" in run.stopped_with
    assert ALIGNING not in {step.saying for step in run.after}
    begun = next(step for step in run.before if step.saying == TRAINING)
    resumed = next(step for step in run.after if step.saying == TRAINING)
    assert resumed.fraction > begun.fraction + 0.1


def test_progress_only_rises() -> None:
    """A bar that goes back frightens people."""
    for steps in (fitted().before, fitted().after):
        fractions = [step.fraction for step in steps]

        assert fractions == sorted(fractions)
        assert len(fractions) > 10


def test_nothing_of_the_work_stays_behind() -> None:
    """Once the voice is made, its stages are erased."""
    assert list(fitted().shelf.names("fit/")) == []


def test_a_reading_that_is_not_its_text_is_left_out() -> None:
    """The made-up speaker read one foreign sentence."""
    assert fitted().voice.left_out == 1


def test_the_stages_of_other_readings_are_not_taken_up() -> None:
    """What lies on the shelf is used only by the very same work."""
    shelf = OpenShelf()
    job = fit_voice(readings(), shelf)
    while "fit/voice/alignment" not in shelf:
        next(job)
    job.close()

    again = fit_voice(readings()[:-1], shelf)
    said = [next(again).saying for _ in range(30)]
    again.close()

    assert ALIGNING in said


def test_a_kept_voice_says_exactly_the_same() -> None:
    """Another object, opened from the shelf, gives identical samples."""
    shelf = OpenShelf()
    keep_voice(fitted().voice, shelf, "avatar/voice.safetensors")

    again = reopen_voice(shelf, "avatar/voice.safetensors")

    first = say(fitted().voice, "The kettle is on the shelf.")
    second = say(again, "The kettle is on the shelf.")
    assert again.rate_hz == fitted().voice.rate_hz == first.sound.rate_hz
    np.testing.assert_array_equal(first.sound.samples, second.sound.samples)
    assert first.words == second.words


def test_a_torn_or_altered_voice_is_not_opened() -> None:
    """Cut in half or with one byte changed, it says so."""
    shelf = OpenShelf()
    keep_voice(fitted().voice, shelf, "voice")
    whole = shelf.kept["voice"]
    shelf.tear("voice")
    with pytest.raises(FileTorn):
        reopen_voice(shelf, "voice")
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 0x40
    shelf.write("voice", bytes(changed))
    with pytest.raises(FileTorn):
        reopen_voice(shelf, "voice")
    shelf.write("voice", b"not a voice")
    with pytest.raises(FileTorn):
        reopen_voice(shelf, "voice")


def test_nine_sentences_are_too_few() -> None:
    """The person is told how many are needed."""
    with pytest.raises(TooLittleSpeech, match="Only 9 sentences"):
        carry_out(fit_voice(readings()[:9], OpenShelf()))


def test_silence_and_noise_do_not_count_as_sentences() -> None:
    """Silent clips, and clips much too short for their text, are left out."""
    silent = Sound(np.zeros(48000, np.float32), 24000)
    blip = Sound(reads(SENTENCES[0]).samples[:9000], 22050)
    given = readings()[:8]
    given += [Reading(text, silent) for text in SENTENCES]
    given += [Reading(text, blip) for text in SENTENCES]

    with pytest.raises(TooLittleSpeech, match="Only 8 sentences"):
        carry_out(fit_voice(given, OpenShelf()))
