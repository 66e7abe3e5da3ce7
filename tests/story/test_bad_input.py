"""Bad input: each kind has its sentence, its remedy, and leaves nothing half done."""

from __future__ import annotations

import functools
import resource
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.capture.clips import write_clip
from avatar_app.capture.records import clip_name
from avatar_app.capture.take import Clip, Origin, Purpose, Take
from avatar_app.demo.presenter import DrawnPresenter
from avatar_app.enroll.interview import enroll_person, survey_take
from avatar_app.errors import (
    AvatarError,
    DiskFull,
    EmptyText,
    FileTorn,
    FolderRefused,
    NoAvatar,
    NoFace,
    NotLive,
    TooLittleFootage,
    TooLittleSpeech,
    TwoFaces,
    Unspeakable,
    WrongPassphrase,
)
from avatar_app.fit.avatar import CARD, FACE, VOICE, reopen_avatar
from avatar_app.fit.face.idle import NOTES, film_name, reopen_idle
from avatar_app.fit.training import fit_avatar
from avatar_app.lesson.script import read_script
from avatar_app.media import Picture
from avatar_app.perform.acting import perform_lesson
from avatar_app.render.composing import render_film
from avatar_app.render.film import Film
from avatar_app.shelf import Shelf
from avatar_app.studio import DEMO_VAULT, make_demo
from avatar_app.vault.vault import Vault
from avatar_app.work import Job, carry_out
from tests.fakes.shelf import OpenShelf
from tests.story.small_avatar import QUICK, made, on_open_shelf

Pixels = NDArray[np.uint8]
TEXT = "Good morning to you."


def told(error: AvatarError, sentence: str, remedy: str) -> None:
    """Check what the person reads: one sentence, and what to do about it."""
    assert sentence in str(error)
    assert str(error).strip().endswith((".", ")")) or ":" in str(error)
    assert remedy in error.remedy
    assert error.remedy.endswith(".")


def take_of(shelf: Shelf, scenes: Sequence[tuple[Pixels, float]]) -> Take:
    """Record still scenes, a picture a second: (what is seen, seconds) each."""
    clips = []
    height, width = scenes[0][0].shape[:2]
    for number, (pixels, seconds) in enumerate(scenes):
        name = clip_name(number)
        with write_clip(shelf, name, width, height, 1.0, 48000) as writer:
            for index in range(round(seconds)):
                writer.picture(Picture(pixels, float(index)))
            writer.sound(np.zeros(round(48000 * seconds), np.float32))
            frames = writer.frames
        clips.append(Clip(name, Purpose.READING, "Words.", frames, seconds))
    shape = (width, height, 1.0, 48000, 0.0)
    return Take(shelf, tuple(clips), *shape, Origin.BENCH, ("tests",))


@functools.lru_cache(1)
def someone() -> Pixels:
    """One picture of the drawn presenter."""
    drawn = DrawnPresenter(0, 640, 360)
    drawn.camera.start()
    return drawn.camera.read().pixels


def nobody() -> Pixels:
    """A grey wall."""
    return np.full((360, 640, 3), 127, np.uint8)


def two_people() -> Pixels:
    """The drawn presenter twice, side by side."""
    middle = someone()[:, 160:480]
    return np.ascontiguousarray(np.concatenate([middle, middle[:, ::-1]], axis=1))


def test_five_seconds_are_too_little() -> None:
    """It says how much there is and how much is needed, before any face is sought."""
    take = take_of(OpenShelf(), [(someone(), 5.0)])
    with pytest.raises(TooLittleFootage) as declined:
        carry_out(survey_take(take, "Somebody"))

    told(declined.value, "5 seconds of you speaking", "at least 30 seconds")
    assert not list(take.shelf.names("enroll/"))


def test_a_take_without_a_face_is_declined() -> None:
    """Grey pictures show nobody."""
    take = take_of(OpenShelf(), [(nobody(), 32.0)])
    with pytest.raises(NoFace) as declined:
        carry_out(survey_take(take, "Somebody"))

    told(declined.value, "only 0% of the footage", "face the camera")


def test_a_new_recording_gets_a_new_chance() -> None:
    """After a take without a face, the next one under the same names is looked at."""
    shelf = OpenShelf()
    with pytest.raises(NoFace):
        carry_out(survey_take(take_of(shelf, [(nobody(), 32.0)]), "Somebody"))
    again = take_of(shelf, [(someone(), 32.0)])

    assert carry_out(survey_take(again, "Somebody")).seen == 1.0


def test_a_clip_recorded_again_is_looked_at_again() -> None:
    """A track belongs to its clip: another clip under its name has its own."""
    shelf = OpenShelf()
    first = take_of(shelf, [(someone(), 16.0), (someone(), 16.0)])
    carry_out(survey_take(first, "Somebody"))
    shelf.written.clear()
    again = take_of(OpenShelf(), [(someone(), 16.0), (someone(), 16.0)])
    shelf.kept[clip_name(1)] = again.shelf.read(clip_name(1))
    enrollment = carry_out(survey_take(first, "Somebody"))

    assert shelf.written == [enrollment.tracks[1]]
    assert list(shelf.names("enroll/")) == sorted(enrollment.tracks)


