"""Native size: what the canonical picture cannot hold is kept, and comes back."""

from __future__ import annotations

import functools
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save

from avatar_app.errors import AvatarOutdated, FileTorn
from avatar_app.fit.face.canon import LIPS, Canon, apply, learn_canon, similarity
from avatar_app.fit.face.crops import cut, split_planes
from avatar_app.fit.face.listening import ear
from avatar_app.fit.face.native import NOTHING, Fine, Pack, surroundings
from avatar_app.fit.face.personal import reopen_face
from tests.fakes.shelf import OpenShelf
from tests.fit.test_canon import face

GROWN = 6.0  # the face of the tests has 80 pixels between the eyes, this one 480


def large() -> tuple[NDArray[np.float32], Canon]:
    """Landmarks of a face as a 4K camera sees it, and its canonical face."""
    points = (face() * GROWN).astype(np.float32)
    return points, learn_canon(points[None])


@functools.lru_cache(1)
def stubble() -> NDArray[np.uint8]:
    """A grey picture, 3840 by 2160, with hairs two pixels wide all over."""
    random = np.random.default_rng(0)
    luma = cv2.GaussianBlur(random.normal(0, 1, (2160, 3840)), (0, 0), 1.0)
    planes = np.full((3240, 3840), 128, np.uint8)
    split_planes(planes)[0][:] = np.clip(120 + 60 * luma, 16, 235)
    return planes


def test_a_small_face_needs_nothing_finer() -> None:
    """80 pixels between the eyes fit into the canonical picture whole."""
    assert learn_canon(face()[None]).fineness == 1


@pytest.mark.parametrize(("grown", "fineness"), [(4, 320 * 1.25 / 150), (12, 4)])
def test_a_large_face_is_kept_finer(grown: float, fineness: float) -> None:
    """A quarter more than the footage has, and no more than 600 pixels."""
    canon = learn_canon((face() * grown).astype(np.float32)[None])

    assert canon.inter_ocular == pytest.approx(150, abs=0.5)
    assert canon.fineness == pytest.approx(fineness, rel=1e-3)


def test_canonical_and_finer_make_the_frame() -> None:
    """Stubble that the canonical picture loses is there again with what is finer."""
    points, canon = large()
    pose = similarity(points, canon.points)
    planes, fine = stubble(), Fine.of(canon)
    lower = cut(planes, pose, canon)
    beyond = Pack.of([fine.cut(planes, pose, lower)]).picture(0).astype(float)
    held = cv2.warpAffine(lower.luma, fine.matrix, fine.size, flags=cv2.INTER_CUBIC)
    way = np.vstack([fine.matrix, [0, 0, 1]]) @ np.vstack([pose, [0, 0, 1]])
    luma = split_planes(planes)[0]
    seen = cv2.warpAffine(luma, way[:2], fine.size, flags=cv2.INTER_CUBIC)
    inner = (slice(8, -8), slice(8, -8))
    real = seen[inner].astype(float)

    assert np.std(held[inner] - real) > 10
    assert np.std(held[inner] + beyond[inner] - NOTHING - real) < 2.5


def test_the_canonical_picture_does_not_alias() -> None:
    """A large face is averaged when made small: fine noise fades, it does not stay."""
    points, canon = large()
    pose = similarity(points, canon.points)
    lower = cut(stubble(), pose, canon)
    luma = split_planes(stubble())[0]
    aliased = cv2.warpAffine(
        luma, pose, (canon.width, canon.height), flags=cv2.INTER_CUBIC
    )

    assert lower.luma.std() < 0.8 * aliased.std()
    assert lower.luma.mean() == pytest.approx(float(luma.mean()), abs=2)


def test_the_surroundings_are_those_of_the_mouth() -> None:
    """Whole at the lips, nothing at the chin and at the picture's border."""
    canon = learn_canon(face()[None])
    near = surroundings(canon)
    x, y = canon.points[list(LIPS)].mean(axis=0).astype(int)

    assert near[y, x] == 1
    assert max(near[:, 0].max(), near[:, -1].max(), near[0].max()) == 0
    assert near[min(canon.height - 1, y + round(0.4 * canon.inter_ocular)), x] == 0


def test_the_fine_picture_covers_the_surroundings() -> None:
    """Its corners lie where the surroundings end."""
    _, canon = large()
    fine = Fine.of(canon)
    near = np.argwhere(surroundings(canon) > 0)
    corners = apply(fine.matrix, near[:, ::-1].astype(np.float64))

    assert corners.min() >= 0
    assert (corners.max(axis=0) <= np.array(fine.size)).all()


def test_packed_pictures_come_back_in_order() -> None:
    """Three of different sizes; an empty pack is empty."""
    pictures = [np.full((8 * n, 8), 40 * n, np.uint8) for n in (1, 2, 3)]
    pack = Pack.of([cv2.imencode(".jpg", p)[1].ravel() for p in pictures])

    assert len(pack) == 3
    for number, picture in enumerate(pictures):
        assert pack.picture(number).shape == picture.shape
        assert np.abs(pack.picture(number).astype(int) - picture).max() <= 2
    assert len(Pack.of([])) == 0


def test_a_torn_picture_is_told() -> None:
    """Bytes that are no picture do not pass for one."""
    pack = Pack.of([cv2.imencode(".jpg", np.zeros((8, 8), np.uint8))[1].ravel()])
    torn = replace(pack, content=np.zeros_like(pack.content))

    with pytest.raises(FileTorn):
        torn.picture(0)


def test_a_face_of_an_older_form_is_refused() -> None:
    """One without a word on how fine it is: the person is told to build it again."""
    shelf = OpenShelf()
    plain = {"ear": ear(), "size": [228, 188]}
    shelf.write("face", save({"canon": face()}, metadata={"face": json.dumps(plain)}))

    with pytest.raises(AvatarOutdated):
        reopen_face(shelf, "face")
