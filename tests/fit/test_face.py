"""A face that is kept and opened again draws what it drew before."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import pytest
from safetensors.numpy import load, save

from avatar_app.errors import AvatarOutdated, FileTorn
from avatar_app.fit.avatar import FACE
from avatar_app.fit.face.canon import LIPS
from avatar_app.fit.face.idle import reopen_idle
from avatar_app.fit.face.personal import (
    LIP_PARTS,
    PersonalFace,
    _metadata,
    keep_face,
    reopen_face,
)
from avatar_app.media import Sound
from avatar_app.perform.motion import MouthMotion, move_mouth
from avatar_app.phonetics import speak
from tests.fakes.shelf import OpenShelf
from tests.story.small_avatar import made

pytestmark = pytest.mark.slow


@functools.lru_cache(1)
def face_of_the_presenter() -> PersonalFace:
    """The small avatar's face."""
    return reopen_face(made().vault, FACE)


@functools.lru_cache(1)
def spoken() -> Sound:
    """A sentence by a strange voice."""
    return speak("Papa found a warm blue boat by the shore.", "en-us+m3", 170, 50)[0]


def moved(face: PersonalFace) -> MouthMotion:
    """The mouth moved to it."""
    return move_mouth(face, spoken(), int(spoken().seconds * 25), 25.0)


def test_a_kept_face_draws_the_same() -> None:
    """Within half precision: a fraction of a grey level anywhere, lips included."""
    face, shelf = face_of_the_presenter(), OpenShelf()
    keep_face(face, shelf, "face")
    again = reopen_face(shelf, "face")
    motions = moved(face), moved(again)
    setting = np.repeat(reopen_idle(made().vault).setting[:1], len(motions[0]), axis=0)
    drawn = face.draw(motions[0].rows, motions[0].picks, setting)
    redrawn = again.draw(motions[1].rows, motions[1].picks, setting)

    assert (motions[0].picks == motions[1].picks).all()
    assert motions[0].rows == pytest.approx(motions[1].rows, abs=1e-3)
    assert np.abs(drawn - redrawn).max() < 0.5
    assert drawn.std(axis=0).max() > 5  # and they do differ from one another


def test_lips_are_drawn_where_they_shall_be() -> None:
    """Asked for lips lower than its looks have them, a picture's lips are lower."""
    face = face_of_the_presenter()
    canon, mouths = face.canon, face.mouths
    shapes = slice(mouths.coordinates, mouths.coordinates + LIP_PARTS)
    rows = mouths.quickened(moved(face).rows)[10:11]
    down = np.tile([0.0, 0.04], len(LIPS)).astype(np.float32)
    lower = rows.copy()
    lower[:, shapes] += down @ mouths.lips_axes
    setting = reopen_idle(made().vault).setting[:1]
    pictures = []
    for asked in (rows, lower):
        drawn = face.draw(asked, np.zeros(1, np.int32), setting)[0]
        picture = np.zeros(face.window.kept.shape, np.float32)
        picture[face.window.kept] = drawn[: face.lighting.bright]
        pictures.append(picture)
    way = (mouths.shapes(lower) - mouths.shapes(rows))[0].mean(axis=0)
    x, y = (int(v) for v in canon.points[list(LIPS)].mean(axis=0))
    wide, tall, far = (int(v * canon.inter_ocular) for v in (0.2, 0.12, 0.1))
    mouth = pictures[0][y - tall : y + tall, x - wide : x + wide]
    around = pictures[1][
        y - tall - far : y + tall + far, x - wide - far : x + wide + far
    ]
    likeness = cv2.matchTemplate(around, mouth, cv2.TM_CCOEFF_NORMED)
    _, _, _, (left, top) = cv2.minMaxLoc(likeness)

    assert way[1] * canon.inter_ocular > 2
    assert top - far == pytest.approx(way[1] * canon.inter_ocular, abs=1.5)
    assert left - far == pytest.approx(way[0] * canon.inter_ocular, abs=1.5)


def test_a_kept_face_says_the_same_of_itself() -> None:
    """Numbers beside the arrays come back as they were."""
    face, shelf = face_of_the_presenter(), OpenShelf()
    keep_face(face, shelf, "face")
    again = reopen_face(shelf, "face")

    assert again.fps == face.fps == 25.0
    assert again.sizes == face.sizes
    assert again.quality == face.quality
    assert (again.canon.width, again.canon.height) == (
        face.canon.width,
        face.canon.height,
    )


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.5, 0.999])
def test_a_torn_face_is_refused(share: float) -> None:
    """Wherever it is cut."""
    whole = made().vault.read(FACE)
    shelf = OpenShelf()
    shelf.kept["face"] = whole[: int(share * len(whole))]
    with pytest.raises(FileTorn, match="face"):
        reopen_face(shelf, "face")


def test_a_face_that_was_drawn_in_another_way_is_outdated() -> None:
    """It is whole, and must be learned again."""
    whole = made().vault.read(FACE)
    arrays = load(whole)
    del arrays["mouths.implied"]
    shelf = OpenShelf()
    shelf.write("face", save(arrays, metadata=_metadata(whole)))
    with pytest.raises(AvatarOutdated):
        reopen_face(shelf, "face")


def test_clips_left_out_of_training_were_followed() -> None:
    """The engine judges itself on clips that it had not seen, and passes."""
    quality = face_of_the_presenter().quality

    assert quality["clips"] >= 2
    assert quality["opening_r"] > 0.7


def test_an_enrolled_face_keeps_no_whole_picture() -> None:
    """What is sealed as the face is a few tens of megabytes at most."""
    assert len(made().vault.read(FACE)) < 40_000_000
