"""The commands: quick to start, tidy to stop, and never a traceback."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from avatar_app import __version__
from avatar_app.__main__ import main
from avatar_app.errors import DiskFull, StyleRefused
from avatar_app.lesson.style import USUAL, Style
from avatar_app.render.film import Film
from avatar_app.settings import Settings
from avatar_app.work import Job, Progress

Changes = Mapping[str, object]
MakeDemo = Callable[[Path, str | None, int, str, Changes, str], Job[Film]]


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Callable[[MakeDemo], None]:
    """Put a made-up studio in the place of the real one."""

    def replace(make_demo: MakeDemo) -> None:
        module = ModuleType("avatar_app.studio")
        module.make_demo = make_demo  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "avatar_app.studio", module)

    return replace


def three_steps(
    folder: Path, text: str | None, seed: int, engine: str, changes: Changes, voice: str
) -> Job[Film]:
    """A film of nothing."""
    yield Progress(0, 3, f"Filming presenter {seed}")
    yield Progress(1, 3, f"Filming presenter {seed}")
    yield Progress(2, 3, f"Saying {text}")
    return Film(folder / "film.mp4", folder / "film.vtt", 2.0, 50, 25)


def test_the_version_comes_at_once_and_loads_nothing_heavy() -> None:
    """No torch, no OpenCV, no Qt: half a second is plenty."""
    program = (
        "import sys\n"
        "from avatar_app.__main__ import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "print(*{'torch', 'cv2', 'numpy', 'av', 'PySide6'} & set(sys.modules))\n"
    )
    took = []
    for _ in range(3):
        began = time.monotonic()
        ran = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        took.append(time.monotonic() - began)

    assert ran.stdout.splitlines() == [__version__, ""]
    assert min(took) < 0.5


def test_a_demo_tells_its_steps_and_where_the_film_is(
    studio: Callable[[MakeDemo], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In a log, every saying is one line; the file comes last."""
    studio(three_steps)
    code = main(["demo", "--out", str(tmp_path), "--text", "hello", "--seed", "7"])

    told = capsys.readouterr().out
    assert code == 0
    assert told.count("Filming presenter 7") == 1
    assert "67%  Saying hello" in told
    assert str(tmp_path / "film.mp4") in told


