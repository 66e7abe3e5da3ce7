"""The reel: any frame by its number, whatever was asked before."""

from __future__ import annotations

import numpy as np

from avatar_app.capture.clips import write_clip
from avatar_app.fit.face.crops import split_planes
from avatar_app.fit.face.idle import film_name
from avatar_app.media import Picture
from avatar_app.render.reel import Reel
from tests.fakes.made_up_idle import swaying
from tests.fakes.shelf import OpenShelf

CLIPS, FRAMES = 3, 35


def test_frames_come_by_number_also_from_one_clip_into_the_next() -> None:
    """In order through all clips, back again, and jumping to and fro between two."""
    idle = swaying(clips=CLIPS, frames=FRAMES, blink_every=0)
    shelf = OpenShelf()
    for clip in range(CLIPS):
        with write_clip(shelf, film_name(clip), 64, 48, 25.0, 48000) as writer:
            for number in range(FRAMES):
                grey = 20 + 2 * (clip * FRAMES + number)
                pixels = np.full((48, 64, 3), grey, np.uint8)
                writer.picture(Picture(pixels, number / 25))
    reel = Reel(shelf, idle)
    whole = list(range(CLIPS * FRAMES))
    leaps = [n for pair in zip(whole[:40], whole[60:100], strict=True) for n in pair]
    shown = {n: float(split_planes(reel.frame(n))[0].mean()) for n in whole}

    assert all(shown[n] < shown[n + 1] for n in whole[:-1])
    for number in [*leaps, *reversed(whole[::7])]:
        assert float(split_planes(reel.frame(number))[0].mean()) == shown[number]
