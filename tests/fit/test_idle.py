"""The idle film: which clips it is, what is noted of them, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load, save

from avatar_app.capture.take import Clip, Origin, Purpose, Take
from avatar_app.enroll.tracking import FaceTrack
from avatar_app.errors import AvatarOutdated, FileTorn
from avatar_app.fit.face.crops import split_planes
from avatar_app.fit.face.idle import NOTES, copy_films, film_name, reopen_idle
from avatar_app.fit.face.idling import (
    choose_clips,
    choose_span,
    last_gestures,
    tiles_of,
)
from avatar_app.fit.face.joins import find_joins
from avatar_app.fit.face.turning import range_of
from tests.fakes.made_up_idle import swaying
from tests.fakes.shelf import OpenShelf
from tests.fit.test_canon import face


def test_the_notes_come_back() -> None:
    """Bit for bit, gestures by name; torn ones are refused by name."""
    shelf = OpenShelf()
    idle = swaying(clips=3, gesture=40)
    idle.keep(shelf)
    again = reopen_idle(shelf)

    assert (again.poses == idle.poses).all()
    assert (again.head == idle.head).all()
    assert (again.joins.enter == idle.joins.enter).all()
    assert again.gestures == {"nod": (300, 339)}
    assert (again.clip_of(299), again.clip_of(300), again.end_of(120)) == (2, 3, 199)
    shelf.tear(NOTES)
    with pytest.raises(FileTorn, match="idle"):
        reopen_idle(shelf)


def test_an_older_idle_film_is_told_as_such() -> None:
    """One clip, played to and fro, was format 1: it wants building again."""
    shelf = OpenShelf()
    old = {"first": np.zeros(1, np.float64), "poses": np.zeros((9, 2, 3))}
    shelf.write(NOTES, save(old))

    with pytest.raises(AvatarOutdated, match="another version"):
        reopen_idle(shelf)


def test_notes_without_a_part_are_torn() -> None:
    """Whatever is missing: never a KeyError."""
    shelf = OpenShelf()
    swaying(clips=2).keep(shelf)
    kept = load(shelf.read(NOTES))
    shelf.write(NOTES, save({k: v for k, v in kept.items() if k != "blinks"}))

    with pytest.raises(FileTorn):
        reopen_idle(shelf)


def track_of(count: int, aside: float = 0.0) -> FaceTrack:
    """A still face with open eyes, so many pixels to the right."""
    points = np.repeat(face()[None], count, axis=0)
    points[..., 0] += aside
    return FaceTrack(points, np.ones(count, np.bool_), np.arange(count) / 25)


def take_with(*clips: tuple[Purpose, int], text: str = "") -> Take:
    """A take of clips with purposes and lengths, nothing in them."""
    parts = tuple(
        Clip(f"take/{number}", purpose, text, frames, frames / 25)
        for number, (purpose, frames) in enumerate(clips)
    )
    shape = (640, 360, 25.0, 48000, 0.0)
    return Take(OpenShelf(), parts, *shape, Origin.BENCH, ())


def test_listening_comes_first_then_readings_until_it_is_enough() -> None:
    """75 seconds; who sat elsewhere in a clip is left out first."""
    reading, listening = Purpose.READING, Purpose.LISTENING
    clips = [(reading, 500), (listening, 500), (reading, 500), (reading, 500)]
    take = take_with(*clips, (reading, 500))
    tracks = [track_of(500, aside) for aside in (0, 60, 200, 1, 2)]

    assert choose_clips(take, tracks) == [1, 3, 4]


def test_stumps_and_gestures_are_not_idled_in() -> None:
    """A second is too short for a join; a gesture is made when it is asked for."""
    reading, gesture = Purpose.READING, Purpose.GESTURE
    take = take_with(
        (reading, 20), (gesture, 60), (reading, 90), (gesture, 50), text="nod"
    )
    tracks = [track_of(clip.frames) for clip in take.clips]

    assert choose_clips(take, tracks) == [2]
    assert last_gestures(take) == {"nod": 3}
    alone = take_with((reading, 20))
    assert choose_clips(alone, [track_of(20)]) == [0]


def test_a_shoulder_that_is_only_in_one_stretch_bars_the_join() -> None:
    """The whole picture hardly differs; one of its tiles does, in color too."""
    rng = np.random.default_rng(0)
    footage = swaying(clips=8, frames=100).footage
    wall = np.full((288 * 3 // 2, 352), 120, np.uint8)
    shoulder = wall.copy()
    u = split_planes(shoulder)[1]
    u[110:, 130:] = 170  # a quarter of the width, an eighth of the height
    plain, other = (
        np.repeat(tiles_of(planes)[None].astype(np.float32), 400, axis=0)
        for planes in (wall, shoulder)
    )
    small = np.concatenate([plain, other]) + rng.normal(0, 1, (800, 1, 1))
    usual = float(np.percentile(footage.steps(), 99))
    joins = find_joins(footage, small.astype(np.float32), usual, 25.0)
    alike = np.concatenate([plain, plain]) + rng.normal(0, 1, (800, 1, 1))
    control = find_joins(footage, alike.astype(np.float32), usual, 25.0)

    assert len(joins)
    assert not ((joins.leave < 400) != (joins.enter < 400)).any()
    assert ((control.leave < 400) != (control.enter < 400)).any()


def test_the_span_begins_and_ends_still_with_open_eyes() -> None:
    """It is not turned in a blink nor in a nod, and holds no more than memory does."""
    footage = swaying(clips=1, frames=300, blink_every=0).footage
    head, free = footage.head.copy(), footage.free.copy()
    head[:] = head[0]
    head[250:270, :, 1] += np.linspace(0, 0.4, 20)[:, None].astype(np.float32)
    head[270:, :, 1] += 0.4
    free[:12] = False
    moved = type(footage)(
        footage.clips, head, footage.turns, footage.light, footage.lids, free
    )
    first, last = choose_span(moved, 640, 360)

    assert 12 <= first < 60
    assert 240 <= last < 300
    assert not 249 <= last < 270
    first, last = choose_span(moved, 1920, 1080)
    assert 25 <= last - first + 1 <= 400_000_000 // (1920 * 1080 * 3 // 2)


def test_the_idle_film_is_the_clips_themselves() -> None:
    """Copied byte for byte, whatever their size; an earlier film is gone."""
    take = take_with((Purpose.LISTENING, 80), (Purpose.READING, 80))
    contents = [np.random.default_rng(n).bytes((1 << 21) + 17) for n in range(2)]
    for number, content in enumerate(contents):
        take.shelf.write(f"take/{number}", content)
    take.shelf.write("avatar/idle.mkv", b"of format 1")
    take.shelf.write(film_name(5), b"of another build")
    copy_films(take, [1, 0], take.shelf)

    assert take.shelf.read(film_name(0)) == contents[1]
    assert take.shelf.read(film_name(1)) == contents[0]
    assert film_name(5) not in take.shelf
    assert "avatar/idle.mkv" not in take.shelf


def test_the_range_holds_what_was_seen_and_little_more() -> None:
    """A few degrees beyond are well; a turn to the side is not."""
    seen = np.random.default_rng(0).uniform(-6, 6, (500, 3)).astype(np.float32)
    known = range_of(seen)
    turns = np.array([[0, 0, 0], [8, 0, 0], [15, 0, 0], [0, -14, 0]], np.float32)

    assert known.holds(turns).tolist() == [True, True, False, False]
