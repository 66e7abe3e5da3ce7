"""Install everything once, then run: start.py demo, test, app or check.

Standard library only. It makes .venv beside this folder, installs the exact packages
of pins.txt into it and, as root on Debian or Ubuntu, the few system libraries that
are missing. A second run sees that nothing changed and goes straight to the job; a
run that broke midway goes on where it stopped.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
PINS = ROOT / "packaging" / "pins.txt"
STAMP = VENV / "installed.stamp"
LOG = VENV / "install.log"
NEEDED = (3, 11)
NEEDED_GB = 5
AT_ONCE = 20  # packages a pip call; a broken download costs one such part, not all
TRIES = 3

# On PyPI torch for Linux is the CUDA build, several GB that this program never uses.
TORCH_FOR_CPU = "https://download.pytorch.org/whl/cpu"

# Library as it is loaded, and the Debian package that holds it.
SYSTEM_LIBRARIES = {
    "libportaudio.so.2": "libportaudio2",  # microphones
    "libGL.so.1": "libgl1",  # OpenCV and Qt
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libEGL.so.1": "libegl1",  # Qt from here on
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libpulse.so.0": "libpulse0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}


def main() -> int:
    """Install what is missing, do the job, return its exit code."""
    asked = argparse.ArgumentParser(
        prog="start.py", description="Install Avatar App, then run it."
    )
    jobs = asked.add_subparsers(dest="job", required=True, metavar="JOB")
    demo = jobs.add_parser("demo", help="make the demo film")
    demo.add_argument("--out", type=Path, default=Path("out/demo"), metavar="FOLDER")
    jobs.add_parser("test", help="run all tests; the rest goes to pytest")
    jobs.add_parser("app", help="open the window")
    jobs.add_parser("check", help="format, lint, types, contracts, tests")
    wish, rest = asked.parse_known_args()

    python = _python()
    if python is None:
        return 1
    if not _is_installed():
        try:
            _install(python)
        except _Stopped as stopped:
            print(f"\n{stopped}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\nStopped. Run this command again to go on.", file=sys.stderr)
            return 130
    if wish.job == "demo":
        folder = str(wish.out.resolve())
        return _run("-m", "avatar_app", "demo", "--out", folder, *rest)
    if wish.job == "app":
        return _run("-m", "avatar_app", *rest)
    if wish.job == "test":
        return _run("-m", "pytest", *rest, quiet_screen=True)
    return _check()


class _Stopped(Exception):
    """The installation cannot go on; the text says what to do."""


def _python() -> str | None:
    """Find a Python 3.11 to make the environment with."""
    if sys.version_info[:2] == NEEDED:
        return sys.executable
    for name in ("python3.11", "python3.11.exe"):
        if found := shutil.which(name):
            return found
    if os.name == "nt" and shutil.which("py"):
        asked = subprocess.run(
            ["py", "-3.11", "-c", "import sys; print(sys.executable)"],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode == 0:
            return asked.stdout.strip()
    here = ".".join(map(str, sys.version_info[:2]))
    print(
        f"Avatar App needs Python 3.11; this is {here} and no other was found.\n"
        "Debian 12:       apt-get install python3.11 python3.11-venv\n"
        "Ubuntu:          add-apt-repository ppa:deadsnakes/ppa && "
        "apt-get install python3.11 python3.11-venv\n"
        "Windows, macOS:  install 3.11 from https://www.python.org/downloads/\n"
        "Then run this command again.",
        file=sys.stderr,
    )
    return None


def _is_installed() -> bool:
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == _fingerprint()


def _fingerprint() -> str:
    """What the environment was made from: when it changes, so must the environment."""
    parts = [PINS.read_bytes(), str(ROOT).encode(), str(NEEDED).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _install(python: str) -> None:
    began = time.monotonic()
    print("Setting up Avatar App. This happens once and takes a few minutes.")
    free_gb = shutil.disk_usage(ROOT).free / 1e9
    if free_gb < NEEDED_GB and not PYTHON.exists():
        raise _Stopped(
            f"About {NEEDED_GB} GB are needed in {ROOT}, {free_gb:.1f} GB are free. "
            "Free some space, then run this command again."
        )
    _add_system_libraries()
    _make_environment(python)
    pins = [
        line.strip()
        for line in PINS.read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    large = [pin for pin in pins if pin.startswith(("torch==", "torchaudio=="))]
    rest = [pin for pin in pins if pin not in large]
    steps = _Steps(len(pins))
    _pip(steps, "--no-deps", *_torch_options(large), *large)
    for first in range(0, len(rest), AT_ONCE):
        _pip(steps, "--no-deps", *rest[first : first + AT_ONCE])
    _pip(steps, "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    _compare(pins)
    STAMP.write_text(_fingerprint())
    print(f"\nReady after {time.monotonic() - began:.0f} s.", flush=True)


class _Steps:
    """Tells how far the installation is, in one line that renews itself."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0

    def hear(self, line: str) -> None:
        """Take one line of what pip says."""
        words = line.split()
        if line.startswith(("Collecting", "Processing", "Requirement already")):
            self.done = min(self.done + 1, self.total)
            name = words[3 if words[0] == "Requirement" else 1].split("==")[0]
            self._say(name.rsplit("/", 1)[-1].split("-")[0])
        elif line.startswith("  Downloading") and "MB" in line:
            self._say(" ".join(words)[:60])
        elif line.startswith("Installing collected"):
            self._say("unpacking")

    def _say(self, what: str) -> None:
        line = f"  {self.done:3} of {self.total} packages: {what}"
        if sys.stdout.isatty():
            print(f"\r{line:<78}"[:79], end="", flush=True)
        elif self.done % 10 == 0:
            print(line, flush=True)


