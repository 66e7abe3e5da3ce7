"""Webcams: which there are, what the system says they are, and pictures from one.

The only place where a camera is opened. It takes a handle from ``cameras()``, never a
path or an address, so no file and no stream from elsewhere can be enrolled.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
import time
from collections import deque
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from avatar_app.capture.devices import DeviceHandle
from avatar_app.capture.take import Origin
from avatar_app.errors import CameraLost, NoCamera
from avatar_app.media import Picture

if sys.platform == "linux":
    import fcntl

if TYPE_CHECKING:
    import cv2

_DEVICES = 16
_QUERY_CAPABILITIES = 0x80685600  # VIDIOC_QUERYCAP, linux/videodev2.h
_CAPABILITIES = struct.Struct("16s32s32s6I")  # struct v4l2_capability
_CAN_CAPTURE, _HAS_OWN_CAPABILITIES = 0x00000001, 0x80000000
_FIRST_PICTURE_SECONDS = 6.0
_PATIENCE_SECONDS = 3.0
_QUEUE = 8
_FAILURES = 3  # a damaged picture now and then is no lost camera


def cameras() -> list[DeviceHandle]:
    """List the cameras of this computer; empty when there are none."""
    if sys.platform == "linux":
        found = (_on_linux(number) for number in range(_DEVICES))
    else:
        found = (_by_index(number) for number in range(4))
    return [handle for handle in found if handle is not None]


def first_camera() -> DeviceHandle:
    """Return the first camera; raises NoCamera with what stands in the way."""
    found = cameras()
    if found:
        return found[0]
    if any(
        Path(f"/dev/video{number}").exists() and not _may_open(number)
        for number in range(_DEVICES)
    ):
        raise NoCamera("You are not allowed to use it: join the group 'video'.")
    raise NoCamera


class WebcamCamera:
    """A real webcam; see ``capture.devices.Camera``.

    A thread of its own takes each picture as it arrives and stamps it, so that a slow
    reader costs pictures (``dropped`` counts them) but never their moments.
    """

    def __init__(
        self,
        handle: DeviceHandle,
        width: int = 1280,
        height: int = 720,
        fps: float = 30.0,
    ) -> None:
        if not isinstance(handle, DeviceHandle):
            raise TypeError("a camera is named by its handle, never by a path")
        if handle.kind != "camera" or handle.origin is not Origin.LIVE:
            raise ValueError(f"this is no real camera: {handle}")
        self.handle = handle
        self.width, self.height, self.fps = width, height, fps
        self.dropped = 0
        self._wanted = (width, height, fps)
        self._thread: threading.Thread | None = None
        self._news = threading.Condition()
        self._waiting: deque[Picture] = deque(maxlen=_QUEUE)
        self._is_lost = False
        self._must_stop = threading.Event()  # a new one for every start

    def start(self) -> None:
        """Open the camera and wait for its first picture.

        Its size and pace become what it really delivers.

        Raises:
            NoCamera: It is gone, in use elsewhere, or sends nothing.
        """
        if self._thread is not None:
            return
        if self.handle not in cameras():
            raise NoCamera(f"'{self.handle.name}' is no longer connected.")
        device = self._open()
        self._waiting.clear()
        self._is_lost = False
        self._must_stop = threading.Event()
        self._thread = threading.Thread(
            target=self._grab,
            args=(device, self._must_stop),
            name="camera",
            daemon=True,
        )
        self._thread.start()
        with self._news:
            self._news.wait_for(
                lambda: self._waiting or self._is_lost, _FIRST_PICTURE_SECONDS
            )
            picture = self._waiting[-1] if self._waiting else None
        if picture is None:
            self.stop()
            raise NoCamera(f"'{self.handle.name}' sends no pictures.")
        self.height, self.width = picture.pixels.shape[:2]

    def read(self) -> Picture:
        """Wait for the next picture.

        Raises:
            CameraLost: None came for three seconds, or the camera is gone.
        """
        with self._news:
            self._news.wait_for(
                lambda: self._waiting or self._is_lost, _PATIENCE_SECONDS
            )
            if not self._waiting:
                raise CameraLost
            return self._waiting.popleft()

    def stop(self) -> None:
        """Let go of the device; safe to call twice."""
        thread, self._thread = self._thread, None
        self._must_stop.set()
        if thread is not None:
            thread.join(_PATIENCE_SECONDS + 1.0)

    def _open(self) -> cv2.VideoCapture:  # noqa: TID251 -- the one place that may
        vision = _opencv()
        device: cv2.VideoCapture = vision.VideoCapture(  # noqa: TID251 -- as above
            self.handle.number, _system(vision)
        )
        if not device.isOpened():
            device.release()
            raise NoCamera(f"'{self.handle.name}' may be in use by another program.")
        width, height, fps = self._wanted
        # Only as JPEG do most webcams reach 30 pictures per second above 640 × 480.
        device.set(vision.CAP_PROP_FOURCC, vision.VideoWriter.fourcc(*"MJPG"))
        device.set(vision.CAP_PROP_FRAME_WIDTH, width)
        device.set(vision.CAP_PROP_FRAME_HEIGHT, height)
        device.set(vision.CAP_PROP_FPS, fps)
        told = device.get(vision.CAP_PROP_FPS)
        self.fps = told if 1.0 <= told <= 240.0 else fps
        return device

    def _grab(
        self,
        device: cv2.VideoCapture,  # noqa: TID251 -- as above
        must_stop: threading.Event,
    ) -> None:
        failures = 0
        try:
            while not must_stop.is_set() and failures < _FAILURES:
                is_there = device.grab()
                seconds = _moment(device)
                pixels = device.retrieve()[1] if is_there else None
                failures = failures + 1 if pixels is None else 0
                if pixels is not None and not must_stop.is_set():
                    even = pixels[
                        : len(pixels) & ~1, : pixels.shape[1] & ~1
                    ]  # as H.264
                    self._hand_over(Picture(np.asarray(even, np.uint8), seconds))
        finally:
            device.release()
            if not must_stop.is_set():
                with self._news:
                    self._is_lost = True
                    self._news.notify_all()

    def _hand_over(self, picture: Picture) -> None:
        with self._news:
            self.dropped += len(self._waiting) == _QUEUE
            self._waiting.append(picture)
            self._news.notify_all()


def _opencv() -> ModuleType:
    """Import OpenCV, and undo what its import does to Qt."""
    # A pulled plug shows as a picture that does not come: ten seconds by default.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3")
    import cv2

    os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)
    os.environ.pop("QT_QPA_FONTDIR", None)
    return cv2


def _system(vision: ModuleType) -> int:
    systems = {"linux": "CAP_V4L2", "darwin": "CAP_AVFOUNDATION", "win32": "CAP_MSMF"}
    return int(getattr(vision, systems.get(sys.platform, "CAP_ANY")))


def _moment(device: cv2.VideoCapture) -> float:  # noqa: TID251 -- as above
    """Say when the picture just grabbed was taken, on the monotonic clock.

    Linux drivers stamp pictures on that very clock as they arrive from the wire, before
    any waiting in queues; elsewhere the moment of arrival here has to do.
    """
    now = time.monotonic()
    stamped = float(device.get(0)) / 1000  # CAP_PROP_POS_MSEC
    return stamped if now - 0.5 < stamped <= now else now


def _on_linux(number: int) -> DeviceHandle | None:
    """Ask the kernel what a video device is; None when it is no camera."""
    if sys.platform != "linux":
        return None
    try:
        device = os.open(f"/dev/video{number}", os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        answer = fcntl.ioctl(device, _QUERY_CAPABILITIES, bytes(_CAPABILITIES.size))
    except OSError:
        return None
    finally:
        os.close(device)
    driver, card, bus, _, everything, own, *_ = _CAPABILITIES.unpack(answer)
    can = own if everything & _HAS_OWN_CAPABILITIES else everything
    if not can & _CAN_CAPTURE:
        return None  # the second device of a webcam, which carries no pictures
    evidence = f"driver={_text(driver)} bus={_text(bus)} usb={_usb_ids(number)}"
    return DeviceHandle("camera", number, _text(card), evidence)


def _usb_ids(number: int) -> str:
    """Find the USB vendor and product that a device hangs on, as sysfs has it."""
    place = Path(f"/sys/class/video4linux/video{number}/device").resolve()
    for folder in (place, *place.parents):
        try:
            vendor = (folder / "idVendor").read_text().strip()
            return f"{vendor}:{(folder / 'idProduct').read_text().strip()}"
        except OSError:
            continue
    return "none"


def _by_index(number: int) -> DeviceHandle | None:
    """Try to open a camera by its number, where the system gives no other way."""
    vision = _opencv()
    device = vision.VideoCapture(number, _system(vision))
    try:
        if not device.isOpened():
            return None
        evidence = f"driver={device.getBackendName()} bus=unknown usb=unknown"
        return DeviceHandle("camera", number, f"Camera {number + 1}", evidence)
    finally:
        device.release()


def _may_open(number: int) -> bool:
    return os.access(f"/dev/video{number}", os.R_OK | os.W_OK)


def _text(content: bytes) -> str:
    return content.split(b"\0")[0].decode("utf-8", "replace").strip() or "unknown"
