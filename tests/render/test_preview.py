"""Preview: every control does to the pictures what it says, at once; marks stay."""

from __future__ import annotations

import functools
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.enroll.tracking import follow_faces
from avatar_app.fit.avatar import FACE
from avatar_app.fit.face.crops import split_planes
from avatar_app.fit.face.personal import reopen_face
from avatar_app.lesson.script import read_script
from avatar_app.lesson.style import RANGES, SHAPES, USUAL, Style
from avatar_app.perform.acting import perform_lesson
from avatar_app.perform.motion import reopen_motion
from avatar_app.perform.performance import Performance
from avatar_app.perform.styling import style_motion
from avatar_app.render.composing import Stage, render_film
from avatar_app.render.mark import Marks
from avatar_app.render.preview import PICTURES, Preview
from avatar_app.work import carry_out
from tests.story.small_avatar import made

pytestmark = pytest.mark.slow

TEXT = "Father parked the car in the yard. Mother made apple muffins."
Pictures = NDArray[np.uint8]
EXTREME = Style(
    opening=1.5, smoothing=3.0, up=0.08, down=0.08, left=0.08, right=0.08,
    is_still=True, shape="9:16", closeness=2.0, lift=-0.3,
)  # fmt: skip


@functools.lru_cache(1)
def performance() -> Performance:
    """Two short sentences."""
    return carry_out(perform_lesson(made().avatar, read_script(TEXT)))


@functools.lru_cache(1)
def preview() -> Preview:
    """Opened once, as the window does."""
    return Preview(performance())


@functools.lru_cache(32)
def seen(style: Style, second: float | None = None, pictures: int = 20) -> Pictures:
    """(T, H, W, 3) how a moment of speech looks."""
    moment = preview().liveliest() if second is None else second
    looked = carry_out(preview().look(moment, style, pictures))
    return np.stack([picture.pixels for picture in looked])


def opened(pictures: Pictures) -> float:
    """How much the tracked opening of the mouth varies, in eye distances."""
    openings = []
    with follow_faces() as follower:
        for picture in pictures:
            points = follower.look(np.ascontiguousarray(picture))
            assert points is not None
            gap = np.linalg.norm(points[13] - points[14])
            openings.append(gap / np.linalg.norm(points[33] - points[263]))
    return float(np.std(openings))


def changed_box(a: Pictures, b: Pictures) -> NDArray[np.int64]:
    """Top, bottom, left and right of all pixels that differ visibly."""
    rows, columns = np.nonzero((np.abs(a.astype(int) - b).max(axis=3) > 2).any(axis=0))
    return np.array([rows.min(), rows.max(), columns.min(), columns.max()])


def test_the_preview_is_the_film() -> None:
    """Picture for picture what will be filmed, in the middle of a sentence too."""
    card = made().avatar.card
    marks = Marks(card.width, card.height, is_demo=True)
    first = round(25 * preview().liveliest())
    stage = Stage(performance())
    film = []
    for number, planes in enumerate(stage.play(performance().passages[0])):
        marks.stamp(planes, number / 25)
        film.append(split_planes(planes)[0].copy())
    looked = carry_out(preview().look(first / 25, USUAL, 10))
    marked = [film[number] for number in range(first, first + 10)]

    for picture, luma in zip(looked, marked, strict=True):
        grey = picture.pixels @ np.array([0.098, 0.504, 0.257]) + 16
        assert np.abs(grey - luma).mean() < 1.5


def test_the_mouth_opens_more_and_less() -> None:
    """A face mesh that knows nothing of it sees it open further, and less far."""
    less, usual, more = (
        opened(seen(Style(opening=opening))) for opening in (0.5, 1.0, 1.5)
    )

    assert less < 0.8 * usual
    assert more > 1.1 * usual


def test_closed_lips_stay_closed() -> None:
    """The mouth is enlarged about the one at rest: quiet is not moved."""
    face = reopen_face(made().vault, FACE)
    acted = reopen_motion(made().vault, performance().passages[0].mouth)
    wide = style_motion(face, acted, Style(opening=1.5))
    before, after = face.mouths.opening(acted.rows), face.mouths.opening(wide.rows)
    shut = before <= np.quantile(before, 0.1)

    assert after[shut].mean() == pytest.approx(before[shut].mean(), abs=0.01)
    assert after.std() == pytest.approx(1.5 * before.std(), rel=0.1)


