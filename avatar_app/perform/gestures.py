"""Gestures: what the script asks the head to do, and the words on which it nods.

Source:
    Graf, Cosatto, Strom and Huang, "Visual Prosody: Facial Movements Accompanying
    Speech" (2002): small nods fall on accented words, by far not on all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from avatar_app.media import Sound
from avatar_app.phonetics import TimedWord

_AHEAD = 0.2  # seconds by which a gesture begins before the word it stands at
_HEARD = 0.03  # seconds over which loudness is judged
_APART = 3.0  # seconds between nods, at least
_LOUD = 70.0  # percentile of a sentence's words from which one counts as stressed
_LETTERS = 4  # shorter words are hardly ever the accented ones
_WEAK = frozenset(
    {
        "about", "after", "again", "also", "because", "been", "before", "being",
        "could", "does", "from", "have", "into", "just", "more", "much", "only",
        "other", "over", "should", "some", "such", "than", "that", "their", "them",
        "then", "there", "these", "they", "this", "those", "through", "very", "were",
        "what", "when", "where", "which", "while", "will", "with", "would", "your",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cue:
    """A gesture, and when it should begin, in seconds of its passage or film."""

    name: str
    seconds: float


def cues_of(
    gestures: Sequence[tuple[int, str]], words: Sequence[TimedWord], seconds: float
) -> tuple[Cue, ...]:
    """Say when a sentence's gestures begin.

    Args:
        gestures: Before which word each stands, from 0, and its name.
        words: As they are spoken.
        seconds: When the last word ends; gestures after it begin there.
    """
    cues = []
    for place, name in gestures:
        moment = words[place].start if place < len(words) else seconds
        cues.append(Cue(name, max(0.0, moment - _AHEAD)))
    return tuple(cues)


def nods_of(words: Sequence[TimedWord], sound: Sound) -> tuple[float, ...]:
    """Choose the words to nod on: the loudest that mean something, well apart.

    Returns:
        The moments at which their stressed vowels are loudest, seconds, rising.
    """
    telling = [word for word in words if _may_be_stressed(word.text)]
    if not telling:
        return ()
    peaks = [_loudest(word, sound) for word in telling]
    enough = float(np.percentile([loudness for _, loudness in peaks], _LOUD))
    chosen: list[float] = []
    for moment, loudness in sorted(peaks, key=lambda peak: -peak[1]):
        far = all(abs(moment - other) >= _APART for other in chosen)
        if loudness >= enough and far:
            chosen.append(moment)
    return tuple(sorted(chosen))


def _may_be_stressed(text: str) -> bool:
    bare = "".join(c for c in text.lower() if c.isalnum())
    return len(bare) >= _LETTERS and bare not in _WEAK


def _loudest(word: TimedWord, sound: Sound) -> tuple[float, float]:
    """When a word is loudest, in seconds, and how loud it is there."""
    width = max(1, round(_HEARD * sound.rate_hz))
    first = max(0, round(word.start * sound.rate_hz))
    samples = sound.samples[first : round(word.end * sound.rate_hz)]
    count = len(samples) // width
    if count == 0:
        return word.start, 0.0
    parts = samples[: count * width].reshape(count, width).astype(np.float64)
    loudness = np.sqrt((parts**2).mean(axis=1))
    best = int(loudness.argmax())
    return (first + (best + 0.5) * width) / sound.rate_hz, float(loudness[best])
