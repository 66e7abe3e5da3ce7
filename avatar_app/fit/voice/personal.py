"""The embedded personal voice: learned from one person's own reading.

``fit_voice`` aligns the readings, measures them and trains a small network; the voice
keeps the recordings too, because it speaks with pieces of them
(``avatar_app.perform.speech``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from avatar_app.errors import FileTorn, TooLittleSpeech
from avatar_app.fit.voice.alignment import Aligned, align
from avatar_app.fit.voice.material import Material, measure, prepare, unwrapped
from avatar_app.fit.voice.parcel import Arrays, pack, unpack
from avatar_app.fit.voice.score import PAUSE, Score, score_of
from avatar_app.fit.voice.vocoder import RATE_HZ
from avatar_app.media import Sound
from avatar_app.phonetics import phones_of
from avatar_app.shelf import Shelf
from avatar_app.weights.base_voice import open_base_voice
from avatar_app.weights.catalogue import catalogue
from avatar_app.work import Job, Progress, share

if TYPE_CHECKING:  # torch is loaded when a network is needed, not before
    from avatar_app.fit.voice.network import Sizes
    from avatar_app.fit.voice.training import Playing, Scale

SENTENCES_NEEDED = 10
_WORK = "fit/voice"
_ALIGNMENT, _MATERIAL, _NETWORK = (
    f"{_WORK}/{part}" for part in ("alignment", "material", "network")
)
_VERSION = 1

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One sentence and its recording."""

    text: str
    sound: Sound


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class PersonalVoice:
    """How one person speaks.

    Attributes:
        accent: The espeak-ng voice that tells pronunciations.
        left_out: Readings that could not be used.
        symbols: Phonemes the person read, by number.
        sounds: (N) number of every segment's phoneme, -1 for a pause.
        stress: (N) of every segment, 0 to 2.
        material: The readings.
        expected: (T, OUTPUTS) what the network plays for the readings themselves.
        tempo: What the network's durations are to be multiplied by.
        weights: Of the network.
        sizes: Of the network.
        scale: Of its outputs.
    """

    accent: str
    left_out: int
    symbols: tuple[str, ...]
    sounds: Ints
    stress: Ints
    material: Material
    expected: Floats
    tempo: float
    weights: dict[str, Floats]
    sizes: Sizes
    scale: Scale

    @property
    def rate_hz(self) -> int:
        """Samples per second of what it says."""
        return RATE_HZ

    def playing(self) -> Playing:
        """Set up its network."""
        from avatar_app.fit.voice.training import Playing

        return Playing(self.weights, self.sizes, self.scale, self.symbols)


def fit_voice(
    readings: Sequence[Reading], shelf: Shelf, accent: str = "en-us", seed: int = 0
) -> Job[PersonalVoice]:
    """Learn a voice from sentences that one person read.

    What is finished lies on the shelf under ``fit/voice`` until the voice is made, so
    that the same call goes on where a stopped one left off.

    Raises:
        TooLittleSpeech: Fewer than SENTENCES_NEEDED readings can be used; silent ones
            and those that do not match their text are left out.
    """
    texts, sounds = [], []
    for done, reading in enumerate(readings):
        yield Progress(0.02 * done / len(readings), 1, "Preparing your recordings")
        prepared = prepare(reading.sound, reading.text, accent)
        if prepared is not None:
            texts.append(reading.text)
            sounds.append(prepared)
    _enough(len(sounds))
    work = _Work(shelf, _digest(texts, sounds, accent, seed))
    aligned = yield from share(_aligned(texts, sounds, accent, work), 0.02, 0.15)
    used = _fitting(aligned)
    _enough(len(used))
    texts = [texts[k] for k in used]
    aligned = [aligned[k] for k in used]
    measuring = _measured([sounds[k] for k in used], aligned, work)
    material = yield from share(measuring, 0.15, 0.25)
    learning = _learned(texts, material, accent, seed, len(readings) - len(used), work)
    voice = yield from share(learning, 0.25, 1.0)
    for name in list(shelf.names(_WORK)):
        shelf.erase(name)
    return voice


