"""SSML says how words are said, or what in it is not understood."""

from __future__ import annotations

import pytest

from avatar_app.errors import GlossaryRefused, SsmlRefused
from avatar_app.lesson.delivery import Delivery
from avatar_app.lesson.glossary import Entry, read_glossary
from avatar_app.lesson.script import read_script


def _delivery(marked: str) -> list[tuple[str, Delivery]]:
    lesson = read_script(f"<speak>{marked}</speak>")
    return [
        pair
        for sentence in lesson.sentences
        for pair in zip(sentence.text.split(), sentence.delivery, strict=True)
    ]


@pytest.mark.parametrize(
    ("marked", "delivery"),
    [
        ('<emphasis level="strong">now</emphasis>', Delivery(stress=2)),
        ('<prosody rate="80%" pitch="+2st" volume="-3dB">now</prosody>',
         Delivery(rate=0.8, pitch=2.0, volume=-3.0)),
        ('<prosody rate="slow" pitch="low" volume="loud">now</prosody>',
         Delivery(rate=0.8, pitch=-2.0, volume=3.0)),
        ('<prosody rate="+25%">now</prosody>', Delivery(rate=1.25)),
        ('<prosody rate="900%">now</prosody>', Delivery(rate=2.0)),
        ('<break time="700ms"/>now', Delivery(pause_before=0.7)),
        ('<break strength="strong"/><break time="1s"/>now',
         Delivery(pause_before=1.8)),
        ('<sub alias="at this moment">now</sub>',
         Delivery(said="at this moment", run=1)),
        ('<phoneme alphabet="ipa" ph="naʊ">now</phoneme>',
         Delivery(ipa="naʊ", run=1)),
        ('<say-as interpret-as="characters">now</say-as>',
         Delivery(spelled="characters", run=1)),
        ('<say-as interpret-as="date">now</say-as>', Delivery()),
    ],
)  # fmt: skip
def test_marks_reach_the_words_inside_them(marked: str, delivery: Delivery) -> None:
    """And no other word."""
    words = _delivery(f"Come {marked} please.")

    assert [word for word, _ in words] == ["Come", "now", "please."]
    assert [own for _, own in words] == [Delivery(), delivery, Delivery()]


def test_sentences_are_cut_as_in_plain_text() -> None:
    """Paragraphs and sentences keep their pauses; a break between them is kept."""
    plain = read_script("Dr. Who came. He left.\n\nBye.")
    marked = read_script(
        "<speak><p>Dr. Who came. He left.</p><p><break time='2s'/>Bye.</p></speak>"
    )

    assert [s.text for s in marked.sentences] == [s.text for s in plain.sentences]
    assert [s.pause_after for s in marked.sentences[:1]] == [0.35]
    assert marked.sentences[1].pause_after == 2.0


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ("<speak>Hello <b>you</b></speak>", "<b> is not understood"),
        ("<speak>Hello", "not well-formed at line 1"),
        ('<speak><break time="soon"/>x</speak>', "“soon” is no time"),
        ('<speak><prosody rate="quick">x</prosody></speak>', "rate “quick”"),
        ("<speak><sub>x</sub></speak>", "needs alias"),
        ('<speak><phoneme ph="">x</phoneme></speak>', "<phoneme> needs"),
        ('<speak><say-as interpret-as="song">x</say-as></speak>', "“song”"),
        ('<!DOCTYPE s [<!ENTITY a "b">]><speak>&a;</speak>', None),
        ('<speak><!DOCTYPE s [<!ENTITY a "b">]>&a;</speak>', "entities of its own"),
    ],
)
def test_what_is_not_understood_is_named(marked: str, said: str | None) -> None:
    """One sentence each; a text that only looks like SSML is read as plain text."""
    if said is None:
        assert read_script(marked).sentences[0].delivery == ()
        return
    with pytest.raises(SsmlRefused, match=said.replace("(", r"\(")):
        read_script(marked)


def test_a_glossary_is_read_line_by_line_and_written_back() -> None:
    """Comments and empty lines are nobody's words; IPA stands between slashes."""
    text = "# products\n\nnginx = engine ex\nSiobhan = /ʃɪˈvɔːn/\nC = see = sea\n"

    glossary = read_glossary(text)

    assert glossary.entries == (
        Entry("nginx", "engine ex"),
        Entry("Siobhan", "ʃɪˈvɔːn", is_ipa=True),
        Entry("C", "see = sea"),
    )
    assert read_glossary(glossary.written()) == glossary


@pytest.mark.parametrize("line", ["nginx", "= engine ex", "nginx =", "a" * 300])
def test_a_bad_line_of_a_glossary_is_named_by_its_number(line: str) -> None:
    """The author finds it at once."""
    with pytest.raises(GlossaryRefused, match="Line 2 of the glossary"):
        read_glossary(f"a = b\n{line}\n")
