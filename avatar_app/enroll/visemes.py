"""Visemes: the phonemes of English by what they look like on the lips.

Source:
    ISO/IEC 14496-2 (MPEG-4 Visual), the fourteen visemes of facial animation; the
    rounded w and diphthongs lie with the shapes that they pass through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from avatar_app.phonetics import phones_of


@dataclass(frozen=True, slots=True)
class Viseme:
    """One class of sounds that look alike.

    Attributes:
        symbols: How the IPA symbols of its sounds begin, as espeak-ng writes them.
        example: Words with such sounds, for a person to read.
    """

    symbols: tuple[str, ...]
    example: str


VISEMES: Final = (
    Viseme(("p", "b", "m"), "maybe, apple, bump"),
    Viseme(("f", "v"), "five, leaf, very"),
    Viseme(("θ", "ð"), "both, those, path"),
    Viseme(("t", "d", "ɾ"), "date, today, tidy"),
    Viseme(("k", "ɡ", "ŋ"), "king, cake, green"),
    Viseme(("tʃ", "dʒ", "ʃ", "ʒ"), "fish, judge, chair"),
    Viseme(("s", "z"), "sizes, zoo, best"),
    Viseme(("n", "l"), "lonely, noon, line"),
    Viseme(("ɹ", "ɚ", "ɜː"), "rare, early, bird"),
    Viseme(("ɑ", "aɪ", "aʊ", "a", "ʌ"), "father, car, loud"),
    Viseme(("ɛ", "æ", "eɪ", "e"), "ten, cat, day"),
    Viseme(("i", "ɪ"), "keep, tea, tin"),
    Viseme(("ɔ", "ɒ", "oʊ", "o"), "old, boy, caught"),
    Viseme(("u", "ʊ", "w"), "you, wood, who"),
)


def visemes_of(text: str) -> list[Viseme]:
    """Return the visemes of an English text, in order.

    Sounds that hardly move the lips of themselves, such as h and ə, have none.

    Raises:
        NoSpeechEngine: espeak-ng cannot be loaded.
    """
    shown = (_viseme(phone.symbol) for phone in phones_of(text))
    return [viseme for viseme in shown if viseme is not None]


def _viseme(symbol: str) -> Viseme | None:
    """The class with the longest beginning that fits: tʃ is not t."""
    fitting = [
        (len(start), viseme)
        for viseme in VISEMES
        for start in viseme.symbols
        if symbol.startswith(start)
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None
