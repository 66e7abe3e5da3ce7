"""Advice: what lacks is named, what matters most comes first, and it stays cheap."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.capture.quality import Light
from avatar_app.capture.take import Purpose
from avatar_app.demo.script import DEMO_PROMPTS
from avatar_app.enroll.advice import (
    ADVISED_SECONDS,
    NEEDED_SECONDS,
    Advisor,
    Finding,
    lights_on,
    warning_of,
)
from avatar_app.enroll.tracking import LANDMARKS, FaceTrack
from avatar_app.enroll.visemes import VISEMES, visemes_of
from avatar_app.media import Picture

FPS = 25.0
GOOD = Light(exposure=0.5, crushed=0.0, burnt=0.0, unevenness=0.0, focus=0.1)


def face(
    seconds: float,
    *,
    opening: float = 0.0,
    spreading: float = 0.0,
    turning: float = 0.0,
    blinks: int = 0,
    size: float = 100.0,
) -> FaceTrack:
    """A face whose mouth opens and spreads as far as told, and not in step."""
    frames = round(seconds * FPS)
    t = np.arange(frames) / FPS
    points = np.zeros((frames, LANDMARKS, 2), np.float32)
    points[:, 33], points[:, 263] = (0, 0), (size, 0)
    gap = opening * size * (0.5 - 0.5 * np.cos(2.1 * t))
    half = size * (0.3 + 0.5 * spreading * np.sin(0.77 * t))
    points[:, 13, 1], points[:, 14, 1] = 80 - gap / 2, 80 + gap / 2
    points[:, 61, 0], points[:, 291, 0] = 50 - half, 50 + half
    nose = 0.5 * size * np.sin(np.radians(turning) * np.sin(0.5 * t))
    points[:, 4] = np.stack([size / 2 + nose, np.full(frames, 0.4 * size)], axis=1)
    lids = np.full(frames, 0.1 * size)
    for number in range(blinks):
        start = round((number + 0.5) * frames / blinks)
        lids[start : start + 4] = 0.02 * size
    for upper, lower in ((159, 145), (386, 374)):
        points[:, upper, 1], points[:, lower, 1] = -lids / 2, lids / 2
    return FaceTrack(points, np.ones(frames, np.bool_), t)


def by_name(advisor: Advisor) -> dict[str, Finding]:
    """All findings under their names."""
    return {finding.name: finding for finding in advisor.findings()}


def test_what_blocks_comes_first() -> None:
    """Under half a minute nothing can be built, whatever else lacks."""
    advisor = Advisor(FPS)
    dark = Light(exposure=0.02, crushed=0.9, burnt=0.0, unevenness=-0.9, focus=0.001)
    advisor.hear(face(25.0), Purpose.READING, "Hello.", [dark])
    first = advisor.findings()[0]

    assert first.name == "speaking"
    assert first.is_vital
    assert (first.value, first.least) == (25.0, NEEDED_SECONDS)
    assert "95 seconds" in first.remedy


def test_it_grows_clip_by_clip() -> None:
    """Seconds of reading and of listening are counted apart, unseen frames never."""
    advisor = Advisor(FPS)
    assert advisor.findings()[0].value == 0.0
    for _ in range(4):
        advisor.hear(face(10.0), Purpose.READING)
    advisor.hear(face(9.0), Purpose.LISTENING)
    hidden = face(10.0)
    hidden.seen[50:] = False
    advisor.hear(hidden, Purpose.READING)
    found = by_name(advisor)

    assert found["speaking"].value == 42.0
    assert found["speaking"].least == ADVISED_SECONDS
    assert not found["speaking"].is_vital
    assert not found["speaking"].is_met
    assert found["listening"].is_met


def test_a_lively_mouth_shows_more_shapes_and_the_rarest_is_asked_for() -> None:
    """A mumbler is asked to open, who never spreads the lips is asked to spread."""
    mumbling, stiff, lively = Advisor(FPS), Advisor(FPS), Advisor(FPS)
    mumbling.hear(face(60.0, opening=0.04, spreading=0.05), Purpose.READING)
    stiff.hear(face(60.0, opening=0.25, spreading=0.0), Purpose.READING)
    lively.hear(face(60.0, opening=0.25, spreading=0.2), Purpose.READING)
    few, some, many = (by_name(a)["shapes"] for a in (mumbling, stiff, lively))

    assert few.value < 15
    assert some.value < 20
    assert many.value > 60
    assert not few.is_met
    assert many.is_met
    assert "Open your mouth" in few.remedy
    assert "lips" in some.remedy


def test_a_sentence_read_with_a_smile_is_asked_for_again() -> None:
    """It alone, by its words; reading all with the same mouth is never odd."""
    advisor = Advisor(FPS)
    for number in range(8):
        track = face(3.0, opening=0.1)
        if number == 5:
            track.points[:, 61, 0] -= 3
            track.points[:, 291, 0] += 3
        advisor.hear(track, Purpose.READING, f"Sentence {number}.")
        assert by_name(advisor)["odd"].value == (number >= 5)

    assert "'Sentence 5'" in by_name(advisor)["odd"].remedy
    assert not by_name(advisor)["odd"].is_met


def test_the_sounds_that_were_not_read_are_named() -> None:
    """Reading the demo's sentences covers all; a tongue twister does not."""
    twisted, everything = Advisor(FPS), Advisor(FPS)
    track = face(3.0)
    for prompt in DEMO_PROMPTS:
        everything.hear(track, prompt.purpose, prompt.text)
    for _ in range(5):
        twisted.hear(track, Purpose.READING, "Peter Piper picked a peck of peppers.")

    assert by_name(everything)["sounds"].is_met
    sounds = by_name(twisted)["sounds"]
    assert 3 <= sounds.value < len(VISEMES) - 3
    unread = [v for v in VISEMES if v not in visemes_of("Peter Piper picked a peck.")]
    assert any(viseme.example in sounds.remedy for viseme in unread)


