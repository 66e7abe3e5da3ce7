"""Records: a take's own page on the shelf, so that it can be opened again."""

from __future__ import annotations

import json
from dataclasses import replace

from avatar_app.capture.take import Clip, Origin, Purpose, Take
from avatar_app.errors import FileTorn
from avatar_app.shelf import Shelf

FOLDER = "take/"
RECORD = FOLDER + "record.json"
_VERSION = 1


def clip_name(number: int) -> str:
    """Name the clip of the prompt with this number."""
    return f"{FOLDER}clip-{number:03d}.mkv"


def keep_take(take: Take) -> None:
    """Write a take's record onto its shelf, over the one before."""
    body = {
        "version": _VERSION,
        "clips": [
            {
                "name": clip.name,
                "purpose": clip.purpose.value,
                "text": clip.text,
                "frames": clip.frames,
                "seconds": clip.seconds,
            }
            for clip in take.clips
        ],
        "width": take.width,
        "height": take.height,
        "fps": take.fps,
        "rate_hz": take.rate_hz,
        "sound_lag": take.sound_lag,
        "origin": take.origin.value,
        "devices": list(take.devices),
    }
    take.shelf.write(RECORD, json.dumps(body, ensure_ascii=False, indent=1).encode())


def reopen_take(shelf: Shelf) -> Take:
    """Open the take that was recorded onto a shelf.

    Raises:
        KeyError: None was recorded.
        FileTorn: Its record is damaged, or a clip it names is gone.
    """
    content = shelf.read(RECORD)
    try:
        body = json.loads(content)
        if body["version"] != _VERSION:
            raise FileTorn(RECORD)
        clips = tuple(
            Clip(
                str(clip["name"]),
                Purpose(clip["purpose"]),
                str(clip["text"]),
                int(clip["frames"]),
                float(clip["seconds"]),
            )
            for clip in body["clips"]
        )
        take = Take(
            shelf,
            clips,
            int(body["width"]),
            int(body["height"]),
            float(body["fps"]),
            int(body["rate_hz"]),
            float(body["sound_lag"]),
            Origin(body["origin"]),
            tuple(str(device) for device in body["devices"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise FileTorn(RECORD) from error
    for clip in clips:
        if clip.name not in shelf:
            raise FileTorn(clip.name)
    return take


def with_clip(take: Take, clip: Clip) -> Take:
    """Put a clip in its place among the others, over an older one of its name."""
    others = [other for other in take.clips if other.name != clip.name]
    clips = sorted([*others, clip], key=lambda one: one.name)
    return replace(take, clips=tuple(clips))


def forget_clip(take: Take, clip: Clip) -> Take:
    """Take a clip out, to be recorded again; the record first, then the clip."""
    left = replace(take, clips=tuple(c for c in take.clips if c.name != clip.name))
    keep_take(left)
    take.shelf.erase(clip.name)
    return left


def forget_take(shelf: Shelf) -> None:
    """Erase a take's record and all its clips."""
    shelf.erase(RECORD)
    for name in list(shelf.names(FOLDER)):
        shelf.erase(name)
