"""Reading: how a written text is said - numbers, dates, units, addresses, code.

Text is read left to right; at each place the first rule that fits says what stands
there, and what no rule knows stays as it is, for espeak-ng. The order of the rules is
the order of their certainty: an address is tried before the numbers inside it. Which
written words every said one belongs to is kept, for captions.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from avatar_app.bundled import bundled
from avatar_app.perform.numerals import Numerals

LANGUAGES = ("en", "es", "de")  # whose words lie in assets/reading
_RAISED = "²³½¼¾⅓⅔"  # symbols, though Python takes them for digits


@dataclass(frozen=True, slots=True)
class Piece:
    """Some written words and how they are said.

    Attributes:
        written: One or several words as they stand in the text.
        said: For espeak-ng, ``[[...]]`` around its own phoneme names; with the
            punctuation of the written ones; empty when they have no sound.
    """

    written: str
    said: str


def read_aloud(
    text: str, language: str = "en", glossary: Mapping[str, str] | None = None
) -> tuple[Piece, ...]:
    """Say how a text is read.

    Args:
        text: A sentence.
        language: An espeak-ng voice or a language; numbers and symbols of a language
            without a table are left to espeak-ng.
        glossary: The author's own words and how they are said; they come first.
    """
    text = text.replace("[[", "[").replace("]]", "]")  # espeak-ng's own brackets
    book = book_of(language)
    spans = list(_spans(text, book, _glossary_rule(glossary or {})))
    return tuple(_pieces(text, spans))


def said_of(pieces: tuple[Piece, ...]) -> str:
    """What espeak-ng is given."""
    return " ".join(piece.said for piece in pieces if piece.said)


Say = Callable[[re.Match[str], "Book"], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """What to say where a pattern fits; None where it does not after all."""

    pattern: re.Pattern[str]
    say: Say


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """The words of a language and its rules, surest first."""

    language: str
    table: dict[str, Any]
    numerals: Numerals
    rules: tuple[Rule, ...] = field(default=())

    def word(self, name: str) -> str:
        """A word that rules need."""
        return str(self.table["words"][name])

    def group(self, name: str) -> dict[str, Any]:
        """A group of the table; empty where the language has none."""
        found: dict[str, Any] = self.table.get(name, {})
        return found


@functools.lru_cache(8)
def book_of(language: str) -> Book:
    """Open the book of a language or of an espeak-ng voice such as ``en-us+f3``."""
    from avatar_app.perform.rules import rules_of  # the rules need the names above

    short = re.split(r"[-+]", language)[0]
    if short not in LANGUAGES:
        return Book(short, {}, Numerals("en", "", "", "."))
    with bundled(f"assets/reading/{short}.toml").open("rb") as file:
        table = tomllib.load(file)
    words = table["words"]
    decimal = "." if short == "en" else ","
    numerals = Numerals(short, words["point"], words["minus"], decimal)
    book = Book(short, table, numerals)
    month_first = language.startswith("en") and not language.startswith("en-gb")
    return Book(short, table, numerals, rules_of(book, month_first=month_first))


def _glossary_rule(glossary: Mapping[str, str]) -> Rule | None:
    if not glossary:
        return None
    longest = sorted(glossary, key=len, reverse=True)
    either = "|".join(re.escape(word) for word in longest)
    pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
    small = {word.lower(): said for word, said in glossary.items()}

    def say(found: re.Match[str], _: Book) -> str:
        return glossary.get(found.group()) or small[found.group().lower()]

    return Rule(pattern, say)


def _spans(text: str, book: Book, own: Rule | None) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, said) wherever a rule applies."""
    rules = (own, *book.rules) if own else book.rules
    at = 0
    while at < len(text):
        letter = text[at].isalnum() and text[at] not in _RAISED
        inside = letter and at > 0 and text[at - 1].isalnum()
        span = None if inside else _first(rules, text, at, book)
        if span:
            yield span
            at = span[1]
        else:
            at += 1


def _first(
    rules: tuple[Rule, ...], text: str, at: int, book: Book
) -> tuple[int, int, str] | None:
    for rule in rules:
        found = rule.pattern.match(text, at)
        if found and found.end() > at:
            said = rule.say(found, book)
            if said is not None:
                return at, found.end(), said
    return None


def _pieces(text: str, spans: list[tuple[int, int, str]]) -> Iterator[Piece]:
    """Cut at the spaces that no span covers."""
    start = 0
    for gap in [*re.finditer(r"\s+", text), None]:
        end = gap.start() if gap else len(text)
        if gap and any(a < end < b for a, b, _ in spans):
            continue
        written = " ".join(text[start:end].split())
        if written:
            yield Piece(written, _said(text, start, end, spans))
        start = gap.end() if gap else end


def _said(text: str, start: int, end: int, spans: list[tuple[int, int, str]]) -> str:
    said, at = [], start
    for a, b, words in spans:
        instead = words
        if start <= a and b <= end:
            if text[b : b + 1] == "." and text[b + 1 : b + 2] != ".":
                instead = instead.removesuffix(".")  # one full stop is enough
            said += [text[at:a], _apart(text, a, instead), _after(text, b)]
            at = b
    said.append(text[at:end])
    return re.sub(r" (?=[.,;:!?](?:\s|$))", "", " ".join("".join(said).split()))


def _apart(text: str, at: int, said: str) -> str:
    """Keep said words from running into a letter that stands before them."""
    return f" {said}" if at and (text[at - 1].isalnum() or said[:2] == "[[") else said


def _after(text: str, at: int) -> str:
    return " " if at < len(text) and text[at].isalnum() else ""
