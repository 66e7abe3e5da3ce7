"""The first command: it explains, it goes on where it stopped, and it runs twice."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

START = Path(__file__).parent.parent.parent / "packaging" / "start.py"


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module that believes in another environment."""
    spec = importlib.util.spec_from_file_location("start_script", START)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path)
    monkeypatch.setattr(module, "PYTHON", tmp_path / "python")
    monkeypatch.setattr(module, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(module, "LOG", tmp_path / "log")
    monkeypatch.setattr(module, "PINS", tmp_path / "pins.txt")
    monkeypatch.setattr(module.time, "sleep", lambda _: None)
    (tmp_path / "pins.txt").write_text("torch==2.13.0\n")
    return module


@pytest.fixture
def pip(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a few lines of Python in the place of pip."""

    def replace(program: str) -> None:
        monkeypatch.setattr(start, "PIP", [sys.executable, "-c", program])

    return replace


def test_any_python_can_read_it() -> None:
    """A Python of 2020 must get as far as saying that it is too old."""
    ast.parse(START.read_text(), feature_version=(3, 9))


def test_it_imports_only_the_standard_library() -> None:
    """Nothing is installed when it runs for the first time."""
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(START.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
        )
    }

    assert imported <= sys.stdlib_module_names


def test_help_comes_at_once() -> None:
    """It says which jobs there are, without installing anything."""
    began = time.monotonic()
    asked = subprocess.run(
        [sys.executable, START, "--help"], capture_output=True, text=True, check=True
    )

    assert time.monotonic() - began < 1
    for job in ("demo", "test", "app", "check"):
        assert job in asked.stdout


def test_another_python_is_told_what_to_do(
    start: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a 3.11 anywhere it names the commands that bring one."""
    monkeypatch.setattr(start, "NEEDED", (3, 99))
    monkeypatch.setattr(start.shutil, "which", lambda _: None)

    assert start._python() is None
    told = capsys.readouterr().err
    assert "needs Python 3.11" in told
    assert "apt-get install python3.11" in told


def test_a_python_3_11_beside_this_one_is_found(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """python3 may be newer while python3.11 is there too."""
    monkeypatch.setattr(start, "NEEDED", (3, 99))
    monkeypatch.setattr(start.shutil, "which", lambda name: f"/usr/bin/{name}")

    assert start._python() == "/usr/bin/python3.11"


def test_changed_pins_are_installed_again(start: ModuleType, tmp_path: Path) -> None:
    """The stamp fits exactly one set of pins."""
    (tmp_path / "python").touch()
    assert not start._is_installed()
    start.STAMP.write_text(start._fingerprint())
    assert start._is_installed()

    start.PINS.write_text("torch==2.14.0\n")
    assert not start._is_installed()


def test_a_broken_download_is_tried_again(
    start: ModuleType, pip: Callable[[str], None], tmp_path: Path
) -> None:
    """Twice the network fails, the third time it holds."""
    pip(
        "import pathlib, sys\n"
        f"tries = pathlib.Path({str(tmp_path / 'tries')!r})\n"
        "count = int(tries.read_text()) if tries.exists() else 0\n"
        "tries.write_text(str(count + 1))\n"
        "print('Collecting torch==2.13.0')\n"
        "sys.exit(count < 2)\n"
    )
    steps = start._Steps(1)
    start._pip(steps, "torch==2.13.0")

    assert (tmp_path / "tries").read_text() == "3"
    assert steps.done == 1


def test_when_nothing_helps_it_says_what_pip_said(
    start: ModuleType, pip: Callable[[str], None]
) -> None:
    """The last words of pip and what to do, not a traceback."""
    pip("import sys; print('Read timed out'); sys.exit(1)")

    with pytest.raises(start._Stopped, match=r"Read timed out(.|\n)*goes on where"):
        start._pip(start._Steps(1), "torch==2.13.0")


@pytest.mark.parametrize(
    ("requires", "options"),
    [
        (["filelock", "nvidia-cublas; platform_system == 'Linux'"], 2),
        (["filelock", "sympy"], 0),
    ],
)
def test_the_cpu_index_is_named_only_for_a_cuda_torch(
    start: ModuleType, pip: Callable[[str], None], requires: list[str], options: int
) -> None:
    """Several GB of CUDA libraries are of no use to this program."""
    report = {"install": [{"metadata": {"requires_dist": requires}}]}
    pip(f"print({json.dumps(report)!r})")

    assert len(start._torch_options(["torch==2.13.0"])) == options


def test_progress_counts_every_kind_of_package(
    start: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """From an index, from a file or already there: each is one."""
    steps = start._Steps(10)
    for _ in range(4):
        steps.hear("Collecting torch==2.13.0\n")
        steps.hear("Processing ./wheels/numpy-1.26.4-cp311.whl\n")
        steps.hear("Requirement already satisfied: six==1.17.0 in ./site-packages\n")
        steps.hear("  Using cached six-1.17.0-py2.py3-none-any.whl\n")

    assert steps.done == 10
    told = capsys.readouterr().out
    assert "10 of 10 packages: torch" in told
    assert "10 of 10 packages: six" in told


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Debian only")
def test_missing_libraries_come_with_their_command(
    start: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Who is not root reads what to type, and the installation goes on."""
    libraries = {"libc.so.6": "libc6", "libnothing.so.9": "libnothing9"}
    monkeypatch.setattr(start, "SYSTEM_LIBRARIES", libraries)
    monkeypatch.setattr(start.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(start.shutil, "which", lambda name: f"/usr/bin/{name}")
    start._add_system_libraries()

    told = capsys.readouterr().out
    assert "sudo apt-get install -y --no-install-recommends libnothing9\n" in told
    assert "libc6" not in told
