"""Score: one sentence as the voice sees it, like notes before they are played.

It holds the phonemes with pauses between, what stands around each, and the guide:
how espeak-ng itself would say it, which tells the network tempo and formants even of
phonemes that the person never recorded.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.voice.hearing import CEPSTRA, FRAME_S, mel_cepstra
from avatar_app.phonetics import Phone, phones_of, speak

CONTEXT = 18
GUIDE = CEPSTRA + 2  # mel-cepstra, log of the pitch about its mean, voiced or not
PAUSE = ""


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """How espeak-ng says a sentence.

    Attributes:
        spans: (P, 2) seconds, begin and end of every phoneme.
        frames: (T, GUIDE) float32, one row each 5 ms.
    """

    spans: NDArray[np.float64]
    frames: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """A sentence as segments: phonemes and pauses, a pause at either end.

    Attributes:
        symbols: (N) IPA, ``PAUSE`` where nothing is said.
        phones: (N) which phoneme of the text, -1 for a pause.
        context: (N, CONTEXT) float32, what stands around each.
        guide: How espeak-ng says it.
    """

    symbols: tuple[str, ...]
    phones: NDArray[np.int64]
    context: NDArray[np.float32]
    guide: Guide


def score_of(
    text: str, accent: str, pauses_before: Collection[int] | None = None
) -> Score:
    """Write the score of a sentence.

    Args:
        text: At least one phoneme long.
        accent: An espeak-ng voice.
        pauses_before: Phonemes before which the reader paused; None puts a pause
            between clauses.
    """
    phones = phones_of(text, accent)
    if pauses_before is None:
        pauses_before = {
            k for k in range(1, len(phones)) if phones[k].clause != phones[k - 1].clause
        }
    order = [-1]
    for k in range(len(phones)):
        order += [-1, k] if k in pauses_before else [k]
    order.append(-1)
    guide = guide_of(text, accent)
    return Score(
        tuple(phones[k].symbol if k >= 0 else PAUSE for k in order),
        np.array(order),
        _context(phones, order, guide, text.rstrip(" \"'”’)").endswith("?")),
        guide,
    )


@functools.lru_cache(256)
def guide_of(text: str, accent: str) -> Guide:
    """Let espeak-ng say a sentence and look at it."""
    import pyworld

    sound, timed, _ = speak(text, accent)
    spans = np.array([(p.start, p.end) for p in timed if p.symbol]).reshape(-1, 2)
    count = len(phones_of(text, accent))
    if len(spans) != count:  # never seen; then an even tempo is the best guess
        edges = np.linspace(0.0, sound.seconds, count + 1)
        spans = np.stack([edges[:-1], edges[1:]], axis=1)
    cepstra = mel_cepstra(sound)
    pitch, _ = pyworld.dio(
        sound.samples.astype(np.float64), sound.rate_hz, frame_period=FRAME_S * 1000
    )
    voiced = pitch > 0
    tune = np.zeros(len(pitch))
    if voiced.any():
        known = np.flatnonzero(voiced)
        tune = np.interp(np.arange(len(pitch)), known, np.log(pitch[known]))
        tune = (tune - tune[known].mean()) * 4  # about one deviation
    length = min(len(cepstra), len(pitch))
    frames = np.concatenate(
        [cepstra[:length] / 8, tune[:length, None], voiced[:length, None]], axis=1
    )
    return Guide(spans, frames.astype(np.float32))


def _context(
    phones: list[Phone], order: list[int], guide: Guide, is_question: bool
) -> NDArray[np.float32]:
    """Describe the surroundings of every segment: (N, CONTEXT)."""
    rows = np.zeros((len(order), CONTEXT), np.float32)
    pauses = [k for k, phone in enumerate(order) if phone < 0]
    for k in pauses:
        rows[k, 0] = 1
        rows[k, 1] = 0.0 if k == 0 else 1.0 if k == len(order) - 1 else 0.5
    for begin, end in itertools.pairwise(pauses):
        phrase = [phones[order[k]] for k in range(begin + 1, end)]
        if not phrase:
            continue
        first, last = phrase[0].word, phrase[-1].word
        words = last - first + 1
        stresses = [k for k, phone in enumerate(phrase) if phone.stress == 2]
        for k, phone in enumerate(phrase):
            seconds = float(np.diff(guide.spans[order[begin + 1 + k]])[0])
            rows[begin + 1 + k, 2:] = (
                phone.stress == 2,
                phone.stress == 1,
                phone.is_vowel,
                phone.place == 0,
                phone.place == phone.length - 1,
                min(phone.length, 10) / 10,
                (phone.word - first) / max(1, words - 1),
                phone.word == first,
                phone.word == last,
                min(k, 12) / 12,
                min(len(phrase) - 1 - k, 12) / 12,
                bool(stresses) and k >= stresses[-1],
                end == pauses[-1],
                is_question and end == pauses[-1],
                min(words, 12) / 12,
                np.log(max(seconds, 0.02) / 0.08),
            )
    return rows
