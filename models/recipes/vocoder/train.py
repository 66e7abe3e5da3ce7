"""Train the vocoder on one CPU thread, in rounds.

    python train.py --work FOLDER --steps 5000 --rate 1e-3 [--from FILE] [--seed 1]

--minutes instead of --steps stops by the clock; only steps repeat. Writes
FOLDER/vocoder.safetensors, the mean of the latest weights as they were when the watched
readings were copied best, and appends to FOLDER/curve.csv every 250 steps.
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
from draw import Speech, crop, load, odds
from safetensors.numpy import load_file
from safetensors.torch import save_file
from torch import Tensor

from avatar_app.weights.vocoder_network import VocoderNetwork, VocoderSizes

CROPS = 8  # per step
_MEAN_OVER = 0.998  # per step, of the weights that are kept
_FFTS = (2048, 1024, 512, 256, 128)
_LOOKS = 3  # of these sizes per step
_FAINT = 1e-4  # amplitude at which a bin no longer counts
_MELS = 1.0
_NOTED = 250
_EVENED = 0.4  # of the crops
_CURVE = ["seed", "step", "cpu_s", "rate", "spectra", "mels", "watched"]


def main() -> None:
    """Train for some steps and keep the best."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--work", type=Path, required=True)
    length = asked.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=int)
    length.add_argument("--minutes", type=float)
    asked.add_argument("--rate", type=float, default=1e-3)
    asked.add_argument("--last-rate", type=float, default=None)
    asked.add_argument("--from", dest="start", type=Path, default=None)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    network = VocoderNetwork(VocoderSizes())
    if options.start is not None:
        tensors = load_file(options.start)
        network.load_state_dict(
            {k: torch.from_numpy(v.astype(np.float32)) for k, v in tensors.items()}
        )
    last_rate = options.rate if options.last_rate is None else options.last_rate
    Trainer(network, load(options.work), options.work, options.seed).run(
        lasting(options.steps, options.minutes), options.rate, last_rate
    )


def lasting(steps: int | None, minutes: float | None) -> Callable[[int], float]:
    """Return what part of the round is over, given the steps done."""
    began = time.monotonic()
    if steps is not None:
        return lambda step: step / steps
    seconds = 60 * (minutes or 0)
    return lambda step: (time.monotonic() - began) / seconds


