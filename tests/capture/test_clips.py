"""Clips: what goes in comes out, at its moment, and a torn clip says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.capture.clips import read_frames, read_pictures, read_sound, write_clip
from avatar_app.capture.take import Clip, Origin, Purpose, Take
from avatar_app.errors import DiskFull, FileTorn
from avatar_app.media import Picture
from tests.fakes.shelf import OpenShelf

WIDTH, HEIGHT, FPS, RATE_HZ = 320, 240, 30.0, 48000
NAME = "take/clip.mkv"


def drawn(number: int) -> NDArray[np.uint8]:
    """Draw a soft coloured picture that moves with its number."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    phase = number / 10
    waves = [
        127 + 90 * np.sin(x / 40 + phase),
        127 + 90 * np.sin(y / 30 - phase),
        127 + 90 * np.sin((x + y) / 50 + 2 * phase),
    ]
    picture: NDArray[np.uint8] = np.stack(waves, axis=2).astype(np.uint8)
    return picture


def tone(seconds: float, hertz: float = 220.0) -> NDArray[np.float32]:
    """Make a quiet tone."""
    moments = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    samples: NDArray[np.float32] = np.sin(2 * np.pi * hertz * moments).astype("f4")
    return samples * np.float32(0.3)


def uneven_times(count: int, seed: int = 1) -> NDArray[np.float64]:
    """Give moments as a real camera does: jitter, and now and then a lost frame."""
    draw = np.random.default_rng(seed)
    steps = 1 / FPS + draw.normal(0, 0.002, count) + (draw.random(count) < 0.1) / FPS
    return np.round(np.cumsum(steps), 3)


def written(
    shelf: OpenShelf,
    times: NDArray[np.float64],
    voice: NDArray[np.float32],
    block: int = 1000,
) -> Clip:
    """Write a clip the way a recording does, sound and pictures by turns."""
    with write_clip(shelf, NAME, WIDTH, HEIGHT, FPS, RATE_HZ) as clip:
        said = 0
        for number, seconds in enumerate(times):
            while said < min(len(voice), seconds * RATE_HZ):
                clip.sound(voice[said : said + block])
                said += block
            clip.picture(Picture(drawn(number), float(seconds)))
        if said < len(voice):
            clip.sound(voice[said:])
        frames, seconds = clip.frames, clip.seconds
    return Clip(NAME, Purpose.READING, "Hello.", frames, seconds)


def take_of(shelf: OpenShelf, clip: Clip, sound_lag: float = 0.0) -> Take:
    """Wrap one clip as a take."""
    return Take(
        shelf, (clip,), WIDTH, HEIGHT, FPS, RATE_HZ, sound_lag, Origin.BENCH, ()
    )


def test_every_picture_comes_back_at_its_moment() -> None:
    """Uneven moments are kept to the millisecond, and no frame is lost or added."""
    shelf, times = OpenShelf(), uneven_times(100)
    clip = written(shelf, times, tone(4.5))

    back = [picture.seconds for picture in read_pictures(take_of(shelf, clip), clip)]

    assert clip.frames == 100
    np.testing.assert_allclose(back, times, atol=1e-9)
    assert clip.seconds == pytest.approx(times[-1] + 1 / FPS)


def test_pictures_look_as_they_did() -> None:
    """Colours survive both conversions: above 40 dB on soft pictures."""
    shelf = OpenShelf()
    clip = written(shelf, uneven_times(20), tone(1.0))

    for number, picture in enumerate(read_pictures(take_of(shelf, clip), clip)):
        error = picture.pixels.astype(float) - drawn(number)
        assert 10 * np.log10(255**2 / np.mean(error**2)) > 40
        assert np.abs(error.mean(axis=(0, 1))).max() < 0.5


