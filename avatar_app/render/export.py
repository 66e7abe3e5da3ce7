"""The door out: a film is encoded and put in its place, whole or not at all.

Pictures come as the yuv420p planes the composer already has, sound as float32; both
go straight to the encoders, so memory does not grow with the length of the film. The
file is written under a temporary name beside its target and takes the target's name
only when it is complete. Why these x264 settings: docs/decisions/0003-x264.md.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Interpolation
from numpy.typing import NDArray

from avatar_app.capture.clips import colors_of
from avatar_app.errors import DiskFull, FolderRefused

X264 = {
    "preset": "superfast",
    "x264-params": "mbtree=1:rc-lookahead=10:bframes=0",
}
FINEST, COARSEST = 15, 20  # rate factors: at 360 lines, and from 720 lines on
ENCODING_THREADS = min(4, os.cpu_count() or 1)
SOUND_BITS_A_SECOND = 128_000
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's word for media made by a model that was trained on recordings."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.EIO,
}


class FilmWriter:
    """Writes one MP4 (H.264, AAC); use it in a ``with`` statement.

    Give pictures and sound turn by turn, a sentence or so at a time: what waits for
    its counterpart waits in memory. On leaving, the sound is cut or filled with
    silence to the exact length of the picture.

    Args:
        path: Where the finished film shall lie; an older one is replaced.
        width: Even, pixels.
        height: Even, pixels.
        fps: Pictures a second.
        rate_hz: Samples of sound a second, one that AAC knows (22,050, 48,000, …).
        origin_note: Whose avatar speaks, for the file's own description; films of
            the drawn presenter say DEMO here.
        title: Of the film.

    Raises:
        DiskFull: There is no room left; nothing stays behind.
        FolderRefused: The folder is missing or cannot be written to.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        fps: float,
        rate_hz: int,
        *,
        origin_note: str,
        title: str,
    ) -> None:
        if width % 2 or height % 2:
            raise ValueError(f"yuv420p wants even sizes, not {width}x{height}")
        self.path = path
        self.fps = Fraction(fps).limit_denominator(1001)
        self.rate_hz = rate_hz
        self.frames = 0
        self._shape = (height * 3 // 2, width)
        self._title = title
        self._origin_note = origin_note
        self._draft = path.with_name(f".{path.name}.part")
        self._waiting: deque[NDArray[np.float32]] = deque()  # sound without a picture
        self._spoken = 0  # samples handed to the encoder
        self._box: OutputContainer = av.open(  # touches the disk at the first packet
            str(self._draft), "w", format="mp4", options={"movflags": "+faststart"}
        )

    def __enter__(self) -> Self:
        with _in_our_words(self.path.parent), self._or_nothing():
            self._draft.write_bytes(b"")  # a refused folder is heard of at once
            self._box.metadata.update(self._notes())
            self._open_picture()
            self._open_sound()
        return self

    def frame(self, picture: av.VideoFrame) -> None:
        """Add the next picture, yuv420p in the colors of its size and video range."""
        if picture.format.name != "yuv420p" or (
            (picture.height * 3 // 2, picture.width) != self._shape
        ):
            raise ValueError(f"the film cannot take {picture}")
        picture.pts, picture.time_base = self.frames, 1 / self.fps
        picture.colorspace = colors_of(picture.height).space
        picture.color_range = ColorRange.MPEG
        self.frames += 1
        with _in_our_words(self.path.parent):
            self._box.mux(self._picture.encode(picture))
            self._speak_until_picture()

    def yuv(self, planes: NDArray[np.uint8]) -> None:
        """Add the next picture from its planes, (H * 3 / 2, W), as ``frame`` does."""
        if planes.shape != self._shape:
            raise ValueError(f"the film wants {self._shape}, not {planes.shape}")
        self.frame(av.VideoFrame.from_ndarray(planes, format="yuv420p"))

    def sound(self, samples: NDArray[np.float32]) -> None:
        """Add the next sound, mono in [-1, 1], at the film's rate."""
        self._waiting.append(np.array(samples, np.float32).reshape(-1))
        with _in_our_words(self.path.parent):
            self._speak_until_picture()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._discard()
            return
        with _in_our_words(self.path.parent), self._or_nothing():
            if not self.frames:
                raise ValueError("a film needs at least one picture")
            self._finish()

    def _finish(self) -> None:
        """Round the streams off, close the file and give it its name."""
        self._speak_until_picture()
        while missing := self._samples_due() - self._spoken:
            self._speak(np.zeros(min(missing, self.rate_hz), np.float32))
        self._box.mux(self._voice.encode(None))
        self._box.mux(self._picture.encode(None))
        self._box.close()
        with self._draft.open("ab") as draft:
            draft.write(_xmp_box(self._title, self._origin_note))
            draft.flush()
            os.fsync(draft.fileno())
        self._draft.replace(self.path)

    @contextlib.contextmanager
    def _or_nothing(self) -> Iterator[None]:
        """Leave neither an open file nor a draft when what follows goes wrong."""
        try:
            yield
        except BaseException:
            self._discard()
            raise

    def _discard(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # already in trouble
            self._box.close()
        with contextlib.suppress(OSError):  # a refused folder holds no draft
            self._draft.unlink(missing_ok=True)

    def _open_picture(self) -> None:
        height, width = self._shape[0] * 2 // 3, self._shape[1]
        options = X264 | {"crf": str(rate_factor(height))}
        self._picture = self._box.add_stream("libx264", rate=self.fps, options=options)
        self._picture.width, self._picture.height = width, height
        self._picture.pix_fmt = "yuv420p"
        self._picture.time_base = 1 / self.fps
        codec = self._picture.codec_context
        codec.thread_count = ENCODING_THREADS
        codec.gop_size = round(self.fps * 4)  # a player can jump to every 4 seconds
        colors = colors_of(height)
        codec.colorspace = colors.space
        codec.color_range = ColorRange.MPEG
        codec.color_primaries = colors.primaries
        codec.color_trc = colors.trc

    def _open_sound(self) -> None:
        self._voice = self._box.add_stream("aac", rate=self.rate_hz, layout="mono")
        self._voice.bit_rate = SOUND_BITS_A_SECOND

    def _samples_due(self) -> int:
        return round(self.frames / self.fps * self.rate_hz)

    def _speak_until_picture(self) -> None:
        """Encode the waiting sound, but never beyond the picture: so it can be cut."""
        while self._waiting and (room := self._samples_due() - self._spoken) > 0:
            part = self._waiting.popleft()
            self._speak(part[:room])
            if len(part) > room:
                self._waiting.appendleft(part[room:])

    def _speak(self, samples: NDArray[np.float32]) -> None:
        if not len(samples):
            return
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = self.rate_hz
        frame.pts, frame.time_base = self._spoken, Fraction(1, self.rate_hz)
        self._spoken += len(samples)
        self._box.mux(self._voice.encode(frame))

    def _notes(self) -> dict[str, str]:
        """What the file says about itself to anyone who asks for its properties."""
        said = f"AI-generated: a synthetic face and voice. {self._origin_note}"
        return {
            "title": self._title,
            "comment": f"{said} Digital source type: {SOURCE_TYPE}",
            "description": said,
            "genre": "AI-generated",
        }


def put_text(path: Path, text: str) -> None:
    """Write a small text beside a film, whole or not at all.

    Raises:
        DiskFull, FolderRefused: As for the film.
    """
    draft = path.with_name(f".{path.name}.part")
    with _in_our_words(path.parent):
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def rate_factor(height: int) -> int:
    """Return x264's constant rate factor for a film of so many lines.

    A small film shows a tooth with two pixels and costs little: 20 takes half a dB
    from the mouth at 288 lines, 15 a tenth.
    """
    share = min(1.0, max(0.0, (height - 360) / 360))
    return round(FINEST + share * (COARSEST - FINEST))


def planes_of(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (H, W, 3) blue-green-red as a film's planes: video range, matrix by size.

    OpenCV's own COLOR_BGR2YUV_I420 knows BT.601 only, which would tint an HD film.
    """
    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="bgr24")
    planes = picture.reformat(
        format="yuv420p",
        dst_colorspace=colors_of(pixels.shape[0]).space,
        dst_color_range=ColorRange.MPEG,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
    )
    return planes.to_ndarray().astype(np.uint8, copy=False)


@contextlib.contextmanager
def _in_our_words(folder: Path) -> Iterator[None]:
    """Turn what the disk or the folder refuses into our own errors."""
    try:
        yield
    except OSError as error:  # PyAV's own are OSErrors too where they have a number
        if error.errno in _FULL:
            raise DiskFull(str(folder)) from error
        if error.errno in _REFUSED:
            raise FolderRefused(str(folder)) from error
        raise


def _xmp_box(title: str, origin_note: str) -> bytes:
    """Return the XMP box in which IPTC wants the digital source type."""
    packet = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
   <Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>
   <dc:title><rdf:Alt>
    <rdf:li xml:lang="x-default">{escape(title)}</rdf:li>
   </rdf:Alt></dc:title>
   <dc:description><rdf:Alt>
    <rdf:li xml:lang="x-default">AI-generated. {escape(origin_note)}</rdf:li>
   </rdf:Alt></dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>""".encode()
    kind = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    return (24 + len(packet)).to_bytes(4, "big") + b"uuid" + kind + packet
