"""Fetching: the one door to the network, which only the person opens.

Some weights may not be passed on with the program. Who wants them reads their licence,
accepts it, and starts a download here, or chooses a file they already have. A download
that broke off goes on where it was; what is not whole is never taken for whole.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_data_path

from avatar_app.errors import (
    DiskFull,
    DownloadAltered,
    DownloadStopped,
    EngineNotReady,
    FolderRefused,
)
from avatar_app.settings import APP
from avatar_app.weights.catalogue import Fetchable, fetchable
from avatar_app.work import Job, Progress, share

PART = ".part"
_ACCEPTED = "accepted.json"
_BLOCK = 1 << 18
_PATIENCE = 30.0  # seconds without a byte
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_TOO_FAR = 416  # the server's word for: there are no bytes from there on


def weights_folder() -> Path:
    """Say where this person's added weights lie; they tell nothing about anybody."""
    return user_data_path(APP, appauthor=False) / "weights"


def licence_of(engine: str) -> Fetchable:
    """Return an entry of an engine, for its licence; all of an engine share one."""
    return entries_of(engine)[0]


def entries_of(engine: str) -> list[Fetchable]:
    """Return all that may be fetched for an engine.

    Raises:
        EngineNotReady: There is no such engine.
    """
    entries = [entry for entry in fetchable().values() if entry.engine == engine]
    if not entries:
        raise EngineNotReady(engine, "there is no engine of this name")
    return entries


def accept_licence(entry: Fetchable, folder: Path) -> None:
    """Write down that the person has read and accepted a licence.

    Raises:
        DiskFull, FolderRefused: It cannot be written down.
    """
    known = _accepted(folder)
    known[entry.engine] = {
        "licence": _digest_of(entry.licence_text),
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_whole(folder / _ACCEPTED, json.dumps(known, sort_keys=True).encode())


def need_acceptance(engine: str, folder: Path) -> None:
    """Go on only when the licence as it reads today was accepted.

    Raises:
        EngineNotReady: It was not.
    """
    known = _accepted(folder).get(engine, {}).get("licence")
    if known != _digest_of(licence_of(engine).licence_text):
        raise EngineNotReady(engine, "its licence has not been accepted")


def fetch_weights(entry: Fetchable, folder: Path) -> Job[Path]:
    """Download one file; it is there only once every byte of it is right.

    Raises:
        EngineNotReady: Its licence has not been accepted.
        DownloadStopped: There is no network, or it was lost; what arrived is kept.
        DownloadAltered: All arrived, and it is another file; nothing is kept.
        DiskFull, FolderRefused: There is no place for it.
    """
    need_acceptance(entry.engine, folder)
    place = folder / entry.file
    part = place.with_name(place.name + PART)
    with told(folder):
        part.parent.mkdir(parents=True, exist_ok=True)
        have = part.stat().st_size if part.exists() else 0
        if have > entry.size:
            part.unlink()
            have = 0
        if shutil.disk_usage(folder).free < entry.size - have:
            raise DiskFull(str(folder))
    saying = f"Downloading {entry.file}, {entry.size / 1e6:.0f} MB"
    if have < entry.size:
        for done in _arriving(entry, part, have):
            yield Progress(done, entry.size, saying)
    yield Progress(entry.size, entry.size, "Comparing it with what was published")
    if part.stat().st_size != entry.size or digest_of_file(part) != entry.sha256:
        part.unlink()
        raise DownloadAltered(entry.file)
    with told(folder):
        part.replace(place)
    return place


def fetch_engine(engine: str, folder: Path) -> Job[Path]:
    """Download every file of an engine that has several; the largest comes last.

    What is whole already is not fetched again.

    Returns:
        The folder they lie in.

    Raises:
        As ``fetch_weights`` does.
    """
    need_acceptance(engine, folder)
    files = sorted(entries_of(engine), key=lambda entry: entry.size)
    total, begun = sum(entry.size for entry in files), 0
    for entry in files:
        place, until = folder / entry.file, begun + entry.size
        if not (place.exists() and digest_of_file(place) == entry.sha256):
            yield from share(fetch_weights(entry, folder), begun / total, until / total)
        begun = until
    return (folder / files[0].file).parent


def _arriving(entry: Fetchable, part: Path, have: int) -> Iterator[int]:
    """Append what arrives to the part; yield how many bytes there are."""
    server = urlsplit(entry.url).hostname or "nowhere"
    asked = urllib.request.Request(entry.url, headers={"User-Agent": APP})  # noqa: S310
    if have:
        asked.add_header("Range", f"bytes={have}-")
    try:
        # Addresses come from our own catalogue, never from a person or another file.
        with urllib.request.urlopen(asked, timeout=_PATIENCE) as answer:  # noqa: S310
            if urlsplit(answer.url).scheme != urlsplit(entry.url).scheme:
                raise DownloadStopped(entry.file, server)  # led away from https
            if have and not _goes_on(answer, have):
                have = 0
            yield from _written(answer, part, have, entry.size)
    except urllib.error.HTTPError as error:
        if error.code == _TOO_FAR:
            part.unlink(missing_ok=True)
        raise DownloadStopped(entry.file, server) from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError) as error:
        raise DownloadStopped(entry.file, server) from error
    except ConnectionError as error:
        raise DownloadStopped(entry.file, server) from error
    if part.stat().st_size < entry.size:
        raise DownloadStopped(entry.file, server)


def _goes_on(answer: http.client.HTTPResponse, have: int) -> bool:
    """Whether the server sends the rest, not the whole file again."""
    starts = answer.headers.get("Content-Range", "")
    return answer.status == http.HTTPStatus.PARTIAL_CONTENT and starts.startswith(
        f"bytes {have}-"
    )


def _written(
    answer: http.client.HTTPResponse, part: Path, have: int, size: int
) -> Iterator[int]:
    with told(part.parent), part.open("ab" if have else "wb") as file:
        while have < size and (block := answer.read(min(_BLOCK, size - have))):
            file.write(block)
            have += len(block)
            yield have


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Translate what the disk says into DiskFull and FolderRefused."""
    try:
        yield
    except (ConnectionError, TimeoutError, urllib.error.URLError):
        raise  # the network's, though they are OSErrors too
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(str(folder)) from error
        raise FolderRefused(str(folder)) from error


def write_whole(place: Path, content: bytes) -> None:
    """Replace a small file in one step; raises DiskFull, FolderRefused."""
    fresh = place.with_name(place.name + PART)
    with told(place.parent):
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            fresh.write_bytes(content)
            fresh.replace(place)
        finally:
            fresh.unlink(missing_ok=True)


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _accepted(folder: Path) -> dict[str, dict[str, str]]:
    """What was accepted, by engine; a damaged note accepts nothing."""
    try:
        known = json.loads((folder / _ACCEPTED).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
