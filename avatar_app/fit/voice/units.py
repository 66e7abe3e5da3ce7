"""Units: half phonemes of real speech, and which of them to say a sentence with.

A unit is the first or second half of one recorded phoneme. For every half phoneme
wanted, candidates are ranked by how near they are to what the network expects; the
sequence that is near throughout and joins well is found by Viterbi search.

Source:
    Hunt and Black, "Unit selection in a concatenative speech synthesis system using
    a large speech database" (1996); Qian and others, "A Unified Trajectory Tiling
    Approach to High Quality Speech Rendering" (2013) for guiding it by a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.voice.articulation import articulation
from avatar_app.fit.voice.material import Material
from avatar_app.fit.voice.vocoder import CEPSTRUM

_CANDIDATES = 30
_POINTS = 3  # a half phoneme is compared at its begin, middle and end
_EXPECTED, _HEARD = 1.0, 0.5  # weight of the network's idea of a unit, of its sound
_PITCH, _LENGTH, _NEIGHBOUR, _STRESS = 0.6, 1.0, 0.8, 0.4
_VOICING = 1.5
_JOIN, _JOIN_PITCH = 0.5, 0.5

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Half phonemes to be said, U of them; pauses between are told by ``breaks``.

    Attributes:
        symbols: (U) numbers of phonemes in the inventory.
        half: (U) 0 first half, 1 second.
        before: (U) number of the phoneme before, -1 for a pause.
        after: (U) number of the phoneme after.
        stress: (U) 0 to 2.
        length: (U) frames of the whole phoneme.
        begin: (U) frame at which it begins in ``expected``.
        end: (U) frame at which it ends.
        breaks: (U) whether a pause stands before.
    """

    symbols: Ints
    half: Ints
    before: Ints
    after: Ints
    stress: Ints
    length: Ints
    begin: Ints
    end: Ints
    breaks: NDArray[np.bool_]


