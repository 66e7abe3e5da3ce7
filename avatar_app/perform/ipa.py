"""Pronunciations in the International Phonetic Alphabet, by espeak-ng's names.

espeak-ng reads ``[[...]]`` as its own phoneme names (after Kirshenbaum's ASCII-IPA).
What is written in IPA is put into these names, said, and heard again: a sound that
the voice does not have is refused by name instead of being said wrongly.
"""

from __future__ import annotations

import re

from avatar_app.errors import UnknownSound
from avatar_app.phonetics import phones_of

_NAMES = {
    "tʃ": "tS", "dʒ": "dZ", "ʧ": "tS", "ʤ": "dZ", "ts": "ts",
    "eɪ": "eI", "aɪ": "aI", "ɔɪ": "OI", "aʊ": "aU", "oʊ": "oU", "əʊ": "oU",
    "iː": "i:", "uː": "u:", "ɑː": "A:", "ɔː": "O:", "ɜː": "3:", "eː": "e:",
    "oː": "o:", "yː": "y:", "øː": "Y:", "ɛː": "E:",
    "ɪɹ": "i@3", "ɛɹ": "e@", "ʊɹ": "U@", "ɔːɹ": "O@", "ɑːɹ": "A@", "əl": "@L",
    "ɪ": "I", "ɛ": "E", "æ": "a", "ɑ": "A:", "ɒ": "0", "ɔ": "O:", "ʊ": "U", "ʌ": "V",
    "ə": "@", "ɐ": "a#", "ɚ": "3", "ɝ": "3:", "ɜ": "3:", "i": "i", "u": "u:",
    "ɹ": "r", "r": "r", "ɾ": "t#", "l": "l", "ɫ": "l", "j": "j", "w": "w",
    "p": "p", "b": "b", "t": "t", "d": "d", "k": "k", "ɡ": "g", "g": "g", "ʔ": "?",
    "f": "f", "v": "v", "θ": "T", "ð": "D", "s": "s", "z": "z", "ʃ": "S", "ʒ": "Z",
    "h": "h", "m": "m", "n": "n", "ŋ": "N", "n̩": "n-", "x": "x", "ç": "C",
}  # fmt: skip
_OF_LANGUAGE = {
    "en": {"a": "aa", "e": "eI", "o": "oU"},
    "es": {"a": "a", "e": "e", "o": "o", "u": "u", "r": "R2", "ɾ": "r", "ɲ": "n^",
           "ʎ": "l^", "ʝ": "J^", "β": "B", "ɣ": "Q", "ɛ": "e", "ɔ": "o"},
    "de": {"a": "a", "e": "e:", "o": "o:", "ɔ": "O", "ʏ": "y", "œ": "W", "ʁ": "r",
           "ɐ": "3", "ɾ": "r", "ʊ": "U", "ɑ": "A", "y": "y:", "ø": "Y:"},
}  # fmt: skip
_MARKS = {"ˈ": "'", "'": "'", "ˌ": ",", " ": " "}
_SILENT = "./͡ˑ|"  # syllable marks, ties, the slashes of dictionaries


def named(ipa: str, voice: str = "en-us") -> str:
    """Put a pronunciation into espeak-ng's names.

    Args:
        ipa: For example ``ˈɛndʒɪn ˈɛks``; slashes and syllable dots may stay.
        voice: An espeak-ng voice.

    Returns:
        ``[['EndZIn 'Eks]]``.

    Raises:
        UnknownSound: A symbol has no sound in this voice.
    """
    own = _OF_LANGUAGE.get(re.split(r"[-+]", voice)[0], {})
    names = {**_NAMES, **own, **_MARKS}
    longest = max(map(len, names))
    said, at = [], 0
    bare = ipa.strip().strip("/[]").replace("_", "")
    while at < len(bare):
        if bare[at] in _SILENT:
            at += 1
            continue
        for length in range(longest, 0, -1):
            if bare[at : at + length] in names:
                said.append(names[bare[at : at + length]])
                at += length
                break
        else:
            raise UnknownSound(bare[at])
    joined = _apart(said)
    if not phones_of(f"[[{joined}]]", voice):
        raise UnknownSound(bare)
    return f"[[{joined}]]"


def _apart(said: list[str]) -> str:
    """Join names; a bar between two that together would be a third ("t", "S")."""
    joined = ""
    for name in said:
        known = joined[-1:].isalpha() and name[:1].isalpha()
        joined += "|" + name if known and joined[-1] in "taeoA" else name
    return joined
