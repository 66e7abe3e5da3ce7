"""Learn a person's face from their enrollment, stage by stage, each kept sealed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from avatar_app.capture.take import Purpose
from avatar_app.enroll.enrollment import Enrollment
from avatar_app.enroll.tracking import reopen_track
from avatar_app.errors import TooLittleFootage
from avatar_app.fit.basis import Basis, Setting, View, learn_basis, learn_setting
from avatar_app.fit.canon import LIPS, Canon, learn_canon, poses_of
from avatar_app.fit.crops import (
    Lighting,
    Window,
    lips_nearness,
    open_window,
    split_planes,
)
from avatar_app.fit.face import LIP_PARTS, Finish, Mouths, PersonalFace
from avatar_app.fit.idle import Idle, choose_clip, choose_span
from avatar_app.fit.listening import room_of
from avatar_app.fit.steadying import Steady
from avatar_app.fit.strips import Strip, planes_of_clip, reopen_strip, strip_of
from avatar_app.fit.texture import KEY_FRAMES, Texture, spread_out
from avatar_app.shelf import Shelf
from avatar_app.work import Job, Progress, share

Floats = NDArray[np.float32]
NEEDED_SECONDS = 20.0
_WORKPLACE = "fit/face-3/"  # another number where what is kept changes
_BASIS_FRAMES = 1200
_BASIS_BYTES = 400_000_000  # of float32 faces from which the basis is found
_DETAIL = 0.8
_AS_CRISP = 0.92  # as a real mouth; the last bit would be noise made sharp


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A face, and the clip in which it idles."""

    face: PersonalFace
    idle: Idle
    idle_clip: int


def fit_face(enrollment: Enrollment, seed: int = 0) -> Job[Learned]:
    """Learn the face; a job cut short goes on where it was.

    Raises:
        TooLittleFootage: Under 20 seconds of the clips show a speaking face.
    """
    shelf = enrollment.take.shelf
    window, steady = yield from share(_learn_window(enrollment), 0.0, 0.04)
    names = yield from share(_cut_strips(enrollment, window, steady), 0.04, 0.28)
    strips = _Strips(shelf, names)
    if strips.speaking_seconds(enrollment) < NEEDED_SECONDS:
        raise TooLittleFootage(strips.speaking_seconds(enrollment), NEEDED_SECONDS)
    lighting = Lighting(strips.usual_light(), int(window.kept.sum()))
    yield Progress(0.28, 1, "Finding what changes in your face")
    study = _study(strips, lighting, window, seed)
    trained = yield from share(_train(shelf, study, strips, seed), 0.36, 0.96)
    yield Progress(0.96, 1, "Keeping your teeth sharp")
    face = _finish(enrollment, window, steady, lighting, study, strips, trained)
    learned = _with_idle(enrollment, face, strips)
    for name in list(shelf.names(_WORKPLACE)):
        shelf.erase(name)
    return learned


def _with_idle(enrollment: Enrollment, face: PersonalFace, strips: _Strips) -> Learned:
    """Choose the idle film and note what is known of its frames."""
    take = enrollment.take
    number = choose_clip(take, [_measures(lips)[:, 0] for lips in strips.lips])
    track = reopen_track(take.shelf, enrollment.tracks[number])
    first, last = choose_span(track, take.width, take.height)
    strip, light = strips[number], strips.light[number]
    setting = face.setting(view_of(strip, face.lighting))
    span = slice(first, last + 1)
    idle = Idle(
        np.array([first], np.int32), strip.poses[span], light[span], setting[span]
    )
    return Learned(face, idle, number)


def _learn_window(enrollment: Enrollment) -> Job[tuple[Window, Steady]]:
    """The canonical face from all tracks, the steadying patch from some frames."""
    take = enrollment.take
    samples = []
    for number, name in enumerate(enrollment.tracks):
        track = reopen_track(take.shelf, name)
        samples.append(track.points[track.seen][::5])
        yield Progress(number, 2 * len(enrollment.tracks), "Measuring your face")
    canon = learn_canon(np.concatenate(samples))
    steady = Steady(canon)
    steady.learn(_some_frames(enrollment, canon))
    return open_window(canon), steady


