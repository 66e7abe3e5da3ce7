"""The idle film: to and fro without a jump, eyes open where it turns."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from avatar_app.capture.take import Clip, Origin, Purpose, Take
from avatar_app.enroll.tracking import FaceTrack
from avatar_app.errors import FileTorn
from avatar_app.fit.face.idle import (
    NOTES,
    Idle,
    choose_clip,
    choose_span,
    copy_film,
    reopen_idle,
)
from tests.fakes.shelf import OpenShelf
from tests.fit.test_canon import face


def idle_of(count: int) -> Idle:
    """Notes on so many frames."""
    return Idle(
        np.array([7], np.int32),
        np.random.default_rng(0).normal(size=(count, 2, 3)),
        np.ones((count, 3), np.float32),
        np.ones((count, 5), np.float32),
    )


@pytest.mark.parametrize("count", [2, 3, 25, 200])
def test_to_and_fro_every_frame_comes_and_none_stands(count: int) -> None:
    """Neighbours are neighbours in the film too; the turn is shown once."""
    idle = idle_of(count)
    shown = [idle.frame_at(number) for number in range(5 * count)]

    assert set(shown) == set(range(count))
    assert all(abs(a - b) == 1 for a, b in itertools.pairwise(shown))
    assert shown[: 2 * count - 1] == [*range(count), *range(count - 2, -1, -1)]


def test_one_frame_stands_still() -> None:
    """A single frame is shown for ever."""
    assert {idle_of(1).frame_at(number) for number in range(9)} == {0}


def test_the_notes_come_back() -> None:
    """Bit for bit; torn ones are refused by name."""
    shelf = OpenShelf()
    idle = idle_of(9)
    idle.keep(shelf)
    again = reopen_idle(shelf)

    assert (again.poses == idle.poses).all()
    assert (again.light == idle.light).all()
    assert again.first.tolist() == [7]
    shelf.tear(NOTES)
    with pytest.raises(FileTorn, match="idle"):
        reopen_idle(shelf)


def track_of(count: int) -> FaceTrack:
    """A still face with open eyes."""
    points = np.repeat(face()[None], count, axis=0)
    for upper, lower in ((159, 145), (386, 374)):
        points[:, upper] = [300, 155]
        points[:, lower] = [300, 163]
    return FaceTrack(points, np.ones(count, np.bool_), np.arange(count) / 25)


def test_the_span_begins_and_ends_still_with_open_eyes() -> None:
    """A blink at the beginning and a nod near the end are not where it turns."""
    track = track_of(100)
    track.points[0:6, [159, 386]] = track.points[0:6, [145, 374]]  # shut
    nod = np.concatenate([np.zeros(76), np.linspace(0, 40, 19), np.full(5, 40)])
    track.points[:] += nod[:, None, None].astype(np.float32)
    first, last = choose_span(track, 640, 360)

    assert 6 <= first < 20
    assert 95 <= last < 100


def test_the_span_is_no_longer_than_memory_allows() -> None:
    """A minute of 1080p would be 4.6 GB; what is held stays under half of one."""
    first, last = choose_span(track_of(1500), 1920, 1080)

    assert 25 <= last - first + 1 <= 400_000_000 // (1920 * 1080 * 3 // 2)
    first, last = choose_span(track_of(500), 640, 360)
    assert last - first > 300


def take_with(*clips: tuple[Purpose, int]) -> Take:
    """A take of clips with purposes and lengths, nothing in them."""
    parts = tuple(
        Clip(f"take/{number}", purpose, "", frames, frames / 25)
        for number, (purpose, frames) in enumerate(clips)
    )
    shape = (640, 360, 25.0, 48000, 0.0)
    return Take(OpenShelf(), parts, *shape, Origin.BENCH, ())


def test_the_longest_listening_clip_is_chosen() -> None:
    """There the mouth is shut; a stump of a second does not count."""
    reading, listening = Purpose.READING, Purpose.LISTENING
    openings = [np.full(5, value, np.float32) for value in (0.3, 0.1, 0.2)]
    take = take_with((listening, 80), (reading, 200), (listening, 150))
    assert choose_clip(take, openings) == 2

    take = take_with((reading, 90), (reading, 100), (listening, 20))
    assert choose_clip(take, openings) == 1  # the calmest mouth


def test_the_idle_film_is_the_clip_itself() -> None:
    """Copied byte for byte, whatever its size."""
    take = take_with((Purpose.LISTENING, 80))
    content = np.random.default_rng(0).bytes((1 << 21) + 17)
    take.shelf.write("take/0", content)
    copy_film(take, 0, take.shelf)

    assert take.shelf.read("avatar/idle.mkv") == content
