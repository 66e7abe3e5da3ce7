"""Vault: sealed, whole or absent, and shut when it is locked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from avatar_app.errors import (
    DiskFull,
    FileTorn,
    FolderRefused,
    ShortPassphrase,
    VaultLocked,
    WrongPassphrase,
)
from avatar_app.shelf import Shelf
from avatar_app.vault.key import Cost
from avatar_app.vault.vault import Vault, erase_vault

WORDS = "correct horse battery"
CHEAP = Cost(passes=1, memory_kib=64, lanes=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder that is not there yet."""
    return tmp_path / "vault"


@pytest.fixture
def vault(folder: Path) -> Vault:
    """Give an unlocked vault, cheap to guess."""
    return Vault.new(folder, WORDS, CHEAP)


def sealed_files(folder: Path) -> list[Path]:
    """List the files that hold somebody's bytes."""
    return sorted(folder.glob("*.sealed"))


def test_what_is_kept_comes_back(vault: Vault, folder: Path) -> None:
    """Also after locking and unlocking, and through the port every room uses."""
    shelf: Shelf = vault
    shelf.write("take/notes.json", b"hello")
    shelf.write("avatar/voice.safetensors", b"\0" * 100_000)
    vault.lock()

    again = Vault.unlock(folder, WORDS)
    assert again.read("take/notes.json") == b"hello"
    assert again.read("avatar/voice.safetensors") == b"\0" * 100_000
    assert list(again.names()) == ["avatar/voice.safetensors", "take/notes.json"]
    assert list(again.names("take/")) == ["take/notes.json"]
    assert "take/notes.json" in again
    assert "take" not in again


def test_the_folder_tells_nothing(vault: Vault, folder: Path) -> None:
    """Neither contents nor names lie there to be read, and only we may look."""
    vault.write("take/anna-reads.mkv", b"the words of anna" * 100)

    for place in folder.iterdir():
        assert "anna" not in place.name
        assert b"anna" not in place.read_bytes()
        assert place.stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_wrong_passphrase_opens_nothing(vault: Vault, folder: Path) -> None:
    """The sentence is about the passphrase, not about damage."""
    for words in ("", "Correct horse battery", WORDS + " ", "x" * 1000):
        with pytest.raises(WrongPassphrase):
            Vault.unlock(folder, words)


def test_a_short_passphrase_is_not_taken(folder: Path) -> None:
    """Nine characters are too few, and no vault comes of it."""
    with pytest.raises(ShortPassphrase):
        Vault.new(folder, "ninechars", CHEAP)

    assert not Vault.exists(folder)


def test_the_usual_cost_is_what_the_standard_asks(folder: Path) -> None:
    """Argon2id with three passes over 64 MiB in four lanes, written down."""
    Vault.new(folder, WORDS)

    cost = json.loads((folder / "vault.key").read_bytes())["cost"]
    assert cost == {"passes": 3, "memory_kib": 65536, "lanes": 4}
    assert Vault.unlock(folder, WORDS)


def test_the_passphrase_changes_without_resealing(vault: Vault, folder: Path) -> None:
    """The files stay as they are; the old words no longer open them."""
    vault.write("a", b"kept")
    before = {place.name: place.read_bytes() for place in sealed_files(folder)}

    with pytest.raises(WrongPassphrase):
        vault.change_passphrase("not the old one", "another phrase", CHEAP)
    vault.change_passphrase(WORDS, "another phrase", CHEAP)

    after = {place.name: place.read_bytes() for place in sealed_files(folder)}
    assert before == after
    assert Vault.unlock(folder, "another phrase").read("a") == b"kept"
    with pytest.raises(WrongPassphrase):
        Vault.unlock(folder, WORDS)


def test_a_locked_vault_does_nothing(vault: Vault) -> None:
    """Every call is refused, on files that were open before as well."""
    vault.write("a", bytes(300_000))
    reader = vault.open("a")
    reader.read(10)
    vault.lock()

    assert vault.is_locked
    for call in (
        lambda: vault.read("a"),
        lambda: vault.write("b", b"x"),
        lambda: vault.erase("a"),
        lambda: list(vault.names()),
        lambda: "a" in vault,
        lambda: reader.read(),
        lambda: vault.change_passphrase(WORDS, "another phrase"),
    ):
        with pytest.raises(VaultLocked):
            call()


def test_locking_midway_leaves_nothing(vault: Vault, folder: Path) -> None:
    """A file being written when the vault is locked is not kept."""

    def write_and_lock() -> None:
        with vault.create("a") as writer:
            writer.write(b"x" * 100_000)
            vault.lock()

    with pytest.raises(VaultLocked):
        write_and_lock()

    assert not list(folder.glob("*.part"))
    assert "a" not in Vault.unlock(folder, WORDS)


