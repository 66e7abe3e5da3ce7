"""Weights are opened only when they are the ones that came with the program."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from avatar_app.errors import WeightsAltered, WeightsMissing
from avatar_app.weights.catalogue import catalogue
from avatar_app.weights.opening import open_weights


def kept(folder: Path, content: bytes, digest: str) -> Path:
    """Write a catalogue of one file, ``tiny``, and the file."""
    (folder / "tiny.safetensors").write_bytes(content)
    (folder / "catalogue.toml").write_text(
        f'[tiny]\nfile = "tiny.safetensors"\nsha256 = "{digest}"\n'
        'licence = "CC0-1.0"\nsource = "a test"\ntakes = "nothing"\ngives = "two"\n'
    )
    return folder


CONTENT = save({"two": np.array([2.0], np.float32)}, metadata={"by": "us"})
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def test_the_right_bytes_are_opened(tmp_path: Path) -> None:
    """Arrays and the words beside them come back."""
    arrays, written = open_weights("tiny", kept(tmp_path, CONTENT, DIGEST))

    assert arrays["two"].tolist() == [2.0]
    assert written == {"by": "us"}


def test_one_changed_bit_is_refused(tmp_path: Path) -> None:
    """A flipped bit anywhere is noticed before the file is parsed."""
    altered = bytearray(CONTENT)
    altered[-1] ^= 1
    folder = kept(tmp_path, bytes(altered), DIGEST)

    with pytest.raises(WeightsAltered, match=r"tiny\.safetensors") as refused:
        open_weights("tiny", folder)
    assert "packaging/start.py" in refused.value.remedy


@pytest.mark.parametrize("cut", [0, 4, len(CONTENT) // 2])
def test_a_cut_file_is_refused(tmp_path: Path, cut: int) -> None:
    """A download that broke off is not parsed."""
    folder = kept(tmp_path, CONTENT[:cut], DIGEST)

    with pytest.raises(WeightsAltered):
        open_weights("tiny", folder)


def test_what_is_not_there_is_missed(tmp_path: Path) -> None:
    """No catalogue, no entry, no file: each says so."""
    with pytest.raises(WeightsMissing):
        open_weights("tiny", tmp_path / "nowhere")
    folder = kept(tmp_path, CONTENT, DIGEST)
    with pytest.raises(WeightsMissing):
        open_weights("other", folder)
    (folder / "tiny.safetensors").unlink()

    with pytest.raises(WeightsMissing) as missed:
        open_weights("tiny", folder)
    assert missed.value.name == "tiny.safetensors"


@pytest.mark.parametrize("name", list(catalogue()))
def test_everything_in_the_catalogue_opens(name: str) -> None:
    """The files we ship are the ones the catalogue tells of, with a licence."""
    arrays, _ = open_weights(name)

    assert arrays
    assert catalogue()[name].licence
