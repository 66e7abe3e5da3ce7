"""Preview: a second of a film, at once, while its author turns a control.

What is slow to open (the idle film, the networks' weights) is opened once; a second of
pictures is then drawn in less time than it takes to look at it.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.lesson.style import Style
from avatar_app.media import Picture
from avatar_app.perform.performance import Passage, Performance
from avatar_app.render.composing import Stage
from avatar_app.render.mark import Marks
from avatar_app.work import Job, Progress

PICTURES = 25


class Preview:
    """A performance that can be looked at before it is filmed.

    Raises:
        FileTorn: The avatar is damaged.
    """

    def __init__(self, performance: Performance) -> None:
        self._performance = performance
        self._stage = Stage(performance)
        self._fps = performance.avatar.card.fps

    def liveliest(self) -> float:
        """The moment, in seconds, a little before the first word is spoken."""
        for number, passage in self._numbered():
            if passage.words:
                return number / self._fps + max(0.0, passage.words[0].start - 0.1)
        return 0.0

    def look(
        self, second: float, style: Style, pictures: int = PICTURES
    ) -> Job[list[Picture]]:
        """Draw some pictures of the film, marked as they will be; one step each.

        Closing the job stops after the picture that is being drawn.

        Args:
            second: Of the film, from which to look.
            style: As the author would have it.
            pictures: How many; fewer where the film ends.

        Returns:
            Blue-green-red pictures with their moments in the film.
        """
        self._stage.wear(style)
        framing = self._stage.framing
        marks = Marks(
            framing.width, framing.height, is_demo=self._performance.avatar.is_demo
        )
        seen: list[Picture] = []
        first = round(second * self._fps)
        for number, planes in self._planes(first, first + pictures):
            moment = number / self._fps
            marks.stamp(planes, moment)
            seen.append(Picture(_bgr(planes), moment))
            yield Progress(len(seen), pictures, "Drawing a preview")
        return seen

    def _planes(self, first: int, end: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield pictures of the film by their number, passage after passage."""
        for number, passage in self._numbered():
            length = round(passage.seconds * self._fps)
            some = range(max(0, first - number), min(length, end - number))
            if some:
                shown = self._stage.show(passage, some, number)
                yield from zip(range(number + some.start, end), shown, strict=False)

    def _numbered(self) -> Iterator[tuple[int, Passage]]:
        """Yield every passage with the number of its first picture."""
        number = 0
        for passage in self._performance.passages:
            yield number, passage
            number += round(passage.seconds * self._fps)


def _bgr(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """For the screen: BT.601, which at 720p is a shade off and five times as fast."""
    return np.asarray(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420), np.uint8)
