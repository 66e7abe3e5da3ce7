"""The film that leaves: whole or not at all, exact, in its own colors, marked."""

from __future__ import annotations

import errno
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.errors import DiskFull, FolderRefused
from avatar_app.render.export import SOURCE_TYPE, FilmWriter, planes_of

WIDTH, HEIGHT = 160, 96
PLANES = (HEIGHT * 3 // 2, WIDTH)


def writer(path: Path, fps: float = 25, rate_hz: int = 22050) -> FilmWriter:
    """A small film of the drawn presenter."""
    return FilmWriter(
        path,
        WIDTH,
        HEIGHT,
        fps,
        rate_hz,
        origin_note="DEMO: a drawn presenter.",
        title="Grüße & <more>",
    )


def grain(seed: int) -> NDArray[np.uint8]:
    """A picture that cannot be compressed."""
    return np.random.default_rng(seed).integers(0, 255, PLANES, np.uint8)


def noisy_film(path: Path) -> None:
    """A film of twenty pictures that takes some room."""
    with writer(path) as film:
        for seed in range(20):
            film.yuv(grain(seed))


@pytest.mark.parametrize(
    ("fps", "rate_hz", "frames", "spoken_seconds"),
    [
        (25, 22050, 61, 1.0),  # sound too short
        (25, 48000, 50, 5.0),  # sound too long
        (30000 / 1001, 24000, 77, 2.5692),
        (30, 44100, 1, 0.0),  # one picture, no sound at all
    ],
)
def test_sound_ends_with_the_picture(
    tmp_path: Path, fps: float, rate_hz: int, frames: int, spoken_seconds: float
) -> None:
    """Both streams last as long as the pictures do, whatever sound was given."""
    with writer(tmp_path / "film.mp4", fps, rate_hz) as film:
        film.sound(np.full(round(spoken_seconds * rate_hz), 0.1, np.float32))
        for _ in range(frames):
            film.yuv(np.full(PLANES, 90, np.uint8))

    with av.open(str(tmp_path / "film.mp4")) as box:
        picture, voice = box.streams.video[0], box.streams.audio[0]
        assert picture.duration is not None
        assert voice.duration is not None
        seconds = float(picture.duration * (picture.time_base or 0))
        assert picture.frames == frames
        assert seconds == pytest.approx(frames / fps, abs=0.002)
        assert float(voice.duration * (voice.time_base or 0)) == pytest.approx(
            seconds, abs=0.002
        )
        assert picture.start_time == voice.start_time == 0


def test_sound_starts_when_it_was_given(tmp_path: Path) -> None:
    """The encoder's own head start is hidden: a click lies where it was put."""
    rate_hz = 48000
    click = np.zeros(rate_hz * 2, np.float32)
    click[rate_hz : rate_hz + 200] = 0.8
    with writer(tmp_path / "film.mp4", 25, rate_hz) as film:
        for step in range(50):
            film.yuv(np.full(PLANES, 90, np.uint8))
            film.sound(click[step * 1920 : (step + 1) * 1920])

    heard = []
    with av.open(str(tmp_path / "film.mp4")) as box:
        for frame in box.decode(audio=0):
            assert frame.pts is not None
            start = float(frame.pts * (frame.time_base or 0))
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.4)
            heard += [start + place / rate_hz for place in loud]
    assert min(heard) == pytest.approx(1.0, abs=0.003)


