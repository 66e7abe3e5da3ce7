"""What a take's mouths have in common: the basis, and every mouth in its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from avatar_app.capture.take import Purpose
from avatar_app.enroll.enrollment import Enrollment
from avatar_app.fit.face.basis import Basis, Setting, View, learn_basis, learn_setting
from avatar_app.fit.face.canon import LIPS
from avatar_app.fit.face.crops import Lighting, Window
from avatar_app.fit.face.listening import room_of
from avatar_app.fit.face.personal import LIP_PARTS, Mouths
from avatar_app.fit.face.strips import Strip, reopen_strip
from avatar_app.shelf import Shelf

Floats = NDArray[np.float32]
_BASIS_FRAMES = 1200
_RIDGE = 10.0  # frames: a coordinate rarer than this moves no lips
_BASIS_BYTES = 400_000_000  # of float32 faces from which the basis is found


class Strips:
    """The strips of a take, read one at a time; their small parts kept at hand."""

    def __init__(self, shelf: Shelf, names: Sequence[str]) -> None:
        self._shelf, self._names = shelf, names
        small = [self._small(reopen_strip(shelf, name)) for name in names]
        self.light = [s[0] for s in small]
        self.lips = [s[1] for s in small]
        self.rigid = [s[2] for s in small]
        self.heard = [s[3] for s in small]
        self.seen = [s[4] for s in small]
        self.lengths = [len(light) for light in self.light]

    @staticmethod
    def _small(
        strip: Strip,
    ) -> tuple[Floats, Floats, Floats, Floats, NDArray[np.bool_]]:
        light = slow_light(strip.light)
        return light, strip.lips, strip.rigid, strip.heard, strip.seen

    def __iter__(self) -> Iterator[Strip]:
        return (reopen_strip(self._shelf, name) for name in self._names)

    def __getitem__(self, number: int) -> Strip:
        return reopen_strip(self._shelf, self._names[number])

    def speaking_seconds(self, enrollment: Enrollment) -> float:
        """How long a face was seen reading."""
        pairs = zip(enrollment.take.clips, self.seen, strict=True)
        frames = sum(int(s.sum()) for c, s in pairs if c.purpose is Purpose.READING)
        return frames / enrollment.take.fps

    def usual_light(self) -> Floats:
        """(3,) the median light, see ``light_on``."""
        return np.asarray(np.median(np.concatenate(self.light), axis=0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What every network learns from: the basis and each clip's standardized mouths."""

    basis: Basis
    setting: Setting
    mouths: Mouths
    rows: list[Floats]
    importance: Floats
    room: Floats


def study_mouths(
    strips: Strips, lighting: Lighting, window: Window, seed: int
) -> Study:
    """Find the basis and the setting, and put every mouth into numbers."""
    basis = learn_basis(_sample(strips, lighting, window, seed), window.weight)
    coordinates, views = [], []
    for strip, light in zip(strips, strips.light, strict=True):
        coordinates.append(basis.measure(lighting.remove(strip.pixels, light)))
        views.append(view_of(strip, lighting))
    setting = learn_setting(views, coordinates)
    beyond = [c - setting(v) for c, v in zip(coordinates, views, strict=True)]
    lips = np.concatenate(strips.lips).reshape(-1, 2 * len(LIPS))
    lips_mean = lips.mean(axis=0)
    _, _, axes = np.linalg.svd((lips - lips_mean)[::3], full_matrices=False)
    lips_axes = axes[:LIP_PARTS].T.astype(np.float32)
    rows = []
    for own, shape in zip(beyond, strips.lips, strict=True):
        parts = (shape.reshape(len(shape), -1) - lips_mean) @ lips_axes
        rows.append(np.concatenate([own, parts, measures_of(shape)], axis=1))
    together = np.concatenate(rows)
    mean, spread = together.mean(axis=0), together.std(axis=0) + 1e-6
    room = room_of(np.concatenate(strips.heard))
    mouths = Mouths(
        mean.astype(np.float32),
        spread.astype(np.float32),
        np.ones_like(mean, np.float32),
        lips_mean.astype(np.float32),
        lips_axes,
        _implied(together, mean, spread),
    )
    standard = [((r - mean) / spread).astype(np.float32) for r in rows]
    return Study(basis, setting, mouths, standard, _importance(spread), room)


def _sample(strips: Strips, lighting: Lighting, window: Window, seed: int) -> Floats:
    """(N, D) faces in usual light from all over the take."""
    total = sum(strips.lengths)
    most = min(_BASIS_FRAMES, _BASIS_BYTES // (4 * len(window.weight)), total)
    random = np.random.default_rng(seed)
    wanted = np.sort(random.choice(total, most, replace=False))
    rows, start = [], 0
    for strip, light in zip(strips, strips.light, strict=True):
        end = start + len(light)
        own = wanted[(wanted >= start) & (wanted < end)] - start
        rows.append(lighting.remove(strip.pixels[own], light[own]))
        start = end
    return np.concatenate(rows)


def view_of(strip: Strip, lighting: Lighting) -> View:
    """What of a strip is not the mouth."""
    light = slow_light(strip.light)
    return View(even_band(strip.band, light, lighting), strip.rigid, light)


def even_band(band: NDArray[np.uint8], light: Floats, lighting: Lighting) -> Floats:
    """(T, B) band luma brought to the usual light."""
    gain = np.clip(lighting.usual[0] / np.maximum(light[:, :1], 1.0), 0.7, 1.4)
    return np.asarray((band.astype(np.float32) - 16) * gain, np.float32)


def slow_light(light: Floats) -> Floats:
    """Light over a clip, smoothed: it flickers less than the pixels it is read from."""
    smoothed: Floats = gaussian_filter1d(light, 3.0, axis=0, mode="nearest")
    return smoothed


def measures_of(lips: Floats) -> Floats:
    """(T, 2) opening and width from (T, 40, 2) lip shapes."""
    opening = np.linalg.norm(lips[:, LIPS.index(13)] - lips[:, LIPS.index(14)], axis=1)
    width = np.linalg.norm(lips[:, LIPS.index(61)] - lips[:, LIPS.index(291)], axis=1)
    return np.asarray(np.stack([opening, width], axis=1), np.float32)


def _implied(rows: Floats, mean: Floats, spread: Floats) -> Floats:
    """(K, 10) slopes from coordinates to lip shape parts: a ridge regression."""
    size = rows.shape[1] - LIP_PARTS - 2
    # In units of the first coordinate, so that the faint ones are held back.
    away = (rows[:, :size] - mean[:size]) / spread[0]
    parts = rows[:, size : size + LIP_PARTS] - mean[size : size + LIP_PARTS]
    slopes = np.linalg.solve(away.T @ away + _RIDGE * np.eye(size), away.T @ parts)
    return np.asarray(slopes / spread[0], np.float32)


def _importance(spread: Floats) -> Floats:
    """(K + 12,) weights: what moves most matters most; opening and width twice."""
    coordinates = (spread[: -LIP_PARTS - 2] ** 2) ** 0.75
    shape = spread[-LIP_PARTS - 2 : -2] ** 2
    parts = [coordinates / coordinates.mean(), shape / shape.mean(), np.full(2, 2.0)]
    return np.asarray(np.concatenate(parts), np.float32)
