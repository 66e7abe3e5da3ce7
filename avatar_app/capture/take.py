"""Take: one person's clips, picture and voice on the same clock, sealed on disk."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from avatar_app.shelf import Shelf

# What an avatar can be shown to do, and a script may ask of it.
GESTURES = ("nod", "shake", "smile", "look-left", "look-right", "look-down")


class Origin(enum.Enum):
    """Where light and sound came from; it is written into every record and film."""

    LIVE = "live"
    DEMO = "demo"
    BENCH = "bench"


class Purpose(enum.Enum):
    """What a clip is for."""

    LISTENING = "listening"
    READING = "reading"
    GESTURE = "gesture"


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip: pictures and voice of one prompt, sealed under one name.

    Attributes:
        name: Its name on the shelf (Matroska: H.264 and FLAC).
        purpose: What it is for.
        text: What was read, or the name of the gesture that is made; empty when the
            person only listens.
        frames: How many pictures it holds.
        seconds: How long it lasts.
    """

    name: str
    purpose: Purpose
    text: str
    frames: int
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """One sitting of one person: a handle, never the pictures themselves.

    Attributes:
        shelf: Where the clips lie sealed.
        clips: In the order of recording.
        width: Of a picture, in pixels.
        height: Of a picture, in pixels.
        fps: Nominal pictures per second.
        rate_hz: Samples of voice per second.
        sound_lag: Seconds by which the sound is late against the picture, as measured
            on these devices; readers take it off.
        origin: Where light and sound came from.
        devices: The camera's and microphone's evidence, in words.
    """

    shelf: Shelf
    clips: tuple[Clip, ...]
    width: int
    height: int
    fps: float
    rate_hz: int
    sound_lag: float
    origin: Origin
    devices: tuple[str, ...]

    def __post_init__(self) -> None:
        if min(self.width, self.height, self.rate_hz) <= 0 or self.fps <= 0:
            raise ValueError("a take has a size and rates above zero")

    @property
    def seconds(self) -> float:
        """Of all clips together."""
        return sum(clip.seconds for clip in self.clips)
