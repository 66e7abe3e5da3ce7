"""The studio: the whole story as calls, without a window.

::

    take = yield from record_take(camera, microphone, teleprompter, prompts, shelf)
    enrollment = yield from enroll_person(take, person)
    avatar = yield from fit_avatar(enrollment)
    performance = yield from perform_lesson(avatar, lesson)
    film = yield from render_film(performance, path, title)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avatar_app.errors import FolderRefused
from avatar_app.work import Job, share

if TYPE_CHECKING:
    from avatar_app.fit.avatar import Avatar
    from avatar_app.render.film import Film
    from avatar_app.render.preview import Preview
    from avatar_app.shelf import Shelf

# The drawn presenter has no secrets: its vault's passphrase stands here for everyone,
# so that a demo cut short goes on, and anyone may look at how an avatar is kept.
DEMO_PASSPHRASE = "a drawn presenter has no secrets"  # noqa: S105 - no secret
DEMO_VAULT = "demo-vault"
DEMO_FILM = "demo.mp4"
DEMO_PERSON = "Demo presenter"


def make_demo(
    folder: Path,
    text: str | None = None,
    seed: int = 0,
    engine: str = "own",
    changes: Mapping[str, Any] | None = None,
    voice: str = "own",
) -> Job[Film]:
    """Tell the whole story with the drawn presenter: enroll, learn, speak, film.

    Args:
        folder: Where the film, its captions and the demo's vault go.
        text: What to say; the presenter's own lesson when None.
        seed: Of the presenter; another seed, another enrollment.
        engine: Who draws the mouth, one of ``render.drawing.ENGINES``.
        changes: Of the lesson's style, see ``Style.changed``.
        voice: Who speaks, one of ``perform.voicing.VOICES``.

    Raises:
        AvatarError: Whatever stands in the way, in words for the person.
    """
    from avatar_app.demo.script import DEMO_LESSON
    from avatar_app.lesson.script import read_script
    from avatar_app.perform.acting import perform_lesson
    from avatar_app.perform.voicing import need_voice
    from avatar_app.render.composing import render_film
    from avatar_app.render.drawing import need_engine

    need_engine(engine)
    need_voice(voice)
    lesson = read_script(DEMO_LESSON if text is None else text)
    lesson = replace(lesson, style=lesson.style.changed(changes or {}))
    calm_threads()
    shelf = _demo_vault(folder, seed)
    avatar = yield from share(_demo_avatar(shelf, seed), 0.0, 0.85)
    performing = perform_lesson(avatar, lesson, voice)
    performance = yield from share(performing, 0.85, 0.90)
    film = render_film(performance, folder / DEMO_FILM, "Avatar App demo", engine)
    return (yield from share(film, 0.90, 1.0))


def preview_demo(folder: Path, seed: int = 0) -> Job[Preview]:
    """Get a demo that was made ready to be looked at with other styles.

    Raises:
        NoAvatar: There is no demo in that folder.
        AvatarError: Whatever else stands in the way.
    """
    from avatar_app.demo.script import DEMO_LESSON
    from avatar_app.fit.avatar import reopen_avatar
    from avatar_app.lesson.script import read_script
    from avatar_app.perform.acting import perform_lesson
    from avatar_app.render.preview import Preview

    calm_threads()
    avatar = reopen_avatar(_demo_vault(folder, seed))
    lesson = read_script(DEMO_LESSON)
    first = replace(lesson, sentences=lesson.sentences[1:2])
    return Preview((yield from perform_lesson(avatar, first)))


def _demo_avatar(shelf: Shelf, seed: int) -> Job[Avatar]:
    """Draw the presenter reading, and learn them; or open what was learned before."""
    from avatar_app.capture.recording import record_take
    from avatar_app.demo.presenter import DrawnPresenter
    from avatar_app.demo.script import DEMO_GESTURES, DEMO_PROMPTS
    from avatar_app.enroll.interview import enroll_person
    from avatar_app.fit.avatar import CARD, reopen_avatar
    from avatar_app.fit.training import fit_avatar

    if CARD in shelf:
        return reopen_avatar(shelf)
    presenter = DrawnPresenter(seed)
    recording = record_take(
        presenter.camera,
        presenter.microphone,
        presenter.teleprompter,
        (*DEMO_PROMPTS, *DEMO_GESTURES),
        shelf,
    )
    take = yield from share(recording, 0.0, 0.4)
    enrollment = yield from share(enroll_person(take, DEMO_PERSON), 0.4, 0.5)
    return (yield from share(fit_avatar(enrollment, seed), 0.5, 1.0))


def _demo_vault(folder: Path, seed: int) -> Shelf:
    from avatar_app.vault.vault import Vault

    place = folder / (DEMO_VAULT if seed == 0 else f"{DEMO_VAULT}-{seed}")
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderRefused(str(folder)) from error
    if Vault.exists(place):
        return Vault.unlock(place, DEMO_PASSPHRASE)
    return Vault.new(place, DEMO_PASSPHRASE)


def calm_threads() -> None:
    """Let libraries share the cores; call before torch and OpenCV do any work.

    Idle OpenMP threads that spin steal the second core from the encoder: a training
    step of .44 CPU seconds fell to .1 with passive waiting.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import cv2

    cv2.setNumThreads(1)
