"""Does the advice see what a mouth is learned from? Subsets of one length, compared.

Usage::

    python -m benchmarks.advice --train FOLDER --test FOLDER [--seconds 60] [--chance 3]

From one person's clips subsets of the same length are taken: one that the advice finds
richest in shapes of the mouth, one that it finds poorest, some by chance. A subset by
chance that holds clips which the advice calls odd is also taken with others instead of
them. Each is learned from and judged on the same held-out clips; at the end stands how
the number of shapes and the quality rank together. A handful of subsets of one person
is a hint, not a proof.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

if not __package__:  # run by its path: an installed package is called benchmarks too
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from scipy.stats import spearmanr

from avatar_app.enroll.advice import Advisor
from avatar_app.enroll.enrollment import Enrollment
from avatar_app.enroll.interview import survey_take
from avatar_app.enroll.tracking import reopen_track
from avatar_app.fit.face.learning import fit_face
from avatar_app.vault.vault import Vault
from avatar_app.work import carry_out
from benchmarks.closures import Shut
from benchmarks.drawing import Gallery, measure_engine
from benchmarks.footage import clips_in, take_of
from benchmarks.subjects import Clip, ready

KEYS = ("aperture_r", "width_r", "lmd_iod_percent", "mouth_psnr_db", "mouth_ssim")
Numbers = tuple[int, ...]


def main() -> None:
    """Choose subsets, learn from each, judge them all alike, print."""
    options = _options()
    cv2.setNumThreads(1)
    tests, level = ready(clips_in(options.test, "heldout")[: options.clips])
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault.new(Path(folder) / "vault", "a passphrase for measuring")
        take = take_of(clips_in(options.train, "train"), vault)
        whole = carry_out(survey_take(take, "evaluation"))
        rows = []
        for name, subset in _subsets(whole, options):
            shapes, sounds, odd = _counted(whole, subset)
            quality = _quality(_part(whole, subset), tests, level, options.seed)
            rows.append((shapes, *quality))
            told = " ".join(f"{k} {v:.3f}" for k, v in zip(KEYS, quality, strict=True))
            known = f"shapes {shapes:3d} sounds {sounds:2d} odd {odd}"
            print(f"{name:15s} {known}  {told}", flush=True)
    table = np.array(rows, np.float64)
    for column, key in enumerate(KEYS, 1):
        rho = float(spearmanr(table[:, 0], table[:, column]).statistic)
        print(f"rank correlation of shapes and {key}: {rho:+.2f} (n = {len(table)})")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--chance", type=int, default=3, help="subsets by chance")
    parser.add_argument("--clips", type=int, default=8, help="held-out clips to judge")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _subsets(
    whole: Enrollment, options: argparse.Namespace
) -> list[tuple[str, Numbers]]:
    random = np.random.default_rng(options.seed)
    every = len(whole.take.clips)
    count = round(options.seconds / (whole.take.seconds / every))
    by_chance: list[tuple[str, Numbers]] = []
    for number in range(options.chance):
        order = [int(n) for n in random.permutation(every)]
        subset, spare = order[:count], order[count:]
        by_chance.append((f"chance {number}", tuple(sorted(subset))))
        while _counted(whole, tuple(subset))[2] and spare:
            # The one without which the fewest are odd makes room.
            subset.remove(min(subset, key=lambda n: _odd_without(whole, subset, n)))
            subset.append(spare.pop(0))
        if len(spare) < every - count:
            by_chance.append((f"chance {number} mended", tuple(sorted(subset))))
    return [
        ("poorest", _greedily(whole, count, min)),
        ("richest", _greedily(whole, count, max)),
        *by_chance,
    ]


def _greedily(whole: Enrollment, count: int, best: Callable[..., int]) -> Numbers:
    """Add the clip after which there are most, or fewest, shapes."""
    chosen: list[int] = []
    while len(chosen) < count:
        rest = [n for n in range(len(whole.take.clips)) if n not in chosen]
        chosen.append(best(rest, key=lambda n: _counted(whole, (*chosen, n))))
    return tuple(sorted(chosen))


_tracks: dict[str, object] = {}


def _odd_without(whole: Enrollment, subset: list[int], number: int) -> int:
    return _counted(whole, tuple(n for n in subset if n != number))[2]


def _counted(whole: Enrollment, subset: Numbers) -> tuple[int, int, int]:
    """How many shapes, sounds and odd clips the advice sees in some clips."""
    take = whole.take
    advisor = Advisor(take.fps)
    for number in subset:
        name = whole.tracks[number]
        track = _tracks.get(name) or reopen_track(take.shelf, name)
        _tracks[name] = track
        clip = take.clips[number]
        advisor.hear(track, clip.purpose, clip.text)  # type: ignore[arg-type]
    values = {finding.name: int(finding.value) for finding in advisor.findings()}
    return values["shapes"], values.get("sounds", 0), values["odd"]


def _part(whole: Enrollment, subset: Numbers) -> Enrollment:
    clips = tuple(whole.take.clips[n] for n in subset)
    tracks = tuple(whole.tracks[n] for n in subset)
    return replace(whole, take=replace(whole.take, clips=clips), tracks=tracks)


def _quality(
    part: Enrollment, clips: list[Clip], level: Shut, seed: int
) -> list[float]:
    """Medians over the held-out clips."""
    gallery = Gallery(carry_out(fit_face(part, seed)).face, clips, level)
    rows = []
    for index in range(len(clips)):
        measures = measure_engine(gallery, index)
        rows.append([measures[key] for key in KEYS])
    return [float(x) for x in np.median(rows, axis=0)]


if __name__ == "__main__":
    main()
