"""Every personal voice starts from one that can speak already."""

from __future__ import annotations

import numpy as np

from avatar_app.fit.voice.network import OUTPUTS, Sizes
from avatar_app.fit.voice.score import score_of
from avatar_app.fit.voice.training import Playing, Scale, started_from
from avatar_app.weights.base_voice import open_base_voice

TEXT = "She keeps six sharp black chess pieces at his house, in the shed."
_PLAIN = Scale(
    np.zeros(OUTPUTS, np.float32), np.ones(OUTPUTS, np.float32), np.ones(2, np.float32)
)
_VOICELESS = tuple("sptkfʃ")


def _playing(symbols: tuple[str, ...]) -> Playing:
    base = open_base_voice()
    weights = started_from(base, symbols)
    return Playing(weights, Sizes(len(symbols), base.width), _PLAIN, symbols)


def test_the_base_knows_what_is_voiced() -> None:
    """Before any person is learned, vowels are voiced and s, p, t, k, f are not."""
    score = score_of(TEXT, "en-us")
    durations = np.full(len(score.symbols), 16)
    playing = _playing(tuple(sorted({s for s in score.symbols if s})))
    voiced = playing.play(score, durations)[:, -1].reshape(-1, 16)[:, 6:10].mean(1)
    is_vowel = score.context[:, 4] > 0
    is_voiceless = np.array([s[:1] in _VOICELESS for s in score.symbols]) & ~is_vowel

    assert is_vowel.sum() > 8
    assert is_voiceless.sum() > 8
    assert voiced[is_vowel].min() > voiced[is_voiceless].mean()
    assert voiced[is_vowel].mean() > voiced[is_voiceless].mean() + 1


def test_the_base_knows_that_vowels_last() -> None:
    """Stressed vowels are longer than stops, said by nobody in particular."""
    score = score_of(TEXT, "en-us")
    symbols = tuple(sorted({s for s in score.symbols if s}))
    frames = _playing(symbols).durations(score)
    stressed = (score.context[:, 4] > 0) & (score.context[:, 2] > 0)
    stops = np.array([s[:1] in tuple("ptkbdɡ") for s in score.symbols])

    assert frames[stressed].mean() > 1.3 * frames[stops].mean()


def test_a_sound_the_base_never_heard_starts_as_its_neighbour() -> None:
    """A retroflex stop has no weights of its own: it takes those of t."""
    base = open_base_voice()
    weights = started_from(base, ("a", "ʈ", "t"))

    assert "ʈ" not in base.symbols
    np.testing.assert_array_equal(
        weights["names.weight"][2], weights["names.weight"][3]
    )
    assert weights["names.weight"].shape[0] == 4
    assert not np.array_equal(weights["names.weight"][1], weights["names.weight"][3])
