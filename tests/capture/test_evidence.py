"""Evidence: forty devices that are not what they seem, and forty that are."""

from __future__ import annotations

import numpy as np
import pytest

from avatar_app.capture.devices import DeviceHandle
from avatar_app.capture.evidence import is_hardware
from avatar_app.capture.take import Origin

BUSES = ["usb-0000:00:14.0-1", "usb-0000:03:00.3-4.1", "usb-xhci-hcd.0-2", "usb-1.2"]
MAKES = ["Logitech C920", "Integrated Camera", "OBS look-alike", "HD WebCam: HD WebCam"]


def camera(evidence: str, name: str = "HD Pro Webcam C920") -> DeviceHandle:
    """Name a camera by its evidence."""
    return DeviceHandle("camera", 0, name, evidence)


def test_real_cameras_are_accepted() -> None:
    """Forty webcams on all kinds of USB, under any name."""
    draw = np.random.default_rng(0)
    accepted = 0
    for number in range(40):
        vendor, product = draw.integers(1, 0xFFFF, 2)
        evidence = (
            f"driver=uvcvideo bus={BUSES[number % 4]} usb={vendor:04x}:{product:04x}"
        )
        accepted += is_hardware(camera(evidence, MAKES[number // 10]))

    assert accepted == 40


VIRTUAL = [
    *(
        f"driver=v4l2 loopback bus=platform:v4l2loopback-{n:03d} usb=none"
        for n in range(9)
    ),
    *(f"driver=vivid bus=platform:vivid-{n:03d} usb=none" for n in range(5)),
    *(f"driver=fakev4l2 bus=platform:fakev4l2-{n} usb=none" for n in range(4)),
    *(f"driver=akvcam bus=platform:akvcam-{n} usb=none" for n in range(4)),
    *(f"driver=vimc bus=platform:vimc-{n:03d} usb=none" for n in range(2)),
    "driver=pipewire bus=unknown usb=none",
    "driver=unknown bus=unknown usb=none",
    "driver=MSMF bus=unknown usb=unknown",
    "driver=uvcvideo bus=usb-0000:00:14.0-1 usb=none",
    "driver=uvcvideo bus=platform:gadget usb=046d:0825",
    "driver=uvcvideo bus=usb-0000:00:14.0-1 usb=0000:0000",
    "driver=uvcvideo2 bus=usb-0000:00:14.0-1 usb=046d:0825",
    "driver=v4l2 loopback bus=usb-0000:00:14.0-1 usb=046d:0825",
    "x driver=uvcvideo bus=usb-0000:00:14.0-1 usb=046d:0825",
    "driver=uvcvideo bus=usb-0000:00:14.0-1 usb=046d:0825 x",
    "driver=uvcvideo bus=usb-0000:00:14.0-1 usb=046d:0825\n",
    "driver=uvcvideo bus=usb- usb=046d:0825",
    "DRIVER=UVCVIDEO BUS=USB-1 USB=046D:0825",
    "drawn and spoken by this program",
    "tests",
    "",
]


def test_there_are_forty_virtual_ones() -> None:
    """So that the next test means what it says."""
    assert len(VIRTUAL) == 40


@pytest.mark.parametrize("evidence", VIRTUAL)
def test_virtual_cameras_are_refused(evidence: str) -> None:
    """The name of a good webcam does not help."""
    assert not is_hardware(camera(evidence))


def test_a_demo_is_never_hardware() -> None:
    """Not even with perfect papers."""
    evidence = "driver=uvcvideo bus=usb-0000:00:14.0-1 usb=046d:0825"
    for origin in (Origin.DEMO, Origin.BENCH):
        assert not is_hardware(DeviceHandle("camera", 0, "C920", evidence, origin))
    assert not is_hardware(DeviceHandle("window", 0, "C920", evidence))


@pytest.mark.parametrize(
    ("name", "is_real"),
    [
        ("HDA Intel PCH: ALC257 Analog (hw:0,0)", True),
        ("default", True),
        ("Blue Yeti", True),
        ("Monitor of Built-in Audio", False),
        ("BlackHole 2ch", False),
        ("CABLE Output (VB-Audio Virtual Cable)", False),
        ("Stereo Mix (Realtek)", False),
        ("Loopback: PCM (hw:1,1)", False),
    ],
)
def test_what_plays_back_is_no_microphone(name: str, is_real: bool) -> None:
    """Monitors and virtual cables are refused by their names."""
    assert is_hardware(DeviceHandle("microphone", 0, name, "system=ALSA")) is is_real
