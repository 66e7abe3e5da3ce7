"""The basis: few numbers for a face that varies in few ways."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.fit.face.basis import Basis, learn_basis

Floats = NDArray[np.float32]


def varied(count: int, ways: int, size: int = 500, seed: int = 0) -> Floats:
    """Faces that vary in some ways only, the first most."""
    random = np.random.default_rng(seed)
    axes = np.random.default_rng(99).normal(0, 1, (ways, size))
    amounts = random.normal(0, 1, (count, ways)) * np.arange(ways, 0, -1) * 3
    return (120 + amounts @ axes).astype(np.float32)


def weights(size: int = 500) -> Floats:
    """Some numbers matter three times as much as others."""
    return np.linspace(0.5, 1.5, size).astype(np.float32)


def test_faces_come_back_from_their_coordinates() -> None:
    """Where there are as many coordinates as ways, faces not seen before as well."""
    basis = learn_basis(varied(200, 6), weights(), 6)
    unseen = varied(30, 6, seed=1)

    assert basis.parts.shape == (6, 500)
    assert basis.draw(basis.measure(unseen)) == pytest.approx(unseen, abs=0.2)


def test_drawing_and_measuring_are_inverse() -> None:
    """Any coordinates are found again in what they draw."""
    basis = learn_basis(varied(200, 10), weights(), 8)
    wanted = np.random.default_rng(2).normal(0, 30, (5, 8)).astype(np.float32)

    assert basis.measure(basis.draw(wanted)) == pytest.approx(wanted, abs=0.05)
    nothing = np.zeros((1, 8), np.float32)
    assert basis.draw(nothing)[0] == pytest.approx(basis.mean)


def test_fewer_coordinates_leave_the_smallest_ways_out() -> None:
    """The error falls with every coordinate."""
    faces = varied(200, 10)
    errors = []
    for size in (1, 3, 6, 10):
        basis = learn_basis(faces, weights(), size)
        left = (faces - basis.draw(basis.measure(faces))) * weights()
        errors.append(float((left**2).mean()))

    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.01 * errors[0]


def test_what_weighs_more_is_drawn_better() -> None:
    """With two independent halves and one coordinate, the heavy half gets it."""
    random = np.random.default_rng(3)
    faces = np.zeros((100, 40), np.float32)
    faces[:, :20] = random.normal(0, 1, (100, 1))
    faces[:, 20:] = random.normal(0, 1, (100, 1))
    for heavy in (slice(0, 20), slice(20, 40)):
        weight = np.full(40, 0.3, np.float32)
        weight[heavy] = 1.0
        basis = learn_basis(faces, weight, 1)
        left = np.abs(faces - basis.draw(basis.measure(faces)))
        light = slice(20, 40) if heavy.start == 0 else slice(0, 20)
        assert left[:, heavy].mean() < 0.1 * left[:, light].mean()


def test_few_faces_make_a_small_basis() -> None:
    """There are never more coordinates than faces less one."""
    basis = learn_basis(varied(5, 10), weights())

    assert isinstance(basis, Basis)
    assert len(basis.parts) == 4
    assert np.isfinite(basis.parts).all()