@pytest.mark.parametrize(
    ("width", "height", "matrix"), [(160, 96, 5), (1280, 720, 1)], ids=["601", "709"]
)
def test_colors_come_back(tmp_path: Path, width: int, height: int, matrix: int) -> None:
    """Flat colors survive encoding and a decoder that believes the file's tags."""
    colors = [(40, 60, 200), (200, 120, 30), (90, 160, 90), (128, 128, 128)]
    bands = np.repeat(np.array([colors], np.uint8), width // 4, 1).repeat(height, 0)
    with FilmWriter(
        tmp_path / "film.mp4", width, height, 25, 22050, origin_note="", title=""
    ) as film:
        for _ in range(3):
            film.yuv(planes_of(bands))

    with av.open(str(tmp_path / "film.mp4")) as box:
        *_, last = box.decode(video=0)
        # BT.601 for small films, BT.709 for HD, as players assume; video range.
        assert (last.colorspace, last.color_range) == (matrix, 1)
        seen = last.to_ndarray(format="bgr24").astype(int)
    for color, band in zip(colors, np.split(seen, 4, axis=1), strict=True):
        middle = band[height // 3 : height // 2, width // 12 : width // 6]
        assert np.abs(middle - color).max() <= 2, (color, middle.mean((0, 1)))


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    """Properties and XMP name it AI-generated; a demo is called one."""
    with writer(tmp_path / "film.mp4") as film:
        film.yuv(grain(0))

    with av.open(str(tmp_path / "film.mp4")) as box:
        told = box.metadata
    assert told["title"] == "Grüße & <more>"
    for key in ("comment", "description"):
        assert "AI-generated" in told[key]
        assert "DEMO" in told[key]
    assert SOURCE_TYPE in told["comment"]
    raw = (tmp_path / "film.mp4").read_bytes()
    assert b"DigitalSourceType>" + SOURCE_TYPE.encode() in raw
    assert b"Gr\xc3\xbc\xc3\x9fe &amp; &lt;more&gt;" in raw


def test_a_player_can_start_before_the_end_arrives(tmp_path: Path) -> None:
    """The index stands before the pictures (faststart)."""
    with writer(tmp_path / "film.mp4") as film:
        film.yuv(grain(0))

    raw = (tmp_path / "film.mp4").read_bytes()
    assert raw.index(b"moov") < raw.index(b"mdat")


def test_a_cancelled_film_leaves_nothing(tmp_path: Path) -> None:
    """Closing the job midway removes the draft; an older film stays as it was."""
    (tmp_path / "film.mp4").write_bytes(b"the older one")

    def compose() -> Iterator[None]:
        with writer(tmp_path / "film.mp4") as film:
            while True:
                film.yuv(grain(film.frames))
                yield

    job = compose()
    for _ in range(20):
        next(job)
    assert len(list(tmp_path.iterdir())) == 2
    job.close()  # type: ignore[attr-defined]

    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
    assert (tmp_path / "film.mp4").read_bytes() == b"the older one"


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """Wherever the room runs out, midway or in the very last box, nothing stays."""
    noisy_film(tmp_path / "film.mp4")
    whole = (tmp_path / "film.mp4").stat().st_size
    (tmp_path / "film.mp4").unlink()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    for room in (0, whole // 2, whole - 3000, whole - 500, whole - 1):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            with pytest.raises(DiskFull):
                noisy_film(tmp_path / "film.mp4")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not list(tmp_path.iterdir()), room


def test_no_space_left_is_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ENOSPC itself, as it comes from the last write to the disk."""

    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("avatar_app.render.export.os.fsync", no_space)
    with pytest.raises(DiskFull), writer(tmp_path / "film.mp4") as film:
        film.yuv(grain(0))

    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """The person hears which folder it is."""
    with (
        pytest.raises(FolderRefused, match="nowhere"),
        writer(tmp_path / "nowhere" / "film.mp4"),
    ):
        pass


def test_a_folder_in_the_place_of_the_film_is_refused(tmp_path: Path) -> None:
    """The film cannot take its name; its draft is gone too."""
    (tmp_path / "film.mp4").mkdir()
    with pytest.raises(FolderRefused), writer(tmp_path / "film.mp4") as film:
        film.yuv(grain(0))

    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_film_without_pictures_is_our_mistake(tmp_path: Path) -> None:
    """It is a ValueError, and nothing is left."""
    with pytest.raises(ValueError, match="picture"), writer(tmp_path / "film.mp4"):
        pass

    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_memory_does_not_grow_with_the_film(tmp_path: Path) -> None:
    """Four times the pictures take the same room (measured in their own process)."""
    program = (
        "import resource, sys, numpy as np; from pathlib import Path\n"
        "from avatar_app.render.export import FilmWriter\n"
        "page = np.random.default_rng(0).integers(0, 255, (810, 960), np.uint8)\n"
        "film = FilmWriter(Path(sys.argv[1]), 960, 540, 25, 22050,"
        " origin_note='', title='')\n"
        "with film:\n"
        "  for step in range(int(sys.argv[2])):\n"
        "    film.yuv(np.roll(page, step % 50, 1) // 4)\n"
        "    film.sound(np.zeros(882, np.float32))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
    )

    def peak_mb(frames: int) -> int:
        command = [sys.executable, "-c", program, str(tmp_path / "f.mp4"), str(frames)]
        return int(subprocess.run(command, capture_output=True, check=True).stdout)

    assert peak_mb(400) - peak_mb(100) < 15
