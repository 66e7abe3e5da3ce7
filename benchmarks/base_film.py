"""The base of a film: does the head jump, do the eyes blink, and what does it cost?

Usage::

    python -m benchmarks.base_film --vault DIR --passphrase WORDS --out DIR
    python -m benchmarks.base_film --train FOLDER --out DIR [--minutes 2]

An avatar is opened, or a face is learned from a folder of clips. Then a film of only
its base is made, without a mouth, and *followed again* by the face mesh: steps of the
head and blinks are counted in the film's own pictures, not in the plan. The same
figures of the person's clips stand beside them (``own``). To and fro over the longest
clip is the control.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

if __name__ == "__main__":  # run by its path, the project is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from avatar_app.capture.clips import read_frames
from avatar_app.capture.take import Origin
from avatar_app.enroll.interview import survey_take
from avatar_app.enroll.tracking import FaceTrack, follow_faces, join_track
from avatar_app.fit.avatar import Avatar, Card
from avatar_app.fit.face.blinks import eye_opening, find_blinks
from avatar_app.fit.face.crops import Planes, split_planes
from avatar_app.fit.face.idle import Idle, copy_films, film_name, reopen_idle
from avatar_app.fit.face.learning import fit_face
from avatar_app.perform.gestures import Cue
from avatar_app.perform.performance import Passage, Performance
from avatar_app.render.base import Base
from avatar_app.render.watching import report_on
from avatar_app.shelf import Shelf
from avatar_app.studio import calm_threads
from avatar_app.vault.vault import Vault
from avatar_app.work import carry_out
from benchmarks.footage import clips_in, take_of

PASSPHRASE = "a passphrase for measuring"
_SETTLING = 3  # frames after which the face mesh has found its feet
_RIGID = (33, 263, 4)


def main() -> None:
    """Make the films, follow them, print and write results.json."""
    options = _options()
    calm_threads()
    options.out.mkdir(parents=True, exist_ok=True)
    shelf, idle = _opened(options)
    own = _own(shelf, idle)
    results: dict[str, Any] = {"footage": _footage(idle), "own": own}
    lone = replace(idle, leave=idle.leave[:0], enter=idle.enter[:0])
    lone = replace(lone, cost=idle.cost[:0], overlap=idle.overlap[:0])
    for name, notes in (("walk", idle), ("to_and_fro", lone)):
        path = options.out / f"{name}.mp4"
        results[name] = _film(shelf, notes, options.minutes, path, nods=name == "walk")
    for name, row in results.items():
        print(f"{name:12s} " + "  ".join(f"{k} {v}" for k, v in row.items()))
    (options.out / "results.json").write_text(json.dumps(results, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vault", type=Path, help="of an avatar that was made")
    parser.add_argument("--passphrase", default=PASSPHRASE)
    parser.add_argument("--train", type=Path, help="clips of one person")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=2.0)
    return parser.parse_args()


def _opened(options: argparse.Namespace) -> tuple[Shelf, Idle]:
    if options.vault is not None:
        shelf = Vault.unlock(options.vault, options.passphrase)
        return shelf, reopen_idle(shelf)
    place = options.out / "vault"
    if Vault.exists(place):
        shelf = Vault.unlock(place, PASSPHRASE)
        return shelf, reopen_idle(shelf)
    shelf = Vault.new(place, PASSPHRASE)
    take = take_of(clips_in(options.train, "train"), shelf)
    learned = carry_out(fit_face(carry_out(survey_take(take, "Base film"))))
    copy_films(take, learned.idle_clips, shelf)
    learned.idle.keep(shelf)
    return shelf, learned.idle


def _footage(idle: Idle) -> dict[str, Any]:
    gestures = sum(last - first + 1 for first, last in idle.gestures.values())
    seconds = (len(idle) - gestures) / float(idle.fps[0])
    return {
        "clips": len(idle.clips) - len(idle.gestures),
        "seconds": round(seconds, 1),
        "joins": len(idle.joins),
        "blinks_a_minute": round(60 * len(idle.blinks) / seconds, 1),
        "gestures": sorted(idle.gestures),
        "yaw_pitch_roll_low": [round(float(x), 1) for x in idle.low],
        "yaw_pitch_roll_high": [round(float(x), 1) for x in idle.high],
    }


def _own(shelf: Shelf, idle: Idle) -> dict[str, Any]:
    """The person's own clips, followed as the films will be."""
    steps, changes = [], []
    for number in range(len(idle.clips) - len(idle.gestures)):
        track, change = _followed(_played(shelf, number))
        steps.append(_head_steps(track))
        changes.append(change)
    return _step_row(np.concatenate(steps)) | {
        "picture_change_p99": round(
            float(np.percentile(np.concatenate(changes), 99)), 3
        )
    }


