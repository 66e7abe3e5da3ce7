"""Adjusting: the author's fine control, with a second of the film to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from avatar_app.errors import AvatarError
from avatar_app.lesson.style import RANGES, SHAPES, USUAL, Style
from avatar_app.media import Picture
from avatar_app.window import words
from avatar_app.window.errand import Errand
from avatar_app.window.furniture import Button, Card, Row, text
from avatar_app.work import Job

_SETTLE_MS = 150  # a slider that is being dragged is not followed at every step
_PICTURE_MS = 40


class Previewing(Protocol):
    """What can be looked at, see ``render.preview.Preview``."""

    def liveliest(self) -> float:
        """Return the second from which to look."""
        ...

    def look(self, second: float, style: Style) -> Job[list[Picture]]:
        """Draw a second of the film as it would be."""
        ...


class Adjusting(Card):
    """Controls on the mouth and the frame, and what they do.

    Signals:
        finished: A preview has ended, for whatever reason.
    """

    finished = Signal()

    def __init__(self, make: Callable[[], object], back: Callable[[], object]) -> None:
        super().__init__()
        self.errand: Errand | None = None
        self._preview: Previewing | None = None
        self._is_stale = False  # something was changed that no preview shows yet
        self.moving = Moving(words.PREVIEW_NAME)
        self.saying = text(words.PREVIEW_OPENING, "quiet")
        self.sliders = {name: Control(name, self.touch) for name in RANGES}
        self.switches = {name: self._switch(name) for name in ("nods", "is_still")}
        self.shape = QComboBox()
        self.shape.setAccessibleName(words.CONTROLS["shape"])
        for shape in SHAPES:
            self.shape.addItem(words.SHAPES[shape], shape)
        self.shape.currentIndexChanged.connect(self.touch)
        self.reach = Button(words.REACH_SHOW, self._show_reach)
        self.again = Button(words.PLAY_AGAIN, self.moving.play)
        self.make = Button(words.MAKE_AGAIN, make, is_main=True)
        self.usual = Button(words.USUAL, lambda: self.wear(USUAL))
        self.back = Button(words.BACK, back)
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLE_MS)
        self._settling.timeout.connect(self._look)
        self._lay_out()
        self.setFocusProxy(self.sliders["opening"].slider)

    def _switch(self, name: str) -> QCheckBox:
        switch = QCheckBox(words.CONTROLS[name])
        switch.setAccessibleName(words.CONTROLS[name])
        switch.setChecked(getattr(USUAL, name))
        switch.toggled.connect(self.touch)
        return switch

    def _lay_out(self) -> None:
        shape = text(words.CONTROLS["shape"])
        shape.setBuddy(self.shape)
        self.inside.addWidget(text(words.ADJUST_HEADING, "heading"))
        self.inside.addWidget(self.moving)
        self.inside.addWidget(self.saying)
        self.inside.addLayout(Row(self.again))
        for name in ("opening", "smoothing"):
            self.inside.addWidget(self.sliders[name])
        for switch in self.switches.values():
            self.inside.addWidget(switch)
        self.inside.addWidget(shape)
        self.inside.addWidget(self.shape)
        for name in ("closeness", "lift"):
            self.inside.addWidget(self.sliders[name])
        self.inside.addLayout(Row(self.reach))
        self._sides = QWidget()
        sides = QVBoxLayout(self._sides)
        sides.setContentsMargins(0, 0, 0, 0)
        sides.setSpacing(14)
        for name in ("up", "down", "left", "right"):
            sides.addWidget(self.sliders[name])
        self._sides.hide()
        self.inside.addWidget(self._sides)
        self.inside.addLayout(Row(self.make, self.usual, self.back))

    def style_now(self) -> Style:
        """Return what the controls say."""
        numbers = {name: control.value() for name, control in self.sliders.items()}
        switches = {name: box.isChecked() for name, box in self.switches.items()}
        shape = {"shape": self.shape.currentData()}
        return USUAL.changed(numbers | switches | shape)

    def wear(self, style: Style) -> None:
        """Set all controls."""
        for name, control in self.sliders.items():
            control.put(getattr(style, name))
        for name, switch in self.switches.items():
            switch.setChecked(getattr(style, name))
        self.shape.setCurrentIndex(list(SHAPES).index(style.shape))

    def open(self, job: Job[Previewing]) -> None:
        """Get ready what is slow; the controls can be turned meanwhile."""
        self._preview = None
        self.moving.clear_pictures()
        self.saying.setText(words.PREVIEW_OPENING)
        self._run(job, self._take)

    def touch(self) -> None:
        """Note that a control was turned; a preview follows when it rests."""
        self._is_stale = True
        if self._preview is not None:
            if self.errand is not None:
                self.errand.cancel()
            self._settling.start()

    def leave(self) -> None:
        """Stop whatever is being drawn."""
        self._settling.stop()
        self._is_stale = False
        self.moving.stop()
        if self.errand is not None:
            self.errand.cancel()

    def hideEvent(self, event: QHideEvent) -> None:
        """Begin nothing more once nobody sees it, as when the window closes."""
        super().hideEvent(event)
        self.leave()

    def _take(self, preview: Previewing) -> None:
        self._preview = preview
        self._is_stale = True

    def _look(self) -> None:
        if not self._is_stale or self._preview is None or self.errand is not None:
            return  # whoever is under way looks again when it ends
        self._is_stale = False
        self.saying.setText(words.PREVIEW_DRAWING)
        look = self._preview.look(self._preview.liveliest(), self.style_now())
        self._run(look, self._show_pictures)

    def _run(self, job: Job[object], bring: Callable[..., object]) -> None:
        errand = Errand(job, self)
        errand.brought.connect(bring)
        errand.failed.connect(self._explain)
        errand.finished.connect(self._let_go)
        self.errand = errand
        errand.start()

    def _show_pictures(self, pictures: list[Picture]) -> None:
        self.moving.show_pictures(pictures)
        self.saying.setText(words.PREVIEW_SHOWN)

    def _explain(self, error: AvatarError) -> None:
        self.saying.setText(f"{error} {error.remedy}")

    def _let_go(self) -> None:
        ended = self.sender()
        if isinstance(ended, Errand):
            ended.deleteLater()
        if ended is self.errand:
            self.errand = None
        self.finished.emit()
        if not self._settling.isActive():
            self._look()

    def _show_reach(self) -> None:
        self._sides.setVisible(not self._sides.isVisible())
        is_shown = self._sides.isVisible()
        self.reach.say(words.REACH_HIDE if is_shown else words.REACH_SHOW)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Between a slider's whole steps and a control's values."""

    low: float
    step: float

    def value(self, place: int) -> float:
        return round(self.low + place * self.step, 6)

    def place(self, value: float) -> int:
        return round((value - self.low) / self.step)


