"""SSML: the part of the W3C's Speech Synthesis Markup Language that is understood.

``speak``, ``p``, ``s``, ``break``, ``emphasis``, ``prosody`` (rate, pitch, volume),
``say-as`` (characters, digits, ordinal and what numbers are by themselves),
``phoneme`` (ipa) and ``sub``. Source: SSML 1.1, W3C Recommendation, 2010.
"""

from __future__ import annotations

import itertools
import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from avatar_app.errors import SsmlRefused
from avatar_app.lesson.delivery import (
    FASTEST,
    LONGEST_PAUSE,
    MOST_DECIBELS,
    MOST_SEMITONES,
    SLOWEST,
    Delivery,
)
from avatar_app.lesson.lesson import Sentence

_RATES = {"x-slow": 0.6, "slow": 0.8, "medium": 1.0, "fast": 1.25, "x-fast": 1.6}
_PITCHES = {"x-low": -4.0, "low": -2.0, "medium": 0.0, "high": 2.0, "x-high": 4.0}
_VOLUMES = {"x-soft": -9.0, "soft": -4.0, "medium": 0.0, "loud": 3.0, "x-loud": 6.0}
_STRESSES = {"strong": 2, "moderate": 1, "none": 0, "reduced": -1}
_BREAKS = {
    "none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.8,
    "x-strong": 1.2,
}  # fmt: skip
_AS_THEY_ARE = ("cardinal", "number", "date", "time", "telephone", "fraction", "unit",
                "currency", "address", "name")  # fmt: skip
_KNOWN = ("speak", "p", "s", "break", "emphasis", "prosody", "say-as", "phoneme", "sub")

Words = list[tuple[str, Delivery]]


def is_ssml(text: str) -> bool:
    """Whether a text is meant as SSML."""
    return bool(re.match(r"\ufeff?\s*(?:<\?xml[^>]*>\s*)?<speak\b", text))


