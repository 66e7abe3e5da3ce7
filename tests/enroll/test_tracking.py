"""Following a face: what is kept of a clip, bridged where nobody was seen."""

from __future__ import annotations

import numpy as np
import pytest

from avatar_app.demo.presenter import DrawnPresenter
from avatar_app.enroll.tracking import (
    LANDMARKS,
    FaceTrack,
    follow_faces,
    join_track,
    reopen_track,
)
from avatar_app.errors import FileTorn
from tests.fakes.shelf import OpenShelf


def shape_at(x: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """A made-up face, all of it at one place."""
    return np.full((LANDMARKS, 2), x, np.float32)


def test_missing_frames_are_bridged() -> None:
    """Linear between the neighbours, constant at the ends."""
    found = [None, shape_at(10), None, None, shape_at(40), None]
    track = join_track(found, np.arange(6) / 25)

    assert track.points[:, 0, 0].tolist() == pytest.approx([10, 10, 20, 30, 40, 40])
    assert track.seen.tolist() == [False, True, False, False, True, False]


def test_a_clip_without_a_face_has_a_track_all_the_same() -> None:
    """Nothing was seen, and nothing is made up."""
    track = join_track([None] * 3, np.arange(3) / 25)

    assert not track.seen.any()
    assert not track.points.any()


def test_a_track_comes_back_from_the_shelf() -> None:
    """Every number, bit for bit."""
    shelf = OpenShelf()
    random = np.random.default_rng(0)
    points = random.normal(size=(4, LANDMARKS, 2)).astype(np.float32)
    track = FaceTrack(points, np.array([True, False, True, True]), np.arange(4) / 30)
    track.keep(shelf, "track")
    again = reopen_track(shelf, "track")

    assert (again.points == points).all()
    assert (again.seen == track.seen).all()
    assert (again.seconds == track.seconds).all()


@pytest.mark.parametrize("length", [0, 5, 200, -10])
def test_a_torn_track_says_so(length: int) -> None:
    """Cut anywhere, it is a FileTorn and nothing else."""
    shelf = OpenShelf()
    join_track([shape_at(3)], np.zeros(1)).keep(shelf, "track")
    shelf.kept["track"] = shelf.kept["track"][:length]
    with pytest.raises(FileTorn, match="track"):
        reopen_track(shelf, "track")


def test_a_track_knows_its_shape() -> None:
    """Landmarks of another mesh do not fit."""
    with pytest.raises(ValueError, match="468"):
        FaceTrack(np.zeros((2, 478, 2), np.float32), np.ones(2, np.bool_), np.zeros(2))


def test_the_drawn_presenter_is_followed_and_counted() -> None:
    """One face, in the middle, its eyes level; nobody on a grey wall."""
    drawn = DrawnPresenter(0, 640, 360)
    drawn.camera.start()
    with follow_faces() as follower:
        picture = drawn.camera.read().pixels
        points = follower.look(picture)
        assert points is not None
        assert follower.faces(picture) == 1
        twice = np.concatenate([picture[:, 160:480]] * 2, axis=1)
        assert follower.faces(np.ascontiguousarray(twice)) == 2
        grey = np.full_like(picture, 127)
        assert follower.faces(grey) == 0

    assert points.shape == (LANDMARKS, 2)
    assert abs(points[:, 0].mean() - 320) < 60
    assert abs(points[33, 1] - points[263, 1]) < 15
    with follow_faces() as follower:
        assert follower.look(grey) is None
