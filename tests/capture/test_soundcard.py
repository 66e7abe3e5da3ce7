"""Microphones: counted samples on the clock, and a watchdog over the sound system."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from avatar_app.capture import soundcard
from avatar_app.capture.devices import DeviceHandle
from avatar_app.capture.soundcard import (
    SoundCardMicrophone,
    first_microphone,
    microphones,
)
from avatar_app.capture.take import Origin
from avatar_app.errors import NoMicrophone, SoundLost

RATE_HZ = 48000
BLOCK = 480


class PortAudioError(Exception):
    """As sounddevice has it."""


class PlayedPortAudio:
    """What sounddevice gives: two inputs, an output, and a stream we feed by hand."""

    PortAudioError = PortAudioError
    default = SimpleNamespace(device=(2, 1))

    def __init__(self) -> None:
        self.devices = [
            {"name": "Built-in", "max_input_channels": 2, "hostapi": 0},
            {"name": "Speakers", "max_input_channels": 0, "hostapi": 0},
            {"name": "Headset", "max_input_channels": 1, "hostapi": 0},
            {"name": "Monitor of Speakers", "max_input_channels": 2, "hostapi": 0},
        ]
        self.first_blocks = 1
        self.refuses = False
        self.is_closed = False

    def query_devices(self) -> list[dict[str, Any]]:
        """List the devices."""
        return self.devices

    def query_hostapis(self) -> list[dict[str, Any]]:
        """List the sound systems."""
        return [{"name": "ALSA"}]

    def InputStream(
        self,
        *,
        callback: Callable[..., None],
        finished_callback: Callable[[], None],
        **_: Any,
    ) -> PlayedPortAudio:
        """Open a stream."""
        if self.refuses:
            raise PortAudioError
        self.callback, self.finish = callback, finished_callback
        return self

    def start(self) -> None:
        """Begin, with the first sound."""
        for _ in range(self.first_blocks):
            self.feed()

    def feed(self, blocks: int = 1) -> None:
        """Deliver some blocks of a quiet step."""
        for _ in range(blocks):
            self.callback(np.full((BLOCK, 1), 0.25, np.float32), BLOCK, None, None)

    def close(self) -> None:
        """End."""
        self.is_closed = True


@pytest.fixture
def portaudio(monkeypatch: pytest.MonkeyPatch) -> PlayedPortAudio:
    """Put a played sound system in the place of the real one."""
    played = PlayedPortAudio()
    monkeypatch.setattr(soundcard, "_portaudio", lambda: played)
    monkeypatch.setattr(soundcard, "_FIRST_SOUND_SECONDS", 0.3)
    monkeypatch.setattr(soundcard, "_PATIENCE_SECONDS", 0.6)
    return played


def test_the_usual_microphone_comes_first(portaudio: PlayedPortAudio) -> None:
    """Outputs and monitors are no microphones."""
    assert [handle.name for handle in microphones()] == ["Headset", "Built-in"]
    assert first_microphone().number == 2


def test_samples_are_counted_on_the_clock(portaudio: PlayedPortAudio) -> None:
    """Each reading begins where the last one ended, on the monotonic clock."""
    microphone = SoundCardMicrophone(first_microphone())
    microphone.start()
    before = time.monotonic()
    first = microphone.read()
    portaudio.feed(3)
    second = microphone.read()
    third = microphone.read()
    microphone.stop()
    microphone.stop()

    assert (len(first.samples), len(second.samples), len(third.samples)) == (
        480,
        1440,
        0,
    )
    assert second.samples.dtype == np.float32
    assert second.seconds + 0.03 == pytest.approx(third.seconds)
    assert abs(first.seconds - before) < 0.3
    assert portaudio.is_closed


def test_late_blocks_do_not_move_the_clock() -> None:
    """The earliest arrivals rule: jitter of 40 ms leaves the moments steady."""
    anchor, draw = soundcard._Anchor(RATE_HZ), np.random.default_rng(0)
    moments = []
    for count in range(BLOCK, 20 * RATE_HZ, BLOCK):
        drifted = count / (RATE_HZ * 1.00005)  # a sound card that runs fast by 50 ppm
        anchor.tie(count, 500 + drifted + float(draw.exponential(0.01)))
        moments.append(anchor.moment(count) - 500 - drifted)
    settled = np.array(moments[200:])

    assert settled.min() >= 0
    assert settled.max() < 0.002


def test_a_frozen_sound_system_is_noticed(portaudio: PlayedPortAudio) -> None:
    """No callback for a while: what came is given, then the sound is lost."""
    microphone = SoundCardMicrophone(first_microphone())
    microphone.start()
    time.sleep(0.7)
    assert len(microphone.read().samples) == BLOCK
    with pytest.raises(SoundLost):
        microphone.read()
    microphone.stop()


def test_a_dead_sound_system_is_noticed_at_once(portaudio: PlayedPortAudio) -> None:
    """It says that it has finished, and that is that."""
    microphone = SoundCardMicrophone(first_microphone())
    microphone.start()
    microphone.read()
    portaudio.finish()
    with pytest.raises(SoundLost):
        microphone.read()


def test_sound_nobody_reads_is_dropped_and_counted(portaudio: PlayedPortAudio) -> None:
    """The queue is bounded; the next sample still knows its moment."""
    microphone = SoundCardMicrophone(first_microphone())
    microphone.start()
    portaudio.feed(2500)
    heard = microphone.read()

    assert len(heard.samples) == 20 * RATE_HZ
    assert microphone.dropped == 501 * BLOCK
    after = microphone.read()
    assert after.seconds - heard.seconds == pytest.approx(20)


def test_a_microphone_that_cannot_be_used_is_told(portaudio: PlayedPortAudio) -> None:
    """Refused, silent from the start, or no longer there."""
    handle = first_microphone()
    portaudio.refuses = True
    with pytest.raises(NoMicrophone, match="cannot be opened"):
        SoundCardMicrophone(handle).start()
    portaudio.refuses, portaudio.first_blocks = False, 0
    with pytest.raises(NoMicrophone, match="sends no sound"):
        SoundCardMicrophone(handle).start()
    portaudio.devices[2]["name"] = "Another headset"
    with pytest.raises(NoMicrophone, match="no longer connected"):
        SoundCardMicrophone(handle).start()


def test_no_devices_is_no_list(portaudio: PlayedPortAudio) -> None:
    """An empty list, and a sentence for whoever asks for one."""
    portaudio.devices = []
    portaudio.default = SimpleNamespace(device=(-1, -1))

    assert microphones() == []
    with pytest.raises(NoMicrophone, match="No microphone"):
        first_microphone()


def test_a_missing_library_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PortAudio there is nothing to list, and the remedy is a command."""

    class Missing:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])

    assert microphones() == []
    with pytest.raises(NoMicrophone, match="PortAudio") as told:
        first_microphone()
    assert "libportaudio2" in told.value.remedy


def test_only_a_handle_names_a_microphone() -> None:
    """No name, no number, no camera and nothing drawn."""
    for wrong in ("default", 0):
        with pytest.raises(TypeError):
            SoundCardMicrophone(wrong)  # type: ignore[arg-type]
    for handle in (
        DeviceHandle("microphone", 0, "Drawn", "", Origin.DEMO),
        DeviceHandle("camera", 0, "C920", ""),
    ):
        with pytest.raises(ValueError, match="no real microphone"):
            SoundCardMicrophone(handle)
