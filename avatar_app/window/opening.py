"""Opening: the application, its one window, and its quiet way out."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QStandardPaths, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QWidget

from avatar_app.lesson.style import Style
from avatar_app.render.film import Film
from avatar_app.window import words
from avatar_app.window.adjusting import Previewing
from avatar_app.window.demo import DemoPage, FilmMaker, PreviewOpener
from avatar_app.window.look import dress
from avatar_app.work import Job, Progress


def open_window() -> int:
    """Show the window until it is closed; return the exit code."""
    logging.basicConfig(level=logging.WARNING)
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        os.environ.pop(name, None)  # OpenCV sets them to its own, older Qt
    app = QApplication(sys.argv[:1])
    app.setApplicationName("avatar-app")
    app.setApplicationDisplayName(words.TITLE)
    dress(app)
    window = Window(demo_film, demo_preview, _usual_folder())
    window.show()
    return app.exec()


def demo_film(folder: Path, style: Style) -> Job[Film]:
    """Make the demo film; the heavy rooms are loaded when it is first asked for."""
    yield Progress(0, 1, words.STARTING)
    from avatar_app.studio import make_demo

    return (yield from make_demo(folder, changes=asdict(style)))


def demo_preview(folder: Path) -> Job[Previewing]:
    """Get the demo film ready to be looked at while its author turns controls."""
    yield Progress(0, 1, words.PREVIEW_OPENING)
    from avatar_app.studio import preview_demo

    return (yield from preview_demo(folder))


class Window(QScrollArea):
    """The page in a frame that scrolls when large letters need more room."""

    def __init__(
        self, make_film: FilmMaker, open_preview: PreviewOpener, folder: Path
    ) -> None:
        super().__init__()
        self.setWindowTitle(words.TITLE)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.page = DemoPage(make_film, open_preview, folder)
        self.page.finished.connect(self._leave_if_asked)
        self._is_leaving = False
        self.setWidget(self.page)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its controls have it; keys arrive
        self.page.asking.setFocus()
        self.page.installEventFilter(self)
        self._keep_room()
        app = QApplication.instance()
        assert isinstance(app, QApplication)  # there is no window without one
        app.focusChanged.connect(self._follow)
        room = self.screen().availableSize()
        self.resize(min(680, room.width()), min(700, room.height()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice when the page needs another size."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._keep_room()
        return super().eventFilter(watched, event)

    def _keep_room(self) -> None:
        """Stay as wide as the longest word needs, so none is cut."""
        bar = self.verticalScrollBar().sizeHint().width()
        self.setMinimumWidth(self.page.minimumSizeHint().width() + bar)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let running work tidy up before the program ends."""
        if not self.page.is_busy:
            event.accept()
            return
        self._is_leaving = True
        self.page.cancel()
        event.ignore()

    def _follow(self, _: QWidget | None, focused: QWidget | None) -> None:
        """Bring what has the focus into view."""
        if focused is not None and self.page.isAncestorOf(focused):
            self.ensureWidgetVisible(focused)

    def _leave_if_asked(self) -> None:
        if self._is_leaving and not self.page.is_busy:
            self.close()


def _usual_folder() -> Path:
    place = QStandardPaths.StandardLocation.MoviesLocation
    films = QStandardPaths.writableLocation(place) or str(Path.home())
    return Path(films) / words.TITLE