def test_an_error_leaves_the_old_state(vault: Vault, folder: Path) -> None:
    """A writer left by an error changes nothing."""
    vault.write("a", b"old")

    def fail() -> None:
        with vault.create("a") as writer:
            writer.write(b"new")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()

    assert vault.read("a") == b"old"
    assert not list(folder.glob("*.part"))


def test_replacing_leaves_one_file(vault: Vault, folder: Path) -> None:
    """The old bytes go when the new ones are safe, even with a reader on them."""
    vault.write("a", b"old" * 100_000)
    with vault.open("a") as reader:
        assert reader.read(3) == b"old"
        vault.write("a", b"new")
        assert reader.read() == b"old" * 99_999

    assert vault.read("a") == b"new"
    assert len(sealed_files(folder)) == 1


def test_erasing_forgets(vault: Vault, folder: Path) -> None:
    """The name, the bytes and the key are gone; the others stay."""
    vault.write("a", b"one")
    vault.write("b", b"two")
    vault.erase("a")
    vault.erase("never/there")

    assert list(vault.names()) == ["b"]
    assert len(sealed_files(folder)) == 1
    with pytest.raises(KeyError):
        vault.open("a")


def test_an_erased_file_put_back_stays_closed(vault: Vault, folder: Path) -> None:
    """Somebody who kept a copy of the sealed bytes has no key to them any more."""
    vault.write("a", b"one")
    place = sealed_files(folder)[0]
    copy = place.read_bytes()
    vault.erase("a")
    place.write_bytes(copy)

    again = Vault.unlock(folder, WORDS)
    assert "a" not in again
    assert not place.exists()


def test_everything_can_be_erased(vault: Vault, folder: Path) -> None:
    """The folder is gone and the vault locked; no passphrase is needed for it."""
    vault.write("a", b"one")
    vault.erase_everything()

    assert not folder.exists()
    with pytest.raises(VaultLocked):
        vault.read("a")
    erase_vault(folder)  # once more, on nothing


def test_erasing_spares_what_is_not_ours(vault: Vault, folder: Path) -> None:
    """A stranger's file in the folder survives."""
    (folder / "holiday.jpg").write_bytes(b"sun")
    vault.erase_everything()

    assert [place.name for place in folder.iterdir()] == ["holiday.jpg"]


def test_a_folder_of_other_things_is_refused(folder: Path) -> None:
    """A vault does not move in among somebody's documents."""
    folder.mkdir()
    (folder / "thesis.odt").write_bytes(b"years")
    with pytest.raises(FolderRefused):
        Vault.new(folder, WORDS, CHEAP)
    with pytest.raises(FolderRefused):
        Vault.unlock(folder, WORDS)


def test_harm_to_any_file_is_noticed(vault: Vault, folder: Path) -> None:
    """Three hundred seeded harms to key, index and contents: none is accepted."""
    content = np.random.default_rng(0).bytes(200_000)
    vault.write("a", content)
    vault.write("b", content[::-1])
    draw, accepted = np.random.default_rng(1), []
    for number in range(300):
        place = sorted(
            folder.glob("vault.[ki]*") if number % 3 else sealed_files(folder)
        )[int(draw.integers(2))]
        whole = place.read_bytes()
        at = int(draw.integers(len(whole)))
        if draw.integers(4):
            flipped = whole[at] ^ (1 << int(draw.integers(8)))
            harmed = whole[:at] + bytes([flipped]) + whole[at + 1 :]
        else:
            harmed = whole[:at]
        place.write_bytes(harmed)
        try:
            opened = Vault.unlock(folder, WORDS)
            if (opened.read("a"), opened.read("b")) == (content, content[::-1]):
                accepted.append((place.name, at))
        except (FileTorn, WrongPassphrase):
            pass
        place.write_bytes(whole)

    assert accepted == []
    assert Vault.unlock(folder, WORDS).read("a") == content


def test_files_cannot_trade_places_or_go_back(vault: Vault, folder: Path) -> None:
    """Neither another name's bytes nor the same name's older bytes are taken."""
    vault.write("a", b"first of a")
    old = sealed_files(folder)[0].read_bytes()
    vault.write("a", b"second of a")
    (second,) = sealed_files(folder)
    vault.write("b", b"only b")
    (of_b,) = [place for place in sealed_files(folder) if place != second]
    fresh = second.read_bytes()

    for harm in (old, of_b.read_bytes()):
        second.write_bytes(harm)
        with pytest.raises(FileTorn):
            vault.read("a")
    second.write_bytes(fresh)
    assert vault.read("a") == b"second of a"
    second.unlink()
    with pytest.raises(FileTorn):
        vault.read("a")


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="no such flag here")
def test_a_link_in_the_folder_is_not_followed(vault: Vault, folder: Path) -> None:
    """A sealed file that turned into a link leads nowhere, also when erasing."""
    vault.write("a", b"one")
    (place,) = sealed_files(folder)
    outside = folder.parent / "outside"
    outside.write_bytes(place.read_bytes())
    place.unlink()
    place.symlink_to(outside)
    with pytest.raises(FileTorn):
        vault.read("a")

    (folder / "vault.key").rename(outside)
    (folder / "vault.key").symlink_to(outside)
    kept = outside.read_bytes()
    with pytest.raises(FileTorn):
        Vault.unlock(folder, WORDS)
    erase_vault(folder)
    assert outside.read_bytes() == kept


