"""Whether one sees where the drawn face ends: edges and color along the mask's edge.

Both are read in the canonical picture. The seam score looks at slopes across the edge
of the mask, in the band where its opacity rises, at the finest size (a line) and
after smoothing (a step in shade): their energy over that in the same band of the real
frame. 1 is a picture as smooth as the real one, below 1 it is smoother, above there is
something to see. Color is CIE 1976 Lab; ΔE is their plain distance (CIE76, stricter
than CIEDE2000 on skin), between averages over a twentieth of the distance of the eyes,
in the drawn part's outermost strip, so that an edge out of place by a pixel, which is
not a matter of color, hardly counts. A mean hides patches, so beside it stands the
worst twentieth of all drawn skin, chin and cheeks, lips left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.crops import Window, lips_nearness
from benchmarks.pictures import Image

Floats = NDArray[np.float32]

_STRIP = 0.10  # inter-ocular distances inwards from half opacity
_FINE, _SOFT = 0.01, 0.04  # inter-ocular distances (deviation)
_AVERAGED = 0.05
_WORST = 95  # percentile
# A warm and a cool lamp: what a camera's white balance may be off by, blue-green-red.
LAMPS = ((0.90, 1.0, 1.08), (1.10, 1.0, 0.93))


@dataclass(slots=True, eq=False)
class Edge:
    """Measures along one mask's edge, gathered over the pictures of a clip."""

    window: Window
    _real: list[tuple[float, float]] = field(default_factory=list)
    _drawn: list[tuple[float, float]] = field(default_factory=list)
    _colors: list[float] = field(default_factory=list)
    _patches: list[float] = field(default_factory=list)

    def see(self, real: Image, drawn: Image) -> None:
        """Add one picture: both in canonical pixels, (H, W, 3)."""
        self._real.append(self._slopes(real))
        self._drawn.append(self._slopes(drawn))
        off = self._color_off(real, drawn)
        self._colors.append(float(off[_strip(self.window)].mean()))
        self._patches.append(float(np.percentile(off[_skin(self.window)], _WORST)))

    def figures(self) -> dict[str, float]:
        """``seam``: the worse of line and step; ``edge_delta_e``, ``patch_delta_e``."""
        if not self._real:
            return {}
        real, drawn = np.mean(self._real, axis=0), np.mean(self._drawn, axis=0)
        line, step = drawn / np.maximum(real, 1e-9)
        return {
            "seam": float(max(line, step)),
            "seam_line": float(line),
            "seam_step": float(step),
            "edge_delta_e": float(np.mean(self._colors)),
            "patch_delta_e": float(np.mean(self._patches)),
        }

    def _slopes(self, picture: Image) -> tuple[float, float]:
        """Mean squared slope across the edge, of fine and of smoothed luma."""
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
        band, across = _band(self.window)
        found = []
        for spread in (_FINE, _SOFT):
            soft = cv2.GaussianBlur(grey, (0, 0), spread * _unit(self.window))
            x, y = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
            slope = x[band] * across[0][band] + y[band] * across[1][band]
            found.append(float((slope**2).mean()))
        return found[0], found[1]

    def _color_off(self, real: Image, drawn: Image) -> Floats:
        """(H, W) ΔE between local averages."""
        spread = _AVERAGED * _unit(self.window)
        a, b = (
            cv2.cvtColor(
                cv2.GaussianBlur(p.astype(np.float32) / 255, (0, 0), spread),
                cv2.COLOR_BGR2LAB,
            )
            for p in (real, drawn)
        )
        return np.asarray(np.linalg.norm(a - b, axis=2), np.float32)


def under_lamp(frame: Image, lamp: tuple[float, float, float]) -> Image:
    """The frame as a camera with another white balance would have seen it."""
    lit = frame.astype(np.float32) * np.array(lamp, np.float32)
    return np.clip(lit + 0.5, 0, 255).astype(np.uint8)


def _unit(window: Window) -> float:
    return window.canon.inter_ocular


def _inner(window: Window) -> NDArray[np.bool_]:
    """Not at the picture's own border, whose pixels lie outside some frames."""
    inner = np.zeros(window.mask.shape, np.bool_)
    inner[2:-2, 2:-2] = True
    return inner


def _band(window: Window) -> tuple[NDArray[np.bool_], tuple[Floats, Floats]]:
    """Where the opacity rises, and the unit direction across the edge there."""
    band = (window.mask > 0.03) & (window.mask < 0.97) & _inner(window)
    soft = cv2.GaussianBlur(window.mask, (0, 0), _FINE * _unit(window))
    x, y = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    length = np.sqrt(x**2 + y**2) + 1e-9
    return band, (x / length, y / length)


def _strip(window: Window) -> NDArray[np.bool_]:
    """The drawn part's outermost strip, from half opacity inwards."""
    opaque = (window.mask >= 0.5).astype(np.uint8)
    deep = cv2.distanceTransform(opaque, cv2.DIST_L2, 3)
    return (deep > 0) & (deep <= _STRIP * _unit(window)) & _inner(window)


def _skin(window: Window) -> NDArray[np.bool_]:
    """Chin and cheeks, as far as they are drawn rather than kept."""
    skin: NDArray[np.bool_] = (window.mask >= 0.5) & (lips_nearness(window.canon) < 0.3)
    return skin & _inner(window)
