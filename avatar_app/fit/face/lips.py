"""The lip network: what is heard becomes how the mouth moves.

A temporal convolution (Bai, Kolter and Koltun, 2018) with gated units sees about
two thirds of a second and says, for each picture, the basis coordinates that pose and
light do not explain, the lips' shape, and how open and wide the mouth is. Three small
networks with different ears are averaged: one hears spectra, one what the phone
encoder understood, one both (docs/decisions/0009).
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


@dataclass(frozen=True, slots=True)
class LipSizes:
    """Sizes and training of one lip network, saved beside its weights.

    Attributes:
        outputs: Numbers per picture.
        ears: For each network the columns it hears, first and past the last.
        channels: Width of the network.
        dilations: Of its blocks, in pictures.
        steps: Training steps.
        batch: Excerpts per step.
        excerpt: Pictures per excerpt.
        rate: Highest learning rate.
    """

    outputs: int
    ears: tuple[tuple[int, int], ...] = ((0, BANDS), (BANDS, HEARD), (0, HEARD))
    channels: int = 128
    dilations: tuple[int, ...] = (1, 2, 4, 1)
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

    def __init__(self, sizes: LipSizes, number: int) -> None:
        super().__init__()
        self.first, self.last = sizes.ears[number]
        inputs = STEPS * (self.last - self.first)
        self.enter = nn.Conv1d(inputs, sizes.channels, 1)
        self.drop = nn.Dropout(0.1)
        self.blocks = nn.Sequential(
            *(_Block(sizes.channels, d) for d in sizes.dilations)
        )
        self.leave = nn.Conv1d(sizes.channels, sizes.outputs, 1)

    def forward(self, heard: Tensor) -> Tensor:
        """Say the mouth numbers for what is heard."""
        batch, _, length = heard.shape
        ear = heard.view(batch, STEPS, HEARD, length)[:, :, self.first : self.last]
        x = self.enter(ear.reshape(batch, -1, length))  # (B, C, T)
        x = self.drop(functional.silu(x))
        said: Tensor = self.leave(functional.silu(self.blocks(x)))  # (B, K, T)
        return said


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """One clip to learn from.

    Attributes:
        heard: (T * STEPS, HEARD) float32.
        mouth: (T, outputs) float32, standardized.
    """

    heard: Floats
    mouth: Floats


def train_lips(
    clips: Sequence[Lesson], importance: Floats, sizes: LipSizes, number: int, seed: int
) -> Job[LipNetwork]:
    """Train the network of one number on a person's clips.

    The loss is the weighted squared error of the mouth and, three times, of its
    velocity: without it mouths are right on average and limp.
    """
    torch.manual_seed(100 * seed + number)
    random = np.random.default_rng(100 * seed + number)
    network = LipNetwork(sizes, number)
    optimizer = torch.optim.AdamW(network.parameters(), sizes.rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, sizes.rate, sizes.steps, pct_start=0.15
    )
    weight = torch.from_numpy(importance).view(1, -1, 1)
    excerpts = _Excerpts(clips, sizes, random)
    for step in range(sizes.steps):
        heard, mouth = excerpts.draw()
        error = network(heard) - mouth
        velocity = error[..., 1:] - error[..., :-1]
        loss = (weight * error**2).mean() + 3 * (weight * velocity**2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 20 == 0:
            yield Progress(step, sizes.steps, "Learning how your mouth moves")
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
    for number in range(len(sizes.ears)):
        prefix = f"lips.{number}."
        own = {
            k.removeprefix(prefix): v
            for k, v in weights.items()
            if k.startswith(prefix)
        }
        network = LipNetwork(sizes, number)
        network.load_state_dict(own)
        networks.append(network.eval())
    return networks


class _Excerpts:
    """Draws training excerpts, each a little faster, slower, shriller or duller.

    Tempo changes the spectra and the mouth together. Spectra are warped along
    frequency (vocal tract length), tilted and shifted in level, so that another voice
    than the person's own, such as their synthetic one, still moves the lips.
    """

    TEMPO = 0.15  # natural log
    VOICES = 10

    def __init__(
        self, clips: Sequence[Lesson], sizes: LipSizes, random: np.random.Generator
    ) -> None:
        self._mouths = [clip.mouth for clip in clips]
        self._voices = [
            [_other_voice(clip.heard, *colors) for clip in clips]
            for colors in self._colors(random)
        ]
        lengths = np.array([len(mouth) for mouth in self._mouths], np.float64)
        self._chances = lengths / lengths.sum()
        self._sizes, self._random = sizes, random

    def _colors(self, random: np.random.Generator) -> list[tuple[float, float, float]]:
        drawn = random.uniform(-1, 1, (self.VOICES - 1, 3)) * (4.0, 0.15, 0.15)
        return [(0.0, 0.0, 0.0), *(tuple(map(float, row)) for row in drawn)]  # type: ignore[list-item]

    def draw(self) -> tuple[Tensor, Tensor]:
        """(B, inputs, L) heard and (B, outputs, L) mouth."""
        picked = self._random.choice(
            len(self._mouths), self._sizes.batch, p=self._chances
        )
        pairs = [self._excerpt(int(clip)) for clip in picked]
        heard = torch.from_numpy(np.stack([h for h, _ in pairs])).transpose(1, 2)
        mouth = torch.from_numpy(np.stack([m for _, m in pairs])).transpose(1, 2)
        return heard + 0.04 * torch.randn(heard.shape), mouth

    def _excerpt(self, clip: int) -> tuple[Floats, Floats]:
        random, length = self._random, self._sizes.excerpt
        mouth = self._mouths[clip]
        voice = 0 if random.random() < 0.6 else int(random.integers(self.VOICES))
        heard = self._voices[voice][clip]
        tempo = float(np.exp(random.uniform(-self.TEMPO, self.TEMPO)))
        tempo = min(tempo, (len(mouth) - 1) / length)
        start = random.uniform(0, max(1e-6, len(mouth) - 1 - length * tempo))
        frames = start + np.arange(length) * tempo
        middle = (STEPS - 1) / 2
        ticks = start * STEPS + middle + (np.arange(length * STEPS) - middle) * tempo
        spectra = _at(heard, ticks)
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
    if warp == louder == tilt == 0:
        return heard
    bands = np.arange(BANDS)
    places = np.clip(bands * (1 + 0.0075 * warp) + 0.4 * warp, 0, BANDS - 1.001)
    low = places.astype(np.int64)
    share = (places - low).astype(np.float32)
    moved = heard[:, low] * (1 - share) + heard[:, low + 1] * share
    slope = np.linspace(-1, 1, BANDS, dtype=np.float32)
    colored = moved + louder + tilt * slope
    both = np.concatenate([colored, heard[:, BANDS:]], axis=1)
    return np.asarray(both, np.float32)