def keep_voice(voice: PersonalVoice, shelf: Shelf, name: str) -> None:
    """Put a voice on a shelf as one file."""
    arrays: Arrays = {
        "sounds": voice.sounds,
        "stress": voice.stress,
        "expected": voice.expected,
        "scale.mean": voice.scale.mean,
        "scale.deviation": voice.scale.deviation,
        "scale.tempo": voice.scale.tempo,
        **{f"material.{k}": v for k, v in voice.material.arrays().items()},
        **{f"weights.{k}": v for k, v in voice.weights.items()},
    }
    note = {
        "version": _VERSION,
        "accent": voice.accent,
        "left_out": voice.left_out,
        "symbols": voice.symbols,
        "tempo": voice.tempo,
        "sizes": asdict(voice.sizes),
    }
    with shelf.create(name) as page:
        page.write(pack(arrays, note))


def reopen_voice(shelf: Shelf, name: str) -> PersonalVoice:
    """Take a voice from a shelf.

    Raises:
        FileTorn: The file is damaged, is not a voice or is of a later version.
        KeyError: There is no such name.
    """
    from avatar_app.fit.voice.network import Sizes
    from avatar_app.fit.voice.training import Scale

    with shelf.open(name) as page:
        arrays, note = unpack(page.read(), name)
    if note.get("version") != _VERSION:
        raise FileTorn(name)
    try:
        return PersonalVoice(
            accent=note["accent"],
            left_out=note["left_out"],
            symbols=tuple(note["symbols"]),
            sounds=arrays["sounds"],
            stress=arrays["stress"],
            material=unwrapped(_below("material.", arrays)),
            expected=arrays["expected"],
            tempo=float(note["tempo"]),
            weights=_below("weights.", arrays),
            sizes=Sizes(**note["sizes"]),
            scale=Scale(**_below("scale.", arrays)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FileTorn(name) from error


@dataclass(frozen=True, slots=True)
class _Work:
    """Finished stages of one piece of work, kept in case it is stopped."""

    shelf: Shelf
    digest: str

    def keep(self, name: str, arrays: Arrays, done: int = 0) -> None:
        """Keep a stage."""
        with self.shelf.create(name) as page:
            page.write(pack(arrays, {"digest": self.digest, "done": done}))

    def found(self, name: str) -> tuple[Arrays, int] | None:
        """Return a stage if it was kept whole by this very work."""
        if name not in self.shelf:
            return None
        try:
            with self.shelf.open(name) as page:
                arrays, note = unpack(page.read(), name)
        except FileTorn:
            return None
        if note.get("digest") != self.digest:
            return None
        return arrays, int(note["done"])


def _aligned(
    texts: list[str], sounds: list[Sound], accent: str, work: _Work
) -> Job[list[Aligned]]:
    found = work.found(_ALIGNMENT)
    if found is not None:
        arrays = found[0]
        cuts = np.cumsum(arrays["lengths"])[:-1]
        return [
            Aligned(phones, np.append(starts, end), float(fit))
            for phones, starts, end, fit in zip(
                np.split(arrays["phones"], cuts),
                np.split(arrays["starts"], cuts),
                arrays["ends"],
                arrays["fits"],
                strict=True,
            )
        ]
    aligned = yield from align(list(zip(sounds, texts, strict=True)), accent)
    work.keep(
        _ALIGNMENT,
        {
            "phones": np.concatenate([a.phones for a in aligned]),
            "starts": np.concatenate([a.edges[:-1] for a in aligned]),
            "ends": np.array([a.edges[-1] for a in aligned]),
            "lengths": np.array([len(a.phones) for a in aligned]),
            "fits": np.array([a.fit for a in aligned]),
        },
    )
    return aligned


def _measured(
    sounds: list[Sound], aligned: list[Aligned], work: _Work
) -> Job[Material]:
    found = work.found(_MATERIAL)
    if found is not None:
        return unwrapped(found[0])
    material = yield from measure(sounds, aligned)
    work.keep(_MATERIAL, material.arrays())
    return material


def _learned(
    texts: list[str],
    material: Material,
    accent: str,
    seed: int,
    left_out: int,
    work: _Work,
) -> Job[PersonalVoice]:
    """Train the network and let it play the readings."""
    from avatar_app.fit.voice import training
    from avatar_app.fit.voice.network import Sizes, lay_out

    scores = [_score_as_read(text, accent, material, k) for k, text in enumerate(texts)]
    symbols = tuple(sorted({s for score in scores for s in score.symbols} - {PAUSE}))
    durations = [_durations(material, k) for k in range(len(texts))]
    examples = [
        training.Example(lay_out(score, frames, symbols), frames, _played(material, k))
        for k, (score, frames) in enumerate(zip(scores, durations, strict=True))
    ]
    scale = training.scale_of(examples)
    base = open_base_voice()
    sizes = Sizes(len(symbols), base.width)
    found = work.found(_NETWORK)
    weights = yield from training.train(
        examples,
        scale,
        training.started_from(base, symbols),
        seed,
        lambda done, everything: work.keep(_NETWORK, dict(everything), done),
        (found[1], found[0]) if found else None,
    )
    playing = training.Playing(weights, sizes, scale, symbols)
    number = {symbol: k for k, symbol in enumerate(symbols)}
    phones = [phones_of(text, accent) for text in texts]
    return PersonalVoice(
        accent=accent,
        left_out=left_out,
        symbols=symbols,
        sounds=np.array([number.get(s, -1) for score in scores for s in score.symbols]),
        stress=np.array(
            [
                phones[k][phone].stress if phone >= 0 else 0
                for k, score in enumerate(scores)
                for phone in score.phones
            ]
        ),
        material=material,
        expected=np.concatenate(
            [playing.play(s, d) for s, d in zip(scores, durations, strict=True)]
        ),
        tempo=_tempo(playing.durations, scores, durations),
        weights=weights,
        sizes=sizes,
        scale=scale,
    )


def _score_as_read(text: str, accent: str, material: Material, reading: int) -> Score:
    """The score of a reading, with the pauses that the person made."""
    part = slice(material.segments[reading], material.segments[reading + 1])
    phones = material.phones[part]
    inner = np.flatnonzero(phones[1:-1] < 0) + 1
    return score_of(text, accent, {int(phones[k + 1]) for k in inner})


def _durations(material: Material, reading: int) -> Ints:
    part = slice(material.segments[reading], material.segments[reading + 1])
    return np.diff(np.append(material.edges[part], material.readings[reading + 1]))


def _played(material: Material, reading: int) -> Floats:
    """How a reading sounded: (frames, OUTPUTS)."""
    part = slice(material.readings[reading], material.readings[reading + 1])
    return np.concatenate(
        [
            material.envelope[part],
            material.tune[part, None],
            material.voiced[part, None].astype(np.float32),
        ],
        axis=1,
    )


def _tempo(
    predict: Callable[[Score], Ints], scores: list[Score], durations: list[Ints]
) -> float:
    """Mean logarithms come out short: how much longer the person really speaks."""
    real = made = 0
    for score, frames in zip(scores, durations, strict=True):
        spoken = score.phones >= 0
        real += int(frames[spoken].sum())
        made += int(predict(score)[spoken].sum())
    return real / made


def _fitting(aligned: list[Aligned]) -> list[int]:
    """Leave out readings whose sound is not what their text says."""
    fits = np.array([a.fit for a in aligned])
    middle = float(np.median(fits))
    spread = 1.48 * float(np.median(np.abs(fits - middle)))
    # 22 sentences of which 4 had foreign texts: those fitted 4 to 5.5 worse, the rest
    # stayed within 1.
    return [int(k) for k in np.flatnonzero(fits > middle - max(2.5, 4.5 * spread))]


def _enough(usable: int) -> None:
    if usable < SENTENCES_NEEDED:
        raise TooLittleSpeech(usable, SENTENCES_NEEDED)


def _digest(texts: list[str], sounds: list[Sound], accent: str, seed: int) -> str:
    """Name this very piece of work."""
    base = catalogue()["voice"].sha256  # half-learned weights fit their base only
    seal = hashlib.sha256(f"{_VERSION} {base} {accent} {seed}".encode())
    for text, sound in zip(texts, sounds, strict=True):
        seal.update(text.encode() + b"\0" + sound.samples.tobytes())
    return seal.hexdigest()


def _below(prefix: str, arrays: Arrays) -> Arrays:
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }
