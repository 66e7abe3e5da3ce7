"""The generator of Wav2Lip, written from the paper, so that its checkpoints fit.

A face encoder sees the crop twice (once with its lower half blacked out), an audio
encoder hears a fifth of a second, and a decoder grows the new crop from what was heard,
joined at every size with what was seen. Parameters have the published names and shapes;
no weights of it come with the program (docs/decisions/0013).

Source:
    Prajwal, Mukhopadhyay, Namboodiri and Jawahar, "A Lip Sync Expert Is All You Need
    for Speech to Lip Generation In the Wild" (ACM Multimedia 2020), section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

CROP = 96  # pixels on a side
MELS, MEL_FRAMES = 80, 16


class _Layer(NamedTuple):
    """One row of the table: a convolution, batch normalization and a ReLU."""

    inputs: int
    outputs: int
    kernel: int = 3
    stride: int | tuple[int, int] = 1
    padding: int = 1
    is_residual: bool = False
    grows: bool = False  # transposed: the picture gets larger


def _stage(first: _Layer, again: int = 0) -> tuple[_Layer, ...]:
    """A layer, then ``again`` residual ones of its own width."""
    width = first.outputs
    return (first, *[_Layer(width, width, is_residual=True)] * again)


def _grown(inputs: int, outputs: int) -> _Layer:
    return _Layer(inputs, outputs, stride=2, grows=True)


# Sides of the pictures that leave each stage: 96, 48, 24, 12, 6, 3, 1.
_FACE_ENCODER = (
    _stage(_Layer(6, 16, kernel=7, padding=3)),
    _stage(_Layer(16, 32, stride=2), 2),
    _stage(_Layer(32, 64, stride=2), 3),
    _stage(_Layer(64, 128, stride=2), 2),
    _stage(_Layer(128, 256, stride=2), 2),
    _stage(_Layer(256, 512, stride=2), 1),
    (_Layer(512, 512, padding=0), _Layer(512, 512, kernel=1, padding=0)),
)
_AUDIO_ENCODER = (
    *_stage(_Layer(1, 32), 2),
    *_stage(_Layer(32, 64, stride=(3, 1)), 2),
    *_stage(_Layer(64, 128, stride=3), 2),
    *_stage(_Layer(128, 256, stride=(3, 2)), 1),
    _Layer(256, 512, padding=0),
    _Layer(512, 512, kernel=1, padding=0),
)
# Inputs: what the stage before made, and what the encoder saw at that size.
_FACE_DECODER = (
    _stage(_Layer(512, 512, kernel=1, padding=0)),
    _stage(_Layer(1024, 512, padding=0, grows=True), 1),
    _stage(_grown(1024, 512), 2),
    _stage(_grown(768, 384), 2),
    _stage(_grown(512, 256), 2),
    _stage(_grown(320, 128), 2),
    _stage(_grown(160, 64), 2),
)


class _Block(nn.Module):
    """One row of the table as a module; its name is part of the published names."""

    def __init__(self, row: _Layer) -> None:
        super().__init__()
        convolution: nn.Module
        if row.grows:
            # Twice the size exactly; without a stride there is nothing to round up.
            rounding = 1 if row.stride == 2 else 0
            convolution = nn.ConvTranspose2d(
                row.inputs, row.outputs, row.kernel, row.stride, row.padding, rounding
            )
        else:
            convolution = nn.Conv2d(
                row.inputs, row.outputs, row.kernel, row.stride, row.padding
            )
        self.conv_block = nn.Sequential(convolution, nn.BatchNorm2d(row.outputs))
        self._is_residual = row.is_residual

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.conv_block(x)
        return torch.relu(made + x if self._is_residual else made)


def _chain(rows: Sequence[_Layer]) -> nn.Sequential:
    return nn.Sequential(*(_Block(row) for row in rows))


class LipGenerator(nn.Module):
    """36,298,035 weights; ``load_state_dict`` takes the published ones, strictly."""

    def __init__(self) -> None:
        super().__init__()
        self.face_encoder_blocks = nn.ModuleList(_chain(s) for s in _FACE_ENCODER)
        self.audio_encoder = _chain(_AUDIO_ENCODER)
        self.face_decoder_blocks = nn.ModuleList(_chain(s) for s in _FACE_DECODER)
        self.output_block = nn.Sequential(
            _Block(_Layer(80, 32)), nn.Conv2d(32, 3, 1), nn.Sigmoid()
        )

    def forward(self, heard: Tensor, seen: Tensor) -> Tensor:
        """Draw crops that say what is heard.

        Args:
            heard: (B, 1, MELS, MEL_FRAMES), see ``lips_wav2lip.mel_of``.
            seen: (B, 6, CROP, CROP) in [0, 1]: blue, green and red of the crop with
                its lower half black, then of a crop with its mouth.

        Returns:
            (B, 3, CROP, CROP) in [0, 1].
        """
        views = []
        for encode in self.face_encoder_blocks:
            seen = encode(seen)
            views.append(seen)
        x = self.audio_encoder(heard)  # (B, 512, 1, 1)
        for decode in self.face_decoder_blocks:
            x = torch.cat([decode(x), views.pop()], dim=1)
        drawn: Tensor = self.output_block(x)
        return drawn


def published_shapes() -> dict[str, tuple[int, ...]]:
    """Every name of the published state dict, and its shape."""
    with torch.device("meta"):
        network = LipGenerator()
    return {name: tuple(t.shape) for name, t in network.state_dict().items()}
