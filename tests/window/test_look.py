"""The look: readable in light and in dark, complete, and with its own letters."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QFontInfo
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from avatar_app.window import look, words


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""

    def luminance(color: str) -> float:
        shade = QColor(color)
        linear = [
            c / 12.92 if c <= 0.04045 else float(((c + 0.055) / 1.055) ** 2.4)
            for c in (shade.redF(), shade.greenF(), shade.blueF())
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colors", [look.LIGHT, look.DARK], ids=["light", "dark"])
def test_everything_stands_out_enough(colors: dict[str, str]) -> None:
    """4.5:1 for text, 3:1 for edges and the focus (WCAG 1.4.3, 1.4.11)."""
    for ground in ("ground", "card"):
        for text in ("text", "quiet", "trouble"):
            assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
        for edge in ("edge", "focus", "accent"):
            assert contrast(colors[edge], colors[ground]) >= 3, (edge, ground)
    assert contrast(colors["on_accent"], colors["accent"]) >= 4.5
    assert contrast(colors["on_accent"], colors["accent_hover"]) >= 4.5
    assert contrast(colors["text"], colors["hover"]) >= 4.5


def test_the_letters_are_ours(qtbot: QtBot) -> None:
    """The bundled font is found, also where the system has none."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    look.dress(app)

    assert QFontInfo(app.font()).family() == "Inter"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "about 5 s left"),
        (42, "about 40 s left"),
        (58, "about 1 min left"),
        (600, "about 10 min left"),
        (5400, "about 1 h 30 min left"),
    ],
)
def test_time_is_told_as_a_person_would(seconds: float, said: str) -> None:
    """Round numbers; nobody believes 43.7 seconds."""
    assert words.time_left(seconds) == said
