"""The whole story on a real person's recording, for looking at: bench only.

Usage::

    python -m benchmarks.story --footage FILE --transcript FILE --text TEXT --out FILM

One long recording is cut into clips at hard cuts and at pauses, each clip gets the
words that fall into it (a clip without words is listening), and from there on the
program's own rooms do the work: survey, fit, perform, render. The transcript is

- ``.json``: ``{"words": [{"word": …, "start": seconds, "end": seconds}, …]}``,
- ``.csv`` with columns ``start``, ``end`` (seconds) and ``text`` or ``word``, or
- plain text, or ``.csv`` with ``text`` alone: one line per clip, in order.

Nothing in the wheel can do this: a Take comes from a camera there.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

if not __package__:  # run by its path: an installed package is called benchmarks too
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.clips import write_clip
from avatar_app.capture.records import clip_name, keep_take
from avatar_app.capture.take import Clip, Origin, Purpose, Take
from avatar_app.enroll.interview import survey_take
from avatar_app.fit.avatar import CARD, FACE, Avatar, reopen_avatar
from avatar_app.fit.face.personal import reopen_face
from avatar_app.fit.training import fit_avatar
from avatar_app.lesson.script import read_script
from avatar_app.media import Sound
from avatar_app.perform.acting import perform_lesson
from avatar_app.render.composing import render_film
from avatar_app.shelf import Shelf
from avatar_app.studio import calm_threads
from avatar_app.vault.vault import Vault
from avatar_app.work import Job, Progress, carry_out
from benchmarks.footage import fps_of, pictures_of, sound_of

T = TypeVar("T")
PASSPHRASE = "a passphrase for measuring"
LONGEST = 10.0  # seconds; a longer stretch is cut at its pauses
LISTENS = 2.0  # seconds without a word that make a clip of their own
_SHORTEST = 0.8  # seconds; what is shorter is left out
_PAUSE = 0.3  # seconds between words at which a long stretch may be cut
# A cut changes the picture this many times as much as its neighbourhood moves, and
# at least by so many grey levels: a man who nods moves 2 or 3.
_JUMP, _LEAST_JUMP = 2.5, 0.8
_SMALL = (64, 48)


@dataclass(frozen=True, slots=True)
class Said:
    """Words and when they were said; without moments, one line of a clip."""

    text: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One clip to be: frames [first, end) and what is said in them."""

    first: int
    end: int
    text: str


def main() -> None:
    """Tell the story, print what it took, and leave the film."""
    options = _options()
    calm_threads()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    if options.vault is not None:
        _tell(options, options.vault)
        return
    with tempfile.TemporaryDirectory() as folder:
        _tell(options, Path(folder) / "vault")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--transcript", type=Path, required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--vault", type=Path, help="keep the avatar here and use it again"
    )
    return parser.parse_args()


def _tell(options: argparse.Namespace, place: Path) -> None:
    clock = _Clock()
    if Vault.exists(place):
        shelf: Shelf = Vault.unlock(place, PASSPHRASE)
    else:
        shelf = Vault.new(place, PASSPHRASE)
    lesson = read_script(options.text)
    is_learned = CARD in shelf
    avatar = reopen_avatar(shelf) if is_learned else _learned(options, shelf, clock)
    performance = clock.time("perform", perform_lesson(avatar, lesson))
    film = clock.time("render", render_film(performance, options.out, "Evaluation"))
    quality = reopen_face(shelf, FACE).quality
    figures = {
        **{f"{stage}_cpu_s": round(spent, 2) for stage, spent in clock.spent.items()},
        "film_s": film.seconds,
        "frames_per_cpu_s": round(film.frames / clock.spent["render"], 1),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        **{f"left_out_{name}": round(value, 3) for name, value in quality.items()},
    }
    for name, value in figures.items():
        print(f"{name:24s} {value}")
    print(f"{film.path}\n{film.captions}")
    options.out.with_suffix(".json").write_text(json.dumps(figures, indent=1))


