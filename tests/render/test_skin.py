"""Skin: the frame's own, moved with the jaw, at the frame's own size."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.fit.face.canon import Matrix, after
from avatar_app.fit.face.crops import cut, flatten, split_planes
from avatar_app.render.pasting import Paster
from avatar_app.render.skin import Lent, Skin
from tests.render.test_pasting import scene

pytestmark = pytest.mark.slow

Planes = NDArray[np.uint8]
GROWN = 3  # how much larger than it was learned the frame is


@functools.lru_cache(1)
def large() -> tuple[Planes, Matrix]:
    """The first idle picture three times as large, with grain, and its pose."""
    _, idle, planes = scene()
    luma, u, v = (
        cv2.resize(part, None, fx=GROWN, fy=GROWN) for part in split_planes(planes)
    )
    random = np.random.default_rng(0)
    luma = np.clip(luma + random.normal(0, 6, luma.shape), 16, 235).astype(np.uint8)
    grown = np.concatenate([luma.ravel(), u.ravel(), v.ravel()])
    half = 0.5 * GROWN - 0.5  # pixel centres
    back = np.array([[1 / GROWN, 0, -half / GROWN], [0, 1 / GROWN, -half / GROWN]])
    return grown.reshape(-1, luma.shape[1]), after(idle.poses[0], back)


def test_a_large_frame_with_its_own_mouth_stays_as_it_was() -> None:
    """Grain too, which no canonical picture holds: skin is read off the frame."""
    face, _, _ = scene()
    planes, pose = large()
    own = flatten(cut(planes, pose, face.canon), face.window).astype(np.float32)
    page = planes.copy()
    paster = Paster(face)
    place = paster.place(page, pose)
    paster.paste(page, place, own)
    x0, y0, x1, y1 = place.box
    before, after_ = (split_planes(p)[0][y0:y1, x0:x1] for p in (planes, page))
    grain = cv2.Laplacian(before.astype(np.float32), cv2.CV_32F)
    left = cv2.Laplacian(after_.astype(np.float32), cv2.CV_32F)
    near = cv2.warpAffine(
        Skin(face).move(own, place.around).near, place.back, (x1 - x0, y1 - y0)
    )
    skin = (place.alpha > 0.9) & (near < 0.01)

    assert Skin.is_finer(place.back)
    assert skin.sum() > 1000
    assert left[skin].var() == pytest.approx(grain[skin].var(), rel=0.02)


def test_what_is_no_skin_stays() -> None:
    """A white wall where a cheek was seen is not painted with a cheek."""
    face, _, _ = scene()
    planes, pose = large()
    own = flatten(cut(planes, pose, face.canon), face.window).astype(np.float32)
    paster = Paster(face)
    page = planes.copy()
    luma = split_planes(page)[0]
    place = paster.place(page, pose)
    x0, y0, x1, y1 = place.box
    near = cv2.warpAffine(
        Skin(face).move(own, place.around).near, place.back, (x1 - x0, y1 - y0)
    )
    wall = (place.alpha > 0.9) & (near < 0.01)
    wall[:, : wall.shape[1] // 2] = False
    luma[y0:y1, x0:x1][wall] = 235
    walled = page.copy()
    place = paster.place(page, pose)
    paster.paste(page, place, own)
    inner = cv2.erode(wall.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    off = split_planes(page)[0][y0:y1, x0:x1][inner].astype(float)
    off -= split_planes(walled)[0][y0:y1, x0:x1][inner]

    assert inner.sum() > 500
    assert np.abs(off).mean() < 8


def test_a_loan_is_a_key_frames() -> None:
    """Pictures of a face that has nothing finer are lent nothing."""
    from avatar_app.render.skin import lent_by

    face, _, _ = scene()
    rows = np.zeros((3, len(face.mouths.mean)), np.float32)
    lent = lent_by(face, rows, np.zeros(3, np.int32))

    assert len(face.native) == 0
    assert lent == [None] * 3
    assert Lent(2, face.texture.lips[2]).pick == 2
