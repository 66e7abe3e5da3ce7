"""The demo page: choose a folder, watch the film being made, open it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QImage, QPixmap
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from avatar_app.errors import AvatarError
from avatar_app.lesson.style import USUAL, Style
from avatar_app.render.film import Film
from avatar_app.window import words
from avatar_app.window.adjusting import Adjusting, Previewing
from avatar_app.window.errand import Errand
from avatar_app.window.furniture import Button, Card, Row, Still, breakable, text
from avatar_app.window.still import with_still
from avatar_app.work import Job, Pace, Progress

FilmMaker = Callable[[Path, Style], Job[Film]]
PreviewOpener = Callable[[Path], Job[Previewing]]


class DemoPage(QWidget):
    """Title, promises, and one card that shows where the work is.

    Args:
        make_film: What is carried out, given the folder and the author's style.
        open_preview: What gets a film that was made ready to be looked at again.
        folder: What is offered as the folder for the film.
    """

    finished = Signal()

    def __init__(
        self, make_film: FilmMaker, open_preview: PreviewOpener, folder: Path
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self.errand: Errand | None = None
        self._make_film = make_film
        self._open_preview = open_preview
        self._style = USUAL
        self.asking = Asking(folder, self.start)
        self.running = Running(self._pause_or_go_on, self.cancel)
        self.done = Done(self._ask, self.adjust)
        self.adjusting = Adjusting(self._make_again, self._leave_adjusting)
        self.adjusting.finished.connect(self.finished)
        self.trouble = Trouble(self.start, self._ask)
        page = QVBoxLayout(self)
        page.setContentsMargins(32, 32, 32, 32)
        page.setSpacing(22)
        page.addWidget(text(words.HEADLINE, "headline"))
        page.addLayout(_promises())
        self._cards = (
            self.asking,
            self.running,
            self.done,
            self.adjusting,
            self.trouble,
        )
        for card in self._cards:
            page.addWidget(card)
        page.addStretch(1)
        self._show(self.asking)

    def start(self) -> None:
        """Begin the film in the chosen folder."""
        self.running.begin()
        film = self._make_film(self.asking.folder(), self._style)
        errand = Errand(with_still(film), self)
        errand.progressed.connect(self.running.hear)
        errand.brought.connect(self._bring)
        errand.failed.connect(self._explain)
        errand.stopped.connect(self._tell_stopped)
        errand.finished.connect(self._let_go)
        self.errand = errand
        self._show(self.running)
        errand.start()

    def adjust(self) -> None:
        """Show the controls beside a second of the film."""
        self._show(self.adjusting)
        self.adjusting.open(self._open_preview(self.asking.folder()))

    @property
    def is_busy(self) -> bool:
        """Whether something has to tidy up before the window may close."""
        return self.errand is not None or self.adjusting.errand is not None

    def cancel(self) -> None:
        """Stop what is under way; unfinished parts of a film are removed."""
        self.adjusting.leave()
        if self.errand is not None:
            self.running.end()
            self.errand.cancel()

    def _pause_or_go_on(self) -> None:
        if self.errand is None:
            return
        if self.running.is_paused:
            self.errand.pause()
        else:
            self.errand.go_on()

    def _make_again(self) -> None:
        self._style = self.adjusting.style_now()
        self.adjusting.leave()
        self.start()

    def _leave_adjusting(self) -> None:
        self.adjusting.leave()
        self._show(self.done)

    def _bring(self, brought: tuple[Film, QImage]) -> None:
        self.done.present(*brought)
        self._show(self.done)

    def _explain(self, error: AvatarError) -> None:
        self.trouble.explain(error)
        self._show(self.trouble)

    def _tell_stopped(self) -> None:
        self._show(self.asking)
        self.asking.note.setText(words.STOPPED)
        self.asking.note.show()

    def _ask(self) -> None:
        self.asking.note.hide()
        self._show(self.asking)

    def _let_go(self) -> None:
        ended = self.sender()  # perhaps another has begun since it brought its film
        if isinstance(ended, Errand):
            ended.deleteLater()
        if ended is self.errand:
            self.errand = None
        self.finished.emit()

    def _show(self, shown: QWidget) -> None:
        for card in self._cards:
            card.setVisible(card is shown)
        shown.setFocus()  # a card hands it to its main button


def _promises() -> QGridLayout:
    lines = QGridLayout()
    lines.setHorizontalSpacing(10)
    lines.setVerticalSpacing(6)
    lines.setColumnStretch(1, 1)
    for number, promise in enumerate(words.PROMISES):
        tick = text("✓", "tick")
        tick.setAccessibleName(" ")  # the sentence beside it says it all
        lines.addWidget(tick, number, 0, Qt.AlignmentFlag.AlignTop)
        lines.addWidget(text(promise), number, 1)
    return lines


class Asking(Card):
    """Where shall the film lie?"""

    def __init__(self, folder: Path, start: Callable[[], object]) -> None:
        super().__init__()
        self.note = text("", "quiet")
        self.note.hide()
        self.path = QLineEdit(str(folder))
        self.path.setAccessibleName(words.FOLDER)
        self.path.setMinimumWidth(160)
        self.path.returnPressed.connect(start)
        self.path.textChanged.connect(self._allow)
        self.choose = Button(words.CHOOSE, self._choose)
        self.choose.setAccessibleName(words.CHOOSE_NAME)
        self.make = Button(words.MAKE, start, is_main=True)
        label = text(words.FOLDER, "quiet")
        label.setBuddy(self.path)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.path, 1)
        line.addWidget(self.choose)
        self.inside.addWidget(self.note)
        self.inside.addWidget(text(words.DEMO))
        self.inside.addWidget(label)
        self.inside.addLayout(line)
        self.inside.addSpacing(4)
        self.inside.addLayout(Row(self.make))
        self.setFocusProxy(self.make)

    def folder(self) -> Path:
        """Return the chosen folder."""
        return Path(self.path.text().strip()).expanduser()

    def _allow(self, written: str) -> None:
        self.make.setEnabled(bool(written.strip()))

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, words.CHOOSE_NAME, str(self.folder())
        )
        if chosen:
            self.path.setText(chosen)


class Running(Card):
    """How far is it, and how long will it take?"""

    def __init__(
        self, pause_or_go_on: Callable[[], object], cancel: Callable[[], object]
    ) -> None:
        super().__init__()
        self.is_paused = False
        self._tell = pause_or_go_on
        self._rested = 0.0  # seconds spent paused, which tell nothing of the pace
        self._paused_at = 0.0
        self._pace = Pace(self._working_time)
        self._saying = words.STARTING
        self.heading = text(words.STARTING, "heading")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(words.PROGRESS_NAME)
        self.left = text("", "quiet")
        self.pause = Button(words.PAUSE, self._pause)
        self.cancel = Button(words.CANCEL, cancel)
        self.inside.addWidget(self.heading)
        self.inside.addWidget(self.bar)
        self.inside.addWidget(self.left)
        self.inside.addLayout(Row(self.pause, self.cancel))
        self.setFocusProxy(self.pause)

    def begin(self) -> None:
        """Show the start of new work."""
        self.is_paused = False
        self._pace = Pace(self._working_time)
        self._say(words.STARTING)
        self.bar.setValue(0)
        self.left.setText(" ")
        self.pause.say(words.PAUSE)
        self.pause.setEnabled(True)
        self.cancel.setEnabled(True)

    def hear(self, step: Progress) -> None:
        """Show a step of the work."""
        self._saying = step.saying
        self.bar.setValue(round(1000 * step.fraction))
        if self.is_paused or not self.cancel.isEnabled():
            return
        self._say(step.saying)
        left = self._pace.seconds_left(step)
        percent = f"{step.fraction:.0%}"
        self.left.setText(
            percent if left is None else f"{percent}, {words.time_left(left)}"
        )

    def end(self) -> None:
        """Show that the work is being stopped."""
        self._say(words.STOPPING)
        self.left.setText(" ")
        self.pause.setEnabled(False)
        self.cancel.setEnabled(False)

    def _pause(self) -> None:
        self.is_paused = not self.is_paused
        if self.is_paused:
            self._paused_at = time.monotonic()
        else:
            self._rested += time.monotonic() - self._paused_at
        self.pause.say(words.GO_ON if self.is_paused else words.PAUSE)
        self._say(words.PAUSED if self.is_paused else self._saying)
        self._tell()

    def _working_time(self) -> float:
        return time.monotonic() - self._rested

    def _say(self, saying: str) -> None:
        if saying != self.heading.text():
            self.heading.setText(saying)
            self.bar.setAccessibleDescription(saying)


class Done(Card):
    """The film is there: a still of it, and what can be done with it."""

    def __init__(
        self, again: Callable[[], object], adjust: Callable[[], object]
    ) -> None:
        super().__init__()
        self.film: Film | None = None
        self.still = Still(words.STILL_NAME)
        self.place = text("", "quiet")
        self.warning = text("")
        self.warning.hide()
        self.open = Button(words.OPEN_FILM, self._open, is_main=True)
        self.folder = Button(words.SHOW_FOLDER, self._show_folder)
        self.adjust = Button(words.ADJUST, adjust)
        self.again = Button(words.AGAIN, again)
        self.inside.addWidget(text(words.DONE, "heading"))
        self.inside.addWidget(self.still)
        self.inside.addWidget(self.warning)
        self.inside.addWidget(self.place)
        self.inside.addLayout(Row(self.open, self.folder, self.adjust, self.again))
        self.setFocusProxy(self.open)

    def present(self, film: Film, still: QImage) -> None:
        """Show a finished film."""
        self.film = film
        self.still.show_picture(QPixmap.fromImage(still))
        self.warning.setText(film.warning)
        self.warning.setVisible(bool(film.warning))
        self.place.setText(f"{breakable(str(film.path))}, {words.length(film.seconds)}")

    def _open(self) -> None:
        assert self.film is not None  # the button is hidden until then
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.film.path)))

    def _show_folder(self) -> None:
        assert self.film is not None
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.film.path.parent)))


class Trouble(Card):
    """What went wrong, and what to do about it."""

    def __init__(self, again: Callable[[], object], back: Callable[[], object]) -> None:
        super().__init__()
        self.what = text("", "trouble")
        self.remedy = text("")
        self.again = Button(words.TRY_AGAIN, again, is_main=True)
        self.back = Button(words.BACK, back)
        self.inside.addWidget(self.what)
        self.inside.addWidget(self.remedy)
        self.inside.addLayout(Row(self.again, self.back))
        self.setFocusProxy(self.again)

    def explain(self, error: AvatarError) -> None:
        """Show an error as a sentence and its remedy."""
        self.what.setText(breakable(str(error)))
        self.remedy.setText(error.remedy)
        self.again.setAccessibleDescription(f"{error} {error.remedy}")
