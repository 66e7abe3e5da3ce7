"""The mouth in few numbers: a weighted basis, and what pose and light explain of it.

Weighted principal components: lips count three times as much as the cheek, the soft
edge of the mask counts little. Sixty-four components leave 37 dB on held-out frames
of GRID s1, so what the sound does not tell, not the basis, limits the picture.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

SIZE = 64
_SLOW = 50.0  # frames (standard deviation): two seconds at 25 a second
_SPAN = 75  # frames averaged for one example: three seconds
_BAND_PARTS, _RIGID_PARTS = 12, 8
_RIDGE = 10.0  # of .3 to 100, by what differs between held-out clips

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """Linear coordinates of the lower face in usual light.

    Attributes:
        mean: (D,) float32.
        parts: (K, D) float32, what one unit of each coordinate adds.
        weight: (D,) float32 > 0.
    """

    mean: Floats
    parts: Floats
    weight: Floats

    def measure(self, even: Floats) -> Floats:
        """(N, D) faces in usual light to (N, K) coordinates."""
        # parts = directions / weight with orthonormal directions, hence weight².
        reading: Floats = ((even - self.mean) * self.weight**2) @ self.parts.T
        return reading

    def draw(self, coordinates: Floats) -> Floats:
        """(N, K) coordinates to (N, D) faces in usual light."""
        drawn: Floats = self.mean + coordinates @ self.parts
        return drawn


def learn_basis(even: Floats, weight: Floats, size: int = SIZE) -> Basis:
    """Find the components of (N, D) faces; N well above ``size``.

    The N × N Gram matrix is decomposed, since N is far below D.
    """
    mean = even.mean(axis=0)
    centred = (even - mean) * weight
    values, vectors = np.linalg.eigh(centred @ centred.T)
    size = min(size, len(even) - 1)
    top = vectors[:, ::-1][:, :size] / np.sqrt(np.maximum(values[::-1][:size], 1e-6))
    directions = (centred.T @ top.astype(np.float32)).T
    return Basis(mean, (directions / weight).astype(np.float32), weight)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What of a clip is not the mouth; T frames.

    Attributes:
        band: (T, B) float32, skin above the mask in usual light.
        rigid: (T, R) float32, landmarks that do not move with speech.
        light: (T, 3) float32, see ``light_on``.
    """

    band: Floats
    rigid: Floats
    light: Floats

    def slow(self) -> View:
        """Average over seconds, so that nothing of what is said is left."""
        return View(*(_slow(part) for part in (self.band, self.rigid, self.light)))

    def mean(self, span: slice) -> View:
        """Average a span into one row."""
        parts = (self.band, self.rigid, self.light)
        return View(*(part[span].mean(axis=0, keepdims=True) for part in parts))


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What skin above the mask, pose and light say about the mouth's coordinates.

    A ridge regression between averages over three seconds: how the chin is lit and
    turned. Half-second averages, as one would think of first, still move with speech:
    fitted on them, the setting explained minus 1.5 of what differs between clips of
    GRID s1, these half of it, and a mouth over a silent idle film moved too little.

    Attributes:
        band_mean: (B,), band_axes (B, n), band_spread (n,): components of the band.
        rigid_mean: (R,), rigid_axes (R, m), rigid_spread (m,): of the landmarks.
        light_mean: (3,), light_spread (3,).
        slopes: (1 + n + m + 3, K).
    """

    band_mean: Floats
    band_axes: Floats
    band_spread: Floats
    rigid_mean: Floats
    rigid_axes: Floats
    rigid_spread: Floats
    light_mean: Floats
    light_spread: Floats
    slopes: Floats

    def __call__(self, view: View) -> Floats:
        """Tell (T, K) coordinates for consecutive frames."""
        told: Floats = self.told(view.slow()) @ self.slopes
        return told

    def told(self, view: View) -> Floats:
        """What averages of N rows tell, (N, 1 + n + m + 3), before the slopes."""
        seen = (
            (view.band - self.band_mean) @ self.band_axes / self.band_spread,
            (view.rigid - self.rigid_mean) @ self.rigid_axes / self.rigid_spread,
            (view.light - self.light_mean) / self.light_spread,
        )
        # 2.5 deviations: beyond what was enrolled, stay with what is known; of a light
        # far beyond, which has been taken away already, nothing is known.
        told = [np.clip(part, -2.5, 2.5) for part in seen]
        told[2] = told[2] * np.clip(2 - np.abs(seen[2]) / 2.5, 0, 1)
        ones = np.ones((len(view.band), 1))
        return np.asarray(np.concatenate([ones, *told], axis=1), np.float32)


def learn_setting(views: Sequence[View], coordinates: Sequence[Floats]) -> Setting:
    """Fit the ridge between three-second averages of clips."""
    spans = [_spans(len(rows)) for rows in coordinates]
    averages = [v.mean(s) for v, own in zip(views, spans, strict=True) for s in own]
    target = np.array(
        [
            r[s].mean(axis=0)
            for r, own in zip(coordinates, spans, strict=True)
            for s in own
        ]
    )
    band = _components(np.concatenate([v.band for v in views]), _BAND_PARTS)
    rigid = _components(np.concatenate([v.rigid for v in views]), _RIGID_PARTS)
    light = np.concatenate([v.light for v in views])
    size = 1 + band[1].shape[1] + rigid[1].shape[1] + light.shape[1]
    blank = np.zeros((size, target.shape[1]), np.float32)
    setting = Setting(
        *band,
        *rigid,
        light.mean(axis=0).astype(np.float32),
        (light.std(axis=0) + 1e-6).astype(np.float32),
        blank,
    )
    told = np.concatenate([setting.told(a) for a in averages]).astype(np.float64)
    ridge = _RIDGE * np.eye(size)
    ridge[0, 0] = 0.0
    blank[:] = np.linalg.solve(told.T @ told + ridge, told.T @ target)
    return setting


def _spans(length: int) -> list[slice]:
    """Cut a clip into spans of about three seconds."""
    count = max(1, round(length / _SPAN))
    edges = np.linspace(0, length, count + 1).astype(int)
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def _slow(values: Floats) -> Floats:
    smoothed: Floats = gaussian_filter1d(values, _SLOW, axis=0, mode="reflect")
    return smoothed


def _components(values: Floats, most: int) -> tuple[Floats, Floats, Floats]:
    """Mean, leading axes and their spread, from every fourth row."""
    mean = values.mean(axis=0)
    _, _, axes = np.linalg.svd((values - mean)[::4], full_matrices=False)
    axes = axes[:most].T.astype(np.float32)
    spread = ((values - mean) @ axes).std(axis=0) + 1e-6
    return mean.astype(np.float32), axes, spread.astype(np.float32)
