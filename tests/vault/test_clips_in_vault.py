"""A whole take in the real vault: sealed as it is recorded, refused when it is torn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar_app.capture.clips import read_pictures, read_sound
from avatar_app.capture.recording import record_take
from avatar_app.capture.records import forget_take, reopen_take
from avatar_app.errors import FileTorn, VaultLocked
from avatar_app.vault.key import Cost
from avatar_app.vault.vault import Vault
from avatar_app.work import carry_out
from tests.fakes.devices import prompts, sitting

WORDS = "correct horse battery"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a vault that holds a take."""
    vault = Vault.new(tmp_path / "vault", WORDS, Cost(1, 64, 1))
    carry_out(record_take(*sitting(), prompts(), vault))
    vault.lock()
    return tmp_path / "vault"


def test_a_take_survives_locking(folder: Path) -> None:
    """Every picture and the sound come back through the seal."""
    take = reopen_take(Vault.unlock(folder, WORDS))

    for clip in take.clips:
        assert len(list(read_pictures(take, clip))) == clip.frames
        assert np.abs(read_sound(take, clip).samples).max() > 0.09


def test_nothing_of_it_lies_open(folder: Path) -> None:
    """No file shows what it is: neither Matroska's magic number nor a prompt."""
    for place in folder.iterdir():
        content = place.read_bytes()
        assert not content.startswith(b"\x1a\x45\xdf\xa3")
        for telling in (b"matroska", b"H264", b"x264", b"One two", b"clip-00"):
            assert telling not in content


def test_a_flip_anywhere_in_a_clip_is_refused(folder: Path) -> None:
    """The decoder never sees altered bytes; the person sees one sentence."""
    take = reopen_take(Vault.unlock(folder, WORDS))
    clip = take.clips[0]
    draw = np.random.default_rng(0)
    places = sorted(folder.glob("*.sealed"), key=lambda place: place.stat().st_size)
    refused = 0
    for _ in range(30):
        for place in places:
            whole = place.read_bytes()
            at = int(draw.integers(len(whole)))
            place.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            try:
                list(read_pictures(take, clip))
            except FileTorn:
                refused += 1
            place.write_bytes(whole)

    assert refused == 30  # of four files, one is the clip


def test_locking_stops_the_decoder(folder: Path) -> None:
    """Whoever is reading when the vault is locked reads no further."""
    vault = Vault.unlock(folder, WORDS)
    take = reopen_take(vault)
    vault.lock()
    with pytest.raises(VaultLocked):
        list(read_pictures(take, take.clips[0]))


def test_forgetting_a_take_leaves_no_file(folder: Path) -> None:
    """Index and key stay, the footage is gone."""
    vault = Vault.unlock(folder, WORDS)
    forget_take(vault)

    assert not list(folder.glob("*.sealed"))
    assert not list(vault.names())
