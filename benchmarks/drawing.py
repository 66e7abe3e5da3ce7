"""Draw test clips in every way that is compared, and measure them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.clips import colors_of
from avatar_app.fit.face.canon import Matrix, after, invert
from avatar_app.fit.face.crops import Planes, halved, split_planes
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.fit.face.strips import Strip
from avatar_app.fit.face.studying import slow_light, view_of
from avatar_app.perform.motion import MouthMotion, move_mouth
from avatar_app.render.export import FilmWriter, planes_of
from avatar_app.render.mark import Marks
from avatar_app.render.pasting import Paster
from avatar_app.render.skin import Lent, lent_by
from benchmarks.closures import Shut
from benchmarks.footage import pictures_of
from benchmarks.measures import Real, closed, compare, lips_only, track
from benchmarks.pictures import Image, upright
from benchmarks.seams import LAMPS, Edge, under_lamp
from benchmarks.sheets import moments, sheet, tile
from benchmarks.subjects import Clip, cut

Row = dict[str, float]
SYSTEMS = ("engine", "engine_film", "oracle", "mean", "wrong_input", "cross")
_WRONG, _OTHER = 5, 1  # clips further on: whose sound is wrong, whose pictures are lent
_LAMP_EVERY = 3  # pictures
_APART = 10  # pictures between a frame and the one that covers it
_UNTOUCHED = 0.25  # grey levels between base and drawing, on average over the mask


@dataclass(slots=True, eq=False)
class Gallery:
    """One learned face, and the test clips it is drawn into."""

    face: PersonalFace
    clips: Sequence[Clip]
    level: Shut
    paster: Paster = field(init=False)
    motions: list[MouthMotion] = field(init=False)
    _strips: dict[int, Strip] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.paster = Paster(self.face)
        self.motions = [
            move_mouth(self.face, c.sound, c.frames, c.fps) for c in self.clips
        ]

    def strip(self, index: int, pictures: Sequence[Image]) -> Strip:
        """Cut a clip once."""
        if index not in self._strips:
            self._strips[index] = cut(self.face, self.clips[index], pictures)
        return self._strips[index]

    def drawn(self, strip: Strip, motion: MouthMotion) -> NDArray[np.float32]:
        """(T, D) the mouths of a motion in the setting of a strip."""
        setting = self.face.setting(view_of(strip, self.face.lighting))
        return self.face.draw(motion.rows, motion.picks, setting)

    def pasted(
        self,
        pictures: Sequence[Image],
        strip: Strip,
        drawn: NDArray[np.float32],
        motion: MouthMotion | None = None,
    ) -> Iterator[Planes]:
        """Paste drawn mouths over pictures, one by one; motions lend their detail.

        The engine keeps the skin of the frame that it draws into, and here that frame
        is the very one it is compared with. So its lower face is covered first by the
        one of another moment: no pixel of the answer is at hand.
        """
        light = slow_light(strip.light)
        others = elsewhere(strip.poses)
        lent: Sequence[Lent | None] = [None] * len(drawn)
        if motion is not None:
            lent = lent_by(self.face, motion.rows, motion.picks)
        for t, picture in enumerate(pictures):
            planes = planes_of(picture)
            other = planes_of(pictures[others[t]])
            self.cover(planes, strip.poses[t], other, strip.poses[others[t]])
            place = self.paster.place(planes, strip.poses[t])
            lit = self.face.lighting.cast(drawn[t : t + 1], light[t : t + 1])[0]
            self.paster.paste(planes, place, lit, lent[t])
            yield planes

    def cover(self, planes: Planes, pose: Matrix, other: Planes, there: Matrix) -> None:
        """Lay another frame's lower face over a frame's own, in place."""
        place = self.paster.place(planes, pose)
        along = after(invert(pose), there)
        x0, y0, x1, y1 = place.box
        luma, u, v = split_planes(planes)
        lay(luma, split_planes(other)[0], along, place.alpha, (x0, y0, x1, y1))
        half = (x0 // 2, y0 // 2, x1 // 2, y1 // 2)
        for own, foreign in zip((u, v), split_planes(other)[1:], strict=True):
            lay(own, foreign, halved(along), place.alpha_half, half)

    def said(self, index: int, motion: MouthMotion) -> Iterator[Image]:
        """Any motion over a clip's pictures, forward and back as long as it lasts."""
        pictures = self.clips[index].pictures()
        strip = self.strip(index, pictures)
        setting = self.face.setting(view_of(strip, self.face.lighting))
        there = np.arange(len(pictures))
        order = np.resize(np.concatenate([there, there[-2:0:-1]]), len(motion))
        ordered = [pictures[source] for source in order]
        drawn = self.face.draw(motion.rows, motion.picks, setting[order])
        along = replace(strip, poses=strip.poses[order], light=strip.light[order])
        for planes in self.pasted(ordered, along, drawn, motion):
            yield bgr(planes)