def test_two_faces_are_declined() -> None:
    """It says when the second one was seen."""
    take = take_of(OpenShelf(), [(someone(), 20.0), (two_people(), 20.0)])
    with pytest.raises(TwoFaces) as declined:
        carry_out(survey_take(take, "Somebody"))

    told(declined.value, "A second face was seen 0.0 s", "only you are in the picture")


def test_a_clip_without_a_face_does_no_harm() -> None:
    """Nine tenths with a face are enough; the empty clip is left out."""
    scenes = [(someone(), 31.0), (nobody(), 3.0)]
    enrollment = carry_out(survey_take(take_of(OpenShelf(), scenes), "Somebody"))

    assert enrollment.seen == pytest.approx(31 / 34, abs=0.02)
    assert [clip.seconds for clip in enrollment.take.clips] == [31.0]
    assert len(enrollment.tracks) == 1


def test_only_the_drawn_presenter_is_enrolled_without_proof_of_life() -> None:
    """Footage from anywhere else is declined, however good it is."""
    take = take_of(OpenShelf(), [(someone(), 32.0)])
    for origin in (Origin.BENCH, Origin.LIVE):
        with pytest.raises(NotLive) as declined:
            carry_out(enroll_person(replace(take, origin=origin), "Somebody"))

    told(declined.value, "living person", "your own camera")


@pytest.mark.parametrize("text", ["", "  \n\t", "...!?", "—"])
def test_an_empty_text_is_declined_at_once(tmp_path: Path, text: str) -> None:
    """Before anything is drawn or written."""
    with pytest.raises(EmptyText) as declined:
        carry_out(make_demo(tmp_path / "demo", text))

    told(declined.value, "The text is empty.", "at least one word")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "unspeakable"),
    [("Say 你好 to me.", "你好"), ("Привет", "Привет"), ("🎉🎉", "🎉")],
)
def test_what_the_voice_cannot_say_is_named(
    tmp_path: Path, text: str, unspeakable: str
) -> None:
    """Leaving it out would change what the author says."""
    with pytest.raises(Unspeakable) as declined:
        carry_out(make_demo(tmp_path / "demo", text))

    told(declined.value, "The voice cannot say", "Write these in letters")
    assert set(unspeakable) == set(declined.value.characters)
    assert not list(tmp_path.iterdir())


def test_the_wrong_passphrase_is_declined(tmp_path: Path) -> None:
    """Someone else's vault in the demo's place stays shut and unharmed."""
    place = tmp_path / DEMO_VAULT
    Vault.new(place, "quite another passphrase", QUICK).write("mine", b"still here")
    with pytest.raises(WrongPassphrase) as declined:
        carry_out(make_demo(tmp_path, TEXT))

    told(declined.value, "does not open this vault", "capitals and spaces")
    mine = Vault.unlock(place, "quite another passphrase")
    assert mine.read("mine") == b"still here"


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """Below a file there is no folder; below /proc nobody may make one."""
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "file" / "demo", Path("/proc/demo")):
        with pytest.raises(FolderRefused) as declined:
            carry_out(make_demo(folder, TEXT))

        told(declined.value, "cannot be used", "in which you may write")


def filmed(shelf: Shelf, folder: Path, text: str = TEXT) -> Job[Film]:
    """Open the avatar on a shelf and film it: every part of it is needed."""
    avatar = reopen_avatar(shelf)
    performance = yield from perform_lesson(avatar, read_script(text))
    return (yield from render_film(performance, folder / "film.mp4", "Torn"))


