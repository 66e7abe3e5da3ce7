"""Whom lips are measured on: their clips made ready, and their face learned."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.enroll.enrollment import Enrollment
from avatar_app.enroll.interview import survey_take
from avatar_app.enroll.tracking import FaceTrack, follow_faces, join_track
from avatar_app.fit.face.learning import fit_face
from avatar_app.fit.face.listening import level, listen
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.fit.face.steadying import Steady
from avatar_app.fit.face.strips import Strip, cut_strip
from avatar_app.media import Sound
from avatar_app.render.export import planes_of
from avatar_app.shelf import Shelf
from avatar_app.work import Progress, carry_out
from benchmarks.closures import (
    Closure,
    Shut,
    closures_by_texts,
    closures_by_words,
    shut_level,
)
from benchmarks.footage import (
    Footage,
    fps_of,
    pictures_of,
    sound_of,
    take_of,
    words_of,
)
from benchmarks.measures import opening
from benchmarks.pictures import Image


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One test clip, made ready once for all seeds; its pictures stay in the file."""

    footage: Footage
    sound: Sound
    fps: float
    track: FaceTrack
    silent: NDArray[np.bool_]
    closures: Sequence[Closure]

    @property
    def name(self) -> str:
        """The file's name, without its ending."""
        return self.footage.path.stem

    @property
    def frames(self) -> int:
        """How many pictures it holds."""
        return len(self.track.seen)

    def pictures(self) -> list[Image]:
        """Decode it, blue-green-red."""
        part = self.footage
        return [p.pixels for p in pictures_of(part.path, part.start, part.end)]


def ready(footage: Sequence[Footage]) -> tuple[list[Clip], Shut]:
    """Follow the faces, find silence and closures; with the level of shut lips."""
    clips = [_ready(one) for one in footage]
    if not any(clip.closures for clip in clips) and all(f.text for f in footage):
        found = closures_by_texts([(c.sound, c.footage.text) for c in clips])
        clips = [
            Clip(c.footage, c.sound, c.fps, c.track, c.silent, closures)
            for c, closures in zip(clips, found, strict=True)
        ]
    openings = [opening(clip.track.points) for clip in clips]
    return clips, shut_level(openings, [clip.silent for clip in clips])


def _ready(footage: Footage) -> Clip:
    fps = fps_of(footage.path)
    sound = sound_of(footage.path, start=footage.start, end=footage.end)
    with follow_faces() as follower:
        found = [
            follower.look(picture.pixels)
            for picture in pictures_of(footage.path, footage.start, footage.end)
        ]
    track = join_track(found, np.arange(len(found)) / fps)
    silent = _silence(footage, sound, len(found), fps)
    closures = closures_by_words(sound, words_of(footage))
    return Clip(footage, sound, fps, track, silent, closures)


def _silence(
    footage: Footage, sound: Sound, frames: int, fps: float
) -> NDArray[np.bool_]:
    """Frames well inside silence, by the word times beside the clip or by loudness."""
    words = words_of(footage)
    if words:
        silent = np.ones(frames, np.bool_)
        silent[[0, -1]] = False
        for word in words:
            first, last = int(word.start * fps), int(word.end * fps)
            silent[max(0, first - 1) : last + 1] = False
        return silent
    size = round(sound.rate_hz / fps)
    padded = np.pad(sound.samples, (0, max(0, frames * size - len(sound.samples))))
    power = (padded[: frames * size].reshape(frames, size) ** 2).mean(axis=1)
    quiet = power < 1e-3 * np.percentile(power, 95)
    inside: NDArray[np.bool_] = np.convolve(quiet, np.ones(5), "same") >= 5
    return inside


def cut(face: PersonalFace, clip: Clip, pictures: Sequence[Image]) -> Strip:
    """See a clip as the face engine does."""
    steady = Steady(face.canon)
    steady.restore(face.patch)
    heard = listen(level(clip.sound), clip.track.seconds, clip.fps)
    planes = (planes_of(picture) for picture in pictures)
    return cut_strip(planes, clip.track, heard, face.window, steady)


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """Somebody enrolled, and what following their face took."""

    enrollment: Enrollment
    track_cpu_s: float
    track_wall_s: float


def enroll(footage: Sequence[Footage], shelf: Shelf, minutes: float = 1e9) -> Enrolled:
    """Record clips into a sealed take and survey it; raises what enrolling raises."""
    take = take_of(footage, shelf, minutes)
    start, wall = time.process_time(), time.monotonic()
    enrollment = carry_out(survey_take(take, "evaluation"))
    spent = time.process_time() - start, time.monotonic() - wall
    return Enrolled(enrollment, *spent)


def learn(enrolled: Enrolled, seed: int) -> tuple[PersonalFace, dict[str, float]]:
    """Learn the face from the beginning; with what the whole build takes.

    Following the face is done once for all seeds, and counted into each build.
    """
    clock = _Stages()
    start, wall = time.process_time(), time.monotonic()
    face = carry_out(fit_face(enrolled.enrollment, seed), clock).face
    spent, waited = time.process_time() - start, time.monotonic() - wall
    return face, {
        "build_cpu_s": enrolled.track_cpu_s + spent,
        "build_wall_s": enrolled.track_wall_s + waited,
        "track_cpu_s": enrolled.track_cpu_s,
        "footage_s": enrolled.enrollment.take.seconds,
        **{f"stage_cpu_s {name}": cost for name, cost in clock.spent.items()},
        **{f"left_out {name}": value for name, value in face.quality.items()},
    }


class _Stages:
    """CPU seconds by what the job said it was doing."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._last = time.process_time()

    def __call__(self, step: Progress) -> None:
        now = time.process_time()
        self.spent[step.saying] = self.spent.get(step.saying, 0.0) + now - self._last
        self._last = now
