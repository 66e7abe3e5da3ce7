"""How well a face tracker follows the drawn presenter, and what drawing costs.

Run ``python -m tests.demo.measure_presenter [prompts]``; all 27 take about a minute.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field

import cv2
import mediapipe as mp
import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.take import Purpose
from avatar_app.demo.mouth import MouthShape
from avatar_app.demo.presenter import DrawnPresenter
from avatar_app.demo.script import DEMO_PROMPTS
from avatar_app.demo.speaking import STEPS_PER_SECOND, utterances


@dataclass
class _Tally:
    """What was drawn and what was tracked, one row per tracked picture."""

    drawn: list[tuple[float, float]] = field(default_factory=list)  # opening, width
    tracked: list[tuple[float, float]] = field(default_factory=list)
    listening: list[bool] = field(default_factory=list)
    pictures: int = 0
    cpu_seconds: float = 0.0


def measure(prompts: int) -> None:
    """Let the presenter go through its first prompts, and say how it went."""
    presenter = DrawnPresenter()
    presenter.camera.start()
    presenter.microphone.start()
    tally, samples = _Tally(), 0
    with mp.solutions.face_mesh.FaceMesh(
        refine_landmarks=False,
        max_num_faces=1,
        min_detection_confidence=0.4,
        min_tracking_confidence=0.4,
    ) as mesh:
        for prompt in DEMO_PROMPTS[:prompts]:
            presenter.teleprompter.show(prompt)
            while not presenter.teleprompter.is_over():
                _one_picture(presenter, mesh, tally, prompt.purpose)
                samples += len(presenter.microphone.read().samples)
    _say("seconds drawn / heard", tally.pictures / 25, samples / 48_000)
    _report(tally)
    _report_closures(prompts)


def _one_picture(
    presenter: DrawnPresenter, mesh: object, tally: _Tally, purpose: Purpose
) -> None:
    mouth = presenter.camera.coming.mouth
    began = time.process_time()
    pixels = presenter.camera.read().pixels
    tally.cpu_seconds += time.process_time() - began
    tally.pictures += 1
    found = mesh.process(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))  # type: ignore[attr-defined]
    if not found.multi_face_landmarks:
        return
    marks = found.multi_face_landmarks[0].landmark

    def apart(one: int, other: int) -> float:
        a, b = marks[one], marks[other]
        return float(np.hypot((a.x - b.x) * 16, (a.y - b.y) * 9))

    eyes = apart(33, 263)
    tally.tracked.append((apart(13, 14) / eyes, apart(61, 291) / eyes))
    tally.drawn.append((mouth.opening, mouth.wide - mouth.pucker))
    tally.listening.append(purpose is Purpose.LISTENING)


def _report(tally: _Tally) -> None:
    drawn, tracked = np.array(tally.drawn), np.array(tally.tracked)
    quiet = np.array(tally.listening)
    _say("pictures / untracked", tally.pictures, tally.pictures - len(tracked))
    _say("CPU ms per picture", 1000 * tally.cpu_seconds / tally.pictures)
    _say("listening: aperture mean / sd / most", *_spread(tracked[quiet, 0]))
    if quiet.all():
        return
    talk, asked = tracked[~quiet], drawn[~quiet]
    _say("aperture r, tracked against drawn", _r(talk[:, 0], asked[:, 0]))
    _say("width r, tracked against drawn", _r(talk[:, 1], asked[:, 1]))
    _say("lips shut: aperture mean / sd / most", *_spread(talk[asked[:, 0] == 0, 0]))
    for name, column in (("aperture", 0), ("width", 1)):
        _say(f"{name} at 1, 50, 99 %", *np.percentile(talk[:, column], [1, 50, 99]))


def _report_closures(prompts: int) -> None:
    """How long lips are shut for each closure, by the drawn track alone."""
    held: list[float] = []
    for prompt in DEMO_PROMPTS[1:prompts]:
        for piece in utterances(prompt.text, "en-us", 48_000):
            opening = np.array(
                [MouthShape(*row.tolist()).opening for row in piece.shapes]
            )
            shut = np.concatenate([[False], opening < 0.012, [False]]).astype(np.int8)
            starts, ends = (np.flatnonzero(np.diff(shut) == sign) for sign in (1, -1))
            held.extend(((ends - starts) / STEPS_PER_SECOND)[1:-1])
    if held:
        _say("closures within speech, seconds shut: least / median", *_least(held))


def _least(held: list[float]) -> tuple[int, float, float]:
    return len(held), float(np.min(held)), float(np.median(held))


def _spread(values: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(values.mean()), float(values.std()), float(values.max())


def _r(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def _say(what: str, *figures: float) -> None:
    sys.stdout.write(f"{what:52}" + "  ".join(f"{f:.4g}" for f in figures) + "\n")


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else len(DEMO_PROMPTS))
