"""How well the mouth follows: train on one person's clips, render their others.

Usage::

    python -m benchmarks.lips --train FOLDER --test FOLDER --out DIR [--minutes M]

Every test clip is rendered from its sound alone: its own lower face is covered by the
drawn one; the pose is read from eyes and nose, the light from the skin above the
mask. Beside the engine stand the ceiling (``oracle``: the basis told the real mouth),
the floor (``mean``: the average mouth), the control (``wrong_input``: another clip's
sound) and ``cross`` (this clip's sound over another clip's pictures).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

if not __package__:  # run by its path: an installed package is called benchmarks too
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.clips import colors_of
from avatar_app.enroll.interview import survey_take
from avatar_app.enroll.tracking import FaceTrack, follow_faces, join_track
from avatar_app.errors import AvatarError
from avatar_app.fit.face.crops import Planes
from avatar_app.fit.face.learning import fit_face
from avatar_app.fit.face.listening import level, listen
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.fit.face.steadying import Steady
from avatar_app.fit.face.strips import Strip, cut_strip
from avatar_app.fit.face.studying import slow_light, view_of
from avatar_app.media import Sound
from avatar_app.perform.motion import MouthMotion, move_mouth
from avatar_app.render.export import FilmWriter, planes_of
from avatar_app.render.mark import Marks
from avatar_app.render.pasting import Paster
from avatar_app.vault.vault import Vault
from avatar_app.work import Progress, carry_out
from benchmarks.footage import Footage, clips_in, fps_of, pictures_of, sound_of, take_of
from benchmarks.measures import Frames, Real, compare, lips_only, track

KEYS = (
    "aperture_r",
    "width_r",
    "lmd_iod_percent",
    "mouth_psnr_db",
    "mouth_ssim",
    "sharpness",
    "jitter",
    "lag_frames",
    "silence_sd_ratio",
    "aperture_sd_ratio",
)


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """One test clip, prepared."""

    footage: Footage
    frames: Frames
    planes: list[Planes]
    sound: Sound
    fps: float
    strip: Strip
    real: Real


def main() -> None:
    """Train, render, measure, print, and write ``results.json``."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    clips = _test_clips(options)
    if not clips:
        sys.exit("There is no clip to test on that was not trained on.")
    try:
        with tempfile.TemporaryDirectory() as folder:
            face, build = _build(options, Path(folder) / "vault")
    except AvatarError as error:
        sys.exit(f"{error} {error.remedy}")
    print(f"built in {build['build_cpu_s']:.0f} CPU s: {build}")
    tests = [_test(face, clip) for clip in clips]
    results = measure(face, tests, options.out)
    _print(results)
    everything = {**results, **build}
    (options.out / "results.json").write_text(json.dumps(everything, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _test_clips(options: argparse.Namespace) -> list[Footage]:
    tests = clips_in(options.test, "heldout")
    trained = {clip.path for clip in clips_in(options.train, "train")}
    return [clip for clip in tests if clip.path not in trained]


def _build(
    options: argparse.Namespace, folder: Path
) -> tuple[PersonalFace, dict[str, float]]:
    vault = Vault.new(folder, "a passphrase for measuring")
    take = take_of(clips_in(options.train, "train"), vault, options.minutes)
    start, wall = time.process_time(), time.monotonic()
    enrollment = carry_out(survey_take(take, "evaluation"))
    tracked = time.process_time()
    clock = _Stages()
    face = carry_out(fit_face(enrollment, options.seed), clock).face
    end = time.process_time()
    return face, {
        "build_cpu_s": end - start,
        "build_wall_s": time.monotonic() - wall,
        "track_cpu_s": tracked - start,
        "footage_s": take.seconds,
        **{f"stage_cpu_s {name}": spent for name, spent in clock.spent.items()},
        **{f"left_out {name}": value for name, value in face.quality.items()},
    }


class _Stages:
    """CPU seconds by what the job said it was doing."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._last = time.process_time()

    def __call__(self, step: Progress) -> None:
        now = time.process_time()
        self.spent[step.saying] = self.spent.get(step.saying, 0.0) + now - self._last
        self._last = now


def _test(face: PersonalFace, footage: Footage) -> Test:
    pictures = list(pictures_of(footage.path))
    frames = [picture.pixels for picture in pictures]
    planes = [planes_of(frame) for frame in frames]
    sound, fps = sound_of(footage.path), fps_of(footage.path)
    followed = _follow(frames, fps)
    steady = Steady(face.canon)
    steady.restore(face.patch)
    heard = listen(level(sound), followed.seconds, fps)
    strip = cut_strip(iter(planes), followed, heard, face.window, steady)
    silent = _silence(footage.path, sound, len(frames), fps)
    real = Real(frames, followed.points, strip.poses, silent, face.canon)
    return Test(footage, frames, planes, sound, fps, strip, real)


def _follow(frames: Frames, fps: float) -> FaceTrack:
    with follow_faces() as follower:
        found = [follower.look(frame) for frame in frames]
    return join_track(found, np.arange(len(found)) / fps)


def _silence(path: Path, sound: Sound, frames: int, fps: float) -> NDArray[np.bool_]:
    """Frames well inside silence, by the word times beside the clip or by loudness."""
    silent = np.zeros(frames, np.bool_)
    words = path.with_suffix(".align")
    if words.exists():
        for line in words.read_text().splitlines():
            start, end, word = line.split()
            if word in ("sil", "sp"):
                first, last = (int(t) / 25000 * fps for t in (start, end))
                silent[int(first) + 1 : max(0, int(last) - 1)] = True
        return silent
    size = round(sound.rate_hz / fps)
    padded = np.pad(sound.samples, (0, max(0, frames * size - len(sound.samples))))
    power = (padded[: frames * size].reshape(frames, size) ** 2).mean(axis=1)
    quiet = power < 1e-3 * np.percentile(power, 95)
    around = np.ones(5)
    inside: NDArray[np.bool_] = np.convolve(quiet, around, "same") >= 5
    return inside


def draw_clip(
    face: PersonalFace, paster: Paster, test: Test, motion: MouthMotion
) -> Iterator[Planes]:
    """Render one clip with a mouth motion."""
    setting = face.setting(view_of(test.strip, face.lighting))
    drawn = face.draw(motion.rows, motion.picks, setting)
    yield from _paste(face, paster, test, drawn)


def _paste(
    face: PersonalFace, paster: Paster, test: Test, drawn: NDArray[np.float32]
) -> Iterator[Planes]:
    light = slow_light(test.strip.light)
    for t, planes in enumerate(test.planes):
        frame = planes.copy()
        place = paster.place(frame, test.strip.poses[t])
        lit = face.lighting.cast(drawn[t : t + 1], light[t : t + 1])[0]
        paster.paste(frame, place, lit)
        yield frame


def measure(
    face: PersonalFace, tests: list[Test], out: Path
) -> dict[str, dict[str, float]]:
    """Render and measure every system; medians over the clips."""
    paster = Paster(face)
    scores: dict[str, list[dict[str, float]]] = {}
    motions = [move_mouth(face, t.sound, len(t.planes), t.fps) for t in tests]
    for index, test in enumerate(tests):
        wrong = _fitted(motions[(index + 5) % len(tests)], len(test.planes))
        light = slow_light(test.strip.light)
        even = face.lighting.remove(test.strip.pixels, light)
        oracle = face.basis.draw(face.basis.measure(even))
        mean = np.repeat(face.basis.mean[None], len(test.planes), axis=0)
        engine = list(draw_clip(face, paster, test, motions[index]))
        film = write_film(out, test, engine)
        systems = {
            "engine": [_bgr(p) for p in engine],
            "engine_film": [p.pixels for p in pictures_of(film)],
            "oracle": [_bgr(p) for p in _paste(face, paster, test, oracle)],
            "mean": [_bgr(p) for p in _paste(face, paster, test, mean)],
            "wrong_input": [_bgr(p) for p in draw_clip(face, paster, test, wrong)],
        }
        for name, frames in systems.items():
            scores.setdefault(name, []).append(compare(test.real, frames))
        scores.setdefault("cross", []).append(
            _cross(face, paster, tests, motions, index)
        )
        print(f"  {test.footage.path.name}: {_line(scores['engine'][-1])}", flush=True)
    return {name: _median(rows) for name, rows in scores.items()}


def _cross(
    face: PersonalFace,
    paster: Paster,
    tests: list[Test],
    motions: list[MouthMotion],
    index: int,
) -> dict[str, float]:
    """This clip's sound over the next clip's pictures, against this clip's lips."""
    other = tests[(index + 1) % len(tests)]
    motion = _fitted(motions[index], len(other.planes))
    drawn = track(_bgr(p) for p in draw_clip(face, paster, other, motion))
    count = min(len(drawn), len(tests[index].frames))
    said = tests[index].real
    measures = lips_only(said.points[:count], drawn[:count], said.silent[:count])
    del measures["lmd_iod_percent"]  # the heads are in different places
    return measures


def _fitted(motion: MouthMotion, pictures: int) -> MouthMotion:
    """The same motion, cut or held to another length."""
    take = np.minimum(np.arange(pictures), len(motion) - 1)
    return MouthMotion(motion.rows[take], motion.picks[take])


def write_film(out: Path, test: Test, frames: list[Planes]) -> Path:
    """Write a rendered clip with its sound, marked like every film."""
    height, width = frames[0].shape[0] * 2 // 3, frames[0].shape[1]
    path = out / f"{test.footage.path.stem}.mp4"
    marks = Marks(width, height, is_demo=False)
    note = "Rendered for evaluation from a person's own footage."
    with FilmWriter(
        path, width, height, test.fps, 48000, origin_note=note, title=path.stem
    ) as film:
        film.sound(test.sound.at(48000).samples)
        for number, planes in enumerate(frames):
            marked = planes.copy()
            marks.stamp(marked, number / test.fps)
            film.yuv(marked)
    return path


def _bgr(planes: Planes) -> NDArray[np.uint8]:
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    space = colors_of(frame.height).space
    pixels = frame.to_ndarray(format="bgr24", src_colorspace=space)
    return np.asarray(pixels, np.uint8)


def _median(rows: list[dict[str, float]]) -> dict[str, float]:
    return {
        key: float(np.median([row[key] for row in rows if key in row]))
        for key in KEYS
        if any(key in row for row in rows)
    }


def _line(row: dict[str, float]) -> str:
    return " ".join(f"{key} {row[key]:.3f}" for key in KEYS if key in row)


def _print(results: dict[str, dict[str, float]]) -> None:
    for name, row in results.items():
        print(f"{name:12s} {_line(row)}")


if __name__ == "__main__":
    main()
