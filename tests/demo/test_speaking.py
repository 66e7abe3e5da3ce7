"""The mouth does what the sounds need."""

from __future__ import annotations

import numpy as np
import pytest

from avatar_app.demo.mouth import MouthShape
from avatar_app.demo.speaking import STEPS_PER_SECOND, mouth_shapes, utterances
from avatar_app.phonetics import TimedPhone


def _said(*symbols: str) -> list[MouthShape]:
    """The shape at the middle of every phoneme, each 0.12 s long."""
    phones = [
        TimedPhone(symbol, 0.3 + 0.12 * i, 0.3 + 0.12 * (i + 1))
        for i, symbol in enumerate(symbols)
    ]
    track = mouth_shapes(phones, 0.6 + 0.12 * len(symbols))
    middles = [(phone.start + phone.end) / 2 for phone in phones]
    return [MouthShape(*track[round(m * STEPS_PER_SECOND)].tolist()) for m in middles]


@pytest.mark.parametrize(
    ("closed", "after_start"), [("p", -0.02), ("b", 0), ("m", 0.06)]
)
def test_lips_close_for_every_bilabial(closed: str, after_start: float) -> None:
    """Between open vowels lips shut: for p and b before the burst they begin with."""
    phones = [
        TimedPhone("ɑː", 0.30, 0.50),
        TimedPhone(closed, 0.50, 0.62),
        TimedPhone("ɑː", 0.62, 0.82),
    ]
    track = mouth_shapes(phones, 1.1)
    before, shut, after = (
        MouthShape(*track[round(at * STEPS_PER_SECOND)].tolist()).opening
        for at in (0.38, 0.50 + after_start, 0.72)
    )

    assert shut < 0.004 < 0.1 < min(before, after)


def test_every_closure_is_seen_in_a_picture() -> None:
    """A burst of 15 ms is held long enough for 25 pictures a second to show it."""
    phones = [
        TimedPhone("ɑː", 0.3, 0.5),
        TimedPhone("p", 0.5, 0.515),
        TimedPhone("ɑː", 0.515, 0.7),
    ]
    track = mouth_shapes(phones, 1.0)
    opening = np.array([MouthShape(*row.tolist()).opening for row in track])

    held = (opening[80:120] < 0.02).sum() / STEPS_PER_SECOND
    assert held >= 1 / 25


def test_vowels_differ_in_jaw_and_width() -> None:
    """ɑ opens furthest, i is widest, u is rounded."""
    (ah,), (ee,), (oo,) = _said("ɑː"), _said("iː"), _said("uː")

    assert ah.jaw > 2 * max(ee.jaw, oo.jaw)
    assert ee.wide > 0.5 > max(ah.wide, oo.wide)
    assert oo.pucker > 0.5 > max(ah.pucker, ee.pucker)


def test_the_lower_lip_meets_the_teeth_for_f() -> None:
    """For f and v the lower lip is drawn up while the upper one shows the teeth."""
    _, bite, _ = _said("ɑː", "f", "ɑː")

    assert bite.lower < 0 < bite.upper
    assert 0 < bite.opening < 0.06


def test_the_mouth_begins_and_ends_at_rest() -> None:
    """Pieces join without a jump, because each starts and stops closed."""
    for piece in utterances("An apple. And another one!", "en-us", 16_000):
        assert np.abs(piece.shapes[[0, -1]]).max() < 0.03
        assert piece.shape_at(-1.0) == piece.shape_at(99.0) == MouthShape()
        assert np.abs(np.diff(piece.shapes, axis=0)).max() < 0.25


def test_long_texts_are_spoken_in_pieces() -> None:
    """No piece grows with the text, so memory does not either."""
    pieces = list(utterances("many words here " * 80, "en-us", 16_000))

    assert len(pieces) > 4
    assert max(piece.sound.seconds for piece in pieces) < 25


def test_unknown_sounds_still_move_the_mouth() -> None:
    """A phoneme nobody named opens a little instead of failing."""
    (odd,) = _said("ǃ")

    assert 0.02 < odd.opening < 0.2
