"""A larger decoder for computers with a GPU: what the basis leaves out of the mouth.

The basis draws light and shade well and teeth softly. Here a convolutional decoder,
told the same numbers and shown the basis' drawing at every size, draws the difference
between that and the real picture, coarse to fine: every stage adds to what the one
before it has said, and before it has learned none says anything. It learns by three
losses: absolute and squared difference; the same in a Laplacian pyramid and in the
features of its own critic, so that edges count as eyes count them; and the critic's
verdict on patches. Nothing is downloaded: every weight is learned from this person.

Source:
    Bojanowski et al., "Optimizing the Latent Space of Generative Networks" (2018),
    the pyramid; Wang et al., "High-Resolution Image Synthesis with Conditional GANs"
    (2018), critic's features; Isola et al. (2017), patches; Perez et al., "FiLM"
    (2018), how numbers steer feature maps; Liu et al. (2018), maps that know their
    place (CoordConv); Karras et al., "Analyzing and Improving the Image Quality of
    StyleGAN" (2020), every stage speaks; Lim and Ye, "Geometric GAN" (2017), hinge.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

LEVELS = 32.0  # grey levels that one unit of the decoder's output stands for
_PYRAMID = 3
_SHOWN = 5  # channels: the drawing's luma and chromas, and where a pixel lies
_FIRST = 64  # channels of the coarsest map, at most
_COARSEST = 16  # canonical pixels on a side of the first stage's pixels
_HALF = 3  # the stage at half the size, the last one that speaks of chromas
Speaking = TypeVar("Speaking", nn.Conv2d, nn.Linear)


@dataclass(frozen=True, slots=True)
class DecoderSizes:
    """Sizes and training of a decoder, saved beside its weights.

    Attributes:
        width: Of the canonical picture, a multiple of 4.
        height: Likewise.
        code: Numbers that tell a picture.
        channels: Of the feature maps, from a sixteenth of the size to the whole.
        hidden: Width of what listens to the code.
        critic: Channels of the critic's first layer; they double twice.
        steps: Of training.
        batch: Pictures per step.
        rate: Highest learning rate.
        alone: Share of the steps before the critic joins in.
        judged: Weight of the critic's verdict.
    """

    width: int
    height: int
    code: int
    channels: tuple[int, int, int, int, int] = (256, 192, 128, 64, 32)
    hidden: int = 256
    critic: int = 32
    steps: int = 4000
    batch: int = 16
    rate: float = 6e-4
    alone: float = 0.3
    judged: float = 0.05


class LowerFaceDecoder(nn.Module):
    """Says what is to be added to the drawing of the basis; at first it is nothing."""

    def __init__(self, sizes: DecoderSizes) -> None:
        super().__init__()
        self._height, self._width = sizes.height, sizes.width
        rows = -(-sizes.height // _COARSEST)
        columns = -(-sizes.width // _COARSEST)
        self.listen = nn.Sequential(
            nn.Linear(sizes.code, sizes.hidden),
            nn.SiLU(),
            nn.Linear(sizes.hidden, sizes.hidden),
            # So that what is told is heard: without, it moved the maps by a twentieth.
            nn.LayerNorm(sizes.hidden),
            nn.SiLU(),
        )
        # Every place is told for itself: channels steered alike everywhere needed
        # hundreds of steps to say anything about a place.
        coarsest = min(_FIRST, sizes.channels[0])
        self._coarse = (coarsest, rows, columns)
        self.start = nn.Linear(sizes.hidden, coarsest * rows * columns)
        before = (coarsest, *sizes.channels[:-1])
        self.stages = nn.ModuleList(
            _Stage(a + _SHOWN, b, sizes.hidden)
            for a, b in zip(before, sizes.channels, strict=True)
        )
        # Were only the finest map to speak, through five stages that know nothing yet,
        # chance would decide whether anything is learned within sixty steps.
        self.rough = _silent(nn.Linear(sizes.hidden, 3 * rows * columns))
        self.say = nn.ModuleList(
            _silent(nn.Conv2d(c, 1 if number > _HALF else 3, 3, padding=1))
            for number, c in enumerate(sizes.channels)
        )

    def forward(self, code: Tensor, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Say what is missing.

        Args:
            code: (B, code) in deviations.
            drawn: (B, 3, H, W) by the basis, see ``joined``, in LEVELS.

        Returns:
            Luma (B, 1, H, W) and chromas (B, 2, H / 2, W / 2), in LEVELS.
        """
        told = self.listen(code)
        shown = self._shown(drawn)
        x = self.start(told).view(-1, *self._coarse)
        said = tint = self.rough(told).view(-1, 3, *self._coarse[1:])
        for number, (stage, say) in enumerate(zip(self.stages, self.say, strict=True)):
            if number:
                x = functional.interpolate(x, scale_factor=2.0, mode="nearest")
                said = functional.interpolate(said, scale_factor=2.0, mode="bilinear")
            seen = functional.avg_pool2d(shown, _COARSEST >> number)
            x = stage(torch.cat([x, seen], dim=1), told)
            said = said + say(x)
            if number == _HALF:
                said, tint = said[:, :1], said[:, 1:]
        height, width = self._height, self._width
        luma = said[:, :, :height, :width]
        return luma, tint[:, :, : height // 2, : width // 2]

    def _shown(self, drawn: Tensor) -> Tensor:
        """(B, 5, ...) the drawing and its coordinates, to whole coarse pixels."""
        height, width = drawn.shape[2:]
        down = torch.linspace(-1, 1, height, device=drawn.device)
        across = torch.linspace(-1, 1, width, device=drawn.device)
        place = torch.stack(torch.meshgrid(down, across, indexing="ij"))
        place = place.expand(len(drawn), -1, -1, -1)
        more = (0, -width % _COARSEST, 0, -height % _COARSEST)
        return functional.pad(torch.cat([drawn / 4 - 1, place], dim=1), more)


class _Stage(nn.Module):
    """Two convolutions; evened between them, then steered by the code."""

    def __init__(self, inputs: int, outputs: int, told: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        # Without it the maps fade from stage to stage and nothing is learned for long.
        self.even = nn.GroupNorm(4, outputs, affine=False)
        self.steer = nn.Linear(told, 2 * outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        x = self.even(self.first(x))
        gain, shift = self.steer(told)[:, :, None, None].chunk(2, dim=1)
        x = functional.silu(x * (1 + gain) + shift)
        steered: Tensor = x + functional.silu(self.second(x))
        return steered


def _silent(layer: Speaking) -> Speaking:
    """A layer that says nothing until it has learned."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class Critic(nn.Module):
    """Tells real patches from drawn ones; each verdict sees 38 pixels on a side."""

    def __init__(self, sizes: DecoderSizes) -> None:
        super().__init__()
        first = sizes.critic
        widths = (3, first, 2 * first, 4 * first)
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(a, b, 4, stride=2, padding=1))
            for a, b in itertools.pairwise(widths)
        )
        self.verdict = spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1))

    def forward(self, picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Judge (B, 3, H, W); the verdicts, and the features they rest on."""
        features = []
        for layer in self.layers:
            picture = functional.leaky_relu(layer(picture), 0.2)
            features.append(picture)
        return self.verdict(picture), features


def joined(luma: Tensor, tint: Tensor) -> Tensor:
    """(B, 3, H, W) for the critic, chromas brought to full size."""
    size = (int(luma.shape[2]), int(luma.shape[3]))
    grown = functional.interpolate(tint, size=size, mode="nearest")
    return torch.cat([luma, grown], dim=1)


def pyramid_loss(drawn: Tensor, real: Tensor) -> Tensor:
    """Absolute difference by fineness, the coarser the heavier; (B, C, H, W) both."""
    off = drawn - real
    loss = torch.zeros((), device=off.device)
    for level in range(_PYRAMID):
        coarse = functional.avg_pool2d(off, 2, ceil_mode=True)
        size = (int(off.shape[2]), int(off.shape[3]))
        back = functional.interpolate(coarse, size=size, mode="bilinear")
        loss = loss + 2.0**level * (off - back).abs().mean()
        off = coarse
    return loss + 2.0**_PYRAMID * off.abs().mean()


def features_loss(drawn: list[Tensor], real: list[Tensor]) -> Tensor:
    """How differently the critic sees them, in units of what it sees in real ones."""
    apart = [
        (a - b.detach()).abs().mean() / (b.detach().abs().mean() + 1e-3)
        for a, b in zip(drawn, real, strict=True)
    ]
    return torch.stack(apart).mean()


def critic_loss(real: Tensor, drawn: Tensor) -> Tensor:
    """Hinge: real above 1, drawn below -1, and nobody gains by going further."""
    return functional.relu(1 - real).mean() + functional.relu(1 + drawn).mean()
