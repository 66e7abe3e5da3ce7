"""Clips: pictures and voice of one prompt, streamed in and out of the shelf.

A clip is Matroska with H.264 and mono FLAC. Its clock is its sound: the first sample
is moment zero, and each picture keeps the moment at which it was captured, to the
millisecond. Nothing but sealed bytes reaches the disk, and no clip is held in memory:
pictures go straight into the encoder and come back one by one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

import av
import numpy as np
from av.codec.context import ThreadType
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
)
from numpy.typing import NDArray

from avatar_app.capture.take import Clip, Take
from avatar_app.errors import AvatarError, FileTorn
from avatar_app.media import Picture, Sound
from avatar_app.shelf import Shelf

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

MILLISECONDS = Fraction(1, 1000)
FULL_SCALE = 32767.0
# swscale's fast paths darken every channel by 1 to 2.5 levels a round trip (measured);
# these do not, and cost 4 ms a 720p frame instead of 1.
EXACT = (
    Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
)


@dataclass(frozen=True, slots=True)
class Colors:
    """What the numbers of a picture mean: matrix, primaries and transfer."""

    space: Colorspace
    primaries: ColorPrimaries
    trc: ColorTrc


def colors_of(height: int) -> Colors:
    """BT.709 from 720 lines on, BT.601 below.

    The standards say so, and so do players and libraries that do not read tags: they
    guess by size, or take everything small for BT.601.
    """
    if height >= 720:
        return Colors(Colorspace.ITU709, ColorPrimaries.BT709, ColorTrc.BT709)
    return Colors(Colorspace.ITU601, ColorPrimaries.SMPTE170M, ColorTrc.SMPTE170M)


@contextmanager
def write_clip(
    shelf: Shelf,
    name: str,
    width: int,
    height: int,
    fps: float,
    rate_hz: int,
    *,
    quality: int = 16,
) -> Iterator[ClipWriter]:
    """Give a writer for one clip; the clip is on the shelf once this ends well.

    Leaving it by an error, or closing the job it runs in, leaves nothing behind.

    Args:
        shelf: Where the clip is sealed as it is written.
        name: The clip's name on the shelf.
        width: Of a picture, in pixels, even.
        height: Of a picture, in pixels, even.
        fps: Nominal pictures per second; the real moments may be uneven.
        rate_hz: Samples of voice per second.
        quality: x264's constant rate factor; lower is better, 16 looks lossless.

    Raises:
        DiskFull: There is no room left.
    """
    with shelf.create(name) as file:
        outlet = _Outlet(file)
        writer = ClipWriter(outlet, width, height, fps, rate_hz, quality)
        try:
            yield writer
            writer.finish()
        except BaseException as error:
            outlet.is_shut = True  # the muxer's last words would only fail again
            writer.abandon()
            if isinstance(error, av.FFmpegError) and outlet.failure is not None:
                raise outlet.failure from error
            raise


class ClipWriter:
    """Encodes one clip as it is recorded; made by ``write_clip``."""

    def __init__(
        self,
        outlet: _Outlet,
        width: int,
        height: int,
        fps: float,
        rate_hz: int,
        quality: int,
    ) -> None:
        if width % 2 or height % 2:
            raise ValueError(f"H.264 wants even sides, not {width} × {height}")
        self._size = (height, width, 3)
        self._fps = fps
        self._rate_hz = rate_hz
        self._frames = 0
        self._samples = 0
        self._last_ms = -1
        self._container = av.open(outlet, "w", format="matroska")
        rate = Fraction(fps).limit_denominator(1001)
        self._film = self._container.add_stream(
            "libx264",
            rate=rate,
            options={
                "preset": "veryfast",
                "crf": str(quality),
                # Without B-frames pictures leave in the order they came, so the
                # muxer never has to hold any back or shift their moments.
                "bf": "0",
                "g": str(max(1, round(2 * fps))),
            },
        )
        self._film.width, self._film.height = width, height
        self._film.pix_fmt = "yuv420p"
        context = self._film.codec_context
        context.time_base = MILLISECONDS
        context.thread_count = min(4, os.cpu_count() or 1)
        colors = colors_of(height)
        context.colorspace = colors.space
        context.color_range = ColorRange.MPEG
        context.color_primaries = colors.primaries
        context.color_trc = colors.trc
        self._voice = self._container.add_stream(
            "flac", rate=rate_hz, layout="mono", format="s16"
        )
        self._voice.codec_context.time_base = Fraction(1, rate_hz)

    @property
    def frames(self) -> int:
        """How many pictures have been written."""
        return self._frames

    @property
    def samples(self) -> int:
        """How many samples of sound have been written."""
        return self._samples

    @property
    def seconds(self) -> float:
        """How long the clip is: until its last picture has had its time."""
        return max(0, self._last_ms) / 1000 + 1 / self._fps

    def picture(self, picture: Picture) -> None:
        """Add one picture; its seconds count from the clip's first sample.

        Raises:
            ValueError: It has another size, or lies before the one before it.
        """
        if picture.pixels.shape != self._size:
            raise ValueError(
                f"a clip of {self._size} cannot hold {picture.pixels.shape}"
            )
        at_ms = round(picture.seconds * 1000)
        if at_ms < self._last_ms or at_ms < 0:
            raise ValueError(f"a picture at {at_ms} ms comes after {self._last_ms} ms")
        # Two pictures that arrived in the same millisecond after a stall: the later
        # one moves on by one, since two frames cannot share a moment.
        at_ms = max(at_ms, self._last_ms + 1)
        frame = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(picture.pixels), format="bgr24"
        ).reformat(
            format="yuv420p",
            dst_colorspace=colors_of(self._size[0]).space,
            dst_color_range=ColorRange.MPEG,
            interpolation=EXACT,
        )
        frame.pts, frame.time_base = at_ms, MILLISECONDS
        self._container.mux(self._film.encode(frame))
        self._last_ms = at_ms
        self._frames += 1

    def sound(self, samples: NDArray[np.float32]) -> None:
        """Add sound, any number of samples in [-1, 1], right after what came before."""
        if len(samples) == 0:
            return
        whole = np.rint(np.clip(samples, -1.0, 1.0) * FULL_SCALE).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(
            whole.reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = self._rate_hz
        frame.pts, frame.time_base = self._samples, Fraction(1, self._rate_hz)
        self._container.mux(self._voice.encode(frame))
        self._samples += len(samples)

    def finish(self) -> None:
        """Write what the encoders still hold, and the end of the file."""
        if self._frames == 0:
            raise ValueError("a clip holds at least one picture")
        self._container.mux(self._film.encode(None))
        if self._samples:
            self._container.mux(self._voice.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Let go of the encoders; what they hold is lost."""
        with suppress(av.FFmpegError):  # the muxer repeats the error it met before
            self._container.close()


