"""Seal: bytes that can be read back only whole, unaltered and under their own name.

XChaCha20-Poly1305 in libsodium's secretstream form: 64 KiB chunks, each bound to the
one before it, the last one marked as last. The context (which file this is) is
authenticated with every chunk, so a sealed file moved under another name, or an older
state of the same name, does not open. Reading and writing take one chunk of memory,
whatever the file's length.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from avatar_app.errors import FileTorn

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAGIC = b"avatar-app sealed 1\n"
CHUNK = 64 * 1024
KEY_BYTES = int(sodium.crypto_secretstream_xchacha20poly1305_KEYBYTES)
_HEADER = int(sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES)
_EXTRA = int(sodium.crypto_secretstream_xchacha20poly1305_ABYTES)
_MORE = int(sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE)
_LAST = int(sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL)


class RawFile(Protocol):
    """An unbuffered file; a write may take fewer bytes than it was given."""

    def read(self, most: int, /) -> bytes | None:
        """Read up to so many bytes; none at the end."""
        ...

    def write(self, content: ReadableBuffer, /) -> int | None:
        """Write some of the bytes and say how many."""
        ...


def always() -> None:
    """Let every chunk pass: the watch of a stream that nothing can lock."""


class SealedWriter(io.BufferedIOBase):
    """Seals what is written to it; ``finish`` marks the end.

    Without ``finish`` the file stays cut, and no reader will take it for whole.
    """

    def __init__(
        self,
        file: RawFile,
        key: bytes,
        context: bytes,
        watch: Callable[[], None] = always,
    ) -> None:
        self._file = file
        self._context = context
        self._watch = watch
        self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
        self._waiting = bytearray()
        self._written = 0
        self._is_finished = False
        header = sodium.crypto_secretstream_xchacha20poly1305_init_push(
            self._state, key
        )
        self._put(MAGIC + header)

    def writable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Count the bytes taken so far."""
        return self._written

    def write(self, content: ReadableBuffer, /) -> int:
        """Take all of some bytes."""
        if self._is_finished:
            raise ValueError("this sealed file is finished")
        plain = memoryview(content).cast("B")
        place = 0
        while place < len(plain):
            # A full chunk waits until more follows: it may turn out to be the last.
            if len(self._waiting) == CHUNK:
                self._push(_MORE)
            room = CHUNK - len(self._waiting)
            self._waiting += plain[place : place + room]
            place += room
        self._written += len(plain)
        return len(plain)

    def finish(self) -> None:
        """Seal what is left and mark it as the end."""
        if not self._is_finished:
            self._push(_LAST)
            self._is_finished = True

    def _push(self, tag: int) -> None:
        self._watch()
        self._put(
            sodium.crypto_secretstream_xchacha20poly1305_push(
                self._state, bytes(self._waiting), self._context, tag
            )
        )
        self._waiting.clear()

    def _put(self, sealed: bytes) -> None:
        left = memoryview(sealed)
        while left:
            left = left[self._file.write(left) or 0 :]


class SealedReader(io.BufferedIOBase):
    """Opens sealed bytes in order; whatever was altered raises FileTorn."""

    def __init__(
        self,
        file: RawFile,
        key: bytes,
        context: bytes,
        name: str,
        watch: Callable[[], None] = always,
    ) -> None:
        self._file = file
        self._context = context
        self._name = name
        self._watch = watch
        self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
        self._opened = memoryview(b"")
        self._place = 0
        self._is_over = False
        start = self._take(len(MAGIC) + _HEADER)
        if len(start) != len(MAGIC) + _HEADER or not start.startswith(MAGIC):
            raise FileTorn(name)
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(
            self._state, start[len(MAGIC) :], key
        )

    def readable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Count the bytes given so far."""
        return self._place

    def read(self, size: int | None = -1, /) -> bytes:
        """Return so many bytes, fewer only at the end; all of them for -1."""
        wanted = -1 if size is None else size
        parts: list[memoryview] = []
        held = 0
        while wanted < 0 or held < wanted:
            part = self._some(CHUNK if wanted < 0 else wanted - held)
            if not part:
                break
            parts.append(part)
            held += len(part)
        return b"".join(parts)

    def read1(self, size: int = -1, /) -> bytes:
        """Return what is at hand, at most so many bytes."""
        return bytes(self._some(CHUNK if size < 0 else size))

    def readinto(self, room: WriteableBuffer, /) -> int:
        """Fill a buffer as far as the file goes."""
        view = memoryview(room).cast("B")
        content = self.read(len(view))
        view[: len(content)] = content
        return len(content)

    def close(self) -> None:
        """Let go of the file beneath."""
        if not self.closed:
            close = getattr(self._file, "close", None)
            if close is not None:
                close()
        super().close()

    def _some(self, most: int) -> memoryview:
        while not self._opened and not self._is_over:
            self._pull()
        part = self._opened[:most]
        self._opened = self._opened[most:]
        self._place += len(part)
        return part

    def _pull(self) -> None:
        self._watch()
        sealed = self._take(CHUNK + _EXTRA)
        if len(sealed) < _EXTRA:
            raise FileTorn(self._name)
        try:
            plain, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(
                self._state, sealed, self._context
            )
        except (CryptoError, RuntimeError) as error:
            raise FileTorn(self._name) from error
        if tag == _LAST:
            if self._take(1):
                raise FileTorn(self._name)  # something was added after the end
            self._is_over = True
        elif len(plain) != CHUNK or tag != _MORE:
            raise FileTorn(self._name)
        self._opened = memoryview(plain)

    def _take(self, wanted: int) -> bytes:
        """Read so many sealed bytes, fewer only where the file ends."""
        content = b""
        while len(content) < wanted:
            more = self._file.read(wanted - len(content))
            if not more:
                break
            content = content + more if content else more
        return content
