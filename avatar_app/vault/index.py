"""Index: which name is which file; it is sealed, and replaced in one step."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import cast

from avatar_app.errors import FileTorn
from avatar_app.vault.folder import open_plainly, taking_turns, write_whole
from avatar_app.vault.key import MasterKey
from avatar_app.vault.seal import RawFile, SealedReader, SealedWriter

INDEX_FILE = "vault.index"
TURN_FILE = "vault.turn"
_VERSION = 1
_NAME = re.compile(r"[a-z0-9._-]{1,100}(/[a-z0-9._-]{1,100}){0,7}")
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one name's bytes lie.

    Attributes:
        generation: The file's random name on the disk, new with every writing; being
            authenticated with the bytes, it keeps an older state from coming back.
        wrapped: The file's key, wrapped by the master, base64.
        length: Of the content, in bytes.
    """

    generation: str
    wrapped: str
    length: int


class Index:
    """The names of one vault; several threads and programs may share it."""

    def __init__(self, folder: Path, master: MasterKey) -> None:
        self._folder = folder
        self._master = master
        self._mine = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._seen: tuple[int, int, int] | None = None

    @contextmanager
    def turn(self) -> Iterator[dict[str, Entry]]:
        """Hold everybody else off while names change."""
        with self._mine, taking_turns(self._folder / TURN_FILE):
            yield self.load()

    def load(self) -> dict[str, Entry]:
        """Read the index, again only when somebody has replaced it.

        Raises:
            FileTorn: It is missing, was cut or altered.
            VaultLocked: The master key is gone.
        """
        with self._mine:
            key = self._master.derive(b"index")
            try:
                file = open_plainly(self._folder / INDEX_FILE, INDEX_FILE)
            except FileNotFoundError as error:
                raise FileTorn(INDEX_FILE) from error
            with file:
                status = os.fstat(file.fileno())
                seen = (status.st_ino, status.st_mtime_ns, status.st_size)
                if seen != self._seen:
                    with SealedReader(file, key, context(), INDEX_FILE) as reader:
                        body = json.loads(reader.read())
                    self._entries = {
                        name: Entry(**entry) for name, entry in body["files"].items()
                    }
                    self._seen = seen
            return dict(self._entries)

    def save(self, entries: dict[str, Entry]) -> None:
        """Replace the index."""
        files = {name: asdict(entry) for name, entry in sorted(entries.items())}
        sealed = BytesIO()
        key = self._master.derive(b"index")
        writer = SealedWriter(cast(RawFile, sealed), key, context())
        writer.write(json.dumps({"version": _VERSION, "files": files}).encode())
        writer.finish()
        write_whole(self._folder, self._folder / INDEX_FILE, sealed.getvalue())

    def forget(self) -> None:
        """Wipe the master key and what was read with it."""
        with self._mine:
            self._master.wipe()
            self._entries, self._seen = {}, None


def context(name: str = "", generation: str = "") -> bytes:
    """Say which file this is; with no name it is the index, which no name can be."""
    return f"avatar-app vault {_VERSION}\n{name}\n{generation}".encode()


def check_name(name: str) -> None:
    """Refuse what is no shelf name, or could be more than a name on some system."""
    parts = name.split("/")
    if (
        not _NAME.fullmatch(name)
        or any(part.endswith(".") for part in parts)  # "." and ".." among them
        or any(_DEVICE.fullmatch(part) for part in parts)
    ):
        raise ValueError(f"not a shelf name: {name!r}")
