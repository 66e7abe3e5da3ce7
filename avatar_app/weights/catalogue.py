"""Catalogue: what lies in models/, by whom, under which licence, with which digest.

And what may be added to it by the person's own action (``fetchable``): weights whose
licence does not let us pass them on.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Fetchable:
    """One file of other people's weights, which the person may fetch or choose.

    Attributes:
        engine: Which part of the program it is for.
        file: Its name, as its publisher calls it, below a folder where an engine has
            several with names that say little.
        url: Where it lies, https; empty where none is known.
        sha256: What its bytes must add up to, in hexadecimal.
        size: In bytes.
        licence: Its name, short.
        licence_url: Where the whole of it stands.
        licence_text: What the person is shown and must accept.
        source: Who made it.
        takes: What goes in, in words.
        gives: What comes out, in words.
    """

    engine: str
    file: str
    url: str
    sha256: str
    size: int
    licence: str
    licence_url: str
    licence_text: str
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
    return _read((folder or bundled(MODELS)) / "catalogue.toml")[0]


def fetchable(folder: Path | None = None) -> dict[str, Fetchable]:
    """Return what may be added, by name; arguments and errors as of ``catalogue``."""
    return _read((folder or bundled(MODELS)) / "catalogue.toml")[1]


@functools.lru_cache(8)
def _read(path: Path) -> tuple[dict[str, Weights], dict[str, Fetchable]]:
    try:
        entries = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise WeightsMissing(path.name) from error
    others = entries.pop("fetchable", {})
    others = {name: _whole(entry, others) for name, entry in others.items()}
    return (
        {name: Weights(**entry) for name, entry in entries.items()},
        {name: Fetchable(**entry) for name, entry in others.items()},
    )


def _whole(entry: dict[str, Any], others: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Fill in what an entry says is ``like`` another's."""
    own = dict(entry)
    like = own.pop("like", None)
    return own if like is None else {**others[like], **own}
