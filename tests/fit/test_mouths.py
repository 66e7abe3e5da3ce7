"""What the lip network's numbers mean: shapes, and how they agree with looks."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.fit.face.personal import LIP_PARTS, Mouths
from avatar_app.fit.face.studying import _implied

Floats = NDArray[np.float32]
LOOKS = 6


def mouths() -> Mouths:
    """Six coordinates, from which the first two lip shape parts follow."""
    random = np.random.default_rng(0)
    count = LOOKS + LIP_PARTS + 2
    implied = np.zeros((LOOKS, LIP_PARTS), np.float32)
    implied[0, 0], implied[1, 1] = 0.5, -0.25
    axes, _ = np.linalg.qr(random.normal(0, 1, (80, LIP_PARTS)))
    return Mouths(
        random.normal(0, 1, count).astype(np.float32),
        np.ones(count, np.float32),
        np.ones(count, np.float32),
        random.normal(0, 0.1, 80).astype(np.float32),
        axes.astype(np.float32),
        implied,
    )


def said(own: Mouths, pictures: int = 60) -> Floats:
    """Rows whose shapes are those that their looks have."""
    random = np.random.default_rng(1)
    rows = np.repeat(own.mean[None], pictures, axis=0)
    rows[:, :LOOKS] += random.normal(0, 2, (pictures, LOOKS)).astype(np.float32)
    away = rows[:, :LOOKS] - own.mean[:LOOKS]
    rows[:, LOOKS : LOOKS + LIP_PARTS] += away @ own.implied
    return rows


def test_shapes_that_agree_with_looks_stay() -> None:
    """Where the network says nothing beyond the looks, nothing is carried anywhere."""
    own = mouths()
    rows = said(own)

    assert own.quickened(rows) == pytest.approx(rows, abs=1e-5)
    assert own.drawn_shapes(rows) == pytest.approx(own.shapes(rows), abs=1e-5)


def test_of_shapes_beyond_the_looks_the_quick_is_kept() -> None:
    """A slow disagreement is dropped, a trembling one stays, the rest is untouched."""
    own = mouths()
    agreed = said(own)
    slow, quick = agreed.copy(), agreed.copy()
    slow[:, LOOKS : LOOKS + LIP_PARTS] += 0.7
    quick[:, LOOKS + 3] += 0.7 * (-1.0) ** np.arange(len(quick))

    assert own.quickened(slow) == pytest.approx(agreed, abs=1e-5)
    middle = slice(8, -8)
    assert own.quickened(quick)[middle] == pytest.approx(quick[middle], abs=0.02)


def test_what_was_given_is_not_changed() -> None:
    """The rows handed in are the caller's."""
    own = mouths()
    rows = said(own) + np.float32(0.3)
    before = rows.copy()
    own.quickened(rows)
    own.drawn_shapes(rows)

    assert (rows == before).all()


def test_how_shapes_follow_from_looks_is_found() -> None:
    """From a take's rows, noise and all; faint coordinates are not trusted."""
    own = mouths()
    rows = np.concatenate([said(own, 2000)] * 2)
    random = np.random.default_rng(2)
    rows[:, LOOKS:] += random.normal(0, 0.2, rows[:, LOOKS:].shape)
    rows[:, LOOKS - 1] = own.mean[LOOKS - 1] + random.normal(0, 1e-3, len(rows))
    found = _implied(rows, rows.mean(axis=0), rows.std(axis=0))

    assert found[: LOOKS - 1] == pytest.approx(own.implied[: LOOKS - 1], abs=0.02)
    assert np.abs(found[LOOKS - 1]).max() < 0.5
