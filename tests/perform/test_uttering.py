"""A sentence's phonemes, as its author asks for them."""

from __future__ import annotations

import numpy as np
import pytest

from avatar_app.errors import EmptyText, UnknownSound
from avatar_app.lesson.delivery import Delivery
from avatar_app.lesson.glossary import read_glossary
from avatar_app.perform.ipa import named
from avatar_app.perform.uttering import spoken_words, utter
from avatar_app.phonetics import phones_of


def _symbols(text: str, voice: str = "en-us") -> str:
    return "".join(phone.symbol for phone in phones_of(text, voice))


@pytest.mark.parametrize(
    ("voice", "ipa", "heard"),
    [
        ("en-us", "/ˈɛn.dʒɪn ˈɛks/", "ɛndʒɪnɛks"),
        ("en-us", "kəˈtʃɪŋ", "kətʃɪŋ"),
        ("en-us", "tɪˈmɑːtoʊ", "tɪmɑːɾoʊ"),
        ("en-us", "ˈɡʊdˌbaɪ", "ɡʊdbaɪ"),
        ("es", "kaˈβaʎo", "kaβaʎo"),
        ("de", "ˈʃøːn", "ʃøːn"),
    ],
)
def test_ipa_is_said_as_it_is_written(voice: str, ipa: str, heard: str) -> None:
    """espeak-ng reads back the same sounds, stress apart."""
    assert _symbols(named(ipa, voice), voice) == heard


def test_a_sound_that_the_voice_does_not_have_is_refused_by_name() -> None:
    """A click in an English lesson, a letter that is no IPA."""
    for ipa, symbol in (("ǃa", "ǃ"), ("ab§", "§")):
        with pytest.raises(UnknownSound, match=symbol):
            named(ipa)


def test_an_authors_glossary_is_spoken() -> None:
    """As words that sound like it, and in IPA, inside a sentence."""
    words = spoken_words(
        read_glossary("nginx = engine ex\nSiobhan = /ʃɪˈvɔːn/"), "en-us"
    )

    utterance = utter("Ask Siobhan about nginx.", "en-us", glossary=words)

    heard = "".join(phone.symbol for phone in utterance.phones)
    assert "ʃɪvɔːn" in heard
    assert _symbols("engine ex") in heard
    assert [word for word, _, _ in utterance.words] == [
        "Ask", "Siobhan", "about", "nginx.",
    ]  # fmt: skip


def test_an_alias_of_several_words_is_one_written_word() -> None:
    """What is shown is what was written; its full stop ends no clause inside."""
    text = "I live in N.Y.C. now."
    plain = Delivery()
    alias = Delivery(said="New York City", run=1)

    utterance = utter(text, "en-us", [plain, plain, plain, alias, plain])

    assert [word for word, _, _ in utterance.words] == text.split()
    assert {phone.clause for phone in utterance.phones} == {0}
    assert _symbols("New York City") in "".join(p.symbol for p in utterance.phones)


def test_a_written_word_of_several_keeps_its_delivery() -> None:
    """A date is one piece; pauses and pitch reach the phonemes of their words."""
    text = "We met on 5 May 1999, remember?"
    delivery = [Delivery()] * 3 + [Delivery(pitch=3.0, pause_before=0.5)] * 3
    utterance = utter(text, "en-us", [*delivery, Delivery(rate=0.5, volume=-6.0)])

    word, first, end = utterance.words[-2]
    assert word == "5 May 1999,"
    assert utterance.pauses == {first: 0.5}
    assert np.all(utterance.pitch[first:end] == 3)
    assert np.all(utterance.pitch[:first] == 0)
    assert np.all(utterance.rate[end:] == 0.5)
    assert np.all(utterance.volume[end:] == -6)
    assert np.all(utterance.volume[:end] == 0)


def test_spelled_words_are_named_letter_by_letter() -> None:
    """Letters, digits and signs."""
    utterance = utter("SQ-2", "en-us", [Delivery(spelled="characters", run=1)])

    assert utterance.said == "S., Q., , two"


def test_a_text_without_a_sound_is_empty() -> None:
    """Also with a delivery."""
    with pytest.raises(EmptyText):
        utter("…", "en-us", [Delivery(pitch=1.0)])
