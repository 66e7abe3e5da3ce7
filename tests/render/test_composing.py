"""Composing: exact lengths, even steps, and memory that does not grow."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import av
import pytest

from avatar_app.lesson.script import read_script
from avatar_app.perform.acting import perform_lesson
from avatar_app.perform.performance import Performance
from avatar_app.render.composing import render_film
from avatar_app.studio import DEMO_PASSPHRASE, DEMO_VAULT
from avatar_app.work import Progress, carry_out
from tests.story.small_avatar import made

pytestmark = pytest.mark.slow

TEXT = "Good day to you. This is all."


def played(times: int = 1) -> Performance:
    """A short performance, or the same again and again."""
    performance = carry_out(perform_lesson(made().avatar, read_script(TEXT)))
    return Performance(performance.avatar, performance.passages * times)


def test_the_film_is_as_long_as_the_performance(tmp_path: Path) -> None:
    """To the picture, in what is returned and in the file."""
    performance = played(2)
    film = carry_out(render_film(performance, tmp_path / "film.mp4", "Lengths"))
    with av.open(str(film.path)) as file:
        moments = [frame.time for frame in file.decode(video=0)]

    assert film.frames == len(moments) == round(performance.seconds * 25)
    assert film.seconds == pytest.approx(performance.seconds)
    assert moments == pytest.approx([n / 25 for n in range(film.frames)], abs=1e-4)


def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    """Someone who waits sees it move all the time."""
    told: list[Progress] = []
    job = render_film(played(), tmp_path / "film.mp4", "Progress")
    film = carry_out(job, told.append)
    fractions = [step.fraction for step in told]

    assert fractions == sorted(fractions)
    assert len(told) == film.frames // 10
    assert fractions[-1] > 0.9


def test_a_long_film_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    """Eight times as long: within a tenth, each in its own process."""
    short, long = (peak_mb(tmp_path, times) for times in (2, 16))

    assert long <= 1.10 * short


def peak_mb(folder: Path, times: int) -> float:
    """Peak memory of a process that renders a performance so many times over."""
    program = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        from avatar_app.studio import calm_threads
        calm_threads()
        from avatar_app.fit.avatar import reopen_avatar
        from avatar_app.lesson.script import read_script
        from avatar_app.perform.acting import perform_lesson
        from avatar_app.perform.performance import Performance
        from avatar_app.render.composing import render_film
        from avatar_app.vault.vault import Vault
        from avatar_app.work import carry_out
        vault, key, film, text, times = sys.argv[1:]
        avatar = reopen_avatar(Vault.unlock(Path(vault), key))
        one = carry_out(perform_lesson(avatar, read_script(text)))
        many = Performance(one.avatar, one.passages * int(times))
        carry_out(render_film(many, Path(film), "Memory"))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        """
    )
    film = folder / f"film-{times}.mp4"
    vault = made().folder / DEMO_VAULT
    arguments = [str(vault), DEMO_PASSPHRASE, str(film), TEXT, str(times)]
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(ran.stdout)
