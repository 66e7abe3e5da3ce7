"""Parcel: named arrays and a note about them as one block of bytes.

The block is a safetensors file; the note is JSON in its header, together with a
SHA-256 of the arrays, so that a torn or altered parcel is never opened.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar_app.errors import FileTorn

Arrays = dict[str, NDArray[Any]]


def pack(arrays: Mapping[str, NDArray[Any]], note: Mapping[str, Any]) -> bytes:
    """Wrap arrays and a note that JSON can hold."""
    from safetensors.numpy import save

    whole = {name: np.ascontiguousarray(value) for name, value in arrays.items()}
    about = {"note": json.dumps(note, sort_keys=True), "digest": _digest(whole)}
    block: bytes = save(whole, metadata=about)
    return block


def unpack(block: bytes, name: str) -> tuple[Arrays, dict[str, Any]]:
    """Unwrap what ``pack`` wrapped.

    Raises:
        FileTorn: The block was cut short or altered; ``name`` is told to the person.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays: Arrays = load(block)
        size = int.from_bytes(block[:8], "little")
        about = json.loads(block[8 : 8 + size])["__metadata__"]
        note: dict[str, Any] = json.loads(about["note"])
        is_whole = about["digest"] == _digest(arrays)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise FileTorn(name) from error
    if not is_whole:
        raise FileTorn(name)
    return arrays, note


def _digest(arrays: Arrays) -> str:
    seal = hashlib.sha256()
    for name in sorted(arrays):
        seal.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        seal.update(arrays[name].tobytes())
    return seal.hexdigest()
