"""Acting: every sentence gets its sound, its mouth, and whole pictures to be in."""

from __future__ import annotations

import numpy as np
import pytest

from avatar_app.errors import FileTorn
from avatar_app.lesson.script import read_script
from avatar_app.media import Sound
from avatar_app.perform.acting import keep_sound, perform_lesson, reopen_sound
from avatar_app.perform.motion import reopen_motion
from avatar_app.work import Progress, carry_out
from tests.fakes.shelf import OpenShelf
from tests.story.small_avatar import made

TEXT = "One bird sang. The second bird, far away, answered it. Then it was quiet."


@pytest.mark.slow
def test_every_sentence_becomes_a_passage_of_whole_pictures() -> None:
    """Sound and mouth are exactly as long as the passage says."""
    told: list[Progress] = []
    job = perform_lesson(made().avatar, read_script(TEXT))
    performance = carry_out(job, told.append)

    assert [p.text for p in performance.passages] == [
        "One bird sang.",
        "The second bird, far away, answered it.",
        "Then it was quiet.",
    ]
    for passage in performance.passages:
        pictures = passage.seconds * 25
        sound = reopen_sound(made().vault, passage.sound)
        assert pictures == pytest.approx(round(pictures))
        assert len(reopen_motion(made().vault, passage.mouth)) == round(pictures)
        assert sound.seconds == pytest.approx(passage.seconds, abs=1 / sound.rate_hz)
    assert performance.seconds == sum(p.seconds for p in performance.passages)
    assert [step.saying for step in told] == [
        f"Speaking: {p.text}" for p in performance.passages
    ]


@pytest.mark.slow
def test_words_are_where_they_are_heard() -> None:
    """Before the first word there is quiet, and after the last; inside there is not."""
    performance = carry_out(perform_lesson(made().avatar, read_script("Good day.")))
    (passage,) = performance.passages
    sound = reopen_sound(made().vault, passage.sound)
    samples, rate = sound.samples, sound.rate_hz
    first, last = passage.words[0], passage.words[-1]

    def level(start: float, end: float) -> float:
        part = samples[int(start * rate) : int(end * rate)].astype(np.float64)
        return float(np.sqrt((part**2).mean()))

    assert first.start >= 0.4
    assert last.end <= passage.seconds - 0.8 + 0.02
    assert level(first.start, last.end) > 10 * level(0, first.start - 0.05)
    assert level(first.start, last.end) > 10 * level(last.end + 0.3, passage.seconds)


@pytest.mark.slow
def test_acting_twice_gives_the_same() -> None:
    """Under the same names, so nothing piles up on the shelf."""
    lesson = read_script("Good day.")
    one, before = carry_out(perform_lesson(made().avatar, lesson)), None
    before = list(made().vault.names("perform/"))
    two = carry_out(perform_lesson(made().avatar, lesson))

    assert one.passages == two.passages
    assert list(made().vault.names("perform/")) == before


def test_a_sound_comes_back_to_a_sixteenth_bit() -> None:
    """FLAC keeps 16 bits; a torn one is refused by name."""
    shelf = OpenShelf()
    wave = np.sin(np.arange(24000) / 20).astype(np.float32) * 0.5
    keep_sound(Sound(wave, 24000), shelf, "sound")
    again = reopen_sound(shelf, "sound")

    assert again.rate_hz == 24000
    assert again.samples == pytest.approx(wave, abs=2 / 32768)
    for length in (0, 30):
        shelf.kept["sound"] = shelf.kept["sound"][:length]
        with pytest.raises(FileTorn, match="sound"):
            reopen_sound(shelf, "sound")
