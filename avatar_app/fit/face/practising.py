"""Practise: train the lip networks on a person's clips, each kept sealed when done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from avatar_app.capture.clips import read_sound
from avatar_app.enroll.enrollment import Enrollment
from avatar_app.enroll.tracking import reopen_track
from avatar_app.fit.face.finishing import Trained
from avatar_app.fit.face.lips import (
    SENTENCE,
    Lesson,
    LipNetwork,
    LipSizes,
    move_lips,
    networks_of,
    train_lips,
)
from avatar_app.fit.face.listening import listen_to_another
from avatar_app.fit.face.studying import Strips, Study
from avatar_app.work import Job, Progress, share

Floats = NDArray[np.float32]
_STEPS_A_SECOND, _STEPS = 3.6, (400, 1200)  # of footage; least and most
# Frequencies of the throats in which the sentences are heard again, by the person's.
# On GRID s1 a recurrence then explains R² .615 of unseen coordinates, not .604.
_OTHERS = (0.85, 0.92, 1.09, 1.18, 1.28)
_SAYING = "Learning how your mouth moves"


def practise(
    enrollment: Enrollment, place: str, study: Study, strips: Strips, seed: int
) -> Job[Trained]:
    """Train the networks; each leaves out other clips, by which it is judged."""
    import torch

    torch.set_num_threads(1)
    shelf, fps = enrollment.take.shelf, enrollment.take.fps
    seconds = sum(strips.lengths) / fps
    steps = int(np.clip(_STEPS_A_SECOND * seconds, *_STEPS))
    sizes = LipSizes(outputs=study.mouths.mean.size, steps=steps)
    lessons = [Lesson(h, r) for h, r in zip(strips.heard, study.rows, strict=True)]
    usable = [i for i, x in enumerate(lessons) if len(x.mouth) >= 8 and len(x.heard)]
    weights: dict[str, Floats] = {}
    left_out: list[list[int]] = []
    count = len(sizes.kinds)
    for number, kind in enumerate(sizes.kinds):
        left_out.append(usable[number::12] if len(usable) > count else [])
        name = f"{place}lips-{number}.safetensors"
        if name not in shelf:
            if kind == SENTENCE and not lessons[usable[0]].others:
                yield Progress(number, count, _SAYING)
                lessons = yield from share(
                    _in_other_voices(enrollment, lessons, usable),
                    number / count,
                    (number + 0.2) / count,
                )
            taught = [lessons[i] for i in usable if i not in left_out[-1]]
            job = train_lips(taught, study.importance, sizes, number, seed)
            trained = yield from share(
                job, (number + 0.2) / count, (number + 1) / count
            )
            shelf.write(name, save(_weights_of(trained)))
        own = load(shelf.read(name))
        weights |= {f"lips.{number}.{key}": array for key, array in own.items()}
    tensors = {name: torch.from_numpy(array) for name, array in weights.items()}
    networks = networks_of(tensors, sizes)
    unseen: dict[int, Floats] = {}
    together: dict[int, Floats] = {}
    for network, clips in zip(networks, left_out, strict=True):
        unseen |= {i: move_lips([network], lessons[i].heard) for i in clips}
        together |= {i: move_lips(networks, lessons[i].heard) for i in clips}
    return Trained(weights, unseen, together)


def _in_other_voices(
    enrollment: Enrollment, lessons: list[Lesson], usable: list[int]
) -> Job[list[Lesson]]:
    """Hear the usable clips again, as others would say them."""
    take, heard = enrollment.take, list(lessons)
    for done, number in enumerate(usable):
        yield Progress(done, len(usable), _SAYING)
        sound = read_sound(take, take.clips[number])
        moments = reopen_track(take.shelf, enrollment.tracks[number]).seconds
        others = [listen_to_another(sound, moments, take.fps, by) for by in _OTHERS]
        heard[number] = replace(lessons[number], others=tuple(others))
    return heard


def _weights_of(network: LipNetwork) -> dict[str, Floats]:
    return {k: v.detach().numpy().copy() for k, v in network.state_dict().items()}