def test_the_voice_is_the_one_asked_for_or_the_settings(
    studio: Callable[[MakeDemo], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The option comes before the settings; whose terms hold is said with the film."""
    heard: list[str] = []

    def noted(
        folder: Path,
        text: str | None,
        seed: int,
        engine: str,
        changes: Changes,
        voice: str,
    ) -> Job[Film]:
        heard.append(voice)
        yield Progress(1, 3, "Filming")
        return Film(folder / "film.mp4", folder / "film.vtt", 2.0, 50, 25)

    studio(noted)
    place = ["demo", "--out", str(tmp_path)]
    monkeypatch.setattr("avatar_app.__main__.read_settings", lambda: Settings())
    assert main(place) == main([*place, "--voice", "xtts"]) == 0
    said = capsys.readouterr().out
    settings = Settings(voice="xtts")
    monkeypatch.setattr("avatar_app.__main__.read_settings", lambda: settings)
    assert main(place) == main([*place, "--voice", "own"]) == 0

    assert heard == ["own", "xtts", "xtts", "own"]
    assert said.count("non-commercial: it holds for this film, made by xtts") == 1


def test_the_terms_of_xtts_come_before_anything_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Whose, non-commercial, which files, how large; nothing without an answer."""
    monkeypatch.setattr(
        "avatar_app.weights.fetching.weights_folder", lambda: tmp_path / "weights"
    )
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    code = main(["weights", "xtts"])
    said = capsys.readouterr()

    assert code == 2
    assert "non-commercial" in said.out
    assert "1868 MB would come from https://huggingface.co/coqui/XTTS-v2" in said.out
    assert said.out.count("would come from") == 3
    assert "Nothing was fetched" in said.err
    assert not (tmp_path / "weights").exists()


def test_the_look_that_is_asked_for_reaches_the_studio(
    studio: Callable[[MakeDemo], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Only what was asked for, so that a script's head keeps the rest."""
    heard: list[Changes] = []

    def noted(
        folder: Path,
        text: str | None,
        seed: int,
        engine: str,
        changes: Changes,
        voice: str,
    ) -> Job[Film]:
        heard.append(changes)
        yield Progress(1, 3, "Filming")
        return Film(folder / "film.mp4", folder / "film.vtt", 2.0, 50, 25, "Only 40 s.")

    studio(noted)
    place = ["demo", "--out", str(tmp_path)]
    assert main(place) == 0
    assert (
        main([*place, "--down", "-0.1", "--shape", "9:16", "--still", "--no-nods"]) == 0
    )

    asked = {"down": "-0.1", "shape": "9:16", "is_still": True, "nods": False}
    assert heard == [{}, asked]
    assert USUAL.changed(heard[1]) == Style(
        down=-0.1, shape="9:16", is_still=True, nods=False
    )
    assert "Note:     Only 40 s." in capsys.readouterr().out


def test_a_look_beyond_its_range_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is drawn or learned: exit code 2, the range, nothing made."""
    code = main(["demo", "--out", str(tmp_path / "new"), "--opening", "3"])

    told = capsys.readouterr().err
    assert code == 2
    assert "'opening' can be 0.5 to 1.5; it is 3" in told
    assert StyleRefused.remedy in told
    assert not (tmp_path / "new").exists()


def test_what_the_person_can_fix_is_said_in_two_sentences(
    studio: Callable[[MakeDemo], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 2, what happened and what to do, and no traceback."""

    def full(
        folder: Path,
        text: str | None,
        seed: int,
        engine: str,
        changes: Changes,
        voice: str,
    ) -> Job[Film]:
        yield Progress(1, 3, "Filming")
        raise DiskFull(str(folder))

    studio(full)
    code = main(["demo", "--out", str(tmp_path)])

    told = capsys.readouterr().err
    assert code == 2
    assert told == f"The disk is full ({tmp_path}).\n{DiskFull.remedy}\n"


def test_ctrl_c_lets_the_job_tidy_up(
    studio: Callable[[MakeDemo], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The job's finally runs; exit code 130 as a shell expects."""
    tidied = []

    def stopped(
        folder: Path,
        text: str | None,
        seed: int,
        engine: str,
        changes: Changes,
        voice: str,
    ) -> Job[Film]:
        try:
            yield Progress(1, 3, "Filming")
            raise KeyboardInterrupt
        finally:
            tidied.append(folder)

    studio(stopped)

    assert main(["demo", "--out", str(tmp_path)]) == 130
    assert tidied == [tmp_path]
    assert "Stopped" in capsys.readouterr().err


def test_the_line_on_a_terminal_renews_itself(
    studio: Callable[[MakeDemo], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line of at most 78 characters, however long the saying."""

    def wordy(
        folder: Path,
        text: str | None,
        seed: int,
        engine: str,
        changes: Changes,
        voice: str,
    ) -> Job[Film]:
        yield Progress(1, 3, "Filming " * 20)
        return Film(folder / "film.mp4", folder / "film.vtt", 2.0, 50, 25)

    studio(wordy)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    main(["demo", "--out", str(tmp_path)])

    line = capsys.readouterr().out.split("\n")[0]
    assert line.startswith("\r 33%  Filming")
    assert len(line) == 79


@pytest.mark.slow
def test_the_doctor_names_each_thing_once() -> None:
    """Every line is ok or missing; without the vital ones the exit code is 1."""
    ran = subprocess.run(
        [sys.executable, "-m", "avatar_app", "doctor"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = ran.stdout.splitlines()

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert all(line.startswith(("ok       ", "missing  ")) for line in lines)
    names = [line[9:].split(":")[0].split(".")[0] for line in lines]
    assert len(set(names)) == len(names) >= 15
    assert {"Python", "torch", "espeak-ng", "Cameras"} <= set(names)


def test_what_is_missing_comes_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A vital thing that is missing decides the exit code."""
    from avatar_app import doctor

    def broken(folder: Path) -> list[doctor.Finding]:
        return [
            doctor.Finding("Cameras", "", "Connect a webcam."),
            doctor.Finding("torch", "", "Repair it.", is_vital=True),
        ]

    monkeypatch.setattr(doctor, "examine", broken)

    assert main(["doctor"]) == 1
    assert "missing  torch. Repair it." in capsys.readouterr().out
