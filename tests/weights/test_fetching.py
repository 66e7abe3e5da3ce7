"""Weights are fetched when asked for, whole and right, or not at all."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from avatar_app.errors import (
    DiskFull,
    DownloadAltered,
    DownloadStopped,
    EngineNotReady,
    FolderRefused,
)
from avatar_app.weights.catalogue import Fetchable, fetchable
from avatar_app.weights.fetching import (
    PART,
    accept_licence,
    fetch_engine,
    fetch_weights,
    licence_of,
    need_acceptance,
)
from avatar_app.work import Progress, carry_out
from tests.fakes.server import PlayedServer

CONTENT = np.random.default_rng(0).bytes(1_500_000)


class Played(NamedTuple):
    """A server, the entry of its file, and a folder where its licence is accepted."""

    server: PlayedServer
    entry: Fetchable
    folder: Path


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    """Give a server that serves what the entry promises."""
    with PlayedServer(CONTENT) as server:
        entry = replace(
            licence_of("wav2lip"),
            file="weights.pth",
            url=server.url,
            sha256=hashlib.sha256(CONTENT).hexdigest(),
            size=len(CONTENT),
        )
        accept_licence(entry, tmp_path)
        yield Played(server, entry, tmp_path)


def test_what_can_be_fetched_says_by_whom_and_under_which_terms() -> None:
    """Every entry has an https address, a digest, a size and a licence to read."""
    entries = fetchable()

    assert {"wav2lip", "wav2lip_gan", "xtts", "xtts_config"} <= set(entries)
    for entry in entries.values():
        assert entry.url.startswith("https://")
        assert entry.licence_url.startswith("https://")
        assert len(bytes.fromhex(entry.sha256)) == 32
        assert entry.size > (10**8 if entry.file.endswith(".pth") else 10**3)
        assert "non-commercial" in entry.licence_text
        assert "commercial use" in entry.licence_text.replace("\n", " ")


def test_a_download_arrives_whole(played: Played) -> None:
    """Progress rises to its end, and no part is left."""
    said: list[Progress] = []
    path = carry_out(fetch_weights(played.entry, played.folder), said.append)

    assert path.read_bytes() == CONTENT
    assert not list(played.folder.glob(f"*{PART}"))
    fractions = [step.fraction for step in said]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(fractions) > 4
    assert "2 MB" in said[0].saying


def test_an_engine_of_several_files_arrives_whole(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into a folder of its own, the largest last; what is whole is not asked for."""
    small = replace(played.entry, file="both/config.json")
    large = replace(played.entry, file="both/model.pth", size=len(CONTENT))
    entries = {"large": large, "small": small}
    monkeypatch.setattr("avatar_app.weights.fetching.fetchable", lambda: entries)
    steps: list[Progress] = []
    played.server.breaks_after = 600_000
    with pytest.raises(DownloadStopped):
        carry_out(fetch_engine("wav2lip", played.folder))
    played.server.breaks_after = None
    place = carry_out(fetch_engine("wav2lip", played.folder), steps.append)
    asked = len(played.server.asked)
    carry_out(fetch_engine("wav2lip", played.folder))

    assert place == played.folder / "both"
    assert {path.name for path in place.iterdir()} == {"config.json", "model.pth"}
    assert all(path.read_bytes() == CONTENT for path in place.iterdir())
    assert [step.fraction for step in steps] == sorted(step.fraction for step in steps)
    assert asked == 3
    assert played.server.asked[1].startswith("bytes=")
    assert len(played.server.asked) == asked


def test_without_an_accepted_licence_nobody_is_asked(played: Played) -> None:
    """No byte is requested; another wording has to be accepted anew."""
    other = played.folder / "other"

    with pytest.raises(EngineNotReady, match="licence") as refused:
        carry_out(fetch_weights(played.entry, other))
    accept_licence(replace(played.entry, licence_text="an older wording"), other)
    with pytest.raises(EngineNotReady, match="licence"):
        need_acceptance("wav2lip", other)
    (other / "accepted.json").write_text("[")
    with pytest.raises(EngineNotReady, match="licence"):
        need_acceptance("wav2lip", other)

    assert "avatar-app weights wav2lip" in refused.value.remedy
    assert played.server.asked == []


