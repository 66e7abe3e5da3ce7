"""Seal: hundreds of ways to harm a sealed file, and not one is taken for whole."""

from __future__ import annotations

import io
from typing import cast

import numpy as np
import pytest

from avatar_app.errors import DiskFull, FileTorn
from avatar_app.vault.folder import told
from avatar_app.vault.seal import CHUNK, MAGIC, RawFile, SealedReader, SealedWriter

KEY = bytes(range(32))
HEAD = len(MAGIC) + 24
BLOCK = CHUNK + 17


def sealed(content: bytes, key: bytes = KEY, context: bytes = b"one") -> bytes:
    """Seal some bytes."""
    page = io.BytesIO()
    writer = SealedWriter(cast(RawFile, page), key, context)
    writer.write(content)
    writer.finish()
    return page.getvalue()


def opened(content: bytes, key: bytes = KEY, context: bytes = b"one") -> bytes:
    """Open sealed bytes."""
    return SealedReader(cast(RawFile, io.BytesIO(content)), key, context, "it").read()


def noise(length: int, seed: int = 0) -> bytes:
    """Draw bytes."""
    return np.random.default_rng(seed).bytes(length)


@pytest.mark.parametrize(
    "length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7]
)
def test_every_length_comes_back(length: int) -> None:
    """Empty, just under, exactly and just over a chunk."""
    content = noise(length)

    assert opened(sealed(content)) == content


def test_writes_and_reads_of_any_size_agree() -> None:
    """The stream does not depend on how it was cut into calls."""
    draw, content = np.random.default_rng(1), noise(400_000)
    page = io.BytesIO()
    writer = SealedWriter(cast(RawFile, page), KEY, b"one")
    place = 0
    while place < len(content):
        size = int(draw.integers(1, 90_000))
        writer.write(memoryview(content)[place : place + size])
        place += size
    writer.finish()

    page.seek(0)
    reader = SealedReader(cast(RawFile, page), KEY, b"one", "it")
    back = b""
    while part := reader.read(int(draw.integers(1, 90_000))):
        back += part
    assert back == content
    assert reader.tell() == len(content)


def test_no_flipped_bit_is_accepted() -> None:
    """Two hundred bits, flipped one at a time, over the whole file."""
    whole = sealed(noise(3 * CHUNK + 100))
    draw = np.random.default_rng(2)
    places = {0, len(MAGIC), HEAD - 1, HEAD, len(whole) - 1}
    places |= {int(place) for place in draw.integers(0, len(whole), 200)}
    accepted = 0
    for place in sorted(places):
        harmed = bytearray(whole)
        harmed[place] ^= 1 << int(draw.integers(8))
        try:
            opened(bytes(harmed))
            accepted += 1
        except FileTorn:
            pass

    assert accepted == 0


def test_no_cut_or_addition_is_accepted() -> None:
    """Cut anywhere, also at the seams between chunks, or with bytes added."""
    whole = sealed(noise(3 * CHUNK))
    seams = [HEAD + n * BLOCK + step for n in range(3) for step in (-1, 0, 1)]
    cuts = [0, 1, HEAD - 1, *seams, len(whole) - 1]
    cuts += [int(at) for at in np.random.default_rng(3).integers(0, len(whole), 100)]
    harmed = [whole[:cut] for cut in cuts] + [whole + b"\0", whole + whole[-BLOCK:]]
    for case in harmed:
        with pytest.raises(FileTorn):
            opened(case)


def test_no_dropped_doubled_or_swapped_chunk_is_accepted() -> None:
    """Chunks stay in order and stay all there."""
    whole = sealed(noise(6 * CHUNK))
    head, rest = whole[:HEAD], whole[HEAD:]
    chunks = [rest[place : place + BLOCK] for place in range(0, len(rest), BLOCK)]
    cases = []
    for first in range(6):
        cases.append(chunks[:first] + chunks[first + 1 :])
        cases.append(chunks[: first + 1] + chunks[first:])
        for second in range(first):
            swapped = list(chunks)
            swapped[first], swapped[second] = swapped[second], swapped[first]
            cases.append(swapped)

    for case in cases:
        with pytest.raises(FileTorn):
            opened(head + b"".join(case))


def test_another_key_context_or_file_does_not_fit() -> None:
    """A file opens under its own name and key, and takes no chunk of another's."""
    one, other = sealed(noise(3 * CHUNK)), sealed(noise(3 * CHUNK, 1))
    mixed = one[: HEAD + BLOCK] + other[HEAD + BLOCK :]

    for case, key, context in [
        (one, KEY[::-1], b"one"),
        (one, KEY, b"two"),
        (mixed, KEY, b"one"),
        (other[:HEAD] + one[HEAD:], KEY, b"one"),
    ]:
        with pytest.raises(FileTorn):
            opened(case, key, context)


def test_an_unfinished_file_is_torn() -> None:
    """A writer that never came to its end leaves nothing a reader accepts."""
    page = io.BytesIO()
    writer = SealedWriter(cast(RawFile, page), KEY, b"one")
    writer.write(noise(5 * CHUNK))

    with pytest.raises(FileTorn):
        opened(page.getvalue())


def test_a_torn_file_stays_torn() -> None:
    """Asking again after the first refusal does not help."""
    whole = sealed(noise(3 * CHUNK))
    harmed = whole[: HEAD + BLOCK] + whole[HEAD + 2 * BLOCK :]
    reader = SealedReader(cast(RawFile, io.BytesIO(harmed)), KEY, b"one", "it")
    assert len(reader.read(CHUNK)) == CHUNK
    for _ in range(3):
        with pytest.raises(FileTorn):
            reader.read(1)


class GreedyFile:
    """A disk that takes a few bytes at a time, then has no room."""

    def __init__(self, room: int) -> None:
        self.room = room

    def read(self, most: int, /) -> bytes:
        """Have nothing."""
        return b""

    def write(self, content: bytes, /) -> int:
        """Take at most a thousand bytes."""
        if self.room <= 0:
            raise OSError(28, "No space left on device")
        taken = min(1000, len(content), self.room)
        self.room -= taken
        return taken


def test_a_disk_without_room_is_told() -> None:
    """Short writes go on; no room at all is the person's to know."""
    from pathlib import Path

    writer = SealedWriter(cast(RawFile, GreedyFile(100_000)), KEY, b"one")
    writer.write(bytes(CHUNK))

    with pytest.raises(DiskFull), told(Path("/somewhere")):
        writer.write(bytes(2 * CHUNK))
