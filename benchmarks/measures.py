"""Measures of a drawn mouth against the real one, as docs and notes quote them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.enroll.tracking import follow_faces, join_track
from avatar_app.fit.face.canon import LIPS, Matrix
from avatar_app.fit.face.crops import Window
from benchmarks.closures import Closure, Shut, shut_pictures, shut_then
from benchmarks.pictures import (
    Image,
    Sharpness,
    mouth_box,
    psnr,
    ssim,
    unlikeness,
    upright,
)
from benchmarks.seams import Edge

Floats = NDArray[np.float64]
_CLEARLY = 2.5  # times the level of shut lips
_LIKENESS_EVERY, _EDGE_EVERY = 2, 3  # pictures; neighbours tell the same


def opening(points: NDArray[np.float32]) -> Floats:
    """(T,) inner lip height over the distance of the outer eye corners."""
    return _span(points, 13, 14) / _span(points, 33, 263)


def width(points: NDArray[np.float32]) -> Floats:
    """(T,) mouth corners' distance over the distance of the outer eye corners."""
    return _span(points, 61, 291) / _span(points, 33, 263)


def _span(points: NDArray[np.float32], a: int, b: int) -> Floats:
    return np.asarray(np.linalg.norm(points[:, a] - points[:, b], axis=1), np.float64)


def track(frames: Iterable[Image]) -> NDArray[np.float32]:
    """(T, 468, 2) landmarks by a fresh face mesh."""
    with follow_faces() as follower:
        found = [follower.look(frame) for frame in frames]
    return join_track(found, np.arange(len(found), dtype=np.float64)).points


def correlation(a: Floats, b: Floats) -> float:
    """Pearson's r; 0 where one of them stands still."""
    if len(a) < 3 or a.std() < 1e-9 or b.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def lag(drawn: Floats, real: Floats, reach: int = 6) -> float:
    """Frames by which the drawn mouth is late.

    The peak of correlation, found between frames by a parabola through its neighbours.
    """
    shifts = np.arange(-reach, reach + 1)
    scores = []
    for shift in shifts:
        a = drawn[max(0, shift) : len(drawn) + min(0, shift)]
        b = real[max(0, -shift) : len(real) - max(0, shift)]
        scores.append(correlation(a, b))
    best = int(np.argmax(scores))
    if best in (0, len(shifts) - 1):
        return float(shifts[best])
    left, top, right = scores[best - 1 : best + 2]
    bend = left - 2 * top + right
    return float(shifts[best] + (0.5 * (left - right) / bend if bend else 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Real:
    """A real clip to compare with.

    Attributes:
        frames: Blue-green-red.
        points: (T, 468, 2) landmarks in them.
        poses: (T, 2, 3) frame to canonical picture.
        silent: (T,) frames in which nothing is said.
        window: The canonical face and the mask.
        closures: The p, b and m said.
        shut: Openings below which the person's lips count as shut.
        fps: Pictures per second.
    """

    frames: Sequence[Image]
    points: NDArray[np.float32]
    poses: Matrix
    silent: NDArray[np.bool_]
    window: Window
    closures: Sequence[Closure]
    shut: Shut
    fps: float


def compare(real: Real, drawn: Iterable[Image]) -> dict[str, float]:
    """Measure one drawn clip, picture by picture; the keys carry their units.

    ``closures_real`` and ``closures_met`` are counts: p, b, m in which the real lips
    shut, and those of them in which the drawn lips shut too.
    """
    canon = real.window.canon
    box = mouth_box(canon)
    sums: dict[str, list[float]] = {"mouth_psnr_db": [], "mouth_ssim": []}
    sums["unlikeness"] = []
    edge, sharpness = Edge(real.window), Sharpness()
    found: list[NDArray[np.float32] | None] = []
    with follow_faces() as follower:
        for t, frame in enumerate(drawn):
            found.append(follower.look(frame))
            a = upright(real.frames[t], real.poses[t], canon)
            b = upright(frame, real.poses[t], canon)
            sums["mouth_psnr_db"].append(psnr(a[box], b[box]))
            sums["mouth_ssim"].append(ssim(a[box], b[box]))
            if t % _LIKENESS_EVERY == 0:
                sums["unlikeness"].append(unlikeness(a[box], b[box]))
            if t % _EDGE_EVERY == 0:
                edge.see(a, b)
            if found[-1] is not None:
                sharpness.see(real.frames[t], frame, real.points[t], found[-1])
    points = join_track(found, np.arange(len(found), dtype=np.float64)).points
    count = len(points)
    return {
        **lips_only(real.points[:count], points, real.silent[:count]),
        **{key: float(np.mean(values)) for key, values in sums.items()},
        **sharpness.figures(),
        **edge.figures(),
        **closed(real, points),
    }


def closed(real: Real, drawn: NDArray[np.float32]) -> dict[str, float]:
    """Count the closures of the real lips, and those that the drawn lips share.

    A mouth that never opens shares them all, so beside them stands ``opened_share``:
    of the frames in which the real mouth is clearly open, those in which the drawn one
    is not shut.
    """
    openings = [opening(real.points[: len(drawn)]), opening(drawn)]
    pictures = shut_pictures(openings[0], real.closures, real.shut.real, real.fps)
    met = [
        shut_then(openings[1], picture, real.shut.drawn)
        for picture in pictures
        if picture is not None
    ]
    figures = {"closures_real": float(len(met)), "closures_met": float(sum(met))}
    is_open = openings[0] > _CLEARLY * real.shut.real
    if is_open.any():
        kept = openings[1][is_open] > real.shut.drawn
        figures["opened_share"] = float(kept.mean())
    return figures


def lips_only(
    real: NDArray[np.float32], drawn: NDArray[np.float32], silent: NDArray[np.bool_]
) -> dict[str, float]:
    """The measures that need landmarks alone, both clips frame by frame."""
    eyes = _span(real, 33, 263)
    apart = np.linalg.norm(drawn[:, LIPS] - real[:, LIPS], axis=2).mean(axis=1)
    a, b = opening(drawn), opening(real)
    measures = {
        "aperture_r": correlation(a, b),
        "width_r": correlation(width(drawn), width(real)),
        "lmd_iod_percent": float(100 * (apart / eyes).mean()),
        "aperture_sd_ratio": float(a.std() / max(b.std(), 1e-9)),
        "jitter": _jitter(drawn) / max(_jitter(real), 1e-9),
        "lag_frames": lag(a, b),
    }
    if silent.sum() > 5:
        ratio = a[silent].std() / max(b[silent].std(), 1e-9)
        measures["silence_sd_ratio"] = float(ratio)
    return measures


def _jitter(points: NDArray[np.float32]) -> float:
    """Mean second difference of the lips about their own middle, in pixels."""
    lips = points[:, list(LIPS)]
    lips = lips - lips.mean(axis=1, keepdims=True)
    return float(np.linalg.norm(np.diff(lips, 2, axis=0), axis=2).mean())
