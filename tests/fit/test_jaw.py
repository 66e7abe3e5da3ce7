"""The jaw: how far skin moves is read off what differs between two mouths."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.fit.face.basis import Basis
from avatar_app.fit.face.canon import CHIN, learn_canon
from avatar_app.fit.face.jaw import MOVING, STEP, Field, Jaw, learn_jaw
from tests.fit.test_canon import face

BRIGHT, SIZE = 60, 100  # luma numbers, and all


def basis() -> Basis:
    """Five orthonormal components without weights."""
    random = np.random.default_rng(0)
    parts = np.linalg.qr(random.normal(size=(SIZE, 5)))[0].T.astype(np.float32)
    return Basis(np.zeros(SIZE, np.float32), parts, np.ones(SIZE, np.float32))


def taught() -> tuple[Jaw, NDArray[np.float64]]:
    """A jaw whose points follow the first two coordinates, with noise; the truth."""
    random = np.random.default_rng(1)
    truth = np.zeros((5, 2 * len(MOVING)))
    truth[:2] = random.normal(size=(2, 2 * len(MOVING)))
    coordinates, points = [], []
    for clip in range(3):
        own = random.normal(size=(80, 5)).astype(np.float32)
        away = own @ truth + random.normal(0, 0.3, (80, 2 * len(MOVING)))
        coordinates.append(own + 2 * clip)  # the head is turned otherwise in each
        points.append((away + 50 * clip).reshape(80, -1, 2).astype(np.float32))
    return learn_jaw(coordinates, points), truth


def test_the_movement_is_learned_within_clips() -> None:
    """How the head is held in a clip does not count as the jaw's doing."""
    jaw, truth = taught()

    assert jaw.slopes == pytest.approx(truth, abs=0.2)


def test_two_mouths_tell_the_movement_between_them() -> None:
    """The reading of their difference is where the points went."""
    jaw, truth = taught()
    reading = jaw.reading(basis(), BRIGHT)
    change = np.array([1.5, -1, 0.5, 0, 2], np.float32)
    difference = change @ basis().parts
    for part in (slice(0, BRIGHT), slice(BRIGHT, 80), slice(80, SIZE)):
        difference[part] -= difference[part].mean()

    told = difference @ reading
    wanted = change @ truth
    assert np.corrcoef(told, wanted)[0, 1] > 0.95


def test_another_light_moves_nothing() -> None:
    """Brighter, or redder, all over."""
    reading = taught()[0].reading(basis(), BRIGHT)
    light = np.zeros(SIZE, np.float32)
    light[:BRIGHT], light[80:] = 12, -5

    assert np.abs(light @ reading).max() < 1e-3


def test_skin_moves_with_its_points_and_rests_elsewhere() -> None:
    """The chin drops, the place beside the nose stays."""
    canon = learn_canon(face()[None])
    moved = np.zeros((len(MOVING), 2), np.float32)
    low = canon.points[list(MOVING), 1] > canon.points[CHIN, 1] - 20
    moved[low, 1] = 5
    field = Field(canon)(moved)
    x, y = (canon.points[CHIN] / STEP).astype(int)

    assert field.shape == (canon.height // STEP, canon.width // STEP, 2)
    assert field[min(y, field.shape[0] - 1), x, 1] > 2.5
    assert np.abs(field[0]).max() < 0.5


def test_nothing_moves_beyond_reason() -> None:
    """A reading gone wild is bounded by what a jaw can do."""
    canon = learn_canon(face()[None])
    field = Field(canon)(np.full((len(MOVING), 2), 1e4, np.float32))

    assert np.abs(field).max() < 0.4 * canon.inter_ocular