class Inventory:
    """All units of one person.

    Args:
        material: The readings.
        sounds: (N) number of every segment's phoneme, -1 for a pause.
        stress: (N) of every segment.
        symbols: Phonemes by number.
        expected: (T, OUTPUTS) what the network plays for the readings themselves.
        mean: (OUTPUTS) of the readings.
        deviation: (OUTPUTS) of the readings.
    """

    def __init__(
        self,
        material: Material,
        sounds: Ints,
        stress: Ints,
        symbols: Sequence[str],
        expected: Floats,
        mean: Floats,
        deviation: Floats,
    ) -> None:
        self._mean, self._deviation = mean, deviation
        self._made = np.stack([articulation(symbol) for symbol in symbols])
        ends = np.append(material.edges[1:], material.readings[-1])
        length = ends - material.edges
        usable = np.flatnonzero((sounds >= 0) & (length >= 2))
        middle = material.edges + length // 2
        segment = np.repeat(usable, 2)
        self.half = np.tile([0, 1], len(usable))
        self.symbols = sounds[segment]
        self.begin = np.where(self.half == 0, material.edges[segment], middle[segment])
        self.end = np.where(self.half == 0, middle[segment], ends[segment])
        # Frames of pause that were recorded just before and after each unit.
        pause = np.where(sounds < 0, length, 0)
        self.quiet_before = np.where(self.half == 0, pause[segment - 1], 0)
        self.quiet_after = np.where(
            self.half == 1, pause[np.minimum(segment + 1, len(sounds) - 1)], 0
        )
        self._length = length[segment]
        self._stress = stress[segment]
        self._before = sounds[segment - 1]
        self._after = sounds[np.minimum(segment + 1, len(sounds) - 1)]
        heard = self._scaled(material.envelope)
        tune = (material.tune - mean[CEPSTRUM]) / deviation[CEPSTRUM]
        points = _points(self.begin, self.end)
        self._expected = _flat(self._scaled(expected[:, :CEPSTRUM])[points])
        self._heard = _flat(heard[points])
        self._tune = tune[points].mean(1)
        self._voiced = material.voiced[points].mean(1)
        last = len(heard) - 1
        self._enter, self._enter_before = heard[self.begin], heard[self.begin - 1]
        self._leave = heard[self.end - 1]
        self._leave_after = heard[np.minimum(self.end, last)]
        self._tune_in, self._tune_out = tune[self.begin], tune[self.end - 1]
        self._by_kind = {
            (symbol, half): np.flatnonzero(
                (self.symbols == symbol) & (self.half == half)
            )
            for symbol in range(len(symbols))
            for half in (0, 1)
        }

    def choose(self, wanted: Wanted, expected: Floats) -> Ints:
        """Choose one unit for every half phoneme: (U) numbers of units.

        Args:
            wanted: Half phonemes in order, at least one.
            expected: (T, OUTPUTS) what the network plays for this sentence.
        """
        tune = (expected[:, CEPSTRUM] - self._mean[CEPSTRUM]) / self._deviation[
            CEPSTRUM
        ]
        points = _points(wanted.begin, wanted.end)
        shape = _flat(self._scaled(expected[:, :CEPSTRUM])[points])
        pitch = tune[points].mean(1)
        voiced = np.clip(expected[:, CEPSTRUM + 1], 0, 1)[points].mean(1)
        options: list[Ints] = []
        came: list[Ints] = []
        total = np.zeros(0)
        for k in range(len(wanted.symbols)):
            units, cost = self._candidates(wanted, k, shape[k], pitch[k], voiced[k])
            if k == 0:
                total = cost
                came.append(np.zeros(len(units), np.int64))
            else:
                through = np.repeat(total[:, None], len(units), axis=1)
                if not wanted.breaks[k]:
                    through += self._joins(options[-1], units)
                best = through.argmin(0)
                total = through[best, np.arange(len(units))] + cost
                came.append(best)
            options.append(units)
        at = int(total.argmin())
        chosen = np.zeros(len(options), np.int64)
        for k in range(len(options) - 1, -1, -1):
            chosen[k] = options[k][at]
            at = int(came[k][at])
        return chosen

    def follows(self, units: Ints) -> NDArray[np.bool_]:
        """Tell which units are simply the recording going on: (U), the first is not."""
        same = self.end[units[:-1]] == self.begin[units[1:]]
        return np.concatenate([[False], same])

    def _candidates(
        self, wanted: Wanted, k: int, shape: Floats, pitch: float, voiced: float
    ) -> tuple[Ints, NDArray[np.float64]]:
        units = self._of_kind(int(wanted.symbols[k]), int(wanted.half[k]))
        root = 1 / np.sqrt(_POINTS)
        cost = _EXPECTED * root * np.linalg.norm(self._expected[units] - shape, axis=1)
        cost = cost + _HEARD * root * np.linalg.norm(self._heard[units] - shape, axis=1)
        longer = np.log((self._length[units] + 1) / (wanted.length[k] + 1))
        cost += _LENGTH * np.abs(longer)
        cost += _PITCH * np.abs(self._tune[units] - pitch)
        cost += _VOICING * np.abs(self._voiced[units] - voiced)
        cost += _STRESS * (self._stress[units] != wanted.stress[k])
        beside = self._after if wanted.half[k] else self._before
        other = int(wanted.after[k] if wanted.half[k] else wanted.before[k])
        cost += _NEIGHBOUR * self._unlike(beside[units], other)
        if len(units) <= _CANDIDATES:
            return units, cost
        best = np.argpartition(cost, _CANDIDATES)[:_CANDIDATES]
        return units[best], cost[best]

    def _unlike(self, symbols: Ints, other: int) -> NDArray[np.float64]:
        """How differently neighbours are made: 0 the same to about 1."""
        if other < 0:
            return np.asarray((symbols >= 0) * 1.0)
        made = np.where(symbols[:, None] >= 0, self._made[symbols], 0)
        away = np.abs(made - self._made[other]).sum(1)
        return np.asarray(np.where(symbols == other, 0, np.minimum(1, 0.4 + away / 8)))

    def _of_kind(self, symbol: int, half: int) -> Ints:
        """Units of a phoneme, or of the nearest that was recorded."""
        found = self._by_kind[symbol, half]
        if len(found):
            return found
        recorded = np.unique(self.symbols)
        away = ((self._made[recorded] - self._made[symbol]) ** 2).sum(1)
        return self._by_kind[int(recorded[away.argmin()]), half]

    def _joins(self, left: Ints, right: Ints) -> NDArray[np.float64]:
        """Cost of every unit after every other; none where the recording goes on."""
        cost = _JOIN * (
            _distances(self._leave[left], self._enter_before[right])
            + _distances(self._leave_after[left], self._enter[right])
        )
        cost += _JOIN_PITCH * np.abs(
            self._tune_out[left][:, None] - self._tune_in[right][None]
        )
        cost[self.end[left][:, None] == self.begin[right][None]] = 0
        return np.asarray(cost)

    def _scaled(self, envelope: Floats) -> Floats:
        """Scale mel-cepstra so that distances count what is heard most."""
        weight = np.ones(CEPSTRUM, np.float32)
        weight[0] = 0.7
        weight[25:] = 0.3
        scaled = (envelope - self._mean[:CEPSTRUM]) / self._deviation[:CEPSTRUM]
        return np.asarray(scaled * np.sqrt(weight), np.float32)


def _points(begin: Ints, end: Ints) -> Ints:
    """Frames at which units are compared: (U, _POINTS)."""
    share = np.linspace(0, 1, _POINTS)
    return np.asarray(
        np.round(begin[:, None] + share * np.maximum(end - 1 - begin, 0)[:, None])
    ).astype(np.int64)


def _flat(rows: Floats) -> Floats:
    return rows.reshape(len(rows), -1)


def _distances(left: Floats, right: Floats) -> NDArray[np.float64]:
    """Euclidean distance of every row to every other."""
    square = (left**2).sum(1)[:, None] + (right**2).sum(1)[None] - 2 * left @ right.T
    return np.asarray(np.sqrt(np.maximum(square, 0)), np.float64)
