"""Checkpoints: other people's weights, taken in as numbers and nothing else.

A checkpoint of PyTorch is a pickle, and a pickle can run code. It is opened once, by
the restricted loader that knows tensors and plain containers only; names and shapes are
compared with what the engine has; what fits is written as safetensors into our folder,
with its digest beside it. From then on only that file is read. Small files that belong
to it, a vocabulary for example, are kept and digested with it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251 - the error only, to answer it
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from avatar_app.errors import DiskFull, EngineNotReady, FolderRefused, WeightsUnfit
from avatar_app.weights.catalogue import fetchable
from avatar_app.weights.fetching import (
    FULL,
    PART,
    digest_of_file,
    need_acceptance,
    told,
    write_whole,
)

if TYPE_CHECKING:
    from torch import Tensor

Shapes = Mapping[str, tuple[int, ...]]
Arrays = dict[str, NDArray[np.float32]]
YOURS = "a file of yours"
_LARGEST = 6_000_000_000  # bytes; the largest published one has 1.9 thousand million
# What the restricted loader says of a file that names something to look up or call.
_WOULD_CALL = ("GLOBAL", "unrecognized function")


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What lies round the weights in an engine's checkpoints.

    Attributes:
        within: Under which name the weights lie; plain ones lie under none.
        prefix: What may stand before every name.
        left_out: First parts of names that only training needs.
        ignored: Classes, by full name, of things that are no weights; they are read
            as empty things, and no code of theirs is run.
    """

    within: str = "state_dict"
    prefix: str = "module."  # what training on several devices puts before every name
    left_out: frozenset[str] = frozenset()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Adopted:
    """Weights that were taken in, whole as they were then.

    Attributes:
        weights: A safetensors file.
        beside: The small files that belong to it, by name.
        sha256: Of the weights.
    """

    weights: Path
    beside: Mapping[str, Path]
    sha256: str


_USUAL = Wrapping()


def adopt_checkpoint(
    path: Path,
    engine: str,
    shapes: Shapes,
    folder: Path,
    wrapping: Wrapping = _USUAL,
    beside: Mapping[str, bytes] | None = None,
) -> str:
    """Take the weights of an engine from a file that the person has.

    Args:
        path: The checkpoint; it is only read.
        engine: Whose weights it holds.
        shapes: Every name it must hold, and no other, with its shape.
        folder: Where ours lie.
        wrapping: What lies round them.
        beside: Small files to keep with them, looked through before.

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
        known = published(path, engine)
    except OSError as error:
        raise WeightsUnfit(path.name, "it is not there or cannot be read") from error
    arrays = _fitting(_numbers(path, wrapping), shapes, path.name)
    place = folder / f"{engine}.safetensors"
    fresh = place.with_name(place.name + PART)
    try:
        with _kept(folder):
            folder.mkdir(parents=True, exist_ok=True)
            save_file(arrays, fresh)
            digest = digest_of_file(fresh)
            fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)
    for name, content in (beside or {}).items():
        write_whole(folder / f"{engine}.{name}", content)
    note = {
        "sha256": digest,
        "from": known,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "beside": {
            name: hashlib.sha256(content).hexdigest()
            for name, content in (beside or {}).items()
        },
    }
    write_whole(folder / f"{engine}.json", json.dumps(note, sort_keys=True).encode())
    return known


@contextmanager
def _kept(folder: Path) -> Iterator[None]:
    """Translate what the disk says through safetensors, too."""
    with told(folder):
        try:
            yield
        except SafetensorError as error:
            number = re.search(r"os error (\d+)", str(error))
            if number and int(number[1]) in FULL:
                raise DiskFull(str(folder)) from error
            raise FolderRefused(str(folder)) from error


def open_adopted(engine: str, folder: Path) -> Arrays:
    """Read the weights that were taken in.

    Raises:
        EngineNotReady: None were, they are damaged, or their licence is not accepted.
    """
    arrays: Arrays = load_file(adopted(engine, folder).weights)
    return arrays


def adopted(engine: str, folder: Path) -> Adopted:
    """Find the weights that were taken in, and see that they are as they were.

    Raises:
        EngineNotReady: None were, they are damaged, or their licence is not accepted.
    """
    place, note = folder / f"{engine}.safetensors", folder / f"{engine}.json"
    if not (place.exists() and note.exists()):
        raise EngineNotReady(engine, "its weights are not here")
    need_acceptance(engine, folder)
    try:
        told_of = json.loads(note.read_text("utf-8"))
        wanted = str(told_of["sha256"])
        beside = {str(n): str(d) for n, d in told_of.get("beside", {}).items()}
        files = {name: folder / f"{engine}.{name}" for name in beside}
        are_whole = digest_of_file(place) == wanted and all(
            digest_of_file(files[name]) == digest for name, digest in beside.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineNotReady(engine, "its weights are damaged") from error
    if not are_whole:
        raise EngineNotReady(engine, "its weights are damaged")
    return Adopted(place, files, wanted)


def published(path: Path, engine: str) -> str:
    """Tell which published file it is; one with only its name or size is refused.

    Raises:
        OSError: It is not there or cannot be read.
        WeightsUnfit: It is not what it seems.
    """
    digest = digest_of_file(path)
    entries = {n: e for n, e in fetchable().items() if e.engine == engine}
    for name, entry in entries.items():
        if digest == entry.sha256:
            return name
    # A file in a folder of its own has the format's name, not its publisher's: others
    # have the same, but not the same size.
    size = path.stat().st_size
    if any(path.name == e.file or size == e.size for e in entries.values()):
        why = "it is damaged, or another file than was published under this name"
        raise WeightsUnfit(path.name, why)
    return YOURS


class _Ignored:
    """Stands in for a thing that is no weights."""


def _numbers(path: Path, wrapping: Wrapping) -> dict[str, Tensor]:
    """Open a checkpoint by the restricted loader; its state dict, names unwrapped."""
    import torch

    empty = [(_Ignored, name) for name in wrapping.ignored]
    try:
        # Tensors and plain containers only: no name in the file is looked up or called.
        with torch.serialization.safe_globals(empty):  # type: ignore[arg-type]
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
    if isinstance(found, dict) and isinstance(found.get(wrapping.within), dict):
        found = found[wrapping.within]
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor)
        for name, value in found.items()
    ):
        raise WeightsUnfit(path.name, "it holds no weights by name")
    bare = {name.removeprefix(wrapping.prefix): value for name, value in found.items()}
    return {n: v for n, v in bare.items() if n.split(".")[0] not in wrapping.left_out}


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
