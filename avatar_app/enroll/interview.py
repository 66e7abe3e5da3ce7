"""Turn a take into an enrollment: one face throughout, a voice, enough of both.

A living person's own enrollment needs liveness and consent, which are not in this
version: until they are, only the drawn presenter's takes pass ``enroll_person``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.clips import read_pictures, read_sound
from avatar_app.capture.take import Clip, Origin, Purpose, Take
from avatar_app.enroll.advice import NEEDED_SECONDS, speaking_seconds
from avatar_app.enroll.enrollment import Enrollment
from avatar_app.enroll.sync import WORTH_CORRECTING, measure_lag
from avatar_app.enroll.tracking import (
    FaceTrack,
    follow_faces,
    join_track,
    reopen_track,
)
from avatar_app.errors import NoFace, NotLive, TooLittleFootage, TwoFaces
from avatar_app.work import Job, Progress

SEEN_FRACTION = 0.9
LOOK_AROUND_SECONDS = 0.5
_FOLDER = "enroll/track-"
_TELLING_BYTES = 1 << 16  # of a clip, by which it is known from another


def enroll_person(take: Take, person: str) -> Job[Enrollment]:
    """Examine a take and bring the enrollment it makes.

    Raises:
        NotLive: The take is not the drawn presenter's, and nobody showed to be alive.
        NoFace, TwoFaces, TooLittleFootage: The footage cannot be learned from.
    """
    if take.origin is not Origin.DEMO:
        raise NotLive("A living person is enrolled only in front of the camera.")
    return (yield from survey_take(take, person))


def survey_take(take: Take, person: str) -> Job[Enrollment]:
    """Follow the face through every clip; clips already followed are not again.

    Raises:
        NoFace, TwoFaces, TooLittleFootage: The footage cannot be learned from.
    """
    if take.seconds < NEEDED_SECONDS:
        raise TooLittleFootage(take.seconds, NEEDED_SECONDS)
    names: list[str] = []
    seen: list[int] = []
    frames = sum(clip.frames for clip in take.clips)
    done = 0
    for number, clip in enumerate(take.clips):
        name = _track_name(take, clip, number)
        if name not in take.shelf:
            track = yield from _follow(take, clip, done, frames)
            track.keep(take.shelf, name)
        seen.append(_seen_frames(take, name))
        done += clip.frames
        names.append(name)
        yield Progress(done, frames, "Following your face")
    _forget_others(take, names)
    if sum(seen) < SEEN_FRACTION * frames:
        raise NoFace(sum(seen) / frames)
    # A clip in which the person hid their face teaches nothing and has no poses.
    usable = [n for n, clip in enumerate(take.clips) if 2 * seen[n] >= clip.frames]
    used = replace(take, clips=tuple(take.clips[n] for n in usable))
    tracks = tuple(names[n] for n in usable)
    used = _in_step(used, tracks)
    record = _record(used, person)
    enrollment = Enrollment(used, person, tracks, sum(seen) / frames, record)
    # Listening and gestures teach no mouth: said here, before the long work begins.
    spoken = speaking_seconds(enrollment)
    if spoken < NEEDED_SECONDS:
        raise TooLittleFootage(spoken, NEEDED_SECONDS)
    return enrollment


def _in_step(take: Take, tracks: tuple[str, ...]) -> Take:
    """Note how late the sound is, if it is late enough to be sure and to be seen."""
    reading = [
        (reopen_track(take.shelf, name), read_sound(take, clip))
        for clip, name in zip(take.clips, tracks, strict=True)
        if clip.purpose is Purpose.READING
    ]
    lag = measure_lag(reading)
    if lag is None or abs(lag) < WORTH_CORRECTING:
        return take
    return replace(take, sound_lag=take.sound_lag + lag)


def _track_name(take: Take, clip: Clip, number: int) -> str:
    """Name a clip's track after its content: a clip recorded again has another."""
    with take.shelf.open(clip.name) as film:
        start = film.read(_TELLING_BYTES)
    about = f"{clip.name} {clip.frames} {clip.seconds:.3f} ".encode()
    told = hashlib.sha256(about + start).hexdigest()[:16]
    return f"{_FOLDER}{number:03d}-{told}.safetensors"


def _forget_others(take: Take, names: list[str]) -> None:
    """Erase the tracks of clips that were recorded again."""
    for name in list(take.shelf.names(_FOLDER)):
        if name not in names:
            take.shelf.erase(name)


def _follow(take: Take, clip: Clip, done: int, frames: int) -> Job[FaceTrack]:
    """Follow the face through one clip, looking round for others now and then."""
    found: list[NDArray[np.float32] | None] = []
    seconds: list[float] = []
    looked = -LOOK_AROUND_SECONDS
    with follow_faces() as follower:
        for picture in read_pictures(take, clip):
            found.append(follower.look(picture.pixels))
            seconds.append(picture.seconds)
            if picture.seconds - looked >= LOOK_AROUND_SECONDS:
                looked = picture.seconds
                if follower.faces(picture.pixels) > 1:
                    raise TwoFaces(picture.seconds)
            if len(found) % 25 == 0:
                yield Progress(done + len(found), frames, "Following your face")
    return join_track(found, np.array(seconds, np.float64))


def _seen_frames(take: Take, name: str) -> int:
    return int(reopen_track(take.shelf, name).seen.sum())


def _record(take: Take, person: str) -> str:
    """Canonical JSON of what was enrolled; its digest goes into every film."""
    clips = [(c.name, c.purpose.value, c.text, c.frames) for c in take.clips]
    return json.dumps(
        {
            "person": person,
            "origin": take.origin.value,
            "devices": list(take.devices),
            "sound_lag_ms": round(1000 * take.sound_lag),
            "clips": hashlib.sha256(json.dumps(clips).encode()).hexdigest(),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        },
        sort_keys=True,
        separators=(",", ":"),
    )
