"""Speech: what a personal voice says, with the moment of every word and phoneme.

The network plays the sentence, real half phonemes are chosen to match, and their
grains are laid out in the network's rhythm and tune, coloured a third of the way from
what was recorded to what the network expects: recorded speech alone jumps where pieces
meet, the network alone is muffled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from avatar_app.fit.voice.articulation import nearest
from avatar_app.fit.voice.grains import NOISE_S, lay_grains
from avatar_app.fit.voice.hearing import FRAME_S, spoken_level_db
from avatar_app.fit.voice.material import LEVEL_DB, SAMPLES_PER_FRAME, Material
from avatar_app.fit.voice.personal import PersonalVoice
from avatar_app.fit.voice.score import Score, score_of
from avatar_app.fit.voice.units import Inventory, Wanted
from avatar_app.fit.voice.vocoder import CEPSTRUM, RATE_HZ
from avatar_app.lesson.delivery import Delivery
from avatar_app.media import Sound
from avatar_app.perform.uttering import Utterance, utter
from avatar_app.phonetics import TimedPhone, TimedWord

if TYPE_CHECKING:  # torch is loaded when a voice speaks, not before
    from avatar_app.fit.voice.training import Playing

_LEAD, _TAIL = 20, 30  # frames of quiet before and after a sentence
_PAUSE = (16, 80)  # frames of a pause between clauses, at least and at most
_OWN_LENGTH = 0.5  # how much of a unit's own length is kept, in logarithms
_OWN_COLOUR = 0.65  # how much of a unit's own envelope is kept
_LIVELY = 0.7  # how far the network's averages are spread to the person's range
_JOIN_FRAMES = 4  # envelopes are smoothed this far around a join
_ONSET, _RELEASE = 6, 12  # frames of the quiet beside a unit that is heard with it
_MANNER_FRAMES = 6.0  # over which an asked pitch or volume is reached
_LOUDEST, _KNEE = 0.7, 0.55  # -3 dB, and where it begins to be held down

Floats = NDArray[np.float32]
Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """One spoken sentence; words and phonemes are on the clock of the sound."""

    sound: Sound
    words: tuple[TimedWord, ...]
    phones: tuple[TimedPhone, ...]


def say(
    voice: PersonalVoice,
    text: str,
    delivery: Sequence[Delivery] = (),
    glossary: Mapping[str, str] | None = None,
) -> Speech:
    """Say one sentence; the same words always sound the same.

    Args:
        voice: Whose.
        text: As it is written; numbers and abbreviations are read as a person would.
        delivery: One for each written word, or none.
        glossary: From ``spoken_words``.

    Raises:
        EmptyText: Nothing in the text has a sound.
        UnknownSound: A pronunciation names a sound that the voice does not have.
    """
    utterance = utter(text, voice.accent, delivery, glossary)
    instrument = _instrument(voice)
    score = score_of(utterance.said, voice.accent, _pauses(utterance))
    durations = instrument.playing.durations(score, voice.tempo)
    inner = np.flatnonzero(score.phones < 0)
    durations[inner] = np.clip(durations[inner], *_PAUSE)
    for segment in inner[1:-1]:
        asked = utterance.pauses.get(int(score.phones[segment + 1]))
        if asked:
            durations[segment] = max(1, round(asked / FRAME_S))
    durations[0], durations[-1] = _LEAD, _TAIL
    expected = instrument.playing.play(score, durations)
    wanted, segments = _wanted(instrument, score, durations)
    units = instrument.inventory.choose(wanted, expected)
    manner = _manner(utterance, score)
    line = _line(instrument, wanted, segments, units, durations, manner[0])
    samples = _sounded(instrument, line, expected, _spread_out(manner[1], line))
    sound = _levelled(samples, _spread_out(manner[2], line))
    edges = line.edges * FRAME_S
    timed = tuple(
        TimedPhone(symbol, float(begin), float(end))
        for symbol, begin, end in zip(score.symbols, edges[:-1], edges[1:], strict=True)
    )
    at = np.flatnonzero(score.phones >= 0)
    words = tuple(
        TimedWord(word, float(edges[at[first]]), float(edges[at[end - 1] + 1]))
        for word, first, end in utterance.words
    )
    return Speech(sound, words, timed)


def _pauses(utterance: Utterance) -> set[int]:
    """Phonemes before which there is a pause: between clauses, or as asked."""
    phones = utterance.phones
    between = {
        k for k in range(1, len(phones)) if phones[k].clause != phones[k - 1].clause
    }
    return between | set(utterance.pauses)


def _manner(utterance: Utterance, score: Score) -> tuple[Array, Array, Array]:
    """Rate, semitones and decibels of every segment; pauses are as usual."""
    spoken = score.phones >= 0
    rate, pitch, volume = (
        np.ones(len(spoken)),
        np.zeros(len(spoken)),
        np.zeros(len(spoken)),
    )
    rate[spoken] = utterance.rate[score.phones[spoken]]
    pitch[spoken] = utterance.pitch[score.phones[spoken]]
    volume[spoken] = utterance.volume[score.phones[spoken]]
    return rate, pitch, volume


def _spread_out(values: Array, line: _Line) -> Array:
    """What segments are told, frame by frame, without steps."""
    frames = np.repeat(values, np.diff(line.edges))
    return (
        np.asarray(gaussian_filter1d(frames, _MANNER_FRAMES))
        if frames.any()
        else frames
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Instrument:
    """A voice made ready to speak."""

    voice: PersonalVoice
    playing: Playing
    inventory: Inventory
    spread: Floats  # (CEPSTRUM) deviation within the person's sentences
    tune_spread: float
    hush: Ints  # grains of the quietest moment between words


_ready: WeakKeyDictionary[PersonalVoice, _Instrument] = WeakKeyDictionary()


def _instrument(voice: PersonalVoice) -> _Instrument:
    if voice not in _ready:
        inventory = Inventory(
            voice.material,
            voice.sounds,
            voice.stress,
            voice.symbols,
            voice.expected,
            voice.scale.mean,
            voice.scale.deviation,
        )
        spread, tune_spread = _spread(voice.material)
        _ready[voice] = _Instrument(
            voice,
            voice.playing(),
            inventory,
            spread,
            tune_spread,
            _hush(voice.material),
        )
    return _ready[voice]


def _spread(material: Material) -> tuple[Floats, float]:
    """How much envelope and tune vary within a sentence, on the average."""
    parts = [
        slice(begin, end)
        for begin, end in zip(
            material.readings[:-1], material.readings[1:], strict=True
        )
    ]
    envelope = np.mean([material.envelope[part].std(0) for part in parts], axis=0)
    tunes = [material.tune[part][material.voiced[part]] for part in parts]
    return envelope, float(np.mean([tune.std() for tune in tunes if len(tune) > 10]))


def _hush(material: Material) -> Ints:
    """Grains of the room with nobody speaking: what pauses are made of."""
    level = gaussian_filter1d(material.envelope[:, 0], 4)
    level[material.voiced] = np.inf
    frame = np.minimum(material.beats // SAMPLES_PER_FRAME, len(level) - 1)
    noise = np.flatnonzero(~material.beating)
    quietest = noise[np.argsort(level[frame[noise]], kind="stable")[:60]]
    return np.random.default_rng(0).permutation(quietest)


def _wanted(
    instrument: _Instrument, score: Score, durations: Ints
) -> tuple[Wanted, Ints]:
    """Ask for two halves of every phoneme; also tells the segment of each."""
    symbols = instrument.voice.symbols
    number = np.array(
        [symbols.index(nearest(s, symbols)) if s else -1 for s in score.symbols]
    )
    edges = np.concatenate([[0], np.cumsum(durations)])
    spoken = np.flatnonzero(score.phones >= 0)
    segments = np.repeat(spoken, 2)
    half = np.tile([0, 1], len(spoken))
    middle = edges[:-1] + durations // 2
    stress = np.where(score.context[:, 2] > 0, 2, score.context[:, 3]).astype(int)
    wanted = Wanted(
        symbols=number[segments],
        half=half,
        before=number[segments - 1],
        after=number[segments + 1],
        stress=stress[segments],
        length=durations[segments],
        begin=np.where(half == 0, edges[segments], middle[segments]),
        end=np.where(half == 0, middle[segments], edges[segments + 1]),
        breaks=(half == 0) & (score.phones[segments - 1] < 0),
    )
    return wanted, segments


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """The time line of a sentence, in frames.

    Attributes:
        edges: (N + 1) where its segments begin and end.
        source: (T) frame of the readings that is heard there, -1 in a pause.
        played: (T) frame of what the network plays there.
        near: (T) how near a join is, 0 to 1.
    """

    edges: Ints
    source: Array
    played: Array
    near: Array


def _line(
    instrument: _Instrument,
    wanted: Wanted,
    segments: Ints,
    units: Ints,
    durations: Ints,
    rate: Array,
) -> _Line:
    """Lay units end to end, each between its own length and the network's."""
    inventory = instrument.inventory
    own = inventory.end[units] - inventory.begin[units]
    asked = np.maximum(wanted.end - wanted.begin, 1)
    mixed = np.exp(_OWN_LENGTH * np.log(own) + (1 - _OWN_LENGTH) * np.log(asked))
    length = np.maximum(1, np.round(mixed / rate[segments])).astype(int)
    lengths = durations.copy()
    spoken = np.unique(segments)
    lengths[spoken] = np.bincount(segments, length)[spoken].astype(int)
    edges = np.concatenate([[0], np.cumsum(lengths)])
    total = int(edges[-1])
    source = np.full(total, -1.0)
    played = np.interp(
        np.arange(total) + 0.5, edges, np.concatenate([[0], np.cumsum(durations)])
    )
    starts = edges[segments] + np.where(wanted.half == 1, np.roll(length, 1), 0)
    near = np.zeros(total)
    follows = inventory.follows(units)
    reach = np.arange(-_JOIN_FRAMES, _JOIN_FRAMES)
    for k, (start, count) in enumerate(zip(starts, length, strict=True)):
        share = (np.arange(count) + 0.5) / count
        source[start : start + count] = inventory.begin[units[k]] + share * own[k]
        room = inventory.quiet_before[units[k]]
        if wanted.breaks[k] and room:
            run = np.arange(-min(room, _ONSET), 0)
            source[start + run] = inventory.begin[units[k]] + run
        room = inventory.quiet_after[units[k]]
        if wanted.after[k] < 0 and wanted.half[k] == 1 and room:
            run = np.arange(min(room, _RELEASE, total - start - count))
            source[start + count + run] = inventory.end[units[k]] + run
        if not follows[k]:
            at = np.clip(start + reach, 0, total - 1)
            near[at] = np.maximum(near[at], 1 - np.abs(reach + 0.5) / _JOIN_FRAMES)
    return _Line(edges, source, np.maximum(played - 0.5, 0), near)


