"""Look: the bundled font and the one stylesheet, light or dark as the system is."""

from __future__ import annotations

from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QApplication

from avatar_app.bundled import bundled

# Text on its ground is at least 4.5:1, edges and focus at least 3:1 (WCAG 1.4.3 and
# 1.4.11; tests/window/test_look.py measures).
LIGHT = {
    "ground": "#f5f5f2",
    "card": "#ffffff",
    "text": "#1b1d1f",
    "quiet": "#5a6067",
    "line": "#dfe1e3",
    "edge": "#83898f",
    "hover": "#eef1f7",
    "accent": "#2456c9",
    "accent_hover": "#1b479f",
    "on_accent": "#ffffff",
    "focus": "#0b1f4d",
    "trouble": "#a4262c",
}
DARK = {
    "ground": "#16181b",
    "card": "#202328",
    "text": "#ecedee",
    "quiet": "#a9afb6",
    "line": "#343940",
    "edge": "#7b838c",
    "hover": "#2b3037",
    "accent": "#8ab0ff",
    "accent_hover": "#a9c5ff",
    "on_accent": "#0e1a33",
    "focus": "#ffffff",
    "trouble": "#ff9c9c",
}


def dress(app: QApplication) -> None:
    """Give the whole application its look and let it follow the system."""
    for weight in ("Regular", "SemiBold"):
        QFontDatabase.addApplicationFont(
            str(bundled(f"assets/fonts/Inter-{weight}.otf"))
        )
    size = app.font().pointSizeF()  # the person's own choice of text size
    font = QFont("Inter")
    font.setPointSizeF(size if size > 0 else 10.5)
    app.setFont(font)
    app.setStyle("Fusion")  # the same base everywhere; the stylesheet does the rest
    hints = QGuiApplication.styleHints()
    _paint(app, hints.colorScheme())
    hints.colorSchemeChanged.connect(lambda scheme: _paint(app, scheme))


def stylesheet(colors: dict[str, str], normal_pt: float) -> str:
    """Return the stylesheet with colors and sizes filled in."""
    sizes = {
        "normal": f"{normal_pt:.1f}",
        "medium": f"{normal_pt * 1.2:.1f}",
        "large": f"{normal_pt * 1.75:.1f}",
    }
    template = bundled("assets/window.qss").read_text(encoding="utf-8")
    return Template(template.replace("$names", "names")).substitute(colors | sizes)


def _paint(app: QApplication, scheme: Qt.ColorScheme) -> None:
    colors = DARK if scheme == Qt.ColorScheme.Dark else LIGHT
    app.setStyleSheet(stylesheet(colors, app.font().pointSizeF()))
