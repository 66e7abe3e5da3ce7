"""Opening: the digest first, then the numbers. No file is parsed that is not ours."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from avatar_app.bundled import bundled
from avatar_app.errors import WeightsAltered, WeightsMissing
from avatar_app.weights.catalogue import MODELS, catalogue


def open_weights(
    name: str, folder: Path | None = None
) -> tuple[dict[str, NDArray[np.float32]], dict[str, str]]:
    """Read one file of weights that came with the program.

    Args:
        name: As in models/catalogue.toml.
        folder: Where the catalogue and its files lie; the program's own unless given.

    Returns:
        The arrays by name, and what was written beside them.

    Raises:
        WeightsMissing: The catalogue, its entry or the file is not there.
        WeightsAltered: The file's bytes are not those in the catalogue.
    """
    folder = folder or bundled(MODELS)
    entry = catalogue(folder).get(name)
    if entry is None:
        raise WeightsMissing(name)
    try:
        content = (folder / entry.file).read_bytes()
    except OSError as error:
        raise WeightsMissing(entry.file) from error
    if hashlib.sha256(content).hexdigest() != entry.sha256.lower():
        raise WeightsAltered(entry.file)
    return load(content), _beside(content)


def _beside(content: bytes) -> dict[str, str]:
    """Return the words that a safetensors file carries in its head."""
    length = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + length])
    written: dict[str, str] = head.get("__metadata__", {})
    return written
