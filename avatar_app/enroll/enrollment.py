"""Enrollment: a take that one person may be learned from, and why it may."""

from __future__ import annotations

from dataclasses import dataclass

from avatar_app.capture.take import Take


@dataclass(frozen=True, slots=True, eq=False)
class Enrollment:
    """A take, the face followed through it, and the record of consent.

    Attributes:
        take: The clips.
        person: The name the person gave, for display only.
        tracks: For each clip, in order, the shelf name of its face track
            (see enroll/tracking.py).
        seen: Fraction of frames with a face, in [0, 1].
        record: What was checked and agreed, canonical JSON.
    """

    take: Take
    person: str
    tracks: tuple[str, ...]
    seen: float
    record: str

    def __post_init__(self) -> None:
        if len(self.tracks) != len(self.take.clips):
            raise ValueError("every clip has its own track")
