"""Avatar: what was learned of one person, sealed on a shelf."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from avatar_app.capture.take import Origin
from avatar_app.errors import FileTorn, NoAvatar
from avatar_app.shelf import Shelf

CARD = "avatar/card.json"
FACE = "avatar/face.safetensors"
VOICE = "avatar/voice.safetensors"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Card:
    """What an avatar says about itself; sealed as JSON beside its parts.

    Attributes:
        person: The name the person gave.
        origin: Where light and sound came from (an Origin's value).
        made: When it was built, ISO 8601 in UTC.
        width: Of its films, in pixels.
        height: Of its films, in pixels.
        fps: Pictures per second of its films.
        consent: SHA-256 of the enrollment record, in hex.
        footage_seconds: What it was learned from.
        build_cpu_seconds: What the last run of learning took; one that went on where
            it was cut short counts only what it still did.
        version: Of this format.
        warning: What the person should know of its quality, one sentence; empty where
            there was enough to learn from.
        drawn_by: What became of the GPU, one sentence; empty where there was none.
    """

    person: str
    origin: str
    made: str
    width: int
    height: int
    fps: float
    consent: str
    footage_seconds: float
    build_cpu_seconds: float
    version: int = _VERSION
    warning: str = ""
    drawn_by: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Avatar:
    """A handle on one person's sealed avatar: a card, a face, a voice, idle film."""

    shelf: Shelf
    card: Card

    @property
    def is_demo(self) -> bool:
        """Whether it is the drawn presenter."""
        return self.card.origin == Origin.DEMO.value

    def keep(self) -> Avatar:
        """Write the card last: an avatar without a card does not exist."""
        card = replace(self.card, version=_VERSION)
        self.shelf.write(CARD, json.dumps(asdict(card), sort_keys=True).encode())
        return self


def reopen_avatar(shelf: Shelf) -> Avatar:
    """Open the avatar on a shelf.

    Raises:
        NoAvatar: None has been built there, or it was not finished.
        FileTorn: Its card is damaged or from a later version.
    """
    if CARD not in shelf:
        raise NoAvatar
    try:
        card = Card(**json.loads(shelf.read(CARD)))
    except (TypeError, ValueError) as error:
        raise FileTorn(CARD) from error
    if card.version != _VERSION:
        raise FileTorn(CARD)
    return Avatar(shelf, card)
