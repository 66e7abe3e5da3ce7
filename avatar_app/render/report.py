"""Report: what a film's base was like, measured on what was really shown."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class FilmReport:
    """How one film moved, apart from its mouth.

    Attributes:
        seconds: Length of the film.
        frames: Pictures in it.
        joins: Places where two stretches of footage melt into one another.
        turns: Places where footage turns round; only where there were no joins.
        again_after_seconds: After how many seconds a picture of the footage comes
            again, in the middle of all that do; 0 where none does.
        blinks: Whole blinks shown.
        blinks_a_minute: The same, a minute.
        cut_blinks: Blinks of which only a part is shown (the film's ends do not count).
        largest_step: How far the head moves from one picture to the next at most, in
            inter-ocular distances; nods included.
        largest_step_at_joins: The same within joins.
        usual_step: What the person's own head hardly ever exceeds: the 99th percentile
            within their clips.
        nods: Small nods on stressed words.
        gestures: Names of gestures, in their order.
        seconds_passed_through: In which the head was turned further than where the
            person was seen speaking, so that the picture was left as it was.
        notes: What should be known about these, in sentences.
    """

    seconds: float
    frames: int
    joins: int
    turns: int
    again_after_seconds: float
    blinks: int
    blinks_a_minute: float
    cut_blinks: int
    largest_step: float
    largest_step_at_joins: float
    usual_step: float
    nods: int
    gestures: tuple[str, ...]
    seconds_passed_through: float
    notes: tuple[str, ...]

    def as_json(self) -> str:
        """The report as a JSON object, one line a figure."""
        return json.dumps(asdict(self), indent=1)

    def lines(self) -> list[str]:
        """The report for a terminal, one line a figure."""
        shown = [
            f"{field.name.replace('_', ' ')}: {_worded(getattr(self, field.name))}"
            for field in fields(self)
            if field.name != "notes"
        ]
        return [*shown, *self.notes]


def _worded(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
