"""Compose the film: idle frames, drawn mouths, marks, sound and captions, streamed.

Passage by passage and picture by picture: what is held is the idle film (a fixed
budget), one passage's sound, and a second of drawn mouths.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.clips import read_frames
from avatar_app.errors import FileTorn
from avatar_app.fit.avatar import FACE
from avatar_app.fit.face.crops import Planes
from avatar_app.fit.face.idle import FILM, Idle, reopen_idle
from avatar_app.fit.face.personal import reopen_face
from avatar_app.perform.acting import reopen_sound
from avatar_app.perform.motion import MouthMotion, reopen_motion
from avatar_app.perform.performance import Passage, Performance
from avatar_app.render.captions import captions_of
from avatar_app.render.drawing import OWN, Ground, drawer_for
from avatar_app.render.export import FilmWriter, put_text
from avatar_app.render.film import Film
from avatar_app.render.mark import Marks
from avatar_app.render.pasting import Paster, Place
from avatar_app.work import Job, Progress

SOUND_HZ = 48000
_BATCH = 25  # mouths drawn at once
_MELT = 4  # pictures over which one passage's mouth melts into the next one's


def render_film(
    performance: Performance, path: Path, title: str, engine: str = OWN
) -> Job[Film]:
    """Render a performance as an MP4 with WebVTT captions beside it.

    Args:
        performance: What is said, by whom.
        path: Of the MP4.
        title: Of the film.
        engine: Who draws the mouth, one of ``drawing.ENGINES``.

    Raises:
        EngineNotReady: The engine's weights are missing, damaged or not accepted.
        DiskFull, FolderRefused: The film cannot be written; nothing stays behind.
        FileTorn: The avatar is damaged.
    """
    card = performance.avatar.card
    who = (
        "the drawn demo presenter (DEMO)" if performance.avatar.is_demo else card.person
    )
    stage = Stage(performance, engine)
    marks = Marks(card.width, card.height, is_demo=performance.avatar.is_demo)
    total = round(performance.seconds * card.fps)
    with FilmWriter(
        path,
        card.width,
        card.height,
        card.fps,
        SOUND_HZ,
        origin_note=f"A synthetic film of {who}. Enrollment {card.consent[:16]}.",
        title=title,
    ) as writer:
        for passage in performance.passages:
            sound = reopen_sound(performance.avatar.shelf, passage.sound)
            writer.sound(sound.at(SOUND_HZ).samples)
            for planes in stage.play(passage):
                marks.stamp(planes, writer.frames / card.fps)
                writer.yuv(planes)
                if writer.frames % 10 == 0:
                    yield Progress(writer.frames, total, "Filming")
    captions = path.with_suffix(".vtt")
    put_text(captions, captions_of(performance))
    seconds = writer.frames / card.fps
    return Film(path, captions, seconds, writer.frames, card.fps)


class Stage:
    """The idle film with a mouth that speaks."""

    def __init__(self, performance: Performance, engine: str = OWN) -> None:
        self._shelf = performance.avatar.shelf
        self._face = reopen_face(self._shelf, FACE)
        self._idle = reopen_idle(self._shelf)
        self._paster = Paster(self._face)
        self._frames = list(_idle_frames(performance, self._idle))
        self._drawer = drawer_for(engine, performance.avatar, self._face)
        self._places: dict[int, Place] = {}
        self._number = 0
        self._last: NDArray[np.float32] | None = None

    def play(self, passage: Passage) -> Iterator[Planes]:
        """Yield the passage's pictures, each its caller's own."""
        motion = self._melted(reopen_motion(self._shelf, passage.mouth))
        self._drawer.begin(passage, motion)
        for start in range(0, len(motion), _BATCH):
            part = slice(start, min(len(motion), start + _BATCH))
            count = part.stop - start
            under = [self._idle.frame_at(self._number + i) for i in range(count)]
            lit = self._drawer.draw(part, self._ground(under))
            lent = self._drawer.lend(part)
            for frame, mouth, key in zip(under, lit, lent, strict=True):
                planes = self._frames[frame].copy()
                self._paster.paste(planes, self._place(frame), mouth, key)
                self._number += 1
                yield planes

    def _ground(self, under: list[int]) -> Ground:
        idle = self._idle
        frames = [self._frames[i] for i in under]
        return Ground(frames, idle.poses[under], idle.light[under], idle.setting[under])

    def _place(self, frame: int) -> Place:
        if frame not in self._places:
            pose = self._idle.poses[frame]
            self._places[frame] = self._paster.place(self._frames[frame], pose)
        return self._places[frame]

    def _melted(self, motion: MouthMotion) -> MouthMotion:
        """Start from where the last passage's mouth was left."""
        rows = motion.rows.copy()
        if self._last is not None:
            count = min(_MELT, len(rows))
            share = (np.arange(count, dtype=np.float32) + 1)[:, None] / (count + 1)
            rows[:count] = self._last * (1 - share) + rows[:count] * share
        self._last = rows[-1].copy()
        return MouthMotion(rows, motion.picks)


def _idle_frames(performance: Performance, idle: Idle) -> Iterator[Planes]:
    """Decode the idle film's chosen span."""
    first = int(idle.first[0])
    wanted = range(first, first + len(idle))
    given = 0
    for number, frame in enumerate(read_frames(performance.avatar.shelf, FILM)):
        if number in wanted:
            given += 1
            yield np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8)
    if given != len(idle):
        raise FileTorn(FILM)
