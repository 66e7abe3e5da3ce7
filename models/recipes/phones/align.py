"""Find when each sound of the readings is spoken, with the network trained so far.

    python align.py --work FOLDER

Rewrites FOLDER/read.npz with times: the likeliest path through each text's sounds, a
pause allowed between words. The worst-fitting readings lose their times: their text or
their sound is wrong.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file
from store import Utterance, load, save

from avatar_app.weights.mel import evened, log_mel
from avatar_app.weights.phone_network import PhoneNetwork
from avatar_app.weights.sounds import SoundSpan

_RATE_HZ = 100
_PAUSE_COSTS = 2.0  # log likelihood: a closure is no pause
_WORST = 0.04
_PRIOR = 0.4  # part of the logarithm of a sound's frequency that is taken away
_LEAST = -6.0  # of a frame's log posterior: one bad frame shall not rule a path

Array = NDArray[np.float64]


def main() -> None:
    """Align every reading."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--work", type=Path, required=True)
    options = asked.parse_args()
    torch.set_num_threads(1)
    weights = load_file(options.work / "phones.safetensors")
    network = open_network(weights)
    readings = load(options.work / "read.npz")
    likely = [hear(network, one) for one in readings]
    prior = np.log(np.concatenate([np.exp(one[::7]) for one in likely]).mean(0))
    fits = []
    for one, heard in zip(readings, likely, strict=True):
        one.spans, fit = align(np.maximum(heard, _LEAST) - _PRIOR * prior, one.words)
        fits.append(fit)
    least = float(np.quantile(fits, _WORST))
    for one, fit in zip(readings, fits, strict=True):
        if fit < least:
            one.spans = []
    save(options.work / "read.npz", readings)
    quarters = np.quantile(fits, [0, _WORST, 0.25, 0.5, 0.75, 1])
    sys.stdout.write(f"fit per frame: {quarters.round(2).tolist()}\n")


def open_network(weights: dict[str, NDArray[np.float32]]) -> PhoneNetwork:
    """Build the network with these weights."""
    from avatar_app.weights.phone_network import PhoneSizes

    network = PhoneNetwork(PhoneSizes())
    network.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()})
    return network.eval()


def hear(network: PhoneNetwork, one: Utterance) -> Array:
    """Return log posteriors of one utterance, (T, sounds) at 100 a second."""
    mels = evened(log_mel(one.pcm / np.float32(32768)), network.colour.numpy())
    mels = mels[: len(mels) // 2 * 2]
    with torch.inference_mode():
        logits = network(torch.from_numpy(mels)[None])[1][0]
        coarse = torch.log_softmax(logits, -1).double().numpy()
    fine = np.arange(2 * len(coarse)) / 2 - 0.25
    low = np.clip(np.floor(fine).astype(int), 0, len(coarse) - 1)
    high = np.minimum(low + 1, len(coarse) - 1)
    part = np.clip(fine - low, 0, 1)[:, None]
    blended: Array = coarse[low] * (1 - part) + coarse[high] * part
    return blended


def align(likely: Array, words: list[list[int]]) -> tuple[list[SoundSpan], float]:
    """Return the spans of the likeliest path and its mean log likelihood."""
    sounds, segments, entries = _chain(words)
    scores = likely[:, sounds]
    count, states = scores.shape
    # A state may be reached from the one before, or, over a pause, from two before.
    skippable = np.zeros(states, bool)
    skippable[2:] = entries[1:-1] > 0
    best = np.full(states, -1e18)
    best[0], best[1] = scores[0, 0] - _PAUSE_COSTS, scores[0, 1]
    came = np.zeros((count, states), np.int8)
    for t in range(1, count):
        stepped = np.full(states, -1e18)
        stepped[1:] = best[:-1]
        skipped = np.full(states, -1e18)
        skipped[2:] = best[:-2]
        skipped[~skippable] = -1e18
        choices = np.stack([best, stepped - entries, skipped])
        came[t] = choices.argmax(0)
        best = choices.max(0) + scores[t]
    at = states - 1 if best[-1] >= best[-2] else states - 2
    fit = float(best[at] / count)
    path = np.zeros(count, np.int64)
    for t in range(count - 1, -1, -1):
        path[t] = at
        at -= int(came[t, at])
    passed = segments[path]
    edges = np.flatnonzero(np.diff(passed)) + 1
    starts = np.concatenate([[0], edges, [count]]) / _RATE_HZ
    spans = [
        SoundSpan(int(sounds[path[int(a * _RATE_HZ + 0.5)]]), float(a), float(b))
        for a, b in itertools.pairwise(starts)
    ]
    return spans, fit


def _chain(
    words: list[list[int]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Row up the states: a pause, then per word its sounds of two states, a pause."""
    sounds, segments, entries = [0], [0], [_PAUSE_COSTS]
    segment = 0
    for word in words:
        for sound in word:
            segment += 1
            sounds += [sound, sound]
            segments += [segment, segment]
            entries += [0.0, 0.0]
        segment += 1
        sounds.append(0)
        segments.append(segment)
        entries.append(_PAUSE_COSTS)
    return np.array(sounds), np.array(segments), np.array(entries)


if __name__ == "__main__":
    main()
