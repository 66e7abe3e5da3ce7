"""The basis: few numbers for a face that varies in few ways."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.fit.basis import Basis, learn_basis, learn_setting, slow

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


def test_the_setting_finds_what_follows_from_pose_and_light() -> None:
    """A slow rule from skin and landmarks to coordinates is learned, and no more."""
    random = np.random.default_rng(4)
    drift = slow(random.normal(0, 60, (900, 2)).astype(np.float32))
    band = (drift[:, :1] @ np.ones((1, 30)) + 100).astype(np.float32)
    band += random.normal(0, 0.1, band.shape).astype(np.float32)
    rigid = (drift[:, 1:] @ np.ones((1, 40))).astype(np.float32)
    rigid += random.normal(0, 0.1, rigid.shape).astype(np.float32)
    speech = random.normal(0, 2, (900, 3)).astype(np.float32)
    coordinates = speech + drift @ np.array([[1, 0, -2], [0, 3, 1]], np.float32)
    setting = learn_setting(slow(band), slow(rigid), coordinates)
    told = setting(band, rigid)

    assert told.shape == (900, 3)
    follows = [
        np.corrcoef(told[:, k], (coordinates - speech)[:, k])[0, 1] for k in range(3)
    ]
    assert min(follows) > 0.9
    assert np.abs(np.corrcoef(told[:, 0], speech[:, 0])[0, 1]) < 0.2


def test_beyond_what_was_enrolled_the_setting_stays_with_what_is_known() -> None:
    """A head turned ten times as far does not tear the mouth."""
    random = np.random.default_rng(5)
    band = random.normal(100, 3, (400, 20)).astype(np.float32)
    rigid = random.normal(0, 3, (400, 20)).astype(np.float32)
    coordinates = (band[:, :1] + rigid[:, :1]).astype(np.float32)
    setting = learn_setting(band, rigid, coordinates)
    wild = setting(100 + 50 * (band - 100), 50 * rigid)

    assert np.abs(wild - coordinates.mean()).max() < 12 * coordinates.std()


def test_slow_is_slow() -> None:
    """Speech, five times a second, is averaged away; a constant stays."""
    t = np.arange(250)
    fast = np.sin(2 * np.pi * 5 * t / 25)[:, None].astype(np.float32)

    assert np.abs(slow(fast)[50:-50]).max() < 0.01
    assert slow(np.full((50, 2), 7, np.float32)) == pytest.approx(7)
