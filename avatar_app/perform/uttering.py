"""Uttering: one written sentence becomes phonemes and how each of them is said."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.errors import EmptyText
from avatar_app.lesson.delivery import Delivery
from avatar_app.lesson.glossary import Glossary
from avatar_app.perform.ipa import named
from avatar_app.perform.numerals import Numerals
from avatar_app.perform.reading import Piece, book_of, read_aloud, said_of
from avatar_app.perform.wording import written_words
from avatar_app.phonetics import Phone, phones_of

# A stressed word is longer, higher and louder; one said by the way the other way
# round. Source: Campbell and Beckman, "Stress, prominence and spectral tilt" (1997).
_LONGER = {-1: 0.9, 0: 1.0, 1: 1.12, 2: 1.25}
_HIGHER = {-1: -1.0, 0: 0.0, 1: 1.5, 2: 2.5}  # semitones
_LOUDER = {-1: -2.0, 0: 0.0, 1: 1.5, 2: 3.0}  # decibels

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """What is to be said.

    Attributes:
        said: For espeak-ng.
        phones: (P) phonemes.
        words: (word as written, first phoneme, past its last).
        rate: (P,) times the usual tempo.
        pitch: (P,) semitones above the usual.
        volume: (P,) decibels above the usual.
        pauses: Seconds of quiet before a phoneme, where the author asks for it.
    """

    said: str
    phones: list[Phone]
    words: tuple[tuple[str, int, int], ...]
    rate: Floats
    pitch: Floats
    volume: Floats
    pauses: dict[int, float]


def spoken_words(glossary: Glossary, accent: str) -> Mapping[str, str]:
    """A glossary as ``read_aloud`` takes it; raises UnknownSound."""
    return {
        entry.word: named(entry.said, accent) if entry.is_ipa else entry.said
        for entry in glossary.entries
    }


def utter(
    text: str,
    accent: str,
    delivery: Sequence[Delivery] = (),
    glossary: Mapping[str, str] | None = None,
) -> Utterance:
    """Find the phonemes of a sentence and how each is said.

    Args:
        text: As it is written.
        accent: An espeak-ng voice.
        delivery: One for each word of ``text.split()``, or none.
        glossary: From ``spoken_words``.

    Raises:
        EmptyText: Nothing in it has a sound.
        UnknownSound: A pronunciation names a sound that the voice does not have.
    """
    pieces = _pieces(text, accent, delivery, glossary)
    said = said_of(pieces)
    phones = phones_of(said, accent)
    if not phones:
        raise EmptyText
    words = written_words(pieces, phones, accent)
    rate, pitch, volume = (np.ones(len(phones), np.float32) for _ in range(3))
    pitch[:], volume[:] = 0, 0
    pauses: dict[int, float] = {}
    if delivery:
        for (_, first, end), own in zip(words, _owned(words, delivery), strict=True):
            rate[first:end] = own.rate / _LONGER[own.stress]
            pitch[first:end] = own.pitch + _HIGHER[own.stress]
            volume[first:end] = own.volume + _LOUDER[own.stress]
            if own.pause_before and first:
                pauses[first] = own.pause_before
    return Utterance(said, phones, tuple(words), rate, pitch, volume, pauses)


def _owned(
    words: Iterable[tuple[str, int, int]], delivery: Sequence[Delivery]
) -> list[Delivery]:
    """The delivery of each entry's first written word, its longest pause."""
    owned, at = [], 0
    for written, _, _ in words:
        count = len(written.split())
        owned.append(delivery[at])
        at += count
    return owned


def _pieces(
    text: str,
    accent: str,
    delivery: Sequence[Delivery],
    glossary: Mapping[str, str] | None,
) -> tuple[Piece, ...]:
    if not any(own.is_other_words for own in delivery):
        return read_aloud(text, accent, glossary)
    pieces: list[Piece] = []
    pairs = zip(text.split(), delivery, strict=True)
    last = len(delivery)
    at = 0
    for _, group in itertools.groupby(
        pairs, lambda pair: pair[1].run if pair[1].is_other_words else 0
    ):
        together = list(group)
        written, own = " ".join(word for word, _ in together), together[0][1]
        at += len(together)
        if own.is_other_words:
            said = _other_words(written, own, accent)
            if at < last:
                said = said.removesuffix(".")  # of an abbreviation
            pieces.append(Piece(written, said))
        else:
            pieces += read_aloud(written, accent, glossary)
    return tuple(pieces)


def _other_words(written: str, own: Delivery, accent: str) -> str:
    """What is said instead, with the punctuation of what is written."""
    end = re.search(r"[.,;:!?…]*[\"'”’»)\]]*$", written)
    mark = end.group().strip("\"'”’»)]") if end else ""
    bare = written[: len(written) - len(end.group())] if end else written
    if own.ipa:
        return named(own.ipa, accent) + mark
    if own.said:
        return said_of(read_aloud(own.said, accent)).rstrip(".,;:!?…") + mark
    return _spelled(bare, own.spelled, accent) + mark


def _spelled(bare: str, how: str, accent: str) -> str:
    numerals = book_of(accent).numerals
    if how == "ordinal" and bare.isdigit():
        return numerals.ordinal(int(bare))
    return ", ".join(
        _character(character, accent, numerals)
        for character in bare
        if not character.isspace()
    )


def _character(character: str, accent: str, numerals: Numerals) -> str:
    if character.isdigit():
        return numerals.digits(character)
    if character.isalpha():
        return f"{character.upper()}."
    return str(book_of(accent).group("symbols").get(character, ""))
