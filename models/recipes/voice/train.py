"""Train the voice's base network on many readers, on one CPU thread.

    python train.py --work FOLDER --steps 4000 [--rate 2e-3] [--seed 1]
        [--without READER ...]

Reads the READER.npz that gather.py wrote. Every reader has a vector of their own while
it learns; the mean of those is what an unknown person starts from. Writes
FOLDER/voice.safetensors (the mean of the latest weights) and appends to
FOLDER/curve.csv every 200 steps, with the loss on readings kept for watching.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from avatar_app.fit.voice.network import Player, Sheet, Sizes
from avatar_app.fit.voice.training import Example, batch_of, loss_of, scale_of

WIDTH = 256
DROPPED = 0.1  # hours of speech need less than minutes
_MEAN_OVER = 0.998
_READERS = 2  # per step, four crops of each
_WATCHED = 16  # last readings of each reader
_CURVE = ["seed", "step", "cpu_s", "rate", "loss", "watched"]


def main() -> None:
    """Train for some steps and keep the result."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--work", type=Path, required=True)
    asked.add_argument("--steps", type=int, required=True)
    asked.add_argument("--rate", type=float, default=2e-3)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--without", nargs="*", default=[])
    asked.add_argument("--name", default="voice")
    options = asked.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    readers: dict[str, list[Example]] = {}
    symbols: tuple[str, ...] = ()
    for path in sorted(options.work.glob("*.npz")):
        if path.stem not in options.without:
            symbols, readers[path.stem] = load(path)
    trainer = Trainer(readers, symbols, options.seed)
    trainer.run(options.steps, options.rate, options.work, options.name)


def load(path: Path) -> tuple[tuple[str, ...], list[Example]]:
    """Read what gather.py wrote of one reader."""
    with np.load(path) as file:
        rows = {name: file[name] for name in file.files}
    ends = rows["counts"].cumsum(0)
    examples = []
    for (n, t, frames), (end_n, end_t, end_f) in zip(rows["counts"], ends, strict=True):
        segments, steps = slice(end_n - n, end_n), slice(end_t - t, end_t)
        sheet = Sheet(
            rows["names"][segments],
            rows["described"][segments].astype(np.float32),
            rows["owner"][steps],
            rows["position"][steps].astype(np.float32),
            rows["guide"][steps].astype(np.float32),
        )
        played = rows["played"][end_f - frames : end_f].astype(np.float32)
        examples.append(Example(sheet, rows["durations"][segments], played))
    return tuple(rows["symbols"].tolist()), examples


class Voices(nn.Module):
    """The player, and a vector of each reader that is added where it enters."""

    def __init__(self, sizes: Sizes, readers: int) -> None:
        super().__init__()
        self.player = Player(sizes)
        self.who = nn.Parameter(torch.zeros(readers, 2, sizes.width))
        self.reader = 0
        for module in self.player.modules():
            if isinstance(module, nn.Dropout) and module.p != 0.3:
                module.p = DROPPED
        self.player.enter.register_forward_hook(self._reading)
        self.player.begin.register_forward_hook(self._playing)

    def _reading(self, _module: nn.Module, _given: object, made: Tensor) -> Tensor:
        return made + self.who[self.reader, 0]

    def _playing(self, _module: nn.Module, _given: object, made: Tensor) -> Tensor:
        return made + self.who[self.reader, 1]


class Trainer:
    """One run."""

    def __init__(
        self, readers: dict[str, list[Example]], symbols: tuple[str, ...], seed: int
    ) -> None:
        self.symbols, self.seed = symbols, seed
        self.names = list(readers)
        self.known = [every[:-_WATCHED] for every in readers.values()]
        self.kept = [every[-_WATCHED:] for every in readers.values()]
        self.scales = [scale_of(every) for every in self.known]
        hours = np.array([sum(len(e.played) for e in every) for every in self.known])
        self.odds = np.sqrt(hours) / np.sqrt(hours).sum()
        self.voices = Voices(Sizes(len(symbols), WIDTH), len(readers))
        self.mean = {k: v.clone() for k, v in self.voices.state_dict().items()}
        self.dice = np.random.default_rng(seed)

    def run(self, steps: int, rate: float, folder: Path, name: str) -> None:
        """Step, note, save."""
        optimizer = torch.optim.AdamW(
            self.voices.parameters(), lr=rate, weight_decay=1e-2, betas=(0.9, 0.98)
        )
        spent, said = time.process_time(), []
        self.voices.train()
        for step in range(1, steps + 1):
            now = (
                rate
                * min(1.0, step / 100)
                * (0.505 + 0.495 * np.cos(np.pi * step / steps))
            )
            for group in optimizer.param_groups:
                group["lr"] = now
            chosen = self.dice.choice(len(self.known), _READERS, p=self.odds)
            losses = []
            for reader in chosen:
                self.voices.reader = int(reader)
                drawn = int(self.dice.integers(1 << 40))
                batch = batch_of(self.known[reader], self.scales[reader], drawn)
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    losses.append(loss_of(self.voices.player, batch))
            loss = torch.stack(losses).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.voices.parameters(), 1.0)
            optimizer.step()
            said.append(float(loss.detach()))
            keep = min(_MEAN_OVER, step / (step + 20))
            for key, value in self.voices.state_dict().items():
                self.mean[key].lerp_(value, 1 - keep)
            if step % 200 == 0:
                cpu = time.process_time() - spent
                self.note([self.seed, step, round(cpu), f"{now:.2e}"], said, folder)
                said = []
                self.save(folder / f"{name}.safetensors")
        self.save(folder / f"{name}.safetensors")

    def note(self, row: list[object], said: Sequence[float], folder: Path) -> None:
        """Write one row of the curve."""
        row += [f"{np.mean(said):.4f}", f"{self.watch():.4f}"]
        path = folder / "curve.csv"
        began = path.exists()
        with path.open("a", newline="") as file:
            csv.writer(file).writerows([row] if began else [_CURVE, row])
        sys.stdout.write(" ".join(map(str, row)) + "\n")
        sys.stdout.flush()

    def watch(self) -> float:
        """Return the loss on the readings kept for watching."""
        voices = Voices(Sizes(len(self.symbols), WIDTH), len(self.known))
        voices.load_state_dict(self.mean)
        voices.eval()
        losses = []
        with torch.inference_mode():
            for reader, kept in enumerate(self.kept):
                voices.reader = reader
                batches = (batch_of(kept, self.scales[reader], k) for k in range(3))
                losses += [float(loss_of(voices.player, batch)) for batch in batches]
        return float(np.mean(losses))

    def save(self, path: Path) -> None:
        """Keep the player as an unknown person would start with it."""
        who = self.mean["who"].mean(0)
        tensors = {
            name.removeprefix("player."): value.clone()
            for name, value in self.mean.items()
            if name.startswith("player.")
        }
        tensors["enter.bias"] += who[0]
        tensors["begin.bias"] += who[1]
        about = {
            "sizes": json.dumps(asdict(Sizes(len(self.symbols), WIDTH))),
            "symbols": json.dumps(self.symbols),
        }
        halves = {k: v.half().contiguous() for k, v in tensors.items()}
        part = path.with_suffix(".part")
        save_file(halves, part, metadata=about)
        part.rename(path)


if __name__ == "__main__":
    main()
