"""Devices on a clock of their own: nothing sleeps, and every fault can be arranged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.devices import DeviceHandle, Heard, Prompt
from avatar_app.capture.take import Origin, Purpose
from avatar_app.errors import CameraLost, NoCamera, NoMicrophone, SoundLost
from avatar_app.media import Picture

RATE_HZ = 48000
Voice = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Drawing = Callable[[float], NDArray[np.uint8]]


@dataclass(slots=True)
class PlayedClock:
    """Time as the played devices have it; only a camera moves it on."""

    seconds: float = 100.0


def handle_of(kind: str, origin: Origin = Origin.BENCH) -> DeviceHandle:
    """Name a device of the bench."""
    return DeviceHandle(kind, 0, f"Played {kind}", "tests", origin)


@dataclass(slots=True)
class PlayedCamera:
    """Sees what it is told to; every reading lets one picture's time pass.

    Attributes:
        clock: Shared with the microphone.
        drawing: What is seen at a moment; a plain grey by default.
        lost_at: The moment on the clock at which the plug is pulled.
        jitter: Standard deviation of a picture's time, seconds.
    """

    clock: PlayedClock
    width: int = 160
    height: int = 120
    fps: float = 30.0
    drawing: Drawing | None = None
    lost_at: float = np.inf
    jitter: float = 0.0
    is_there: bool = True
    is_running: bool = False
    starts: int = 0
    handle: DeviceHandle = field(default_factory=lambda: handle_of("camera"))
    _draw: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def start(self) -> None:
        """Begin to see, if it is there."""
        if not self.is_there:
            raise NoCamera
        self.is_running = True
        self.starts += 1

    def read(self) -> Picture:
        """Let time pass and see."""
        assert self.is_running
        step = 1 / self.fps + float(self._draw.normal(0, self.jitter))
        self.clock.seconds += max(0.002, step)
        if self.clock.seconds >= self.lost_at:
            raise CameraLost
        seen = self.drawing(self.clock.seconds) if self.drawing else None
        if seen is None:
            seen = np.full((self.height, self.width, 3), 127, np.uint8)
        return Picture(seen, self.clock.seconds)

    def stop(self) -> None:
        """Let go."""
        self.is_running = False


@dataclass(slots=True)
class PlayedMicrophone:
    """Hears a voice, sample by sample up to the clock.

    Attributes:
        clock: Shared with the camera.
        voice: Loudness at moments of the clock, in [-1, 1]; a hum by default.
        delay: Seconds by which its samples come late, truthfully stamped.
        lost_at: The moment on the clock at which it falls silent for good.
        hole: Moments between which samples are dropped, as a full queue would.
    """

    clock: PlayedClock
    voice: Voice | None = None
    rate_hz: int = RATE_HZ
    delay: float = 0.0
    lost_at: float = np.inf
    hole: tuple[float, float] = (np.inf, np.inf)
    is_there: bool = True
    is_running: bool = False
    handle: DeviceHandle = field(default_factory=lambda: handle_of("microphone"))
    _heard: int = 0

    def start(self) -> None:
        """Begin to hear, if it is there."""
        if not self.is_there:
            raise NoMicrophone
        self.is_running = True
        self._heard = self._now()

    def read(self) -> Heard:
        """Return what came since the last call."""
        assert self.is_running
        if self.clock.seconds >= self.lost_at:
            raise SoundLost
        first, self._heard = self._heard, max(self._heard, self._now())
        moments = np.arange(first, self._heard) / self.rate_hz
        moments = moments[(moments < self.hole[0]) | (moments >= self.hole[1])]
        voice = self.voice or hum
        start = float(moments[0]) if len(moments) else first / self.rate_hz
        return Heard(voice(moments).astype(np.float32), start)

    def stop(self) -> None:
        """Let go."""
        self.is_running = False

    def _now(self) -> int:
        return int((self.clock.seconds - self.delay) * self.rate_hz)


def hum(moments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hum at -23 dB."""
    loud: NDArray[np.float64] = 0.1 * np.sin(2 * np.pi * 150 * moments)
    return loud


def hush(moments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Say nothing, over the noise of a muted input at -80 dB."""
    return 1e-4 * np.random.default_rng(0).standard_normal(len(moments))


@dataclass(slots=True)
class PlayedTeleprompter:
    """Shows each prompt for as long as it takes to read it at a steady pace."""

    clock: PlayedClock
    seconds_each: float = 1.0
    shown: list[Prompt] = field(default_factory=list)
    _over_at: float = 0.0

    def show(self, prompt: Prompt) -> None:
        """Begin a prompt."""
        self.shown.append(prompt)
        self._over_at = self.clock.seconds + self.seconds_each

    def is_over(self) -> bool:
        """Whether its time is up."""
        return self.clock.seconds >= self._over_at


def sitting() -> tuple[PlayedCamera, PlayedMicrophone, PlayedTeleprompter]:
    """Give three devices on one clock."""
    clock = PlayedClock()
    return PlayedCamera(clock), PlayedMicrophone(clock), PlayedTeleprompter(clock)


def prompts(readings: Sequence[str] = ("One two.", "Three four.")) -> list[Prompt]:
    """Give a listening prompt and some readings."""
    listening = Prompt("", Purpose.LISTENING, 1.5)
    return [listening, *(Prompt(text, Purpose.READING) for text in readings)]
