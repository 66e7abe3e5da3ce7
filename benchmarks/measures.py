"""Measures of a drawn mouth against the real one, as docs and notes quote them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.enroll.tracking import follow_faces, join_track
from avatar_app.fit.face.canon import LIPS, MOUTH_CORNERS, Canon, Matrix

Frames = list[NDArray[np.uint8]]
Floats = NDArray[np.float64]


def opening(points: NDArray[np.float32]) -> Floats:
    """(T,) inner lip height over the distance of the outer eye corners."""
    return _span(points, 13, 14) / _span(points, 33, 263)


def width(points: NDArray[np.float32]) -> Floats:
    """(T,) mouth corners' distance over the distance of the outer eye corners."""
    return _span(points, 61, 291) / _span(points, 33, 263)


def _span(points: NDArray[np.float32], a: int, b: int) -> Floats:
    return np.asarray(np.linalg.norm(points[:, a] - points[:, b], axis=1), np.float64)


def track(frames: Iterable[NDArray[np.uint8]]) -> NDArray[np.float32]:
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


def ssim(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Structural similarity (Wang et al., 2004), Gaussian window 1.5, per channel."""
    x, y = a.astype(np.float64), b.astype(np.float64)
    one, two = (0.01 * 255) ** 2, (0.03 * 255) ** 2

    def soft(z: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(z, (11, 11), 1.5), np.float64)

    mx, my = soft(x), soft(y)
    vx, vy, cov = soft(x * x) - mx**2, soft(y * y) - my**2, soft(x * y) - mx * my
    top = (2 * mx * my + one) * (2 * cov + two)
    return float((top / ((mx**2 + my**2 + one) * (vx + vy + two))).mean())


def psnr(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Peak signal to noise ratio in dB."""
    error = float(((a.astype(np.float64) - b.astype(np.float64)) ** 2).mean())
    return 10 * float(np.log10(255**2 / max(error, 1e-6)))


def _laplacian(frame: NDArray[np.uint8]) -> float:
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


@dataclass(frozen=True, slots=True, eq=False)
class Real:
    """A real clip to compare with: frames, landmarks, poses, silent frames."""

    frames: Frames
    points: NDArray[np.float32]
    poses: Matrix
    silent: NDArray[np.bool_]
    canon: Canon


def compare(real: Real, drawn: Frames) -> dict[str, float]:
    """Measure one drawn clip; the keys carry their units."""
    points = track(drawn)
    pictures = [_pictures(real, drawn[t], t) for t in range(len(drawn))]
    means = {
        key: float(np.mean([p[key] for p in pictures]))
        for key in ("mouth_psnr_db", "mouth_ssim")
    }
    real_edges = float(np.mean([p["edges_real"] for p in pictures]))
    drawn_edges = float(np.mean([p["edges_drawn"] for p in pictures]))
    return {
        **lips_only(real.points, points, real.silent),
        **means,
        "sharpness": drawn_edges / max(real_edges, 1e-9),
    }


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


def _pictures(real: Real, drawn: NDArray[np.uint8], t: int) -> dict[str, float]:
    canon, frame = real.canon, real.frames[t]
    size = (canon.width, canon.height)
    pose, unit = real.poses[t], canon.inter_ocular
    left, right = (canon.points[corner, 0] for corner in MOUTH_CORNERS)
    x0, x1 = int(left - 0.07 * unit), int(right + 0.07 * unit)
    y0 = max(0, int(canon.points[0, 1] - 0.1 * unit))
    y1 = int(canon.points[17, 1] + 0.17 * unit)
    a, b = (
        np.asarray(cv2.warpAffine(f, pose, size, flags=cv2.INTER_CUBIC), np.uint8)[
            y0:y1, x0:x1
        ]
        for f in (frame, drawn)
    )
    lips = real.points[t, list(LIPS)]
    margin = 0.06 * np.linalg.norm(real.points[t, 33] - real.points[t, 263])
    low = np.maximum(0, (lips.min(axis=0) - margin).astype(int))
    high = (lips.max(axis=0) + margin).astype(int)
    box = (slice(low[1], high[1]), slice(low[0], high[0]))
    return {
        "mouth_psnr_db": psnr(a, b),
        "mouth_ssim": ssim(a, b),
        "edges_real": _laplacian(frame[box]),
        "edges_drawn": _laplacian(drawn[box]),
    }
