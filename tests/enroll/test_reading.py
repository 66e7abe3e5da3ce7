"""Words that were not read as they stand are told, with their times."""

from __future__ import annotations

import pytest

from avatar_app.enroll.reading import find_words, misreadings, words_of
from avatar_app.weights.phones import Hearing, open_phone_encoder
from tests.enroll.voices import TEXTS, said


@pytest.fixture(scope="module")
def heard() -> list[Hearing]:
    """All texts, read by a voice nobody trained on."""
    return [open_phone_encoder().hear(said(text, "en-us+f2")) for text in TEXTS]


def doubted(heard: list[Hearing], change: tuple[str, str]) -> list[str]:
    """Words that are told when the first text is written otherwise."""
    texts = [TEXTS[0].replace(*change), *TEXTS[1:]]
    read = find_words(list(zip(heard, texts, strict=True)), "en-us")
    return [one.word for one in misreadings(read) if one.reading == 0]


def test_right_words_are_found_in_order(heard: list[Hearing]) -> None:
    """Every word has its time, none is doubted."""
    read = find_words(list(zip(heard, TEXTS, strict=True)), "en-us")

    assert misreadings(read) == []
    for words, text in zip(read, TEXTS, strict=True):
        assert " ".join(word.text for word in words) == text.rstrip(".")
        starts = [word.start for word in words]
        assert starts == sorted(starts)
        assert all(word.end > word.start for word in words)


def test_another_word_is_told(heard: list[Hearing]) -> None:
    """The text says mountain where river was read."""
    assert doubted(heard, ("river", "mountain")) == ["mountain"]


def test_a_word_that_was_not_said_is_told(heard: list[Hearing]) -> None:
    """The text has a word more than was read."""
    assert "yesterday" in doubted(heard, ("sun rose", "sun yesterday rose"))


def test_a_word_said_besides_is_told_by_its_neighbours(heard: list[Hearing]) -> None:
    """The text lacks what was read between two words."""
    told = doubted(heard, ("the sun rose above the river", "the river"))

    assert told
    assert set(told) <= {"when", "the", "river"}


def test_a_text_far_too_long_for_its_sound_has_no_words(heard: list[Hearing]) -> None:
    """It cannot be laid over the sound at all."""
    assert find_words([(heard[0], " ".join(TEXTS * 4))], "en-us") == [()]


def test_numbers_are_one_word() -> None:
    """As written, with the sounds of all their parts."""
    words = words_of("In 1066 they came.", "en-us")

    assert [word.text for word in words] == ["In", "1066", "they", "came"]
    assert len(words[1].sounds) > 10
