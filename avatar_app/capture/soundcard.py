"""Microphones: which there are, and sound from one on the monotonic clock."""

from __future__ import annotations

import threading
import time
from collections import deque
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.devices import DeviceHandle, Heard
from avatar_app.capture.evidence import is_looped
from avatar_app.capture.take import Origin
from avatar_app.errors import NoMicrophone, SoundLost

_FIRST_SOUND_SECONDS = 4.0
_PATIENCE_SECONDS = 2.0  # a living sound card calls a hundred times a second
_CLOSING_SECONDS = 2.0
_QUEUE_SECONDS = 20.0
_BLOCK_SECONDS = 0.01
_ANCHOR_SECONDS = 8


def microphones() -> list[DeviceHandle]:
    """List the microphones of this computer, the usual one first."""
    try:
        return _list(_portaudio())
    except NoMicrophone:
        return []


def first_microphone() -> DeviceHandle:
    """Return the usual microphone; raises NoMicrophone with what stands in the way."""
    found = _list(_portaudio())
    if not found:
        raise NoMicrophone
    return found[0]


class SoundCardMicrophone:
    """A real microphone; see ``capture.devices.Microphone``.

    Samples are counted as they come; the count is tied to the monotonic clock by the
    earliest arrivals of the last seconds, which waited least on their way.
    """

    def __init__(self, handle: DeviceHandle, rate_hz: int = 48000) -> None:
        if not isinstance(handle, DeviceHandle):
            raise TypeError("a microphone is named by its handle, never by a path")
        if handle.kind != "microphone" or handle.origin is not Origin.LIVE:
            raise ValueError(f"this is no real microphone: {handle}")
        self.handle = handle
        self.rate_hz = rate_hz
        self.dropped = 0
        self._stream: Any = None
        self._news = threading.Condition()
        self._blocks: deque[NDArray[np.float32]] = deque()
        self._held = 0  # samples in the blocks
        self._count = 0  # samples since the start
        self._arrived = time.monotonic()
        self._is_over = False
        self._anchor = _Anchor(rate_hz)

    def start(self) -> None:
        """Open the microphone and wait for its first sound.

        Raises:
            NoMicrophone: It is gone, in use elsewhere, or sends nothing.
        """
        if self._stream is not None:
            return
        portaudio = _portaudio()
        if self.handle not in _list(portaudio):
            raise NoMicrophone(f"'{self.handle.name}' is no longer connected.")
        self._blocks, self._held, self._count = deque(), 0, 0
        self._anchor, self._is_over = _Anchor(self.rate_hz), False
        self._arrived = time.monotonic()
        try:
            self._stream = portaudio.InputStream(
                device=self.handle.number,
                samplerate=self.rate_hz,
                channels=1,
                dtype="float32",
                blocksize=round(self.rate_hz * _BLOCK_SECONDS),
                latency=0.1,
                callback=self._take,
                finished_callback=self._finished,
            )
            self._stream.start()
        except portaudio.PortAudioError as error:
            self.stop()
            raise NoMicrophone(f"'{self.handle.name}' cannot be opened.") from error
        with self._news:
            self._news.wait_for(
                lambda: self._count or self._is_over, _FIRST_SOUND_SECONDS
            )
            is_heard = self._count > 0
        if not is_heard:
            self.stop()
            raise NoMicrophone(f"'{self.handle.name}' sends no sound.")

    def read(self) -> Heard:
        """Return everything heard since the last call.

        Raises:
            SoundLost: Nothing came for two seconds, or the sound system is gone.
        """
        with self._news:
            blocks, self._blocks = list(self._blocks), deque()
            held, self._held = self._held, 0
            is_quiet = time.monotonic() - self._arrived > _PATIENCE_SECONDS
            if not blocks and (self._is_over or is_quiet):
                raise SoundLost
            first = self._anchor.moment(self._count - held)
        samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
        return Heard(samples, first)

    def stop(self) -> None:
        """Let go of the device; safe to call twice."""
        stream, self._stream = self._stream, None
        if stream is not None:
            # A sound system that hangs would keep us from closing for ever.
            closing = threading.Thread(target=stream.close, daemon=True)
            closing.start()
            closing.join(_CLOSING_SECONDS)

    def _take(
        self, block: NDArray[np.float32], length: int, _when: object, _status: object
    ) -> None:
        now = time.monotonic()
        with self._news:
            self._count += length
            self._arrived = now
            self._anchor.tie(self._count, now)
            self._blocks.append(block[:, 0].copy())
            self._held += length
            while self._held > _QUEUE_SECONDS * self.rate_hz:
                lost = len(self._blocks.popleft())
                self._held -= lost
                self.dropped += lost
            self._news.notify_all()

    def _finished(self) -> None:
        with self._news:
            self._is_over = True
            self._news.notify_all()


class _Anchor:
    """Ties a count of samples to the clock.

    A block can arrive late but never early, so of the guesses of each second the
    lowest is the best, and of the last eight seconds again; sound cards drift by up to
    a tenth of a millisecond per second, so older guesses say nothing.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._lowest: deque[float] = deque(maxlen=_ANCHOR_SECONDS)
        self._second = -1

    def tie(self, count: int, now: float) -> None:
        """Note that this many samples have come by now."""
        guess = now - count / self._rate_hz
        if count // self._rate_hz != self._second:
            self._second = count // self._rate_hz
            self._lowest.append(guess)
        else:
            self._lowest[-1] = min(self._lowest[-1], guess)

    def moment(self, count: int) -> float:
        """Say when the sample after so many was captured."""
        if not self._lowest:
            return time.monotonic()
        return min(self._lowest) + count / self._rate_hz


def _portaudio() -> ModuleType:
    try:
        import sounddevice
    except OSError as error:
        missing = NoMicrophone("The sound library PortAudio is missing.")
        missing.remedy = (
            "Install it (on Debian and Ubuntu: 'sudo apt install libportaudio2'), "
            "then start the app again."
        )
        raise missing from error
    module: ModuleType = sounddevice
    return module


def _list(portaudio: ModuleType) -> list[DeviceHandle]:
    try:
        devices = list(portaudio.query_devices())
        usual = int(portaudio.default.device[0])
        systems = [system["name"] for system in portaudio.query_hostapis()]
    except portaudio.PortAudioError:
        return []
    found = [
        DeviceHandle(
            "microphone",
            number,
            str(device["name"]),
            f"system={systems[device['hostapi']]}",
        )
        for number, device in enumerate(devices)
        if device["max_input_channels"] > 0 and not is_looped(str(device["name"]))
    ]
    return sorted(found, key=lambda handle: handle.number != usual)
