"""Lesson: what the avatar is to say, sentence by sentence."""

from __future__ import annotations

from dataclasses import dataclass

from avatar_app.lesson.delivery import Delivery
from avatar_app.lesson.glossary import NONE, Glossary
from avatar_app.lesson.style import USUAL, Style


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, short enough to be said in one breath.

    Attributes:
        text: As it was written, without what cannot be spoken.
        pause_after: Seconds of quiet before the next one.
        delivery: How each word is to be said, or nothing at all.
        gestures: Before which word each gesture stands, from 0, and its name; after
            the last one where the number is that of the words.
    """

    text: str
    pause_after: float
    delivery: tuple[Delivery, ...] = ()
    gestures: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("a sentence holds at least one word")
        if self.pause_after < 0:
            raise ValueError("a pause cannot be shorter than nothing")
        if self.delivery and len(self.delivery) != len(self.text.split()):
            raise ValueError("every word has its delivery, or none has")


@dataclass(frozen=True, slots=True)
class Lesson:
    """Everything that is to be said, what it is called, and how it shall look.

    Attributes:
        sentences: In their order.
        title: What it is called.
        style: How the film shall look.
        glossary: How the author's own words are said.
    """

    sentences: tuple[Sentence, ...]
    title: str
    style: Style = USUAL
    glossary: Glossary = NONE

    def __post_init__(self) -> None:
        if not self.sentences:
            raise ValueError("a lesson holds at least one sentence")