def _played(shelf: Shelf, clip: int) -> Iterator[Planes]:
    for frame in read_frames(shelf, film_name(clip)):
        yield np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8)


def _film(
    shelf: Shelf, idle: Idle, minutes: float, path: Path, *, nods: bool
) -> dict[str, Any]:
    """Make a base film, follow it, and measure it."""
    fps, frames = float(idle.fps[0]), round(60 * minutes * float(idle.fps[0]))
    at = np.arange(4.0, 60 * minutes, 4.0) if nods else np.zeros(0)
    cues = tuple(Cue(name, 20.0 + 10 * k) for k, name in enumerate(idle.gestures))
    passage = Passage(
        "", "", "", 60 * minutes, (), cues if nods else (), tuple(at.tolist())
    )
    base = Base(_performance(shelf, idle, passage), idle)
    spent = 0.0
    writer = None

    def made() -> Iterator[Planes]:
        nonlocal spent, writer
        for number in range(frames):
            began = time.process_time()
            planes = base.at(number).planes
            spent += time.process_time() - began
            if writer is None:
                size = (planes.shape[1], planes.shape[0] * 2 // 3)
                code = cv2.VideoWriter.fourcc(*"mp4v")
                writer = cv2.VideoWriter(str(path), code, fps, size)
            writer.write(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420))
            yield planes

    track, change = _followed(made())
    assert writer is not None
    writer.release()
    report = report_on(idle, base, frames, fps)
    steps = _head_steps(track)
    blinks = find_blinks(eye_opening(track.points)[_SETTLING:], fps)
    melting = base.walk.second >= 0
    inside = (melting[1:] | melting[:-1])[_SETTLING:]
    row = _step_row(steps)
    if inside.any():
        row["step_at_joins_max"] = round(float(steps[inside].max()), 5)
        row["picture_change_at_joins_p99"] = round(
            float(np.percentile(change[inside[: len(change)]], 99)), 3
        )
    return row | {
        "picture_change_p99": round(float(np.percentile(change, 99)), 3),
        "blinks_a_minute_seen": round(len(blinks) / minutes, 1),
        "blinks_a_minute": report.blinks_a_minute,
        "cut_blinks": report.cut_blinks,
        "joins": report.joins,
        "turns": report.turns,
        "again_after_s": report.again_after_seconds,
        "share_melting": round(float(melting.mean()), 3),
        "nods": report.nods,
        "gestures": list(report.gestures),
        "planned_step_at_joins": report.largest_step_at_joins,
        "planned_usual_step": report.usual_step,
        "base_cpu_ms": round(1000 * spent / frames, 2),
    }


def _performance(shelf: Shelf, idle: Idle, passage: Passage) -> Performance:
    """A performance in which nothing is said."""
    first = next(_played(shelf, 0))
    size = (first.shape[1], first.shape[0] * 2 // 3)
    fps = float(idle.fps[0])
    card = Card("", Origin.BENCH.value, "", *size, fps, "", 0.0, 0.0)
    return Performance(Avatar(shelf, card), (passage,))


def _followed(frames: Iterator[Planes]) -> tuple[FaceTrack, NDArray[np.float64]]:
    """Follow the face; beside it, how much the picture changes (grey levels, rms)."""
    found: list[NDArray[np.float32] | None] = []
    changes: list[float] = []
    last: NDArray[np.float32] | None = None
    with follow_faces() as follower:
        for planes in frames:
            pixels = cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420)
            found.append(follower.look(np.asarray(pixels, np.uint8)))
            luma = split_planes(planes)[0]
            less = cv2.resize(luma, (160, 90), interpolation=cv2.INTER_AREA)
            small = np.asarray(less, np.float32)
            if last is not None:
                changes.append(float(np.sqrt(((small - last) ** 2).mean())))
            last = small
    track = join_track(found, np.arange(len(found), dtype=np.float64))
    return track, np.array(changes[_SETTLING:])


def _head_steps(track: FaceTrack) -> NDArray[np.float64]:
    """How far eye corners and nose move between pictures, in eye distances."""
    points = track.points[:, list(_RIGID)].astype(np.float64)
    unit = float(np.median(np.linalg.norm(points[:, 1] - points[:, 0], axis=1)))
    points = gaussian_filter1d(points, 1.0, axis=0, mode="nearest")
    steps = np.linalg.norm(np.diff(points, axis=0), axis=2).max(axis=1) / unit
    return np.asarray(steps[_SETTLING:], np.float64)


def _step_row(steps: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "step_median": round(float(np.median(steps)), 5),
        "step_p99": round(float(np.percentile(steps, 99)), 5),
        "step_max": round(float(steps.max()), 5),
    }


if __name__ == "__main__":
    main()
