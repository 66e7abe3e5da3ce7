"""Recordings are judged, cleaned, levelled and cut; hopeless ones are refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from avatar_app.enroll.denoising import denoise
from avatar_app.enroll.dereverberation import decay_seconds, dereverberate
from avatar_app.enroll.levelling import levels_db
from avatar_app.enroll.preparing import (
    Ready,
    judge,
    prepare,
    prepare_readings,
    sentence_of,
)
from avatar_app.errors import (
    AvatarError,
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
from avatar_app.work import carry_out
from tests.enroll.voices import (
    SPANISH,
    TEXTS,
    in_room,
    said,
    shout,
    whisper,
    with_noise,
)


def silence(sound: Sound) -> Sound:
    """Nothing at all."""
    return Sound(np.zeros_like(sound.samples), sound.rate_hz)


def overdriven(sound: Sound) -> Sound:
    """So loud that its top is cut off."""
    return Sound(np.clip(30 * sound.samples, -1, 1), sound.rate_hz)


def likeness(one: Sound, other: Sound) -> float:
    """Correlation of two log spectra, 60 dB deep."""
    spectra = []
    for sound in (one, other):
        frames = np.lib.stride_tricks.sliding_window_view(sound.samples, 512)[::128]
        spectra.append(np.log(np.abs(np.fft.rfft(frames * np.hanning(512))) + 0.02))
    return float(np.corrcoef(spectra[0].ravel(), spectra[1].ravel())[0, 1])


def read(change: Callable[[Sound], Sound] = lambda sound: sound) -> Ready:
    """Prepare all texts as they were read, changed."""
    return carry_out(prepare_readings([(change(said(t)), t) for t in TEXTS]))


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (silence, SilentMicrophone),
        (whisper, VoiceWhispered),
        (shout, VoiceShouted),
        (overdriven, RecordingOverdriven),
        (lambda sound: with_noise(sound, -2), RecordingNoisy),
        (lambda sound: in_room(sound, 1.2, -6), RecordingEchoing),
    ],
)
def test_a_recording_that_cannot_be_used_is_refused_in_one_sentence(
    change: Callable[[Sound], Sound], refusal: type[AvatarError]
) -> None:
    """Each has its own sentence, and a remedy."""
    with pytest.raises(refusal) as refused:
        read(change)

    assert str(refused.value).endswith((".", ")."))
    assert refused.value.remedy.endswith(".")


def test_three_seconds_are_too_short() -> None:
    """One short sentence is no voice; the sentence says how much there is."""
    with pytest.raises(RecordingTooShort, match=r"only [23] seconds"):
        carry_out(prepare_readings([(said(TEXTS[0]), TEXTS[0])]))


def test_another_language_is_noticed() -> None:
    """Spanish is read where English stands; in its own language it passes."""
    spoken = [said(text, "es") for text in SPANISH]

    with pytest.raises(TextNotRead):
        carry_out(prepare_readings(list(zip(spoken, TEXTS, strict=True))))
    right = carry_out(prepare_readings(list(zip(spoken, SPANISH, strict=True)), "es"))

    assert right.left_out == []


def test_a_good_reading_is_kept_whole() -> None:
    """Nothing is left out, nothing is doubted, and all is equally loud."""
    ready = read()

    assert ready.left_out == []
    assert ready.misread == []
    assert sentence_of(ready.misread) == ""
    assert [text for _, text in ready.readings] == list(TEXTS)
    for sound, _ in ready.readings:
        assert np.abs(sound.samples).max() <= 10 ** (-6 / 20) + 1e-4
        assert -28 < 10 * np.log10(np.mean(sound.samples**2)) < -20


def test_one_whisper_or_other_text_among_good_readings_is_left_out() -> None:
    """The others are used; the numbers are those of the recordings that were given."""
    given = [(said(text), text) for text in TEXTS]
    given[1] = (whisper(given[1][0]), given[1][1])
    given[4] = (said(SPANISH[0], "es"), given[4][1])
    given.append((silence(given[0][0]), TEXTS[0]))

    ready = carry_out(prepare_readings(given))

    assert ready.left_out == [1, 4, 6]
    assert {one.reading for one in ready.misread} == {4}
    assert "may be read again" in sentence_of(ready.misread)


def test_what_is_clean_is_not_touched() -> None:
    """Only trimmed and levelled: sample for sample the same wave, times a gain."""
    sound = said(TEXTS[0])
    judged = judge(sound)
    prepared = prepare(sound, judged)

    assert not judged.is_noisy
    assert not judged.is_echoing
    begin = round(prepared.offset * sound.rate_hz)
    before = sound.samples[begin : begin + len(prepared.sound.samples)]
    after = prepared.sound.samples
    quiet = np.abs(after) < 0.02  # what is far from a peak is not eased
    gain = np.median(after[quiet] / before[quiet])
    assert np.mean(np.abs(after - gain * before) < 0.01 * after.std()) > 0.8


def test_noise_is_taken_off_and_the_voice_stays() -> None:
    """The pauses fall by 10 dB, the speech is more like the clean one, in place."""
    clean = said(TEXTS[1])
    noisy = with_noise(clean, 15)
    judged = judge(noisy)
    after = denoise(noisy)

    assert judged.is_noisy
    assert judged.noise_db == pytest.approx(17, abs=3)
    assert len(after.samples) == len(noisy.samples)
    pause = slice(10, 40)
    assert levels_db(after)[pause].mean() < levels_db(noisy)[pause].mean() - 10
    assert likeness(after, clean) > likeness(noisy, clean) + 0.02
    lags = np.arange(-200, 201)
    middle = slice(8000, 40000)
    match = [
        after.samples[middle] @ np.roll(clean.samples, lag)[middle] for lag in lags
    ]
    assert lags[int(np.argmax(match))] == 0


def test_a_room_is_measured_and_taken_out() -> None:
    """Longer rooms measure longer; what is dried is nearer to the dry recording."""
    dry = said(TEXTS[2])
    small, large = in_room(dry, 0.3, 3), in_room(dry, 0.8, 0)
    after = dereverberate(small)

    assert decay_seconds(dry) < 0.25 < decay_seconds(small) < decay_seconds(large)
    assert len(after.samples) == len(small.samples)
    assert decay_seconds(after) < decay_seconds(small)
    assert likeness(after, dry) > likeness(small, dry) + 0.01


def test_long_readings_are_cut_in_their_pauses_with_their_text() -> None:
    """No part is long, every cut is silent, and no word gets lost or repeated."""
    parts = [said(text) for text in TEXTS]
    whole = np.concatenate([part.samples for part in parts])
    text = " ".join(TEXTS)
    ready = carry_out(prepare_readings([(Sound(whole, parts[0].rate_hz), text)]))

    assert len(ready.readings) > 1
    assert " ".join(part for _, part in ready.readings) == text
    for sound, part in ready.readings:
        assert sound.seconds <= 12
        assert part.endswith(".")
        assert max(levels_db(sound)[0], levels_db(sound)[-1]) < -50
