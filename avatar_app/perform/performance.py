"""Performance: what the avatar will say and how its mouth and head will move."""

from __future__ import annotations

from dataclasses import dataclass

from avatar_app.fit.avatar import Avatar
from avatar_app.lesson.style import USUAL, Style
from avatar_app.perform.gestures import Cue
from avatar_app.phonetics import TimedWord


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence, spoken: its sound and mouth lie sealed on the avatar's shelf.

    Attributes:
        text: As it was written.
        sound: Shelf name of its voice (FLAC).
        mouth: Shelf name of its mouth movement (safetensors).
        seconds: How long it lasts, the pause after it included.
        words: On the clock of the passage.
        gestures: What the script asks the avatar to do, on the same clock.
        nods: Seconds at which a small nod is deepest.
    """

    text: str
    sound: str
    mouth: str
    seconds: float
    words: tuple[TimedWord, ...]
    gestures: tuple[Cue, ...] = ()
    nods: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """Everything a film needs, sentence by sentence; nothing long is in memory."""

    avatar: Avatar
    passages: tuple[Passage, ...]
    style: Style = USUAL

    @property
    def seconds(self) -> float:
        """Of all passages together."""
        return sum(passage.seconds for passage in self.passages)