def cut(content: bytes) -> bytes:
    """What a full disk leaves."""
    return content[: len(content) // 2]


def emptied(_: bytes) -> bytes:
    """What a crash may leave."""
    return b""


def overwritten(content: bytes) -> bytes:
    """What a stranger's program may leave: bytes of no format at all."""
    return np.random.default_rng(0).bytes(len(content))


def of_another_kind(_: bytes) -> bytes:
    """What a mix-up may leave: a well-formed file that is something else."""
    from safetensors.numpy import save

    return save({"other": np.zeros(3, np.float32)})


HARMS = (cut, emptied, overwritten, of_another_kind)


@pytest.mark.slow
@pytest.mark.parametrize("harm", HARMS, ids=[h.__name__ for h in HARMS])
@pytest.mark.parametrize("name", [CARD, FACE, VOICE, film_name(0), NOTES])
def test_a_torn_part_is_named(
    tmp_path: Path, name: str, harm: Callable[[bytes], bytes]
) -> None:
    """Whatever part is damaged in whatever way: one sentence, no film, no crash."""
    shelf = on_open_shelf()
    shelf.kept[name] = harm(shelf.kept[name])
    with pytest.raises(FileTorn) as torn:
        carry_out(filmed(shelf, tmp_path))

    told(torn.value, f"'{name}' is damaged", "build the avatar again")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_one_flipped_bit_on_the_disk_is_noticed(tmp_path: Path) -> None:
    """In each of the sealed files, anywhere."""
    place = tmp_path / "vault"
    shutil.copytree(made().folder / DEMO_VAULT, place)
    vault = Vault.unlock(place, "a drawn presenter has no secrets")
    for name in list(vault.names()):
        if not name.startswith("avatar/"):
            vault.erase(name)
    sealed = sorted(place.glob("*.sealed"))
    draw = np.random.default_rng(1)

    assert len(sealed) == 4 + len(reopen_idle(vault).clips)
    for file in sealed:
        whole = file.read_bytes()
        at = int(draw.integers(len(whole)))
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        with pytest.raises(FileTorn):
            carry_out(filmed(vault, tmp_path))
        file.write_bytes(whole)
    assert not list(tmp_path.glob("film*"))


def test_an_unfinished_avatar_is_none() -> None:
    """Without a card there is nothing to open."""
    shelf = OpenShelf()
    shelf.kept[FACE] = b"half done"
    with pytest.raises(NoAvatar) as declined:
        reopen_avatar(shelf)

    told(declined.value, "no avatar here yet", "Enroll and build")


class FullShelf(OpenShelf):
    """A shelf whose disk is full from the nth file of some kind on.

    Attributes:
        part: Of a name; only files named so need room.
        room: How many more of them find it.
    """

    def __init__(self, part: str, room: int) -> None:
        super().__init__()
        self.part, self.room = part, room

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """Open a writer; where there is no room, its end finds out."""
        is_full = self.part in name and self.room <= 0
        with super().create(name) as page:
            yield page
            if is_full:
                raise DiskFull("the test's folder")
        self.room -= self.part in name


def test_a_disk_that_fills_up_during_the_survey_costs_one_clip() -> None:
    """What was finished is kept, and the survey goes on there."""
    shelf = FullShelf("enroll/", 2)
    take = take_of(shelf, [(someone(), 8.0)] * 4)
    with pytest.raises(DiskFull) as stopped:
        carry_out(survey_take(take, "Somebody"))
    kept = list(shelf.names("enroll/"))
    shelf.room = 99
    shelf.written.clear()
    enrollment = carry_out(survey_take(take, "Somebody"))

    told(stopped.value, "The disk is full", "Free some space")
    assert len(kept) == 2
    assert len(enrollment.tracks) == 4
    assert set(shelf.written).isdisjoint(kept)


@pytest.mark.slow
def test_a_disk_that_fills_up_during_learning_keeps_what_is_done() -> None:
    """The job stops with its sentence; the strips that were cut are kept."""
    shelf = FullShelf("strip-", 3)
    for whole in (*made().vault.names("take/"), *made().enrollment.tracks):
        shelf.kept[whole] = made().vault.read(whole)
    enrollment = replace(made().enrollment, take=replace(made().take, shelf=shelf))
    with pytest.raises(DiskFull) as stopped:
        carry_out(fit_avatar(enrollment))

    told(stopped.value, "The disk is full", "Free some space")
    assert CARD not in shelf
    assert sum("strip-" in name for name in shelf.names()) == 3


@pytest.mark.slow
def test_a_disk_that_fills_up_during_acting_is_told() -> None:
    """The performance has no room for its sound."""
    shelf = FullShelf("perform/", 1)
    shelf.kept.update(on_open_shelf().kept)
    with pytest.raises(DiskFull) as stopped:
        carry_out(perform_lesson(reopen_avatar(shelf), read_script(TEXT)))

    told(stopped.value, "The disk is full", "Free some space")


@pytest.mark.slow
def test_a_disk_that_fills_up_during_filming_leaves_nothing(tmp_path: Path) -> None:
    """The system refuses to let the film grow, as a full disk does."""
    shelf = on_open_shelf()
    job = filmed(shelf, tmp_path)
    with largest_file(60_000), pytest.raises(DiskFull) as stopped:
        carry_out(job)

    told(stopped.value, f"The disk is full ({tmp_path})", "Free some space")
    assert not list(tmp_path.iterdir())


@contextmanager
def largest_file(most: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes (writes fail with EFBIG)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.slow
def test_a_film_cannot_go_where_there_is_no_folder(tmp_path: Path) -> None:
    """The folder is named."""
    with pytest.raises(FolderRefused) as refused:
        carry_out(filmed(on_open_shelf(), tmp_path / "nowhere"))

    told(refused.value, "nowhere", "in which you may write")


@pytest.mark.slow
def test_nine_sentences_are_too_few_for_a_voice() -> None:
    """It says how many were there and how many are needed."""
    clips = tuple(c for c in made().take.clips if c.purpose is Purpose.READING)[:9]
    shelf = OpenShelf()
    for clip in clips:
        shelf.kept[clip.name] = made().vault.read(clip.name)
    shelf.kept[FACE] = made().vault.read(FACE)  # the face was finished before
    few = replace(made().take, shelf=shelf, clips=clips)
    enrollment = replace(
        made().enrollment, take=few, tracks=made().enrollment.tracks[:9]
    )
    with pytest.raises(TooLittleSpeech) as declined:
        carry_out(fit_avatar(enrollment))

    told(declined.value, "Only 9 sentences", "at least ten sentences")
    assert CARD not in shelf
