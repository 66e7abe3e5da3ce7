"""A speaker who does not exist: espeak-ng with another voice and pace."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.voice.personal import PersonalVoice, Reading, fit_voice
from avatar_app.fit.voice.vocoder import RATE_HZ, analyse
from avatar_app.media import Sound
from avatar_app.phonetics import speak
from avatar_app.work import Progress, carry_out
from tests.fakes.shelf import OpenShelf

SENTENCES = [
    "The boat left early in the morning.",
    "Put the kettle on before they arrive.",
    "Seven people waited for the train.",
    "A cold wind blew across the field.",
    "She found her keys under the papers.",
    "Nobody knew why the music stopped.",
    "We should check the numbers again.",
    "Their garden is full of flowers.",
    "My uncle built a house of brown stone.",
    "Good luck with your journey to the north.",
    "He put the hot cup back on the shelf.",
    "Which of these is the right answer?",
]


def reads(text: str) -> Sound:
    """Let the made-up speaker read a sentence."""
    return speak(text, "en-us+f3", 180, 60)[0]


def readings() -> list[Reading]:
    """All sentences, read."""
    return [Reading(text, reads(text)) for text in SENTENCES]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A voice, and how it came about: stopped in the middle, then taken up again.

    Attributes:
        voice: Of the made-up speaker; one of its readings had a foreign text.
        shelf: On which it was worked.
        stopped_with: What lay on the shelf when it was stopped.
        before: What the first run said.
        after: What the second run said.
    """

    voice: PersonalVoice
    shelf: OpenShelf
    stopped_with: tuple[str, ...]
    before: tuple[Progress, ...]
    after: tuple[Progress, ...]


@functools.lru_cache(1)
def fitted() -> Fitted:
    """Fit the made-up speaker's voice; done once, because it takes seconds."""
    shelf = OpenShelf()
    given = [*readings(), Reading("Eight dogs ran home at noon.", reads(SENTENCES[3]))]
    before: list[Progress] = []
    job = fit_voice(given, shelf)
    while "fit/voice/network" not in shelf:
        before.append(next(job))
    job.close()
    lying = tuple(shelf.names())
    after: list[Progress] = []
    voice = carry_out(fit_voice(given, shelf), after.append)
    return Fitted(voice, shelf, lying, tuple(before), tuple(after))


def distortion_db(sound: Sound, other: Sound) -> float:
    """Mel-cepstral distortion along the best path between two sounds."""
    mine, theirs = _spoken(sound), _spoken(other)
    away = np.linalg.norm(mine[:, None] - theirs[None], axis=2)
    rows, columns = away.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    steps = np.zeros((rows + 1, columns + 1))
    total[0, 0] = 0
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            ways = ((i - 1, j - 1), (i - 1, j), (i, j - 1))
            came = min(ways, key=lambda way: float(total[way]))
            total[i, j] = total[came] + away[i - 1, j - 1]
            steps[i, j] = steps[came] + 1
    return float(10 / np.log(10) * np.sqrt(2) * total[-1, -1] / steps[-1, -1])


def _spoken(sound: Sound) -> NDArray[np.float64]:
    """Mel-cepstra 1 to 24 of the loud frames, each 10 ms."""
    envelope = analyse(sound.at(RATE_HZ)).envelope[::2]
    loud = envelope[:, 0] > np.percentile(envelope[:, 0], 98) - 4
    return envelope[loud, 1:25]
