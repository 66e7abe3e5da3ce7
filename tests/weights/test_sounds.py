"""IPA comes down to a few dozen sounds, and sounds to what the mouth does."""

from __future__ import annotations

import numpy as np
import pytest

from avatar_app.media import Sound
from avatar_app.phonetics import TimedPhone
from avatar_app.weights.sounds import GESTURES, SOUNDS, gestures_over, shares, sounds_of
from avatar_app.weights.spoken import sounds_at, spans_of


@pytest.mark.parametrize(
    ("symbol", "names"),
    [
        ("", ["sil"]),
        ("aɪ", ["a", "ɪ"]),
        ("tʃ", ["t", "ʃ"]),
        ("iː", ["i"]),
        ("tʲʲ", ["t"]),
        ("ɔːɹ", ["ɔ", "ɹ"]),
        ("ɑ̃", ["ɑ"]),
        ("n̩", ["n"]),
        ("ʔ", []),
        ("(en)", []),
    ],
)
def test_symbols_become_sounds(symbol: str, names: list[str]) -> None:
    """Length, tone and diacritics go; diphthongs and affricates are two sounds."""
    assert [SOUNDS[k] for k in sounds_of(symbol)] == names
    assert sum(part for _, part in shares(symbol)) == pytest.approx(
        1.0 if names else 0.0
    )


def test_lips_close_for_p_and_look_ahead_to_u() -> None:
    """Closure is p's own; t before u is already rounded, t before i is not."""
    t, i, u, p = (SOUNDS.index(name) for name in "tiup")
    rounding, closure = GESTURES.index("rounding"), GESTURES.index("closure")
    before_u = gestures_over([i] * 10 + [t] * 5 + [u] * 10, 50.0)
    before_i = gestures_over([i] * 10 + [t] * 5 + [i] * 10, 50.0)
    closed = gestures_over([i] * 10 + [p] * 5 + [i] * 10, 50.0)

    assert before_u[14, rounding] > 0.5 > 0.1 > before_i[14, rounding]
    assert closed[12, closure] > 0.7 > 0.1 > closed[2, closure]


def test_a_closure_belongs_to_its_stop() -> None:
    """Dead silence before a voiceless stop is the stop, not the vowel before it."""
    samples = np.full(22050, 0.1, np.float32)
    samples[8820:11025] = 0  # 0.4 to 0.5 s
    phones = [TimedPhone("a", 0.0, 0.5), TimedPhone("p", 0.5, 1.0)]
    found = sounds_at(spans_of(phones, Sound(samples, 22050)), np.array([0.38, 0.42]))

    assert [SOUNDS[k] for k in found] == ["a", "p"]


def test_a_last_sound_without_time_gets_some() -> None:
    """espeak-ng may give "l" at the end of a word no time at all."""
    phones = [TimedPhone("e", 0.0, 0.2), TimedPhone("l", 0.2, 0.2)]
    spans = spans_of(phones, Sound(np.full(4410, 0.1, np.float32), 22050))

    assert spans[1].end - spans[1].start == pytest.approx(0.07)
