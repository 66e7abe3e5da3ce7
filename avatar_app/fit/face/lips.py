"""The lip networks: what is heard becomes how the mouth moves.

A lip network says, for each picture, the basis coordinates that pose and light do not
explain, the lips' shape, and how open and wide the mouth is. Four small networks of
different kinds are averaged (docs/decisions/0009). Three see two thirds of a second at
once in a temporal convolution (Bai, Kolter and Koltun, 2018) with gated units: one
hears spectra, one what the phone encoder understood, one both. The fourth hears both
over whole sentences, in a recurrence forwards and backwards (Schuster and Paliwal,
1997; Cho et al., 2014); it also learns from the sentences as other throats would say
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from avatar_app.fit.face.listening import BANDS, HEARD, STEPS
from avatar_app.work import Job, Progress

Floats = NDArray[np.float32]
SENTENCE = "sentence"
_EARS = {"spectra": (0, BANDS), "understood": (BANDS, HEARD), "both": (0, HEARD)}


@dataclass(frozen=True, slots=True)
class LipSizes:
    """Sizes and training of the lip networks, saved beside their weights.

    Attributes:
        outputs: Numbers per picture.
        kinds: Of the networks: convolutions by what they hear, "spectra",
            "understood" or "both", and recurrences, ``SENTENCE``.
        channels: Width of a network.
        dilations: Of a convolution's blocks, in pictures.
        memory: Width of a recurrence, each way.
        steps: Training steps of a convolution; a recurrence takes a third.
        batch: Excerpts per step.
        excerpt: Pictures per excerpt.
        rate: Highest learning rate.
    """

    outputs: int
    kinds: tuple[str, ...] = ("spectra", "understood", "both", SENTENCE)
    channels: int = 128
    dilations: tuple[int, ...] = (1, 2, 4, 1)
    memory: int = 96
    steps: int = 800
    batch: int = 16
    excerpt: int = 60
    rate: float = 2e-3


class _Block(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, channels)
        self.look = nn.Conv1d(
            channels, 2 * channels, 3, padding=dilation, dilation=dilation
        )
        self.mix = nn.Conv1d(channels, channels, 1)
        self.drop = nn.Dropout(0.2)

    def forward(self, x: Tensor) -> Tensor:
        gated = functional.glu(self.look(self.norm(x)), dim=1)
        mixed: Tensor = x + self.mix(self.drop(gated))
        return mixed


class LipNetwork(nn.Module):
    """(B, STEPS * HEARD, T) heard to (B, outputs, T) standardized mouth numbers."""

    def forward(self, heard: Tensor) -> Tensor:
        """Say the mouth numbers for what is heard."""
        raise NotImplementedError


class _Convolution(LipNetwork):
    def __init__(self, sizes: LipSizes, ear: tuple[int, int]) -> None:
        super().__init__()
        self.first, self.last = ear
        inputs = STEPS * (self.last - self.first)
        self.enter = nn.Conv1d(inputs, sizes.channels, 1)
        self.drop = nn.Dropout(0.1)
        self.blocks = nn.Sequential(
            *(_Block(sizes.channels, d) for d in sizes.dilations)
        )
        self.leave = nn.Conv1d(sizes.channels, sizes.outputs, 1)

    def forward(self, heard: Tensor) -> Tensor:
        batch, _, length = heard.shape
        own = heard.view(batch, STEPS, HEARD, length)[:, :, self.first : self.last]
        x = self.enter(own.reshape(batch, -1, length))  # (B, C, T)
        x = self.drop(functional.silu(x))
        said: Tensor = self.leave(functional.silu(self.blocks(x)))  # (B, K, T)
        return said


class _Recurrence(LipNetwork):
    def __init__(self, sizes: LipSizes) -> None:
        super().__init__()
        self.enter = nn.Conv1d(STEPS * HEARD, sizes.channels, 3, padding=1)
        self.drop = nn.Dropout(0.2)
        self.recur = nn.GRU(
            sizes.channels, sizes.memory, batch_first=True, bidirectional=True
        )
        self.leave = nn.Conv1d(2 * sizes.memory, sizes.outputs, 3, padding=1)

    def forward(self, heard: Tensor) -> Tensor:
        x = self.drop(functional.silu(self.enter(heard)))  # (B, C, T)
        x, _ = self.recur(x.transpose(1, 2))  # (B, T, 2 M)
        said: Tensor = self.leave(self.drop(x).transpose(1, 2))  # (B, K, T)
        return said


def lip_network(sizes: LipSizes, number: int) -> LipNetwork:
    """Build the network of one number, untrained."""
    kind = sizes.kinds[number]
    if kind == SENTENCE:
        return _Recurrence(sizes)
    return _Convolution(sizes, _EARS[kind])


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """One clip to learn from.

    Attributes:
        heard: (T * STEPS, HEARD) float32.
        mouth: (T, outputs) float32, standardized.
        others: What is heard when others say the same, each like ``heard``.
    """

    heard: Floats
    mouth: Floats
    others: Sequence[Floats] = ()


def train_lips(
    clips: Sequence[Lesson], importance: Floats, sizes: LipSizes, number: int, seed: int
) -> Job[LipNetwork]:
    """Train the network of one number on a person's clips.

    The loss is the weighted squared error of the mouth and, three times, of its
    velocity: without it mouths are right on average and limp.
    """
    torch.manual_seed(100 * seed + number)
    random = np.random.default_rng(100 * seed + number)
    network = lip_network(sizes, number)
    sentences = sizes.kinds[number] == SENTENCE
    # In thrice as many a recurrence learns by heart: R² .58 instead of .60 to .61.
    steps = sizes.steps // 3 if sentences else sizes.steps
    optimizer = torch.optim.AdamW(network.parameters(), sizes.rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, sizes.rate, steps, pct_start=0.15
    )
    weight = torch.from_numpy(importance).view(1, -1, 1)
    excerpts = _Excerpts(clips, sizes, random, others=sentences)
    for step in range(steps):
        heard, mouth = excerpts.draw()
        error = network(heard) - mouth
        velocity = error[..., 1:] - error[..., :-1]
        loss = (weight * error**2).mean() + 3 * (weight * velocity**2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 20 == 0:
            yield Progress(step, steps, "Learning how your mouth moves")
    return network.eval()


def move_lips(networks: Sequence[LipNetwork], heard: Floats) -> Floats:
    """Average what the networks say, (T * STEPS, HEARD) to (T, outputs)."""
    inputs = torch.from_numpy(heard.reshape(len(heard) // STEPS, -1).T[None].copy())
    with torch.inference_mode():
        said = torch.stack([network(inputs)[0] for network in networks]).mean(dim=0)
    return np.ascontiguousarray(said.T.numpy())


def networks_of(weights: Mapping[str, Tensor], sizes: LipSizes) -> list[LipNetwork]:
    """Rebuild networks saved as ``lips.<number>.<parameter>``."""
    networks = []
    for number in range(len(sizes.kinds)):
        prefix = f"lips.{number}."
        own = {
            k.removeprefix(prefix): v
            for k, v in weights.items()
            if k.startswith(prefix)
        }
        network = lip_network(sizes, number)
        network.load_state_dict(own)
        networks.append(network.eval())
    return networks


class _Excerpts:
    """Draws training excerpts, each a little faster or slower, some in other voices.

    Tempo changes the spectra and the mouth together. In other voices, spectra are
    warped along frequency (vocal tract length), tilted and shifted in level, and from
    ``others`` taken from other throats, so that another voice than the person's own,
    such as their synthetic one, still moves the lips.
    """

    TEMPO = 0.15  # natural log
    PLAIN = 0.6  # share in the person's own voice, as it was
    COLORS = (4.0, 0.15, 0.15)  # most, see _other_voice

    def __init__(
        self,
        clips: Sequence[Lesson],
        sizes: LipSizes,
        random: np.random.Generator,
        *,
        others: bool,
    ) -> None:
        self._clips = clips
        lengths = np.array([len(clip.mouth) for clip in clips], np.float64)
        self._chances = lengths / lengths.sum()
        self._sizes, self._random, self._others = sizes, random, others

    def draw(self) -> tuple[Tensor, Tensor]:
        """(B, inputs, L) heard and (B, outputs, L) mouth."""
        picked = self._random.choice(
            len(self._clips), self._sizes.batch, p=self._chances
        )
        pairs = [self._excerpt(self._clips[clip]) for clip in picked]
        heard = torch.from_numpy(np.stack([h for h, _ in pairs])).transpose(1, 2)
        mouth = torch.from_numpy(np.stack([m for _, m in pairs])).transpose(1, 2)
        return heard + 0.04 * torch.randn(heard.shape), mouth

    def _excerpt(self, clip: Lesson) -> tuple[Floats, Floats]:
        random, length = self._random, self._sizes.excerpt
        plain = random.random() < self.PLAIN
        heard, mouth = clip.heard, clip.mouth
        if self._others and clip.others and not plain:
            heard = clip.others[int(random.integers(len(clip.others)))]
        tempo = float(np.exp(random.uniform(-self.TEMPO, self.TEMPO)))
        tempo = min(tempo, (len(mouth) - 1) / length)
        start = random.uniform(0, max(1e-6, len(mouth) - 1 - length * tempo))
        frames = start + np.arange(length) * tempo
        middle = (STEPS - 1) / 2
        ticks = start * STEPS + middle + (np.arange(length * STEPS) - middle) * tempo
        spectra = _at(heard, ticks)
        if not plain:
            spectra = _other_voice(spectra, *(random.uniform(-1, 1, 3) * self.COLORS))
        if random.random() < 0.25:  # SpecAugment (Park et al., 2019): a missing band
            low = int(random.integers(BANDS - 6))
            spectra[:, low : low + 6] = spectra[:, :BANDS].mean()
        return spectra.reshape(length, -1), _at(mouth, frames)


def _at(rows: Floats, places: NDArray[np.float64]) -> Floats:
    """Read (N, n) rows at fractional places, linearly."""
    low = np.clip(np.floor(places).astype(np.int64), 0, len(rows) - 1)
    high = np.minimum(low + 1, len(rows) - 1)
    share = np.clip(places - low, 0, 1)[:, None].astype(np.float32)
    read: Floats = rows[low] * (1 - share) + rows[high] * share
    return read


def _other_voice(heard: Floats, warp: float, louder: float, tilt: float) -> Floats:
    """Move (N, HEARD) spectra along frequency and change level and tilt.

    What was understood stays: the encoder is there not to know the speaker.
    """
    bands = np.arange(BANDS)
    places = np.clip(bands * (1 + 0.0075 * warp) + 0.4 * warp, 0, BANDS - 1.001)
    low = places.astype(np.int64)
    share = (places - low).astype(np.float32)
    moved = heard[:, low] * (1 - share) + heard[:, low + 1] * share
    slope = np.linspace(-1, 1, BANDS, dtype=np.float32)
    colored = moved + louder + tilt * slope
    both = np.concatenate([colored, heard[:, BANDS:]], axis=1)
    return np.asarray(both, np.float32)
