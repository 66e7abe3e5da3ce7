"""Gestures and nods: on the clock of what is said."""

from __future__ import annotations

import numpy as np

from avatar_app.media import Sound
from avatar_app.perform.gestures import cues_of, nods_of
from avatar_app.phonetics import TimedWord

RATE = 8000


def spoken(*words: tuple[str, float]) -> tuple[list[TimedWord], Sound]:
    """Words of half a second each with their loudness, loudest in their middle."""
    timed, parts = [], []
    for number, (text, loudness) in enumerate(words):
        timed.append(TimedWord(text, number / 2, number / 2 + 0.5))
        swell = np.hanning(RATE // 2) * np.sin(np.arange(RATE // 2))
        parts.append(loudness * swell)
    return timed, Sound(np.concatenate(parts).astype(np.float32), RATE)


def test_the_head_nods_on_the_loudest_word_that_means_something() -> None:
    """Not on the louder "with", and not on every word; well apart."""
    words, sound = spoken(
        *(("with", 0.9), ("heavy", 0.3), ("blankets", 0.7), ("rest", 0.2)),
        *(("there", 0.9), ("seven", 0.2), ("quiet", 0.1), ("evenings", 0.1)),
        *(("a", 0.9), ("wonderful", 0.8), ("of", 0.2), ("garden", 0.2)),
    )
    nods = nods_of(words, sound)

    assert len(nods) == 2
    assert abs(nods[0] - 1.25) < 0.1
    assert abs(nods[1] - 4.75) < 0.1


def test_small_words_alone_are_not_nodded_on() -> None:
    """Nor is silence."""
    words, sound = spoken(("it", 0.5), ("is", 0.5), ("with", 0.9))

    assert nods_of(words, sound) == ()
    assert nods_of([], sound) == ()


def test_a_gesture_begins_a_little_before_its_word() -> None:
    """One after the last word begins when that is over; none before the start."""
    words, _ = spoken(("one", 0.5), ("two", 0.5), ("three", 0.5))
    cues = cues_of(((0, "nod"), (2, "shake"), (3, "smile")), words, 1.5)

    assert [cue.name for cue in cues] == ["nod", "shake", "smile"]
    assert [round(cue.seconds, 2) for cue in cues] == [0.0, 0.8, 1.3]
