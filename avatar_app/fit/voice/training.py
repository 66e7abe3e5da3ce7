"""Training the acoustic network on one person, and playing sentences with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from avatar_app.fit.voice.articulation import nearest
from avatar_app.fit.voice.network import (
    STRIDE,
    Floats,
    Ints,
    Player,
    Sheet,
    Sizes,
    described,
    lay_out,
)
from avatar_app.fit.voice.score import Score
from avatar_app.fit.voice.vocoder import CEPSTRUM
from avatar_app.weights.base_voice import BaseVoice
from avatar_app.work import Job, Progress

_CROP = 300  # steps of the clock per example, 3 s
_BATCH = 4
_SAVE_EVERY = 100
# The base can speak already. Of 22 sentences, 10 held out: 7.12 dB so, 7.18 dB with
# twice the rate and three times the updates, 7.45 dB from nothing.
_FASTEST = 5e-4
_SHORTEST = 3  # frames: what a phoneme always gets

Weights = Mapping[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One reading to learn from.

    Attributes:
        sheet: What was read.
        durations: (N) frames of every segment.
        played: (frames, OUTPUTS) how it sounded.
    """

    sheet: Sheet
    durations: Ints
    played: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Means and deviations that bring targets to about -1 to 1.

    Attributes:
        mean: (OUTPUTS).
        deviation: (OUTPUTS).
        tempo: (2) mean and deviation of log durations in frames.
    """

    mean: Floats
    deviation: Floats
    tempo: Floats


def scale_of(examples: Sequence[Example]) -> Scale:
    """Measure the scale of one person's readings."""
    played = np.concatenate([example.played for example in examples])
    longs = np.concatenate([np.log(e.durations[1:-1]) for e in examples])
    return Scale(
        played.mean(0),
        played.std(0) + np.float32(1e-3),
        np.array([longs.mean(), longs.std() + 1e-3], np.float32),
    )


def updates_for(seconds: float) -> int:
    """How many training steps so much speech is worth."""
    return int(np.clip(16 * seconds**0.5, 120, 500))


def started_from(base: BaseVoice, symbols: Sequence[str]) -> dict[str, Floats]:
    """Return the weights of a base voice for one person's phonemes.

    A phoneme that the base never heard starts as the one that is made most like it.
    """
    rows = [0] + [base.symbols.index(nearest(s, base.symbols)) + 1 for s in symbols]
    return {**base.weights, "names.weight": base.weights["names.weight"][rows]}


def train(
    examples: Sequence[Example],
    scale: Scale,
    base: Weights,
    seed: int,
    keep: Callable[[int, Weights], None],
    begun: tuple[int, Weights] | None = None,
) -> Job[dict[str, Floats]]:
    """Teach a network how one person speaks.

    Args:
        examples: Readings.
        scale: Of these readings.
        base: Weights to start from, from ``started_from``.
        seed: The same seed gives the same voice.
        keep: Called now and then with the updates done and everything that is needed
            to go on from there.
        begun: What ``keep`` was last given, to go on from there.

    Returns:
        The weights.
    """
    total = updates_for(sum(len(e.played) for e in examples) / 200)
    with _alone(seed):
        symbols, _ = base["names.weight"].shape
        width, _ = base["begin.weight"].shape
        player = Player(Sizes(symbols - 1, width))
        player.load_state_dict({k: torch.tensor(v) for k, v in base.items()})
        optimizer = torch.optim.AdamW(
            player.parameters(), lr=_FASTEST, weight_decay=1e-2, betas=(0.9, 0.98)
        )
        done = 0
        if begun is not None:
            done = _resume(player, optimizer, *begun)
    player.train()
    for update in range(done, total):
        if update % 10 == 0:
            yield Progress(update, total, "Learning your voice")
        with _alone(seed * 100_003 + update):
            for group in optimizer.param_groups:
                group["lr"] = _FASTEST * _pace(update / total)
            loss = loss_of(player, batch_of(examples, scale, seed * 100_003 + update))
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(player.parameters(), 1.0)
            optimizer.step()
        if (update + 1) % _SAVE_EVERY == 0 and update + 1 < total:
            keep(update + 1, _everything(player, optimizer))
    return {name: value.numpy() for name, value in player.state_dict().items()}


