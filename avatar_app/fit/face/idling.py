"""Choose the idle film's clips, and learn everything about their frames.

Listening clips come first, since there the mouth is shut; then readings, the calmest
first, until there are 75 seconds: enough that nothing comes again soon, and it
bounds what an avatar weighs however much was recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.clips import read_frames
from avatar_app.capture.take import Purpose, Take
from avatar_app.enroll.enrollment import Enrollment
from avatar_app.enroll.tracking import FaceTrack, reopen_track
from avatar_app.fit.face.blinks import Blink, eye_opening, find_blinks, relative_opening
from avatar_app.fit.face.canon import EYE_CORNERS, apply, invert
from avatar_app.fit.face.crops import Planes, split_planes
from avatar_app.fit.face.idle import Idle
from avatar_app.fit.face.joins import Footage, find_joins
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.fit.face.steadying import Steady
from avatar_app.fit.face.strips import Strip, strip_of
from avatar_app.fit.face.studying import Strips, slow_light, view_of
from avatar_app.fit.face.turning import PoseRange, range_of, turns_of

_SECONDS = 75.0  # of idle film, unless listening clips alone are longer
_SHORTEST = 25  # frames: shorter clips are not worth a join
_SETTLING = 3  # frames at a clip's beginning in which the face mesh has not settled
_MEMORY = 400_000_000  # bytes of decoded frames that a render may hold
_SMALL = (48, 27)  # width and height of the pictures by which joins are judged
_TILES = (6, 3)  # across and down, into which they are divided
_NOSE_TIP = 4
_USUAL = 99.0  # percentile of head steps beyond which a step is a jump
_MOST_BLINKS = 20.0  # a minute; who blinks more while reading should not idle so

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Frames:
    """One clip's frames, as the idle film knows them."""

    poses: NDArray[np.float64]
    light: Floats
    setting: Floats
    turns: Floats
    lids: Floats
    seen: NDArray[np.bool_]
    blinks: list[Blink]


def learn_idle(
    enrollment: Enrollment, face: PersonalFace, strips: Strips
) -> tuple[Idle, list[int]]:
    """Learn the idle film of an enrollment whose strips are of its other clips.

    Args:
        enrollment: All clips, gestures too.
        face: What was learned.
        strips: Of the clips that are no gestures, in order.

    Returns:
        The notes, and the numbers of the clips that are the idle film.
    """
    take = enrollment.take
    plain = [n for n, c in enumerate(take.clips) if c.purpose is not Purpose.GESTURE]
    tracks = [reopen_track(take.shelf, name) for name in enrollment.tracks]
    chosen = choose_clips(take, tracks)
    gestures = last_gestures(take)
    unit = face.canon.inter_ocular
    known = range_of(_reading_turns(take, plain, strips, unit))
    parts: list[_Frames] = []
    for number in [*chosen, *gestures.values()]:
        if number in plain:
            strip = strips[plain.index(number)]
            light = strips.light[plain.index(number)]
        else:
            strip = _gesture_strip(enrollment, number, face)
            light = slow_light(strip.light)
        parts.append(_frames_of(strip, light, tracks[number], face, take.fps))
    films = [*chosen, *gestures.values()]
    idle = _noted(take, face, parts, films, list(gestures), known)
    return idle, films


def without_gestures(enrollment: Enrollment) -> Enrollment:
    """The clips from which a mouth is learned, and their tracks."""
    pairs = zip(enrollment.take.clips, enrollment.tracks, strict=True)
    kept = [(c, t) for c, t in pairs if c.purpose is not Purpose.GESTURE]
    take = replace(enrollment.take, clips=tuple(clip for clip, _ in kept))
    return replace(enrollment, take=take, tracks=tuple(track for _, track in kept))


