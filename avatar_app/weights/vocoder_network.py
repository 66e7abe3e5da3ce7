"""The vocoder's network: a mel spectrogram and a tune in, speech out.

Two sources are known: a train of pulses at the pitch and white noise. Frame by frame
the network tells how each is to be filtered, bin by bin: the pulses in level and
phase, the noise in level. It starts from what the mel spectrogram says already.

Source:
    Wang and others, "Neural Source-Filter Waveform Models for Statistical Parametric
    Speech Synthesis" (2019), for the sources; Siuzdak, "Vocos: Closing the Gap Between
    Time-Domain and Fourier-Based Neural Vocoders" (2023), for a network that works on
    frames and an inverse Fourier transform that makes samples of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

VOICE_HZ = 24000
HOP = 240  # 10 ms
FFT = 1024
BANDS = 80
BINS = FFT // 2 + 1
_LOWEST_HZ, _HIGHEST_HZ = 20.0, 12000.0
# A filter narrower than a bin would sometimes hold none.
_HALF_WIDTH_HZ = 30.0
_FAINTEST = 1e-5  # amplitude: a third of a step of 16 bits
_WAVES = 4  # octaves of sines in which the tune is told, too
_MEL_MEAN, _MEL_DEVIATION = -6.5, 2.2
_TUNE_MEAN, _TUNE_DEVIATION = 5.0, 0.4
_LOUDEST = 4.0  # log amplitude of a filter: nothing in 16 bits needs more


@dataclass(frozen=True, slots=True)
class VocoderSizes:
    """Sizes of the network; they lie beside the weights."""

    width: int = 256
    hidden: int = 768
    blocks: int = 8
    kernel: int = 7


class VocoderNetwork(nn.Module):
    """About 3.7 million weights; hears 0.24 s to either side."""

    def __init__(self, sizes: VocoderSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.window = nn.Buffer(torch.hann_window(FFT), persistent=False)
        self.filters = nn.Buffer(_mel_filters(), persistent=False)
        self.upwards = nn.Buffer(_upwards(), persistent=False)
        self.enter = nn.Linear(BANDS + 1 + 2 * _WAVES, sizes.width)
        self.blocks = nn.ModuleList(_Block(sizes) for _ in range(sizes.blocks))
        self.last = nn.LayerNorm(sizes.width)
        self.leave = nn.Linear(sizes.width, 3 * BINS)
        nn.init.normal_(self.leave.weight, std=0.01)
        nn.init.zeros_(self.leave.bias)

    def mels(self, samples: Tensor, tune: Tensor | None = None) -> Tensor:
        """Log amplitudes in mel bands, (B, T, BANDS), of (B, S) at VOICE_HZ.

        Frame j is centred on sample ``j * HOP``; T is S // HOP + 1. With a tune (B, T)
        single harmonics are evened out, so that another tune may be spoken over it.
        """
        spectra = self._spectra(samples)
        return self.banded(spectra.real**2 + spectra.imag**2, tune)

    def look(self, pieces: Tensor, tune: Tensor) -> Tensor:
        """Mel bands of single windows (B, T, FFT), without harmonics."""
        spectra = torch.fft.rfft(pieces * self.window) / self._root()
        power = (spectra.real**2 + spectra.imag**2).transpose(1, 2)
        return self.banded(power, tune)

    def banded(self, power: Tensor, tune: Tensor | None = None) -> Tensor:
        """Mel bands of power spectra (B, BINS, T): (B, T, BANDS)."""
        if tune is not None:
            power = _without_harmonics(power, tune)
        return 0.5 * torch.log(self.filters @ power + _FAINTEST**2).transpose(1, 2)

    def forward(
        self, mels: Tensor, tune: Tensor, noise: Tensor, begun: Tensor | None = None
    ) -> Tensor:
        """Speak: (B, (T - 1) * HOP) samples.

        Args:
            mels: (B, T, BANDS) as ``mels`` gives.
            tune: (B, T) log of the pitch in hertz, straight through where unvoiced:
                what is voiced is seen in the mel spectrogram.
            noise: (B, (T - 1) * HOP) white, deviation 1.
            begun: (B) turns of the first pulse already over, 0 to 1.
        """
        pulses, breath = self.shape(mels, tune)
        return self.sound(pulses, breath, tune, noise, begun)

    def shape(self, mels: Tensor, tune: Tensor) -> tuple[Tensor, Tensor]:
        """Tell how to filter the pulses (complex) and the noise: (B, BINS, T) each."""
        at = (tune[..., None] - _TUNE_MEAN) / _TUNE_DEVIATION
        steps = torch.pi * 2.0 ** torch.arange(_WAVES, device=tune.device)
        waves = [at, torch.sin(at * steps), torch.cos(at * steps)]
        x = self.enter(torch.cat([(mels - _MEL_MEAN) / _MEL_DEVIATION, *waves], -1))
        for block in self.blocks:
            x = block(x)
        told = self.leave(self.last(x)).float().transpose(1, 2)  # (B, 3 BINS, T)
        voiced, turned, airy = told.chunk(3, 1)
        known = self.upwards @ mels.transpose(1, 2)
        pulses = torch.polar((known + voiced).clamp(max=_LOUDEST).exp(), turned)
        return pulses, (known + airy).clamp(max=_LOUDEST).exp()

    def sound(
        self,
        pulses: Tensor,
        breath: Tensor,
        tune: Tensor,
        noise: Tensor,
        begun: Tensor | None = None,
    ) -> Tensor:
        """Filter pulses and noise as ``shape`` told."""
        spectra = self._spectra(pulse_train(tune, begun)) * pulses
        airy = self._spectra(noise)
        # Noise is louder here and there by chance; how it chanced to be in the
        # recording stands in the mel spectrogram already.
        chance = self.upwards @ self.banded(airy.real**2 + airy.imag**2).mT
        spectra = spectra + airy * (breath * torch.exp(-chance))
        return torch.istft(
            spectra * self._root(),
            FFT,
            HOP,
            window=self.window,
            length=noise.shape[1],
        )

    def _spectra(self, samples: Tensor) -> Tensor:
        """Return (B, BINS, T) so that white noise of deviation 1 has amplitude 1."""
        spectra = torch.stft(samples, FFT, HOP, window=self.window, return_complex=True)
        return spectra / self._root()

    def _root(self) -> Tensor:
        return self.window.square().sum().sqrt()


class _Block(nn.Module):
    """ConvNeXt's block in one dimension: across time, then across channels."""

    def __init__(self, sizes: VocoderSizes) -> None:
        super().__init__()
        self.across = nn.Parameter(torch.randn(sizes.kernel, sizes.width) * 0.3)
        self.norm = nn.LayerNorm(sizes.width)
        self.widen = nn.Linear(sizes.width, sizes.hidden)
        self.back = nn.Linear(sizes.hidden, sizes.width)

    def forward(self, x: Tensor) -> Tensor:
        count, reach = x.shape[1], len(self.across) // 2
        # Shifted sums: on a CPU they beat a depthwise convolution.
        padded = F.pad(x, (0, 0, reach, reach))
        mixed = padded[:, :count] * self.across[0]
        for lag in range(1, len(self.across)):
            mixed = torch.addcmul(mixed, padded[:, lag : lag + count], self.across[lag])
        changed: Tensor = self.back(F.gelu(self.widen(self.norm(mixed))))
        return x + changed


