"""Recording: what is finished stays finished, and everything stays in step."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.capture.clips import read_pictures, read_sound
from avatar_app.capture.recording import record_take
from avatar_app.capture.records import (
    RECORD,
    forget_clip,
    forget_take,
    keep_take,
    reopen_take,
)
from avatar_app.capture.take import Origin, Purpose, Take
from avatar_app.errors import (
    CameraLost,
    FileTorn,
    NoCamera,
    NoMicrophone,
    SilentMicrophone,
    SoundLost,
)
from avatar_app.work import Progress, carry_out
from tests.fakes.devices import PlayedCamera, handle_of, hush, prompts, sitting
from tests.fakes.shelf import OpenShelf

CLIPS = ["take/clip-000.mkv", "take/clip-001.mkv", "take/clip-002.mkv"]


def recorded(shelf: OpenShelf) -> Take:
    """Record the usual three clips."""
    return carry_out(record_take(*sitting(), prompts(), shelf))


def test_each_prompt_becomes_a_clip() -> None:
    """Listening lasts as asked, reading until it is read; all of it is on the shelf."""
    shelf, steps = OpenShelf(), list[Progress]()
    camera, microphone, teleprompter = sitting()
    job = record_take(camera, microphone, teleprompter, prompts(), shelf)
    take = carry_out(job, steps.append)

    assert [clip.name for clip in take.clips] == CLIPS
    assert [clip.purpose for clip in take.clips] == [
        Purpose.LISTENING,
        Purpose.READING,
        Purpose.READING,
    ]
    assert [clip.text for clip in take.clips] == ["", "One two.", "Three four."]
    assert take.clips[0].seconds == pytest.approx(1.5, abs=0.04)
    assert take.clips[1].seconds == pytest.approx(1.0, abs=0.08)
    assert [prompt.text for prompt in teleprompter.shown] == [
        "",
        "One two.",
        "Three four.",
    ]
    assert (take.width, take.height, take.origin) == (160, 120, Origin.BENCH)
    assert take.devices == (
        "camera: Played camera (tests)",
        "microphone: Played microphone (tests)",
    )
    assert not camera.is_running
    assert not microphone.is_running
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert steps[-1].saying == "Read aloud, 3 of 3"


def test_the_take_can_be_opened_again() -> None:
    """What the record says is what was recorded, and every clip reads back."""
    shelf = OpenShelf()
    take = recorded(shelf)
    again = reopen_take(shelf)

    for name in Take.__slots__:
        assert getattr(again, name) == getattr(take, name)
    for clip in again.clips:
        assert len(list(read_pictures(again, clip))) == clip.frames
        sound = read_sound(again, clip)
        assert sound.seconds == pytest.approx(clip.seconds, abs=1e-4)


@pytest.mark.parametrize(("jitter", "delay"), [(0.0, 0.0), (0.006, 0.0), (0.004, 0.12)])
def test_a_flash_and_a_beep_stay_together(jitter: float, delay: float) -> None:
    """Late blocks and uneven pictures do not pull sound and picture apart."""
    beat = 0.7
    camera, microphone, teleprompter = sitting()
    camera.jitter, microphone.delay = jitter, delay
    teleprompter.seconds_each = 5.0

    def drawing(seconds: float) -> NDArray[np.uint8]:
        return np.full((120, 160, 3), 235 if seconds % beat < 0.1 else 20, np.uint8)

    def voice(moments: NDArray[np.float64]) -> NDArray[np.float64]:
        beep: NDArray[np.float64] = 0.5 * np.sin(6000 * moments)
        return beep * (moments % beat < 0.1)

    camera.drawing, microphone.voice = drawing, voice
    job = record_take(
        camera, microphone, teleprompter, prompts(["Go."])[1:], OpenShelf()
    )
    take = carry_out(job)
    (clip,) = take.clips

    pictures = list(read_pictures(take, clip))
    bright = np.array([picture.pixels.mean() > 127 for picture in pictures])
    flashes = [
        pictures[at].seconds for at in np.flatnonzero(bright[1:] & ~bright[:-1]) + 1
    ]
    samples = np.abs(read_sound(take, clip).samples) > 0.05
    beeps = np.flatnonzero(samples & ~np.roll(_seen_lately(samples), 1)) / take.rate_hz
    offsets = [beeps[np.argmin(np.abs(beeps - flash))] - flash for flash in flashes]

    assert len(offsets) >= 6
    # A flash is seen in the first picture after it: up to one picture late.
    assert min(offsets) > -0.05
    assert max(offsets) <= 0.002


def _seen_lately(samples: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether there was sound within the last 50 ms."""
    counts = np.cumsum(np.concatenate([np.zeros(2400), samples]))
    lately: NDArray[np.bool_] = counts[2400:] - counts[:-2400] > 0
    return lately


