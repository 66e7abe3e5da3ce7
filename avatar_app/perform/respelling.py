"""Respelling: named phonemes as ordinary letters, for voices that read only letters.

A pronunciation in IPA reaches us as ``[[...]]``, espeak-ng's names. Each sound is
written as English usually writes it, the choice between spellings is made by reading
it back through espeak-ng, and what does not read back nearly as it was meant is
refused by name rather than said wrongly.
"""

from __future__ import annotations

import itertools
import re

from avatar_app.errors import UnknownSound
from avatar_app.phonetics import phones_of

_NAMED = re.compile(r"\[\[.*?\]\]")
_AS_LETTERS = {
    "p": "p pp", "b": "b bb", "t": "t tt", "d": "d dd", "k": "k c ck", "ɡ": "g gg gh",
    "f": "f ff", "v": "v", "θ": "th", "ð": "th", "s": "s ss", "z": "z zz",
    "ʃ": "sh", "ʒ": "zh s", "h": "h", "m": "m mm", "n": "n nn", "ŋ": "ng n",
    "l": "l ll", "ɹ": "r rr", "j": "y", "w": "w", "tʃ": "ch tch", "dʒ": "j dge",
    "ɾ": "t tt", "x": "h", "ʔ": "",
    "iː": "ee e ea", "i": "ee y ie", "ɪ": "i y", "ᵻ": "i e", "eɪ": "ay ai a",
    "ɛ": "e eh ea", "æ": "a", "a": "a ah", "aɪ": "y igh ie i", "ɑː": "ah a o",
    "ɒ": "o", "ɔː": "aw au o", "oʊ": "oh o oa", "ʊ": "oo u", "uː": "oo u ew",
    "ʌ": "u uh", "ə": "a uh e er", "ɐ": "a uh", "ɜː": "er ur", "ɚ": "er", "aʊ": "ow ou",
    "ɔɪ": "oy oi", "əl": "le el al", "ɪɹ": "eer ear", "ɛɹ": "air are", "ʊɹ": "oor ure",
    "oːɹ": "or ore oar", "ɔːɹ": "or ore oar", "ɑːɹ": "ar ahr", "aɪɚ": "ire",
    "iə": "ia eea", "oː": "o oh", "n̩": "en on", "aɪə": "ia ya", "əʊ": "oh o",
}  # fmt: skip
_ROUNDS = 2
_OFF = 0.2  # of the sounds may come back as others


def respelled(said: str, accent: str) -> str:
    """Replace every ``[[...]]`` in a text by letters that sound like it.

    Raises:
        UnknownSound: No letters we found sound like it, or its language is not English.
    """
    return _NAMED.sub(lambda found: _letters(found.group(), accent), said)


def _letters(named: str, accent: str) -> str:
    phones = phones_of(named, accent)
    spoken = "".join(phone.symbol for phone in phones)
    if not accent.startswith("en"):
        raise UnknownSound(spoken)
    words = itertools.groupby(phones, lambda phone: phone.word)
    return " ".join(_word([p.symbol for p in word], accent) for _, word in words)


def _word(symbols: list[str], accent: str) -> str:
    """Choose one spelling after the other so that the whole reads back best."""
    choices = [_choices(symbol) for symbol in symbols]
    chosen = [ways[0] for ways in choices]
    best = _apart(chosen, symbols, accent)
    spans = [(k, k + n) for n in (1, 2) for k in range(len(symbols) - n + 1)]
    for begin, end in spans * _ROUNDS:
        for ways in itertools.product(*choices[begin:end]):
            tried = [*chosen[:begin], *ways, *chosen[end:]]
            distance = _apart(tried, symbols, accent)
            if distance < best:
                chosen, best = tried, distance
    if best > _OFF * len(symbols):
        raise UnknownSound("".join(symbols))
    return "".join(chosen)


def _choices(symbol: str) -> list[str]:
    if symbol not in _AS_LETTERS:
        raise UnknownSound(symbol)
    return _AS_LETTERS[symbol].split() or [""]


def _apart(spelled: list[str], symbols: list[str], accent: str) -> float:
    """Sounds that come back as others; near ones, as a and ə, count half."""
    back = [phone.symbol for phone in phones_of("".join(spelled), accent)]
    row = [float(k) for k in range(len(symbols) + 1)]
    for i, heard in enumerate(back, 1):
        before, row[0] = row[0], float(i)
        for j, meant in enumerate(symbols, 1):
            cost = before + _unlike(heard, meant)
            before = row[j]
            row[j] = min(cost, row[j] + 1, row[j - 1] + 1)
    return row[-1]


_NEAR = ({"ə", "ɐ", "ʌ", "ᵻ"}, {"ɪ", "i", "iː", "ᵻ"}, {"ɑː", "ɔː", "ɒ", "a", "æ"},
         {"oʊ", "oː", "əʊ"},
         {"t", "ɾ"}, {"ɚ", "ɜː"}, {"ʊ", "uː"}, {"θ", "ð"})  # fmt: skip


def _unlike(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return 0.5 if any({one, other} <= group for group in _NEAR) else 1.0
