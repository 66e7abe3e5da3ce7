"""Finish a face: judge it on clips it has not seen, keep what makes it look real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.enroll.enrollment import Enrollment
from avatar_app.fit.face.crops import Lighting, Window, lips_nearness
from avatar_app.fit.face.jaw import Jaw, learn_jaw
from avatar_app.fit.face.native import SMALL_TO_LARGE, Pack
from avatar_app.fit.face.personal import LIP_PARTS, Finish, Mouths, PersonalFace
from avatar_app.fit.face.steadying import Steady
from avatar_app.fit.face.studying import Strips, Study, view_of
from avatar_app.fit.face.texture import KEY_FRAMES, Texture, spread_out

Floats = NDArray[np.float32]
# Share of a real frame's fine structure, by canonical pixels between the eyes. Of a
# small face much of it is noise and misplaced edges: on GRID s1 (84) .8 costs .5 dB
# against none at equal sharpness. None at all costs the corners of the mouth (width r
# .79, with .5 .82, mean of 12 held-out clips). Of a large one (150, the drawn
# presenter) it is teeth, which the basis blurs and no unsharp mask brings back.
_DETAIL = (0.5, 0.8)
# As a real mouth, on clips left out; what is drawn beside them comes out .04 softer.
_AS_CRISP = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """The trained networks, and what they say about clips.

    Attributes:
        weights: Of all of them, ``lips.<number>.<parameter>``.
        unseen: By clip, what the one network says that was not taught with it.
        together: By clip, what all of them say, on the same clips.
    """

    weights: dict[str, Floats]
    unseen: dict[int, Floats]
    together: dict[int, Floats]


def finish_face(
    enrollment: Enrollment,
    window: Window,
    steady: Steady,
    lighting: Lighting,
    study: Study,
    strips: Strips,
    trained: Trained,
) -> PersonalFace:
    """Judge on unseen clips, restore liveliness and crispness, keep key frames."""
    from avatar_app.fit.face.lips import LipSizes

    mouths, quality = _judge(study, trained)
    texture, native = _texture(strips, lighting, study, mouths)
    face = PersonalFace(
        window,
        steady.average,
        lighting,
        study.basis,
        study.setting,
        mouths,
        texture,
        native,
        _jaw(strips, lighting, study),
        Finish(_detail(window), 0.0),
        study.room,
        enrollment.take.fps,
        LipSizes(outputs=mouths.mean.size),
        trained.weights,
        quality,
    )
    crispness = _crispness(face, strips, trained)
    return replace(face, finish=replace(face.finish, crispness=crispness))


def _detail(window: Window) -> float:
    """How much of the fine structure comes from real frames."""
    return float(np.interp(window.canon.inter_ocular, SMALL_TO_LARGE, _DETAIL))


def _judge(study: Study, trained: Trained) -> tuple[Mouths, dict[str, float]]:
    """Compare unseen clips: what liveliness is lost, how well the opening follows."""
    if not trained.unseen:
        return study.mouths, {}
    real = np.concatenate([study.rows[i] for i in trained.unseen])
    said = np.concatenate(list(trained.unseen.values()))
    # An average of networks is calmer than each of them, even on clips they have seen.
    average = np.concatenate(list(trained.together.values()))
    calmer = np.maximum(said.std(axis=0) / (average.std(axis=0) + 1e-6), 1.0)
    lost = calmer * real.std(axis=0) / (said.std(axis=0) + 1e-6)
    # Beyond 1.45 noise is made louder, not the mouth livelier. Shapes get all of it;
    # looks half, since their error is seen and their fine structure comes anyway.
    liveliness = np.clip(lost, 1.0, 1.45).astype(np.float32)
    liveliness[: -LIP_PARTS - 2] = 0.5 + 0.5 * liveliness[: -LIP_PARTS - 2]
    follows = [
        float(np.corrcoef(study.rows[i][:, -2], s[:, -2])[0, 1])
        for i, s in trained.unseen.items()
    ]
    quality = {"opening_r": float(np.nanmedian(follows)), "clips": float(len(follows))}
    return replace(study.mouths, liveliness=liveliness), quality


def _texture(
    strips: Strips, lighting: Lighting, study: Study, mouths: Mouths
) -> tuple[Texture, Pack]:
    """Keep key frames that cover all mouths, and what is finer than they are."""
    rows = [r * mouths.spread + mouths.mean for r in study.rows]
    seen = np.concatenate(strips.seen)
    places = mouths.place(np.concatenate(rows))
    eligible = np.flatnonzero(seen)
    chosen = eligible[spread_out(places[eligible], KEY_FRAMES)]
    luma, fine, start = [], [], 0
    for strip, light in zip(strips, strips.light, strict=True):
        own = chosen[(chosen >= start) & (chosen < start + len(light))] - start
        start += len(light)
        if len(own):
            even = lighting.remove(strip.pixels[own], light[own])[:, : lighting.bright]
            luma.append(np.clip(np.rint(even), 0, 255).astype(np.uint8))
            fine += [strip.pack.file(i) for i in own if len(strip.pack)]
    place_of = {int(frame): i for i, frame in enumerate(chosen)}
    ends = set(np.cumsum(strips.lengths).tolist())
    following = [
        -1 if frame + 1 in ends else place_of.get(int(frame) + 1, -1)
        for frame in chosen
    ]
    texture = Texture(
        places[chosen],
        np.array(following, np.int32),
        np.concatenate(luma),
        np.concatenate(strips.lips)[chosen],
    )
    return texture, Pack.of(fine)


def _jaw(strips: Strips, lighting: Lighting, study: Study) -> Jaw:
    """Learn from every third frame how jaw and cheeks move."""
    third = slice(None, None, 3)
    coordinates, points = [], []
    for strip, light in zip(strips, strips.light, strict=True):
        even = lighting.remove(strip.pixels[third], light[third])
        coordinates.append(study.basis.measure(even))
        points.append(strip.moving[third])
    return learn_jaw(coordinates, points)


def _crispness(face: PersonalFace, strips: Strips, trained: Trained) -> float:
    """Find the unsharp strength at which unseen mouths are as sharp as real ones."""
    near = lips_nearness(face.canon) > 0.5
    pairs = list(_unseen_pairs(face, strips, trained))
    if not pairs:
        return 0.5
    real = _AS_CRISP * sum(_sharpness(r, near) for r, _ in pairs)
    for strength in np.arange(0.0, 2.01, 0.1):
        trial = replace(face, finish=replace(face.finish, crispness=float(strength)))
        if sum(_sharpness(trial.crisp(d), near) for _, d in pairs) >= real:
            return float(strength)
    return 2.0


def _unseen_pairs(
    face: PersonalFace, strips: Strips, trained: Trained
) -> Iterator[tuple[Floats, Floats]]:
    """Real and drawn canonical luma of every sixth frame of the unseen clips."""
    kept, bright = face.window.kept, face.lighting.bright
    sixth = slice(None, None, 6)
    for number, said in trained.unseen.items():
        strip = strips[number]
        even = face.lighting.remove(strip.pixels[sixth], strips.light[number][sixth])
        setting = face.setting(view_of(strip, face.lighting))
        rows = face.mouths.quickened(face.mouths.spoken(said))
        picks = face.texture.choose(face.mouths.place(rows))
        drawn = face.draw(rows[sixth], picks[sixth], setting[sixth])
        for real, ours in zip(even, drawn, strict=True):
            pair = np.full((2, *kept.shape), face.basis.mean.mean(), np.float32)
            pair[0][kept], pair[1][kept] = real[:bright], ours[:bright]
            yield pair[0], pair[1]


def _sharpness(luma: Floats, where: NDArray[np.bool_]) -> float:
    """Variance of the Laplacian."""
    return float(cv2.Laplacian(luma, cv2.CV_32F)[where].var())
