"""Pasting: a mouth goes in without a seam, and nothing else is touched."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.capture.clips import read_frames
from avatar_app.fit.avatar import FACE
from avatar_app.fit.face.crops import cut, flatten, split_planes
from avatar_app.fit.face.idle import Idle, film_name, reopen_idle
from avatar_app.fit.face.personal import Finish, PersonalFace, reopen_face
from avatar_app.render.pasting import Paster, Place
from tests.story.small_avatar import made

pytestmark = pytest.mark.slow

Planes = NDArray[np.uint8]


@functools.lru_cache(1)
def scene() -> tuple[PersonalFace, Idle, Planes]:
    """The face without sharpening, and the first picture it idles in."""
    from dataclasses import replace

    face = reopen_face(made().vault, FACE)
    idle = reopen_idle(made().vault)
    frame = next(iter(read_frames(made().vault, film_name(0))))
    planes = np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8)
    plain: Finish = replace(face.finish, crispness=0.0)
    return replace(face, finish=plain), idle, planes


def own_mouth() -> NDArray[np.float32]:
    """What the picture itself shows where the mouth is drawn."""
    face, idle, planes = scene()
    lower = cut(planes, idle.poses[0], face.canon)
    return flatten(lower, face.window).astype(np.float32)


def pasted(lit: NDArray[np.float32]) -> tuple[Planes, Place]:
    """The picture with a lower face pasted in."""
    face, idle, planes = scene()
    paster = Paster(face)
    page = planes.copy()
    place = paster.place(page, idle.poses[0])
    paster.paste(page, place, lit)
    return page, place


def inside(plane: NDArray[np.uint8], place: Place, fineness: int) -> NDArray[np.bool_]:
    """Which pixels of a plane belong to the place's box."""
    x0, y0, x1, y1 = (edge // fineness for edge in place.box)
    box = np.zeros(plane.shape, np.bool_)
    box[y0:y1, x0:x1] = True
    return box


def test_a_pictures_own_mouth_leaves_it_as_it_was() -> None:
    """Cut out and pasted back: above 40 dB in the box, in luma and both colors."""
    page, place = pasted(own_mouth())
    for fineness, before, after in zip(
        (1, 2, 2), split_planes(scene()[2]), split_planes(page), strict=True
    ):
        box = inside(before, place, fineness)
        error = (before[box].astype(float) - after[box]) ** 2
        assert 10 * np.log10(255**2 / max(error.mean(), 1e-9)) > 40


def test_nothing_outside_the_box_is_touched() -> None:
    """Whatever is pasted, bit for bit; and inside it is seen."""
    stripes = own_mouth()
    stripes[::7] = 235
    page, place = pasted(stripes)
    for fineness, before, after in zip(
        (1, 2, 2), split_planes(scene()[2]), split_planes(page), strict=True
    ):
        box = inside(before, place, fineness)
        assert (before[~box] == after[~box]).all()
    luma = split_planes(page)[0].astype(int) - split_planes(scene()[2])[0]
    assert np.abs(luma).max() > 40


def test_a_mouth_in_another_light_is_brought_to_this_one() -> None:
    """Twelve grey levels too bright all over: the seam is gone, most of it inside."""
    bright = own_mouth() + 12
    page, place = pasted(bright)
    alpha = place.alpha
    x0, y0, x1, y1 = place.box
    before = split_planes(scene()[2])[0][y0:y1, x0:x1].astype(float)
    after = split_planes(page)[0][y0:y1, x0:x1].astype(float)
    edge = (alpha > 0.02) & (alpha < 0.5)
    full = alpha > 0.98

    assert edge.sum() > 50
    assert np.abs(after - before)[edge].mean() < 3
    assert np.abs((after - before)[full].mean()) < 12


@pytest.mark.parametrize("shift", [60, 120, 240])
def test_a_face_at_the_edge_is_pasted_as_far_as_it_goes(shift: int) -> None:
    """Half outside, or all of it: no exception, the box stays in the picture."""
    face, idle, planes = scene()
    paster = Paster(face)
    pose = idle.poses[0].copy()
    pose[:, 2] -= pose[:, :2] @ np.array([0.0, float(shift)])
    page = planes.copy()
    place = paster.place(page, pose)
    lit = flatten(cut(page, pose, face.canon), face.window).astype(np.float32)
    paster.paste(page, place, lit)
    x0, y0, x1, y1 = place.box

    assert 0 <= x0 < x1 <= 640
    assert 0 <= y0 < y1 <= 360
