"""Texture: real skin, lip lines and teeth from the person's own frames.

A basis draws the average of what it is unsure of, so teeth blur. For each picture the
best-matching real frame is looked up among some hundreds of key frames, and its lips
are carried to where the predicted lips are. Fine structure is then taken from that
frame, coarse light and shade from the basis. Choosing frames is a shortest path: near
what is wanted, and near one another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
KEY_FRAMES = 800
_CANDIDATES = 24
_SMOOTHNESS = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """Key frames of one person.

    Attributes:
        places: (N, n) float32, where each frame lies; nearness is Euclidean.
        following: (N,) int32, the key frame that followed it in the take, or -1.
        luma: (N, L) uint8, the kept luma in usual light.
        lips: (N, 40, 2) float32, lip shapes.
    """

    places: Floats
    following: NDArray[np.int32]
    luma: NDArray[np.uint8]
    lips: Floats

    def choose(self, wanted: Floats) -> NDArray[np.int32]:
        """Find for each of (T, n) wanted places a key frame, as a smooth path.

        Source:
            Viterbi (1967); the costs are those of unit selection (Hunt and Black,
            1996): target cost plus join cost, free where frames followed each other.
        """
        if len(wanted) == 0:
            return np.zeros(0, np.int32)
        away = _distances(wanted, self.places)
        count = min(_CANDIDATES, len(self.places))
        picks = np.argpartition(away, count - 1, axis=1)[:, :count]
        costs = np.take_along_axis(away, picks, axis=1)
        best = costs[0]
        back = np.zeros(picks.shape, np.int64)
        for t in range(1, len(wanted)):
            join = _distances(self.places[picks[t - 1]], self.places[picks[t]])
            join[self.following[picks[t - 1]][:, None] == picks[t][None]] *= 0.3
            total = best[:, None] + _SMOOTHNESS * join
            back[t] = total.argmin(axis=0)
            best = total.min(axis=0) + costs[t]
        path = np.empty(len(wanted), np.int64)
        path[-1] = best.argmin()
        for t in range(len(wanted) - 1, 0, -1):
            path[t - 1] = back[t, path[t]]
        return np.asarray(picks[np.arange(len(wanted)), path], np.int32)


def spread_out(places: Floats, most: int, seed: int = 0) -> NDArray[np.int64]:
    """Pick frames that cover all the places: half by chance, half by distance.

    Chance keeps what is common; the farthest points keep the rare wide open mouths.
    Returns rising indices.
    """
    if len(places) <= most:
        return np.arange(len(places))
    random = np.random.default_rng(seed)
    chosen = list(random.choice(len(places), most // 2, replace=False))
    nearest = _distances(places, places[chosen]).min(axis=1)
    while len(chosen) < most:
        far = int(nearest.argmax())
        chosen.append(far)
        nearest = np.minimum(nearest, _distances(places, places[far : far + 1])[:, 0])
    return np.unique(np.array(chosen, np.int64))


def _distances(a: Floats, b: Floats) -> Floats:
    """Squared distances, (N, n) against (M, n)."""
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.asarray(np.maximum(squared, 0), np.float32)
