"""Lesson: what the avatar is to say, sentence by sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, short enough to be said in one breath.

    Attributes:
        text: As it was written, without what cannot be spoken.
        pause_after: Seconds of quiet before the next one.
    """

    text: str
    pause_after: float

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("a sentence holds at least one word")
        if self.pause_after < 0:
            raise ValueError("a pause cannot be shorter than nothing")


@dataclass(frozen=True, slots=True)
class Lesson:
    """Everything that is to be said, and what it is called."""

    sentences: tuple[Sentence, ...]
    title: str

    def __post_init__(self) -> None:
        if not self.sentences:
            raise ValueError("a lesson holds at least one sentence")
