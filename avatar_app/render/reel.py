"""The reel: frames of the idle film by number, decoded as they are needed.

A walk goes forward, two stretches at a time at most, so two clips are open and two
frames in memory, however long the footage or the film. Only a stretch that is played
to and fro is kept decoded; it was chosen to fit (see ``choose_span``).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from avatar_app.capture.clips import count_frames, read_frames
from avatar_app.errors import FileTorn
from avatar_app.fit.face.crops import Planes
from avatar_app.fit.face.idle import Idle, film_name
from avatar_app.shelf import Shelf

_OPEN = 2  # clips at a time


class Reel:
    """Gives frames of the idle film; fastest when asked for in order."""

    def __init__(self, shelf: Shelf, idle: Idle, *, kept: range = range(0)) -> None:
        """Open the reel.

        Args:
            shelf: Where the film lies.
            idle: Its notes.
            kept: Frames that will be asked for again and again, in any order.

        Raises:
            FileTorn: The film is damaged. All of it is read for this, though not
                decoded, so that no film fails half way.
        """
        self._shelf, self._idle = shelf, idle
        for number, (_, count) in enumerate(idle.clips):
            if count_frames(shelf, film_name(number)) != count:
                raise FileTorn(film_name(number))
        self._readers: dict[int, Iterator[Planes]] = {}  # by the frame that comes next
        self._kept: dict[int, Planes] = {}
        for number in kept:
            self._kept[number] = self._read(number)

    def frame(self, number: int) -> Planes:
        """Give one frame, the caller's own; raises FileTorn."""
        if number in self._kept:
            return self._kept[number].copy()
        return self._read(number)

    def _read(self, number: int) -> Planes:
        reader = self._readers.pop(number, None)
        if reader is None:
            while len(self._readers) >= _OPEN:  # the one that was asked longest ago
                self._readers.pop(next(iter(self._readers)))
            clip = self._idle.clip_of(number)
            reader = self._from(clip, number - int(self._idle.clips[clip, 0]))
        try:
            planes = next(reader)
        except StopIteration:
            raise FileTorn(film_name(self._idle.clip_of(number))) from None
        if number < self._idle.end_of(number):  # the next one is another clip's
            self._readers[number + 1] = reader
        return planes

    def _from(self, clip: int, first: int) -> Iterator[Planes]:
        for frame in read_frames(self._shelf, film_name(clip), first):
            yield np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8)