LEADING_ELSEWHERE = [".", "..", "/", "a/", "/a", "a//b", "../a", "a/../b", "a/./b"]
DEVICES = ["nul", "con.mkv", "take/aux", "com1", "lpt9.x", "c:\\a", "a\\b", "a:b"]
NOT_PLAIN = ["", "A", "a b", "a\0b", "a\n", "a.", "a/b.", "ä", "~", "$home", "a" * 101]


@pytest.mark.parametrize("name", [*LEADING_ELSEWHERE, *DEVICES, *NOT_PLAIN])
def test_a_name_is_only_a_name(vault: Vault, folder: Path, name: str) -> None:
    """Nothing that could lead elsewhere, on any system, is taken for a name."""
    with pytest.raises(ValueError, match="not a shelf name"):
        vault.write(name, b"x")
    with pytest.raises(ValueError, match="not a shelf name"):
        vault.erase(name)
    with pytest.raises(KeyError):
        vault.open(name)
    assert not sealed_files(folder)


WRITES_FOREVER = """
import sys
from pathlib import Path
from avatar_app.vault.vault import Vault
vault = Vault.unlock(Path(sys.argv[1]), sys.argv[2])
print("ready", flush=True)
turn = 0
while True:
    turn += 1
    vault.write("a", b"%d" % turn * 200_000)
"""


def test_a_kill_leaves_the_old_state_or_the_new(vault: Vault, folder: Path) -> None:
    """Killed at a dozen moments while it writes, the vault opens and is whole."""
    vault.write("a", b"0" * 200_000)
    draw = np.random.default_rng(4)
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", WRITES_FOREVER, str(folder), WORDS],
            stdout=subprocess.PIPE,
        ) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            try:
                writer.wait(float(draw.uniform(0.0, 0.05)))
            except subprocess.TimeoutExpired:
                writer.kill()

        again = Vault.unlock(folder, WORDS)
        whole = again.read("a")
        assert whole == whole[: len(whole) // 200_000] * 200_000
        assert len(sealed_files(folder)) == 1
        assert not list(folder.glob("*.part"))


def test_two_programs_share_a_vault(vault: Vault, folder: Path) -> None:
    """What one writes the other sees; a file being written survives an unlock."""
    other = Vault.unlock(folder, WORDS)
    with vault.create("a") as writer:
        writer.write(b"half")
        third = Vault.unlock(folder, WORDS)
        third.write("b", b"other")
        writer.write(b" and half")

    assert other.read("a") == b"half and half"
    assert list(other.names()) == ["a", "b"]


def test_memory_stays_flat() -> None:
    """A stream of 64 MB through the vault takes a few chunks of memory."""
    code = """
import resource, sys, tempfile
from pathlib import Path
from avatar_app.vault.key import Cost
from avatar_app.vault.vault import Vault
with tempfile.TemporaryDirectory() as folder:
    vault = Vault.new(Path(folder) / "v", "correct horse battery", Cost(1, 64, 1))
    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    def run(megabytes):
        with vault.create("a") as writer:
            for _ in range(megabytes):
                writer.write(bytes(1 << 20))
        with vault.open("a") as reader:
            held = 0
            while part := reader.read(1 << 20):
                held += len(part)
        assert held == megabytes << 20
    run(4)
    before = peak()
    run(64)
    print(peak() - before)
"""
    grown_kib = int(subprocess.check_output([sys.executable, "-c", code]))

    assert grown_kib < 4096


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """Mount a disk of two megabytes, where we may."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip("no small disk can be mounted here")
    return disk


def test_a_full_disk_changes_nothing(
    small_disk: Path, request: pytest.FixtureRequest
) -> None:
    """The sentence names the folder, the old bytes stay, and no temp is left."""
    request.addfinalizer(
        lambda: subprocess.run(["umount", "-l", str(small_disk)], check=True)
    )
    vault = Vault.new(small_disk / "vault", WORDS, CHEAP)
    vault.write("a", bytes(500_000))

    with pytest.raises(DiskFull, match="vault"):
        vault.write("a", bytes(5_000_000))

    assert vault.read("a") == bytes(500_000)
    assert not list((small_disk / "vault").glob("*.part"))
    vault.write("b", b"small things still fit")


def test_a_file_where_the_folder_should_be_is_refused(folder: Path) -> None:
    """The person learns which folder cannot be used."""
    folder.write_bytes(b"a file")
    with pytest.raises(FolderRefused, match="vault"):
        Vault.new(folder / "inside", WORDS, CHEAP)
    with pytest.raises(FolderRefused):
        Vault.unlock(folder, WORDS)
