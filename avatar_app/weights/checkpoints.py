"""Checkpoints: other people's weights, taken in as numbers and nothing else.

A checkpoint of PyTorch is a pickle, and a pickle can run code. It is opened once, by
the restricted loader that knows tensors and plain containers only; names and shapes are
compared with what the engine has; what fits is written as safetensors into our folder,
with its digest beside it. From then on only that file is read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251 - the error only, to answer it
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from avatar_app.errors import EngineNotReady, WeightsUnfit
from avatar_app.weights.catalogue import fetchable
from avatar_app.weights.fetching import digest_of_file, need_acceptance, write_whole

if TYPE_CHECKING:
    from torch import Tensor

Shapes = Mapping[str, tuple[int, ...]]
Arrays = dict[str, NDArray[np.float32]]
YOURS = "a file of yours"
_LARGEST = 2_000_000_000  # bytes; the largest published one has 436 million
# What the restricted loader says of a file that names something to look up or call.
_WOULD_CALL = ("GLOBAL", "unrecognized function")
_PARALLEL = "module."  # what training on several devices puts before every name


def adopt_checkpoint(path: Path, engine: str, shapes: Shapes, folder: Path) -> str:
    """Take the weights of an engine from a file that the person has.

    Args:
        path: The checkpoint; it is only read.
        engine: Whose weights it holds.
        shapes: Every name it must hold, and no other, with its shape.
        folder: Where ours lie.

    Returns:
        The catalogue's name of it, or ``YOURS`` where it is none of the published.

    Raises:
        EngineNotReady: Its licence has not been accepted.
        WeightsUnfit: It is missing, damaged, another file than its name says, holds
            more than numbers, or does not fit.
        DiskFull, FolderRefused: There is no place for it.
    """
    need_acceptance(engine, folder)
    try:
        if path.stat().st_size > _LARGEST:
            raise WeightsUnfit(path.name, "it is far too large")
        known = _known(path, engine)
    except OSError as error:
        raise WeightsUnfit(path.name, "it is not there or cannot be read") from error
    content = save(_fitting(_numbers(path), shapes, path.name))
    note = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "from": known,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_whole(folder / f"{engine}.safetensors", content)
    write_whole(folder / f"{engine}.json", json.dumps(note, sort_keys=True).encode())
    return known


def open_adopted(engine: str, folder: Path) -> Arrays:
    """Read the weights that were taken in.

    Raises:
        EngineNotReady: None were, they are damaged, or their licence is not accepted.
    """
    place, note = folder / f"{engine}.safetensors", folder / f"{engine}.json"
    if not (place.exists() and note.exists()):
        raise EngineNotReady(engine, "its weights are not here")
    need_acceptance(engine, folder)
    try:
        wanted = json.loads(note.read_text("utf-8"))["sha256"]
        content = place.read_bytes()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineNotReady(engine, "its weights are damaged") from error
    if hashlib.sha256(content).hexdigest() != wanted:
        raise EngineNotReady(engine, "its weights are damaged")
    return load(content)


def _known(path: Path, engine: str) -> str:
    """Tell which published file it is; one that only has its name is refused."""
    digest = digest_of_file(path)
    entries = {n: e for n, e in fetchable().items() if e.engine == engine}
    for name, entry in entries.items():
        if digest == entry.sha256:
            return name
    if path.name in {entry.file for entry in entries.values()}:
        why = "it is damaged, or another file than was published under this name"
        raise WeightsUnfit(path.name, why)
    return YOURS


def _numbers(path: Path) -> dict[str, Tensor]:
    """Open a checkpoint by the restricted loader; its state dict, names unwrapped."""
    import torch

    try:
        # Tensors and plain containers only: no name in the file is looked up or called.
        found = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
    except UnpicklingError as error:
        if any(word in str(error) for word in _WOULD_CALL):
            why = "it holds more than numbers, and might run code"
        else:
            why = "it is damaged, or no checkpoint"
        raise WeightsUnfit(path.name, why) from error
    except (
        *(RuntimeError, EOFError, ValueError, KeyError, OSError),
        SafetensorError,  # PyTorch opens such files too
    ) as error:
        raise WeightsUnfit(path.name, "it is damaged, or no checkpoint") from error
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor)
        for name, value in found.items()
    ):
        raise WeightsUnfit(path.name, "it holds no weights by name")
    return {name.removeprefix(_PARALLEL): value for name, value in found.items()}


def _fitting(found: Mapping[str, Tensor], shapes: Shapes, file: str) -> Arrays:
    """Compare names and shapes, and turn tensors into arrays."""
    missing = [name for name in shapes if name not in found]
    if missing:
        raise WeightsUnfit(file, f"it lacks '{missing[0]}' and {len(missing) - 1} more")
    for name in found:
        if name not in shapes:
            raise WeightsUnfit(file, f"it holds '{name}', which the engine has not")
    arrays: Arrays = {}
    for name, shape in shapes.items():
        array = found[name].detach().cpu().numpy()
        if array.shape != shape:
            raise WeightsUnfit(file, f"'{name}' is {array.shape}, not {shape}")
        if array.dtype.kind == "f":
            array = np.ascontiguousarray(array, np.float32)
            if not np.isfinite(array).all():
                raise WeightsUnfit(file, f"'{name}' holds what is no number")
        arrays[name] = array
    return arrays
