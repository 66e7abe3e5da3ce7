"""Furniture: the labels, buttons and cards that every page is made of."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

RING_PX = 4  # as wide as the margin of QPushButton in the stylesheet


def text(words: str, kind: str = "") -> QLabel:
    """Make a label that wraps; the kind is its name in the stylesheet."""
    label = QLabel(words)
    label.setObjectName(kind)
    label.setTextFormat(Qt.TextFormat.PlainText)  # a file name is never markup
    label.setWordWrap(True)
    return label


def breakable(words: str) -> str:
    """Let a line end behind every slash and inside very long words, as in paths."""
    parts = re.sub(r"([/\\_.-])(?=\S)", "\\1\u200b", words)
    return re.sub(r"([^\s\u200b]{16})(?=[^\s\u200b])", "\\1\u200b", parts)


class Button(QPushButton):
    """A button whose focus is a ring around it, apart from its own edge."""

    def __init__(
        self, words: str, press: Callable[[], object], *, is_main: bool = False
    ) -> None:
        super().__init__(words)
        self.setObjectName("main" if is_main else "")
        self.setAccessibleName(words.rstrip("…"))
        self.setAutoDefault(True)  # Enter presses it, as the space bar does
        self.clicked.connect(lambda: press())

    def say(self, words: str) -> None:
        """Change its label."""
        self.setText(words)
        self.setAccessibleName(words)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ring in the margin that the stylesheet leaves free."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            ground = self.parentWidget() or self  # a main button's own text is white
            painter.setPen(QPen(ground.palette().color(QPalette.ColorRole.Text), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 12, 12)


class Row(QLayout):
    """Pieces side by side, in a further line where there is no room for all."""

    def __init__(self, *pieces: QWidget) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(4)
        for piece in pieces:
            self.addWidget(piece)

    def addItem(self, item: QLayoutItem) -> None:
        """Take a piece (Qt calls this)."""
        self._items.append(item)

    def count(self) -> int:
        """Count the pieces."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return a piece, or nothing."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Give a piece away."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Want no more room than the pieces need."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Say that fewer pixels across mean more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all lines."""
        return self._lay_out(QRect(0, 0, width, 0), is_real=False)

    def sizeHint(self) -> QSize:
        """Return the size of all pieces in one line."""
        sizes = [item.sizeHint() for item in self._items]
        gaps = self.spacing() * (len(sizes) - 1)
        width = sum(size.width() for size in sizes) + gaps
        return QSize(width, max(size.height() for size in sizes))

    def minimumSize(self) -> QSize:
        """Return the size of the largest piece."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.sizeHint())
        return size

    def setGeometry(self, room: QRect) -> None:
        """Put the pieces into their places."""
        super().setGeometry(room)
        self._lay_out(room, is_real=True)

    def _lay_out(self, room: QRect, *, is_real: bool) -> int:
        begin = room.x() - RING_PX  # the buttons' edges, not their rings, stand in line
        left, top, line_height = begin, room.y(), 0
        for item in self._items:
            size = item.sizeHint()
            if left > begin and left + size.width() > begin + room.width() + RING_PX:
                left, top = begin, top + line_height + self.spacing()
                line_height = 0
            if is_real:
                item.setGeometry(QRect(QPoint(left, top), size))
            left += size.width() + self.spacing()
            line_height = max(line_height, size.height())
        return top + line_height - room.y()


class Card(QFrame):
    """A group of things that belong together, on its own ground."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self.inside = QVBoxLayout(self)
        self.inside.setContentsMargins(24, 22, 24, 24)
        self.inside.setSpacing(14)


class Still(QLabel):
    """A picture that keeps its shape and takes the width there is."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("still")
        self.setAccessibleName(name)
        self.setMinimumSize(200, 112)
        self._whole = QPixmap()

    def show_picture(self, picture: QPixmap) -> None:
        """Take another picture."""
        self._whole = picture
        self._fit(self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the picture to the new width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit(event.size().width())

    def _fit(self, width: int) -> None:
        if self._whole.isNull():
            return
        ratio = self.devicePixelRatioF()
        shown = self._whole.scaledToWidth(
            round(width * ratio), Qt.TransformationMode.SmoothTransformation
        )
        shown.setDevicePixelRatio(ratio)
        self.setPixmap(shown)
        self.setFixedHeight(round(shown.height() / ratio))
