"""Learn a person's face from their enrollment, stage by stage, each kept sealed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.enroll.advice import NEEDED_SECONDS
from avatar_app.enroll.enrollment import Enrollment
from avatar_app.enroll.tracking import reopen_track
from avatar_app.errors import TooLittleFootage
from avatar_app.fit.face.canon import Canon, learn_canon, poses_of
from avatar_app.fit.face.crops import (
    Lighting,
    Window,
    open_window,
    split_planes,
)
from avatar_app.fit.face.finishing import finish_face
from avatar_app.fit.face.idle import Idle
from avatar_app.fit.face.idling import learn_idle, without_gestures
from avatar_app.fit.face.listening import ear
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.fit.face.steadying import Steady
from avatar_app.fit.face.strips import planes_of_clip, strip_of
from avatar_app.fit.face.studying import Strips, study_mouths
from avatar_app.shelf import Shelf
from avatar_app.work import Job, Progress, share

Floats = NDArray[np.float32]
_WORKPLACES = "fit/face/"
_FORMAT = 4  # of what is kept there; another number, another place


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A face, its idle film, and the numbers of the clips that are this film."""

    face: PersonalFace
    idle: Idle
    idle_clips: list[int]


def fit_face(enrollment: Enrollment, seed: int = 0) -> Job[Learned]:
    """Learn the face; a job cut short goes on where it was.

    Raises:
        TooLittleFootage: Under 30 seconds of the clips show a speaking face.
    """
    from avatar_app.fit.face.decoding import choose_decoder  # heavy: torch
    from avatar_app.fit.face.practising import practise

    shelf = enrollment.take.shelf
    # A gesture may turn the face where no mouth can be learned.
    everything, enrollment = enrollment, without_gestures(enrollment)
    place = _workplace(enrollment, seed)
    _tidy(shelf, but=place)
    window, steady = yield from share(_learn_window(enrollment), 0.0, 0.04)
    names = yield from share(_cut_strips(enrollment, place, window, steady), 0.04, 0.28)
    strips = Strips(shelf, names)
    if strips.speaking_seconds(enrollment) < NEEDED_SECONDS:
        raise TooLittleFootage(strips.speaking_seconds(enrollment), NEEDED_SECONDS)
    lighting = Lighting.of(window, strips.usual_light())
    yield Progress(0.28, 1, "Finding what changes in your face")
    study = study_mouths(strips, lighting, window, seed)
    trained = yield from share(
        practise(enrollment, place, study, strips, seed), 0.36, 0.96
    )
    yield Progress(0.96, 1, "Keeping your teeth sharp")
    face = finish_face(enrollment, window, steady, lighting, study, strips, trained)
    choosing = choose_decoder(face, strips, study.rows, shelf, place, seed)
    yield from share(choosing, 0.97, 0.99)
    idle, clips = learn_idle(everything, face, strips)
    _tidy(shelf)
    return Learned(face, idle, clips)


def _workplace(enrollment: Enrollment, seed: int) -> str:
    """Where this enrollment's unfinished work lies; other footage, another place."""
    clips = [(c.name, c.frames, c.seconds) for c in enrollment.take.clips]
    known = hashlib.sha256(repr((_FORMAT, ear(), seed, clips)).encode()).hexdigest()
    return f"{_WORKPLACES}{known[:16]}/"


def _tidy(shelf: Shelf, but: str = "none") -> None:
    """Erase unfinished work, except what lies in one place."""
    for name in list(shelf.names(_WORKPLACES)):
        if not name.startswith(but):
            shelf.erase(name)


def _learn_window(enrollment: Enrollment) -> Job[tuple[Window, Steady]]:
    """The canonical face from all tracks, the steadying patch from some frames."""
    take = enrollment.take
    samples = []
    for number, name in enumerate(enrollment.tracks):
        track = reopen_track(take.shelf, name)
        samples.append(track.points[track.seen][::5])
        yield Progress(number, 2 * len(enrollment.tracks), "Measuring your face")
    canon = learn_canon(np.concatenate(samples))
    steady = Steady(canon)
    steady.learn(_some_frames(enrollment, canon))
    return open_window(canon), steady


def _some_frames(
    enrollment: Enrollment, canon: Canon, most: int = 60
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Luma and pose of frames from the first clips, every fifth one."""
    given = 0
    pairs = zip(enrollment.take.clips, enrollment.tracks, strict=True)
    for clip, name in pairs:
        poses = poses_of(reopen_track(enrollment.take.shelf, name).points, canon)
        frames = planes_of_clip(enrollment.take.shelf, clip)
        for index, planes in enumerate(frames):
            if index % 5 == 0:
                yield split_planes(planes)[0].copy(), poses[index]
                given += 1
            if given == most:
                frames.close()  # type: ignore[attr-defined]
                return


def _cut_strips(
    enrollment: Enrollment, place: str, window: Window, steady: Steady
) -> Job[list[str]]:
    take = enrollment.take
    names = []
    for number, (clip, track) in enumerate(
        zip(take.clips, enrollment.tracks, strict=True)
    ):
        name = f"{place}strip-{number:03d}.safetensors"
        if name not in take.shelf:
            strip_of(take, clip, track, window, steady).keep(take.shelf, name)
        names.append(name)
        yield Progress(number + 1, len(take.clips), "Cutting out your mouth")
    return names
