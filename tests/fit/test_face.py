"""A face that is kept and opened again draws what it drew before."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from avatar_app.errors import FileTorn
from avatar_app.fit.avatar import FACE
from avatar_app.fit.face.idle import reopen_idle
from avatar_app.fit.face.personal import PersonalFace, keep_face, reopen_face
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


def test_clips_left_out_of_training_were_followed() -> None:
    """The engine judges itself on clips that it had not seen, and passes."""
    quality = face_of_the_presenter().quality

    assert quality["clips"] >= 2
    assert quality["opening_r"] > 0.7


def test_an_enrolled_face_keeps_no_whole_picture() -> None:
    """What is sealed as the face is a few tens of megabytes at most."""
    assert len(made().vault.read(FACE)) < 40_000_000
