"""OpenShelf: a shelf in memory, for tests that need somewhere to keep bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO

_NAME = re.compile(r"[a-z0-9._-]+(/[a-z0-9._-]+)*")


class OpenShelf:
    """Implements ``avatar_app.shelf.Shelf`` over a dict; nothing is sealed.

    Attributes:
        kept: Name to bytes; a test may look, tear and replace.
        written: Every name in the order it was written, repeats included.
    """

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.written: list[str] = []

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """Open a writer; the name appears when it closes without an error."""
        _check(name)
        page = BytesIO()
        yield page
        self.kept[name] = page.getvalue()
        self.written.append(name)

    def open(self, name: str) -> BinaryIO:
        """Open a reader over a whole file; KeyError when it is not there."""
        return BytesIO(self.kept[name])

    def read(self, name: str) -> bytes:
        """Return all bytes of a file; KeyError when it is not there."""
        return self.kept[name]

    def write(self, name: str, content: bytes) -> None:
        """Replace a file whole."""
        with self.create(name) as page:
            page.write(content)

    def names(self, prefix: str = "") -> Iterator[str]:
        """List what is there, in order, below a prefix."""
        return iter(sorted(name for name in self.kept if name.startswith(prefix)))

    def erase(self, name: str) -> None:
        """Forget one name; nothing happens when it is not there."""
        self.kept.pop(name, None)

    def tear(self, name: str) -> None:
        """Cut a file in half, as a full disk or a pulled plug would."""
        self.kept[name] = self.kept[name][: len(self.kept[name]) // 2]

    def __contains__(self, name: str) -> bool:
        return name in self.kept


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a shelf name: {name!r}")
