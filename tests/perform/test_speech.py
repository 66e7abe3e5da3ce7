"""What a personal voice says: the right words, at known moments, at one level."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from avatar_app.errors import EmptyText
from avatar_app.fit.voice.hearing import spoken_level_db
from avatar_app.fit.voice.vocoder import analyse
from avatar_app.lesson.delivery import Delivery
from avatar_app.perform.speech import Speech, say
from avatar_app.perform.uttering import utter
from avatar_app.phonetics import phones_of
from tests.fakes.made_up_speaker import distortion_db, fitted, reads

UNSEEN = "Brown paper was left under the old train."


def test_an_unseen_sentence_sounds_like_the_speaker_saying_it() -> None:
    """Nearer to the speaker's own reading of it than another sentence is."""
    said = say(fitted().voice, UNSEEN)

    right = distortion_db(said.sound, reads(UNSEEN))
    wrong = distortion_db(
        say(fitted().voice, "Check your answer in the morning.").sound, reads(UNSEEN)
    )
    assert right < wrong - 1.0
    assert 0.6 < said.sound.seconds / reads(UNSEEN).seconds < 1.6


def test_words_are_the_written_ones_in_order_without_overlap() -> None:
    """Every written word has its moment on the clock of the sound."""
    said = say(fitted().voice, UNSEEN)

    assert [word.text for word in said.words] == UNSEEN.split()
    edges = [edge for word in said.words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert all(word.end - word.start > 0.03 for word in said.words)
    assert said.words[0].start == pytest.approx(0.1)
    assert said.words[-1].end < said.sound.seconds


def test_phonemes_fill_the_whole_sound() -> None:
    """From the quiet before to the quiet after, without a gap."""
    said = say(fitted().voice, "Put it down, please.")

    assert [p.symbol for p in said.phones if p.symbol] == [
        p.symbol for p in phones_of("Put it down, please.")
    ]
    assert [said.phones[0].symbol, said.phones[-1].symbol] == ["", ""]
    for before, after in zip(said.phones[:-1], said.phones[1:], strict=True):
        assert before.end == after.start
    assert said.phones[-1].end == pytest.approx(said.sound.seconds, abs=1e-6)


def test_words_lie_where_the_sound_is() -> None:
    """The level inside words is far above the level before and after them."""
    said = say(fitted().voice, UNSEEN)

    samples, rate = said.sound.samples.astype(np.float64), said.sound.rate_hz
    spoken = slice(int(said.words[0].start * rate), int(said.words[-1].end * rate))
    loud = np.mean(samples[spoken] ** 2)
    assert loud > 100 * np.mean(samples[: int(0.06 * rate)] ** 2)
    assert loud > 100 * np.mean(samples[-int(0.04 * rate) :] ** 2)


def test_the_level_is_always_the_same() -> None:
    """-23 dB while speaking, and no peak above -3 dB."""
    for text in (UNSEEN, "No.", "Which answer is right?"):
        sound = say(fitted().voice, text).sound

        assert spoken_level_db(sound) == pytest.approx(-23, abs=1)
        assert float(np.abs(sound.samples).max()) <= 10 ** (-3 / 20)


def test_the_same_words_sound_the_same() -> None:
    """Speaking is deterministic."""
    first = say(fitted().voice, UNSEEN).sound.samples

    say(fitted().voice, "Something else in between.")
    np.testing.assert_array_equal(first, say(fitted().voice, UNSEEN).sound.samples)


def test_phonemes_that_were_never_recorded_are_spoken_all_the_same() -> None:
    """The oy and zh of this sentence are in none of the readings."""
    text = "The boy saw a vision of beige joy."
    unknown = {p.symbol for p in phones_of(text)} - set(fitted().voice.symbols)

    said = say(fitted().voice, text)

    assert {"ɔɪ", "ʒ"} <= unknown
    assert [word.text for word in said.words] == text.split()
    assert np.isfinite(said.sound.samples).all()
    pitch = analyse(said.sound).pitch
    assert np.mean(pitch > 0) > 0.3


def test_words_are_slower_higher_and_louder_as_asked() -> None:
    """In the asked word and not beyond; the pause before it is there."""
    usual = [Delivery()] * len(UNSEEN.split())
    asked, paused = [*usual], [*usual]
    asked[5] = Delivery(rate=0.5, pitch=4.0, volume=6.0, pause_before=0.4)
    # After a pause tune and tempo begin anew, so all else is compared with it there.
    paused[5] = Delivery(pause_before=0.4)

    said = say(fitted().voice, UNSEEN, asked)
    plain = say(fitted().voice, UNSEEN, paused)

    before, after = plain.words[5], said.words[5]
    assert 1.6 < (after.end - after.start) / (before.end - before.start) < 2.4
    assert after.start - said.words[4].end == pytest.approx(0.4, abs=0.01)
    assert _pitch(said, 5) / _pitch(plain, 5) == pytest.approx(2 ** (4 / 12), rel=0.08)
    assert _pitch(said, 2) / _pitch(plain, 2) == pytest.approx(1, rel=0.05)
    assert _level(said, 5) - _level(said, 2) > _level(plain, 5) - _level(plain, 2) + 3


def _pitch(said: Speech, word: int) -> float:
    pitch = analyse(said.sound).pitch
    at = slice(
        *(int(t / 0.005) for t in (said.words[word].start, said.words[word].end))
    )
    return float(np.median(pitch[at][pitch[at] > 0]))


def _level(said: Speech, word: int) -> float:
    edges = (said.words[word].start, said.words[word].end)
    at = slice(*(int(t * said.sound.rate_hz) for t in edges))
    power = float(np.mean(said.sound.samples[at].astype(np.float64) ** 2))
    return float(10 * np.log10(power))


def test_the_melody_moves() -> None:
    """A monotone would vary by less than a tenth of an octave."""
    pitch = analyse(say(fitted().voice, UNSEEN).sound).pitch

    assert np.std(np.log2(pitch[pitch > 0])) > 0.05


@pytest.mark.parametrize(
    "text",
    [
        "It cost $5.20 in 1455 — or so.",
        "Dr. Smith’s end of the road, e.g. the U.S. one.",
        "- “Wait” … what?",
    ],
)
def test_captions_hold_every_written_word_once(text: str) -> None:
    """Digits, abbreviations and lone dashes too; every phoneme has one word."""
    utterance = utter(text, "en-us")

    words, phones = utterance.words, utterance.phones

    assert " ".join(word for word, _, _ in words) == text
    assert words[0][1] == 0
    assert words[-1][2] == len(phones)
    for (_, _, end), (_, first, _) in itertools.pairwise(words):
        assert end == first


def test_a_sentence_without_a_sound_is_empty() -> None:
    """Marks alone cannot be said."""
    with pytest.raises(EmptyText):
        say(fitted().voice, "…")