def choose_clips(take: Take, tracks: Sequence[FaceTrack]) -> list[int]:
    """Choose 75 seconds: the listening clips, then readings that are most like them.

    Args:
        take: The clips.
        tracks: The face in each of them.

    Returns:
        Numbers of clips, in order; at least one unless there are only gestures.
    """
    listening = [n for n, c in enumerate(take.clips) if c.purpose is Purpose.LISTENING]
    reading = [n for n, c in enumerate(take.clips) if c.purpose is Purpose.READING]
    usable = [n for n in [*listening, *reading] if take.clips[n].frames > _SHORTEST]
    if not usable:
        return (listening or reading)[:1]
    places = {n: _place(tracks[n]) for n in usable}
    home = np.median(np.array([places[n] for n in usable]), axis=0)
    unit = max(float(home[2]), 1.0)
    unrest = {}
    for number in usable:
        blinks = find_blinks(eye_opening(tracks[number].points)[_SETTLING:], take.fps)
        a_minute = 60 * len(blinks) * take.fps / take.clips[number].frames
        unrest[number] = (
            float(np.linalg.norm(places[number] - home)) / unit
            + 2.0 * float(1 - tracks[number].seen.mean())
            + 1.0 * max(0.0, a_minute / _MOST_BLINKS - 1)
            - 10.0 * (number in listening)
        )
    chosen: list[int] = []
    frames = 0
    for number in sorted(usable, key=lambda n: unrest[n]):
        if chosen and frames + take.clips[number].frames > _SECONDS * take.fps:
            if number not in listening:
                break
            continue
        chosen.append(number)
        frames += take.clips[number].frames
    return sorted(chosen)


def _place(track: FaceTrack) -> NDArray[np.float64]:
    """(3,) the middle of the eyes and their distance, in pixels, mostly."""
    left, right = (track.points[:, corner].astype(np.float64) for corner in EYE_CORNERS)
    apart = np.linalg.norm(right - left, axis=1)
    middle = np.median((left + right) / 2, axis=0)
    return np.array([*middle, np.median(apart)])


def last_gestures(take: Take) -> dict[str, int]:
    """The clip of each gesture; of two of one name, the later one."""
    clips = enumerate(take.clips)
    return {c.text: number for number, c in clips if c.purpose is Purpose.GESTURE}


def _reading_turns(
    take: Take, plain: list[int], strips: Strips, inter_ocular: float
) -> Floats:
    """Turns of all frames in which the person was seen reading, or of all others."""
    turns = []
    for purpose in (Purpose.READING, Purpose.LISTENING):
        for place, number in enumerate(plain):
            if take.clips[number].purpose is purpose and strips.seen[place].any():
                strip = strips[place]
                own = turns_of(strip.rigid, strip.poses, inter_ocular)
                turns.append(own[strip.seen])
        if turns:
            break
    return np.concatenate(turns)


def _gesture_strip(enrollment: Enrollment, number: int, face: PersonalFace) -> Strip:
    steady = Steady(face.canon)
    steady.restore(face.patch)
    take = enrollment.take
    track = enrollment.tracks[number]
    return strip_of(take, take.clips[number], track, face.window, steady)


def _frames_of(
    strip: Strip, light: Floats, track: FaceTrack, face: PersonalFace, fps: float
) -> _Frames:
    opening = eye_opening(track.points)
    if len(opening) > _SETTLING:
        opening[:_SETTLING] = opening[_SETTLING]
    lids = relative_opening(opening, fps).astype(np.float32)
    turns = turns_of(strip.rigid, strip.poses, face.canon.inter_ocular)
    setting = face.setting(view_of(strip, face.lighting))
    blinks = find_blinks(opening, fps)
    return _Frames(strip.poses, light, setting, turns, lids, strip.seen, blinks)


