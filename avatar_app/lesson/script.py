"""Script: the text an author types or opens becomes a Lesson.

Emoji and pictograms inside a text are left out of what is spoken; letters of a script
that the English voice has no sounds for are refused by name, because leaving them out
would change what the author says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from avatar_app.errors import EmptyText, Unspeakable
from avatar_app.lesson.lesson import Lesson, Sentence
from avatar_app.lesson.marks import place_marks, take_marks, without_marks
from avatar_app.lesson.ssml import Words, delivered, is_ssml, read_ssml
from avatar_app.lesson.style import split_head

_AFTER_SENTENCE, _AFTER_PARAGRAPH, _AFTER_CLAUSE = 0.35, 0.8, 0.12  # seconds
_MOST_WORDS = 40
_TITLE_WORDS = 6
_FIRST_PICTOGRAM = "\u2190"  # arrows on; ©, ° and ™ lie below and have names
_NAMED = frozenset("™℠№")
_TITLES = frozenset(
    {
        "mr", "mrs", "ms", "mx", "dr", "prof", "st", "rev", "hon", "capt",
        "col", "gen", "lt", "sgt", "gov", "sen", "rep", "messrs", "mme", "mlle",
        "vs", "cf", "eg", "ie", "approx", "dept", "est", "fig", "figs", "no",
        "nos", "vol", "vols", "pp", "ch", "sec", "eq", "ed", "eds", "al",
    }
)  # fmt: skip
_MAY_END = frozenset(
    {
        "etc", "inc", "ltd", "co", "corp", "jr", "sr", "bros", "am", "pm", "ad",
        "bc",
    }
)  # fmt: skip
_END = re.compile(r"""(?:[.!?…]+|[。！？]+)["'”’»)\]]*(?=\s|$)""")
_CLAUSES = (
    re.compile(r"[;:]\s+|\s+[—–-]\s+|—"),
    re.compile(r",\s+"),
    re.compile(r"\s+(?=(?:and|but|or|so|because|which|that|while|when|where|if)\b)"),
    re.compile(r"\s+"),
)


def read_script(text: str) -> Lesson:
    """Split a text, plain or in SSML, into sentences with pauses.

    Raises:
        SsmlRefused: It is SSML and holds what is not understood.
        EmptyText: There is no word in it.
        Unspeakable: It holds letters that the voice has no sound for, or nothing but
            emoji.
        StyleRefused: Its head asks for what there is not, see ``split_head``.
        UnknownMark: It asks for a gesture that does not exist.
    """
    lines = text.count("\n")
    style, text = split_head(text)
    if is_ssml(text):
        paragraphs = read_ssml(text)
        plain = (" ".join(word for word, _ in words) for words in paragraphs)
        lesson = read_script("\n\n".join(plain))
        paragraphs = [_unmarked(words) for words in paragraphs]
        told = tuple(delivered(lesson.sentences, paragraphs))
        return replace(lesson, sentences=told, style=style)
    _refuse_foreign(text)
    body_line = 1 + lines - text.count("\n")
    speakable, marks = take_marks(_without_pictograms(text), body_line)
    if not _has_words(speakable):
        pictures = _unique(
            c for c in text if _is_pictogram(c) and unicodedata.category(c)[0] == "S"
        )
        if not pictures:
            raise EmptyText
        raise Unspeakable(pictures)
    sentences: list[Sentence] = []
    for paragraph in re.split(r"\n\s*\n", speakable):
        pieces = _sentences(" ".join(paragraph.split()))
        for last_of_paragraph, sentence in _with_last(pieces):
            after = _AFTER_PARAGRAPH if last_of_paragraph else _AFTER_SENTENCE
            for last_of_sentence, clause in _with_last(_breaths(sentence)):
                pause = after if last_of_sentence else _AFTER_CLAUSE
                sentences.append(Sentence(clause, pause))
    placed = tuple(place_marks(sentences, marks))
    return Lesson(placed, _title(sentences[0].text), style)


def _unmarked(words: Words) -> Words:
    """Words of SSML without the marks among them."""
    bare = without_marks(word for word, _ in words)
    return [(w, own) for w, (_, own) in zip(bare, words, strict=True) if w]


def _refuse_foreign(text: str) -> None:
    foreign = _unique(c for c in unicodedata.normalize("NFC", text) if _is_foreign(c))
    if foreign:
        raise Unspeakable(foreign)