def test_sounds_of_one_shape_are_one() -> None:
    """P, b and m look alike; ch is no t."""
    alike = [{visemes_of(word)[0] for word in ("pat", "bat", "mat")}]

    assert len(alike[0]) == 1
    assert visemes_of("chop")[0] is not visemes_of("top")[0]
    assert visemes_of("") == []


def test_turns_blinks_and_closeness_are_read_off_the_face() -> None:
    """Degrees to a tenth, blinks to the blink, pixels to the pixel."""
    advisor = Advisor(FPS)
    advisor.hear(face(60.0, turning=10.0, blinks=7, size=42.0), Purpose.READING)
    found = by_name(advisor)

    # The 5th to the 95th percentile of a sine of 10 degrees.
    assert found["turning"].value == pytest.approx(2 * 10 * np.sin(0.45 * np.pi), abs=1)
    assert found["nodding"].value == 0.0
    assert found["blinks"].value == 7
    assert found["closeness"].value == pytest.approx(42.0)
    assert not found["closeness"].is_met


@pytest.mark.parametrize(
    ("light", "name", "remedy"),
    [
        ({"exposure": 0.1}, "exposure", "lamp in front"),
        ({"exposure": 0.9}, "exposure", "too bright"),
        ({"burnt": 0.2}, "burnt", "too bright"),
        ({"unevenness": -0.5}, "evenness", "on the left"),
        ({"unevenness": 0.5}, "evenness", "on the right"),
        ({"focus": 0.005}, "sharpness", "focus"),
    ],
)
def test_bad_light_has_a_remedy(
    light: dict[str, float], name: str, remedy: str
) -> None:
    """Each fault is named alone; the rest of the light stays met."""
    usual = {"exposure": 0.5, "crushed": 0.0, "burnt": 0.0, "unevenness": 0.0}
    seen = Light(**{**usual, "focus": 0.1, **light})
    advisor = Advisor(FPS)
    advisor.hear(face(3.0), Purpose.READING, lights=[seen] * 5)
    found = by_name(advisor)
    lit = ("exposure", "burnt", "evenness", "steadiness", "sharpness")

    assert [n for n in lit if not found[n].is_met] == [name]
    assert remedy in found[name].remedy
    assert 0 < found[name].lacking <= 1


def test_a_lamp_that_is_turned_off_midway_is_told() -> None:
    """Every clip for itself would pass."""
    advisor = Advisor(FPS)
    for exposure in (0.6, 0.6, 0.35, 0.35):
        light = Light(exposure, 0.0, 0.0, 0.0, 0.1)
        advisor.hear(face(3.0), Purpose.READING, lights=[light])

    assert not by_name(advisor)["steadiness"].is_met
    assert by_name(advisor)["exposure"].is_met


def test_good_footage_lacks_nothing() -> None:
    """Three minutes of a lively person in good light."""
    advisor = Advisor(FPS)
    for prompt in DEMO_PROMPTS:
        seconds = 10.0 if prompt.purpose is Purpose.LISTENING else 7.0
        track = face(
            seconds, opening=0.25, spreading=0.2, turning=12.0, blinks=2, size=150.0
        )
        track.points[:, 4, 1] += np.linspace(-8, 8, len(track.seen), dtype=np.float32)
        advisor.hear(track, prompt.purpose, prompt.text, [GOOD] * 3)

    assert [f.name for f in advisor.findings() if not f.is_met] == []
    assert not any(f.is_vital for f in advisor.findings())


def test_the_light_is_judged_on_the_face_alone() -> None:
    """A bright window beside a dark face does not help; twice a second is enough."""

    def picture(number: int) -> Picture:
        pixels: NDArray[np.uint8] = np.full((200, 300, 3), 250, np.uint8)
        pixels[:160, :180] = 30
        return Picture(pixels, number / FPS)

    track = face(2.0)
    track.points[:, :, 0] += 30
    lights = lights_on((picture(n) for n in range(50)), track)

    assert len(lights) == 4
    assert all(light.exposure == pytest.approx(30 / 255, abs=0.01) for light in lights)


def test_short_footage_carries_a_warning_long_footage_none() -> None:
    """It says how much there was and what would be better."""
    assert "45 seconds" in warning_of(45.2)
    assert "2 minutes" in warning_of(45.2)
    assert warning_of(ADVISED_SECONDS) == ""


def test_a_clip_costs_milliseconds() -> None:
    """The coach asks after every sentence: under 20 ms of CPU, the answer included."""
    advisor = Advisor(FPS)
    track = face(4.0, opening=0.2, spreading=0.2)
    advisor.hear(track, Purpose.READING, "Hello.", [GOOD] * 8)  # espeak-ng starts
    began = time.process_time()
    for _ in range(20):
        advisor.hear(track, Purpose.READING, "Hello.", [GOOD] * 8)
        advisor.findings()

    assert (time.process_time() - began) / 20 < 0.020
