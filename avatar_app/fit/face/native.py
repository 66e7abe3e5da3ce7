"""The mouth at its native size: what a canonical picture cannot hold.

There are 150 canonical pixels between the outer eye corners at most, so that the basis
stays small. A 1080p frame may have 300 there, a 4K frame 600: lip lines, teeth and
stubble are finer than the canonical picture. What is finer is kept apart, for the
surroundings of the mouth: the difference between the frame and its canonical picture,
frame by frame as JPEG in grey (128 is no difference), a few kilobytes each. Skin
further out needs none of it: there the frame that is drawn into has its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.errors import FileTorn
from avatar_app.fit.face.canon import LIPS, Canon, Matrix, after
from avatar_app.fit.face.crops import LowerFace, Planes, split_planes

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

NOTHING = 128  # grey level of no difference
_QUALITY = 88  # of the JPEG; 95 doubles the bytes, and the eye finds no difference
# Half axes of the mouth's surroundings in inter-ocular distances, and how far below
# the middle of the lips they are centred: the lower lip moves, the upper hardly.
# Of a small face they are wider: its skin has no grain worth keeping, and on GRID s1
# (84 canonical pixels between the eyes) skin of another moment so near the corners of
# the mouth costs .1 dB and .03 of width r.
SMALL_TO_LARGE = (90.0, 130.0)  # canonical pixels between the eyes
_ACROSS, _ALONG = (0.55, 0.42), (0.35, 0.27)
_BELOW = 0.03
_FADE = 0.2  # share of the axes over which the surroundings end


def surroundings(canon: Canon) -> Floats:
    """(H, W) float32: 1 round the mouth, however open, 0 on cheeks and chin."""
    y, x = np.mgrid[: canon.height, : canon.width].astype(np.float32)
    middle = canon.points[list(LIPS)].mean(axis=0)
    unit = canon.inter_ocular
    half = [np.interp(unit, SMALL_TO_LARGE, axis) for axis in (_ACROSS, _ALONG)]
    across = (x - middle[0]) / (half[0] * unit)
    along = (y - middle[1] - _BELOW * unit) / (half[1] * unit)
    away = np.sqrt(across**2 + along**2)
    share = np.clip((1 - away) / _FADE, 0, 1)
    smooth: Floats = (share * share * (3 - 2 * share)).astype(np.float32)
    return smooth


@dataclass(frozen=True, slots=True)
class Fine:
    """The fine picture: a part of the canonical one, in finer pixels.

    Attributes:
        width: In fine pixels.
        height: In fine pixels.
        matrix: (2, 3) canonical pixels to fine ones.
    """

    width: int
    height: int
    matrix: Matrix

    @classmethod
    def of(cls, canon: Canon) -> Fine:
        """Lay it over the mouth's surroundings."""
        near = np.argwhere(surroundings(canon) > 0)
        (y0, x0), (y1, x1) = near.min(axis=0), near.max(axis=0) + 1
        scale = canon.fineness
        shift = (0.5 - np.array([x0, y0])) * scale - 0.5
        matrix = np.column_stack([scale * np.eye(2), shift])
        return cls(round((x1 - x0) * scale), round((y1 - y0) * scale), matrix)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height

    def cut(self, planes: Planes, pose: Matrix, lower: LowerFace) -> Bytes:
        """(B,) uint8, JPEG of what the frame shows beyond its canonical picture."""
        luma, _, _ = split_planes(planes)
        edge = cv2.BORDER_REPLICATE
        cubic = cv2.INTER_CUBIC
        seen = cv2.warpAffine(
            luma, after(self.matrix, pose), self.size, flags=cubic, borderMode=edge
        )
        held = cv2.warpAffine(
            lower.luma, self.matrix, self.size, flags=cubic, borderMode=edge
        )
        beyond = cv2.addWeighted(seen, 1.0, held, -1.0, NOTHING)
        _, packed = cv2.imencode(".jpg", beyond, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        return np.asarray(packed, np.uint8).ravel()


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """Pictures, packed one behind the other.

    Attributes:
        content: (B,) uint8, JPEG files.
        ends: (N,) int64, where each ends; none where there is nothing finer.
    """

    content: Bytes
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, files: list[Bytes]) -> Pack:
        """Pack files."""
        ends = np.cumsum([len(file) for file in files], dtype=np.int64)
        return cls(np.concatenate([np.zeros(0, np.uint8), *files]), ends)

    def __len__(self) -> int:
        """Pictures."""
        return len(self.ends)

    def file(self, number: int) -> Bytes:
        """(B,) uint8, one of the files."""
        start = self.ends[number - 1] if number else 0
        return self.content[start : self.ends[number]]

    def picture(self, number: int) -> NDArray[np.uint8]:
        """(H, W) uint8, one of the pictures; raises FileTorn."""
        picture = cv2.imdecode(self.file(number), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            raise FileTorn("the fine picture of a mouth")
        return np.asarray(picture, np.uint8)
