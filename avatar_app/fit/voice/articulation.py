"""Articulation: how the mouth makes each phoneme, so that near ones are known as near.

The acoustic network sees phonemes as these numbers beside their names, and a phoneme
that was never recorded borrows from the nearest one that was.
"""

from __future__ import annotations

import functools
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

# Vowels: height 0 open to 1 close, place 0 front to 1 back, rounded.
_VOWELS = {
    "i": (1, 0, 0), "y": (1, 0, 1), "ɨ": (1, 0.5, 0), "ʉ": (1, 0.5, 1),
    "ɯ": (1, 1, 0), "u": (1, 1, 1), "ɪ": (0.8, 0.2, 0), "ʏ": (0.8, 0.2, 1),
    "ᵻ": (0.8, 0.4, 0), "ʊ": (0.8, 0.8, 1), "e": (0.7, 0, 0), "ø": (0.7, 0, 1),
    "ɘ": (0.7, 0.5, 0), "ɵ": (0.7, 0.5, 1), "ɤ": (0.7, 1, 0), "o": (0.7, 1, 1),
    "ə": (0.5, 0.5, 0), "ɛ": (0.35, 0, 0), "œ": (0.35, 0, 1), "ɜ": (0.4, 0.5, 0),
    "ɞ": (0.35, 0.5, 1), "ʌ": (0.35, 0.8, 0), "ɔ": (0.35, 1, 1), "æ": (0.15, 0, 0),
    "ɐ": (0.25, 0.5, 0), "a": (0, 0.2, 0), "ɶ": (0, 0, 1), "ɑ": (0, 0.9, 0),
    "ɒ": (0, 1, 1), "ɚ": (0.5, 0.5, 0), "ɝ": (0.4, 0.5, 0),
}  # fmt: skip
_RHOTIC = frozenset("ɚɝɹɻʁrɾ")
# Consonants: manner, place 0 lips to 1 throat, voiced.
_CONSONANTS = {
    "p": ("stop", 0, 0), "b": ("stop", 0, 1), "t": ("stop", 0.35, 0),
    "d": ("stop", 0.35, 1), "ʈ": ("stop", 0.5, 0), "ɖ": ("stop", 0.5, 1),
    "c": ("stop", 0.6, 0), "ɟ": ("stop", 0.6, 1), "k": ("stop", 0.75, 0),
    "ɡ": ("stop", 0.75, 1), "g": ("stop", 0.75, 1), "q": ("stop", 0.85, 0),
    "ʔ": ("stop", 1, 0), "f": ("fricative", 0.1, 0), "v": ("fricative", 0.1, 1),
    "ɸ": ("fricative", 0, 0), "β": ("fricative", 0, 1), "θ": ("fricative", 0.25, 0),
    "ð": ("fricative", 0.25, 1), "s": ("fricative", 0.35, 0),
    "z": ("fricative", 0.35, 1), "ʃ": ("fricative", 0.5, 0),
    "ʒ": ("fricative", 0.5, 1), "ɕ": ("fricative", 0.55, 0),
    "ʑ": ("fricative", 0.55, 1), "ç": ("fricative", 0.6, 0),
    "ʝ": ("fricative", 0.6, 1), "x": ("fricative", 0.75, 0),
    "ɣ": ("fricative", 0.75, 1), "χ": ("fricative", 0.85, 0),
    "ʁ": ("fricative", 0.85, 1), "h": ("fricative", 1, 0), "ɦ": ("fricative", 1, 1),
    "m": ("nasal", 0, 1), "ɱ": ("nasal", 0.1, 1), "n": ("nasal", 0.35, 1),
    "ɲ": ("nasal", 0.6, 1), "ŋ": ("nasal", 0.75, 1), "ɹ": ("glide", 0.4, 1),
    "ɻ": ("glide", 0.5, 1), "j": ("glide", 0.6, 1), "w": ("glide", 0.05, 1),
    "ʋ": ("glide", 0.1, 1), "ɥ": ("glide", 0.3, 1), "l": ("lateral", 0.35, 1),
    "ɫ": ("lateral", 0.45, 1), "ʎ": ("lateral", 0.6, 1), "ɬ": ("lateral", 0.35, 0),
    "ɾ": ("tap", 0.35, 1), "r": ("tap", 0.4, 1), "ʀ": ("tap", 0.85, 1),
}  # fmt: skip
_MANNERS = ("stop", "fricative", "nasal", "glide", "lateral", "tap")
_LETTER = 6 + len(_MANNERS)
ARTICULATION = 2 * _LETTER + 2


@functools.lru_cache(1024)
def articulation(symbol: str) -> NDArray[np.float32]:
    """Describe one IPA symbol: (ARTICULATION,) float32, its start, its end, its length.

    Diphthongs and affricates start as their first letter and end as their last;
    silence ``""`` is all zeros.
    """
    letters = [c for c in symbol if c in _VOWELS or c in _CONSONANTS]
    if not letters:
        return np.zeros(ARTICULATION, np.float32)
    return np.array(
        [*_letter(letters[0]), *_letter(letters[-1]), "ː" in symbol, len(letters) > 1],
        np.float32,
    )


def nearest(symbol: str, known: Collection[str]) -> str:
    """Return the known symbol that is made most like this one, itself if known."""
    if symbol in known:
        return symbol
    wanted = articulation(symbol)
    return min(
        sorted(known),
        key=lambda other: float(np.sum((articulation(other) - wanted) ** 2)),
    )


def _letter(letter: str) -> list[float]:
    rhotic = float(letter in _RHOTIC)
    manner = [0.0] * len(_MANNERS)
    if letter in _VOWELS:
        height, back, rounded = _VOWELS[letter]
        return [1.0, 1.0, height, back, rounded, rhotic, *manner]
    kind, place, voiced = _CONSONANTS[letter]
    manner[_MANNERS.index(kind)] = 1.0
    return [0.0, voiced, 0.0, place, 0.0, rhotic, *manner]
