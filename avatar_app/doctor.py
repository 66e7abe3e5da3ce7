"""What this computer has and lacks, with a remedy for each thing that is missing."""

from __future__ import annotations

import importlib
import importlib.metadata
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_REPAIR = "Run 'python3 packaging/start.py' again to repair the installation."
_NEEDED_GB = 2.0
# Module as it is imported, and the package that brings it.
_VITAL = {
    "numpy": "numpy",
    "scipy": "scipy",
    "torch": "torch",
    "cv2": "opencv-python",
    "mediapipe": "mediapipe",
    "av": "av",
    "PIL": "pillow",
    "pyworld": "pyworld-prebuilt",
    "safetensors": "safetensors",
    "nacl": "PyNaCl",
    "argon2": "argon2-cffi",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked for.

    Attributes:
        name: What it is.
        found: What there is of it, in a few words; empty when it is missing.
        remedy: What to do when it is missing.
        is_vital: Whether a film cannot be made without it.
    """

    name: str
    found: str
    remedy: str
    is_vital: bool = False


def examine(folder: Path) -> Iterator[Finding]:
    """Look at everything the program needs, the quick things first.

    Args:
        folder: Where films would be written.
    """
    python = ".".join(map(str, sys.version_info[:3]))
    right = sys.version_info[:2] == (3, 11)
    yield Finding("Python", python if right else "", _REPAIR, True)
    free_gb = shutil.disk_usage(folder).free / 1e9
    yield Finding(
        "Free disk",
        f"{free_gb:.0f} GB" if free_gb >= _NEEDED_GB else "",
        f"Free at least {_NEEDED_GB:.0f} GB on the disk of {folder}.",
        is_vital=True,
    )
    for module, package in _VITAL.items():
        yield Finding(package, _version(module, package), _REPAIR, is_vital=True)
    yield Finding("espeak-ng", _espeak(), _REPAIR, is_vital=True)
    yield Finding(
        "Window (Qt)",
        _version("PySide6.QtWidgets", "PySide6-Essentials"),
        "Install libegl1, libgl1 and libxkbcommon0; the commands work without.",
    )
    yield from _microphones()
    cameras = _cameras()
    yield Finding("Cameras", cameras, "Connect a webcam; the demo film needs none.")


def _version(module: str, package: str) -> str:
    """Return the version of what can really be imported."""
    try:
        importlib.import_module(module)
        return importlib.metadata.version(package)
    except (ImportError, OSError):  # a system library behind it is missing
        return ""


def _espeak() -> str:
    from avatar_app.errors import NoSpeechEngine
    from avatar_app.phonetics import phones_of

    try:
        spoken = phones_of("good morning")
    except NoSpeechEngine:
        return ""
    return importlib.metadata.version("espeakng-loader") if spoken else ""


def _microphones() -> Iterator[Finding]:
    need = "; the demo film needs none."
    try:
        import sounddevice
    except (ImportError, OSError):
        yield Finding("PortAudio", "", "Install libportaudio2" + need)
        return
    yield Finding("PortAudio", str(sounddevice.get_portaudio_version()[1]), "")
    names = [
        str(device["name"])
        for device in sounddevice.query_devices()
        if device["max_input_channels"] > 0
    ]
    yield Finding("Microphones", ", ".join(names), "Connect a microphone" + need)


def _cameras() -> str:
    """Name the cameras without opening them: that would light their lamps."""
    if not sys.platform.startswith("linux"):
        return "shown when you record"
    names = Path("/sys/class/video4linux").glob("*/name")
    return ", ".join(sorted({name.read_text().strip() for name in names}))
