"""The rules of the house: order, nothing private, one version, a clean wheel."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from avatar_app import __version__, errors
from avatar_app.window import words

ROOT = Path(__file__).parent.parent
TEXT = {".py", ".md", ".toml", ".txt", ".qss", ".yml", ".json", ""}
OURS = {"avatar_app", "tests", "benchmarks"}
# Needed, but by packages that do not say so.
UNDECLARED = {
    "torchaudio": "coqui-tts imports it",
    "torchcodec": "coqui-tts reads sound with it",
    "editables": "hatchling's editable installs import it",
    "hatchling": "builds the wheel",
}
# Asked for, but another one stands in, or Python itself.
# audiolab: of pyrnnoise only the compiled library is loaded.
REPLACED = {"webrtcvad", "typing", "setuptools", "audiolab"}


def tracked_files() -> list[Path]:
    """Every file that is, or is about to be, part of the project."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:  # not a checkout but an unpacked archive
        return [path for path in ROOT.rglob("*") if ".venv" not in path.parts]
    return [ROOT / line for line in listed.stdout.splitlines()]


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the project."""
    for path in tracked_files():
        if path.is_file() and path.suffix in TEXT:
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def pins() -> dict[str, str]:
    """The pinned packages by their canonical names."""
    lines = (ROOT / "packaging" / "pins.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert all(len(pair) == 2 for pair in pairs), "a pin is name==version"
    return {canonicalize_name(name): version for name, version in pairs}


def test_the_rooms_stand_in_order() -> None:
    """The contracts of pyproject.toml hold."""
    run = "from importlinter.cli import lint_imports_command as run; run()"
    checked = subprocess.run(
        [sys.executable, "-c", run, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout


def test_nothing_private_is_in_the_tree() -> None:
    """No path of the machine it was made on, no private index, no secret."""
    slash = "/"
    private = re.compile(
        rf"(?<![\w.]){slash}work{slash}|\.\.{slash}shared|{slash}opt{slash}pypi"
        r"|BEGIN [A-Z ]*PRIVATE KEY|(?<!\w)AKIA[0-9A-Z]{16}"
    )

    found = [
        f"{path}: {hit.group()}"
        for path, text in texts()
        for hit in private.finditer(text)
    ]
    assert not found


def test_no_name_fits_anything() -> None:
    """A module called utils collects everything."""
    vague = {"utils", "util", "helpers", "helper", "manager", "common", "core", "misc"}

    modules = [path for path in (ROOT / "avatar_app").rglob("*") if path.stem in vague]
    assert not modules


def test_the_version_is_written_once() -> None:
    """pyproject.toml reads it from the package, and nobody else claims one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" in project["dynamic"]
    claims = [
        path for path, text in texts() if re.search(r"^__version__ =", text, re.M)
    ]

    assert claims == [Path("avatar_app/__init__.py")]
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.slow
def test_the_wheel_holds_the_product_and_no_fakes(tmp_path: Path) -> None:
    """What is shipped cannot be fed from a file: fakes and tests stay at home."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as box:
        names = box.namelist()

    assert f"-{__version__}-" in wheel.name
    for needed in (
        "avatar_app/__main__.py",
        "avatar_app/assets/window.qss",
        "avatar_app/assets/fonts/Inter-SemiBold.otf",
        "avatar_app/assets/fonts/OFL.txt",
    ):
        assert needed in names
    banned = re.compile(r"fake|tests?/|footage|benchmark|conftest|\.(pkl|pt|pth|ckpt)$")
    assert not [name for name in names if banned.search(name)]
    assert {name.split("/")[0] for name in names} == {
        "avatar_app",
        f"avatar_app-{__version__}.dist-info",
    }


def test_everything_imported_is_pinned() -> None:
    """A fresh machine gets every package that any file of ours imports."""
    homes = importlib.metadata.packages_distributions()
    pinned = pins()
    missing = set()
    for path, text in texts():
        if path.suffix != ".py" or path.parts[0] not in OURS:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module or ""]
            else:
                continue
            for module in {name.split(".")[0] for name in modules}:
                if module in sys.stdlib_module_names | OURS | {"_typeshed"}:
                    continue
                packages = {canonicalize_name(name) for name in homes.get(module, [])}
                if not packages & set(pinned):
                    missing.add(f"{path}: {module}")

    assert not missing


def test_everything_pinned_is_needed() -> None:
    """The set is closed: what pyproject.toml names and what that asks for, no more."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *UNDECLARED]
    for extra in project["optional-dependencies"].values():
        asked += extra
    needed: set[str] = set()
    seen: set[str] = set()
    while asked:
        wanted = Requirement(asked.pop())
        name = canonicalize_name(wanted.name)
        marks = [{"extra": extra} for extra in ("", *wanted.extras)]
        if wanted.marker and not any(map(wanted.marker.evaluate, marks)):
            continue
        if str(wanted) in seen or name in REPLACED:
            continue
        seen.add(str(wanted))
        needed.add(name)
        for further in importlib.metadata.requires(name) or []:
            below = Requirement(further)
            if not below.marker or any(map(below.marker.evaluate, marks)):
                below.marker = None
                asked.append(str(below))

    assert set(pins()) == needed


def test_bad_news_is_told_calmly() -> None:
    """Each failure says what to do, and none of them shouts."""
    loud = re.compile(r"\b(error|invalid|failed|failure|illegal|fatal|abort)", re.I)
    said = [
        value
        for name, value in vars(words).items()
        if name.isupper() and isinstance(value, str)
    ]
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.AvatarError):
            assert kind.remedy.endswith("."), kind
            said.append(kind.remedy)

    assert len(said) > 25
    assert not [sentence for sentence in said if loud.search(sentence)]


def test_every_decision_that_is_cited_was_written() -> None:
    """A comment that points to docs/decisions points to a page."""
    written = {path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")}
    missing = [
        f"{path} cites {number}"
        for path, text in texts()
        for number in re.findall(r"docs/decisions/(\d{4})", text)
        if number not in written
    ]

    assert not missing
