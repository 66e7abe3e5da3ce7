"""Train the phone encoder on one CPU thread, in rounds.

    python train.py --work FOLDER --steps 2000 --rate 2e-3 [--from FILE] [--seed 1]

--minutes instead of --steps stops by the clock; only steps repeat.

Reads FOLDER/{espeak,flite,read}.npz; readings without times are left out (align.py
finds their times with the network so far). Writes FOLDER/phones.safetensors (the mean
of the latest weights) and appends to FOLDER/curve.csv every 200 steps.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from disturb import Crop, crop_of, silence, view
from numpy.typing import NDArray
from safetensors.numpy import load_file
from safetensors.torch import save_file
from store import Utterance, load

from avatar_app.weights.mel import BANDS, log_mel
from avatar_app.weights.phone_network import PhoneNetwork, PhoneSizes
from avatar_app.weights.sounds import GESTURES, SOUNDS

CROPS = 10  # per step; each is heard twice
SHARE = {"espeak": 0.36, "flite": 0.16, "read": 0.45}  # the rest is silence
_MEAN_OVER = 0.998  # per step, of the weights that are kept
_SMOOTH = 0.04
_AGREE, _GESTURES = 0.25, 1.0
_CURVE = ["seed", "step", "cpu_s", "rate", "sounds_loss", "gestures_loss",
          "views_apart", "frames_right"]  # fmt: skip


def main() -> None:
    """Train for some minutes and keep the result."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--work", type=Path, required=True)
    length = asked.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=int)
    length.add_argument("--minutes", type=float)
    asked.add_argument("--rate", type=float, default=2e-3)
    asked.add_argument("--last-rate", type=float, default=None)
    asked.add_argument("--from", dest="start", type=Path, default=None)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    dice = np.random.default_rng(options.seed)
    spoken = {name: known(options.work / f"{name}.npz") for name in SHARE}
    spoken = {name: every for name, every in spoken.items() if every}
    network = PhoneNetwork(PhoneSizes())
    if options.start is not None:
        network.load_state_dict(
            {k: torch.from_numpy(v) for k, v in load_file(options.start).items()}
        )
    else:
        network.colour.copy_(torch.from_numpy(usual_colour(spoken, dice)))
    last_rate = options.rate if options.last_rate is None else options.last_rate
    Trainer(network, spoken, dice, options.work, options.seed).run(
        lasting(options.steps, options.minutes), options.rate, last_rate
    )


def lasting(steps: int | None, minutes: float | None) -> Callable[[int], float]:
    """Return what part of the round is over, given the steps done."""
    began = time.monotonic()
    if steps is not None:
        return lambda step: step / steps
    seconds = 60 * (minutes or 0)
    return lambda step: (time.monotonic() - began) / seconds


def known(path: Path) -> list[Utterance]:
    """Read the utterances of a file whose times are known."""
    return [one for one in load(path) if one.spans] if path.exists() else []


def usual_colour(
    spoken: dict[str, list[Utterance]], dice: np.random.Generator
) -> NDArray[np.float32]:
    """Return the mean shape of loud speech: (BANDS,), mean 0."""
    total, mass = np.zeros(BANDS), 0.0
    for every in spoken.values():
        for k in dice.integers(0, len(every), 150):
            mels = log_mel(every[int(k)].pcm / np.float32(32768))
            level = mels.mean(1, keepdims=True)
            loud = np.exp(0.5 * level)
            loud /= loud.max() + 1e-9
            total += (loud * (mels - level)).sum(0)
            mass += float(loud.sum())
    return (total / mass).astype(np.float32)