def test_dropped_sound_is_made_up_for() -> None:
    """A hole of 0.4 s becomes silence; what follows it is still in step."""
    camera, microphone, teleprompter = sitting()
    microphone.hole = (100.9, 101.3)
    teleprompter.seconds_each = 3.0
    take = carry_out(
        record_take(camera, microphone, teleprompter, prompts()[1:2], OpenShelf())
    )
    (clip,) = take.clips

    sound = read_sound(take, clip)
    assert not sound.samples[43400:62000].any()
    assert np.abs(sound.samples[63000:-4000]).max() > 0.09
    assert len(sound.samples) == round(clip.seconds * take.rate_hz)


def test_without_a_camera_the_person_is_told() -> None:
    """Nothing is kept and nothing stays open."""
    camera, microphone, teleprompter = sitting()
    camera.is_there = False
    shelf = OpenShelf()
    with pytest.raises(NoCamera, match="No camera") as told:
        carry_out(record_take(camera, microphone, teleprompter, prompts(), shelf))

    assert "webcam" in told.value.remedy
    assert not shelf.kept


def test_without_a_microphone_the_camera_is_let_go() -> None:
    """The light on the camera goes out again."""
    camera, microphone, teleprompter = sitting()
    microphone.is_there = False
    with pytest.raises(NoMicrophone):
        carry_out(record_take(camera, microphone, teleprompter, prompts(), OpenShelf()))

    assert camera.starts == 1
    assert not camera.is_running


def test_a_lost_camera_costs_one_clip() -> None:
    """The finished ones are kept, and the next recording goes on after them."""
    camera, microphone, teleprompter = sitting()
    camera.lost_at = 103.0
    shelf = OpenShelf()
    with pytest.raises(CameraLost):
        carry_out(record_take(camera, microphone, teleprompter, prompts(), shelf))
    kept = [name for name in shelf.names() if name != RECORD]
    before = {name: shelf.read(name) for name in kept}

    assert kept == CLIPS[:2]
    take = recorded(shelf)
    assert [clip.name for clip in take.clips] == CLIPS
    assert {name: shelf.read(name) for name in kept} == before


def test_lost_sound_costs_one_clip() -> None:
    """The same for the microphone, also when it stops without a word."""
    for fault in ("raises", "never sends"):
        camera, microphone, teleprompter = sitting()
        teleprompter.seconds_each = 10
        if fault == "raises":
            microphone.lost_at = 102.5
        else:
            microphone.hole = (101.6, np.inf)
        shelf = OpenShelf()
        with pytest.raises(SoundLost):
            carry_out(record_take(camera, microphone, teleprompter, prompts(), shelf))

        assert CLIPS[0] in shelf
        assert CLIPS[1] not in shelf
        assert not camera.is_running


def test_a_silent_microphone_is_noticed() -> None:
    """A reading without a voice is not kept; listening may be silent."""
    camera, microphone, teleprompter = sitting()
    microphone.voice = hush
    shelf = OpenShelf()
    with pytest.raises(SilentMicrophone) as told:
        carry_out(record_take(camera, microphone, teleprompter, prompts(), shelf))

    assert told.value.level_db < -70
    assert list(shelf.names()) == [CLIPS[0], RECORD]


@pytest.mark.parametrize("steps", [1, 20, 60])
def test_a_stopped_recording_leaves_no_half_clip(steps: int) -> None:
    """Closing the job lets go of the devices; only whole clips are on the shelf."""
    camera, microphone, teleprompter = sitting()
    shelf = OpenShelf()
    job = record_take(camera, microphone, teleprompter, prompts(), shelf)
    for _ in range(steps):
        next(job)
    job.close()

    assert not camera.is_running
    assert not microphone.is_running
    clips = [name for name in shelf.names() if name != RECORD]
    assert clips == (CLIPS[:1] if steps == 60 else [])
    if clips:
        assert [clip.name for clip in reopen_take(shelf).clips] == clips


