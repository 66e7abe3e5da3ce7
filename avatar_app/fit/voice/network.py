"""The acoustic network: from a score to durations, envelopes, pitch and voicing.

Read it from top to bottom: sizes, what goes in, the network. Two convolutional parts:
one reads phonemes in their sentence, one plays them on a 10 ms clock beside the guide
(espeak-ng's own speech, bent to the same times), which it learns to turn into the
person's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from avatar_app.fit.voice.articulation import ARTICULATION, articulation
from avatar_app.fit.voice.hearing import FRAME_S
from avatar_app.fit.voice.score import CONTEXT, GUIDE, Score
from avatar_app.fit.voice.vocoder import CEPSTRUM

OUTPUTS = CEPSTRUM + 2  # envelope, log of the pitch, voiced
_POSITION = 6
DROPPED = 0.2  # while it learns one person
STRIDE = 2  # frames of 5 ms per step of the clock

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of the network; saved beside its weights.

    Attributes:
        symbols: Phoneme names it knows by heart; 0 stands for all others.
        width: Channels everywhere.
    """

    symbols: int
    width: int = 128


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A score laid on a clock, ready for the network; T counts steps of 10 ms.

    Attributes:
        names: (N) symbol numbers.
        described: (N, ARTICULATION + CONTEXT).
        owner: (T) segment of every step.
        position: (T, _POSITION) where in its segment a step is.
        guide: (T, GUIDE) espeak-ng at the same place of the same phoneme.
    """

    names: Ints
    described: Floats
    owner: Ints
    position: Floats
    guide: Floats


def described(score: Score, symbols: Sequence[str]) -> tuple[Ints, Floats]:
    """Number and describe the segments of a score."""
    known = {symbol: k + 1 for k, symbol in enumerate(symbols)}
    names = np.array([known.get(symbol, 0) for symbol in score.symbols])
    made = np.stack([articulation(symbol) for symbol in score.symbols])
    return names, np.concatenate([made, score.context], axis=1)


def lay_out(score: Score, durations: Ints, symbols: Sequence[str]) -> Sheet:
    """Lay a score on the clock that these durations (frames) make."""
    names, rows = described(score, symbols)
    frames = np.repeat(np.arange(len(durations)), durations)[::STRIDE]
    starts = np.cumsum(durations) - durations
    since = np.arange(len(frames)) * STRIDE - starts[frames] + 0.5 * STRIDE
    length = durations[frames]
    share = np.clip(since / length, 0, 1)
    position = np.stack(
        [
            share,
            np.sin(np.pi * share),
            np.minimum(since, 20) / 20,
            np.minimum(length - since, 20) / 20,
            np.minimum(length, 60) / 60,
            np.cos(np.pi * share),
        ],
        axis=1,
    )
    phone = score.phones[frames]
    begin, end = score.guide.spans[phone].T
    heard = np.clip(
        ((begin + share * (end - begin)) / FRAME_S).round().astype(int),
        0,
        len(score.guide.frames) - 1,
    )
    guide = np.where(phone[:, None] >= 0, score.guide.frames[heard], 0)
    return Sheet(
        names, rows, frames, position.astype(np.float32), guide.astype(np.float32)
    )


class Player(nn.Module):
    """The network: ``read`` a sentence, ``time`` it, ``play`` it."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.names = nn.Embedding(sizes.symbols + 1, 48)
        self.enter = nn.Linear(48 + ARTICULATION + CONTEXT, width)
        self.reading = nn.ModuleList(Turn(width, 1) for _ in range(3))
        self.timing = nn.Sequential(
            nn.Linear(width, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 1)
        )
        self.begin = nn.Linear(width + _POSITION + GUIDE, width)
        self.playing = nn.ModuleList(Turn(width, gap) for gap in (1, 2, 4, 1))
        self.end = nn.Linear(width, STRIDE * OUTPUTS)

    def read(self, names: Tensor, rows: Tensor, real: Tensor) -> Tensor:
        """Understand every segment in its sentence: (B, N, width)."""
        if self.training:  # now and then a name is hidden: unknown ones must work too
            names = names * (torch.rand(names.shape) > 0.05)
        seen: Tensor = self.enter(torch.cat([self.names(names), rows], -1))
        for turn in self.reading:
            seen = turn(seen * real[..., None])
        return seen

    def time(self, seen: Tensor) -> Tensor:
        """Scaled log durations: (B, N)."""
        longs: Tensor = self.timing(seen)[..., 0]
        return longs

    def play(
        self, seen: Tensor, owner: Tensor, position: Tensor, guide: Tensor
    ) -> Tensor:
        """Scaled outputs on the clock of 5 ms: (B, STRIDE T, OUTPUTS)."""
        picked = torch.gather(
            seen, 1, owner[..., None].expand(-1, -1, seen.shape[-1])
        )  # (B, T, width)
        flow: Tensor = self.begin(torch.cat([picked, position, guide], -1))
        for turn in self.playing:
            flow = turn(flow)
        out: Tensor = self.end(flow)
        return out.reshape(len(out), -1, OUTPUTS)


class Turn(nn.Module):
    """One residual convolution over time, written as one matrix product.

    Shifting and multiplying is twice as fast as ``Conv1d`` at these sizes on a CPU.
    """

    def __init__(self, width: int, gap: int) -> None:
        super().__init__()
        self.gap = gap
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Linear(3 * width, width)
        self.drop = nn.Dropout(DROPPED)

    def forward(self, flow: Tensor) -> Tensor:
        """Tell every moment what is around it: (B, T, width)."""
        wide = functional.pad(self.norm(flow), (0, 0, self.gap, self.gap))
        length = flow.shape[1]
        around = torch.cat(
            [wide[:, k * self.gap : k * self.gap + length] for k in range(3)], -1
        )
        changed: Tensor = self.drop(functional.gelu(self.mix(around)))
        return flow + changed
