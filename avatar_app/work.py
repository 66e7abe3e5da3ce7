"""Long work tells what it is doing: Progress, Job, and the ways to carry one out.

A job is a generator: not asking for its next step pauses it, closing it cancels it
(its ``finally`` clauses tidy up), and its return value is the noun it was for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of long work.

    Attributes:
        done: Work finished, in the same unit as ``total``.
        total: All the work there is, greater than zero.
        saying: What is being done now, in words for the person.
    """

    done: float
    total: float
    saying: str

    @property
    def fraction(self) -> float:
        """How much is done, in [0, 1]."""
        return min(1.0, max(0.0, self.done / self.total))


Job = Generator[Progress, None, T]


def carry_out(job: Job[T], watch: Callable[[Progress], None] | None = None) -> T:
    """Run a job to its end and return what it brings; errors pass through."""
    try:
        while True:
            step = next(job)
            if watch is not None:
                watch(step)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        job.close()


def share(job: Job[T], start: float, end: float) -> Job[T]:
    """Let a part of larger work report as its share [start, end] of the whole."""
    try:
        while True:
            step = next(job)
            yield Progress(start + (end - start) * step.fraction, 1.0, step.saying)
    except StopIteration as finish:
        result: T = finish.value
        return result
    finally:
        job.close()


class Pace:
    """Estimates the seconds left from the progress seen so far."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began = now()

    def seconds_left(self, step: Progress) -> float | None:
        """Seconds until done, or None while there is too little to judge by."""
        spent = self._now() - self._began
        if step.fraction < 0.02 or spent < 1.0:
            return None
        return spent * (1.0 - step.fraction) / step.fraction
