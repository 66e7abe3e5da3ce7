"""Style: every control has a range, and a script's head may set it."""

from __future__ import annotations

from dataclasses import fields

import pytest

from avatar_app.errors import StyleRefused
from avatar_app.lesson.script import read_script
from avatar_app.lesson.style import RANGES, SHAPES, Style, split_head


@pytest.mark.parametrize("name", RANGES)
def test_every_number_has_a_range_that_is_kept(name: str) -> None:
    """Both ends are allowed, what lies beyond is refused by name and range."""
    range_ = RANGES[name]
    for allowed in (range_.low, range_.high):
        assert getattr(Style().changed({name: allowed}), name) == allowed
    for beyond in (range_.low - 0.01, range_.high + 0.01, float("nan"), True):
        with pytest.raises(StyleRefused) as told:
            Style().changed({name: beyond})
        assert str(told.value).startswith(
            f"'{name}' can be {range_.low:g} to {range_.high:g}; it is "
        )


def test_the_usual_style_lies_within_all_ranges() -> None:
    """Every field is a number with a range, a choice, or a yes or no."""
    for field in fields(Style):
        usual = getattr(Style(), field.name)
        if field.name in RANGES:
            assert RANGES[field.name].low <= usual <= RANGES[field.name].high
        else:
            assert usual in SHAPES or isinstance(usual, bool)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"openning": 1.2}, "'openning' is unknown. Did you mean 'opening'?"),
        ({"watermark": "off"}, "'watermark' is unknown."),
        ({"shape": "2:1"}, "'shape' can be whole, 16:9, 1:1, 4:5, 9:16; it is 2:1."),
        ({"is_still": "perhaps"}, "'is_still' can be yes or no; it is perhaps."),
        ({"opening": "wide"}, "'opening' can be 0.5 to 1.5; it is wide."),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, object], sentence: str) -> None:
    """One sentence, one remedy."""
    with pytest.raises(StyleRefused) as told:
        Style().changed(changes)

    assert str(told.value) == sentence
    assert told.value.remedy


def test_a_scripts_head_sets_its_style() -> None:
    """The head is not spoken; what it does not name stays as usual."""
    lesson = read_script(
        "---\n# for phones\nopening: 1,2\n\nshape: 9:16\nis_still: yes\n---\nHello."
    )

    assert [sentence.text for sentence in lesson.sentences] == ["Hello."]
    assert lesson.style == Style(opening=1.2, shape="9:16", is_still=True)


def test_a_script_without_a_head_is_left_alone() -> None:
    """Dashes in the middle of a text, or never closed, are no head."""
    for text in ("Hello.\n---\nopening: 1.2\n---\n", "---\nHello.", "", "--- a ---"):
        assert split_head(text) == (Style(), text)


def test_a_head_that_is_none_is_told() -> None:
    """A line without a colon would be lost otherwise."""
    with pytest.raises(StyleRefused, match="'Hello' has no colon"):
        split_head("---\nHello\n---\nThis is all.")
