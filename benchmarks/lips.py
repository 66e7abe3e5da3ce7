"""How well the mouth follows: train on one person's clips, render their others.

Usage::

    python -m benchmarks.lips --train FOLDER --test FOLDER --out DIR
        [--minutes M] [--seeds 0,1,2] [--quick N] [--voices N]
    python -m benchmarks.lips --presenter --out DIR
    python -m benchmarks.lips --people FOLDER --out DIR [--force-short]

Every test clip is rendered from its sound alone: its own lower face is covered by the
drawn one; the pose is read from eyes and nose, the light from the skin above the
mask. Beside the engine stand the film as it is written (``engine_film``), the ceiling
(``oracle``: the basis told the real mouth), the floor (``mean``: the average mouth),
the control (``wrong_input``: another clip's sound) and ``cross`` (this clip's sound
over another clip's pictures). Figures are medians over clips, then over seeds; closures
are pooled. DIR gets ``results.json``, a film and a contact sheet per clip.

``--presenter`` draws the demo presenter's own clips first; ``--people`` takes a folder
of several people's clips, trains on three fifths of each and says where the app would
refuse; ``--force-short`` shows what would come of it, which the app never does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

if not __package__:  # run by its path: an installed package is called benchmarks too
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np

from avatar_app.enroll.advice import ADVISED_SECONDS
from avatar_app.errors import AvatarError
from avatar_app.studio import calm_threads
from avatar_app.vault.vault import Vault
from benchmarks.drawing import SYSTEMS, Gallery, Row, measure_clip
from benchmarks.footage import Footage, clips_in, parted, people_in, words_of
from benchmarks.goals import Results, print_goals
from benchmarks.measures import opening
from benchmarks.other_voices import Reading, judge_voice, voices
from benchmarks.presenter import draw_presenter
from benchmarks.subjects import Clip, enroll, learn, ready

_COUNTED = ("closures_real", "closures_met", "unrendered_pictures")
_SHARE = 0.6  # of each person's clips that is trained on
_LIMITS = (
    "avatar_app.enroll.interview.NEEDED_SECONDS",
    "avatar_app.fit.face.learning.NEEDED_SECONDS",
)
_FILMS = 2  # readings of each synthetic voice that are drawn and tracked


def main() -> None:
    """Train, render, measure, print, and write ``results.json``."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    calm_threads()
    cv2.setNumThreads(1)
    if options.people is not None:
        _people(options)
        return
    if options.presenter:
        options.train = options.test = draw_presenter(options.out / "presenter")
    train, tests = clips_in(options.train, "train"), _test_clips(options)
    if not tests:
        sys.exit("There is no clip to test on that was not trained on.")
    try:
        results = judge(train, tests, options, options.out)
    except AvatarError as error:
        sys.exit(f"{error} {error.remedy}")
    (options.out / "results.json").write_text(json.dumps(results, indent=1))
    print_goals(results)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=Path)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--presenter", action="store_true")
    parser.add_argument("--people", type=Path)
    parser.add_argument("--force-short", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--seeds", default="0", help="for example 0,1,2")
    parser.add_argument("--quick", type=int, default=0, help="test on so many clips")
    parser.add_argument(
        "--voices", type=int, default=25, help="texts they read; 0: none"
    )
    options = parser.parse_args()
    options.seeds = [int(seed) for seed in options.seeds.split(",")]
    if not (options.presenter or options.people) and not (
        options.train and options.test
    ):
        parser.error("give --train and --test, or --presenter, or --people")
    return options


def _test_clips(options: argparse.Namespace) -> list[Footage]:
    trained = {clip.path for clip in clips_in(options.train, "train")}
    tests = [c for c in clips_in(options.test, "heldout") if c.path not in trained]
    if not 0 < options.quick < len(tests):
        return tests
    chosen = np.linspace(0, len(tests) - 1, options.quick).round().astype(int)
    return [tests[index] for index in chosen]


def judge(
    train: Sequence[Footage],
    tests: Sequence[Footage],
    options: argparse.Namespace,
    out: Path,
) -> Results:
    """Enroll once, learn once per seed, measure; medians over seeds."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault.new(Path(folder) / "vault", "a passphrase for measuring")
        enrolled = enroll(train, vault, options.minutes)
        if enrolled.enrollment.take.seconds < ADVISED_SECONDS:
            seconds = enrolled.enrollment.take.seconds
            print(
                f"Warning: {seconds:.0f} s of footage, {ADVISED_SECONDS:.0f} are "
                "advised; a mouth learned from less follows badly."
            )
        clips, level = ready(tests)
        print(f"{len(clips)} test clips; lips count as shut below {level.real:.4f}")
        by_seed: dict[str, Results] = {}
        for seed in options.seeds:
            face, build = learn(enrolled, seed)
            print(f"seed {seed}: built in {build['build_cpu_s']:.0f} CPU s: {build}")
            start = time.process_time()
            gallery = Gallery(face, clips, level)
            results = _measured(gallery, out)
            results["voices"] = _voices(gallery, options.voices)
            results["plain"] = {**build, "measure_cpu_s": time.process_time() - start}
            by_seed[str(seed)] = results
    together = _medians(list(by_seed.values()))
    build = together.pop("plain")
    return {**together, **build, "shut_level": level.real, "seeds": by_seed}


def _measured(gallery: Gallery, out: Path) -> Results:
    """Every system over every clip."""
    rows: dict[str, list[Row]] = {}
    for index, clip in enumerate(gallery.clips):
        told = measure_clip(gallery, index, out)
        for name, row in told.items():
            rows.setdefault(name, []).append(row)
        print(f"  {clip.name}: {_line(told['engine'])}", flush=True)
    return {name: _over_clips(rows[name]) for name in SYSTEMS if name in rows}


def _over_clips(rows: list[Row]) -> Row:
    """Medians; closures and unrendered pictures are counted together."""
    keys = dict.fromkeys(key for row in rows for key in row)
    told = {
        key: float(np.median([row[key] for row in rows if key in row]))
        for key in keys
        if key not in _COUNTED
    }
    for key in _COUNTED:
        if any(key in row for row in rows):
            told[key] = float(sum(row.get(key, 0.0) for row in rows))
    if told.get("closures_real"):
        told["closures_share"] = told["closures_met"] / told["closures_real"]
    return told


def _voices(gallery: Gallery, most: int) -> dict[str, Row]:
    """What each synthetic voice brings the mouth to."""
    spoken = [i for i, clip in enumerate(gallery.clips) if clip.footage.text][:most]
    if len(spoken) < 3:
        return {}
    readings = [_reading(gallery.clips[i]) for i in spoken]
    names, missing = voices()
    if missing:
        print(missing)
    return {
        name: judge_voice(
            gallery.face,
            name,
            readings,
            lambda number, motion: gallery.said(spoken[number], motion),
            _FILMS,
            gallery.level.real,
        )
        for name in names
    }


def _reading(clip: Clip) -> Reading:
    return Reading(
        clip.footage.text,
        clip.sound,
        opening(clip.track.points),
        clip.fps,
        words_of(clip.footage),
    )


def _medians(results: Sequence[Results]) -> Results:
    """Medians over seeds, part by part."""
    together: Results = {}
    for key, first in results[0].items():
        values = [one[key] for one in results]
        if isinstance(first, dict):
            together[key] = _medians([v for v in values if isinstance(v, dict)])
        else:
            told = [v for v in values if isinstance(v, float | int)]
            together[key] = float(np.median(told))
    return together


def _people(options: argparse.Namespace) -> None:
    """Judge every person of a folder, or say why not; never fails for one of them."""
    everyone: dict[str, Results] = {}
    with contextlib.ExitStack() as stack:
        if options.force_short:  # only here: the app's own limits stand
            for place in _LIMITS:
                stack.enter_context(mock.patch(place, 0.0))
        for person, clips in people_in(options.people).items():
            print(f"{person}:")
            train, tests = parted(clips, _SHARE)
            try:
                told = judge(train, tests, options, options.out / person)
            except AvatarError as error:
                print(f"  refused: {error} {error.remedy}")
                told = {"refused": str(error)}
            for name in SYSTEMS:
                if name in told:
                    print(f"  {name:12s} {_line(told[name])}")
            everyone[person] = told
    (options.out / "results.json").write_text(json.dumps(everyone, indent=1))


def _line(row: Row) -> str:
    return " ".join(f"{key} {value:.3f}" for key, value in row.items())


if __name__ == "__main__":
    main()