def test_frames_can_be_had_without_bgr() -> None:
    """The same frames, as the decoder gives them."""
    shelf = OpenShelf()
    written(shelf, uneven_times(5), tone(0.5))

    frames = list(read_frames(shelf, NAME))

    assert [frame.format.name for frame in frames] == ["yuv420p"] * 5
    assert frames[0].to_ndarray().shape == (HEIGHT * 3 // 2, WIDTH)


@pytest.mark.parametrize("block", [1, 479, 4608, 48000])
def test_sound_comes_back_whole_at_any_block_size(block: int) -> None:
    """Every sample returns, to 16-bit precision, cut to the pictures' length."""
    shelf = OpenShelf()
    voice = tone(0.2 if block == 1 else 3.0)
    times = np.arange(1, 5) / FPS if block == 1 else uneven_times(60)
    clip = written(shelf, times, voice, block)

    sound = read_sound(take_of(shelf, clip), clip)

    length = round(clip.seconds * RATE_HZ)
    assert len(sound.samples) == length
    assert np.abs(sound.samples - voice[:length]).max() <= 0.51 / 32767


@pytest.mark.parametrize("lag", [0.0, 0.05, 0.2, -0.04])
def test_late_sound_is_brought_into_step(lag: float) -> None:
    """A flash and a beep recorded apart by the lag are read back together."""
    shelf, times = OpenShelf(), np.arange(60) / FPS
    voice = np.zeros(2 * RATE_HZ, np.float32)
    flash = 1.0
    late = round((flash + lag) * RATE_HZ)
    voice[late : late + 480] = 0.5
    clip = written(shelf, times, voice)

    sound = read_sound(take_of(shelf, clip, lag), clip)

    beep = int(np.argmax(np.abs(sound.samples) > 0.2)) / RATE_HZ
    assert beep == pytest.approx(flash, abs=1e-4)
    assert len(sound.samples) == round(clip.seconds * RATE_HZ)


def test_short_sound_is_padded() -> None:
    """Where the sound ends before the pictures, silence follows."""
    shelf = OpenShelf()
    clip = written(shelf, np.arange(30) / FPS, tone(0.5))

    sound = read_sound(take_of(shelf, clip), clip)

    assert len(sound.samples) == round(clip.seconds * RATE_HZ)
    assert sound.seconds == pytest.approx(1.0, abs=1e-3)
    assert not sound.samples[RATE_HZ // 2 :].any()


def test_a_cut_clip_is_torn() -> None:
    """Half a file, or an empty one, is never taken for a whole clip."""
    shelf = OpenShelf()
    clip = written(shelf, np.arange(60) / FPS, tone(2.0))
    whole = shelf.read(NAME)
    for kept in (0, 10, len(whole) // 2, len(whole) * 9 // 10):
        shelf.write(NAME, whole[:kept])

        with pytest.raises(FileTorn):
            list(read_pictures(take_of(shelf, clip), clip))


def test_noise_is_not_a_clip() -> None:
    """Bytes that were never a clip are refused with a sentence."""
    shelf = OpenShelf()
    shelf.write(NAME, np.random.default_rng(0).bytes(100_000))

    with pytest.raises(FileTorn):
        list(read_frames(shelf, NAME))


def cut_off(shelf: OpenShelf) -> None:
    """Stop in the middle of a recording."""
    with write_clip(shelf, NAME, WIDTH, HEIGHT, FPS, RATE_HZ) as clip:
        clip.picture(Picture(drawn(0), 0.0))
        raise KeyboardInterrupt


def test_a_broken_recording_leaves_nothing() -> None:
    """An error or a closed job inside the writer leaves no clip behind."""
    shelf = OpenShelf()

    with pytest.raises(KeyboardInterrupt):
        cut_off(shelf)

    assert NAME not in shelf


class FullShelf(OpenShelf):
    """A shelf on a disk that fills up after some bytes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """Open a writer that runs out of room."""
        with super().create(name) as page:
            yield cast(BinaryIO, FullPage(page, self.room))


class FullPage:
    """Takes so many bytes and no more."""

    def __init__(self, page: BinaryIO, room: int) -> None:
        self.page, self.room = page, room

    def write(self, content: bytes) -> int:
        """Take bytes while there is room."""
        self.room -= len(content)
        if self.room < 0:
            raise DiskFull("/nowhere")
        return self.page.write(content)


@pytest.mark.parametrize("room", [0, 40_000, 100_000])
def test_a_full_disk_is_told_as_such(room: int) -> None:
    """The shelf's own sentence passes through the muxer, and nothing stays."""
    shelf = FullShelf(room)

    with pytest.raises(DiskFull):
        written(shelf, uneven_times(60), tone(3.0))

    assert NAME not in shelf


def test_pictures_must_follow_each_other() -> None:
    """A picture from the past is our own mistake, and is refused."""
    with pytest.raises(ValueError, match="comes after"):
        written(OpenShelf(), np.array([0.5, 0.4]), tone(0.1))


def test_a_clip_needs_a_picture() -> None:
    """Sound alone is no clip; whoever records it finds out at once."""
    shelf = OpenShelf()

    with pytest.raises(ValueError, match="at least one picture"):
        written(shelf, np.zeros(0), tone(0.5))

    assert NAME not in shelf
