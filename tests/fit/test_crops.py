"""Crops: planes, geometry at half size, and light that can be put back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.fit.face.canon import apply, learn_canon, similarity
from avatar_app.fit.face.crops import (
    Lighting,
    cut,
    flatten,
    halved,
    light_on,
    lip_shapes,
    lips_nearness,
    open_window,
    split_planes,
)
from tests.fit.test_canon import face, move


def frame() -> NDArray[np.uint8]:
    """A smooth picture, 640 by 360: luma rises to the right, u down, v both ways."""
    _, x = np.mgrid[:360, :640]
    luma = 30 + x * 0.3
    half_y, half_x = np.mgrid[:180, :320]
    colors = [100 + half_y * 0.2, 90 + (half_x + half_y) * 0.1]
    flat = np.concatenate([luma.ravel(), *(c.ravel() for c in colors)])
    planes: NDArray[np.uint8] = flat.reshape(540, 640).astype(np.uint8)
    return planes


def test_planes_are_views() -> None:
    """Writing to a part writes into the picture; nothing is copied."""
    planes = np.zeros((540, 640), np.uint8)
    luma, u, v = split_planes(planes)
    luma[0, 0], u[0, 0], v[-1, -1] = 1, 2, 3

    assert (luma.shape, u.shape, v.shape) == ((360, 640), (180, 320), (180, 320))
    assert planes[0, 0] == 1
    assert planes.reshape(-1)[360 * 640] == 2
    assert planes[-1, -1] == 3
    assert planes.astype(int).sum() == 6


def test_planes_are_those_of_the_encoder() -> None:
    """PyAV's yuv420p has its u and v where they are looked for."""
    import av

    picture = av.VideoFrame(64, 32, "yuv420p")
    for plane, value in zip(picture.planes, (50, 60, 70), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    luma, u, v = split_planes(np.asarray(picture.to_ndarray(), np.uint8))

    assert [set(part.ravel()) for part in (luma, u, v)] == [{50}, {60}, {70}]


@pytest.mark.parametrize("degrees", [0.0, 12.0, -30.0])
def test_half_size_geometry_agrees_with_full_size(degrees: float) -> None:
    """A chroma sample lies in the middle of its four luma samples, before and after."""
    full = move(1.3, degrees, 17.0, -9.0)
    places = np.random.default_rng(0).uniform(0, 300, (20, 2))
    chroma = (places - 0.5) / 2  # the same places, counted in chroma samples

    moved = apply(full, places)
    assert apply(halved(full), chroma) == pytest.approx((moved - 0.5) / 2)


def test_a_crop_shows_what_lies_there() -> None:
    """Luma and colors of a smooth picture come out where the pose says."""
    canon = learn_canon(face()[None])
    pose = similarity(face(), canon.points)
    lower = cut(frame(), pose, canon)
    back = np.linalg.inv(pose[:, :2])
    for x, y in ((20, 20), (canon.width - 20, canon.height - 20)):
        there = back @ (np.array([x, y]) - pose[:, 2])
        assert lower.luma[y, x] == pytest.approx(30 + 0.3 * there[0], abs=2)
        assert lower.u[y // 2, x // 2] == pytest.approx(100 + 0.1 * there[1], abs=2)


def test_light_can_be_taken_away_and_put_back() -> None:
    """The two are each other's inverse, within what light may be."""
    lighting = Lighting(
        np.array([100, 120, 135], np.float32), 60, np.arange(-1, 19, dtype=np.int32)
    )
    random = np.random.default_rng(1)
    flat = random.integers(16, 236, (5, 100)).astype(np.uint8)
    light = random.uniform([80, 112, 128], [130, 128, 142], (5, 3)).astype(np.float32)
    even = lighting.remove(flat, light)

    assert lighting.cast(even, light) == pytest.approx(flat, abs=1e-3)
    assert np.abs(even - flat).max() > 5


def test_one_face_in_two_lights_is_one_face() -> None:
    """A brighter, redder copy gives the same numbers as the usual one."""
    window = open_window(learn_canon(face()[None]))
    pose = similarity(face(), window.canon.points)
    usual = cut(frame(), pose, window.canon)
    lit = frame()
    luma, _, v = split_planes(lit)
    luma[:] = np.clip((luma.astype(np.float32) - 16) * 1.15 + 16.5, 0, 255)
    v += 6
    brighter = cut(lit, pose, window.canon)
    lighting = Lighting.of(window, light_on(usual, window))
    both = np.stack([flatten(usual, window), flatten(brighter, window)])
    lights = np.stack([light_on(usual, window), light_on(brighter, window)])
    even = lighting.remove(both, lights)

    assert np.abs(both[0].astype(int) - both[1]).mean() > 4
    assert np.abs(even[0] - even[1]).mean() < 1.0


def test_the_window_covers_the_mouth_and_leaves_the_nose() -> None:
    """Full at the lips, nothing at the edge, the judging skin outside."""
    window = open_window(learn_canon(face()[None]))
    canon = window.canon
    x, y = canon.points[[61, 291]].mean(axis=0).astype(int)

    assert window.mask[y, x] > 0.95
    edges = (window.mask[0], window.mask[-1], window.mask[:, 0], window.mask[:, -1])
    assert max(edge.max() for edge in edges) < 0.02
    assert window.skin.sum() > 50
    assert window.mask[window.skin].max() < 0.02
    size = int(window.kept.sum() + 2 * window.kept_half.sum())
    assert window.weight.shape == (size,)
    assert (window.weight > 0).all()
    assert lips_nearness(canon).max() <= 1


def test_lip_shapes_know_no_pose() -> None:
    """The same lips under two poses have one shape."""
    canon = learn_canon(face()[None])
    moved = apply(move(1.2, 15, 30, -20), face()).astype(np.float32)
    points = np.stack([face(), moved])
    poses = np.stack([similarity(p, canon.points) for p in points])
    shapes = lip_shapes(points, poses, canon)

    assert shapes[0] == pytest.approx(shapes[1], abs=1e-4)
    assert np.abs(shapes).max() < 2
