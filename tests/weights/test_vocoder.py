"""The vocoder copies speech that it was not trained on, and obeys mel and tune."""

from __future__ import annotations

import numpy as np
import pytest

from avatar_app.media import Sound
from avatar_app.phonetics import speak
from avatar_app.weights.vocoder import (
    BANDS,
    FRAMES_HZ,
    RATE_HZ,
    Vocoder,
    open_vocoder,
    pitch_span,
    tune_of,
)

TEXT = "We made big plans for my father's new shop, but nobody came to visit."
OTHER = "The kettle is on the shelf above the old green stove."


@pytest.fixture(scope="module")
def vocoder() -> Vocoder:
    """Open the shipped one."""
    return open_vocoder()


@pytest.fixture(scope="module")
def spoken() -> Sound:
    """A sentence that a machine says, at the vocoder's rate."""
    return speak(TEXT, "en-us+f5")[0].at(RATE_HZ)


@pytest.mark.parametrize(
    ("samples", "rate_hz"),
    [(0, 16000), (100, 16000), (22051, 22050), (30000, 44100), (24000 * 41, 24000)],
)
def test_a_copy_has_the_same_clock(
    vocoder: Vocoder, samples: int, rate_hz: int
) -> None:
    """Length and rate stay, whatever they are."""
    noise = np.random.default_rng(1).standard_normal(samples) * 0.01
    copy = vocoder.copy(Sound(noise.astype(np.float32), rate_hz))

    assert copy.rate_hz == rate_hz
    assert len(copy.samples) == samples
    assert np.isfinite(copy.samples).all()


def test_a_copy_is_near_what_was_said(vocoder: Vocoder, spoken: Sound) -> None:
    """Every band within 2.5 dB; another sentence and a mean are much farther."""
    seen = vocoder.see(spoken)
    again = vocoder.see(vocoder.copy(spoken))
    loud = seen.max(1) > -6
    other = vocoder.see(speak(OTHER, "en-us+f5")[0])
    length = min(len(seen), len(other))

    away = 20 / np.log(10) * np.abs(again - seen)[loud].mean()
    wrong = 20 / np.log(10) * np.abs(other[:length] - seen[:length])[loud[:length]]
    mean = 20 / np.log(10) * np.abs(seen[loud] - seen[loud].mean(0)).mean()

    assert away < 2.5
    assert wrong.mean() > 5 * away
    assert mean > 3 * away


def test_the_tune_is_obeyed(vocoder: Vocoder, spoken: Sound) -> None:
    """Asked a fifth higher over the same mouth, it sings a fifth higher."""
    span = pitch_span([spoken])
    tune = tune_of(spoken, span).astype(np.float32)
    at = np.arange(len(tune)) * (RATE_HZ // FRAMES_HZ)
    pcm = np.round(spoken.samples * 32767).astype(np.int16)
    mels = vocoder.see_at(pcm, at, tune)

    plain = vocoder.speak(mels, tune)
    higher = vocoder.speak(mels, tune + np.float32(np.log(1.5)))

    wide = (span[0], 2 * span[1])
    loud = vocoder.see(plain)[:, 5:30].mean(1) > -6
    rise = (tune_of(higher, wide) - tune_of(plain, wide))[loud]
    assert abs(np.median(rise) - np.log(1.5)) < 0.01
    assert np.mean(np.abs(rise - np.log(1.5)) < 0.05) > 0.6


def test_without_harmonics_another_tune_shows_the_same_mouth(
    vocoder: Vocoder,
) -> None:
    """Two pulse trains through one room look alike, though their harmonics differ."""
    seconds = np.arange(RATE_HZ) / RATE_HZ
    looks = []
    for hertz in (110.0, 175.0):
        pulses = (np.diff(np.floor(seconds * hertz), prepend=-1) > 0) / np.sqrt(hertz)
        pcm = np.round(pulses * 32767).astype(np.int16)
        at = np.arange(2000, 20000, 240)
        tune = np.full(len(at), np.log(hertz), np.float32)
        looks.append(vocoder.see_at(pcm, at, tune)[:, 15:70])

    assert np.abs(looks[0] - looks[1]).mean() < 0.1


def test_silence_stays_silent(vocoder: Vocoder) -> None:
    """Nothing in, next to nothing out."""
    copy = vocoder.copy(Sound(np.zeros(RATE_HZ, np.float32), RATE_HZ))

    assert np.abs(copy.samples).max() < 1e-3


def test_the_same_seed_says_the_same(vocoder: Vocoder, spoken: Sound) -> None:
    """Breath is drawn, and drawn again alike; another seed breathes otherwise."""
    mels = vocoder.see(spoken)[:80]
    tune = np.full(len(mels), 5.0, np.float32)

    first = vocoder.speak(mels, tune, seed=3).samples
    np.testing.assert_array_equal(first, vocoder.speak(mels, tune, seed=3).samples)
    assert not np.array_equal(first, vocoder.speak(mels, tune, seed=4).samples)
    assert len(first) == (len(mels) - 1) * RATE_HZ // FRAMES_HZ


def test_long_sounds_are_seen_as_a_whole(vocoder: Vocoder, spoken: Sound) -> None:
    """Blocks leave no seam: what was seen alone is seen the same in a long sound."""
    once = spoken.samples[: RATE_HZ * 2]
    seen = vocoder.see(Sound(np.tile(once, 12), RATE_HZ))

    assert seen.shape == (2401, BANDS)
    turns = seen[:-1].reshape(12, 200, BANDS)[1:-1]
    assert np.abs(turns - turns[0]).max() < 1e-3


def test_a_long_copy_has_no_seams(vocoder: Vocoder, spoken: Sound) -> None:
    """Copied in pieces, a long sound keeps its level and smoothness where they meet."""
    long = Sound(np.tile(spoken.samples, int(24 / spoken.seconds) + 1), RATE_HZ)

    copy = vocoder.copy(long)

    seam = slice(int(19.9 * RATE_HZ), int(20.3 * RATE_HZ))
    steps = np.abs(np.diff(copy.samples))
    assert steps[seam].max() <= 1.5 * np.abs(np.diff(long.samples)).max()
    power = np.mean(copy.samples[seam] ** 2) / np.mean(long.samples[seam] ** 2)
    assert 0.6 < power < 1.6
