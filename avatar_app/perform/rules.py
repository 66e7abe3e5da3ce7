"""The rules by which numbers, dates, units, addresses and code are read aloud."""

from __future__ import annotations

import re
from collections.abc import Iterable

from avatar_app.perform import amounts
from avatar_app.perform.reading import Book, Rule, Say

_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def rules_of(book: Book, *, month_first: bool) -> tuple[Rule, ...]:
    """The rules of a language, surest first.

    Args:
        book: Its words.
        month_first: Whether 3/4/2025 is in March.
    """
    number = _number(book)
    months = "|".join(book.table["words"]["months"])
    money = _either(book.group("money"))
    units = _either(book.group("units"))
    scales = _either(book.group("scales"))
    slashed = amounts.slashed_month_first if month_first else amounts.slashed_day_first
    english = book.language == "en"
    half = r"(?:\s*([ap])\.?\s?m\b\.?)?" if english else r"()"
    rules: list[tuple[str, Say] | None] = [
        (_either(book.group("acronyms")) + r"(?!\w)", _listed("acronyms")),
        (r"(?:https?://|www\.)[^\s,;)>\"”]*[\w/]", _address),
        (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", _address),
        (r"(?:[\w-]+\.)+(?:com|org|net|edu|gov|io|dev|de|es|eu|uk)(?:/[\w./-]*\w)?(?!\w)",
         _address),
        (r"(\d{4})-(\d\d)-(\d\d)(?!\d)", amounts.iso_date),
        (rf"({months})\s+(\d\d?)(?:st|nd|rd|th)?(?:,?\s+(\d{{4}}))?(?!\w)",
         amounts.month_day) if english else None,
        (rf"(\d\d?)(?:st|nd|rd|th|\.)?(?:\s+de)?\s+({months})(?:(?:\s+de)?,?\s+(\d{{4}}))?"
         r"(?!\w)", amounts.day_month),
        (r"(\d\d?)/(\d\d?)/(\d{4})(?!\d)", slashed),
        (r"(\d\d?)\.(\d\d?)\.(\d{4})(?!\d)", amounts.slashed_day_first)
        if not english else None,
        (rf"(\d\d?):(\d\d)(?::\d\d)?{half}(?!\d)", amounts.clock),
        (r"(\d\d?)\s*([ap])\.?\s?m\b\.?(?=\W|$)", amounts.hour) if english else None,
        (rf"({money})\s?({number})(?:\s?({scales})(?!\w))?", amounts.money_before),
        (rf"({number})\s?({money})(?!\w)", amounts.money_after),
        (rf"({number})\s?[-–]\s?({number})(?=\s?%)", amounts.spread),
        (rf"({number})\s?%", amounts.percent),
        (r"\+\d[\d\s().-]{6,}\d|\(?\d{3}\)?[ -]\d{3}-\d{4}(?!\d)", amounts.telephone),
        (r"v?\d+(?:\.\d+){2,}(?!\w)", amounts.version),
        (rf"({number})\s?[-–]\s?({number})(?!\w)", amounts.spread),
        (r"(\d{1,3})/(\d{1,3})(?![\w/])", amounts.fraction),
        (r"(\d{1,2}):(\d{1,2})(?!\d)", amounts.ratio),
        (rf"({number})(\s?)({units})(?!\w)", amounts.unit),
        (r"(\d+)(?:st|nd|rd|th)(?!\w)", amounts.ordinal) if english
        else (r"(\d+)[ºª](?!\w)", amounts.ordinal),
        (rf"({number})\s({scales})(?!\w)", amounts.scaled),
        (r"[12]\d{3}(?![\w.,]\d)(?!\w)", amounts.year),
        (rf"{number}(?!\w)", amounts.amount),
        (r"(?:[A-Za-z]+)?\d+(?=[A-Za-z])|\d+", _digits_in_code),
        (r"((?:Chapter|Part|Section|Act|Scene|Volume|Book|War|Phase|Type|Level|Stage|"
         r"Henry|Louis|George|Charles|Elizabeth|Kapitel|Teil|Band|Capítulo|Parte|Tomo)\s)"
         r"([IVXL]+)(?!\w)", _roman),
        (r"(?:[A-Za-z]\.){2,}(?=\W|$)", _initials),
        (_either(book.group("abbreviations")) + r"(?:\.|(?=\s|$))", _abbreviated),
        (r"[A-Z]{2,}[\d]*(?:'?s)?(?![\w])", _capitals),
        (r"[\w-]+\.(?:[a-z]{2,4}\d?)(?=\W|$)(?!\w)", _file),
        (r"[A-Za-z]+(?:_[A-Za-z0-9]+)+", _snake),
        (r"[a-z]+(?:[A-Z][a-z0-9]+)+(?!\w)|(?:[A-Z][a-z0-9]+){2,}(?!\w)", _camel),
        (_either({**book.group("symbols"), **book.group("letters")}), _symbol),
    ]  # fmt: skip
    return tuple(Rule(re.compile(rule[0]), rule[1]) for rule in rules if rule)


def _number(book: Book) -> str:
    point, group = re.escape(book.numerals.decimal), re.escape(book.numerals.thousands)
    sign = r"(?:(?<![\w)\]])[-−+](?=\d))?"
    return rf"{sign}(?:\d{{1,3}}(?:{group}\d{{3}})+|\d+)(?:{point}\d+)?"


def _either(words: Iterable[str]) -> str:
    found = [re.escape(word) for word in sorted(words, key=len, reverse=True)]
    return "(?:" + ("|".join(found) or r"(?!)") + ")"


def _listed(group: str) -> Say:
    def say(found: re.Match[str], book: Book) -> str | None:
        if found.group().isupper() and _is_shouting(found.string):
            return None
        return str(book.group(group)[found.group()])

    return say


# Addresses and code


def _address(found: re.Match[str], book: Book) -> str:
    address = re.sub(r"^https?://(?:www\.)?", "", found.group())
    names = {
        ".": book.word("dot"), "@": book.word("at"), "/": book.word("slash"),
        "-": book.word("dash"), "_": book.word("underscore"), ":": book.word("colon"),
    }  # fmt: skip
    said = [
        names.get(part) or _name_in_code(part, book)
        for part in re.findall(r"[.@/_:-]|[^\W_]+", address)
    ]
    return " ".join(said)


def _file(found: re.Match[str], book: Book) -> str | None:
    stem, _, extension = found.group().rpartition(".")
    if not re.search(r"[A-Za-z]", stem) or stem in book.group("abbreviations"):
        return None
    known = book.group("extensions").get(extension)
    said = known or (_spelled(extension) if len(extension) < 4 else extension)
    names = " ".join(_name_in_code(part, book) for part in re.split(r"[_-]", stem))
    return f"{names} {book.word('dot')} {said}"


def _name_in_code(part: str, book: Book) -> str:
    if part.isdigit():
        return book.numerals.amount(part)
    known = book.group("extensions").get(part) or book.group("acronyms").get(part)
    if known:
        return str(known)
    if part == "www":
        return "W.W.W."
    if len(part) > 1 and not re.search(r"[aeiouyáéíóúäöü]", part.lower()):
        return _spelled(part)
    return part


def _snake(found: re.Match[str], book: Book) -> str:
    return " ".join(_name_in_code(part, book) for part in found.group().split("_"))


def _camel(found: re.Match[str], _: Book) -> str | None:
    if re.fullmatch(r"(?:Mc|Mac|De|La|Le|Di|Van|O)[A-Z][a-z]+", found.group()):
        return None  # a person: McDonald
    parts = re.findall(r"[A-Z]?[a-z0-9]+", found.group())
    return " ".join(part.lower() for part in parts)


def _digits_in_code(found: re.Match[str], book: Book) -> str:
    letters = re.match(r"[A-Za-z]*", found.group())
    head = letters.group() if letters else ""
    digits = book.numerals.amount(found.group()[len(head) :])
    return f"{_spelled(head) if head else ''} {digits}".strip()


def _spelled(letters: str) -> str:
    """Letters by name; with full stops espeak-ng does not take A for an article."""
    return ".".join(letters.upper()) + ("." if len(letters) > 1 else "")


# Letters


def _roman(found: re.Match[str], book: Book) -> str | None:
    values = [_ROMAN[letter] for letter in found[2]]
    following = [*values[1:], 0]
    number = sum(v if v >= n else -v for v, n in zip(values, following, strict=True))
    people = ("Henry", "Louis", "George", "Charles", "Elizabeth")
    if found[1].strip() in people and book.language == "en":
        return f"{found[1]}the {book.numerals.ordinal(number)}"
    return f"{found[1]}{book.numerals.count(number)}"


def _initials(found: re.Match[str], book: Book) -> str | None:
    known = book.group("abbreviations").get(found.group()[:-1])
    return str(known) if known else None  # espeak-ng spells the others


def _abbreviated(found: re.Match[str], book: Book) -> str | None:
    bare = found.group().rstrip(".")
    stopped = found.group().endswith(".")
    if not stopped and (bare.islower() or bare in ("Gen", "Col", "Est", "Sec", "Ch")):
        return (
            None
            if bare not in ("vs", "w/o", "w/", "approx")
            else str(book.group("abbreviations")[bare])
        )
    ends = stopped and found.end() == len(found.string)
    return str(book.group("abbreviations")[bare]) + ("." if ends else "")


def _capitals(found: re.Match[str], book: Book) -> str | None:
    """Spell an acronym; leave words that are shouted or can be spoken."""
    written = found.group()
    core = re.sub(r"'?s$", "", written)
    letters = re.sub(r"\d", "", core)
    shouted = book.table.get("shouted", {}).get("words", ())
    if letters in shouted or _is_shouting(found.string):
        return written.lower()
    speakable = len(letters) > 4 and re.search(r"[AEIOUÄÖÜ]", letters)
    if speakable and len(letters) == len(core):
        return written.lower()
    digits = core[len(letters) :]
    said = _spelled(letters)
    if digits:
        said = f"{said} {book.numerals.amount(digits)}"
    return f"{said}'s" if core != written else said


def _is_shouting(text: str) -> bool:
    """Whether a whole text is in capitals, as a heading may be."""
    words = re.findall(r"[^\W\d_]{2,}", text)
    return len(words) > 2 and sum(word.isupper() for word in words) > 0.7 * len(words)


def _symbol(found: re.Match[str], book: Book) -> str | None:
    sign = found.group()
    said = str({**book.group("symbols"), **book.group("letters")}[sign])
    text, end = found.string, found.end()
    before = text[found.start() - 1] if found.start() else " "
    after = text[end] if end < len(text) else " "
    if sign in "/+*_|~<>" and not (
        (before.isspace() and after.isspace()) or (before + after).isdigit()
    ):
        if sign == "/" and before.isalnum() and after.isalnum():
            around = text[max(0, found.start() - 2) : end + 2].strip()
            formula = re.fullmatch(r"\W?\w/\w\W?", around)
            return f" {book.word('over')} " if formula else " "  # "and/or"
        return None if sign not in "*_|~" else ""
    return f" {said} "
