"""How well the offset of sound against picture is read off a speaking mouth.

Usage::

    python -m benchmarks.sync --footage FOLDER [--footage FOLDER …]

For each folder of clips that are in step: what is measured as they are, and with the
sound moved by known amounts. NATURAL in enroll/sync.py comes from the first column.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run by its path: an installed package is called benchmarks too
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from avatar_app.enroll.sync import measure_lag
from avatar_app.enroll.tracking import FaceTrack, follow_faces, join_track
from avatar_app.media import Sound
from benchmarks.footage import clips_in, pictures_of, sound_of

SHIFTS = (0.0, -0.2, -0.1, -0.05, 0.05, 0.1, 0.2)


def main() -> None:
    """Print a row per folder: measured lag for each true shift, in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--footage", type=Path, action="append", required=True)
    parser.add_argument("--clips", type=int, default=20)
    options = parser.parse_args()
    print("moved by, ms: " + " ".join(f"{1000 * s:6.0f}" for s in SHIFTS))
    for folder in options.footage:
        clips = clips_in(folder, "train")[: options.clips]
        known = [(_track(clip.path), sound_of(clip.path)) for clip in clips]
        measured = [
            measure_lag([(t, _moved(s, by)) for t, s in known]) for by in SHIFTS
        ]
        row = " ".join("  none" if m is None else f"{1000 * m:6.0f}" for m in measured)
        print(f"{folder.name:13s} {row}")


def _track(path: Path) -> FaceTrack:
    pictures = [(p.seconds, p.pixels) for p in pictures_of(path)]
    with follow_faces() as follower:
        found = [follower.look(pixels) for _, pixels in pictures]
    return join_track(found, np.array([seconds for seconds, _ in pictures]))


def _moved(sound: Sound, seconds: float) -> Sound:
    """Make a sound late (or early)."""
    by = round(seconds * sound.rate_hz)
    moved = np.zeros_like(sound.samples)
    if by >= 0:
        moved[by:] = sound.samples[: len(moved) - by]
    else:
        moved[:by] = sound.samples[-by:]
    return Sound(moved, sound.rate_hz)


if __name__ == "__main__":
    main()
