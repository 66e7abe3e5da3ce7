"""The bilabial test: are the lips shut in the p, b and m that the real lips shut in?

Where the moments come from: a clip with word times (``.align``) is searched near each
word's p, b or m for the moment at which the phone encoder hears one most clearly; a
clip of which only the text is known is aligned whole, with the other clips of its
person. Lips are read off the pictures by the face mesh, whose inner lips of a shut
mouth do not quite touch, so "shut" is personal: nearer to the person's resting lips
than a seventh of the way from there to their widest. A drawn mouth has to be shut
within a picture of when the real one was, and may be open by a twentieth more: the mesh
trembles by that much, and with less the ceiling itself, a basis that is told the real
mouth, missed a quarter of GRID s1's closures; with it, none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.voice.alignment import align
from avatar_app.fit.voice.hearing import FRAME_S
from avatar_app.media import Sound
from avatar_app.phonetics import TimedPhone, phones_of
from avatar_app.weights.phones import open_phone_encoder
from avatar_app.weights.sounds import SOUNDS
from avatar_app.work import carry_out
from benchmarks.footage import Word

BILABIAL = ("p", "b", "m")
_SHUT, _TREMBLE = 0.15, 0.05  # of the way from resting lips to widely open ones
_BEFORE, _AFTER = 0.08, 0.06  # seconds about the moment in which lips may be shut
_HEARD = 0.2  # posterior below which the word's own times are better
_LAG = 0.055  # seconds: middle delay of a first p or b behind its word's written start
_ENOUGH = 8  # clips without word times, from which their person's phones are learned
_LEAD = 0.08

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Closure:
    """One p, b or m: the moment of its sound, in seconds, and its word or text."""

    symbol: str
    moment: float
    within: str


def closures_by_words(sound: Sound, words: Sequence[Word]) -> list[Closure]:
    """Find them by the words' times."""
    heard = open_phone_encoder().hear(sound)
    names = [SOUNDS.index(symbol) for symbol in BILABIAL]
    clear = heard.posteriors[:, names].sum(axis=1)
    found = []
    for word in words:
        length = word.end - word.start
        for phone in phones_of(word.text):
            if phone.symbol[:1] not in BILABIAL:
                continue
            begin = word.start + (phone.place - 0.7) / phone.length * length
            end = word.start + (phone.place + 1.2) / phone.length * length
            begin = word.start - _LEAD if phone.place == 0 else begin
            end = word.end + _LEAD if phone.place == phone.length - 1 else end
            first = max(0, int(begin * heard.rate_hz))
            span = clear[first : max(first, int(end * heard.rate_hz)) + 1]
            at = word.start + _LAG + phone.place / phone.length * length
            if len(span) and span.max() >= _HEARD:
                at = (first + int(span.argmax()) + 0.5) / heard.rate_hz
            found.append(Closure(phone.symbol[:1], at, word.text))
    return found


def closures_by_texts(readings: Sequence[tuple[Sound, str]]) -> list[list[Closure]]:
    """Find them in whole readings of one person by forced alignment.

    Too few readings to learn the person's sounds from give empty lists.
    """
    if len(readings) < _ENOUGH:
        return [[] for _ in readings]
    found = []
    aligned = carry_out(align(list(readings), "en-us"))
    for (_, text), told in zip(readings, aligned, strict=True):
        phones = phones_of(text)
        own = []
        for index, phone in enumerate(told.phones):
            if phone >= 0 and phones[phone].symbol[:1] in BILABIAL:
                begin, end = told.edges[index : index + 2] * FRAME_S
                own.append(Closure(phones[phone].symbol[:1], (begin + end) / 2, text))
        found.append(own)
    return found


def closures_of(phones: Sequence[TimedPhone]) -> list[Closure]:
    """Find them in speech whose phones are known."""
    return [
        Closure(p.symbol[:1], (p.start + p.end) / 2, "")
        for p in phones
        if p.symbol[:1] in BILABIAL
    ]


class Shut(NamedTuple):
    """Openings in inter-ocular distances below which lips count as shut."""

    real: float
    drawn: float


def shut_level(openings: Sequence[Floats], silent: Sequence[NDArray[np.bool_]]) -> Shut:
    """Find below which opening a person's lips count as shut.

    Args:
        openings: Inner lip height in inter-ocular distances, by clip.
        silent: Frames in which nothing is said, by clip.
    """
    every = np.concatenate(list(openings))
    still = every[np.concatenate(list(silent))]
    rest = np.median(still) if len(still) >= 5 else np.percentile(every, 10)
    way = np.percentile(every, 95) - rest
    return Shut(float(rest + _SHUT * way), float(rest + (_SHUT + _TREMBLE) * way))


def shut_pictures(
    opening: Floats, closures: Sequence[Closure], level: float, fps: float
) -> list[int | None]:
    """Find the picture in which the lips are shut, for each closure; None: in none."""
    told: list[int | None] = []
    for closure in closures:
        first = max(0, int(np.floor((closure.moment - _BEFORE) * fps)))
        last = int(np.ceil((closure.moment + _AFTER) * fps))
        span = opening[first : last + 1]
        is_shut = len(span) > 0 and bool(span.min() <= level)
        told.append(first + int(span.argmin()) if is_shut else None)
    return told


def shut_then(opening: Floats, picture: int, level: float) -> bool:
    """Whether the lips are shut in a picture or one of its neighbours."""
    return bool(opening[max(0, picture - 1) : picture + 2].min() <= level)
