"""Compose the film: idle frames, drawn mouths, marks, sound and captions, streamed.

Passage by passage and picture by picture: what is held is a second of pictures and
drawn mouths and one passage's sound, however long the film and the footage are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.avatar import FACE
from avatar_app.fit.face.crops import Planes
from avatar_app.fit.face.idle import reopen_idle
from avatar_app.fit.face.personal import reopen_face
from avatar_app.lesson.style import Style
from avatar_app.perform.acting import reopen_sound
from avatar_app.perform.motion import MouthMotion, reopen_motion
from avatar_app.perform.performance import Passage, Performance
from avatar_app.perform.styling import style_motion
from avatar_app.render.base import Base, Under, faded
from avatar_app.render.captions import captions_of
from avatar_app.render.drawing import OWN, Ground, drawer_for
from avatar_app.render.export import FilmWriter, put_text
from avatar_app.render.film import Film
from avatar_app.render.framing import eyes_of, frame_face
from avatar_app.render.mark import Marks
from avatar_app.render.pasting import Paster
from avatar_app.render.reaching import opacity_of
from avatar_app.render.report import FilmReport
from avatar_app.render.skin import Lent
from avatar_app.render.watching import report_on, still_report
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
    framing = stage.framing
    # On the film's own picture, after every wish of the author's: none can move them.
    marks = Marks(framing.width, framing.height, is_demo=performance.avatar.is_demo)
    total = round(performance.seconds * card.fps)
    with FilmWriter(
        path,
        framing.width,
        framing.height,
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
    return Film(
        path,
        captions,
        seconds,
        writer.frames,
        card.fps,
        card.warning,
        stage.report(writer.frames),
    )


class Stage:
    """The idle film with a mouth that speaks."""

    def __init__(self, performance: Performance, engine: str = OWN) -> None:
        self._shelf = performance.avatar.shelf
        self._face = reopen_face(self._shelf, FACE)
        self._idle = reopen_idle(self._shelf)
        self._eyes = eyes_of(self._face, self._idle)
        self._base = Base(performance, self._idle)
        self._drawer = drawer_for(engine, performance.avatar, self._face)
        self._number = 0
        self._last: NDArray[np.float32] | None = None
        self._card = performance.avatar.card
        self.wear(performance.style)

    def wear(self, style: Style) -> None:
        """Follow another wish of the author's from the next picture on."""
        opacity = opacity_of(self._face.window, style.reach)
        self._paster = Paster(self._face, opacity)
        self.framing = frame_face(
            style, self._card.width, self._card.height, self._eyes
        )
        self._base.wear(style)
        self._style = style

    def play(self, passage: Passage) -> Iterator[Planes]:
        """Yield the passage's pictures, each its caller's own."""
        acted = reopen_motion(self._shelf, passage.mouth)
        motion = self._melted(style_motion(self._face, acted, self._style))
        whole = range(len(motion))
        for planes in self._film(passage, motion, whole, self._number):
            self._number += 1
            yield planes

    def show(self, passage: Passage, some: range, number: int) -> Iterator[Planes]:
        """Yield some of a passage's pictures; the film that is played stays as it is.

        Args:
            passage: One of the performance's.
            some: Which of its pictures.
            number: Which picture of the film its first one is.
        """
        acted = reopen_motion(self._shelf, passage.mouth)
        motion = style_motion(self._face, acted, self._style)
        yield from self._film(passage, motion, some, number + some.start)

    def _film(
        self, passage: Passage, motion: MouthMotion, some: range, number: int
    ) -> Iterator[Planes]:
        self._drawer.begin(passage, motion)
        for start in range(some.start, some.stop, _BATCH):
            part = slice(start, min(some.stop, start + _BATCH))
            count = part.stop - start
            under = [self._under(number + i) for i in range(count)]
            number += count
            lit = self._drawer.draw(part, _ground(under))
            lent = self._drawer.lend(part)
            for picture, mouth, key in zip(under, lit, lent, strict=True):
                self._paste(picture, mouth, key)
                yield self.framing.cut(picture.planes)

    def report(self, frames: int) -> FilmReport:
        """How the first so many pictures moved."""
        if self._style.is_still:
            report = still_report(frames, self._card.fps)
        else:
            report = report_on(self._idle, self._base, frames, self._card.fps)
        note = self._drawer.note()
        return replace(report, notes=(*report.notes, note)) if note else report

    def _under(self, number: int) -> Under:
        """What lies under a picture of the film."""
        return self._base.at_rest() if self._style.is_still else self._base.at(number)

    def _paste(
        self, under: Under, mouth: NDArray[np.float32], key: Lent | None
    ) -> None:
        """Paste a mouth, unless the head is turned further than is known."""
        if under.opacity == 0:
            return
        place = self._paster.place(under.planes, under.pose)
        if under.opacity < 1:
            place = faded(place, under.opacity)
        self._paster.paste(under.planes, place, mouth, key)

    def _melted(self, motion: MouthMotion) -> MouthMotion:
        """Start from where the last passage's mouth was left."""
        rows = motion.rows.copy()
        if self._last is not None:
            count = min(_MELT, len(rows))
            share = (np.arange(count, dtype=np.float32) + 1)[:, None] / (count + 1)
            rows[:count] = self._last * (1 - share) + rows[:count] * share
        self._last = rows[-1].copy()
        return MouthMotion(rows, motion.picks)


def _ground(under: list[Under]) -> Ground:
    return Ground(
        [picture.planes for picture in under],
        np.stack([picture.pose for picture in under]),
        np.stack([picture.light for picture in under]),
        np.stack([picture.setting for picture in under]),
    )
