"""From sound to mouth: exact length, rest in silence, the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.errors import FileTorn
from avatar_app.media import Sound
from avatar_app.perform.motion import move_mouth, move_mouth_knowing, reopen_motion
from avatar_app.phonetics import TimedPhone
from benchmarks.measures import correlation
from tests.fakes.shelf import OpenShelf
from tests.fit.test_face import face_of_the_presenter, moved, spoken

pytestmark = pytest.mark.slow


def quiet(seconds: float) -> Sound:
    """Nothing at all."""
    return Sound(np.zeros(int(48000 * seconds), np.float32), 48000)


@pytest.mark.parametrize("pictures", [1, 2, 25, 77, 200])
def test_there_is_a_mouth_for_every_picture(pictures: int) -> None:
    """As many as were asked for, whether the sound is shorter or longer."""
    motion = move_mouth(face_of_the_presenter(), spoken(), pictures, 25.0)

    assert len(motion) == len(motion.rows) == len(motion.picks) == pictures
    assert np.isfinite(motion.rows).all()


def test_silence_rests() -> None:
    """The mouth is shut and still, compared with how it speaks."""
    face = face_of_the_presenter()
    still = face.mouths.opening(move_mouth(face, quiet(3.0), 75, 25.0).rows)
    speaking = face.mouths.opening(moved(face).rows)

    assert still.std() < 0.1 * speaking.std()
    assert still.mean() < np.percentile(speaking, 40)


def test_the_mouth_rests_between_two_sentences() -> None:
    """Quiet in the middle is quiet on the lips half a second later."""
    face, sound = face_of_the_presenter(), spoken().at(48000)
    gap = np.zeros(2 * 48000, np.float32)
    both = Sound(np.concatenate([sound.samples, gap, sound.samples]), 48000)
    pictures = int(both.seconds * 25)
    opening = face.mouths.opening(move_mouth(face, both, pictures, 25.0).rows)
    start = int(sound.seconds * 25)

    assert opening[start + 12 : start + 38].std() < 0.15 * opening[:start].std()


def test_the_same_sound_moves_it_the_same() -> None:
    """Deterministic to the last bit."""
    one, two = (moved(face_of_the_presenter()) for _ in range(2))

    assert (one.rows == two.rows).all()
    assert (one.picks == two.picks).all()


def test_loudness_does_not_matter() -> None:
    """A softer voice moves the mouth just as far."""
    face, sound = face_of_the_presenter(), spoken()
    soft = Sound((0.3 * sound.samples).astype(np.float32), sound.rate_hz)
    pictures = int(sound.seconds * 25)
    loud_way, soft_way = (
        face.mouths.opening(move_mouth(face, s, pictures, 25.0).rows).astype(float)
        for s in (sound, soft)
    )

    assert correlation(loud_way, soft_way) > 0.98
    assert soft_way.std() == pytest.approx(loud_way.std(), rel=0.15)


def test_what_is_said_later_is_shown_later() -> None:
    """Ten pictures of quiet before it move everything by ten pictures."""
    face, sound = face_of_the_presenter(), spoken().at(48000)
    lead = np.zeros(10 * 48000 // 25, np.float32)
    later = Sound(np.concatenate([lead, sound.samples]), 48000)
    pictures = int(sound.seconds * 25)
    now = face.mouths.opening(move_mouth(face, sound, pictures, 25.0).rows)
    then = face.mouths.opening(move_mouth(face, later, pictures + 10, 25.0).rows)

    right = correlation(now.astype(float), then[10:].astype(float))
    off = correlation(now.astype(float), then[:-10].astype(float))
    assert right > 0.95
    assert off < right - 0.3


def test_lips_meet_where_a_p_is_known_to_be() -> None:
    """Told of an m, the lips shut for it; a k at the same place changes nothing."""
    face, sound = face_of_the_presenter(), spoken()
    pictures = int(sound.seconds * 25)

    def openings(symbol: str) -> NDArray[np.float32]:
        widest = float(face.mouths.opening(moved(face).rows).argmax()) / 25
        phones = [TimedPhone(symbol, widest - 0.04, widest + 0.12)]
        motion = move_mouth_knowing(face, sound, pictures, 25.0, phones)
        return face.mouths.opening(motion.rows)

    told, other = openings("m"), openings("k")
    place = int(other.argmax())
    rest = float(other[:3].mean())

    assert told[place] < rest + 0.25 * (other[place] - rest)
    far = np.abs(np.arange(pictures) - place) > 6
    assert (told[far] == other[far]).all()


def test_its_own_voice_opens_the_mouth_as_far_as_the_person_does() -> None:
    """An unsure network says the average; the avatar's own speech is enlarged."""
    face, sound = face_of_the_presenter(), spoken()
    pictures = int(sound.seconds * 25)
    by_ear = face.mouths.opening(moved(face).rows)
    knowing = face.mouths.opening(
        move_mouth_knowing(face, sound, pictures, 25.0, []).rows
    )
    enrolled = float(face.mouths.spread[-2])

    assert knowing.std() >= by_ear.std()
    assert 0.9 * enrolled < knowing.std() < 1.6 * enrolled


def test_a_kept_motion_comes_back() -> None:
    """Bit for bit."""
    shelf, motion = OpenShelf(), moved(face_of_the_presenter())
    motion.keep(shelf, "motion")
    again = reopen_motion(shelf, "motion")

    assert (again.rows == motion.rows).all()
    assert (again.picks == motion.picks).all()


def test_a_torn_motion_is_refused() -> None:
    """By name; the vault's seal finds it first, a well-sealed half would not be."""
    shelf = OpenShelf()
    moved(face_of_the_presenter()).keep(shelf, "motion")
    shelf.tear("motion")
    with pytest.raises(FileTorn, match="motion"):
        reopen_motion(shelf, "motion")