def read_pictures(take: Take, clip: Clip) -> Iterator[Picture]:
    """Yield a clip's pictures in order, blue-green-red, at their moments.

    Raises:
        FileTorn: The clip was cut or altered; raised when that place is reached.
    """
    seen = 0
    for frame in read_frames(take.shelf, clip.name):
        pixels = frame.to_ndarray(
            format="bgr24",
            src_colorspace=colors_of(take.height).space,
            interpolation=EXACT,
        )
        yield Picture(np.asarray(pixels, dtype=np.uint8), frame.time)
        seen += 1
    if seen != clip.frames:
        raise FileTorn(clip.name)


def read_frames(shelf: Shelf, name: str, first: int = 0) -> Iterator[av.VideoFrame]:
    """Yield a clip's decoded frames, for those who avoid BGR.

    They are yuv420p in the colors that ``colors_of`` names.

    Args:
        shelf: Where the clip lies.
        name: Of the clip.
        first: The frame to begin with; of those before it, only as many are decoded
            as lie behind the key frame that it hangs on.

    Raises:
        FileTorn: The clip was cut or altered.
    """
    with _opened(shelf, name) as container:
        film = container.streams.video[0]
        # One thread on purpose: jobs above decide how the cores are shared.
        film.codec_context.thread_count = 1
        film.codec_context.thread_type = ThreadType.NONE
        if first == 0:
            yield from container.decode(film)
        else:
            yield from _from_frame(container, film, first)


def count_frames(shelf: Shelf, name: str) -> int:
    """Count a clip's pictures without decoding any; every byte is read.

    Raises:
        FileTorn: The clip was cut or altered.
    """
    with _opened(shelf, name) as container:
        film = container.streams.video[0]
        return sum(packet.size > 0 for packet in container.demux(film))


def _from_frame(
    container: InputContainer, film: VideoStream, first: int
) -> Iterator[av.VideoFrame]:
    """Decode from a frame on; packets stand in the order of the pictures (no B)."""
    waiting: list[av.Packet[VideoStream]] = []
    past = 0  # packets before those that wait
    for number, packet in enumerate(container.demux(film)):
        if number <= first and packet.is_keyframe:
            past, waiting = number, []
        waiting.append(packet)
        if number < first:
            continue
        for one in waiting:
            for frame in one.decode():
                if past >= first:
                    yield frame
                past += 1
        waiting = []


def read_sound(take: Take, clip: Clip) -> Sound:
    """Read a clip's voice, in step with its pictures and exactly as long as they.

    Raises:
        FileTorn: The clip was cut or altered.
    """
    with _opened(take.shelf, clip.name) as container:
        blocks = [
            frame.to_ndarray().reshape(-1)
            for frame in container.decode(container.streams.audio[0])
        ]
    whole = np.concatenate(blocks) if blocks else np.zeros(0, np.int16)
    samples = whole.astype(np.float32) / np.float32(FULL_SCALE)
    length = round(clip.seconds * take.rate_hz)
    return Sound(_in_step(samples, take.sound_lag, take.rate_hz, length), take.rate_hz)


def _in_step(
    samples: NDArray[np.float32], lag: float, rate_hz: int, length: int
) -> NDArray[np.float32]:
    """Move sound earlier by its lag, then cut or pad its end to a length."""
    late = round(lag * rate_hz)
    start = max(0, -late)  # early sound begins with silence
    kept = samples[max(0, late) :][: max(0, length - start)]
    steady = np.zeros(length, np.float32)
    steady[start : start + len(kept)] = kept
    return steady


@contextmanager
def _opened(shelf: Shelf, name: str) -> Iterator[InputContainer]:
    """Open a clip for reading; whatever the demuxer stumbles over is a torn file."""
    with shelf.open(name) as file:
        try:
            with av.open(_Inlet(file), "r", format="matroska") as container:
                yield container
        except AvatarError:
            raise
        except (av.FFmpegError, IndexError) as error:
            raise FileTorn(name) from error


@dataclass(slots=True)
class _Outlet:
    """What the muxer sees of a writer: it can be written forward, nothing else."""

    file: BinaryIO
    is_shut: bool = False
    failure: AvatarError | None = None

    def write(self, content: bytes) -> int:
        if not self.is_shut:
            try:
                self.file.write(content)
            except AvatarError as failure:
                self.failure = failure  # the muxer may forget why it stopped
                raise
        return len(content)


@dataclass(frozen=True, slots=True)
class _Inlet:
    """What the demuxer sees of a reader: it can be read forward, nothing else."""

    file: BinaryIO

    def read(self, most: int) -> bytes:
        return self.file.read(most)
