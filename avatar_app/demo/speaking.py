"""Speaking: a text becomes sound and the mouth shapes that go with it, on one clock.

Each phoneme asks for a mouth shape. The shapes are held for a moment, blurred into
each other (coarticulation), and run a little ahead of the sound, as lips do. Then
phonemes that need the lips shut, or on the teeth, insist.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.demo.mouth import MouthShape
from avatar_app.media import Sound
from avatar_app.phonetics import TimedPhone, speak

STEPS_PER_SECOND = 200
BREATH = 0.18  # seconds before each piece, for the lips to part in
_AHEAD = 0.045  # seconds: shapes are reached before their sound
_BLUR = 0.036  # seconds, one deviation
_LONGEST_PIECE = 220  # characters spoken at a time, so that memory stays small

# jaw, upper, lower, wide, pucker, press, tongue
_REST = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_SHAPES: dict[str, tuple[float, ...]] = {
    "ɑ": (0.95, 0.15, 0.20, 0.10, 0.00, 0.0, 0.0),
    "a": (0.90, 0.22, 0.25, 0.30, 0.00, 0.0, 0.0),
    "æ": (0.80, 0.40, 0.40, 0.60, 0.00, 0.0, 0.0),
    "ʌ": (0.58, 0.15, 0.20, 0.15, 0.00, 0.0, 0.0),
    "ə": (0.34, 0.15, 0.20, 0.15, 0.00, 0.0, 0.0),
    "ɐ": (0.45, 0.15, 0.20, 0.15, 0.00, 0.0, 0.0),
    "ɚ": (0.28, 0.25, 0.25, 0.00, 0.40, 0.0, 0.0),
    "ɜ": (0.30, 0.25, 0.25, 0.00, 0.42, 0.0, 0.0),
    "ɛ": (0.58, 0.35, 0.38, 0.55, 0.00, 0.0, 0.0),
    "e": (0.42, 0.42, 0.45, 0.75, 0.00, 0.0, 0.0),
    "ɪ": (0.28, 0.38, 0.40, 0.60, 0.00, 0.0, 0.0),
    "i": (0.18, 0.50, 0.52, 1.00, 0.00, 0.0, 0.0),
    "ᵻ": (0.22, 0.30, 0.35, 0.50, 0.00, 0.0, 0.0),
    "ɔ": (0.72, 0.15, 0.20, 0.00, 0.50, 0.0, 0.0),
    "o": (0.52, 0.15, 0.20, 0.00, 0.75, 0.0, 0.0),
    "ʊ": (0.32, 0.20, 0.25, 0.00, 0.65, 0.0, 0.0),
    "u": (0.26, 0.15, 0.15, 0.00, 1.00, 0.0, 0.0),
    "w": (0.16, 0.10, 0.10, 0.00, 1.00, 0.0, 0.0),
    "j": (0.14, 0.35, 0.40, 0.70, 0.00, 0.0, 0.0),
    "ɹ": (0.18, 0.28, 0.22, 0.00, 0.55, 0.0, 0.0),
    "l": (0.30, 0.25, 0.30, 0.25, 0.00, 0.0, 0.9),
    "n": (0.18, 0.25, 0.30, 0.20, 0.00, 0.0, 0.6),
    "t": (0.14, 0.30, 0.32, 0.25, 0.00, 0.0, 0.5),
    "d": (0.18, 0.28, 0.32, 0.25, 0.00, 0.0, 0.5),
    "ɾ": (0.22, 0.25, 0.30, 0.25, 0.00, 0.0, 0.6),
    "s": (0.06, 0.40, 0.45, 0.50, 0.00, 0.0, 0.1),
    "z": (0.08, 0.40, 0.45, 0.45, 0.00, 0.0, 0.1),
    "ʃ": (0.10, 0.60, 0.50, 0.00, 0.60, 0.0, 0.0),
    "ʒ": (0.12, 0.55, 0.48, 0.00, 0.58, 0.0, 0.0),
    "θ": (0.22, 0.35, 0.35, 0.25, 0.00, 0.0, 1.0),
    "ð": (0.22, 0.30, 0.32, 0.25, 0.00, 0.0, 1.0),
    "k": (0.30, 0.25, 0.28, 0.25, 0.00, 0.0, 0.0),
    "ɡ": (0.30, 0.25, 0.28, 0.25, 0.00, 0.0, 0.0),
    "ŋ": (0.26, 0.25, 0.28, 0.25, 0.00, 0.0, 0.0),
    "h": (0.36, 0.20, 0.25, 0.15, 0.00, 0.0, 0.0),
    "f": (0.12, 0.45, -0.30, 0.20, 0.00, 0.0, 0.0),
    "v": (0.14, 0.42, -0.30, 0.20, 0.00, 0.0, 0.0),
    "m": (0.00, 0.00, 0.00, 0.00, 0.00, 0.6, 0.0),
    "b": (0.00, 0.00, 0.00, 0.00, 0.00, 0.8, 0.0),
    "p": (0.00, 0.00, 0.00, 0.00, 0.00, 0.9, 0.0),
}
_NEUTRAL = (0.24, 0.22, 0.26, 0.20, 0.00, 0.0, 0.0)  # for phonemes not named above
_SHUT, _ON_TEETH = frozenset("mbp"), frozenset("fv")
_AS = {"r": "ɹ", "ɝ": "ɜ", "g": "ɡ", "ɫ": "l", "ʔ": "t", "ɒ": "ɔ", "y": "u", "ʉ": "u"}


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """A piece of speech and its mouth.

    Attributes:
        sound: The voice.
        shapes: (T, 7) float32, mouth shapes ``STEPS_PER_SECOND`` apart, the columns
            in the order of MouthShape's attributes.
        stress: (T,) float32 in [0, 1], how strongly the moment is spoken.
    """

    sound: Sound
    shapes: NDArray[np.float32]
    stress: NDArray[np.float32]

    def shape_at(self, seconds: float) -> MouthShape:
        """The mouth at a moment; at rest before the beginning and after the end."""
        return MouthShape(*self._between(self.shapes, seconds).tolist())

    def stress_at(self, seconds: float) -> float:
        """How strongly a moment is spoken, in [0, 1]."""
        return float(self._between(self.stress, seconds))

    @staticmethod
    def _between(track: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
        place = seconds * STEPS_PER_SECOND
        first = int(np.floor(place))
        if first < 0 or first + 1 >= len(track):
            return np.zeros_like(track[0])
        part = np.float32(place - first)
        return np.asarray(track[first] * (1 - part) + track[first + 1] * part)


def utterances(text: str, voice: str, rate_hz: int) -> Iterator[Utterance]:
    """Speak a text of any length, one sentence or so at a time.

    Args:
        text: What to say.
        voice: An espeak-ng voice.
        rate_hz: Samples per second of the sound wanted.

    Raises:
        NoSpeechEngine: espeak-ng cannot be loaded.
    """
    for piece in _pieces(text):
        sound, phones = _spoken(piece, voice)
        if phones:
            shapes = mouth_shapes(phones, sound.seconds)
            yield Utterance(sound.at(rate_hz), shapes, _stress(sound, len(shapes)))


@functools.lru_cache(48)  # as many as the demo's script has, and some
def _spoken(piece: str, voice: str) -> tuple[Sound, tuple[TimedPhone, ...]]:
    """Speak a piece after a breath's silence, in which the lips can part.

    Remembered, because espeak-ng keeps its voice's flutter going from call to call:
    the same words said again come out some samples longer or shorter.
    """
    sound, phones, _ = speak(piece, voice, words_per_minute=172, pitch=42)
    silence = np.zeros(round(BREATH * sound.rate_hz), np.float32)
    later = (
        TimedPhone(phone.symbol, phone.start + BREATH, phone.end + BREATH)
        for phone in phones
    )
    return Sound(np.concatenate([silence, sound.samples]), sound.rate_hz), tuple(later)


def mouth_shapes(phones: Sequence[TimedPhone], seconds: float) -> NDArray[np.float32]:
    """The mouth that says these phonemes, (T, 7); begins and ends at rest."""
    count = int(np.ceil(seconds * STEPS_PER_SECOND)) + 1
    track = np.zeros((count, len(_REST)), np.float32)
    shut, on_teeth = np.zeros(count, np.float32), np.zeros(count, np.float32)
    was_silent = True
    for phone in phones:
        for letter, start, end in _parts(phone):
            first, last = _steps(start - _AHEAD), _steps(end - _AHEAD)
            track[max(first, 0) : max(last, 0)] = _SHAPES.get(letter, _NEUTRAL)
            if letter in _SHUT:
                _insist(shut, *_closure(letter, start, end, was_silent=was_silent))
            elif letter in _ON_TEETH:
                _insist(on_teeth, start, end)
        was_silent = not phone.symbol
    track = _blurred(track, _BLUR)
    shut = np.minimum(1.0, 1.2 * _blurred(shut, 0.016)).astype(np.float32)
    on_teeth = _blurred(on_teeth, 0.016)
    opening = (1.0 - shut)[:, None]
    track[:, :3] *= opening
    track[:, 5] = np.maximum(track[:, 5], 0.8 * shut)
    bitten = np.array(_SHAPES["f"], np.float32)[:3]
    track[:, :3] += (bitten - track[:, :3]) * (on_teeth * (1.0 - shut))[:, None]
    return track


def _parts(phone: TimedPhone) -> Iterator[tuple[str, float, float]]:
    """The letters of a phoneme that have a shape, each with its share of the time."""
    letters = [_AS.get(letter, letter) for letter in phone.symbol]
    letters = [letter for letter in letters if letter in _SHAPES]
    if phone.symbol and not letters:
        letters = ["?"]
    each = (phone.end - phone.start) / max(1, len(letters))
    for number, letter in enumerate(letters):
        start = phone.start + number * each
        yield letter, start, start + each


def _closure(
    letter: str, start: float, end: float, *, was_silent: bool
) -> tuple[float, float]:
    """When lips are shut for a phoneme whose sound lies between start and end.

    espeak-ng's p and b begin with the burst, when the lips part: they are shut in the
    gap before (seen in the spectrogram). After silence lips simply stay shut.
    """
    if letter == "p":
        start, end = start - 0.060, min(end, start + 0.015)
    elif letter == "b":
        start, end = start - 0.030, max(start + 0.015, end - 0.025)
    return (start - 0.25 if was_silent else start), end


def _insist(track: NDArray[np.float32], start: float, end: float) -> None:
    """Hold a closure for at least 80 ms: shorter ones fell between two pictures."""
    middle, half = (start + end) / 2, max(0.040, (end - start) / 2)
    track[max(0, _steps(middle - half)) : max(0, _steps(middle + half))] = 1.0


def _steps(seconds: float) -> int:
    return round(seconds * STEPS_PER_SECOND)


def _blurred(track: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    """Blur along time; what lies outside is at rest."""
    deviation = seconds * STEPS_PER_SECOND
    reach = int(np.ceil(3 * deviation))
    kernel = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / deviation))
    kernel /= kernel.sum()
    columns = np.atleast_2d(track.T)
    soft = [np.convolve(column, kernel, "full")[reach:-reach] for column in columns]
    return np.asarray(np.stack(soft, -1).reshape(track.shape), np.float32)


def _stress(sound: Sound, count: int) -> NDArray[np.float32]:
    """Loudness over a quarter of a second, in [0, 1]."""
    width = sound.rate_hz // STEPS_PER_SECOND
    padded = np.zeros(count * width, np.float32)
    part = sound.samples[: count * width]
    padded[: len(part)] = np.abs(part)
    level = _blurred(padded.reshape(count, width).mean(1), 0.12)
    return np.asarray(np.clip(level / 0.12, 0.0, 1.0), np.float32)


def _pieces(text: str) -> Iterator[str]:
    """Cut a text after sentences, and long sentences between words."""
    for sentence in re.split(r"(?<=[.!?…])\s+", text.strip()):
        rest = sentence.strip()
        while len(rest) > _LONGEST_PIECE:
            cut = rest.rfind(" ", 0, _LONGEST_PIECE)
            cut = cut if cut > 0 else _LONGEST_PIECE
            yield rest[:cut]
            rest = rest[cut:].strip()
        if rest:
            yield rest
