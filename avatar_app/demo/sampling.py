"""Taking pixels from elsewhere: OpenCV's resampling with names and types."""

from __future__ import annotations

from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.demo.anatomy import Field

Pixels = TypeVar("Pixels", bound=np.generic)


def sample(picture: NDArray[Pixels], places: Field) -> NDArray[Pixels]:
    """Take every pixel from a place (x, y) of a picture; edges go on for ever.

    Args:
        picture: (H, W) or (H, W, channels).
        places: (h, w, 2) float32, in pixels of the picture.
    """
    nothing: Any = None  # OpenCV's stubs forget that the second map may be absent
    return _as(
        picture,
        cv2.remap(
            picture,  # type: ignore[arg-type]
            places,
            nothing,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
    )


def shifted(picture: NDArray[Pixels], right: float, down: float) -> NDArray[Pixels]:
    """Move a picture by parts of a pixel; edges go on for ever."""
    return window(picture, (picture.shape[1], picture.shape[0]), 1.0, (-right, -down))


def window(
    picture: NDArray[Pixels],
    size: tuple[int, int],
    scale: float,
    corner: tuple[float, float],
) -> NDArray[Pixels]:
    """Take a window of a picture, magnified.

    Args:
        picture: (H, W) or (H, W, channels).
        size: (width, height) of what is returned.
        scale: Pixels of the picture from one pixel of the result to the next.
        corner: The place (x, y) of the result's first pixel.
    """
    move = np.array([[scale, 0, corner[0]], [0, scale, corner[1]]], np.float32)
    return _as(
        picture,
        cv2.warpAffine(
            picture,  # type: ignore[arg-type]
            move,
            size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
    )


def blend(
    over: NDArray[np.uint8], under: NDArray[np.uint8], weight: Field
) -> NDArray[np.uint8]:
    """Lay one picture over another by a weight (H, W) in [0, 1]."""
    weight = np.ascontiguousarray(weight, np.float32)
    return _as(over, cv2.blendLinear(over, under, weight, 1.0 - weight))


def shaded(picture: NDArray[np.uint8], light: Field) -> NDArray[np.uint8]:
    """Multiply a picture (H, W, 3) by light (H, W) in [0, 1]."""
    three = cv2.merge([light, light, light])
    return _as(picture, cv2.multiply(picture, three, dtype=cv2.CV_8U))


def _as(like: NDArray[Pixels], pixels: Any) -> NDArray[Pixels]:
    """What OpenCV returns, as the type it went in with."""
    return np.asarray(pixels, like.dtype)