def test_a_broken_download_goes_on_where_it_was(played: Played) -> None:
    """What arrived stays a part, and only the rest is asked for."""
    played.server.breaks_after = 600_000
    with pytest.raises(DownloadStopped, match=r"weights\.pth.*127\.0\.0\.1"):
        carry_out(fetch_weights(played.entry, played.folder))
    part = played.folder / f"weights.pth{PART}"
    arrived = part.stat().st_size
    played.server.breaks_after = None
    path = carry_out(fetch_weights(played.entry, played.folder))

    assert 0 < arrived <= 600_000
    assert path.read_bytes() == CONTENT
    assert played.server.asked == ["", f"bytes={arrived}-"]


def test_a_stopped_download_goes_on_too(played: Played) -> None:
    """Closing the job keeps the part; a server without ranges starts anew."""
    job = fetch_weights(played.entry, played.folder)
    next(job)
    next(job)
    job.close()
    part = played.folder / f"weights.pth{PART}"
    arrived = part.stat().st_size
    played.server.goes_on = False
    path = carry_out(fetch_weights(played.entry, played.folder))

    assert arrived == 2 << 18
    assert played.server.asked[-1] == f"bytes={arrived}-"
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("kind", ["another", "longer", "shorter"])
def test_another_file_is_thrown_away(played: Played, kind: str) -> None:
    """Wrong bytes are erased, part included; a short one waits for its rest."""
    played.server.content = {
        "another": CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]),
        "longer": b"x" + CONTENT,
        "shorter": CONTENT[:-1],
    }[kind]
    kind_of_news = DownloadStopped if kind == "shorter" else DownloadAltered

    with pytest.raises(kind_of_news) as news:
        carry_out(fetch_weights(played.entry, played.folder))

    assert "weights.pth" in str(news.value)
    assert not (played.folder / "weights.pth").exists()
    kept = (played.folder / f"weights.pth{PART}").exists()
    assert kept == (kind == "shorter")


@pytest.mark.parametrize("code", [404, 416, 503])
def test_what_the_server_refuses_is_one_sentence(played: Played, code: int) -> None:
    """A missing page is told as any other lost download; 416 forgets the part."""
    part = played.folder / f"weights.pth{PART}"
    part.write_bytes(CONTENT[:1000])
    played.server.code = code

    with pytest.raises(DownloadStopped):
        carry_out(fetch_weights(played.entry, played.folder))

    assert part.exists() == (code != 416)


def test_without_a_network_it_says_so(played: Played) -> None:
    """Nobody listens at the address: one sentence, and what to do."""
    silent = replace(played.entry, url="http://127.0.0.1:9/weights.pth")

    with pytest.raises(DownloadStopped) as stopped:
        carry_out(fetch_weights(silent, played.folder))

    assert "connection" in stopped.value.remedy


def test_a_full_disk_is_noticed_before_and_while(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too little room asks for nothing; room that runs out keeps the part."""
    with monkeypatch.context() as now:
        nothing = shutil.disk_usage(played.folder)._replace(free=0)
        now.setattr(shutil, "disk_usage", lambda _: nothing)
        with pytest.raises(DiskFull):
            carry_out(fetch_weights(played.entry, played.folder))
    assert played.server.asked == []

    full = Path("/dev/full")  # takes nothing, as a full disk does
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    (played.folder / f"weights.pth{PART}").symlink_to(full)
    with pytest.raises(DiskFull):
        carry_out(fetch_weights(played.entry, played.folder))


def test_a_folder_that_is_none_is_refused(played: Played, tmp_path: Path) -> None:
    """A file in the folder's place is told in the person's words."""
    taken = tmp_path / "taken"
    taken.write_text("here is a file")

    with pytest.raises(FolderRefused):
        accept_licence(played.entry, taken)