def _without_harmonics(power: Tensor, tune: Tensor) -> Tensor:
    """Mean power over one harmonic's width around every bin, (B, BINS, T).

    Source:
        Morise, "CheapTrick, a spectral envelope estimator for high-quality speech
        synthesis" (2015): its first smoothing, with a window of fixed length.
    """
    half = tune.exp()[:, None] * (0.5 * FFT / VOICE_HZ)  # bins
    middle = torch.arange(BINS, device=power.device)[None, :, None] + 0.5
    summed = F.pad(power.double().cumsum(1), (0, 0, 1, 0))  # up to the bins' edges

    def up_to(edge: Tensor) -> Tensor:
        # Below the first and above the last edge the spectrum is its own mirror.
        inside = edge.abs().clamp(max=BINS)
        low = inside.floor().clamp(max=BINS - 1)
        at = low.long()
        before = summed.gather(1, at)
        part = before + (inside - low) * (summed.gather(1, at + 1) - before)
        return torch.where(edge < 0, -part, part)

    low, high = middle - half, middle + half
    over = torch.minimum(high, torch.tensor(float(BINS))) - low
    return ((up_to(high) - up_to(low)) / over).float()


def pulse_train(tune: Tensor, begun: Tensor | None = None) -> Tensor:
    """Band-limited pulses at a pitch, power 1: (B, (T - 1) * HOP).

    Args:
        tune: (B, T) log hertz at every frame.
        begun: (B) turns of the first pulse already over.
    """
    length = (tune.shape[1] - 1) * HOP
    line = F.interpolate(tune[:, None], length + 1, mode="linear", align_corners=True)
    hertz = line[:, 0, :-1].exp()
    turns = torch.cumsum(hertz.double(), 1) / VOICE_HZ
    if begun is not None:
        turns = turns + begun[:, None]
    place = (turns % 1).float() * torch.pi
    count = torch.floor(0.495 * VOICE_HZ / hertz)  # harmonics
    # The sum of so many cosines, by Dirichlet; on a pulse it is their number.
    below = torch.sin(place)
    near = below.abs() < 1e-4
    total = torch.sin((2 * count + 1) * place) / torch.where(near, 1.0, 2 * below) - 0.5
    return torch.where(near, count, total) / torch.sqrt(count / 2)


def _band_edges() -> Tensor:
    """Hertz at which mel bands begin, culminate and end: (BANDS + 2)."""
    hertz = torch.tensor([_LOWEST_HZ, _HIGHEST_HZ], dtype=torch.float64)
    lowest, highest = (2595 * torch.log10(1 + hertz / 700)).tolist()
    even = torch.linspace(lowest, highest, BANDS + 2, dtype=torch.float64)
    return 700 * (10 ** (even / 2595) - 1)


def _mel_filters() -> Tensor:
    """Triangles on the mel scale, each of sum 1: (BANDS, BINS)."""
    edges = _band_edges()
    middle = edges[1:-1, None]
    left = torch.minimum(edges[:-2, None], middle - _HALF_WIDTH_HZ)
    right = torch.maximum(edges[2:, None], middle + _HALF_WIDTH_HZ)
    bins = torch.arange(BINS, dtype=torch.float64) * VOICE_HZ / FFT
    sides = torch.minimum(
        (bins - left) / (middle - left), (right - bins) / (right - middle)
    )
    filters = sides.clamp(min=0)
    return (filters / filters.sum(1, keepdim=True)).float()


def _upwards() -> Tensor:
    """Straight lines from bands back to bins: (BINS, BANDS)."""
    middle = _band_edges()[1:-1]
    bins = torch.arange(BINS, dtype=torch.float64) * VOICE_HZ / FFT
    above = torch.searchsorted(middle, bins).clamp(1, BANDS - 1)
    share = ((bins - middle[above - 1]) / (middle[above] - middle[above - 1])).clamp(
        0, 1
    )
    lines = torch.zeros(BINS, BANDS)
    rows = torch.arange(BINS)
    lines[rows, above - 1] = (1 - share).float()
    lines[rows, above] = share.float()
    return lines
