"""Base voice: what a personal voice knows of speaking before it hears its person.

A network of our own, trained on a few openly licensed readers (models/recipes/voice).
It knows how phonemes follow each other, how long they last and how a tune goes; whose
voice it is to be, it learns from the person's own reading.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.weights.opening import open_weights


@dataclass(frozen=True, slots=True, eq=False)
class BaseVoice:
    """Weights that a personal network starts from.

    Attributes:
        weights: float32, by name.
        symbols: Phonemes in the order of ``names.weight``, whose row 0 stands for all
            others.
        width: Channels of the network.
    """

    weights: Mapping[str, NDArray[np.float32]]
    symbols: tuple[str, ...]
    width: int


@functools.lru_cache(1)
def open_base_voice() -> BaseVoice:
    """Open the base voice that came with the program.

    Raises:
        WeightsMissing: Its file is not there.
        WeightsAltered: Its file is not the one that came with the program.
    """
    tensors, written = open_weights("voice")
    return BaseVoice(
        {name: value.astype(np.float32) for name, value in tensors.items()},
        tuple(json.loads(written["symbols"])),
        int(json.loads(written["sizes"])["width"]),
    )
