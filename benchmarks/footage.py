"""Footage of a person as a Take, for measuring only: nothing in the wheel can do this.

A folder holds ``.mpg``, ``.mp4``, ``.mov`` or ``.mkv`` clips of one person. A
``manifest.csv`` with columns ``file`` and ``split`` (``train`` or ``heldout``) and
perhaps ``text`` says which are for what; without one every clip serves. A column
``person`` instead of ``split`` names whose clip it is. Beside a clip may lie its word
times, ``.align`` as the GRID corpus has them (Cooke et al., 2006).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.clips import write_clip
from avatar_app.capture.take import Clip, Origin, Purpose, Take
from avatar_app.media import Picture, Sound
from avatar_app.shelf import Shelf

_RATTLE = 0.002  # seconds by which time stamps may be rounded
_TICKS = 25000  # a second of GRID's word times
_PAUSES = ("sil", "sp")
KINDS = (".mpg", ".mpeg", ".mp4", ".mov", ".mkv", ".webm", ".avi")


@dataclass(frozen=True, slots=True)
class Footage:
    """One clip of somebody, or a part of it.

    Attributes:
        path: Of the file.
        text: What is said, where that is known and the clip is whole.
        start: Seconds into the file.
        end: Seconds into the file.
    """

    path: Path
    text: str = ""
    start: float = 0.0
    end: float = math.inf


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word; times in seconds."""

    text: str
    start: float
    end: float


def clips_in(folder: Path, split: str) -> list[Footage]:
    """List the clips of a folder; ``split`` counts only where there is a manifest."""
    manifest = folder / "manifest.csv"
    if manifest.exists():
        with manifest.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        if rows and "split" in rows[0]:
            listed = [row for row in rows if _split_of(row["split"]) == split]
            return [Footage(folder / r["file"], r.get("text") or "") for r in listed]
    return [Footage(p) for p in sorted(folder.iterdir()) if p.suffix.lower() in KINDS]


def _split_of(name: str) -> str:
    return "train" if name.strip().lower() == "train" else "heldout"


def people_in(folder: Path) -> dict[str, list[Footage]]:
    """List the clips of a folder by person; empty where no manifest names people."""
    manifest = folder / "manifest.csv"
    people: dict[str, list[Footage]] = {}
    if manifest.exists():
        with manifest.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row.get("person"):
                    clip = Footage(folder / row["file"], row.get("text") or "")
                    people.setdefault(row["person"], []).append(clip)
    return people


def parted(clips: Sequence[Footage], share: float) -> tuple[list[Footage], ...]:
    """Part every clip in two: its first share, and the rest."""
    first, rest = [], []
    for clip in clips:
        with av.open(str(clip.path)) as container:
            seconds = float(container.duration or 0) / av.time_base
        fps = fps_of(clip.path)
        at = round(share * seconds * fps) / fps
        first.append(Footage(clip.path, end=at))
        rest.append(Footage(clip.path, start=at))
    return first, rest


def words_of(footage: Footage) -> list[Word]:
    """Read the word times beside a clip, without pauses; empty where none lie."""
    beside = footage.path.with_suffix(".align")
    if not beside.exists():
        return []
    words = []
    for line in beside.read_text(encoding="utf-8").splitlines():
        start, end, text = line.split()
        times = [int(tick) / _TICKS - footage.start for tick in (start, end)]
        if text not in _PAUSES and 0 <= times[0] < footage.end - footage.start:
            words.append(Word(text, *times))
    return words


def pictures_of(
    path: Path, start: float = 0.0, end: float = math.inf
) -> Iterator[Picture]:
    """Yield the frames of a file between two seconds, blue-green-red."""
    with av.open(str(path)) as container:
        rate = float(container.streams.video[0].average_rate or 25)
        first, past = round(start * rate), end * rate - 0.5
        for index, frame in enumerate(container.decode(video=0), start=-first):
            if index < 0:
                continue
            if index + first >= past:
                break
            pixels = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
            height, width = pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2
            yield Picture(pixels[:height, :width], index / rate)


def fps_of(path: Path) -> float:
    """Pictures per second of a file."""
    with av.open(str(path)) as container:
        return float(container.streams.video[0].average_rate or 25)


def sound_of(
    path: Path, rate_hz: int = 48000, start: float = 0.0, end: float = math.inf
) -> Sound:
    """Read the sound of a file between two seconds, mono, on the file's own clock.

    Joined files have holes between their parts (the GRID session loses 22 ms at every
    cut, .9 s in two minutes): sound is placed by its time stamps, not end to end.
    """
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return Sound(np.zeros(0, np.float32), rate_hz)
        own_hz = container.streams.audio[0].rate
        resampler = av.AudioResampler(format="flt", layout="mono", rate=own_hz)
        blocks: list[NDArray[np.float32]] = []
        began: float | None = None
        length = 0
        for frame in container.decode(audio=0):
            moment = float(frame.time or 0.0)
            began = moment if began is None else began
            hole = round((moment - began) * own_hz) - length
            if hole > _RATTLE * own_hz:
                blocks.append(np.zeros(hole, np.float32))
                length += hole
            for part in resampler.resample(frame):
                blocks.append(part.to_ndarray().ravel().astype(np.float32))
                length += len(blocks[-1])
    whole = np.concatenate(blocks).astype(np.float32)
    last = len(whole) if math.isinf(end) else round(end * own_hz)
    return Sound(whole[round(start * own_hz) : last], own_hz).at(rate_hz)


def take_of(clips: Sequence[Footage], shelf: Shelf, minutes: float = 1e9) -> Take:
    """Record clips into a Take, as many as the minutes hold."""
    fps = fps_of(clips[0].path)
    kept: list[Clip] = []
    size = (0, 0)
    for number, footage in enumerate(clips):
        if sum(clip.seconds for clip in kept) >= 60 * minutes:
            break
        name = f"take/clip-{number:03d}.mkv"
        sound = sound_of(footage.path, start=footage.start, end=footage.end)
        pictures = pictures_of(footage.path, footage.start, footage.end)
        first = next(pictures)
        size = (first.pixels.shape[1], first.pixels.shape[0])
        with write_clip(shelf, name, *size, fps, sound.rate_hz) as writer:
            writer.picture(first)
            for picture in pictures:
                writer.picture(picture)
            writer.sound(sound.samples)
            frames, seconds = writer.frames, writer.seconds
        kept.append(Clip(name, Purpose.READING, footage.text, frames, seconds))
    return Take(
        shelf, tuple(kept), *size, fps, 48000, 0.0, Origin.BENCH, ("evaluation data",)
    )
