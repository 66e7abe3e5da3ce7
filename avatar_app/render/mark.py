"""What a film says about itself on its own pictures: that it is AI-generated.

The first seconds carry the whole words; a small "AI" stays for those who join later
(the EU AI Act asks for the notice at the first exposure, which a jump into the middle
of a film is). Films of the drawn presenter say DEMO from end to end. Nothing here can
be switched off. The marks are drawn once and blended into the luma and chroma planes
of their own small boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from avatar_app.bundled import bundled

LABEL_SECONDS = 4.0
_LABEL, _LATER, _DEMO = "AI-generated", "AI", "DEMO"
_LETTERS = 0.042  # height of the label's font over the shorter side of the film
_SMALLER = 0.62  # of the mark that stays
_MARGIN = 0.05  # broadcasters call the inner 90 % safe for titles
_PLATE = 0.7  # how much the dark plate covers: white on it stays at 8:1 on white
_BLACK, _WHITE, _GREY = 16, 235, 128  # video range


class Marks:
    """The marks of one film, ready to be put on every picture.

    Args:
        width: Of the film, pixels.
        height: Of the film, pixels.
        is_demo: Whether the drawn presenter speaks.
    """

    def __init__(self, width: int, height: int, *, is_demo: bool) -> None:
        letters_px = max(10.0, _LETTERS * min(width, height))
        label = _Stamp.drawn(_LABEL, letters_px, 0.55 * width)
        later = _Stamp.drawn(_LATER, letters_px * _SMALLER, 0.55 * width)
        # The upper corners: the presenter's camera writes its own DEMO below.
        side = _even(_MARGIN * width)
        top = _even(_MARGIN * height)
        self._label = [label.at(top, side)]
        self._later = [later.at(top, side)]
        if is_demo:
            demo = _Stamp.drawn(_DEMO, letters_px, 0.3 * width)
            placed = demo.at(top, width - side - demo.width)
            self._label.append(placed)
            self._later.append(placed)

    def stamp(self, planes: NDArray[np.uint8], seconds: float) -> None:
        """Blend the marks into one picture, in place.

        Args:
            planes: (H * 3 / 2, W) yuv420p.
            seconds: When in the film the picture is shown.
        """
        for mark in self._label if seconds < LABEL_SECONDS else self._later:
            mark.blend(planes)


@dataclass(frozen=True, slots=True, eq=False)
class _Stamp:
    """One mark: a pixel becomes ``(pixel * keep + add) / 256``.

    Attributes:
        keep: (h, w) uint16, how much of the picture stays, up to 256.
        add: (h, w) uint16, luma that comes instead.
        keep_color: (h / 2, w / 2) uint16, the same for both chroma planes,
        add_color: which move towards grey.
    """

    keep: NDArray[np.uint16]
    add: NDArray[np.uint16]
    keep_color: NDArray[np.uint16]
    add_color: NDArray[np.uint16]
    top: int = 0
    left: int = 0

    @property
    def width(self) -> int:
        return self.keep.shape[1]

    @classmethod
    def drawn(cls, words: str, letters_px: float, room_px: float) -> Self:
        """Draw words in white on a dark plate, smaller where the film is narrow."""
        font_file = str(bundled("assets/fonts/Inter-SemiBold.otf"))
        font = ImageFont.truetype(font_file, letters_px)
        while letters_px > 4 and font.getlength(words) + 2 * letters_px > room_px:
            letters_px *= 0.9
            font = ImageFont.truetype(font_file, letters_px)
        width = _even(font.getlength(words) + 1.3 * letters_px)
        height = _even(1.75 * letters_px)
        plate, text = _plate(width, height), Image.new("L", (width, height))
        middle = (width / 2, height / 2)
        ImageDraw.Draw(text).text(middle, words, fill=255, font=font, anchor="mm")
        white = np.asarray(text, np.float32) / 255
        dark = plate * _PLATE * (1 - white)
        keep = 1 - dark - white
        color = keep.reshape(height // 2, 2, width // 2, 2).mean((1, 3))
        return cls(
            keep=_in_256(keep),
            add=_in_256(dark * _BLACK + white * _WHITE),
            keep_color=_in_256(color),
            add_color=_in_256((1 - color) * _GREY),
        )

    def at(self, top: int, left: int) -> _Stamp:
        """Return the same mark with its place in the film."""
        return _Stamp(
            self.keep, self.add, self.keep_color, self.add_color, top, _even(left)
        )

    def blend(self, planes: NDArray[np.uint8]) -> None:
        """Put the mark on a picture, in place."""
        rows, columns = planes.shape
        height = rows * 2 // 3
        tall, wide = self.keep.shape
        luma = planes[self.top : self.top + tall, self.left : self.left + wide]
        luma[:] = (luma * self.keep + self.add) >> 8
        # Two chroma planes of (H/2, W/2) lie packed below the luma.
        colors = planes[height:].reshape(2, height // 2, columns // 2)
        top, left = self.top // 2, self.left // 2
        box = colors[:, top : top + tall // 2, left : left + wide // 2]
        box[:] = (box * self.keep_color + self.add_color) >> 8


def _plate(width: int, height: int) -> NDArray[np.float32]:
    """Coverage of a plate with round ends, drawn four times as large."""
    large = Image.new("L", (width * 4, height * 4))
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, width * 4 - 1, height * 4 - 1), radius=height * 1.2, fill=255
    )
    small = large.resize((width, height), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255


def _in_256(share: NDArray[np.float32]) -> NDArray[np.uint16]:
    parts: NDArray[np.uint16] = np.rint(share * 256).astype(np.uint16)
    return parts


def _even(pixels: float) -> int:
    return 2 * round(pixels / 2)
