"""The rules by which numbers, dates, units, addresses and code are read aloud."""

from __future__ import annotations

import re
from collections.abc import Iterable

from avatar_app.perform.reading import Book, Rule, Say

_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_YEARS = (range(1100, 2000), range(2010, 2100))
_FRACTIONS = {"1/2": "half", "1/4": "quarter"}


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
    slashed = _slashed_month_first if month_first else _slashed_day_first
    english = book.language == "en"
    half = r"(?:\s*([ap])\.?\s?m\b\.?)?" if english else r"()"
    rules: list[tuple[str, Say] | None] = [
        (_either(book.group("acronyms")) + r"(?!\w)", _listed("acronyms")),
        (r"(?:https?://|www\.)[^\s,;)>\"”]*[\w/]", _address),
        (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", _address),
        (r"(?:[\w-]+\.)+(?:com|org|net|edu|gov|io|dev|de|es|eu|uk)(?:/[\w./-]*\w)?(?!\w)",
         _address),
        (r"(\d{4})-(\d\d)-(\d\d)(?!\d)", _iso_date),
        (rf"({months})\s+(\d\d?)(?:st|nd|rd|th)?(?:,?\s+(\d{{4}}))?(?!\w)", _month_day)
        if english else None,
        (rf"(\d\d?)(?:st|nd|rd|th|\.)?(?:\s+de)?\s+({months})(?:(?:\s+de)?,?\s+(\d{{4}}))?"
         r"(?!\w)", _day_month),
        (r"(\d\d?)/(\d\d?)/(\d{4})(?!\d)", slashed),
        (r"(\d\d?)\.(\d\d?)\.(\d{4})(?!\d)", _slashed_day_first)
        if not english else None,
        (rf"(\d\d?):(\d\d)(?::\d\d)?{half}(?!\d)", _clock),
        (r"(\d\d?)\s*([ap])\.?\s?m\b\.?(?=\W|$)", _hour) if english else None,
        (rf"({money})\s?({number})(?:\s?({scales})(?!\w))?", _money_before),
        (rf"({number})\s?({money})(?!\w)", _money_after),
        (rf"({number})\s?[-–]\s?({number})(?=\s?%)", _range),
        (rf"({number})\s?%", _percent),
        (r"\+\d[\d\s().-]{6,}\d|\(?\d{3}\)?[ -]\d{3}-\d{4}(?!\d)", _telephone),
        (r"v?\d+(?:\.\d+){2,}(?!\w)", _version),
        (rf"({number})\s?[-–]\s?({number})(?!\w)", _range),
        (r"(\d{1,3})/(\d{1,3})(?![\w/])", _fraction),
        (r"(\d{1,2}):(\d{1,2})(?!\d)", _ratio),
        (rf"({number})(\s?)({units})(?!\w)", _unit),
        (r"(\d+)(?:st|nd|rd|th)(?!\w)", _ordinal) if english
        else (r"(\d+)[ºª](?!\w)", _ordinal),
        (rf"({number})\s({scales})(?!\w)", _scaled),
        (r"[12]\d{3}(?![\w.,]\d)(?!\w)", _year),
        (rf"{number}(?!\w)", _amount),
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


# Days and hours


def _date(
    year: str | None, month: int, day: int, book: Book, ending: str = "r"
) -> str | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    name = book.table["words"]["months"][month - 1]
    if book.language == "en":
        said = f"{name} {book.numerals.ordinal(day)}"
        return f"{said}, {book.numerals.year(int(year))}" if year else said
    if book.language == "de":
        # "der dritte", but "am dritten": espeak-ng's voice reads what is written
        said = f"{book.numerals.ordinal(day)}{ending} {name}"
        return f"{said} {book.numerals.year(int(year))}" if year else said
    said = f"{'primero' if day == 1 else book.numerals.count(day)} de {name}"
    return f"{said} de {book.numerals.year(int(year))}" if year else said


def _iso_date(found: re.Match[str], book: Book) -> str | None:
    return _date(found[1], int(found[2]), int(found[3]), book)


def _slashed_month_first(found: re.Match[str], book: Book) -> str | None:
    first, second = int(found[1]), int(found[2])
    month, day = (second, first) if first > 12 else (first, second)
    return _date(found[3], month, day, book)


def _slashed_day_first(found: re.Match[str], book: Book) -> str | None:
    return _date(found[3], int(found[2]), int(found[1]), book, _ending(found))


def _month_day(found: re.Match[str], book: Book) -> str | None:
    month = book.table["words"]["months"].index(found[1]) + 1
    return _date(found[3], month, int(found[2]), book)


def _day_month(found: re.Match[str], book: Book) -> str | None:
    month = book.table["words"]["months"].index(found[2]) + 1
    return _date(found[3], month, int(found[1]), book, _ending(found))


def _ending(found: re.Match[str]) -> str:
    """How the word before bends a German day: am dritten, der dritte, dritter."""
    before = found.string[: found.start()].lower().split()
    last = before[-1] if before else ""
    if last in ("am", "vom", "zum", "dem", "den", "im"):
        return "n"
    return "" if last == "der" else "r"


def _clock(found: re.Match[str], book: Book) -> str | None:
    hour, minute = int(found[1]), int(found[2])
    if hour > 24 or minute > 59:
        return None
    half = f" {found[3].upper()}.M." if found[3] else ""
    if not minute:
        if half:
            return book.numerals.count(hour) + half
        return f"{book.numerals.count(hour)} {book.word('hour')}"
    said = book.numerals.count(minute)
    if minute < 10 and book.language == "en":
        said = f"oh {said}"
    between = "" if book.language == "en" else f"{book.word('clock')} "
    return f"{book.numerals.count(hour)} {between}{said}{half}"


def _hour(found: re.Match[str], book: Book) -> str | None:
    hour = int(found[1])
    if not 1 <= hour <= 12:
        return None
    return f"{book.numerals.count(hour)} {found[2].upper()}.M."


# Amounts


def _amount(found: re.Match[str], book: Book) -> str:
    return book.numerals.amount(found.group())


def _year(found: re.Match[str], book: Book) -> str | None:
    year = int(found.group())
    if not any(year in years for years in _YEARS):
        return None
    return book.numerals.year(year)


def _ordinal(found: re.Match[str], book: Book) -> str:
    return book.numerals.ordinal(int(found[1]))


def _percent(found: re.Match[str], book: Book) -> str:
    return f"{book.numerals.amount(found[1])} {book.word('percent')}"


def _range(found: re.Match[str], book: Book) -> str | None:
    first, second = found[1], found[2]
    if len(first) == len(second) == 3 or len(second) > 4 or len(first) > 4:
        return None  # 555-123: a number of something, not a range
    said = [_year_or_amount(written, book) for written in (first, second)]
    return f"{said[0]} {book.word('to')} {said[1]}"


def _year_or_amount(written: str, book: Book) -> str:
    if written.isdigit() and any(int(written) in years for years in _YEARS):
        return book.numerals.year(int(written))
    return book.numerals.amount(written)


def _fraction(found: re.Match[str], book: Book) -> str:
    above, below = int(found[1]), int(found[2])
    simple = _FRACTIONS.get(found.group())
    if simple:
        return book.word(simple)
    if below == 4 and above == 3 and book.language == "en":
        return f"three {book.word('quarters')}"
    if book.language == "en" and 2 < below <= 20 and above < below:
        part = book.numerals.ordinal(below) + ("s" if above > 1 else "")
        return f"{book.numerals.count(above)} {part}"
    return (
        f"{book.numerals.count(above)} {book.word('over')} {book.numerals.count(below)}"
    )


def _ratio(found: re.Match[str], book: Book) -> str:
    first, second = (book.numerals.count(int(part)) for part in found.groups())
    return f"{first} {book.word('to')} {second}"


def _version(found: re.Match[str], book: Book) -> str:
    written = found.group()
    dot = "dot" if written.count(".") == 3 else "point"  # an address, or a version
    parts = [book.numerals.amount(part) for part in written.lstrip("v").split(".")]
    said = f" {book.word(dot)} ".join(parts)
    return f"version {said}" if written[0] == "v" else said


def _telephone(found: re.Match[str], book: Book) -> str:
    groups = re.findall(r"\d+", found.group())
    said = ", ".join(book.numerals.digits(group) for group in groups)
    return f"{book.word('plus')} {said}" if found.group()[0] == "+" else said


def _unit(found: re.Match[str], book: Book) -> str | None:
    written, gap, unit = found[1], found[2], found[3]
    if gap and unit == "A":
        return None  # "Give 5 A grades"
    one, many = book.group("units")[unit]
    return f"{book.numerals.amount(written)} {one if written == '1' else many}"


def _scaled(found: re.Match[str], book: Book) -> str | None:
    if len(found[2]) < 4:
        return None  # "5 m" is metres
    return f"{book.numerals.amount(found[1])} {book.group('scales')[found[2]]}"


def _money_before(found: re.Match[str], book: Book) -> str:
    sign, written, scale = found[1], found[2], found[3]
    if scale:
        many = book.group("money")[sign][1]
        scaled = book.group("scales")[scale]
        return f"{book.numerals.amount(written)} {scaled} {many}"
    return _sum(sign, written, book)


def _money_after(found: re.Match[str], book: Book) -> str:
    return _sum(found[2], found[1], book)


def _sum(sign: str, written: str, book: Book) -> str:
    one, many, cent, cents = book.group("money")[sign]
    whole, _, part = written.partition(book.numerals.decimal)
    said = f"{book.numerals.amount(whole)} {one if whole == '1' else many}"
    if len(part) == 2 and int(part):
        hundredths = (
            f"{book.numerals.count(int(part))} {cent if int(part) == 1 else cents}"
        )
        return (
            f"{said} {book.word('and')} {hundredths}"
            if int(whole.replace(book.numerals.thousands, "") or 0)
            else hundredths
        )
    if part and int(part):
        return f"{book.numerals.amount(written)} {many}"
    return said


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
