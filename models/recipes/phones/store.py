"""Utterances in one npz: sound, and either times of sounds or words of sounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar_app.weights.mel import EAR_HZ
from avatar_app.weights.sounds import SoundSpan


@dataclass(slots=True, eq=False)
class Utterance:
    """One stretch of speech.

    Attributes:
        source: Who speaks.
        pcm: (S,) int16 at EAR_HZ.
        spans: Its sounds in time, in order; empty where not aligned yet.
        words: Its sounds by word, where times are to be found.
    """

    source: str
    pcm: NDArray[np.int16]
    spans: list[SoundSpan]
    words: list[list[int]]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.pcm) / EAR_HZ


def save(path: Path, utterances: Iterable[Utterance]) -> float:
    """Write utterances; return their seconds."""
    kept = list(utterances)
    words = [
        (k, w, sound)
        for k, utterance in enumerate(kept)
        for w, word in enumerate(utterance.words)
        for sound in word
    ]
    spans = [(k, *span) for k, one in enumerate(kept) for span in one.spans]
    np.savez(
        path,
        sources=np.array([one.source for one in kept]),
        lengths=np.array([len(one.pcm) for one in kept]),
        pcm=np.concatenate([one.pcm for one in kept]),
        spans=np.array(spans, np.float64).reshape(-1, 4),
        words=np.array(words, np.int64).reshape(-1, 3),
    )
    return sum(one.seconds for one in kept)


def load(path: Path) -> list[Utterance]:
    """Read utterances that ``save`` wrote."""
    with np.load(path) as file:
        columns = {name: file[name] for name in file.files}
    ends = columns["lengths"].cumsum()
    kept = [
        Utterance(str(source), columns["pcm"][end - length : end], [], [])
        for source, end, length in zip(
            columns["sources"], ends, columns["lengths"], strict=True
        )
    ]
    for k, sound, start, end in columns["spans"].tolist():
        kept[int(k)].spans.append(SoundSpan(int(sound), start, end))
    for k, word, sound in columns["words"].tolist():
        words = kept[k].words
        while len(words) <= word:
            words.append([])
        words[word].append(sound)
    return kept