def test_what_is_whole_is_not_recorded_again() -> None:
    """A finished take needs no devices at all."""
    shelf = OpenShelf()
    recorded(shelf)
    camera, microphone, teleprompter = sitting()
    take = carry_out(record_take(camera, microphone, teleprompter, prompts(), shelf))

    assert len(take.clips) == 3
    assert camera.starts == 0
    assert not teleprompter.shown


def test_one_clip_can_be_recorded_again() -> None:
    """Forgetting it leaves the others, and only its prompt is shown."""
    shelf = OpenShelf()
    take = recorded(shelf)
    left = forget_clip(take, take.clips[1])
    assert [clip.name for clip in left.clips] == [CLIPS[0], CLIPS[2]]
    assert CLIPS[1] not in shelf

    camera, microphone, teleprompter = sitting()
    again = carry_out(record_take(camera, microphone, teleprompter, prompts(), shelf))
    assert [prompt.text for prompt in teleprompter.shown] == ["One two."]
    assert [clip.name for clip in again.clips] == CLIPS


def test_a_changed_prompt_is_recorded_again() -> None:
    """A clip answers to its words, not to its number alone."""
    shelf = OpenShelf()
    recorded(shelf)
    camera, microphone, teleprompter = sitting()
    wanted = prompts(["One two.", "Five six."])
    take = carry_out(record_take(camera, microphone, teleprompter, wanted, shelf))

    assert [prompt.text for prompt in teleprompter.shown] == ["Five six."]
    assert [clip.text for clip in take.clips] == ["", "One two.", "Five six."]


def test_another_size_begins_anew() -> None:
    """Pictures of two sizes never share a take."""
    shelf = OpenShelf()
    take = recorded(shelf)
    forget_clip(take, take.clips[2])
    camera, microphone, teleprompter = sitting()
    camera.width, camera.height = 320, 240
    again = carry_out(record_take(camera, microphone, teleprompter, prompts(), shelf))

    assert again.width == 320
    assert len(teleprompter.shown) == 3


def test_a_damaged_record_begins_anew() -> None:
    """It says so when opened, and recording starts over."""
    shelf = OpenShelf()
    recorded(shelf)
    for harm in (b"{", b"[]", b'{"version": 2}', shelf.read(RECORD)[:-40]):
        shelf.write(RECORD, harm)
        with pytest.raises(FileTorn):
            reopen_take(shelf)
    camera, microphone, teleprompter = sitting()
    carry_out(record_take(camera, microphone, teleprompter, prompts(), shelf))

    assert len(teleprompter.shown) == 3


def test_a_demo_stays_a_demo() -> None:
    """Where light and sound came from goes into the record, and cannot be mixed."""
    camera, microphone, teleprompter = sitting()
    camera.handle = handle_of("camera", Origin.DEMO)
    job = record_take(camera, microphone, teleprompter, prompts(), OpenShelf())
    with pytest.raises(ValueError, match="different worlds"):
        carry_out(job)

    microphone.handle = handle_of("microphone", Origin.DEMO)
    shelf = OpenShelf()
    take = carry_out(record_take(camera, microphone, teleprompter, prompts(), shelf))
    assert take.origin is Origin.DEMO
    assert reopen_take(shelf).origin is Origin.DEMO
    assert recorded(shelf).origin is Origin.BENCH  # and the demo's clips are gone


def test_a_take_can_be_forgotten() -> None:
    """The record and every clip go, and nothing else does."""
    shelf = OpenShelf()
    shelf.write("avatar/face", b"kept")
    keep_take(recorded(shelf))
    forget_take(shelf)

    assert list(shelf.names()) == ["avatar/face"]


def test_whoever_watches_sees_every_picture() -> None:
    """A preview or a coach gets what the camera and microphone give."""
    camera, microphone, teleprompter = sitting()
    seen: list[float] = []
    job = record_take(
        camera,
        microphone,
        teleprompter,
        prompts()[:1],
        OpenShelf(),
        watch=lambda picture, heard: seen.append(picture.seconds - heard.seconds),
    )
    take = carry_out(job)

    assert len(seen) == take.clips[0].frames
    assert isinstance(camera, PlayedCamera)
