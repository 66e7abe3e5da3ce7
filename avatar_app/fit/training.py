"""Learn a whole person: their face, their voice, and how they sit and listen."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime

from avatar_app.capture.clips import read_sound
from avatar_app.capture.take import Purpose
from avatar_app.enroll.advice import speaking_seconds, warning_of
from avatar_app.enroll.enrollment import Enrollment
from avatar_app.enroll.preparing import Ready, prepare_readings, sentence_of
from avatar_app.fit.avatar import FACE, VOICE, Avatar, Card
from avatar_app.fit.face.idle import copy_films
from avatar_app.fit.face.learning import fit_face
from avatar_app.fit.face.personal import keep_face
from avatar_app.fit.voice.personal import Reading, fit_voice, keep_voice
from avatar_app.work import Job, share

_SOUND_SHARE, _FACE_SHARE = 0.02, 0.55


def fit_avatar(enrollment: Enrollment, seed: int = 0) -> Job[Avatar]:
    """Learn the face and the voice; whatever was finished before is not done again.

    Raises:
        TooLittleFootage, TooLittleSpeech: There is not enough to learn from.
        AvatarError: The sound cannot be learned from, see ``prepare_readings``.
        DiskFull: There is no room left; finished stages are kept.
    """
    from avatar_app.fit.face.decoding import note_of  # heavy: torch

    started = time.process_time()
    take = enrollment.take
    shelf = take.shelf
    ready = Ready([], [], [])
    if VOICE not in shelf:  # first: sound that cannot be used is refused at once
        recorded = [
            (read_sound(take, clip), clip.text)
            for clip in take.clips
            if clip.purpose is Purpose.READING and clip.text
        ]
        ready = yield from share(prepare_readings(recorded), 0.0, _SOUND_SHARE)
    if FACE not in shelf:
        learning = fit_face(enrollment, seed)
        learned = yield from share(learning, _SOUND_SHARE, _FACE_SHARE)
        copy_films(take, learned.idle_clips, shelf)
        learned.idle.keep(shelf)
        keep_face(learned.face, shelf, FACE)
    if VOICE not in shelf:
        readings = [Reading(text, sound) for sound, text in ready.readings]
        voice = yield from share(
            fit_voice(readings, shelf, seed=seed), _FACE_SHARE, 1.0
        )
        keep_voice(voice, shelf, VOICE)
    card = Card(
        person=enrollment.person,
        origin=take.origin.value,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        width=take.width,
        height=take.height,
        fps=take.fps,
        consent=hashlib.sha256(enrollment.record.encode()).hexdigest(),
        footage_seconds=take.seconds,
        build_cpu_seconds=time.process_time() - started,
        warning=" ".join(
            filter(
                None,
                (
                    warning_of(speaking_seconds(enrollment)),
                    sentence_of(ready.misread),
                ),
            )
        ),
        drawn_by=note_of(shelf),
    )
    return Avatar(shelf, card).keep()
