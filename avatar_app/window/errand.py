"""Errand: a Job off the screen's thread, which can be paused and cancelled."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from avatar_app.errors import AvatarError
from avatar_app.window import words
from avatar_app.work import Job

log = logging.getLogger(__name__)
_CALM_SECONDS = 0.05  # the screen need not hear more often than it can show


class Errand(QThread):
    """Carries out one job.

    Signals:
        progressed: A Progress; at most some twenty a second.
        brought: What the job returned.
        failed: The AvatarError itself, not its text.
        stopped: The job was cancelled and has tidied up.
    """

    progressed = Signal(object)
    brought = Signal(object)
    failed = Signal(object)
    stopped = Signal()

    def __init__(self, job: Job[Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job = job
        self._may_go_on = threading.Event()
        self._may_go_on.set()

    def pause(self) -> None:
        """Ask for no further step."""
        self._may_go_on.clear()

    def go_on(self) -> None:
        """Ask for steps again."""
        self._may_go_on.set()

    def cancel(self) -> None:
        """Close the job after the step it is in."""
        self.requestInterruption()
        self._may_go_on.set()

    def run(self) -> None:
        """Ask for one step after the other; Qt calls this on the new thread."""
        told = 0.0
        saying = ""
        try:
            while not self.isInterruptionRequested():
                step = next(self._job)
                if step.saying != saying or time.monotonic() - told > _CALM_SECONDS:
                    told, saying = time.monotonic(), step.saying
                    self.progressed.emit(step)
                self._may_go_on.wait()
            self._job.close()
            self.stopped.emit()
        except StopIteration as end:
            self.brought.emit(end.value)
        except AvatarError as error:
            self.failed.emit(error)
        except Exception:
            log.exception("Errand broke")
            self.failed.emit(AvatarError(words.UNEXPECTED))
        finally:
            self._job.close()  # so a stopped job still tidies up
