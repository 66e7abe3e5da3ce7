"""Webcams: only from the enumeration, stamped as they come, and lost out loud."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.capture import webcam
from avatar_app.capture.devices import DeviceHandle
from avatar_app.capture.take import Origin
from avatar_app.capture.webcam import WebcamCamera, cameras, first_camera
from avatar_app.errors import CameraLost, NoCamera

EVIDENCE = "driver=uvcvideo bus=usb-1 usb=046d:0825"
HANDLE = DeviceHandle("camera", 0, "Played", EVIDENCE)


class PlayedDevice:
    """What OpenCV gives for an open camera: numbered pictures, a hundred a second."""

    def __init__(
        self, pictures: int = 10_000, size: tuple[int, int] = (48, 64)
    ) -> None:
        self.left = pictures
        self.size = size
        self.number = 0
        self.is_released = threading.Event()

    def grab(self) -> bool:
        """Wait for the next picture."""
        time.sleep(0.01)
        self.left -= 1
        self.number += 1
        return self.left >= 0

    def retrieve(self) -> tuple[bool, NDArray[np.uint8] | None]:
        """Give it; every tenth is damaged."""
        if self.number % 10 == 9:
            return False, None
        return True, np.full((*self.size, 3), self.number % 256, np.uint8)

    def get(self, _which: int) -> float:
        """Know nothing about times."""
        return 0.0

    def release(self) -> None:
        """Let go."""
        self.is_released.set()


class PlayedWebcam(WebcamCamera):
    """The real class over a played device."""

    device: PlayedDevice

    def _open(self) -> Any:
        return self.device


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> PlayedWebcam:
    """Give a webcam that the system lists."""
    monkeypatch.setattr(webcam, "cameras", lambda: [HANDLE])
    monkeypatch.setattr(webcam, "_PATIENCE_SECONDS", 2.0)
    monkeypatch.setattr(webcam, "_FIRST_PICTURE_SECONDS", 5.0)
    played = PlayedWebcam(HANDLE)
    played.device = PlayedDevice(size=(49, 65))  # odd sides lose their last line
    return played


def test_pictures_come_with_their_moments(camera: PlayedWebcam) -> None:
    """In order, on the monotonic clock, at the size the camera really has."""
    before = time.monotonic()
    camera.start()
    camera.start()
    pictures = [camera.read() for _ in range(12)]
    camera.stop()
    camera.stop()

    moments = [picture.seconds for picture in pictures]
    assert moments == sorted(moments)
    assert before < moments[0] < moments[-1] <= time.monotonic()
    numbers = [int(picture.pixels[0, 0, 0]) for picture in pictures]
    assert numbers == sorted(numbers)
    assert (camera.width, camera.height) == (64, 48)
    assert camera.device.is_released.wait(1)


def test_a_slow_reader_loses_the_oldest_pictures(camera: PlayedWebcam) -> None:
    """The queue stays small, and what was dropped is counted."""
    camera.start()
    time.sleep(0.4)
    picture = camera.read()
    camera.stop()

    assert camera.dropped >= 5
    assert picture.pixels[0, 0, 0] > 5


def test_a_pulled_plug_is_told(camera: PlayedWebcam) -> None:
    """What had come is still given; then the person learns of it, at once."""
    camera.device = PlayedDevice(pictures=5)
    camera.start()
    for _ in range(5):
        camera.read()
    began = time.monotonic()
    with pytest.raises(CameraLost):
        camera.read()
    camera.stop()

    assert time.monotonic() - began < 1.0


def test_a_camera_without_pictures_is_none(camera: PlayedWebcam) -> None:
    """Opened, but dead."""
    camera.device = PlayedDevice(pictures=0)
    with pytest.raises(NoCamera, match="sends no pictures"):
        camera.start()

    assert camera.device.is_released.wait(1)


def test_a_camera_that_is_gone_is_told(
    camera: PlayedWebcam, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another device under the same number does not take its place."""
    other = DeviceHandle("camera", 0, "Played", EVIDENCE.replace("0825", "0999"))
    monkeypatch.setattr(webcam, "cameras", lambda: [other])
    with pytest.raises(NoCamera, match="no longer connected"):
        camera.start()


def test_it_can_start_again(camera: PlayedWebcam) -> None:
    """After a stop, and after a loss."""
    for pictures in (100, 3, 100):
        camera.device = PlayedDevice(pictures)
        camera.start()
        camera.read()
        camera.stop()


def test_only_a_handle_names_a_camera() -> None:
    """No path, no address, no number, no microphone and nothing drawn."""
    for wrong in ("/dev/video0", "http://camera/", 0, Path("film.mp4")):
        with pytest.raises(TypeError):
            WebcamCamera(wrong)  # type: ignore[arg-type]
    for handle in (
        DeviceHandle("camera", 0, "Drawn", EVIDENCE, Origin.DEMO),
        DeviceHandle("camera", 0, "Played", EVIDENCE, Origin.BENCH),
        DeviceHandle("microphone", 0, "Mic", EVIDENCE),
    ):
        with pytest.raises(ValueError, match="no real camera"):
            WebcamCamera(handle)


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or any(Path("/dev").glob("video*")),
    reason="there is a camera here, or no way to know",
)
def test_without_cameras_the_list_is_empty() -> None:
    """And asking for one says what to do."""
    assert cameras() == []
    with pytest.raises(NoCamera) as told:
        first_camera()

    assert "webcam" in told.value.remedy


def test_opencv_leaves_qt_alone() -> None:
    """Its import points Qt at its own plugins; that is undone."""
    code = """
import os, sys
from avatar_app.capture import webcam
assert "cv2" not in sys.modules
webcam._opencv()
print([name for name in os.environ if name.startswith("QT_QPA_P") or "FONTDIR" in name])
"""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QT_")}
    told = subprocess.check_output([sys.executable, "-c", code], env=environment)

    assert told.strip() == b"[]"
