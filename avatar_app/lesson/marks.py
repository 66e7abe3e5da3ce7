"""Marks: gestures that an author places in a script, as in "Look here. [look-left]".

A mark is a name in square brackets. It is not spoken; the gesture begins with the word
after it. Numbers in brackets are no marks, as in "[1]".
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import replace

from avatar_app.capture.take import GESTURES
from avatar_app.errors import UnknownMark
from avatar_app.lesson.lesson import Sentence

_MARK = re.compile(r"\[([^\W\d_][\w -]*)\]")
_BEFORE_STOP = re.compile(r"\s*\[[^\W\d_][\w -]*\](?=[.,;:!?…])")

Mark = tuple[int, str]  # letters of the text before it, and the gesture's name


def take_marks(text: str, first_line: int = 1) -> tuple[str, list[Mark]]:
    """Take the marks out of a text.

    Args:
        text: As it was written.
        first_line: Of the text in its file, for the author to find a mark by.

    Returns:
        The text without them, and how many letters (all but spaces) stand before each.

    Raises:
        UnknownMark: There is no gesture of that name.
    """
    marks: list[Mark] = []
    hidden = 0  # letters of the marks so far
    for match in _MARK.finditer(text):
        name = match.group(1).strip().lower()
        if name not in GESTURES:
            line = first_line + text.count("\n", 0, match.start())
            near = difflib.get_close_matches(name, GESTURES, n=1, cutoff=0.0)
            raise UnknownMark(match.group(), line, f"[{near[0]}]")
        marks.append((_letters(text[: match.start()]) - hidden, name))
        hidden += _letters(match.group())
    return _MARK.sub(" ", _BEFORE_STOP.sub("", text)), marks


def without_marks(words: Iterable[str]) -> list[str]:
    """Take the marks out of words; one that was nothing else becomes empty."""
    return [_MARK.sub("", word) for word in words]


def place_marks(sentences: list[Sentence], marks: list[Mark]) -> list[Sentence]:
    """Give sentences, cut from the text without marks, their gestures.

    A mark after the last word of a sentence belongs to the sentence after it, where
    there is one.
    """
    waiting = list(marks)
    placed: list[Sentence] = []
    letters = 0
    for number, sentence in enumerate(sentences):
        own: list[tuple[int, str]] = []
        words = sentence.text.split()
        for place, word in enumerate(words):
            while waiting and waiting[0][0] <= letters:
                own.append((place, waiting.pop(0)[1]))
            letters += len(word)
        if number == len(sentences) - 1:
            own += [(len(words), name) for _, name in waiting]
        placed.append(replace(sentence, gestures=tuple(own)) if own else sentence)
    return placed


def _letters(text: str) -> int:
    return len("".join(text.split()))
