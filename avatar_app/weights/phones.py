"""Phones: what is being said in a sound, whoever says it.

A small network of our own, trained on openly licensed speech of people and machines
(models/recipes/phones). The lips listen to its bottleneck; alignment to its posteriors.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from avatar_app.media import Sound
from avatar_app.weights import mel
from avatar_app.weights.opening import open_weights
from avatar_app.weights.sounds import GESTURES, SOUNDS

if TYPE_CHECKING:
    from avatar_app.weights.phone_network import PhoneNetwork

RATE_HZ = 50
_MELS_PER_FRAME = mel.FRAMES_HZ // RATE_HZ
_TOGETHER, _MARGIN = 3000, 32  # frames at once, and what they hear beyond

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """What was heard; frame i is centred at (i + 0.5) / rate_hz seconds.

    Attributes:
        posteriors: (T, len(SOUNDS)) how likely each sound is; every row sums to 1.
        bottleneck: (T, 64) what the network needed to tell: mean 0, deviation 1 a row.
        gestures: (T, len(GESTURES)) in [0, 1], what the mouth does in such sounds,
            neighbours blended in.
        rate_hz: Frames per second; T is round(seconds * rate_hz).
    """

    posteriors: Array
    bottleneck: Array
    gestures: Array
    rate_hz: int = RATE_HZ


class PhoneEncoder:
    """Hears sounds, mouth gestures and a speaker-free description in speech.

    Attributes:
        symbols: The sounds, in the order of the posteriors; the first is silence.
        gestures: The gestures, in the order of a Hearing's.
    """

    symbols = SOUNDS
    gestures = GESTURES

    def __init__(self, network: PhoneNetwork) -> None:
        self._network = network
        self._colour = network.colour.numpy()

    def hear(self, sound: Sound) -> Hearing:
        """Listen to a sound of any length, rate and level."""
        import torch

        count = round(sound.seconds * RATE_HZ)
        heard = sound.at(mel.EAR_HZ).samples
        mels = mel.evened(mel.log_mel(heard, count * _MELS_PER_FRAME), self._colour)
        posteriors = np.empty((count, len(SOUNDS)), np.float32)
        bottleneck = np.empty((count, self._network.sizes.bottleneck), np.float32)
        gestures = np.empty((count, len(GESTURES)), np.float32)
        for first in range(0, count, _TOGETHER):
            last = min(count, first + _TOGETHER)
            begin, end = max(0, first - _MARGIN), min(count, last + _MARGIN)
            part = mels[begin * _MELS_PER_FRAME : end * _MELS_PER_FRAME]
            with torch.inference_mode():
                narrow, sounds, moved = self._network(torch.from_numpy(part)[None])
                inner = slice(first - begin, last - begin)
                posteriors[first:last] = sounds[0, inner].softmax(-1).numpy()
                bottleneck[first:last] = narrow[0, inner].numpy()
                gestures[first:last] = moved[0, inner].sigmoid().numpy()
        return Hearing(posteriors, bottleneck, gestures)


@functools.lru_cache(1)
def open_phone_encoder() -> PhoneEncoder:
    """Open the phone encoder that came with the program.

    Raises:
        WeightsMissing: Its file is not there.
        WeightsAltered: Its file is not the one that came with the program.
    """
    import torch

    from avatar_app.weights.phone_network import PhoneNetwork, PhoneSizes

    tensors, written = open_weights("phones")
    if tuple(written["sounds"].split()) != SOUNDS:
        raise ValueError("the weights were trained for other sounds than sounds.py's")
    network = PhoneNetwork(PhoneSizes(**json.loads(written["sizes"])))
    network.load_state_dict({k: torch.from_numpy(v) for k, v in tensors.items()})
    return PhoneEncoder(network.eval().requires_grad_(requires_grad=False))