class Playing:
    """A trained network that plays scores."""

    def __init__(
        self, weights: Weights, sizes: Sizes, scale: Scale, symbols: Sequence[str]
    ) -> None:
        self._player = Player(sizes)
        self._player.load_state_dict(
            {name: torch.from_numpy(np.array(v)) for name, v in weights.items()}
        )
        self._player.eval()
        self._scale = scale
        self._symbols = tuple(symbols)

    def durations(self, score: Score, tempo: float = 1.0) -> Ints:
        """How many frames every segment lasts, pauses included: (N)."""
        mean, deviation = self._scale.tempo
        with _alone(0), torch.no_grad():
            longs = self._player.time(self._read(score))[0].numpy()
        frames = np.exp(longs * deviation + mean) * tempo
        return np.asarray(np.maximum(np.round(frames), _SHORTEST), np.int64)

    def play(self, score: Score, durations: Ints) -> Floats:
        """How a score sounds: (frames, OUTPUTS)."""
        sheet = lay_out(score, durations, self._symbols)
        with _alone(0), torch.no_grad():
            out = self._player.play(
                self._read(score),
                torch.from_numpy(sheet.owner)[None],
                torch.from_numpy(sheet.position)[None],
                torch.from_numpy(sheet.guide)[None],
            )[0, : int(durations.sum())].numpy()
        return np.asarray(out * self._scale.deviation + self._scale.mean, np.float32)

    def _read(self, score: Score) -> Tensor:
        names, rows = described(score, self._symbols)
        return self._player.read(
            torch.from_numpy(names)[None],
            torch.from_numpy(rows)[None],
            torch.ones(1, len(names)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Stretches of some readings, B together."""

    names: Tensor  # (B, N)
    rows: Tensor  # (B, N, ...)
    real: Tensor  # (B, N) 1 where there is a segment
    timed: Tensor  # (B, N) 1 where a duration is to be learned
    longs: Tensor  # (B, N) scaled log durations
    owner: Tensor  # (B, T)
    position: Tensor  # (B, T, ...)
    guide: Tensor  # (B, T, ...)
    played: Tensor  # (B, STRIDE T, OUTPUTS) scaled
    heard: Tensor  # (B, STRIDE T, 1) 1 where there is sound


def batch_of(examples: Sequence[Example], scale: Scale, seed: int) -> Batch:
    """Draw some readings, more often the longer they are, and a stretch of each."""
    dice = np.random.default_rng(seed)
    lengths = np.array([len(e.played) for e in examples], float)
    chosen = dice.choice(len(examples), _BATCH, p=lengths / lengths.sum())
    drawn = [examples[k] for k in chosen]
    most = max(len(e.durations) for e in drawn)
    steps = min(_CROP, max(len(e.sheet.owner) for e in drawn))
    filled: dict[str, list[Floats]] = {}

    def add(name: str, rows: Floats | Ints, length: int) -> None:
        room = [(0, length - len(rows))] + [(0, 0)] * (rows.ndim - 1)
        filled.setdefault(name, []).append(np.pad(rows, room))

    mean, deviation = scale.tempo
    for example in drawn:
        sheet, count = example.sheet, len(example.durations)
        inner = np.zeros(count, np.float32)
        inner[1:-1] = 1
        add("names", sheet.names, most)
        add("rows", sheet.described, most)
        add("real", np.ones(count, np.float32), most)
        add("timed", inner, most)
        longs = (np.log(example.durations) - mean) / deviation
        add("longs", longs.astype(np.float32), most)
        first = int(dice.integers(0, max(1, len(sheet.owner) - steps + 1)))
        part = slice(first, first + steps)
        add("owner", sheet.owner[part], steps)
        add("position", sheet.position[part], steps)
        add("guide", sheet.guide[part], steps)
        played = example.played[first * STRIDE : (first + steps) * STRIDE]
        played = (played - scale.mean) / scale.deviation
        add("played", played.astype(np.float32), steps * STRIDE)
        add("heard", np.ones((len(played), 1), np.float32), steps * STRIDE)
    return Batch(**{k: torch.from_numpy(np.stack(v)) for k, v in filled.items()})


def loss_of(player: Player, batch: Batch) -> Tensor:
    """Distance of sound, of how the sound changes, and of durations."""
    seen = player.read(batch.names, batch.rows, batch.real)
    guide = batch.guide + 0.1 * torch.randn_like(batch.guide)
    made = player.play(seen, batch.owner, batch.position, guide)
    weight = torch.ones(made.shape[-1])
    weight[CEPSTRUM // 2 : CEPSTRUM] = 0.6  # fine structure: least heard, most noise
    weight[CEPSTRUM:] = 3.0  # pitch and voicing are two numbers against forty
    weight = weight / weight.sum() * batch.heard
    away = made - batch.played
    level = ((away.abs() + 0.5 * away**2) * weight).sum() / batch.heard.sum()
    change = ((away[:, 1:] - away[:, :-1]).abs() * weight[:, 1:]).sum()
    longs = functional.huber_loss(player.time(seen), batch.longs, reduction="none")
    timing = (longs * batch.timed).sum() / batch.timed.sum()
    return level + change / batch.heard.sum() + 0.3 * timing


def _pace(share: float) -> float:
    """Learning rate over training: a short run-up, then a cosine down to a little."""
    return min(1.0, share / 0.05 + 0.05) * (0.51 + 0.49 * float(np.cos(np.pi * share)))


@contextmanager
def _alone(seed: int) -> Iterator[None]:
    """One thread and dice of our own, so that the same work gives the same numbers."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def _everything(player: Player, optimizer: torch.optim.Optimizer) -> dict[str, Floats]:
    """Weights and the optimizer's two memories of each, by name."""
    kept = {}
    for name, value in player.named_parameters():
        memory = optimizer.state[value]
        kept[name] = value.detach().numpy().copy()
        kept[f"{name}/first"] = memory["exp_avg"].numpy().copy()
        kept[f"{name}/second"] = memory["exp_avg_sq"].numpy().copy()
    return kept


def _resume(
    player: Player, optimizer: torch.optim.Optimizer, done: int, kept: Weights
) -> int:
    """Put ``_everything`` back; returns the updates done."""
    with torch.no_grad():
        for name, value in player.named_parameters():
            value.copy_(torch.from_numpy(kept[name].copy()))
            optimizer.state[value] = {
                "step": torch.tensor(float(done)),
                "exp_avg": torch.from_numpy(kept[f"{name}/first"].copy()),
                "exp_avg_sq": torch.from_numpy(kept[f"{name}/second"].copy()),
            }
    return done