def _add_system_libraries() -> None:
    """Install the system libraries that are missing, or say how."""
    if not sys.platform.startswith("linux"):
        return
    missing = [
        package for library, package in SYSTEM_LIBRARIES.items() if not _loads(library)
    ]
    if not missing:
        return
    apt = shutil.which("apt-get")
    command = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
    if apt and os.geteuid() == 0:
        print(f"  system libraries: {' '.join(missing)}", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["apt-get", "update"], command.split()):
            subprocess.run(words, env=quiet, capture_output=True, check=False)
        missing = [
            package
            for library, package in SYSTEM_LIBRARIES.items()
            if not _loads(library)
        ]
    if missing:
        how = f"sudo {command}" if apt else "the package manager of your system"
        print(
            f"  Some system libraries are missing: {' '.join(missing)}\n"
            f"  The window and the microphone need them. Install them with:\n    {how}",
            flush=True,
        )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _make_environment(python: str) -> None:
    """Make .venv, or leave a working one alone."""
    if PYTHON.exists() and _works(PYTHON):
        return
    print("  making .venv", flush=True)
    made = subprocess.run(
        [python, "-m", "venv", "--clear", str(VENV)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode or not _works(PYTHON):
        raise _Stopped(
            "Python could not make a virtual environment. On Debian and Ubuntu:\n"
            "    apt-get install python3.11-venv\nThen run this command again.\n"
            + (made.stdout + made.stderr)[-600:]
        )


def _works(python: Path) -> bool:
    """Whether an environment has our Python and a pip."""
    asked = subprocess.run(
        [str(python), "-c", "import sys, pip; print(sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.returncode == 0 and asked.stdout.strip() == str(NEEDED)


def _torch_options(pins: list[str]) -> list[str]:
    """Ask pip which torch it would take; where it is the CUDA one, name CPU builds.

    A CPU build's version ends in ``+cpu`` and sorts above the plain one, so an extra
    index is enough; where plain torch is a CPU build already, nothing is added.
    """
    if not sys.platform.startswith("linux"):
        return []  # PyPI's builds for Windows and macOS are without CUDA
    torch = next(pin for pin in pins if pin.startswith("torch=="))
    question = "install --dry-run --quiet --no-deps --ignore-installed --report -"
    asked = subprocess.run(
        [*PIP, *question.split(), torch],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        chosen = json.loads(asked.stdout)["install"][0]["metadata"]
    except (ValueError, LookupError):
        return []  # pip will say itself what is wrong
    wants = " ".join(chosen.get("requires_dist", []))
    if "nvidia" in wants or "cuda" in wants:
        return ["--extra-index-url", TORCH_FOR_CPU]
    return []


def _pip(steps: _Steps, *words: str) -> None:
    """Install, again after a broken download; pip's own words go to the log."""
    reached = steps.done
    for again in range(TRIES):
        if again:
            print(f"\n  trying again ({again + 1} of {TRIES})", flush=True)
            time.sleep(5 * again)
            steps.done = reached
        command = [*PIP, "install", "--progress-bar", "off", *words]
        with (
            LOG.open("a", encoding="utf-8") as log,
            subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
            ) as ran,
        ):
            assert ran.stdout is not None
            for line in ran.stdout:
                log.write(line)
                steps.hear(line)
        if ran.returncode == 0:
            return
    told = LOG.read_text(errors="replace").splitlines()[-12:]
    raise _Stopped(
        "pip could not finish; what it said last:\n    "
        + "\n    ".join(told)
        + "\nCheck the network and run this command again: it goes on where it stopped."
    )


def _compare(pins: list[str]) -> None:
    """Make sure that what lies in the environment is what was pinned."""
    program = (
        "import importlib.metadata as m, sys\n"
        "for pin in sys.argv[1:]:\n"
        "    name, wanted = pin.split('==')\n"
        "    try: found = m.version(name)\n"
        "    except m.PackageNotFoundError: found = 'missing'\n"
        "    if found.split('+')[0] != wanted: print(pin, 'is', found)\n"
    )
    asked = subprocess.run(
        [str(PYTHON), "-c", program, *pins], capture_output=True, text=True, check=False
    )
    if asked.stdout or asked.returncode:
        raise _Stopped(
            f"The environment is not what was pinned:\n{asked.stdout}{asked.stderr}"
            f"Remove {VENV} and run this command again."
        )


def _check() -> int:
    """Run what 'just check' runs; stop at the first that complains."""
    for words in (
        ("-m", "ruff", "format", "--check"),
        ("-m", "ruff", "check"),
        ("-m", "mypy"),
        ("-c", "from importlinter.cli import lint_imports_command as run; run()"),
        ("-m", "pytest", "-m", "not slow"),
    ):
        if code := _run(*words, quiet_screen=True):
            return code
    return 0


def _run(*words: str, quiet_screen: bool = False) -> int:
    """Run the environment's Python in the root of the project."""
    # Waiting threads of OpenMP that spin take the cores from those that work.
    surroundings = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}
    if quiet_screen:
        surroundings["QT_QPA_PLATFORM"] = "offscreen"
    try:
        return subprocess.run(
            [str(PYTHON), *words], cwd=ROOT, env=surroundings, check=False
        ).returncode
    except KeyboardInterrupt:
        return 130


PIP = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
PIP += ["--retries", "8", "--timeout", "60"]

if __name__ == "__main__":
    sys.exit(main())