class Trainer:
    """One run: draws crops, steps, keeps a running mean of the weights."""

    def __init__(
        self,
        network: PhoneNetwork,
        spoken: dict[str, list[Utterance]],
        dice: np.random.Generator,
        folder: Path,
        seed: int,
    ) -> None:
        self.seed = seed
        self.network, self.spoken = network, spoken
        self.dice, self.folder = dice, folder
        self.colour = network.colour.numpy().copy()
        self.mean = {k: v.clone() for k, v in network.state_dict().items()}
        decayed = [p for p in network.parameters() if p.ndim > 1]
        others = [p for p in network.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": 0.02},
                {"params": others, "weight_decay": 0.0},
            ],
            betas=(0.9, 0.98),
        )

    def run(self, over: Callable[[int], float], rate: float, last_rate: float) -> None:
        """Step until the round is over; then save."""
        said, spent, step = [], time.process_time(), 0
        while (share := over(step)) < 1:
            warm = min(1.0, (step + 1) / 150)
            # A cosine from the first rate to the last.
            now = last_rate + (rate - last_rate) * 0.5 * (1 + np.cos(np.pi * share))
            for group in self.optimizer.param_groups:
                group["lr"] = warm * now
            said.append(self.step())
            step += 1
            keep = min(_MEAN_OVER, step / (step + 20))
            for name, value in self.network.state_dict().items():
                self.mean[name].lerp_(value, 1 - keep)
            if step % 200 == 0:
                self.note(step, time.process_time() - spent, now, said)
                said = []
        self.save()

    def step(self) -> tuple[float, float, float, float]:
        """Learn from one handful of crops; return the losses and the accuracy."""
        crops = self.draw()
        others = [crop.samples for crop in crops]
        heard = np.stack(
            [view(c, others, self.colour, self.dice) for _ in range(2) for c in crops]
        )
        sounds = torch.from_numpy(np.stack([crop.sounds for crop in crops] * 2))
        wanted = torch.from_numpy(np.stack([crop.gestures for crop in crops] * 2))
        # Half the digits: 0.09 s instead of 0.21 s where the CPU knows bfloat16.
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outcome = self.network(torch.from_numpy(heard))
        narrow, logits, gestures = (one.float() for one in outcome)
        named = F.cross_entropy(
            logits.flatten(0, 1),
            sounds.flatten(),
            ignore_index=-1,
            label_smoothing=_SMOOTH,
        )
        moved = F.binary_cross_entropy_with_logits(gestures, wanted)
        one, two = narrow.chunk(2)
        apart = F.mse_loss(one, two)
        loss = named + _GESTURES * moved + _AGREE * apart
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimizer.step()
        told = sounds >= 0
        right = float((logits.argmax(-1) == sounds)[told].float().mean())
        losses = [float(one.detach()) for one in (named, moved, apart)]
        return losses[0], losses[1], losses[2], right

    def draw(self) -> list[Crop]:
        """Draw crops from every kind of speech, and some silence."""
        kinds, weights = list(self.spoken), [SHARE[kind] for kind in self.spoken]
        crops = []
        for _ in range(CROPS):
            if self.dice.random() < 1 - sum(SHARE.values()):
                crops.append(silence(self.dice))
                continue
            kind = self.dice.choice(kinds, p=np.array(weights) / sum(weights))
            every = self.spoken[str(kind)]
            crops.append(crop_of(every[int(self.dice.integers(len(every)))], self.dice))
        return crops

    def note(
        self, step: int, spent: float, rate: float, said: Sequence[tuple[float, ...]]
    ) -> None:
        """Write one row of the curve and keep the weights so far."""
        row = [self.seed, step, round(spent), f"{rate:.2e}"]
        row += [f"{value:.4f}" for value in np.mean(said, axis=0)]
        path = self.folder / "curve.csv"
        began = path.exists()
        with path.open("a", newline="") as file:
            csv.writer(file).writerows([row] if began else [_CURVE, row])
        sys.stdout.write(" ".join(map(str, row)) + "\n")
        sys.stdout.flush()
        self.save()

    def save(self) -> None:
        """Keep the mean weights, with what is needed to open them."""
        sizes = asdict(PhoneSizes())
        about = {
            "sizes": json.dumps(sizes),
            "sounds": " ".join(SOUNDS),
            "gestures": " ".join(GESTURES),
        }
        tensors = {name: value.contiguous() for name, value in self.mean.items()}
        save_file(tensors, self.folder / "phones.part", metadata=about)
        (self.folder / "phones.part").rename(self.folder / "phones.safetensors")


if __name__ == "__main__":
    main()
