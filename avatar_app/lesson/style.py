"""Style: how much the mouth moves, how far the drawing reaches, what the film shows.

An author sets it in the head of a script, by options of the command, or in the window.
Nothing in it reaches the marks that say a film is synthetic: they are put on the
finished picture, whatever its shape.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from avatar_app.errors import StyleRefused


@dataclass(frozen=True, slots=True)
class Range:
    """What a number may be, and by how much it is changed at a time."""

    low: float
    high: float
    step: float


RANGES: Final = {
    "opening": Range(0.5, 1.5, 0.05),
    "smoothing": Range(0.0, 3.0, 0.25),
    "up": Range(-0.05, 0.08, 0.01),  # less would cut through the upper lip
    "down": Range(-0.12, 0.08, 0.01),
    "left": Range(-0.12, 0.08, 0.01),
    "right": Range(-0.12, 0.08, 0.01),
    "closeness": Range(1.0, 2.0, 0.05),
    "lift": Range(-0.3, 0.3, 0.02),
}
SHAPES: Final = {"whole": 0.0, "16:9": 16 / 9, "1:1": 1.0, "4:5": 4 / 5, "9:16": 9 / 16}
_SWITCHES = ("is_still", "nods")
_TRUE, _FALSE = ("yes", "true", "on", "1"), ("no", "false", "off", "0")
_HEAD = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.S | re.M)


@dataclass(frozen=True, slots=True)
class Style:
    """An author's fine control; as it stands here nothing is changed.

    Attributes:
        opening: How far the mouth moves from closed, 1 as the person's; 0.5 to 1.5.
        smoothing: Pictures (standard deviation) over which it is calmed; 0 to 3.
        up: How much farther the drawn lower face reaches there, in distances of the
            outer eye corners, below 0 less far; -0.05 to 0.08: no more was learned.
        down: The same below the chin; -0.12 to 0.08, as at the sides.
        left: The same on the left of the picture.
        right: The same on the right of the picture.
        is_still: Whether the head stays in one picture and only the mouth moves.
        shape: Of the film, width to height: whole, 16:9, 1:1, 4:5 or 9:16.
        closeness: How much closer than the camera the film shows the face; 1 to 2, as
            long as 360 pixels are left.
        lift: How much higher the face stands in the film, in heights of the camera's
            picture; -0.3 to 0.3. The film becomes smaller by as much.
        nods: Whether the head nods a little on stressed words.

    Raises:
        ValueError: A value lies outside its range; the sentence names both.
    """

    opening: float = 1.0
    smoothing: float = 0.0
    up: float = 0.0
    down: float = 0.0
    left: float = 0.0
    right: float = 0.0
    is_still: bool = False
    shape: str = "whole"
    closeness: float = 1.0
    lift: float = 0.0
    nods: bool = True

    def __post_init__(self) -> None:
        for name, range_ in RANGES.items():
            value = getattr(self, name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not range_.low <= value <= range_.high:
                raise ValueError(
                    f"'{name}' can be {range_.low:g} to {range_.high:g}; it is {value}."
                )
        if self.shape not in SHAPES:
            allowed = ", ".join(SHAPES)
            raise ValueError(f"'shape' can be {allowed}; it is {self.shape}.")
        for name in _SWITCHES:
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise ValueError(f"'{name}' can be yes or no; it is {value}.")  # noqa: TRY004 - one kind for all

    @property
    def reach(self) -> tuple[float, float, float, float]:
        """Up, down, left and right."""
        return (self.up, self.down, self.left, self.right)

    def changed(self, changes: Mapping[str, Any]) -> Style:
        """Return the style with some of it changed.

        Args:
            changes: By name; numbers and choices may be words, as in a script's head.

        Raises:
            StyleRefused: A name is unknown or a value out of its range.
        """
        known = [field.name for field in fields(Style)]
        for name in changes:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                hint = f" Did you mean '{near[0]}'?" if near else ""
                raise StyleRefused(f"'{name}' is unknown.{hint}")
        try:
            read: dict[str, Any] = {k: _read(k, v) for k, v in changes.items()}
            return replace(self, **read)
        except ValueError as error:
            raise StyleRefused(str(error)) from error


USUAL: Final = Style()


def split_head(text: str) -> tuple[Style, str]:
    """Take the head off a script: lines "name: value" between two lines of dashes.

    ::

        ---
        opening: 1.2
        shape: 9:16
        ---
        Good morning!

    Raises:
        StyleRefused: A line of the head cannot be understood, or asks too much.
    """
    head = _HEAD.match(text)
    if head is None:
        return USUAL, text
    changes: dict[str, str] = {}
    for line in head.group(1).splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            name, colon, value = line.partition(":")
            if not colon:
                raise StyleRefused(f"'{line.strip()}' has no colon.")
            changes[name.strip()] = value.strip()
    return USUAL.changed(changes), text[head.end() :]


def _read(name: str, value: object) -> object:
    """Words become what the attribute holds; anything else stays as it is."""
    if not isinstance(value, str) or name == "shape":
        return value
    if name in _SWITCHES:
        word = value.lower()
        return True if word in _TRUE else False if word in _FALSE else value
    try:
        return float(value.replace(",", "."))
    except ValueError:
        return value
