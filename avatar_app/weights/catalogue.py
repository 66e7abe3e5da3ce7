"""Catalogue: what lies in models/, by whom, under which licence, with which digest."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from avatar_app.bundled import bundled
from avatar_app.errors import WeightsMissing

MODELS = "models"


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of weights, as models/catalogue.toml tells it.

    Attributes:
        file: Its name in models/.
        sha256: What its bytes must add up to, in hexadecimal.
        licence: Under which it may be passed on.
        source: Where it came from: the recipe or the project that made it.
        takes: What goes in, in words.
        gives: What comes out, in words.
    """

    file: str
    sha256: str
    licence: str
    source: str
    takes: str
    gives: str


def catalogue(folder: Path | None = None) -> dict[str, Weights]:
    """Return everything in the catalogue, by name.

    Args:
        folder: Where catalogue.toml lies; the program's own unless given.

    Raises:
        WeightsMissing: There is no catalogue.
    """
    return _read((folder or bundled(MODELS)) / "catalogue.toml")


@functools.lru_cache(8)
def _read(path: Path) -> dict[str, Weights]:
    try:
        entries = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise WeightsMissing(path.name) from error
    return {name: Weights(**entry) for name, entry in entries.items()}
