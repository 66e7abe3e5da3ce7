"""Delivery: how single words of a sentence are to be said."""

from __future__ import annotations

from dataclasses import dataclass

SLOWEST, FASTEST = 0.5, 2.0
MOST_SEMITONES, MOST_DECIBELS = 6.0, 12.0
LONGEST_PAUSE = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Delivery:
    """What an author asks of a word; as it stands here nothing is changed.

    Attributes:
        said: Other words to say instead ("sub" of SSML); empty for its own.
        ipa: Its pronunciation; empty for the usual one.
        spelled: ``characters`` to name its letters, ``digits``, ``ordinal``, or empty.
        rate: Times the usual tempo; 0.5 to 2.
        pitch: Semitones above the usual; -6 to 6.
        volume: Decibels above the usual; -12 to 12.
        stress: 1 or 2 to stress it, -1 to say it by the way.
        pause_before: Seconds of quiet before it; 0 to 10.
        run: Words with the same number are one: "New York" said as one alias.
    """

    said: str = ""
    ipa: str = ""
    spelled: str = ""
    rate: float = 1.0
    pitch: float = 0.0
    volume: float = 0.0
    stress: int = 0
    pause_before: float = 0.0
    run: int = 0

    def __post_init__(self) -> None:
        if not SLOWEST <= self.rate <= FASTEST:
            raise ValueError("rate")
        if abs(self.pitch) > MOST_SEMITONES or abs(self.volume) > MOST_DECIBELS:
            raise ValueError("pitch or volume")
        if not 0 <= self.pause_before <= LONGEST_PAUSE:
            raise ValueError("pause_before")
        if self.stress not in (-1, 0, 1, 2):
            raise ValueError("stress")

    @property
    def is_other_words(self) -> bool:
        """Whether something else is said than what is written."""
        return bool(self.said or self.ipa or self.spelled)
