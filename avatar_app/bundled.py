"""Where the files that come with the program lie: fonts, stylesheet, weights."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def bundled(name: str) -> Path:
    """Return the path of a file or folder that is shipped with the program.

    Args:
        name: As in the source tree, for example ``assets/window.qss``.

    Returns:
        Inside the installed package, or beside it where the source tree is used.
    """
    installed = _PACKAGE / name
    return installed if installed.exists() else _PACKAGE.parent / name