def test_smoothing_calms_and_none_changes_nothing() -> None:
    """Accelerations fall with every step; off gives back the very same motion."""
    face = reopen_face(made().vault, FACE)
    acted = reopen_motion(made().vault, performance().passages[0].mouth)
    restless = []
    for smoothing in (0.0, 0.5, 1.0, 3.0):
        calm = style_motion(face, acted, Style(smoothing=smoothing))
        opening = face.mouths.opening(calm.rows)
        restless.append(float(np.abs(np.diff(opening, 2)).mean()))

    assert style_motion(face, acted, USUAL) is acted
    assert restless == sorted(restless, reverse=True)
    assert restless[-1] < 0.3 * restless[0]


def test_the_reach_widens_and_narrows_what_is_drawn() -> None:
    """The box of pixels that differ from the still lips grows on every side."""
    still = Style(is_still=True)
    sides = ("up", "down", "left", "right")
    far = still.changed({side: RANGES[side].high for side in sides})
    near = still.changed({side: RANGES[side].low for side in sides})
    bare = seen(Style(is_still=True, opening=0.5, smoothing=3.0))
    drawn = [changed_box(seen(style), bare[:1]) for style in (near, still, far)]
    outward = np.array([-1, 1, -1, 1])

    assert ((drawn[1] - drawn[0]) * outward >= 0).all()
    assert ((drawn[2] - drawn[1]) * outward >= 0).all()
    assert ((drawn[2] - drawn[0]) * outward >= 2).all()


def test_a_still_base_moves_nothing_but_the_mouth() -> None:
    """Bit for bit the same outside the drawn area, head, eyes and shoulders."""
    moving, still = seen(USUAL), seen(Style(is_still=True))
    top, bottom, left, right = changed_box(still, still[:1])
    outside = np.ones(still.shape[1:3], np.bool_)
    outside[top - 2 : bottom + 3, left - 2 : right + 3] = False

    assert (bottom - top) < 0.4 * still.shape[1]
    assert (right - left) < 0.4 * still.shape[2]
    assert (np.abs(still.astype(int) - still[:1])[:, outside] <= 2).all()
    assert (np.abs(moving.astype(int) - moving[:1])[:, outside] > 2).any()


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_keeps_its_marks(shape: str) -> None:
    """The label and DEMO stand whole on the film's own picture, the face below."""
    style = EXTREME.changed({"shape": shape})
    pictures = seen(style, 0.0, 2)
    height, width = pictures.shape[1:3]
    wanted = SHAPES[shape] or 640 / 360
    blank = np.full((height * 3 // 2, width), 128, np.uint8)
    Marks(width, height, is_demo=True).stamp(blank, 0.0)
    white = split_planes(blank)[0] > 225

    assert width / height == pytest.approx(wanted, rel=0.03)
    assert min(width, height) > 200
    assert white.sum() > 50  # the label of an upright film of 202 by 360 has 81
    assert (pictures[:, white].min(axis=2) > 200).all()


def test_no_style_reaches_the_files_own_marks(tmp_path: Path) -> None:
    """IPTC's source type and who it is are in an upright, adjusted film too."""
    short = Performance(made().avatar, performance().passages[:1], EXTREME)
    film = carry_out(render_film(short, tmp_path / "film.mp4", "Adjusted"))
    content = film.path.read_bytes()

    assert b"trainedAlgorithmicMedia" in content
    assert b"DEMO" in content
    assert film.frames == round(short.seconds * 25)


def test_a_second_is_there_within_a_second() -> None:
    """Warm, every control turned at once: under .9 s of CPU for 25 pictures."""
    moment = preview().liveliest()
    carry_out(preview().look(moment, USUAL))
    began = time.process_time()
    pictures = carry_out(preview().look(moment, Style(opening=1.3, down=0.05)))

    assert len(pictures) == PICTURES
    assert time.process_time() - began < 0.9


def test_a_preview_can_be_left_and_another_begun() -> None:
    """Closed after three pictures; the next one is as if that had not been."""
    job = preview().look(preview().liveliest(), Style(opening=0.7))
    steps = [next(job).done for _ in range(3)]
    job.close()
    again = carry_out(preview().look(preview().liveliest(), USUAL, 20))

    assert steps == [1, 2, 3]
    assert (np.stack([p.pixels for p in again]) == seen(USUAL)).all()


def test_a_look_at_the_end_is_shorter() -> None:
    """What is not in the film is not made up."""
    end = performance().seconds
    pictures = carry_out(preview().look(end - 0.2, USUAL))

    assert len(pictures) == 5
    assert pictures[-1].seconds == pytest.approx(end - 0.04)
    assert carry_out(preview().look(end + 1, USUAL)) == []
