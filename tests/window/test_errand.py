"""An errand runs a job off the screen's thread and always tidies up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from avatar_app.errors import DiskFull
from avatar_app.window.errand import Errand
from avatar_app.work import Job, Progress


class Counted:
    """A job of many short steps that tells how it fared."""

    def __init__(self, steps: int, then: Callable[[], str] = lambda: "a film") -> None:
        self.steps = steps
        self.then = then
        self.taken = 0
        self.is_tidy = False
        self.thread: int | None = None

    def job(self) -> Job[str]:
        """Count."""
        self.thread = threading.get_ident()
        try:
            while self.taken < self.steps:
                time.sleep(0.002)
                self.taken += 1
                yield Progress(self.taken, self.steps, f"Step {self.taken // 100}")
            return self.then()
        finally:
            self.is_tidy = True


def test_it_brings_the_noun_from_another_thread(qtbot: QtBot) -> None:
    """The job's return value arrives here; its steps ran elsewhere."""
    counted = Counted(20)
    errand = Errand(counted.job())

    with qtbot.waitSignal(errand.brought, timeout=5000) as waited:
        errand.start()
    errand.wait()

    assert waited.args == ["a film"]
    assert counted.is_tidy
    assert counted.thread != threading.get_ident()


def test_progress_comes_calmly(qtbot: QtBot) -> None:
    """Hundreds of steps a second are told some twenty times a second."""
    counted = Counted(300)
    errand = Errand(counted.job())
    heard: list[Progress] = []
    errand.progressed.connect(heard.append)

    began = time.monotonic()
    with qtbot.waitSignal(errand.finished, timeout=10000):
        errand.start()

    assert 3 <= len(heard) <= 25 * (time.monotonic() - began) + 6
    assert [step.done for step in heard] == sorted(step.done for step in heard)


def test_a_pause_stops_the_steps_and_loses_nothing(qtbot: QtBot) -> None:
    """No step is taken while it is paused; afterwards the job comes to its end."""
    counted = Counted(200)
    errand = Errand(counted.job())
    errand.start()
    qtbot.waitUntil(lambda: counted.taken > 5, timeout=5000)
    errand.pause()
    qtbot.wait(50)
    taken = counted.taken
    qtbot.wait(100)

    assert counted.taken == taken < 200
    with qtbot.waitSignal(errand.brought, timeout=5000):
        errand.go_on()
    errand.wait()


@pytest.mark.parametrize("is_paused", [False, True])
def test_cancelling_closes_the_job(qtbot: QtBot, is_paused: bool) -> None:
    """Running or paused, it stops within a step and its job tidies up."""
    counted = Counted(100_000)
    errand = Errand(counted.job())
    errand.start()
    qtbot.waitUntil(lambda: counted.taken > 5, timeout=5000)
    if is_paused:
        errand.pause()
        qtbot.wait(30)

    with qtbot.waitSignals([errand.stopped, errand.finished], timeout=1000):
        errand.cancel()

    assert counted.is_tidy


def test_an_error_arrives_as_the_object_it_is(qtbot: QtBot) -> None:
    """The window may ask it for its remedy."""

    def fail() -> str:
        raise DiskFull("/films")

    errand = Errand(Counted(2, fail).job())
    with qtbot.waitSignal(errand.failed, timeout=5000) as waited:
        errand.start()
    errand.wait()

    assert waited.args is not None
    (error,) = waited.args
    assert isinstance(error, DiskFull)


def test_our_own_mistake_is_logged_and_said_calmly(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    """The person reads a sentence, the log holds the reason."""

    def fail() -> str:
        raise ZeroDivisionError

    errand = Errand(Counted(2, fail).job())
    with qtbot.waitSignal(errand.failed, timeout=5000) as waited:
        errand.start()
    errand.wait()

    assert waited.args is not None
    (error,) = waited.args
    assert "unexpected" in str(error)
    assert "ZeroDivisionError" in caplog.text
