"""Turn a take into an enrollment: one face throughout, a voice, enough of both.

A living person's own enrollment needs liveness and consent, which are not in this
version: until they are, only the drawn presenter's takes pass ``enroll_person``.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.clips import read_pictures
from avatar_app.capture.take import Clip, Origin, Take
from avatar_app.enroll.enrollment import Enrollment
from avatar_app.enroll.tracking import (
    FaceTrack,
    follow_faces,
    join_track,
    reopen_track,
)
from avatar_app.errors import NoFace, NotLive, TooLittleFootage, TwoFaces
from avatar_app.work import Job, Progress

NEEDED_SECONDS = 30.0
SEEN_FRACTION = 0.9
LOOK_AROUND_SECONDS = 0.5


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
    seen = 0
    frames = sum(clip.frames for clip in take.clips)
    done = 0
    for number, clip in enumerate(take.clips):
        name = f"enroll/track-{number:03d}.safetensors"
        if name not in take.shelf:
            track = yield from _follow(take, clip, done, frames)
            track.keep(take.shelf, name)
        seen += _seen_frames(take, name)
        done += clip.frames
        names.append(name)
        yield Progress(done, frames, "Following your face")
    if seen < SEEN_FRACTION * frames:
        raise NoFace(seen / frames)
    return Enrollment(take, person, tuple(names), seen / frames, _record(take, person))


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
            "clips": hashlib.sha256(json.dumps(clips).encode()).hexdigest(),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        },
        sort_keys=True,
        separators=(",", ":"),
    )
