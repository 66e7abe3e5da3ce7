"""The drawn presenter behaves like a camera, a microphone and someone who reads."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.capture.devices import Camera, Microphone, Prompt, Teleprompter
from avatar_app.capture.take import Origin, Purpose
from avatar_app.demo.presenter import DrawnPresenter
from avatar_app.demo.script import DEMO_LESSON, DEMO_PROMPTS
from avatar_app.errors import CameraLost, SoundLost
from avatar_app.media import Picture

_READING = Prompt("Bob, my mother may buy apples.", Purpose.READING)
_LISTENING = Prompt("", Purpose.LISTENING, 1.2)


def _small(seed: int = 0) -> DrawnPresenter:
    presenter = DrawnPresenter(seed, 320, 180)
    presenter.camera.start()
    presenter.microphone.start()
    return presenter


def _performed(
    presenter: DrawnPresenter, prompt: Prompt
) -> tuple[list[Picture], NDArray[np.float32]]:
    """Let a presenter go through one prompt."""
    pictures: list[Picture] = []
    sounds: list[NDArray[np.float32]] = []
    presenter.teleprompter.show(prompt)
    while not presenter.teleprompter.is_over():
        pictures.append(presenter.camera.read())
        sounds.append(presenter.microphone.read().samples)
    return pictures, np.concatenate(sounds)


def test_the_presenter_implements_the_ports() -> None:
    """Whatever takes real devices takes the drawn ones (mypy checks it here)."""
    presenter = DrawnPresenter(0, 320, 180)
    camera: Camera = presenter.camera
    microphone: Microphone = presenter.microphone
    teleprompter: Teleprompter = presenter.teleprompter

    assert (camera.width, camera.height, camera.fps) == (320, 180, 25.0)
    assert microphone.rate_hz == 48_000
    teleprompter.show(_LISTENING)


def test_both_devices_say_that_they_are_a_demo() -> None:
    """Origin and name tell everyone downstream that nobody real is here."""
    presenter = DrawnPresenter()

    for handle in (presenter.camera.handle, presenter.microphone.handle):
        assert handle.origin is Origin.DEMO
        assert "DEMO" in handle.name


def test_the_same_seed_draws_and_speaks_the_same() -> None:
    """Everything follows from the seed, and another seed differs."""
    one, first = _performed(_small(3), _READING)
    two, second = _performed(_small(3), _READING)
    three, third = _performed(_small(4), _READING)

    assert len(one) == len(two)
    assert all((a.pixels == b.pixels).all() for a, b in zip(one, two, strict=True))
    assert np.array_equal(first, second)
    assert not (one[10].pixels == three[10].pixels).all()
    assert not np.array_equal(first[:4800], third[:4800])


def test_picture_and_sound_stay_on_one_clock() -> None:
    """Samples and pictures count the same time, over several prompts."""
    presenter = _small()
    pictures, sound = _performed(presenter, _READING)
    more, rest = _performed(presenter, _LISTENING)

    stamps = [picture.seconds for picture in pictures + more]
    assert np.allclose(np.diff(stamps), 1 / 25)
    assert stamps[0] == 0.0
    assert abs((len(sound) + len(rest)) / 48_000 - len(stamps) / 25) < 1e-4


def test_sound_that_is_read_late_keeps_its_moment() -> None:
    """What is heard says when it began, however seldom it is asked for."""
    presenter = _small()
    for _ in range(5):
        presenter.camera.read()
    presenter.microphone.read()
    for _ in range(3):
        presenter.camera.read()

    heard = presenter.microphone.read()

    assert heard.seconds == pytest.approx(5 / 25)
    assert len(heard.samples) == 3 * 1920
    assert len(presenter.microphone.read().samples) == 0


def test_sound_nobody_reads_does_not_pile_up() -> None:
    """Memory stays the same however long the microphone is left alone."""
    presenter = DrawnPresenter(0, 320, 180, fps=1.0)
    presenter.camera.start()
    presenter.microphone.start()
    for _ in range(60):
        presenter.camera.read()

    heard = presenter.microphone.read()

    assert len(heard.samples) == 20 * 48_000
    assert heard.seconds == pytest.approx(40.0)


def test_a_reading_is_silent_before_and_after() -> None:
    """The voice begins after a breath and leaves a tail to cut in."""
    _, sound = _performed(_small(), _READING)

    loud = np.flatnonzero(np.abs(sound) > 0.02) / 48_000
    assert 0.30 < loud[0] < 0.60
    assert 0.30 < len(sound) / 48_000 - loud[-1] < 1.2


@pytest.mark.parametrize(
    "text", ["Oh.", "One. Two! Three?", "word " * 90], ids=["short", "three", "long"]
)
def test_prompts_of_any_length_are_read_to_their_end(text: str) -> None:
    """A longer text takes longer, and every text ends."""
    presenter = _small()
    pictures, sound = _performed(presenter, Prompt(text, Purpose.READING))

    spoken = float((np.abs(sound) > 0.02).sum()) / 48_000
    assert spoken > 0.02 * len(text.split())
    assert len(pictures) / 25 > 0.15 * len(text.split())


def test_a_text_without_sounds_is_over_soon() -> None:
    """Dots alone are a reading of nothing: no sound, no endless wait."""
    pictures, sound = _performed(_small(), Prompt("...", Purpose.READING))

    assert len(pictures) < 40
    assert np.abs(sound).max() < 0.01


@pytest.mark.parametrize("text", ["", "   "])
def test_listening_lasts_as_long_as_asked(text: str) -> None:
    """Nothing to say is a listening prompt: quiet, and over in time."""
    pictures, sound = _performed(_small(), Prompt(text, Purpose.LISTENING, 1.2))

    assert len(pictures) == 30
    assert np.abs(sound).max() < 0.01


def test_stopped_devices_say_that_they_are_lost() -> None:
    """Reading before the start or after the end fails as hardware does."""
    presenter = DrawnPresenter(0, 320, 180)
    with pytest.raises(CameraLost):
        presenter.camera.read()
    with pytest.raises(SoundLost):
        presenter.microphone.read()
    presenter.camera.start()
    presenter.camera.stop()
    presenter.camera.stop()

    with pytest.raises(CameraLost):
        presenter.camera.read()


@pytest.mark.parametrize("size", [(640, 360), (480, 640), (300, 200)])
def test_pictures_have_the_size_asked_for(size: tuple[int, int]) -> None:
    """Any camera size can be drawn, upright ones too."""
    presenter = DrawnPresenter(0, *size)
    presenter.camera.start()

    pixels = presenter.camera.read().pixels

    assert pixels.shape == (size[1], size[0], 3)
    assert pixels.dtype == np.uint8
    assert pixels.std() > 15


def test_every_picture_is_marked() -> None:
    """The lower left corner holds the DEMO plate and never changes."""
    pictures, _ = _performed(_small(), _LISTENING)

    corners = [picture.pixels[-21:-5, 6:38] for picture in pictures]
    assert all((corner == corners[0]).all() for corner in corners)
    assert np.ptp(cv2.cvtColor(corners[0], cv2.COLOR_BGR2GRAY)) > 60


def test_the_script_is_rich_and_the_lesson_is_new() -> None:
    """One listening prompt, some 26 sentences, and a lesson of other words."""
    first, *readings = DEMO_PROMPTS

    assert first.purpose is Purpose.LISTENING
    assert first.seconds == 8.0
    assert 24 <= len(readings) <= 30
    assert all(prompt.text not in DEMO_LESSON for prompt in readings)
    assert "demo" in DEMO_LESSON
