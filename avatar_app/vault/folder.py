"""The vault's folder: files that appear whole or not at all, and whose turn it is.

A file is written beside its place, flushed to the disk, then moved over the old one in
one step, so that a pulled plug leaves the old state or the new one. What the disk has
to say about it is told in the person's words.
"""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from avatar_app.errors import DiskFull, FileTorn, FolderRefused

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PART = ".part"
SEALED = ".sealed"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_LEAVE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}
# A sealed file that became a link would lead a write or an erasure out of the vault.
_SAFELY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Translate what the disk says into DiskFull and FolderRefused."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise DiskFull(str(folder)) from error
        if error.errno in _NO_LEAVE:
            raise FolderRefused(str(folder)) from error
        raise


def fresh_id() -> str:
    """Draw a name for the disk; it says nothing about what is inside."""
    return secrets.token_hex(16)


class PartFile:
    """A file on its way: it takes its place by ``keep`` or vanishes by ``drop``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / (fresh_id() + PART)
        with told(folder):
            number = os.open(
                self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, 0o600
            )
            self._file = FileIO(number, "wb")
            if sys.platform != "win32":  # held as long as we live: see ``sweep``
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def read(self, most: int, /) -> bytes:
        """Refuse: a part is only written."""
        raise OSError(errno.EBADF, "a part is only written")

    def write(self, content: ReadableBuffer, /) -> int:
        """Write some of the bytes and say how many."""
        with told(self._folder):
            return self._file.write(content) or 0

    def flush(self) -> None:
        """Wait until the disk has it."""
        with told(self._folder):
            os.fsync(self._file.fileno())

    def keep(self, place: Path) -> None:
        """Move to its place, over whatever was there, in one step."""
        with told(self._folder):
            self._file.close()
            self.path.replace(place)
            flush_folder(self._folder)

    def drop(self) -> None:
        """Vanish."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self.path.unlink()


def write_whole(folder: Path, place: Path, content: bytes) -> None:
    """Replace a small file in one step."""
    part = PartFile(folder)
    try:
        left = memoryview(content)
        while left:
            left = left[part.write(left) :]
        part.flush()
        part.keep(place)
    except BaseException:
        part.drop()
        raise


def open_plainly(place: Path, name: str) -> FileIO:
    """Open a file for reading that must be a file, not a link to one.

    Raises:
        FileNotFoundError: It is not there.
        FileTorn: It is a link or a folder.
    """
    try:
        file = FileIO(os.open(place, os.O_RDONLY | _SAFELY), "rb")
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EISDIR, errno.EMLINK}:
            raise FileTorn(name) from error
        with told(place.parent):
            raise
    return file


def destroy(place: Path) -> None:
    """Overwrite a small file before unlinking it (a flash disk may keep a copy)."""
    with suppress(FileNotFoundError), told(place.parent):
        if not place.is_symlink():
            number = os.open(place, os.O_WRONLY | _SAFELY)
            with FileIO(number, "wb") as file:
                file.write(secrets.token_bytes(os.fstat(number).st_size))
                os.fsync(number)
        place.unlink()


def flush_folder(folder: Path) -> None:
    """Wait until the disk knows the folder's names (Windows has no such call)."""
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def sweep(folder: Path, known: set[str]) -> None:
    """Remove what a crash left: parts nobody writes, files no name leads to."""
    for place in list(folder.iterdir()):
        is_left = place.suffix == SEALED and place.stem not in known
        if is_left or (place.suffix == PART and not _is_being_written(place)):
            with suppress(OSError):
                place.unlink()


def _is_being_written(part: Path) -> bool:
    if sys.platform == "win32":
        return False  # unlinking an open file fails there, which is as good
    try:
        number = os.open(part, os.O_RDONLY | _SAFELY)
    except OSError:
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(number)
    return False


@contextmanager
def taking_turns(place: Path) -> Iterator[None]:
    """Let one process at a time change the vault; the system ends a dead one's turn."""
    with told(place.parent):
        number = os.open(place, os.O_RDWR | os.O_CREAT | _SAFELY, 0o600)
    try:
        if sys.platform == "win32":
            msvcrt.locking(number, msvcrt.LK_LOCK, 1)
        else:
            fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)
