"""Making an avatar: it may be stopped anywhere, and nothing ever lies in the open."""

from __future__ import annotations

import pytest

from avatar_app.capture.take import Purpose
from avatar_app.enroll.advice import speaking_seconds
from avatar_app.fit.avatar import CARD, FACE, VOICE, reopen_avatar
from avatar_app.fit.face.idle import NOTES, film_name, reopen_idle
from tests.story.small_avatar import PROMPTS, DiskWatch, Run, made

pytestmark = pytest.mark.slow


def stages(run: Run) -> set[str]:
    """What a run said it was doing."""
    return {step.saying for step in run.said}


def test_a_stopped_recording_goes_on_with_the_next_clip() -> None:
    """No clip that was whole is recorded a second time."""
    first, second = made().runs["record"]

    assert "take/clip-002.mkv" in first.shelf_after
    assert not [name for name in second.written if name in first.shelf_before]
    again = {name for name in second.written if name.startswith("take/clip")}
    assert again.isdisjoint(first.shelf_after)
    assert len(made().take.clips) == len(PROMPTS)


def test_a_stopped_survey_goes_on_with_the_next_clip() -> None:
    """Faces that were followed are not followed again."""
    first, second = made().runs["enroll"]

    kept = {name for name in first.shelf_after if name.startswith("enroll/")}
    assert len(kept) == 3
    assert kept.isdisjoint(second.written)
    assert len(kept) + len(second.written) == len(made().take.clips)


def test_a_stopped_training_goes_on_with_the_next_network() -> None:
    """Strips are not cut twice, and the finished network is not trained again."""
    first, second, _ = made().runs["fit"]

    kept = " ".join(first.shelf_after)
    # A gesture teaches no mouth, so no strip is cut of it.
    mouths = [p for p in PROMPTS if p.purpose is not Purpose.GESTURE]
    assert kept.count("/strip-") == len(mouths) < len(PROMPTS)
    assert kept.count("/lips-") == 1
    assert set(second.written).isdisjoint(first.shelf_after)
    assert "/strip-" not in " ".join(second.written)
    assert " ".join(second.written).count("/lips-") >= 1
    assert FACE in second.written


def test_a_finished_face_is_not_learned_again() -> None:
    """When the voice was stopped, only the voice goes on."""
    _, _, third = made().runs["fit"]

    assert not [name for name in third.written if "/strip-" in name or "/lips-" in name]
    assert FACE not in third.written
    assert [n for n in third.written if n.startswith("avatar/")] == [VOICE, CARD]
    assert not any("mouth" in saying for saying in stages(third))


def test_without_a_card_there_is_no_avatar() -> None:
    """The card is written last, so a half avatar is never taken for a whole one."""
    first, second, third = made().runs["fit"]

    assert CARD not in first.shelf_after
    assert CARD not in second.shelf_after
    assert third.written[-1] == CARD


def test_short_footage_is_said_on_the_card() -> None:
    """Some forty seconds are enough to build, and too few to be silent about."""
    card = reopen_avatar(made().vault).card
    spoken = speaking_seconds(made().enrollment)

    assert 30 <= spoken < 120
    assert f"only {spoken:.0f} seconds of speaking" in card.warning


def test_the_workplace_is_cleared_away() -> None:
    """What learning needed on its way is gone when it is done."""
    assert not list(made().vault.names("fit/"))
    idle = reopen_idle(made().vault)
    assert sorted(made().vault.names("avatar/")) == sorted(
        [CARD, FACE, NOTES, VOICE, *map(film_name, range(len(idle.clips)))]
    )


def test_every_run_tells_how_far_it_is() -> None:
    """Progress never goes back by more than a rounding, and ends near the end."""
    for runs in made().runs.values():
        for run in runs:
            told = [step.fraction for step in run.said]
            assert told == sorted(told)
            assert all(step.saying for step in run.said)
        assert runs[-1].said[-1].fraction > 0.9


def test_nothing_was_ever_readable_on_the_disk() -> None:
    """Neither in the vault nor among temporary files, at any of some forty looks."""
    assert made().looks > 30
    assert made().unsealed == []
    assert not [p for p in made().scratch.rglob("*") if p.is_file()]


def test_the_watch_would_have_seen_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    """An unsealed copy of any part of the avatar is noticed."""
    for name in made().vault.names("avatar/"):
        folder = tmp_path_factory.mktemp("open")
        (folder / "draft").write_bytes(made().vault.read(name))
        watch = DiskWatch([folder])
        watch.look()

        assert watch.found, name
