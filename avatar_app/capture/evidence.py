"""Evidence: whether what the system says about a device speaks for real hardware.

An allow-list: a camera counts when its driver, its bus and its USB ids all say that it
hangs on a cable. Names prove nothing, since virtual cameras choose their own. A changed
kernel module, a gadget that plays a webcam or a capture card still pass: nothing on an
open desktop can stop those, and nobody should say it does.
"""

from __future__ import annotations

import re

from avatar_app.capture.devices import DeviceHandle
from avatar_app.capture.take import Origin

_CAMERA = re.compile(
    r"driver=uvcvideo bus=usb-\S+ usb=(?!0000:)[0-9a-f]{4}:[0-9a-f]{4}"
)
# What plays back is no microphone, whatever it calls itself.
_LOOPED = re.compile(
    r"monitor|loopback|stereo mix|what u hear|vb-audio|vb-cable|cable output|"
    r"blackhole|soundflower|voicemeeter|virtual|null output",
    re.IGNORECASE,
)


def is_hardware(handle: DeviceHandle) -> bool:
    """Whether the evidence for a device speaks for hardware (cameras: Linux only)."""
    if handle.origin is not Origin.LIVE:
        return False
    if handle.kind == "camera":
        return _CAMERA.fullmatch(handle.evidence) is not None
    return handle.kind == "microphone" and not is_looped(handle.name)


def is_looped(name: str) -> bool:
    """Whether an input gives back what the computer itself plays, by its name."""
    return _LOOPED.search(name) is not None