def elsewhere(poses: Matrix) -> NDArray[np.int64]:
    """(T,) the frame nearest in pose (T, 2, 3) of those at least that far away."""
    place = poses.reshape(len(poses), -1)
    far = np.linalg.norm(place[:, None] - place[None], axis=2)
    apart = np.abs(np.subtract.outer(np.arange(len(poses)), np.arange(len(poses))))
    far[apart < min(_APART, len(poses) // 2)] = np.inf
    return np.asarray(far.argmin(axis=1), np.int64)


def lay(
    own: NDArray[np.uint8],
    foreign: NDArray[np.uint8],
    along: Matrix,
    alpha: NDArray[np.float32],
    box: tuple[int, int, int, int],
) -> None:
    """Carry one plane onto another inside a box, as far as alpha says, in place."""
    x0, y0, x1, y1 = box
    matrix = after(np.array([[1.0, 0, -x0], [0, 1.0, -y0]]), along)
    size = (x1 - x0, y1 - y0)
    over = cv2.warpAffine(
        foreign, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    under = own[y0:y1, x0:x1].astype(np.float32)
    own[y0:y1, x0:x1] = np.clip(under + alpha * (over - under) + 0.5, 0, 255)


def measure_engine(gallery: Gallery, index: int) -> Row:
    """Draw one clip by the engine alone, and measure it."""
    pictures = gallery.clips[index].pictures()
    strip = gallery.strip(index, pictures)
    drawn = gallery.drawn(strip, gallery.motions[index])
    planes = gallery.pasted(pictures, strip, drawn, gallery.motions[index])
    real = _real(gallery, index, pictures, strip)
    return compare(real, (bgr(p) for p in planes))


def _real(
    gallery: Gallery, index: int, pictures: Sequence[Image], strip: Strip
) -> Real:
    clip = gallery.clips[index]
    return Real(
        pictures,
        clip.track.points,
        strip.poses,
        clip.silent,
        gallery.face.window,
        clip.closures,
        gallery.level,
        clip.fps,
    )


def measure_clip(gallery: Gallery, index: int, out: Path) -> dict[str, Row]:
    """Draw one clip by every system, measure each, write film and contact sheet."""
    face, clip = gallery.face, gallery.clips[index]
    pictures = clip.pictures()
    strip = gallery.strip(index, pictures)
    real = _real(gallery, index, pictures, strip)
    clips = len(gallery.clips)
    stranger = (index + (_WRONG % clips or 1)) % clips  # of five clips another one too
    wrong = fitted(gallery.motions[stranger], clip.frames)
    motions = {"engine": gallery.motions[index], "wrong_input": wrong}
    even = face.lighting.remove(strip.pixels, slow_light(strip.light))
    systems = {
        "engine": gallery.drawn(strip, motions["engine"]),
        "oracle": face.basis.draw(face.basis.measure(even)),
        "mean": np.repeat(face.basis.mean[None], clip.frames, axis=0),
        "wrong_input": gallery.drawn(strip, wrong),
    }
    chosen = moments(clip.track.points, clip.closures, clip.fps)
    tiles = {"real": [tile(pictures[t], clip.track.points[t]) for _, t in chosen]}
    rows: dict[str, Row] = {}
    for name, drawn in systems.items():
        planes = list(gallery.pasted(pictures, strip, drawn, motions.get(name)))
        rows[name] = compare(real, (bgr(p) for p in planes))
        if name != "mean":
            points = clip.track.points
            tiles[name] = [tile(bgr(planes[t]), points[t]) for _, t in chosen]
        if name == "engine":
            film = write_film(out, clip, planes)
            rows["engine_film"] = compare(real, (p.pixels for p in pictures_of(film)))
            rows["engine"] |= _unrendered(real, planes, film)
            rows["engine"] |= _under_lamps(gallery, index, pictures)
    tiles["wrong sound"] = tiles.pop("wrong_input")
    sheet(out / f"{clip.name}.png", chosen, tiles)
    if clips > 1:
        rows["cross"] = _cross(gallery, index, real)
    return rows


def _unrendered(real: Real, planes: Sequence[Planes], film: Path) -> Row:
    """Pictures that the film lacks, and those whose mouth is still the base's own."""
    mask = real.window.mask > 0.9
    untouched = 0
    for t, drawn in enumerate(planes):
        canon, pose = real.window.canon, real.poses[t]
        base = upright(bgr(planes_of(real.frames[t])), pose, canon).astype(np.int16)
        off = np.abs(base - upright(bgr(drawn), pose, canon))[mask]
        untouched += bool(off.mean() < _UNTOUCHED)
    written = sum(1 for _ in pictures_of(film))
    missing = abs(len(real.frames) - written)
    return {"unrendered_pictures": float(missing + untouched)}


def _under_lamps(gallery: Gallery, index: int, pictures: Sequence[Image]) -> Row:
    """The seam, and the color along it, in clips whose white balance was changed."""
    clip, lamp = gallery.clips[index], LAMPS[index % len(LAMPS)]
    changed = [under_lamp(picture, lamp) for picture in pictures]
    strip = cut(gallery.face, clip, changed)
    motion = gallery.motions[index]
    drawn = gallery.drawn(strip, motion)
    edge = Edge(gallery.face.window)
    for t, planes in enumerate(gallery.pasted(changed, strip, drawn, motion)):
        if t % _LAMP_EVERY == 0:
            pose, canon = strip.poses[t], gallery.face.canon
            edge.see(
                upright(changed[t], pose, canon), upright(bgr(planes), pose, canon)
            )
    told = edge.figures()
    return {"lamp_delta_e": told["edge_delta_e"], "lamp_seam": told["seam"]}


def _cross(gallery: Gallery, index: int, real: Real) -> Row:
    """This clip's sound over the next clip's pictures, against this clip's lips."""
    clips = gallery.clips
    other = (index + _OTHER) % len(clips)
    pictures = clips[other].pictures()
    strip = gallery.strip(other, pictures)
    motion = fitted(gallery.motions[index], clips[other].frames)
    drawn = gallery.drawn(strip, motion)
    planes = gallery.pasted(pictures, strip, drawn, motion)
    seen = track(bgr(p) for p in planes)
    count = min(len(seen), len(real.points))
    told = lips_only(real.points[:count], seen[:count], real.silent[:count])
    del told["lmd_iod_percent"]  # the heads are in different places
    return told | closed(real, seen[:count])


def fitted(motion: MouthMotion, pictures: int) -> MouthMotion:
    """The same motion, cut or held to another length."""
    take = np.minimum(np.arange(pictures), len(motion) - 1)
    return MouthMotion(motion.rows[take], motion.picks[take])


def write_film(out: Path, clip: Clip, frames: Sequence[Planes]) -> Path:
    """Write a rendered clip with its sound, marked like every film."""
    height, width = frames[0].shape[0] * 2 // 3, frames[0].shape[1]
    path = out / f"{clip.name}.mp4"
    marks = Marks(width, height, is_demo=False)
    note = "Rendered for evaluation from a person's own footage."
    with FilmWriter(
        path, width, height, clip.fps, 48000, origin_note=note, title=path.stem
    ) as film:
        film.sound(clip.sound.at(48000).samples)
        for number, planes in enumerate(frames):
            marked = planes.copy()
            marks.stamp(marked, number / clip.fps)
            film.yuv(marked)
    return path


def bgr(planes: Planes) -> Image:
    """Turn yuv420p planes to blue-green-red."""
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    space = colors_of(frame.height).space
    pixels = frame.to_ndarray(format="bgr24", src_colorspace=space)
    return np.asarray(pixels, np.uint8)
