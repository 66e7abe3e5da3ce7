"""Reading: which words of a prompt were misread, left out or added.

The phone encoder tells, fiftyfold a second, how likely each sound is. The best path
through the sounds that espeak-ng expects is laid over that; between words a filler may
take what was not expected. Everybody says some sounds in their own way and the encoder
mistakes some for others, so what it hears for each sound is learned from all readings
of the person together; a word is judged against that, not against a dictionary.

Source:
    Witt and Young, "Phone-level pronunciation scoring and assessment for interactive
    language learning" (2000): goodness of pronunciation, forced against free path;
    the filler is the usual garbage model of keyword spotting.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.phonetics import speak
from avatar_app.weights.phones import Hearing
from avatar_app.weights.sounds import SOUNDS, sounds_of

_SILENCE = 0
_LEAST = -4.6  # log: one sound heard wrongly shall not outvote a word
_FILLER_COSTS = 2.0  # per frame, against the best sound there is
_FILLER_BEGINS = 6.0
_ROUNDS = 2  # of learning how the person says each sound
_SURE = 0.75  # before anything was heard, the encoder is right this often
_DOUBT = 30.0  # sounds that must be heard to outweigh that
_IMPOSSIBLE = -1e9
_MARKS = ' ,.;:!?()[]"“”'
# Logistic regression, right words against words swapped, added to and taken from the
# text (LJ, VCTK p225 and p226, a Spanish man; three altered copies of each text,
# classes balanced): goodness, that of the worst half, seconds of filler, hundredths of
# a second a sound, goodness by length, length, and the constant.
_WEIGHTS = np.array([-0.41, -0.8, 11.58, -0.19, -1.19, -1.27, -1.77])
# Above this a word is told; benchmarks/preparing.py --only reading prints the curve.
MISREAD = 0.9

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Word:
    """One written word, or more that are spoken as one, with its expected sounds."""

    text: str
    sounds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WordHeard:
    """One word of the text, laid over the sound.

    Attributes:
        text: As written.
        start: Seconds.
        end: Seconds.
        goodness: Mean over its sounds of log likelihood less that of the likeliest
            sound; 0 where nothing fits better, -4.6 at worst.
        doubt: In [0, 1], that it was misread, left out, or said with another beside it;
            sorted by it the wrong come first, but it is no frequency.
    """

    text: str
    start: float
    end: float
    goodness: float
    doubt: float


@dataclass(frozen=True, slots=True)
class Misreading:
    """A word that should be looked at: correct the text or record it again.

    Attributes:
        reading: Which reading, from 0.
        word: As written.
        start: Seconds into the reading.
        end: Seconds into the reading.
        confidence: That it was misread, in [0, 1]; see ``WordHeard.doubt``.
    """

    reading: int
    word: str
    start: float
    end: float
    confidence: float


def find_words(
    readings: Sequence[tuple[Hearing, str]], accent: str, rounds: int = _ROUNDS
) -> list[tuple[WordHeard, ...]]:
    """Lay the texts over what was heard of one person.

    Args:
        readings: What the phone encoder heard, and the text; all of one person.
        accent: An espeak-ng voice.
        rounds: Of learning how this person says each sound; with none, texts that
            were not read at all stand out most.

    Returns:
        Per reading its words; none where the text does not fit into the sound at all.
    """
    heard = [hearing.posteriors.astype(np.float64) for hearing, _ in readings]
    texts = [words_of(text, accent) for _, text in readings]
    known = habits = _SURE * np.eye(len(SOUNDS)) + (1 - _SURE) / len(SOUNDS)
    for _ in range(rounds):
        sums, counts = _DOUBT * known, np.full(len(SOUNDS), _DOUBT)
        for posteriors, words in zip(heard, texts, strict=True):
            _count(posteriors, words, habits, sums, counts)
        habits = sums / counts[:, None]
    found = []
    for (hearing, _), posteriors, words in zip(readings, heard, texts, strict=True):
        likely = _likelihood(posteriors, habits)
        path = _path(likely, words)
        found.append(_judged(likely, path, words, hearing.rate_hz))
    return found


def misreadings(
    read: Sequence[Sequence[WordHeard]], above: float = MISREAD
) -> list[Misreading]:
    """List the doubtful words, the surest first."""
    found = [
        Misreading(k, word.text, word.start, word.end, word.doubt)
        for k, words in enumerate(read)
        for word in words
        if word.doubt > above
    ]
    return sorted(found, key=lambda one: -one.confidence)


def words_of(text: str, accent: str) -> list[Word]:
    """Split a text into written words with the sounds that espeak-ng gives them.

    Raises:
        NoSpeechEngine: espeak-ng cannot be loaded.
    """
    _, phones, words = speak(text, accent)
    found: list[Word] = []
    place = 0
    for k, word in enumerate(words):
        until = words[k + 1].start if k + 1 < len(words) else np.inf
        sounds: list[int] = []
        while place < len(phones) and phones[place].start < until:
            sounds += [s for s in sounds_of(phones[place].symbol) if s != _SILENCE]
            place += 1
        written = word.text.strip(_MARKS)
        if found and written[:1].isdigit() and found[-1].text.endswith(written):
            # "1066" is told as "1066", "066", "066": the parts of one number.
            found[-1] = Word(found[-1].text, (*found[-1].sounds, *sounds))
        elif sounds:
            found.append(Word(written or word.text, tuple(sounds)))
    return _as_written(found, text)


def _as_written(words: list[Word], text: str) -> list[Word]:
    """Give each word what stands until the next: "in the" is told as "in"."""
    places: list[int] = []
    start = 0
    for word in words:
        found = re.compile(rf"(?<!\w){re.escape(word.text)}").search(text, start)
        if found is None:
            return words
        places.append(found.start())
        start = found.end()
    return [
        Word(text[first:last].strip(_MARKS), word.sounds)
        for word, first, last in zip(
            words, places, [*places[1:], len(text)], strict=True
        )
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """Frame by frame: which word or gap, and which sound of it; -1 silence, -2 filler.

    In a gap, ``words`` tells the word that comes next.
    """

    words: Ints
    places: Ints


def _likelihood(posteriors: Floats, habits: Floats) -> Floats:
    """Log likelihood of every sound (T, S) less that of the likeliest.

    Args:
        posteriors: (T, S) as heard.
        habits: (S, S) what is heard, on average, where a sound is said.
    """
    ratios = habits / habits.mean(axis=0)
    logs = np.log(np.maximum(posteriors @ ratios.T, 1e-9))
    return np.asarray(np.maximum(logs - logs.max(axis=1, keepdims=True), _LEAST))


def _count(
    posteriors: Floats, words: list[Word], habits: Floats, sums: Floats, counts: Floats
) -> None:
    """Add what was heard, where each sound was said."""
    path = _path(_likelihood(posteriors, habits), words)
    if path is None:
        return
    for w, word in enumerate(words):
        for place, sound in enumerate(word.sounds):
            inside = (path.words == w) & (path.places == place)
            sums[sound] += posteriors[inside].mean(axis=0)
            counts[sound] += 1
    pause = path.places == -1
    sums[_SILENCE] += posteriors[pause].sum(axis=0) / 10
    counts[_SILENCE] += pause.sum() / 10


def _path(likely: Floats, words: list[Word]) -> _Path | None:
    """Viterbi through the words, with silence or filler between them; None if too long.

    Every sound takes at least one frame.
    """
    states: list[tuple[int, int, int]] = []  # word, place, sound
    before: list[list[tuple[int, float]]] = []
    exits: list[int] = []
    for w in range(len(words) + 1):
        gap = len(states)
        entering = [(state, 0.0) for state in exits]
        states += [(w, -1, _SILENCE), (w, -2, _SILENCE), (w, -1, _SILENCE)]
        filling = [(state, _FILLER_BEGINS) for state in [*exits, gap]]
        before += [entering, filling, [(gap + 1, 0.0)]]
        exits = [*exits, gap, gap + 1, gap + 2]
        for place, sound in enumerate(words[w].sounds if w < len(words) else ()):
            before.append([(state, 0.0) for state in exits])
            exits = [len(states)]
            states.append((w, place, sound))
    names = np.array(states)
    heard = np.where(names[:, 1] == -2, -_FILLER_COSTS, likely[:, names[:, 2]])
    source = np.tile(np.arange(len(states))[:, None], (1, 1 + max(map(len, before))))
    toll = np.full(source.shape, -_IMPOSSIBLE)
    toll[:, 0] = 0.0  # staying
    for state, ways in enumerate(before):
        for k, (other, cost) in enumerate(ways):
            source[state, k + 1], toll[state, k + 1] = other, cost
    best = np.full(len(states), _IMPOSSIBLE)
    best[[0, 1, 3] if words else [0, 1]] = heard[0, [0, 1, 3] if words else [0, 1]]
    came = np.zeros(heard.shape, np.int64)
    every = np.arange(len(states))
    for t in range(1, len(heard)):
        ways_in = best[source] - toll
        chosen = ways_in.argmax(axis=1)
        came[t] = source[every, chosen]
        best = ways_in[every, chosen] + heard[t]
    state = max(exits, key=lambda one: float(best[one]))
    if best[state] < _IMPOSSIBLE / 2:
        return None
    path = np.zeros(len(heard), np.int64)
    for t in range(len(heard) - 1, -1, -1):
        path[t] = state
        state = came[t, state]
    return _Path(names[path, 0], names[path, 1])


def _judged(
    likely: Floats, path: _Path | None, words: list[Word], rate_hz: int
) -> tuple[WordHeard, ...]:
    if path is None:
        return ()
    found = []
    for w, word in enumerate(words):
        features, first, last = _features(likely, path, w, word, rate_hz)
        doubt = 1 / (1 + np.exp(-float(features @ _WEIGHTS)))
        found.append(
            WordHeard(
                word.text, first / rate_hz, last / rate_hz, float(features[0]), doubt
            )
        )
    return tuple(found)


def _features(
    likely: Floats, path: _Path, w: int, word: Word, rate_hz: int
) -> tuple[Floats, int, int]:
    """What is told of a word, (7), and its first frame and the one after its last."""
    inside = np.flatnonzero((path.words == w) & (path.places >= 0))
    scores = np.sort(
        [
            likely[inside[path.places[inside] == place], sound].mean()
            for place, sound in enumerate(word.sounds)
        ]
    )
    count = len(scores)
    fillers = [
        int(np.sum((path.words == gap) & (path.places == -2))) / rate_hz
        for gap in (w, w + 1)
    ]
    length = min(count, 6) / 4
    goodness, worst = scores.mean(), scores[: (count + 1) // 2].mean()
    pace = min(len(inside) / rate_hz / count, 0.1) * 100
    features = np.array(
        [goodness, worst, min(max(fillers), 0.5), pace, goodness * length, length, 1.0]
    )
    return features, int(inside[0]), int(inside[-1]) + 1