def _learned(options: argparse.Namespace, shelf: Shelf, clock: _Clock) -> Avatar:
    said = read_transcript(options.transcript)
    take = clock.time("record", record_footage(options.footage, said, shelf))
    read = [clip for clip in take.clips if clip.purpose is Purpose.READING]
    print(
        f"{len(take.clips)} clips, {take.seconds:.1f} s, "
        f"{len(read)} of them read, {sum(c.seconds for c in read):.1f} s"
    )
    enrollment = clock.time("survey", survey_take(take, "evaluation"))
    return clock.time("fit", fit_avatar(enrollment))


class _Clock:
    """CPU seconds per stage of the story."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def time(self, stage: str, job: Job[T]) -> T:
        """Carry a job out and note what it took, child processes included."""
        before, saying = _cpu_s(), ""

        def watch(step: Progress) -> None:
            nonlocal saying
            if step.saying != saying:
                saying = step.saying
                print(f"  {time.strftime('%H:%M:%S')} {saying}", flush=True)

        result = carry_out(job, watch)
        self.spent[stage] = _cpu_s() - before
        return result


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def read_transcript(path: Path) -> list[Said]:
    """Read what is said in a recording; see the module's page for the kinds."""
    text = path.read_text(encoding="utf-8")
    if path.suffix.lower() == ".json":
        return [
            Said(str(word["word"]), float(word["start"]), float(word["end"]))
            for word in json.loads(text)["words"]
        ]
    if path.suffix.lower() == ".csv":
        return [_said_in(row) for row in csv.DictReader(text.splitlines())]
    return [Said(line.strip()) for line in text.splitlines() if line.strip()]


def _said_in(row: dict[str, str]) -> Said:
    words = row.get("text") or row.get("word") or ""
    if row.get("start") and row.get("end"):
        return Said(words, float(row["start"]), float(row["end"]))
    return Said(words)


def record_footage(footage: Path, said: Sequence[Said], shelf: Shelf) -> Job[Take]:
    """Cut a recording into the clips of a Take, as if it had been read to a camera."""
    fps, sound = fps_of(footage), sound_of(footage)
    yield Progress(0, 1, "Looking for cuts")
    changes = picture_changes(footage)
    pieces = cut_up(changes, sound, said, fps)
    size, clips = (0, 0), []
    pictures = enumerate(pictures_of(footage))
    number, picture = next(pictures)
    size = (picture.pixels.shape[1], picture.pixels.shape[0])
    for index, piece in enumerate(pieces):
        name = clip_name(index)
        with write_clip(shelf, name, *size, fps, sound.rate_hz) as writer:
            while number < piece.first:
                number, picture = next(pictures)
            while True:
                moment = (number - piece.first) / fps
                writer.picture(type(picture)(picture.pixels, moment))
                if number + 1 >= piece.end:
                    break
                number, picture = next(pictures)
            span = (piece.first, piece.end)
            first, end = (round(frame / fps * sound.rate_hz) for frame in span)
            writer.sound(sound.samples[first:end])
            frames, seconds = writer.frames, writer.seconds
        purpose = Purpose.READING if piece.text else Purpose.LISTENING
        clips.append(Clip(name, purpose, piece.text, frames, seconds))
        yield Progress(index + 1, len(pieces), "Cutting the footage into clips")
    take = Take(
        shelf,
        tuple(clips),
        *size,
        fps,
        sound.rate_hz,
        0.0,
        Origin.BENCH,
        ("evaluation data",),
    )
    keep_take(take)
    return take


def picture_changes(footage: Path) -> NDArray[np.float64]:
    """(T,) mean grey levels by which each frame differs from the one before."""
    before: NDArray[np.float32] | None = None
    changes = []
    for picture in pictures_of(footage):
        grey = cv2.cvtColor(picture.pixels, cv2.COLOR_BGR2GRAY)
        small = cv2.resize(grey, _SMALL, interpolation=cv2.INTER_AREA)
        now = small.astype(np.float32)
        changes.append(0.0 if before is None else float(np.abs(now - before).mean()))
        before = now
    return np.array(changes)