class Trainer:
    """One run: draws crops, steps, keeps a running mean of the weights."""

    def __init__(
        self, network: VocoderNetwork, speech: Speech, folder: Path, seed: int
    ) -> None:
        self.network, self.speech, self.folder = network, speech, folder
        self.seed, self.dice = seed, np.random.default_rng(seed)
        self.odds = odds(speech)
        self.mean = {k: v.clone() for k, v in network.state_dict().items()}
        self.best = float("inf")
        decayed = [p for p in network.parameters() if p.ndim > 1]
        others = [p for p in network.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": 0.01},
                {"params": others, "weight_decay": 0.0},
            ],
            betas=(0.9, 0.98),
        )
        watching = np.random.default_rng(0)
        watched = np.flatnonzero(speech.watched)
        crops = [crop(speech, int(k), watching, is_plain=True) for k in watched]
        self.watched = torch.from_numpy(np.stack([one[0] for one in crops]))
        self.watched_tunes = torch.from_numpy(np.stack([one[1] for one in crops]))

    def run(self, over: Callable[[int], float], rate: float, last_rate: float) -> None:
        """Step until the round is over."""
        said, spent, step = [], time.process_time(), 0
        while (share := over(step)) < 1:
            warm = min(1.0, (step + 1) / 200)
            # A cosine from the first rate to the last.
            now = last_rate + (rate - last_rate) * 0.5 * (1 + np.cos(np.pi * share))
            for group in self.optimizer.param_groups:
                group["lr"] = warm * now
            said.append(self.step())
            step += 1
            keep = min(_MEAN_OVER, step / (step + 20))
            for name, value in self.network.state_dict().items():
                self.mean[name].lerp_(value, 1 - keep)
            if step % _NOTED == 0:
                self.note(step, time.process_time() - spent, now, said)
                said = []

    def step(self) -> tuple[float, float]:
        """Learn from one handful of crops; return the losses."""
        numbers = self.dice.choice(len(self.odds), CROPS, p=self.odds)
        crops = [crop(self.speech, int(k), self.dice) for k in numbers]
        wanted = torch.from_numpy(np.stack([one[0] for one in crops]))
        tunes = torch.from_numpy(np.stack([one[1] for one in crops]))
        with torch.no_grad():
            mels = self.network.mels(wanted)
            # Now and then without harmonics: other tunes are to be spoken over it.
            given, even = mels.clone(), torch.rand(CROPS) < _EVENED
            if even.any():
                given[even] = self.network.mels(wanted[even], tunes[even])
        # Half the digits: many times as fast where the CPU knows bfloat16.
        with torch.autocast("cpu", dtype=torch.bfloat16):
            pulses, breath = self.network.shape(given, tunes)
        made, other = (
            self.network.sound(
                pulses, breath, tunes, torch.randn_like(wanted), torch.rand(CROPS)
            )
            for _ in range(2)
        )
        sizes = self.dice.choice(_FFTS, _LOOKS, replace=False).tolist()
        spectra = spectra_apart([made, other], wanted, sizes)
        seen = (self.network.mels(made) - mels).abs().mean()
        loss = spectra + _MELS * seen
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        return float(spectra.detach()), float(seen.detach())

    def note(
        self, step: int, spent: float, rate: float, said: Sequence[tuple[float, ...]]
    ) -> None:
        """Write one row of the curve; keep the weights if they are the best so far."""
        watched = self.watch()
        row = [self.seed, step, round(spent), f"{rate:.2e}"]
        row += [f"{value:.4f}" for value in [*np.mean(said, axis=0), watched]]
        path = self.folder / "curve.csv"
        began = path.exists()
        with path.open("a", newline="") as file:
            csv.writer(file).writerows([row] if began else [_CURVE, row])
        sys.stdout.write(" ".join(map(str, row)) + "\n")
        sys.stdout.flush()
        save(self.mean, self.folder / "latest.safetensors")
        if watched < self.best:
            self.best = watched
            save(self.mean, self.folder / "vocoder.safetensors")

    def watch(self) -> float:
        """How far copies of the watched readings are from them."""
        network = VocoderNetwork(self.network.sizes)
        network.load_state_dict(self.mean)
        dice = torch.Generator().manual_seed(0)
        noise = torch.randn(self.watched.shape, generator=dice)
        with torch.inference_mode():
            mels = network.mels(self.watched)
            half_a_turn = torch.full((len(mels),), 0.5)
            pulses, breath = network.shape(mels, self.watched_tunes)
            made, other = (
                network.sound(pulses, breath, self.watched_tunes, one, begun)
                for one, begun in ((noise, None), (noise.flip(1), half_a_turn))
            )
            apart = spectra_apart([made, other], self.watched, _FFTS)
            return float(apart + _MELS * (network.mels(made) - mels).abs().mean())


def spectra_apart(made: list[Tensor], wanted: Tensor, sizes: Sequence[int]) -> Tensor:
    """Energy distance of spectrograms at several resolutions.

    Two copies of the same recording shall be near it, but not nearer each other than
    it is: else noise is best copied by something even, which is heard as metal.

    Args:
        made: Two copies (B, S) that differ in what is random.
        wanted: (B, S) the recordings.
        sizes: Of the windows, in samples.

    Source:
        Gritsenko and others, "A Spectral Energy Distance for Parallel Speech
        Synthesis" (2020), equation 5.
    """
    losses = []
    for size in sizes:
        one, other, real = (_spectrum(x, size) for x in (*made, wanted))
        scale = real.square().sum((1, 2)).sqrt()
        near = _apart(one, real, scale) + _apart(other, real, scale)
        losses.append(near - _apart(one, other, scale))
    return torch.stack(losses).mean()


def _apart(one: Tensor, other: Tensor, scale: Tensor) -> Tensor:
    logs = (torch.log(one + _FAINT) - torch.log(other + _FAINT)).abs().mean()
    away = (one - other).square().sum((1, 2)).sqrt() / scale
    return logs + away.clamp(max=3.0).mean()


def _spectrum(samples: Tensor, size: int) -> Tensor:
    window = torch.hann_window(size)
    spectra = torch.stft(samples, size, size // 4, window=window, return_complex=True)
    power = spectra.real**2 + spectra.imag**2
    return (power / window.square().sum() + 1e-12).sqrt()


def save(weights: dict[str, Tensor], path: Path) -> None:
    """Write weights with what is needed to open them, at half precision."""
    about = {"sizes": json.dumps(asdict(VocoderSizes()))}
    tensors = {name: value.half().contiguous() for name, value in weights.items()}
    part = path.with_suffix(".part")
    save_file(tensors, part, metadata=about)
    part.rename(path)


if __name__ == "__main__":
    main()
