"""Checkpoints of others come in as numbers that fit, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from avatar_app.errors import EngineNotReady, WeightsUnfit
from avatar_app.weights.checkpoints import YOURS, adopt_checkpoint, open_adopted
from avatar_app.weights.fetching import accept_licence, licence_of

ENGINE = "wav2lip"
SHAPES = {"mouth.weight": (2, 3), "mouth.seen": ()}
Keep = Callable[[object], Path]


def right() -> dict[str, torch.Tensor]:
    """What fits SHAPES."""
    return {
        "mouth.weight": torch.arange(6.0).reshape(2, 3),
        "mouth.seen": torch.tensor(7),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder in which the licence is accepted."""
    place = tmp_path / "ours"
    accept_licence(licence_of(ENGINE), place)
    return place


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Save something as PyTorch would."""

    def kept(content: object) -> Path:
        path = tmp_path / "theirs.pth"
        torch.save(content, path)
        return path

    return kept


@pytest.mark.parametrize("wrapping", ["plain", "training", "old"])
def test_what_fits_is_taken_in(folder: Path, tmp_path: Path, wrapping: str) -> None:
    """Plain, with its optimizer and parallel names, and in the format of 2020."""
    path = tmp_path / "theirs.pth"
    content: object = right()
    if wrapping != "plain":
        content = {
            "state_dict": {f"module.{k}": v for k, v in right().items()},
            "optimizer": {"state": {0: {"step": 3}}},
            "global_step": 5,
        }
    torch.save(content, path, _use_new_zipfile_serialization=wrapping != "old")
    known = adopt_checkpoint(path, ENGINE, SHAPES, folder)
    arrays = open_adopted(ENGINE, folder)

    assert known == YOURS
    assert arrays["mouth.weight"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert arrays["mouth.seen"] == 7
    assert sorted(p.name for p in folder.iterdir()) == [
        "accepted.json",
        "wav2lip.json",
        "wav2lip.safetensors",
    ]


def test_a_safetensors_file_is_taken_in_too(folder: Path, tmp_path: Path) -> None:
    """What the person has in the newer format is as good; a torn one is damaged."""
    path = tmp_path / "theirs.safetensors"
    save_file(right(), path)
    adopt_checkpoint(path, ENGINE, SHAPES, folder)
    path.write_bytes(path.read_bytes()[:-1])

    assert open_adopted(ENGINE, folder)["mouth.weight"][1, 2] == 5
    with pytest.raises(WeightsUnfit, match="damaged, or no checkpoint"):
        adopt_checkpoint(path, ENGINE, SHAPES, folder)


class Canary:
    """Creates a file when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.mkdir, (str(self.place), 0o700)


@pytest.mark.parametrize("where", ["alone", "beside the weights"])
def test_a_file_that_runs_code_does_not(
    folder: Path, keep: Keep, tmp_path: Path, where: str
) -> None:
    """The canary must not exist: nothing in the file is called."""
    canary = Canary(tmp_path / "canary")
    path = keep(canary if where == "alone" else {**right(), "mouth.weight": canary})

    with pytest.raises(WeightsUnfit, match="might run code"):
        adopt_checkpoint(path, ENGINE, SHAPES, folder)

    assert not canary.place.exists()
    assert not (folder / "wav2lip.safetensors").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"mouth.weight": None}, "it lacks 'mouth.weight' and 0 more"),
        ({"nose": torch.zeros(1)}, "it holds 'nose', which the engine has not"),
        ({"mouth.weight": torch.zeros(3, 2)}, r"is \(3, 2\), not \(2, 3\)"),
        ({"mouth.weight": torch.full((2, 3), torch.nan)}, "holds what is no number"),
        ({"mouth.weight": "text"}, "holds no weights by name"),
    ],
)
def test_what_does_not_fit_is_named(
    folder: Path, keep: Keep, change: dict[str, object], sentence: str
) -> None:
    """Missing, unknown, misshapen, not finite, not numbers."""
    changed = {k: v for k, v in {**right(), **change}.items() if v is not None}

    with pytest.raises(WeightsUnfit, match=sentence) as unfit:
        adopt_checkpoint(keep(changed), ENGINE, SHAPES, folder)
    assert "theirs.pth" in str(unfit.value)


@pytest.mark.parametrize("left", [0, 10, 600])
def test_a_torn_file_is_told_as_damaged(folder: Path, keep: Keep, left: int) -> None:
    """Cut anywhere, or no checkpoint at all."""
    path = keep(right())
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(WeightsUnfit, match="damaged, or no checkpoint"):
        adopt_checkpoint(path, ENGINE, SHAPES, folder)
    path.write_text("<!DOCTYPE html> sign in to download")
    with pytest.raises(WeightsUnfit, match="damaged, or no checkpoint"):
        adopt_checkpoint(path, ENGINE, SHAPES, folder)


def test_a_missing_file_is_told_as_missing(folder: Path, tmp_path: Path) -> None:
    """Not there, or a folder."""
    for path in (tmp_path / "nothing.pth", tmp_path):
        with pytest.raises(WeightsUnfit, match="not there or cannot be read"):
            adopt_checkpoint(path, ENGINE, SHAPES, folder)


def test_a_published_name_needs_the_published_bytes(
    folder: Path, keep: Keep, tmp_path: Path
) -> None:
    """A file called wav2lip_gan.pth that is another one is not believed."""
    path = keep(right()).rename(tmp_path / "wav2lip_gan.pth")

    with pytest.raises(WeightsUnfit, match="another file than was published"):
        adopt_checkpoint(path, ENGINE, SHAPES, folder)


def test_nothing_is_taken_in_unaccepted(keep: Keep, tmp_path: Path) -> None:
    """The licence first."""
    with pytest.raises(EngineNotReady, match="licence has not been accepted"):
        adopt_checkpoint(keep(right()), ENGINE, SHAPES, tmp_path / "new")


def test_what_was_taken_in_is_watched(folder: Path, keep: Keep) -> None:
    """Missing, altered, or its licence no longer accepted: a sentence each."""
    with pytest.raises(EngineNotReady, match="its weights are not here") as missing:
        open_adopted(ENGINE, folder)
    adopt_checkpoint(keep(right()), ENGINE, SHAPES, folder)
    place = folder / "wav2lip.safetensors"
    whole = place.read_bytes()
    for torn in (whole[:-8], whole[:-1] + b"\x01", b""):
        place.write_bytes(torn)
        with pytest.raises(EngineNotReady, match="damaged"):
            open_adopted(ENGINE, folder)
    place.write_bytes(whole)
    assert np.isfinite(open_adopted(ENGINE, folder)["mouth.weight"]).all()
    (folder / "accepted.json").unlink()
    with pytest.raises(EngineNotReady, match="licence"):
        open_adopted(ENGINE, folder)

    assert "avatar-app weights wav2lip" in missing.value.remedy
