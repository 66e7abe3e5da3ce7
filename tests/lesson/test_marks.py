"""Marks: taken out of what is spoken, placed at their words, named when unknown."""

from __future__ import annotations

import pytest

from avatar_app.errors import EmptyText, UnknownMark
from avatar_app.lesson.script import read_script


def placed(text: str) -> list[tuple[str, tuple[tuple[int, str], ...]]]:
    """Sentences and their gestures."""
    return [(s.text, s.gestures) for s in read_script(text).sentences]


def test_a_mark_stands_before_its_word_and_is_not_spoken() -> None:
    """Wherever it was written, and whatever stop follows it."""
    assert placed("Look here [look-left] now.") == [
        ("Look here now.", ((2, "look-left"),))
    ]
    assert placed("Yes [nod], friend.") == [("Yes, friend.", ((1, "nod"),))]
    assert placed("[NOD] Yes.") == [("Yes.", ((0, "nod"),))]


def test_a_mark_between_sentences_belongs_to_the_next() -> None:
    """Only after the very last word does it stay with what was said."""
    assert placed("One. [nod] Two. [shake]") == [
        ("One.", ()),
        ("Two.", ((0, "nod"), (1, "shake"))),
    ]


def test_ssml_may_hold_marks() -> None:
    """Among its words, which keep their delivery."""
    told = read_script("<speak>Hi [nod] you <emphasis>there</emphasis>.</speak>")
    (sentence,) = told.sentences

    assert sentence.gestures == ((1, "nod"),)
    assert [own.stress for own in sentence.delivery] == [0, 0, 1]


def test_an_unknown_mark_is_named_with_its_line_and_neighbour() -> None:
    """Counted in the author's own file, the head included."""
    with pytest.raises(UnknownMark) as declined:
        read_script("---\nopening: 1.1\n---\nHello.\n\nAnd [loook-left] there.")

    assert str(declined.value) == (
        "[loook-left] in line 6 is no gesture. The nearest is [look-left]."
    )
    assert "brackets" in declined.value.remedy


def test_numbers_in_brackets_are_words() -> None:
    """A citation is spoken as before; marks alone are no text."""
    assert placed("As shown [1].") == [("As shown [1].", ())]
    with pytest.raises(EmptyText):
        read_script("[nod] [shake]")
