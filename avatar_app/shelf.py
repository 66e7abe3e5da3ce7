"""Shelf: the port through which rooms keep named bytes; the vault is the real one.

Rooms never learn where or how the bytes lie. What they write through a Shelf is
sealed before it touches the disk, so nothing biometric is ever written in the clear.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol


class Shelf(Protocol):
    """Named bytes, sealed at rest.

    Names are relative paths of ``[a-z0-9._-]`` parts joined by ``/``. A file appears
    under its name only whole: leaving ``create`` by an error leaves nothing behind.
    """

    def create(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a forward-only writer; the name is (re)placed when it closes well.

        Raises:
            DiskFull: There is no room left; nothing was changed.
        """
        ...

    def open(self, name: str) -> BinaryIO:
        """Open a forward-only reader over a whole file.

        Raises:
            KeyError: There is no such name.
            FileTorn: The bytes were altered or cut; raised as they are read.
        """
        ...

    def read(self, name: str) -> bytes:
        """Return all bytes of a small file; raises as ``open`` does."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Replace a small file whole; raises as ``create`` does."""
        ...

    def names(self, prefix: str = "") -> Iterator[str]:
        """List what is there, in order, below a prefix."""
        ...

    def erase(self, name: str) -> None:
        """Forget one name; nothing happens when it is not there."""
        ...

    def __contains__(self, name: str) -> bool: ...
