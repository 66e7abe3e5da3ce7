"""A lesson in the second voice: sealed like the first, with words, mouth and times."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar_app.errors import EngineNotReady
from avatar_app.lesson.script import read_script
from avatar_app.perform.acting import perform_lesson, reopen_sound
from avatar_app.perform.motion import reopen_motion
from avatar_app.perform.xtts_files import NAME, get_xtts
from avatar_app.perform.xtts_hearing import LATENTS
from avatar_app.studio import make_demo
from avatar_app.weights.fetching import accept_licence, licence_of
from avatar_app.work import Progress, carry_out
from tests.fakes.made_xtts import make_xtts
from tests.story.small_avatar import made

pytestmark = pytest.mark.slow


def test_a_lesson_is_spoken_by_the_chosen_voice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another sound under another name; passages as whole as our own voice's."""
    ours = tmp_path / "weights"
    monkeypatch.setattr("avatar_app.perform.xtts_files.weights_folder", lambda: ours)
    lesson = read_script("Good day.")
    (own,) = carry_out(perform_lesson(made().avatar, lesson)).passages
    with pytest.raises(EngineNotReady, match="its weights are not here"):
        carry_out(perform_lesson(made().avatar, lesson, NAME))
    accept_licence(licence_of(NAME), ours)
    carry_out(get_xtts(file=make_xtts(tmp_path / "theirs")))
    (other,) = carry_out(perform_lesson(made().avatar, lesson, NAME)).passages
    sound = reopen_sound(made().vault, other.sound)
    pictures = other.seconds * 25

    assert own.sound != other.sound
    assert [word.text for word in other.words] == ["Good", "day."]
    assert pictures == pytest.approx(round(pictures))
    assert len(reopen_motion(made().vault, other.mouth)) == round(pictures)
    assert sound.seconds == pytest.approx(other.seconds, abs=1 / sound.rate_hz)
    assert LATENTS in made().vault
    made().vault.erase(LATENTS)


def test_without_its_weights_no_demo_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a file nor a minute of work: the sentence comes first."""
    monkeypatch.setattr(
        "avatar_app.perform.xtts_files.weights_folder", lambda: tmp_path / "none"
    )
    steps: list[Progress] = []
    with pytest.raises(EngineNotReady, match="its weights are not here"):
        carry_out(make_demo(tmp_path, "Hello.", voice=NAME), steps.append)

    assert steps == []
    assert not list(tmp_path.iterdir())