def _sounded(
    instrument: _Instrument, line: _Line, expected: Floats, higher: Array
) -> Floats:
    """Lay the grains of a sentence, semitones higher where asked."""
    material = instrument.voice.material
    spoken = line.source >= 0
    at = np.clip(line.source, 0, len(material.tune) - 1).astype(int)
    own = material.envelope[at].astype(np.float64)
    before = np.minimum(line.played.astype(int), len(expected) - 1)
    asked = _lively(
        expected[before, :CEPSTRUM].astype(np.float64), instrument.spread, spoken
    )
    mixed = _OWN_COLOUR * own + (1 - _OWN_COLOUR) * asked
    smooth = gaussian_filter1d(mixed, 2.0, axis=0)
    mixed += line.near[:, None] * (smooth - mixed)
    mixed = _lively(mixed, instrument.spread, spoken)
    pitch = np.exp(_tune(instrument, expected[before, CEPSTRUM])) * 2 ** (higher / 12)
    return _laid(instrument, line, mixed, pitch)


def _lively(rows: Array, spread: Floats, counted: NDArray[np.bool_]) -> Array:
    """Spread averaged envelopes to the range in which the person really moves.

    Source:
        Silén and others, "Ways to Implement Global Variance in Statistical Speech
        Synthesis" (2012).
    """
    middle = rows[counted].mean(0)
    wider = (1 - _LIVELY) + _LIVELY * spread / (rows[counted].std(0) + 1e-6)
    wider = np.clip(wider, 1.0, 2.5)
    wider[0] = 1.0
    return np.asarray((rows - middle) * wider + middle)