def _is_foreign(character: str) -> bool:
    """Whether it is a letter or digit of another script than the Latin one."""
    kind = unicodedata.category(character)
    if character.isascii() or kind[0] not in "LN" or character in "µªº":
        return False
    if kind in ("No", "Nl"):  # ½, ², Ⅷ
        return False
    return not unicodedata.name(character, "").startswith(("LATIN", "FULLWIDTH LATIN"))


def _is_pictogram(character: str) -> bool:
    kind = unicodedata.category(character)
    if kind in ("Cf", "Cs", "Co", "Cn"):  # joiners, marks of direction, private use
        return True
    if character in "\ufe0e\ufe0f\u20e3" or "\U0001f3fb" <= character <= "\U0001f3ff":
        return True
    return kind == "So" and character >= _FIRST_PICTOGRAM and character not in _NAMED


def _without_pictograms(text: str) -> str:
    kept = "".join(
        # The joiners vanish, pictures leave a gap.
        c if not _is_pictogram(c) else " " if unicodedata.category(c) == "So" else ""
        for c in text
    )
    tidy = re.sub(r"[^\S\n]+([.,;:!?…])", r"\1", kept)
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", tidy.replace("\r\n", "\n"))


def _has_words(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _sentences(paragraph: str) -> list[str]:
    """Cut at full stops that are ends of sentences."""
    found: list[str] = []
    start = 0
    for match in _END.finditer(paragraph):
        before = paragraph[start : match.start()]
        after = paragraph[match.end() :].lstrip()
        if after and not _ends(before, match.group(), after):
            continue
        found.append(paragraph[start : match.end()].strip())
        start = match.end()
    found.append(paragraph[start:].strip())
    return [sentence for sentence in found if _has_words(sentence)]


def _ends(before: str, mark: str, after: str) -> bool:
    """Whether a mark ends its sentence, judged by the word before and the one after."""
    opening = after.lstrip("\"'“‘«([")
    small = opening[:1].islower()
    stops = mark.rstrip("\"'”’»)]")
    if stops != ".":
        return not small  # "Wait... what?" and "Really?" he said go on
    word = before.split()[-1] if before.split() else ""
    bare = word.strip("\"'“‘(").replace(".", "").lower()
    if bare in _TITLES:
        return bare == "no" and not opening[:1].isdigit()  # "No. 5", but "No. I won't."
    if small:
        return False
    if re.fullmatch(r"[\"'“‘(]*[A-Z]", word) and word[-1:] != "I":
        return False  # an initial: "J. Smith"
    if re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]", word) and bare not in _MAY_END:
        return opening.split()[0].rstrip(",") in _STARTERS  # "U.S. Army", "U.S. It"
    return True


_STARTERS = frozenset(
    {
        "A", "An", "And", "As", "At", "But", "For", "From", "He", "Her", "His",
        "How", "I", "If", "In", "It", "Its", "My", "No", "On", "Or", "Our",
        "She", "So", "That", "The", "Their", "Then", "There", "These", "They",
        "This", "Those", "To", "We", "What", "When", "Where", "Who", "Why",
        "You", "Your",
    }
)  # fmt: skip


def _breaths(sentence: str) -> list[str]:
    """Cut what is too long for one breath near its middle, at the best place."""
    count = len(sentence.split())
    if count <= _MOST_WORDS:
        return [sentence]
    for clause in _CLAUSES:
        cuts = [match.end() for match in clause.finditer(sentence)]
        # Neither part may be a stump of under a fifth.
        cuts = [c for c in cuts if 0.2 < len(sentence[:c].split()) / count < 0.8]
        if cuts:
            middle = min(cuts, key=lambda cut: abs(cut - len(sentence) / 2))
            return [
                *_breaths(sentence[:middle].strip()),
                *_breaths(sentence[middle:].strip()),
            ]
    return [sentence]


def _with_last(items: list[str]) -> list[tuple[bool, str]]:
    return [(k == len(items) - 1, item) for k, item in enumerate(items)]


def _title(text: str) -> str:
    words = text.split()
    short = " ".join(words[:_TITLE_WORDS]).rstrip(".,;:!?…")
    return short + "…" if len(words) > _TITLE_WORDS else short


def _unique(characters: Iterable[str]) -> str:
    return "".join(dict.fromkeys(characters))