def _noted(
    take: Take,
    face: PersonalFace,
    parts: list[_Frames],
    films: list[int],
    names: list[str],
    known: PoseRange,
) -> Idle:
    """Put the clips' frames one after the other, and find the joins."""
    counts = np.array([len(part.poses) for part in parts], np.int32)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int32)
    clips = np.stack([starts, counts], axis=1)
    poses = np.concatenate([part.poses for part in parts])
    turns = np.concatenate([part.turns for part in parts])
    seen = np.concatenate([part.seen for part in parts])
    head, unit = head_points(poses, face)
    blinks = [
        (start + blink.first, start + blink.shut, start + blink.last)
        for start, part in zip(starts, parts, strict=True)
        for blink in part.blinks
    ]
    within = seen & known.holds(turns)
    light = np.concatenate([part.light for part in parts])
    lids = np.concatenate([part.lids for part in parts])
    whole = np.array(blinks, np.int32).reshape(-1, 3)
    free = _free(within, clips, whole)
    plain = len(parts) - len(names)
    footage = Footage(clips, head, turns, light, lids, free)
    idling = int(counts[:plain].sum())
    steps = footage.steps()[:idling][free[:idling]]
    usual = float(np.percentile(steps, _USUAL)) if len(steps) else 0.0
    base = Footage(
        clips[:plain],
        head[:idling],
        turns[:idling],
        light[:idling],
        lids[:idling],
        free[:idling],
    )
    joins = find_joins(base, _small_pictures(take, films[:plain]), usual, take.fps)
    ends = {
        name: (int(first), int(first + count - 1))
        for name, (first, count) in zip(names, clips[plain:], strict=True)
    }
    return Idle(
        clips=clips,
        poses=poses,
        light=light,
        setting=np.concatenate([part.setting for part in parts]),
        head=head,
        turns=turns,
        lids=lids,
        blinks=whole,
        within=within,
        free=free,
        span=choose_span(base, take.width, take.height),
        leave=joins.leave,
        enter=joins.enter,
        cost=joins.cost,
        low=known.low,
        high=known.high,
        usual_step=np.array([usual], np.float32),
        inter_ocular=np.array([unit], np.float32),
        fps=np.array([take.fps], np.float32),
        overlap=joins.overlap,
        gestures=ends,
    )


def head_points(poses: NDArray[np.float64], face: PersonalFace) -> tuple[Floats, float]:
    """Where eye corners and nose lie in each frame, and the unit they are told in.

    Returns:
        (N, 3, 2) float32 in inter-ocular distances, and that distance in pixels.
    """
    canon = face.canon.points[[*EYE_CORNERS, _NOSE_TIP]]
    places = np.array([apply(invert(pose), canon) for pose in poses])
    unit = float(np.median(np.linalg.norm(places[:, 1] - places[:, 0], axis=1)))
    return (places / unit).astype(np.float32), unit


def _free(
    within: NDArray[np.bool_], clips: NDArray[np.int32], blinks: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Frames that may lie in a join."""
    free = within.copy()
    for first, _ in clips:
        free[first : first + _SETTLING] = False
    for first, _, last in blinks:
        free[first : last + 1] = False
    return free


def _small_pictures(take: Take, numbers: list[int]) -> Floats:
    """(N, T, S) tiles of all frames of these clips, very small: luma and chroma."""
    rows = [
        tiles_of(np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8))
        for number in numbers
        for frame in read_frames(take.shelf, take.clips[number].name)
    ]
    return np.stack(rows).astype(np.float32)


def tiles_of(planes: Planes) -> NDArray[np.uint8]:
    """(T, S) the tiles of one frame by which joins are judged."""
    across, down = _TILES
    tall, wide = _SMALL[1] // down, _SMALL[0] // across
    small = np.stack(
        [
            cv2.resize(plane, _SMALL, interpolation=cv2.INTER_AREA)
            for plane in split_planes(planes)
        ]
    )
    tiles = small.reshape(3, down, tall, across, wide).transpose(1, 3, 0, 2, 4)
    return np.ascontiguousarray(tiles.reshape(across * down, -1))


def choose_span(footage: Footage, width: int, height: int) -> NDArray[np.int32]:
    """Pick what is played to and fro where there are no joins.

    The longest stretch that lies within the pose range, as much of it as memory holds
    decoded; it begins and ends where the head is still and the eyes are open.

    Returns:
        (2,) int32, first and last frame.
    """
    most = max(_SHORTEST, _MEMORY // (width * height * 3 // 2))
    first, count = max(footage.clips, key=lambda clip: int(clip[1]))
    restless = footage.steps()[first : first + count].astype(np.float64)
    restless += 10.0 * ~footage.free[first : first + count]
    length = int(min(count, most))
    edge = max(1, length // 5)
    begin = int(restless[:edge].argmin())
    end = int(min(count, begin + length))
    last = end - edge + int(restless[end - edge : end].argmin())
    last = max(last, min(int(count) - 1, begin + 1))
    return np.array([first + begin, first + last], np.int32)
