"""Camera, Microphone and Teleprompter: the ports, and the real devices behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.take import Origin, Purpose
from avatar_app.media import Picture


@dataclass(frozen=True, slots=True)
class DeviceHandle:
    """One device as the system enumerated it; never a file, a path or a URL.

    Attributes:
        kind: ``camera`` or ``microphone``.
        number: Its place in the enumeration.
        name: For the person to recognise it by.
        evidence: What the system says it is (driver, bus), for the record.
        origin: LIVE for hardware, DEMO for the drawn presenter.
    """

    kind: str
    number: int
    name: str
    evidence: str
    origin: Origin = Origin.LIVE


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the person is asked to do for one clip.

    Attributes:
        text: To be read aloud; empty for listening with closed lips.
        purpose: What the clip is for.
        seconds: How long a listening clip lasts; a reading ends when it is read.
    """

    text: str
    purpose: Purpose
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """Sound since the last reading.

    Attributes:
        samples: (S,) float32 in [-1, 1], may be empty.
        seconds: When its first sample was captured, on the clock of the take.
    """

    samples: NDArray[np.float32]
    seconds: float


class Camera(Protocol):
    """Something that sees, frame by frame, stamped with the moment of capture."""

    handle: DeviceHandle
    width: int
    height: int
    fps: float

    def start(self) -> None:
        """Begin to see; raises NoCamera."""
        ...

    def read(self) -> Picture:
        """Wait for the next frame; raises CameraLost."""
        ...

    def stop(self) -> None:
        """Let go of the device; safe to call twice."""
        ...


class Microphone(Protocol):
    """Something that hears; its samples are the clock of the take."""

    handle: DeviceHandle
    rate_hz: int

    def start(self) -> None:
        """Begin to hear; raises NoMicrophone."""
        ...

    def read(self) -> Heard:
        """Return everything heard since the last call; raises SoundLost."""
        ...

    def stop(self) -> None:
        """Let go of the device; safe to call twice."""
        ...


class Teleprompter(Protocol):
    """Shows a prompt to whoever reads it, and knows when the reading is over."""

    def show(self, prompt: Prompt) -> None:
        """Begin a prompt."""
        ...

    def is_over(self) -> bool:
        """Whether the current prompt has been read to its end."""
        ...
