"""Melt one frame into another: both are carried part of the way, then laid over.

A plain cross-fade shows everything twice that is not in the same place. Dense optical
flow says where everything goes, so what is laid over coincides; four tenths of a
second of it join two stretches of one person.

Source:
    Kroeger, Timofte, Dai and Van Gool, "Fast Optical Flow using Dense Inverse Search"
    (2016), as in OpenCV; the morph is that of Berthouzoz, Li and Agrawala, "Tools for
    Placing Cuts and Transitions in Interview Video" (2012), without its hierarchy.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.canon import Matrix, invert
from avatar_app.fit.face.crops import Planes, split_planes

_FLOW_WIDTH = 240  # pixels at which flow is found: enough for what moves in a face
_SOFTENING = 1.5  # flow pixels; walls without structure would tear
_STILL = 0.02  # flow pixels under which nothing is carried anywhere

Floats = NDArray[np.float32]


class Morph:
    """Melts frames of one size; keeps what the flow engine needs."""

    def __init__(self, width: int, height: int) -> None:
        factor = min(1.0, _FLOW_WIDTH / width)
        self._small = (max(16, round(width * factor)), max(16, round(height * factor)))
        self._engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._grids: dict[tuple[int, int], tuple[Floats, Floats]] = {}

    def __call__(self, leaving: Planes, coming: Planes, share: float) -> Planes:
        """Return a new frame, ``share`` of the way from one frame to the other."""
        ahead, back = self._flows(leaving, coming)
        mixed = np.empty_like(leaving)
        planes = zip(
            split_planes(leaving),
            split_planes(coming),
            split_planes(mixed),
            strict=True,
        )
        for a, b, out in planes:
            gone = self._carried(a, ahead, share)
            come = self._carried(b, back, 1 - share)
            cv2.addWeighted(gone, 1 - share, come, share, 0, dst=out)
        return mixed

    def _flows(self, leaving: Planes, coming: Planes) -> tuple[Floats, Floats]:
        """(h, w, 2) flow to the other frame and back, in small pixels."""
        a, b = (
            cv2.resize(split_planes(p)[0], self._small, interpolation=cv2.INTER_AREA)
            for p in (leaving, coming)
        )
        flows = []
        for one, other in ((a, b), (b, a)):
            flow = self._engine.calc(one, other, None)  # type: ignore[call-overload]
            flows.append(cv2.GaussianBlur(flow, (0, 0), _SOFTENING))
        return np.asarray(flows[0], np.float32), np.asarray(flows[1], np.float32)

    def _carried(
        self, plane: NDArray[np.uint8], flow: Floats, share: float
    ) -> NDArray[np.uint8]:
        """Carry a plane a share of the way along a flow."""
        if share * float(np.abs(flow).max()) < _STILL:
            return plane
        height, width = plane.shape
        scale = share * np.array([width / flow.shape[1], height / flow.shape[0]])
        way = cv2.resize(flow * scale.astype(np.float32), (width, height))
        x, y = self._grid(width, height)
        carried = cv2.remap(
            plane,
            x - way[..., 0],
            y - way[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(carried, np.uint8)

    def _grid(self, width: int, height: int) -> tuple[Floats, Floats]:
        if (width, height) not in self._grids:
            y, x = np.mgrid[:height, :width].astype(np.float32)
            self._grids[width, height] = (np.ascontiguousarray(x), y.copy())
        return self._grids[width, height]


def between(leaving: Matrix, coming: Matrix, share: float) -> Matrix:
    """The pose of a melted frame: each point of the face goes straight across."""
    back = (1 - share) * invert(leaving) + share * invert(coming)
    return invert(back)