def read_ssml(text: str) -> list[Words]:
    """Read paragraphs of words with their delivery.

    Raises:
        SsmlRefused: It is not well-formed, or holds what is not understood; the
            sentence says what and where.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise SsmlRefused("it may not define entities of its own")
    try:
        root = ElementTree.fromstring(text.lstrip("\ufeff \n\t"))  # noqa: S314 - no entities
    except ElementTree.ParseError as error:
        line, column = error.position
        raise SsmlRefused(
            f"it is not well-formed at line {line}, column {column}"
        ) from error
    words: Words = []
    paragraphs: list[Words] = [words]
    pause = 0.0
    for item in _walk(root, Delivery(), itertools.count(1)):
        if item is None:
            paragraphs.append([])
        elif isinstance(item, float):
            pause = min(LONGEST_PAUSE, pause + item)
        else:
            word, delivery = item
            if pause:
                delivery = replace(delivery, pause_before=pause)
                pause = 0.0
            paragraphs[-1].append((word, delivery))
    return [paragraph for paragraph in paragraphs if paragraph]


def delivered(sentences: Iterable[Sentence], paragraphs: list[Words]) -> list[Sentence]:
    """Give sentences, cut from the words' text, the words' delivery.

    Both hold the same letters in the same order, spaces apart. A pause asked before
    the first word of a sentence is kept by the sentence before.
    """
    letters = [own for words in paragraphs for word, own in words for _ in word]
    given: list[Sentence] = []
    at = 0
    for sentence in sentences:
        own = []
        for word in sentence.text.split():
            own.append(letters[min(at, len(letters) - 1)])
            at += len(word)
        if given and own[0].pause_before:
            longer = max(given[-1].pause_after, own[0].pause_before)
            given[-1] = replace(given[-1], pause_after=longer)
        given.append(replace(sentence, delivery=tuple(own)))
    return given


def _walk(
    element: ElementTree.Element, around: Delivery, numbers: Iterator[int]
) -> Iterator[tuple[str, Delivery] | float | None]:
    """Yield words, seconds of a break, and None between paragraphs."""
    tag = element.tag.rpartition("}")[2]
    if tag not in _KNOWN:
        raise SsmlRefused(f"<{tag}> is not understood; understood are {_list(_KNOWN)}")
    if tag == "break":
        yield _seconds(element)
        return
    within = _DELIVERIES.get(tag, _unchanged)(element, around)
    if within.is_other_words and not around.is_other_words:
        within = replace(within, run=next(numbers))
    if tag == "p":
        yield None
    yield from ((word, within) for word in (element.text or "").split())
    for child in element:
        yield from _walk(child, within, numbers)
        yield from ((word, within) for word in (child.tail or "").split())
    if tag == "p":
        yield None


def _unchanged(_: ElementTree.Element, around: Delivery) -> Delivery:
    return around


def _emphasis(element: ElementTree.Element, around: Delivery) -> Delivery:
    level = element.get("level", "moderate")
    return replace(around, stress=int(_named(level, _STRESSES, "emphasis level")))


def _prosody(element: ElementTree.Element, around: Delivery) -> Delivery:
    rate, pitch, volume = around.rate, around.pitch, around.volume
    if (said := element.get("rate")) is not None:
        rate *= _share(said) if said.endswith("%") else _named(said, _RATES, "rate")
    if (said := element.get("pitch")) is not None:
        pitch += _semitones(said)
    if (said := element.get("volume")) is not None:
        volume += _decibels(said)
    return replace(
        around,
        rate=min(FASTEST, max(SLOWEST, rate)),
        pitch=min(MOST_SEMITONES, max(-MOST_SEMITONES, pitch)),
        volume=min(MOST_DECIBELS, max(-MOST_DECIBELS, volume)),
    )


def _say_as(element: ElementTree.Element, around: Delivery) -> Delivery:
    kind = element.get("interpret-as", "")
    if kind in ("characters", "spell-out", "verbatim"):
        return replace(around, spelled="characters")
    if kind in ("digits", "ordinal"):
        return replace(around, spelled=kind)
    if kind in _AS_THEY_ARE:
        return around
    known = ("characters", "digits", "ordinal", *_AS_THEY_ARE)
    raise SsmlRefused(
        f"say-as “{kind}” is not understood; understood are {_list(known)}"
    )


def _phoneme(element: ElementTree.Element, around: Delivery) -> Delivery:
    if element.get("alphabet", "ipa") != "ipa" or not element.get("ph"):
        raise SsmlRefused('<phoneme> needs alphabet="ipa" and ph="…"')
    return replace(around, ipa=element.get("ph", ""))


def _sub(element: ElementTree.Element, around: Delivery) -> Delivery:
    alias = element.get("alias", "").strip()
    if not alias:
        raise SsmlRefused('<sub> needs alias="…"')
    return replace(around, said=alias)


_DELIVERIES = {
    "emphasis": _emphasis, "prosody": _prosody, "say-as": _say_as, "phoneme": _phoneme,
    "sub": _sub,
}  # fmt: skip


def _seconds(element: ElementTree.Element) -> float:
    time = element.get("time")
    if time is None:
        return float(_named(element.get("strength", "medium"), _BREAKS, "break"))
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", time.strip())
    if not found:
        raise SsmlRefused(f"a break of “{time}” is no time; write 500ms or 1.5s")
    return min(LONGEST_PAUSE, float(found[1]) / (1000 if found[2] == "ms" else 1))


def _share(said: str) -> float:
    """Read "90%", or "+10%" and "-10%" beside the usual."""
    try:
        number = float(said.rstrip("%")) / 100
    except ValueError:
        raise SsmlRefused(f"“{said}” is no share; write 90% or +10%") from None
    return 1 + number if said[0] in "+-" else number


def _semitones(said: str) -> float:
    if found := re.fullmatch(r"([+-]\d+(?:\.\d+)?)st", said):
        return float(found[1])
    if said.endswith("%"):
        share = _share(said if said[0] in "+-" else f"+{said}")
        return 12 * math.log2(max(0.25, share))
    return float(_named(said, _PITCHES, "pitch"))


def _decibels(said: str) -> float:
    if found := re.fullmatch(r"([+-]\d+(?:\.\d+)?)dB", said):
        return float(found[1])
    if said == "silent":
        raise SsmlRefused("volume “silent” is not understood; use <break>")
    return float(_named(said, _VOLUMES, "volume"))


def _named(said: str, names: Mapping[str, float], what: str) -> float:
    if said not in names:
        raise SsmlRefused(
            f"{what} “{said}” is not understood; there are {_list(names)}"
        )
    return names[said]


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
