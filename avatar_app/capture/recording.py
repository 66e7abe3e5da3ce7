"""Recording: prompt by prompt, camera and microphone become a Take.

The sound is the clock: its samples are counted, and each picture is placed among them
by the moment at which it was captured. What is finished stays finished: a clip and the
take's record are sealed as soon as the clip is read, so a lost camera, a stopped job or
a closed window costs the clip being recorded and no other, and calling ``record_take``
again goes on there. To record one again, ``forget_clip`` it first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from avatar_app.capture.clips import ClipWriter, write_clip
from avatar_app.capture.devices import Camera, Heard, Microphone, Prompt, Teleprompter
from avatar_app.capture.quality import Loudness
from avatar_app.capture.records import (
    clip_name,
    forget_take,
    keep_take,
    reopen_take,
    with_clip,
)
from avatar_app.capture.take import Clip, Purpose, Take
from avatar_app.errors import FileTorn, SilentMicrophone, SoundLost
from avatar_app.media import Picture
from avatar_app.shelf import Shelf
from avatar_app.work import Job, Progress

SILENT_BELOW_DB = -55.0
# Sound that jumps ahead of its own count by more than this was dropped on the way and
# is made up for with silence; less is how a sound card's clock breathes.
GAP_SECONDS = 0.1
PATIENCE_SECONDS = 3.0  # with pictures but no sound, or sound with a longer hole
LETTERS_PER_SECOND = 13.0  # of an unhurried reader; it only moves the progress bar

Watch = Callable[[Picture, Heard], None]


def record_take(
    camera: Camera,
    microphone: Microphone,
    teleprompter: Teleprompter,
    prompts: Sequence[Prompt],
    shelf: Shelf,
    *,
    sound_lag: float = 0.0,
    watch: Watch | None = None,
) -> Job[Take]:
    """Record a clip for each prompt; clips that are already there are kept.

    Args:
        camera: What sees; it is started and stopped here.
        microphone: What hears; likewise.
        teleprompter: What shows each prompt and knows when it has been read.
        prompts: In order.
        shelf: Where the clips and the take's record are sealed.
        sound_lag: Seconds by which these devices deliver sound late, if measured.
        watch: Sees and hears along, for a preview or a coach.

    Raises:
        NoCamera: The camera cannot be opened.
        CameraLost: It stopped midway; finished clips are kept.
        NoMicrophone: The microphone cannot be opened.
        SoundLost: It stopped midway; finished clips are kept.
        SilentMicrophone: A reading came without a voice; that clip is not kept.
        DiskFull: There is no room left; finished clips are kept.
    """
    if camera.handle.origin is not microphone.handle.origin:
        raise ValueError("camera and microphone come from different worlds")
    if not prompts:
        raise ValueError("there is nothing to record")
    kept = _kept(shelf)
    is_ours = kept is not None and kept.origin is camera.handle.origin
    if kept is not None and is_ours and not _missing(kept, prompts):
        return kept
    with _running(camera, microphone):
        # Only a running camera knows the size it really delivers.
        take = _begun(kept, camera, microphone, shelf, sound_lag)
        for number in _missing(take, prompts):
            clip = yield from _record_clip(
                _Ears(microphone), camera, teleprompter, take, prompts, number, watch
            )
            take = with_clip(take, clip)
            keep_take(take)
    return take


def _kept(shelf: Shelf) -> Take | None:
    try:
        return reopen_take(shelf)
    except (KeyError, FileTorn):
        return None


def _missing(take: Take, prompts: Sequence[Prompt]) -> list[int]:
    """Number the prompts that have no clip yet."""
    there = {(clip.name, clip.purpose, clip.text) for clip in take.clips}
    return [
        number
        for number, prompt in enumerate(prompts)
        if (clip_name(number), prompt.purpose, prompt.text) not in there
    ]


@contextmanager
def _running(camera: Camera, microphone: Microphone) -> Iterator[None]:
    try:
        camera.start()
        microphone.start()
        yield
    finally:
        microphone.stop()
        camera.stop()


def _begun(
    kept: Take | None,
    camera: Camera,
    microphone: Microphone,
    shelf: Shelf,
    sound_lag: float,
) -> Take:
    """Go on with a take these devices can go on with, or begin a new one."""
    fresh = Take(
        shelf,
        (),
        camera.width,
        camera.height,
        camera.fps,
        microphone.rate_hz,
        sound_lag,
        camera.handle.origin,
        (_words(camera), _words(microphone)),
    )
    if kept is not None and _shape(kept) == _shape(fresh):
        # Another device of the same make may take over; the record names them all.
        devices = dict.fromkeys([*kept.devices, *fresh.devices])
        return replace(kept, devices=tuple(devices))
    forget_take(shelf)
    return fresh


def _shape(take: Take) -> tuple[object, ...]:
    return (take.width, take.height, take.rate_hz, take.sound_lag, take.origin)


def _words(device: Camera | Microphone) -> str:
    handle = device.handle
    return f"{handle.kind}: {handle.name} ({handle.evidence})"


def _record_clip(
    ears: _Ears,
    camera: Camera,
    teleprompter: Teleprompter,
    take: Take,
    prompts: Sequence[Prompt],
    number: int,
    watch: Watch | None,
) -> Job[Clip]:
    prompt, name = prompts[number], clip_name(number)
    with write_clip(
        take.shelf, name, take.width, take.height, take.fps, take.rate_hz
    ) as writer:
        teleprompter.show(prompt)
        ears.begin()
        while not _is_over(prompt, teleprompter, writer):
            picture = camera.read()
            heard = ears.hear(writer)
            if watch is not None:
                watch(picture, heard)
            ears.place(picture, writer)
            yield Progress(
                number + _share(prompt, writer.seconds),
                len(prompts),
                _saying(prompt, number, len(prompts)),
            )
        while ears.lag(writer) > 0.001:  # the last words are still on their way
            ears.wait(camera.read())
            ears.hear(writer)
        if prompt.purpose is Purpose.READING and ears.loudest_db < SILENT_BELOW_DB:
            raise SilentMicrophone(ears.loudest_db)
    return Clip(name, prompt.purpose, prompt.text, writer.frames, writer.seconds)


def _is_over(prompt: Prompt, teleprompter: Teleprompter, writer: ClipWriter) -> bool:
    """Reading lasts until it is read; all else, as long as it was asked for."""
    if writer.frames == 0:
        return False
    if prompt.purpose is not Purpose.READING and prompt.seconds > 0:
        return writer.seconds >= prompt.seconds
    return teleprompter.is_over()


def _share(prompt: Prompt, seconds: float) -> float:
    expected = prompt.seconds or len(prompt.text) / LETTERS_PER_SECOND
    return min(0.95, seconds / max(1.0, expected))


def _saying(prompt: Prompt, number: int, total: int) -> str:
    if prompt.purpose is Purpose.LISTENING:
        return "Look at the camera with your lips closed"
    if prompt.purpose is Purpose.GESTURE:
        return f"With your lips closed: {prompt.text.replace('-', ' ')}"
    return f"Read aloud, {number + 1} of {total}"


class _Ears:
    """Counts the sound of one clip, and tells each picture its place in it."""

    def __init__(self, microphone: Microphone) -> None:
        self._microphone = microphone
        self._rate_hz = microphone.rate_hz
        self._loudness = Loudness(microphone.rate_hz)
        self._began: float | None = None  # the first sample's moment, by the last block
        self._waiting_since: float | None = None
        self._placed = 0.0

    @property
    def loudest_db(self) -> float:
        """The loudest 50 ms of the clip."""
        return self._loudness.loudest_db

    def begin(self) -> None:
        """Let go of what was heard before the clip."""
        self._microphone.read()

    def hear(self, writer: ClipWriter) -> Heard:
        """Write what was heard since the last time."""
        heard = self._microphone.read()
        if len(heard.samples) == 0:
            return heard
        began = heard.seconds - writer.samples / self._rate_hz
        if self._began is not None and began - self._began > GAP_SECONDS:
            gap = began - self._began
            if gap > PATIENCE_SECONDS:
                raise SoundLost
            writer.sound(np.zeros(round(gap * self._rate_hz), np.float32))
            began = heard.seconds - writer.samples / self._rate_hz
        self._began = began
        self._waiting_since = None
        self._loudness.listen(heard.samples)
        writer.sound(heard.samples)
        return heard

    def place(self, picture: Picture, writer: ClipWriter) -> None:
        """Write a picture at its moment; those from before the clip are let go."""
        self.wait(picture)
        if self._began is None:
            return
        moment = picture.seconds - self._began
        if moment < -0.001 and writer.frames == 0:
            return
        # The estimate of the first sample's moment breathes; pictures never go back.
        self._placed = max(self._placed, moment)
        writer.picture(replace(picture, seconds=self._placed))

    def lag(self, writer: ClipWriter) -> float:
        """How many seconds of sound the pictures are ahead by."""
        return writer.seconds - writer.samples / self._rate_hz

    def wait(self, picture: Picture) -> None:
        """Be patient while pictures come and sound does not, but not for ever."""
        if self._waiting_since is None:
            self._waiting_since = picture.seconds
        if picture.seconds - self._waiting_since > PATIENCE_SECONDS:
            raise SoundLost
