"""The offset of sound against picture is read off the speaking mouth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.enroll.sync import NATURAL, measure_lag
from avatar_app.enroll.tracking import LANDMARKS, FaceTrack
from avatar_app.media import Sound

RATE_HZ, FPS, SECONDS = 16000, 25.0, 8.0


def spoken(lag: float, seed: int = 0) -> tuple[FaceTrack, Sound]:
    """A mouth that opens in syllables, and a voice as loud as it is open."""
    random = np.random.default_rng(seed)
    beats = np.cumsum(random.uniform(0.12, 0.4, 40))
    heights = random.uniform(0.3, 1.0, 40)

    def opened(at: NDArray[np.float64]) -> NDArray[np.float64]:
        bumps = np.exp(-(((at[:, None] - beats) / 0.05) ** 2)) * heights
        return np.asarray(bumps.sum(axis=1))

    frames = np.arange(int(SECONDS * FPS)) / FPS
    points = np.zeros((len(frames), LANDMARKS, 2), np.float32)
    points[:, 263, 0] = 100.0
    points[:, 14, 1] = 10 * opened(frames + 0.5 / FPS)
    track = FaceTrack(points, np.ones(len(frames), np.bool_), frames)
    ticks = np.arange(int(SECONDS * RATE_HZ)) / RATE_HZ - lag - NATURAL
    voice = random.standard_normal(len(ticks)) * (0.001 + 0.2 * opened(ticks))
    return track, Sound(voice.astype(np.float32), RATE_HZ)


@pytest.mark.parametrize("lag", [-0.2, -0.06, 0.0, 0.06, 0.2])
def test_a_known_lag_is_found(lag: float) -> None:
    """Within 15 ms, early or late."""
    measured = measure_lag([spoken(lag, seed) for seed in range(3)])

    assert measured is not None
    assert measured == pytest.approx(lag, abs=0.015)


def test_a_voice_that_is_not_the_mouths_tells_nothing() -> None:
    """Another's voice over the picture, or none at all: no offset is made up."""
    track, _ = spoken(0.0, 1)
    others = [(spoken(0.0, a)[0], spoken(0.0, a + 7)[1]) for a in range(5)]

    assert measure_lag(others) is None
    assert measure_lag([(track, Sound(np.zeros(160000, np.float32), RATE_HZ))]) is None
    assert measure_lag([]) is None
