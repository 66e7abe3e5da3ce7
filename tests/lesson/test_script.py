"""A typed text becomes sentences and pauses, or a plain word about why not."""

from __future__ import annotations

import pytest

from avatar_app.errors import EmptyText, Unspeakable
from avatar_app.lesson.lesson import Lesson, Sentence
from avatar_app.lesson.script import read_script


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Hello there. How are you?", ["Hello there.", "How are you?"]),
        ("Dr. Smith met Mrs. Jones. They spoke.", None),
        ("Pi is 3.14 or so. Water boils at 100.5 degrees.", None),
        ("He said “Stop!” and left. She stayed.", None),
        ("“Where are you?” she asked. “Here.”", None),
        ("Wait... what is it? I see…", None),
        ("Use tools, e.g. a saw, i.e. a blade. Then rest.", None),
        ("J. R. Tolkien wrote it. I read it.", None),
        ("The U.S. Army came at 5 p.m. on Monday. It left.", None),
        ("See No. 5 on the list. No more.", None),
        ("No. I won’t.", ["No.", "I won’t."]),
        ("It has apples, pears, etc. The rest is bread.", None),
    ],
)
def test_a_text_is_cut_where_its_sentences_end(
    text: str, sentences: list[str] | None
) -> None:
    """Abbreviations, decimals, quotes and ellipses end none: two remain."""
    found = [sentence.text for sentence in read_script(text).sentences]

    assert len(found) == 2
    assert " ".join(found) == text
    assert sentences is None or found == sentences


def test_paragraphs_are_followed_by_longer_pauses() -> None:
    """A blank line is a breath; a broken line inside a paragraph is none."""
    lesson = read_script("One goes\nhere. Two.\n\nThree.")

    assert [s.text for s in lesson.sentences] == ["One goes here.", "Two.", "Three."]
    one, two, three = (s.pause_after for s in lesson.sentences)
    assert one < two == three


def test_long_sentences_are_cut_at_their_clauses() -> None:
    """Nothing is lost or moved, and no part is longer than forty words."""
    clause = "the reader goes on and on about the many things that were seen there"
    text = ", ".join([clause] * 7) + "."

    sentences = read_script(text).sentences

    assert len(sentences) > 1
    assert max(len(s.text.split()) for s in sentences) <= 40
    assert " ".join(s.text for s in sentences) == text
    assert all(s.text.endswith((",", ".")) for s in sentences)
    assert sentences[0].pause_after < sentences[-1].pause_after


def test_a_long_sentence_without_any_comma_is_cut_all_the_same() -> None:
    """Even a run of ninety words gets its breaths."""
    sentences = read_script("word " * 90).sentences

    assert max(len(s.text.split()) for s in sentences) <= 40


@pytest.mark.parametrize("text", ["", "   \n\t ", "...", "?! — “”", "^ `", "\u200b"])
def test_nothing_to_say_is_empty(text: str) -> None:
    """Blanks and marks alone are an empty text."""
    with pytest.raises(EmptyText):
        read_script(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Say 你好 now.", "你好"),
        ("مرحبا", "مرحبا"),
        ("Привет", "Привет"),
        ("Room ٣", "٣"),
        ("😀👍", "😀👍"),
    ],
)
def test_letters_without_a_sound_are_named(text: str, named: str) -> None:
    """The person is told which characters the voice cannot say."""
    with pytest.raises(Unspeakable) as refused:
        read_script(text)

    assert set(refused.value.characters) == set(named)


def test_emoji_beside_words_are_left_out() -> None:
    """A picture in a sentence is not read out and does not break it."""
    lesson = read_script("Great work 👩‍🚀 everyone 👍🏽. ✅ Done ❤️!")

    assert [s.text for s in lesson.sentences] == ["Great work everyone.", "Done!"]


def test_accents_currency_and_degrees_are_spoken() -> None:
    """Latin letters of any language and named signs stay."""
    text = "Zoë’s café in Łódź costs €5 at 20 °C™."

    assert read_script(text).sentences[0].text == text


def test_a_lesson_is_called_after_its_first_words() -> None:
    """Six words are enough to know it by."""
    assert read_script("Short one. More.").title == "Short one"
    assert read_script("A b c d e f g h.").title == "A b c d e f…"


def test_a_lesson_checks_itself() -> None:
    """Empty sentences and lessons are our mistakes, not the person's."""
    with pytest.raises(ValueError, match="at least one word"):
        Sentence(" ", 0.1)
    with pytest.raises(ValueError, match="shorter than nothing"):
        Sentence("Hello.", -1)
    with pytest.raises(ValueError, match="at least one sentence"):
        Lesson((), "Nothing")
