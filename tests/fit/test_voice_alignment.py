"""Where phonemes lie in a recording, judged by a speaker who knows: espeak-ng."""

from __future__ import annotations

import numpy as np

from avatar_app.fit.voice.alignment import align
from avatar_app.phonetics import speak
from avatar_app.work import carry_out

SENTENCES = [
    "The boat left the harbour early in the morning.",
    "Please put the kettle on before they arrive.",
    "Seven people waited quietly for the last train.",
    "A cold wind blew across the empty field.",
    "She found her keys under a pile of papers.",
    "Nobody knew why the music had stopped.",
    "We should check the numbers once more.",
    "Their garden is full of yellow flowers.",
]


def test_alignment_finds_the_times_of_a_speaker_who_knows_them() -> None:
    """Another espeak voice, slower and higher, is aligned to within 20 ms."""
    spoken = [speak(text, "en-us+f3", 140, 65) for text in SENTENCES]
    readings = [
        (sound, text) for (sound, _, _), text in zip(spoken, SENTENCES, strict=True)
    ]

    aligned = carry_out(align(readings, "en-us"))

    misses = []
    for found, (_, phones, _) in zip(aligned, spoken, strict=True):
        true = np.array([phone.start for phone in phones if phone.symbol])
        mine = found.edges[:-1][found.phones >= 0] * 0.005
        misses.append(np.abs(true - mine))
    assert np.median(np.concatenate(misses)) <= 0.020
    assert np.percentile(np.concatenate(misses), 90) <= 0.050


def test_alignment_tells_that_a_text_is_not_what_was_said() -> None:
    """The fit of a reading with another text is the worst by far."""
    sounds = [speak(text, "en-us+f3")[0] for text in SENTENCES]
    texts = [*SENTENCES[:-1], "Eight dogs chased a ball around my uncle's tree."]

    aligned = carry_out(align(list(zip(sounds, texts, strict=True)), "en-us"))

    fits = [one.fit for one in aligned]
    assert fits[-1] < min(fits[:-1]) - 3