def hard_cuts(changes: NDArray[np.float64]) -> list[int]:
    """Frames that begin a new shot: they stand out among two dozen neighbours."""
    found = []
    for t in range(1, len(changes)):
        around = np.concatenate([changes[max(1, t - 12) : t], changes[t + 1 : t + 13]])
        # The largest movement nearby, but for another cut that may be there too.
        usual = float(np.percentile(around, 95)) if len(around) else 0.0
        if changes[t] > max(_LEAST_JUMP, _JUMP * usual):
            found.append(t)
    return found


def cut_up(
    changes: NDArray[np.float64], sound: Sound, said: Sequence[Said], fps: float
) -> list[Piece]:
    """Cut a recording into clips: at hard cuts always, at pauses where it is long."""
    frames = len(changes)
    edges = [0, *hard_cuts(changes), frames]
    if all(line.start is None for line in said):
        return list(_by_lines(edges, sound, [line.text for line in said], fps))
    pieces = []
    for first, end in itertools.pairwise(edges):
        for low, high in _at_pauses(first, end, said, fps):
            inside = [w.text for w in said if low <= _middle(w) * fps < high]
            if high - low >= _SHORTEST * fps:
                pieces.append(Piece(low, high, " ".join(inside)))
    return pieces


def _middle(word: Said) -> float:
    assert word.start is not None
    assert word.end is not None
    return (word.start + word.end) / 2


def _at_pauses(
    first: int, end: int, said: Sequence[Said], fps: float
) -> Iterator[tuple[int, int]]:
    """Cut one shot where nothing is said; long silences become clips of their own."""
    inside = [w for w in said if first <= _middle(w) * fps < end]
    busy = [(w.start or 0.0, w.end or 0.0) for w in inside]
    gaps = zip(
        [first / fps, *(stop for _, stop in busy)],
        [*(start for start, _ in busy), end / fps],
        strict=True,
    )
    low = first
    for silent_from, silent_to in gaps:
        long = silent_to - silent_from
        begin, stop = silent_from * fps, silent_to * fps
        if long >= LISTENS:
            # A quarter of a second stays with the words on either side.
            margin = 0.25 * fps
            quiet = (round(begin + margin), round(stop - margin))
            quiet = (first if begin <= first else quiet[0], quiet[1])
            quiet = (quiet[0], end if stop >= end else quiet[1])
            if quiet[0] > low:
                yield low, quiet[0]
            yield quiet
            low = quiet[1]
        elif long >= _PAUSE and (begin - low) / fps >= LONGEST / 2:
            middle = round((begin + stop) / 2)
            if middle < end:
                yield low, middle
                low = middle
    if low < end:
        yield low, end


def _by_lines(
    edges: list[int], sound: Sound, lines: list[str], fps: float
) -> Iterator[Piece]:
    """Give each line its clip: shots where they are as many, else by long pauses."""
    if len(edges) - 1 < len(lines):
        missing = len(lines) - len(edges) + 1
        edges = sorted({*edges, *_longest_pauses(sound, edges, fps, missing)})
    if len(edges) - 1 != len(lines):
        raise SystemExit(
            f"{len(edges) - 1} clips were found and {len(lines)} lines given; "
            "use a transcript with times."
        )
    for first, end, text in zip(edges[:-1], edges[1:], lines, strict=True):
        yield Piece(first, end, text)


def _longest_pauses(
    sound: Sound, edges: list[int], fps: float, count: int
) -> list[int]:
    """Middles of the longest quiet stretches, away from the cuts, as frames."""
    size = round(sound.rate_hz / fps)
    usable = len(sound.samples) // size * size
    power = (sound.samples[:usable].reshape(-1, size).astype(np.float64) ** 2).mean(1)
    quiet = power < 1e-3 * np.percentile(power, 95)
    steps = np.flatnonzero(np.diff(np.concatenate([[0], quiet.view(np.int8), [0]])))
    runs = sorted(
        ((b - a, (a + b) // 2) for a, b in zip(steps[::2], steps[1::2], strict=True)),
        reverse=True,
    )
    away = [m for _, m in runs if min(abs(m - e) for e in edges) > _SHORTEST * fps]
    return [int(middle) for middle in away[:count]]


if __name__ == "__main__":
    main()