def _tune(instrument: _Instrument, tune: Floats) -> Array:
    """The network's melody, as wide as the person's."""
    smooth = gaussian_filter1d(tune.astype(np.float64), 2.0)
    wider = np.clip(instrument.tune_spread / (smooth.std() + 1e-6), 1.0, 1.8)
    middle = smooth.mean()
    return np.asarray(middle + (smooth - middle) * (1 + 0.7 * (wider - 1)))


def _laid(
    instrument: _Instrument, line: _Line, envelope: Array, pitch: Array
) -> Floats:
    """Choose a grain for every beat of the new rhythm and lay them all."""
    material = instrument.voice.material
    total = len(line.source)
    noise = round(NOISE_S * RATE_HZ)
    heard = np.maximum(line.source, 0) * SAMPLES_PER_FRAME
    after = np.searchsorted(material.beats, heard)
    after = np.clip(after, 1, len(material.beats) - 1)
    nearer = heard - material.beats[after - 1] < material.beats[after] - heard
    chosen = after - nearer
    grains: list[int] = []
    targets: list[int] = []
    frames: list[int] = []
    turned: list[bool] = []
    at, count = 0.0, 0
    while at < total * SAMPLES_PER_FRAME:
        frame = int(at) // SAMPLES_PER_FRAME
        if line.source[frame] < 0:
            grain = int(instrument.hush[count % len(instrument.hush)])
            count += 1
        else:
            grain = int(chosen[frame])
        is_voiced = bool(material.beating[grain])
        turned.append(bool(grains) and grain == grains[-1] and not is_voiced)
        grains.append(grain)
        targets.append(int(at))
        frames.append(frame)
        at += RATE_HZ / pitch[frame] if is_voiced else noise
    picked, placed = np.array(grains), np.array(frames)
    # Grains may come from just beside their frame: what they lack is told by where
    # they were cut.
    cut = np.round(material.beats[picked] / SAMPLES_PER_FRAME).astype(int)
    own = material.envelope[np.minimum(cut, len(material.envelope) - 1)]
    spoken = line.source[placed] >= 0
    colour = np.where(spoken[:, None], envelope[placed] - own, 0.0)
    voiced = material.beating[picked]
    ratio = RATE_HZ / pitch[placed] / material.reach[picked]
    colour[voiced, 0] += 0.5 * np.log(ratio[voiced])
    return lay_grains(
        material.samples,
        material.beats[picked],
        material.reach[picked],
        np.array(targets),
        colour,
        total * SAMPLES_PER_FRAME,
        np.array(turned),
    )


def _levelled(samples: Floats, louder_db: Array) -> Sound:
    """Bring to the level of all our speech, peaks held below -3 dB.

    What the author asks louder or softer is so against that level.
    """
    fade = np.linspace(0, 1, SAMPLES_PER_FRAME * 2, dtype=np.float32)
    samples[: len(fade)] *= fade
    samples[-len(fade) :] *= fade[::-1]
    gain = 10 ** ((LEVEL_DB - spoken_level_db(Sound(samples, RATE_HZ))) / 20)
    louder = samples * np.float32(gain)
    if louder_db.any():
        frame = np.arange(len(samples)) // SAMPLES_PER_FRAME
        asked = 10 ** (louder_db[np.minimum(frame, len(louder_db) - 1)] / 20)
        louder = louder * asked.astype(np.float32)
    over = np.abs(louder) - _KNEE
    room = _LOUDEST - _KNEE
    held = np.sign(louder) * (_KNEE + room * np.tanh(np.maximum(over, 0) / room))
    return Sound(np.where(over > 0, held, louder).astype(np.float32), RATE_HZ)