def _some_frames(
    enrollment: Enrollment, canon: Canon, most: int = 60
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Luma and pose of frames from the first clips, every fifth one."""
    given = 0
    pairs = zip(enrollment.take.clips, enrollment.tracks, strict=True)
    for clip, name in pairs:
        poses = poses_of(reopen_track(enrollment.take.shelf, name).points, canon)
        frames = planes_of_clip(enrollment.take.shelf, clip)
        for index, planes in enumerate(frames):
            if index % 5 == 0:
                yield split_planes(planes)[0].copy(), poses[index]
                given += 1
            if given == most:
                frames.close()  # type: ignore[attr-defined]
                return


def _cut_strips(
    enrollment: Enrollment, window: Window, steady: Steady
) -> Job[list[str]]:
    take = enrollment.take
    names = []
    for number, (clip, track) in enumerate(
        zip(take.clips, enrollment.tracks, strict=True)
    ):
        name = f"{_WORKPLACE}strip-{number:03d}.safetensors"
        if name not in take.shelf:
            strip_of(take, clip, track, window, steady).keep(take.shelf, name)
        names.append(name)
        yield Progress(number + 1, len(take.clips), "Cutting out your mouth")
    return names


class _Strips:
    """The strips of a take, read one at a time; their small parts kept at hand."""

    def __init__(self, shelf: Shelf, names: Sequence[str]) -> None:
        self._shelf, self._names = shelf, names
        small = [self._small(reopen_strip(shelf, name)) for name in names]
        self.light = [s[0] for s in small]
        self.lips = [s[1] for s in small]
        self.rigid = [s[2] for s in small]
        self.heard = [s[3] for s in small]
        self.seen = [s[4] for s in small]
        self.lengths = [len(light) for light in self.light]

    @staticmethod
    def _small(
        strip: Strip,
    ) -> tuple[Floats, Floats, Floats, Floats, NDArray[np.bool_]]:
        light = slow_light(strip.light)
        return light, strip.lips, strip.rigid, strip.heard, strip.seen

    def __iter__(self) -> Iterator[Strip]:
        return (reopen_strip(self._shelf, name) for name in self._names)

    def __getitem__(self, number: int) -> Strip:
        return reopen_strip(self._shelf, self._names[number])

    def speaking_seconds(self, enrollment: Enrollment) -> float:
        pairs = zip(enrollment.take.clips, self.seen, strict=True)
        frames = sum(int(s.sum()) for c, s in pairs if c.purpose is Purpose.READING)
        return frames / enrollment.take.fps

    def usual_light(self) -> Floats:
        return np.asarray(np.median(np.concatenate(self.light), axis=0), np.float32)


def slow_light(light: Floats) -> Floats:
    """Light over a clip, smoothed: it flickers less than the pixels it is read from."""
    from scipy.ndimage import gaussian_filter1d

    smoothed: Floats = gaussian_filter1d(light, 3.0, axis=0, mode="nearest")
    return smoothed


@dataclass(frozen=True, slots=True, eq=False)
class _Study:
    """What every network learns from: the basis and each clip's standardized mouths."""

    basis: Basis
    setting: Setting
    mouths: Mouths
    rows: list[Floats]
    importance: Floats
    room: Floats


def _study(strips: _Strips, lighting: Lighting, window: Window, seed: int) -> _Study:
    basis = learn_basis(_sample(strips, lighting, window, seed), window.weight)
    coordinates, views = [], []
    for strip, light in zip(strips, strips.light, strict=True):
        coordinates.append(basis.measure(lighting.remove(strip.pixels, light)))
        views.append(view_of(strip, lighting))
    setting = learn_setting(views, coordinates)
    beyond = [c - setting(v) for c, v in zip(coordinates, views, strict=True)]
    lips = np.concatenate(strips.lips).reshape(-1, 2 * len(LIPS))
    lips_mean = lips.mean(axis=0)
    _, _, axes = np.linalg.svd((lips - lips_mean)[::3], full_matrices=False)
    lips_axes = axes[:LIP_PARTS].T.astype(np.float32)
    rows = []
    for own, shape in zip(beyond, strips.lips, strict=True):
        parts = (shape.reshape(len(shape), -1) - lips_mean) @ lips_axes
        rows.append(np.concatenate([own, parts, _measures(shape)], axis=1))
    together = np.concatenate(rows)
    mean, spread = together.mean(axis=0), together.std(axis=0) + 1e-6
    room = room_of(np.concatenate(strips.heard))
    mouths = Mouths(
        mean.astype(np.float32),
        spread.astype(np.float32),
        np.ones_like(mean, np.float32),
        lips_mean.astype(np.float32),
        lips_axes,
    )
    standard = [((r - mean) / spread).astype(np.float32) for r in rows]
    return _Study(basis, setting, mouths, standard, _importance(spread), room)


def view_of(strip: Strip, lighting: Lighting) -> View:
    """What of a strip is not the mouth."""
    light = slow_light(strip.light)
    return View(even_band(strip.band, light, lighting), strip.rigid, light)


def even_band(band: NDArray[np.uint8], light: Floats, lighting: Lighting) -> Floats:
    """(T, B) band luma brought to the usual light."""
    gain = np.clip(lighting.usual[0] / np.maximum(light[:, :1], 1.0), 0.7, 1.4)
    return np.asarray((band.astype(np.float32) - 16) * gain, np.float32)


def _sample(strips: _Strips, lighting: Lighting, window: Window, seed: int) -> Floats:
    """(N, D) faces in usual light from all over the take."""
    total = sum(strips.lengths)
    most = min(_BASIS_FRAMES, _BASIS_BYTES // (4 * len(window.weight)), total)
    random = np.random.default_rng(seed)
    wanted = np.sort(random.choice(total, most, replace=False))
    rows, start = [], 0
    for strip, light in zip(strips, strips.light, strict=True):
        end = start + len(light)
        own = wanted[(wanted >= start) & (wanted < end)] - start
        rows.append(lighting.remove(strip.pixels[own], light[own]))
        start = end
    return np.concatenate(rows)


def _measures(lips: Floats) -> Floats:
    """(T, 2) opening and width from (T, 40, 2) lip shapes."""
    opening = np.linalg.norm(lips[:, LIPS.index(13)] - lips[:, LIPS.index(14)], axis=1)
    width = np.linalg.norm(lips[:, LIPS.index(61)] - lips[:, LIPS.index(291)], axis=1)
    return np.asarray(np.stack([opening, width], axis=1), np.float32)


def _importance(spread: Floats) -> Floats:
    """(K + 12,) weights: what moves most matters most; opening and width twice."""
    coordinates = (spread[: -LIP_PARTS - 2] ** 2) ** 0.75
    shape = spread[-LIP_PARTS - 2 : -2] ** 2
    parts = [coordinates / coordinates.mean(), shape / shape.mean(), np.full(2, 2.0)]
    return np.asarray(np.concatenate(parts), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Trained:
    """The networks' weights, and what each said about the clips it had not seen."""

    weights: dict[str, Floats]
    unseen: dict[int, Floats]


def _train(shelf: Shelf, study: _Study, strips: _Strips, seed: int) -> Job[_Trained]:
    """Train the networks; each leaves out other clips, by which it is judged."""
    import torch

    from avatar_app.fit.lips import (
        Lesson,
        LipNetwork,
        LipSizes,
        move_lips,
        train_lips,
    )

    torch.set_num_threads(1)
    sizes = LipSizes(outputs=study.mouths.mean.size)
    lessons = [Lesson(h, r) for h, r in zip(strips.heard, study.rows, strict=True)]
    usable = [i for i, x in enumerate(lessons) if len(x.mouth) >= 8 and len(x.heard)]
    weights: dict[str, Floats] = {}
    unseen: dict[int, Floats] = {}
    count = len(sizes.ears)
    for number in range(count):
        left_out = usable[number::12] if len(usable) > count else []
        name = f"{_WORKPLACE}lips-{number}.safetensors"
        if name in shelf:
            own = load(shelf.read(name))
        else:
            taught = [lessons[i] for i in usable if i not in left_out]
            job = train_lips(taught, study.importance, sizes, number, seed)
            network = yield from share(job, number / count, (number + 1) / count)
            own = {
                k: v.detach().numpy().copy() for k, v in network.state_dict().items()
            }
            shelf.write(name, save(own))
        weights |= {f"lips.{number}.{key}": array for key, array in own.items()}
        alone = LipNetwork(sizes, number)
        alone.load_state_dict({k: torch.from_numpy(v) for k, v in own.items()})
        alone.eval()
        unseen |= {i: move_lips([alone], lessons[i].heard) for i in left_out}
    return _Trained(weights, unseen)


def _finish(
    enrollment: Enrollment,
    window: Window,
    steady: Steady,
    lighting: Lighting,
    study: _Study,
    strips: _Strips,
    trained: _Trained,
) -> PersonalFace:
    """Judge on unseen clips, restore liveliness and crispness, keep key frames."""
    from dataclasses import replace

    from avatar_app.fit.lips import LipSizes

    mouths, quality = _judge(study, trained)
    texture = _texture(strips, lighting, study, mouths)
    face = PersonalFace(
        window,
        steady.average,
        lighting,
        study.basis,
        study.setting,
        mouths,
        texture,
        Finish(_DETAIL, 0.0),
        study.room,
        enrollment.take.fps,
        LipSizes(outputs=mouths.mean.size),
        trained.weights,
        quality,
    )
    crispness = _crispness(face, strips, trained)
    return replace(face, finish=Finish(_DETAIL, crispness))


def _judge(study: _Study, trained: _Trained) -> tuple[Mouths, dict[str, float]]:
    """Compare unseen clips: what liveliness is lost, how well the opening follows."""
    from dataclasses import replace

    if not trained.unseen:
        return study.mouths, {}
    real = np.concatenate([study.rows[i] for i in trained.unseen])
    said = np.concatenate(list(trained.unseen.values()))
    lost = real.std(axis=0) / (said.std(axis=0) + 1e-6)
    # Beyond 1.35 noise is made louder, not the mouth livelier. Shapes get all of it;
    # looks half, since their error is seen and their fine structure comes anyway.
    liveliness = np.clip(lost, 1.0, 1.35).astype(np.float32)
    liveliness[: -LIP_PARTS - 2] = 0.5 + 0.5 * liveliness[: -LIP_PARTS - 2]
    follows = [
        float(np.corrcoef(study.rows[i][:, -2], s[:, -2])[0, 1])
        for i, s in trained.unseen.items()
    ]
    quality = {"opening_r": float(np.nanmedian(follows)), "clips": float(len(follows))}
    return replace(study.mouths, liveliness=liveliness), quality


def _texture(
    strips: _Strips, lighting: Lighting, study: _Study, mouths: Mouths
) -> Texture:
    """Keep key frames that cover all mouths."""
    rows = [r * mouths.spread + mouths.mean for r in study.rows]
    seen = np.concatenate(strips.seen)
    places = mouths.place(np.concatenate(rows))
    eligible = np.flatnonzero(seen)
    chosen = eligible[spread_out(places[eligible], KEY_FRAMES)]
    luma, start = [], 0
    for strip, light in zip(strips, strips.light, strict=True):
        own = chosen[(chosen >= start) & (chosen < start + len(light))] - start
        start += len(light)
        if len(own):
            even = lighting.remove(strip.pixels[own], light[own])[:, : lighting.bright]
            luma.append(np.clip(np.rint(even), 0, 255).astype(np.uint8))
    place_of = {int(frame): i for i, frame in enumerate(chosen)}
    ends = set(np.cumsum(strips.lengths).tolist())
    following = [
        -1 if frame + 1 in ends else place_of.get(int(frame) + 1, -1)
        for frame in chosen
    ]
    return Texture(
        places[chosen],
        np.array(following, np.int32),
        np.concatenate(luma),
        np.concatenate(strips.lips)[chosen],
    )


def _crispness(face: PersonalFace, strips: _Strips, trained: _Trained) -> float:
    """Find the unsharp strength at which unseen mouths are as sharp as real ones."""
    from dataclasses import replace

    near = lips_nearness(face.canon) > 0.5
    pairs = list(_unseen_pairs(face, strips, trained))
    if not pairs:
        return 0.5
    real = _AS_CRISP * sum(_sharpness(r, near) for r, _ in pairs)
    for strength in np.arange(0.0, 2.01, 0.1):
        trial = replace(face, finish=Finish(_DETAIL, float(strength)))
        if sum(_sharpness(trial.crisp(d), near) for _, d in pairs) >= real:
            return float(strength)
    return 2.0


def _unseen_pairs(
    face: PersonalFace, strips: _Strips, trained: _Trained
) -> Iterator[tuple[Floats, Floats]]:
    """Real and drawn canonical luma of every sixth frame of the unseen clips."""
    kept = face.window.kept
    for number, strip in enumerate(strips):
        if number not in trained.unseen:
            continue
        light = strips.light[number]
        even = face.lighting.remove(strip.pixels, light)
        setting = face.setting(view_of(strip, face.lighting))
        rows = face.mouths.spoken(trained.unseen[number])
        picks = face.texture.choose(face.mouths.place(rows))
        drawn = face.draw(rows, picks, setting)
        for t in range(0, len(even), 6):
            pair = np.full((2, *kept.shape), face.basis.mean.mean(), np.float32)
            pair[0][kept], pair[1][kept] = even[t, : kept.sum()], drawn[t, : kept.sum()]
            yield pair[0], pair[1]


def _sharpness(luma: Floats, where: NDArray[np.bool_]) -> float:
    """Variance of the Laplacian."""
    return float(cv2.Laplacian(luma, cv2.CV_32F)[where].var())
