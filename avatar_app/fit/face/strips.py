"""Strips: what the face engine keeps of each clip, cut once and sealed.

No frame is read twice, and memory does not grow with the length of the take.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from avatar_app.capture.clips import read_frames, read_sound
from avatar_app.capture.take import Clip, Take
from avatar_app.enroll.tracking import FaceTrack, reopen_track
from avatar_app.errors import FileTorn
from avatar_app.fit.face.canon import RIGID, Matrix, poses_of, smooth_poses
from avatar_app.fit.face.crops import (
    Planes,
    Window,
    band_of,
    cut,
    flatten,
    light_on,
    lip_shapes,
    split_planes,
)
from avatar_app.fit.face.jaw import MOVING
from avatar_app.fit.face.listening import level, listen
from avatar_app.fit.face.native import Fine, Pack
from avatar_app.fit.face.steadying import Steady
from avatar_app.shelf import Shelf

_STEADYING = 0.7  # frames over which a refined pose is still smoothed


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One clip as the face engine sees it; T frames.

    Attributes:
        pixels: (T, D) uint8, lower faces as they were lit.
        light: (T, 3) float32, see ``light_on``.
        poses: (T, 2, 3) float64, frame to canonical picture.
        lips: (T, 40, 2) float32, lip shapes in inter-ocular distances.
        band: (T, B) uint8, skin above the mask.
        rigid: (T, R) float32, rigid landmarks in canonical pixels.
        heard: (T * STEPS, BANDS) float32, what was said; empty without sound.
        seen: (T,) bool, whether the face was found in the frame.
        moving: (T, P, 2) float32, lips, jaw and cheeks in canonical pixels.
        fine: (B,) uint8, what the frames show beyond the pixels; see ``native.py``.
        fine_ends: (T,) int64, or (0,) where there is nothing finer.
    """

    pixels: NDArray[np.uint8]
    light: NDArray[np.float32]
    poses: NDArray[np.float64]
    lips: NDArray[np.float32]
    band: NDArray[np.uint8]
    rigid: NDArray[np.float32]
    heard: NDArray[np.float32]
    seen: NDArray[np.bool_]
    moving: NDArray[np.float32]
    fine: NDArray[np.uint8]
    fine_ends: NDArray[np.int64]

    @property
    def pack(self) -> Pack:
        """What the frames show beyond the pixels."""
        return Pack(self.fine, self.fine_ends)

    def keep(self, shelf: Shelf, name: str) -> None:
        """Seal the strip under a name."""
        names = [field.name for field in fields(Strip)]
        arrays = {n: np.ascontiguousarray(getattr(self, n)) for n in names}
        shelf.write(name, save(arrays))


def reopen_strip(shelf: Shelf, name: str) -> Strip:
    """Read a sealed strip; raises FileTorn."""
    try:
        return Strip(**load(shelf.read(name)))
    except (TypeError, ValueError, SafetensorError) as error:
        raise FileTorn(name) from error


def planes_of_clip(shelf: Shelf, clip: Clip) -> Iterator[Planes]:
    """Yield a clip's frames as yuv420p planes."""
    for frame in read_frames(shelf, clip.name):
        yield np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8)


def strip_of(
    take: Take, clip: Clip, track_name: str, window: Window, steady: Steady
) -> Strip:
    """Cut one clip into a strip."""
    track = reopen_track(take.shelf, track_name)
    sound = read_sound(take, clip)
    heard = listen(level(sound), track.seconds, take.fps)
    return cut_strip(planes_of_clip(take.shelf, clip), track, heard, window, steady)


def cut_strip(
    frames: Iterator[Planes],
    track: FaceTrack,
    heard: NDArray[np.float32],
    window: Window,
    steady: Steady,
) -> Strip:
    """Cut frames along their track; one decoded frame is in memory at a time.

    The pose is refined frame by frame and smoothed afterwards, but the pixels are cut
    with a pose that is smoothed as it goes (over the frame itself and its two
    neighbours), so a window of three frames is held.
    """
    canon = window.canon
    rough = poses_of(track.points, canon)
    fine = Fine.of(canon) if canon.fineness > 1 else None
    pixels, light, band, beyond = [], [], [], []
    refined = np.empty_like(rough)
    waiting: list[Planes] = []
    cut_at = 0

    def cut_next(poses: Matrix) -> None:
        planes = waiting.pop(0)
        face = cut(planes, poses, canon)
        pixels.append(flatten(face, window))
        light.append(light_on(face, window))
        band.append(band_of(face, window))
        if fine is not None:
            beyond.append(fine.cut(planes, poses, face))

    for index, planes in enumerate(frames):
        luma, _, _ = split_planes(planes)
        refined[index] = steady(luma, rough[index])
        waiting.append(planes)
        if len(waiting) > _AHEAD:
            cut_next(_smoothed_at(refined[: index + 1], cut_at))
            cut_at += 1
    while waiting:
        cut_next(_smoothed_at(refined, cut_at))
        cut_at += 1
    poses = smooth_poses(refined, _STEADYING)
    rigid = np.einsum("tij,tnj->tni", poses[:, :, :2], track.points[:, list(RIGID)])
    rigid += poses[:, None, :, 2]
    moving = np.einsum("tij,tnj->tni", poses[:, :, :2], track.points[:, list(MOVING)])
    moving += poses[:, None, :, 2]
    pack = Pack.of(beyond)
    return Strip(
        np.stack(pixels),
        np.stack(light),
        poses,
        lip_shapes(track.points, poses, canon),
        np.stack(band),
        rigid.reshape(len(rigid), -1).astype(np.float32),
        heard,
        track.seen,
        moving.astype(np.float32),
        pack.content,
        pack.ends,
    )


_AHEAD = 3


def _smoothed_at(poses: Matrix, index: int) -> Matrix:
    """The smoothed pose at one index, from the frames within reach."""
    first = max(0, index - _AHEAD)
    near = poses[first : index + _AHEAD + 1]
    smoothed: Matrix = smooth_poses(near, _STEADYING)[index - first]
    return smoothed