class Control(QWidget):
    """A label, the value in words, and a slider below."""

    def __init__(self, name: str, touch: Callable[[], object]) -> None:
        super().__init__()
        range_ = RANGES[name]
        self._name = name
        self._scale = _Scale(range_.low, range_.step)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, self._scale.place(range_.high))
        self.slider.setAccessibleName(words.CONTROLS[name])
        self.slider.setPageStep(4)
        label = text(words.CONTROLS[name])
        label.setBuddy(self.slider)
        self.said = QLabel()
        self.said.setObjectName("quiet")
        line = QHBoxLayout()
        line.addWidget(label, 1)
        line.addWidget(self.said, 0, Qt.AlignmentFlag.AlignTop)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(4)
        inside.addLayout(line)
        inside.addWidget(self.slider)
        self.put(getattr(USUAL, name))
        self._say()
        self.slider.valueChanged.connect(self._say)
        self.slider.valueChanged.connect(lambda _: touch())

    def value(self) -> float:
        """Return the control's value."""
        return self._scale.value(self.slider.value())

    def put(self, value: float) -> None:
        """Set it."""
        self.slider.setValue(self._scale.place(value))

    def _say(self) -> None:
        said = words.value_of(self._name, self.value())
        self.said.setText(said)
        self.slider.setAccessibleDescription(said)


class Moving(QLabel):
    """Some pictures, played once; they keep their shape and take what room there is."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("still")
        self.setAccessibleName(name)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumWidth(120)
        self._pictures: list[Picture] = []
        self._next = 0
        self._beat = QTimer(self)
        self._beat.setInterval(_PICTURE_MS)
        self._beat.timeout.connect(self._step)
        self.clear_pictures()

    def show_pictures(self, pictures: list[Picture]) -> None:
        """Take other pictures and play them."""
        self._pictures = pictures
        self.play()

    def clear_pictures(self) -> None:
        """Show nothing; keep the room."""
        self._beat.stop()
        self._pictures = []
        self.clear()
        self.setFixedHeight(self._most())

    def play(self) -> None:
        """Play from the beginning, and rest on the last picture."""
        self._next = 0
        if self._pictures:
            self._step()
            self._beat.start()

    def stop(self) -> None:
        """Rest on the picture that is shown."""
        self._beat.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the picture to the new width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.setFixedHeight(self._most())
            if self._pictures:
                self._fit(max(0, self._next - 1))

    def _step(self) -> None:
        self._fit(self._next)
        self._next += 1
        if self._next >= len(self._pictures):
            self._beat.stop()

    def _most(self) -> int:
        """The height that is kept free for it, so that nothing below ever jumps."""
        return min(17 * self.fontMetrics().height(), round(self.width() * 9 / 16))

    def _fit(self, number: int) -> None:
        pixels = self._pictures[number].pixels
        height, width = pixels.shape[:2]
        image = QImage(
            pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_BGR888
        )
        ratio = self.devicePixelRatioF()
        shown = QPixmap.fromImage(image).scaled(
            round(self.width() * ratio),
            round(self._most() * ratio),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        shown.setDevicePixelRatio(ratio)
        self.setPixmap(shown)
