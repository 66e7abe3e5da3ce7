"""Captions that can be read: short, calm, cut at phrases, true to the text."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from avatar_app.phonetics import TimedWord, speak
from avatar_app.render.captions import (
    LINE_CHARACTERS,
    Cue,
    cues_of,
    webvtt,
    written_words,
)

SENTENCES = (
    "Good morning, everyone!",
    "Today I would like to show you how a plain computer can learn to speak with "
    "your own face and voice, without sending a single picture away.",
    "Yes.",
    "It's 3.5 times faster than before, isn't it?",
    "Dr. Smith–Jones paid $12 on May 3rd; nobody knew why.",
)


def spoken(sentences: tuple[str, ...], words_per_minute: int = 170) -> list[TimedWord]:
    """The words of sentences that espeak-ng says one after the other."""
    words: list[TimedWord] = []
    began = 0.0
    for text in sentences:
        sound, _, timed = speak(text, words_per_minute=words_per_minute)
        words += written_words(text, timed, began, sound.seconds)
        began += sound.seconds
    return words


def even(text: str, seconds_a_word: float) -> list[TimedWord]:
    """Words of equal length."""
    return [
        TimedWord(word, i * seconds_a_word, (i + 1) * seconds_a_word)
        for i, word in enumerate(text.split())
    ]


def test_nothing_is_lost_and_nothing_is_out_of_order() -> None:
    """The captions together are the text, punctuation included, each after the last."""
    cues = cues_of(spoken(SENTENCES))

    assert " ".join(line for cue in cues for line in cue.lines) == " ".join(SENTENCES)
    for before, after in itertools.pairwise(cues):
        assert before.start < before.end <= after.start


@pytest.mark.parametrize("words_per_minute", [120, 170, 220])
def test_a_reader_can_follow(words_per_minute: int) -> None:
    """Two lines of 42, one to six seconds, 235 words a minute unless speech is faster.

    espeak-ng's 170 are 260 in a row of short words, its 120 stay below 235.
    """
    cues = cues_of(spoken(SENTENCES, words_per_minute))

    for cue in cues:
        assert len(cue.lines) <= 2
        assert max(map(len, cue.lines)) <= LINE_CHARACTERS
        assert 0.999 <= cue.end - cue.start <= 6.001
        read = sum(len(line.split()) for line in cue.lines)
        if words_per_minute == 120:
            assert read * 60 / (cue.end - cue.start) <= 235


def test_phrases_stay_together() -> None:
    """Cuts fall at the ends of sentences and phrases, not behind an article."""
    cues = cues_of(spoken(SENTENCES))

    assert cues[0].lines == ("Good morning, everyone!",)
    lines = [line for cue in cues for line in cue.lines]
    assert not [line for line in lines if re.search(r"\b(a|the|of|your|Dr\.)$", line)]
    assert sum(bool(re.search(r"[.,;!?]$", cue.lines[-1])) for cue in cues) >= 4


def test_a_lonely_short_word_is_shown_long_enough() -> None:
    """Half a second of speech with silence behind it is shown for one second."""
    words = [TimedWord("Stop.", 2.0, 2.4), TimedWord("Now.", 9.0, 9.3)]

    assert cues_of(words) == [
        Cue(2.0, 3.0, ("Stop.",)),
        Cue(9.0, 10.0, ("Now.",)),
    ]


def test_hurried_speech_is_shown_whole() -> None:
    """At 400 words a minute the limit cannot be kept, but no word is dropped."""
    text = "one two three four five six seven eight nine ten " * 6
    cues = cues_of(even(text, 0.15))

    assert " ".join(" ".join(cue.lines) for cue in cues) == " ".join(text.split())


def test_words_without_a_time_share_their_gap() -> None:
    """What the voice joined or skipped lies between its neighbors, in order."""
    timed = [TimedWord("cup", 0.2, 0.5), TimedWord("tea", 0.9, 1.3)]
    words = written_words("One cup of hot tea, please!", timed, 10.0, 2.0)

    assert [word.text for word in words] == [
        "One",
        "cup",
        "of",
        "hot",
        "tea,",
        "please!",
    ]
    starts = np.array([word.start for word in words])
    ends = np.array([word.end for word in words])
    assert (np.diff(starts) > 0).all()
    assert (starts < ends).all()
    assert starts[0] == 10.0
    assert starts[1] == pytest.approx(10.2)
    assert ends[-1] <= 12.0


def test_a_text_without_any_times_is_spread_over_its_sentence() -> None:
    """Letters decide when nothing else is known."""
    words = written_words("ab cdef", [], 1.0, 3.0)

    assert words == [TimedWord("ab", 1.0, 2.0), TimedWord("cdef", 2.0, 4.0)]
    assert written_words("  ", [], 1.0, 3.0) == []


def test_an_endless_word_is_cut() -> None:
    """A web address longer than a line is shown in parts."""
    address = "https://example.org/" + "x" * 70
    cues = cues_of(written_words(f"Visit {address} today.", [], 0.0, 8.0))

    assert max(len(line) for cue in cues for line in cue.lines) <= LINE_CHARACTERS
    shown = "".join(line for cue in cues for line in cue.lines)
    assert address in shown.replace(" ", "")


def test_marks_of_the_format_are_escaped() -> None:
    """Nothing a person types can become markup or another caption."""
    vtt = webvtt(cues_of(even("if a --> b & c <b>then</b>", 0.5)))

    assert vtt.count("-->") == 1
    assert "if a --&gt; b &amp; c &lt;b&gt;then&lt;/b&gt;" in vtt


def test_the_file_is_webvtt() -> None:
    """Header, numbered cues, times with milliseconds, also after the first hour."""
    vtt = webvtt([Cue(0.0, 1.5, ("One", "two")), Cue(3661.25, 3662.9996, ("End.",))])

    assert vtt.startswith("WEBVTT\n\nNOTE ")
    assert "\n\n1\n00:00:00.000 --> 00:00:01.500\nOne\ntwo\n\n" in vtt
    assert vtt.endswith("2\n01:01:01.250 --> 01:01:03.000\nEnd.\n")
    assert webvtt([]).startswith("WEBVTT\n\n")
