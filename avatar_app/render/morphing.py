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

import itertools
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.canon import Matrix, invert
from avatar_app.fit.face.crops import Planes, split_planes

_FLOW_WIDTH = 240  # pixels at most at which flow is found, and half the frame's own
_SOFTENING = 1.5  # flow pixels; walls without structure would tear
_ALIKE = 6.0  # grey levels of small pixels within which nothing need be carried
_AROUND = 13  # flow pixels about what differs that are carried along
_STILL = 0.4  # frame pixels under which nothing is carried anywhere
_BANDS = 5  # of rows, each only as wide as what is carried in it
_NO_SECOND_MAP: NDArray[np.float32] = np.empty(0, np.float32)

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Box = tuple[slice, slice]


class Morph:
    """Melts frames of one size; keeps what the flow engine needs."""

    def __init__(self, width: int, height: int) -> None:
        factor = min(0.5, _FLOW_WIDTH / width)
        self._small = (max(16, round(width * factor)), max(16, round(height * factor)))
        self._engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._around = np.ones((_AROUND, _AROUND), np.uint8)
        self._steps = np.arange(max(width, height), dtype=np.float32)
        self._places = np.empty(0, np.float32)

    def __call__(self, leaving: Planes, coming: Planes, share: float) -> Planes:
        """Return a new frame, ``share`` of the way from one frame to the other."""
        flow = self._flow(leaving, coming)
        mixed = np.asarray(
            cv2.addWeighted(leaving, 1 - share, coming, share, 0), np.uint8
        )
        a, b, out = split_planes(leaving), split_planes(coming), split_planes(mixed)
        for box in self._moving(flow, leaving.shape[1]):
            self._carry(a[:1], b[:1], out[:1], share, flow, box)
            self._carry(a[1:], b[1:], out[1:], share, flow, box)
        return mixed

    def _flow(self, leaving: Planes, coming: Planes) -> Floats:
        """(h, w, 2) flow from one frame to the other, in small pixels.

        One way only: what moves between joined stretches moves by a few small pixels
        and its neighbours with it, so back is the same the other way round. Where both
        frames are alike it is nothing: on a bare wall it would be made up.
        """
        a, b = (
            cv2.resize(split_planes(p)[0], self._small, interpolation=cv2.INTER_AREA)
            for p in (leaving, coming)
        )
        flow = self._engine.calc(a, b, None)  # type: ignore[call-overload]
        flow = cv2.GaussianBlur(flow, (0, 0), _SOFTENING)
        differs = cv2.blur(cv2.absdiff(a, b), (3, 3)) > _ALIKE
        needed = cv2.dilate(differs.astype(np.uint8), self._around)
        soft = cv2.blur(needed.astype(np.float32), (_AROUND, _AROUND))
        return np.asarray(flow * soft[..., None], np.float32)

    def _moving(self, flow: Floats, width: int) -> Iterator[Box]:
        """Rows and columns of the flow in which something is carried."""
        size = np.abs(flow) * (width / flow.shape[1])
        far = np.maximum(size[..., 0], size[..., 1]) > _STILL
        edges = np.linspace(0, len(flow), _BANDS + 1).round().astype(int)
        for top, bottom in itertools.pairwise(edges.tolist()):
            columns = np.flatnonzero(far[top:bottom].any(axis=0))
            if len(columns):
                yield slice(top, bottom), slice(int(columns[0]), int(columns[-1]) + 1)

    def _carry(
        self,
        leaving: Sequence[Bytes],
        coming: Sequence[Bytes],
        mixed: Sequence[Bytes],
        share: float,
        flow: Floats,
        box: Box,
    ) -> None:
        """Lay planes over one another inside a box, each read where it comes from."""
        height, width = mixed[0].shape
        factors = (height / flow.shape[0], width / flow.shape[1])
        y, x = (
            slice(round(part.start * factor), round(part.stop * factor))
            for part, factor in zip(box, factors, strict=True)
        )
        small = flow[box] * np.array(factors[::-1], np.float32)
        way = cv2.resize(small, (x.stop - x.start, y.stop - y.start))
        # The same memory for all: fresh pages cost more than what is done in them.
        if self._places.size < way.size:
            self._places = np.empty(way.size, np.float32)
        from_where = self._places[: way.size].reshape(way.shape)
        carried = []
        for planes, far in ((leaving, -share), (coming, 1 - share)):
            np.multiply(way, np.float32(far), out=from_where)
            from_where[..., 0] += self._steps[x]
            from_where[..., 1] += self._steps[y][:, None]
            carried.append(
                [
                    cv2.remap(
                        plane,
                        from_where,
                        _NO_SECOND_MAP,
                        cv2.INTER_LINEAR,
                        borderMode=cv2.BORDER_REPLICATE,
                    )
                    for plane in planes
                ]
            )
        for gone, come, out in zip(*carried, mixed, strict=True):
            out[y, x] = cv2.addWeighted(gone, 1 - share, come, share, 0)


def between(leaving: Matrix, coming: Matrix, share: float) -> Matrix:
    """The pose of a melted frame: each point of the face goes straight across."""
    back = (1 - share) * invert(leaving) + share * invert(coming)
    return invert(back)
