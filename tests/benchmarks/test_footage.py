"""Folders of footage say whose clips they hold, and what is said in them when."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar_app.render.export import FilmWriter
from benchmarks.footage import (
    Footage,
    fps_of,
    parted,
    people_in,
    pictures_of,
    sound_of,
    words_of,
)


def test_word_times_are_seconds(tmp_path: Path) -> None:
    """GRID counts 25,000 ticks a second; pauses are no words."""
    (tmp_path / "a.align").write_text("0 12500 sil\n12500 25000 bin\n25000 50000 sp\n")

    words = words_of(Footage(tmp_path / "a.mpg"))

    assert [(w.text, w.start, w.end) for w in words] == [("bin", 0.5, 1.0)]
    assert words_of(Footage(tmp_path / "b.mpg")) == []


def test_people_are_told_apart(tmp_path: Path) -> None:
    """The manifest's column says whose clip it is; without one nobody is named."""
    assert people_in(tmp_path) == {}

    (tmp_path / "manifest.csv").write_text(
        "file,person,text\na.mpg,Ada,bin red\nb.mpg,Bo,\nc.mpg,Ada,lay blue\n"
    )

    people = people_in(tmp_path)
    assert [clip.path.name for clip in people["Ada"]] == ["a.mpg", "c.mpg"]
    assert people["Bo"][0].text == ""


def test_the_parts_of_a_clip_make_the_whole(tmp_path: Path) -> None:
    """No picture is in both parts or in none; sound is parted where pictures are."""
    path = tmp_path / "clip.mp4"
    with FilmWriter(path, 64, 48, 25, 48000, origin_note="", title="") as film:
        film.sound(np.zeros(48000 * 2, np.float32))
        for number in range(50):
            planes = np.full((72, 64), 128, np.uint8)
            planes[:48] = 20 + 4 * number
            film.yuv(planes)

    (first,), (rest,) = parted([Footage(path)], 0.6)

    pictures = [
        [int(p.pixels.mean()) for p in pictures_of(part.path, part.start, part.end)]
        for part in (first, rest)
    ]
    assert [len(part) for part in pictures] == [30, 20]
    assert pictures[0] + pictures[1] == [
        int(p.pixels.mean()) for p in pictures_of(path)
    ]
    heard = sound_of(rest.path, start=rest.start, end=rest.end)
    assert heard.seconds == pytest.approx(20 / fps_of(path), abs=0.05)
