"""Respelling: IPA in ordinary letters, or refused by name."""

from __future__ import annotations

import pytest

from avatar_app.errors import UnknownSound
from avatar_app.perform.ipa import named
from avatar_app.perform.respelling import respelled
from avatar_app.phonetics import phones_of

ACCENT = "en-us"


@pytest.mark.parametrize(
    "ipa", ["ʃɪˈvɔːn", "ˈɛndʒɪn ˈɛks", "ˈkwɪnoʊə", "ˈlɪnʌks", "ˈtoʊmɑːs", "ˈɡʌtə"]
)
def test_letters_read_back_as_they_were_meant(ipa: str) -> None:
    """espeak-ng, which reads letters only now, says the same phonemes."""
    meant = named(ipa, ACCENT)
    letters = respelled(meant, ACCENT)

    assert letters.replace(" ", "").isalpha()
    assert letters.isascii()
    assert [p.symbol for p in phones_of(letters, ACCENT)] == [
        p.symbol.replace("t", "ɾ") if ipa == "ˈɡʌtə" and p.symbol == "t" else p.symbol
        for p in phones_of(meant, ACCENT)
    ]


def test_only_what_is_named_is_changed() -> None:
    """The words around it stay, with their punctuation."""
    said = f"Hello, {named('ʃɪˈvɔːn', ACCENT)}! Come in."

    assert respelled(said, ACCENT) == "Hello, shivawn! Come in."
    assert respelled("Nothing named here.", ACCENT) == "Nothing named here."


@pytest.mark.parametrize(("ipa", "accent"), [("lɒx", "en-us"), ("kasa", "es")])
def test_what_no_letters_say_is_refused(ipa: str, accent: str) -> None:
    """A sound that English spelling lacks, and a language whose spelling we lack."""
    with pytest.raises(UnknownSound) as refused:
        respelled(named(ipa, accent), accent)

    assert "ordinary words" in refused.value.remedy
