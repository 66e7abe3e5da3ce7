"""Vault: a shelf whose files are sealed, in a folder whose names say nothing.

On the disk lie ``vault.key`` (the master key, wrapped by the passphrase),
``vault.index`` (sealed: which name is which file, and each file's wrapped key) and
files with random names. What this keeps from whoever holds the folder: contents and
names. What it cannot hide: how many files there are, how large, and when they were
written; nor can it tell when the whole folder is put back to an earlier day.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from secrets import token_bytes
from typing import BinaryIO, cast

from nacl.exceptions import CryptoError

from avatar_app.errors import FileTorn, FolderRefused, VaultLocked
from avatar_app.vault.folder import (
    PART,
    SEALED,
    PartFile,
    destroy,
    flush_folder,
    open_plainly,
    sweep,
    taking_turns,
    told,
    write_whole,
)
from avatar_app.vault.index import (
    INDEX_FILE,
    TURN_FILE,
    Entry,
    Index,
    check_name,
    context,
)
from avatar_app.vault.key import KEY_BYTES, Cost, MasterKey, lock_up, unlock
from avatar_app.vault.seal import SealedReader, SealedWriter

KEY_FILE = "vault.key"
_KEY_FILE_LIMIT = 64 * 1024


class Vault:
    """Implements ``avatar_app.shelf.Shelf``; several threads and programs may share it.

    Make one by ``Vault.new``, open one by ``Vault.unlock``.
    """

    def __init__(self, folder: Path, master: MasterKey) -> None:
        self._folder = folder
        self._master = master
        self._index = Index(folder, master)

    @staticmethod
    def exists(folder: Path) -> bool:
        """Whether there is a vault in a folder."""
        return (folder / KEY_FILE).exists()

    @classmethod
    def new(cls, folder: Path, passphrase: str, cost: Cost | None = None) -> Vault:
        """Make an empty vault.

        Raises:
            ShortPassphrase: The passphrase has fewer than ten characters.
            FolderRefused: The folder cannot be written to, or holds other things.
            DiskFull: There is no room.
            ValueError: There is a vault already.
        """
        if cls.exists(folder):
            raise ValueError(f"there is a vault in {folder} already")
        master = MasterKey.fresh()
        locked = lock_up(master, passphrase, cost)
        with told(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not all(_is_ours(place) for place in folder.iterdir()):
                raise FolderRefused(str(folder))
            folder.chmod(0o700)
        vault = cls(folder, master)
        with taking_turns(folder / TURN_FILE):
            vault._index.save({})
            # The key comes last: a vault without its index would look torn.
            write_whole(folder, folder / KEY_FILE, locked)
        return vault

    @classmethod
    def unlock(cls, folder: Path, passphrase: str) -> Vault:
        """Open a vault, and clear away what a crash may have left in it.

        Raises:
            WrongPassphrase: The passphrase does not open it.
            FileTorn: Its key file or index was cut or altered.
            FolderRefused: There is no vault, or it may not be used.
        """
        vault = cls(folder, unlock(_key_file(folder), passphrase, KEY_FILE))
        with vault._index.turn() as entries:
            sweep(folder, {entry.generation for entry in entries.values()})
        return vault

    @property
    def is_locked(self) -> bool:
        """Whether the master key is gone from memory."""
        return self._master.is_gone

    def lock(self) -> None:
        """Forget the keys: every call from now on, on open files too, is refused."""
        self._index.forget()

    def change_passphrase(self, old: str, new: str, cost: Cost | None = None) -> None:
        """Wrap the master key anew; no file is touched.

        Raises:
            WrongPassphrase: The old passphrase is not the one in use.
            ShortPassphrase: The new one has fewer than ten characters.
        """
        with self._index.turn():
            unlock(_key_file(self._folder), old, KEY_FILE).wipe()
            locked = lock_up(self._master, new, cost)
            write_whole(self._folder, self._folder / KEY_FILE, locked)

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """Open a forward-only writer; the name is (re)placed when it closes well.

        Raises:
            DiskFull: There is no room left; nothing was changed.
            FolderRefused: The folder may not be written to.
            VaultLocked: The vault is, or became, locked.
        """
        check_name(name)
        self._require_open()
        with taking_turns(self._folder / TURN_FILE):
            part = PartFile(self._folder)
        try:
            key = token_bytes(KEY_BYTES)
            about = context(name, part.path.stem)
            writer = SealedWriter(part, key, about, self._require_open)
            yield cast(BinaryIO, writer)
            writer.finish()
            part.flush()
            wrapped = base64.b64encode(self._master.wrap(key, about)).decode()
            self._place(name, part, Entry(part.path.stem, wrapped, writer.tell()))
        except BaseException:
            part.drop()
            raise

    def open(self, name: str) -> BinaryIO:
        """Open a forward-only reader over a whole file.

        Raises:
            KeyError: There is no such name.
            FileTorn: The bytes were altered or cut; raised as they are read.
            VaultLocked: The vault is, or became, locked.
        """
        file, entry = self._find(name)
        about = context(name, entry.generation)
        try:
            key = self._master.unwrap(base64.b64decode(entry.wrapped), about)
            reader = SealedReader(file, key, about, name, self._require_open)
        except BaseException as error:
            file.close()
            if isinstance(error, CryptoError):
                raise FileTorn(name) from error
            raise
        return cast(BinaryIO, reader)

    def read(self, name: str) -> bytes:
        """Return all bytes of a small file; raises as ``open`` does."""
        with self.open(name) as reader:
            return reader.read()

    def write(self, name: str, content: bytes) -> None:
        """Replace a small file whole; raises as ``create`` does."""
        with self.create(name) as writer:
            writer.write(content)

    def names(self, prefix: str = "") -> Iterator[str]:
        """List what is there, in order, below a prefix."""
        entries = self._index.load()
        return iter(sorted(name for name in entries if name.startswith(prefix)))

    def __contains__(self, name: str) -> bool:
        return name in self._index.load()

    def erase(self, name: str) -> None:
        """Forget one name: its key first, then its bytes."""
        check_name(name)
        with self._index.turn() as entries:
            gone = entries.pop(name, None)
            if gone is not None:
                self._index.save(entries)
                self._discard(gone)

    def erase_everything(self) -> None:
        """Forget all of it, the master key first; afterwards the vault is locked."""
        self.lock()
        erase_vault(self._folder)

    def _place(self, name: str, part: PartFile, entry: Entry) -> None:
        """Let a finished part become what its name means, or nothing at all."""
        with self._index.turn() as entries:
            before = entries.get(name)
            part.keep(self._path(entry))
            try:
                self._index.save({**entries, name: entry})
            except BaseException:
                # The disk may have balked after the new index took its place.
                if self._index.load().get(name) != entry:
                    self._discard(entry)
                raise
            if before is not None:
                self._discard(before)

    def _find(self, name: str) -> tuple[FileIO, Entry]:
        """Open a name's file, even while another program is replacing it."""
        entry = self._index.load()[name]
        while True:
            try:
                return open_plainly(self._path(entry), name), entry
            except FileNotFoundError as error:
                again = self._index.load()[name]
                if again == entry:
                    raise FileTorn(name) from error
                entry = again

    def _discard(self, entry: Entry) -> None:
        """Remove bytes no name leads to; what is in use goes at the next unlock."""
        with suppress(OSError):
            self._path(entry).unlink(missing_ok=True)

    def _path(self, entry: Entry) -> Path:
        return self._folder / (entry.generation + SEALED)

    def _require_open(self) -> None:
        if self._master.is_gone:
            raise VaultLocked


def erase_vault(folder: Path) -> None:
    """Destroy a vault without its passphrase: its key first, then every file of it."""
    destroy(folder / KEY_FILE)
    destroy(folder / INDEX_FILE)
    with suppress(FileNotFoundError), told(folder):
        for place in list(folder.iterdir()):
            if _is_ours(place):
                place.unlink(missing_ok=True)
        flush_folder(folder)
    with suppress(OSError):
        folder.rmdir()


def _key_file(folder: Path) -> bytes:
    try:
        with open_plainly(folder / KEY_FILE, KEY_FILE) as file:
            return file.read(_KEY_FILE_LIMIT)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FolderRefused(str(folder)) from error


def _is_ours(place: Path) -> bool:
    names = {KEY_FILE, INDEX_FILE, TURN_FILE}
    return place.name in names or place.suffix in {SEALED, PART}
