"""How dates, times of day, amounts, ranges, money and numbers in code are read."""

from __future__ import annotations

import re

from avatar_app.perform.reading import Book

_YEARS = (range(1100, 2000), range(2010, 2100))
_FRACTIONS = {"1/2": "half", "1/4": "quarter"}


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


def iso_date(found: re.Match[str], book: Book) -> str | None:
    """2025-03-05."""
    return _date(found[1], int(found[2]), int(found[3]), book)


def slashed_month_first(found: re.Match[str], book: Book) -> str | None:
    """3/5/2025, as Americans write it."""
    first, second = int(found[1]), int(found[2])
    month, day = (second, first) if first > 12 else (first, second)
    return _date(found[3], month, day, book)


def slashed_day_first(found: re.Match[str], book: Book) -> str | None:
    """5/3/2025, or 5.3.2025."""
    return _date(found[3], int(found[2]), int(found[1]), book, _ending(found))


def month_day(found: re.Match[str], book: Book) -> str | None:
    """March 5th, 2025."""
    month = book.table["words"]["months"].index(found[1]) + 1
    return _date(found[3], month, int(found[2]), book)


def day_month(found: re.Match[str], book: Book) -> str | None:
    """5 March 2025, 5. März 2025, 5 de marzo de 2025."""
    month = book.table["words"]["months"].index(found[2]) + 1
    return _date(found[3], month, int(found[1]), book, _ending(found))


def _ending(found: re.Match[str]) -> str:
    """How the word before bends a German day: am dritten, der dritte, dritter."""
    before = found.string[: found.start()].lower().split()
    last = before[-1] if before else ""
    if last in ("am", "vom", "zum", "dem", "den", "im"):
        return "n"
    return "" if last == "der" else "r"


def clock(found: re.Match[str], book: Book) -> str | None:
    """14:30, 2:30 p.m.; seconds are left out."""
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


def hour(found: re.Match[str], book: Book) -> str | None:
    """5 p.m."""
    hour = int(found[1])
    if not 1 <= hour <= 12:
        return None
    return f"{book.numerals.count(hour)} {found[2].upper()}.M."


def amount(found: re.Match[str], book: Book) -> str:
    """Any number."""
    return book.numerals.amount(found.group())


def year(found: re.Match[str], book: Book) -> str | None:
    """1984; None for a number that is no year."""
    year = int(found.group())
    if not any(year in years for years in _YEARS):
        return None
    return book.numerals.year(year)


def ordinal(found: re.Match[str], book: Book) -> str:
    """4th."""
    return book.numerals.ordinal(int(found[1]))


def percent(found: re.Match[str], book: Book) -> str:
    """3.5 %."""
    return f"{book.numerals.amount(found[1])} {book.word('percent')}"


def spread(found: re.Match[str], book: Book) -> str | None:
    """10-20, 1914-1918."""
    first, second = found[1], found[2]
    if len(first) == len(second) == 3 or len(second) > 4 or len(first) > 4:
        return None  # 555-123: a number of something, not a range
    said = [_year_or_amount(written, book) for written in (first, second)]
    return f"{said[0]} {book.word('to')} {said[1]}"


def _year_or_amount(written: str, book: Book) -> str:
    if written.isdigit() and any(int(written) in years for years in _YEARS):
        return book.numerals.year(int(written))
    return book.numerals.amount(written)


def fraction(found: re.Match[str], book: Book) -> str:
    """3/4."""
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


def ratio(found: re.Match[str], book: Book) -> str:
    """16:9."""
    first, second = (book.numerals.count(int(part)) for part in found.groups())
    return f"{first} {book.word('to')} {second}"


def version(found: re.Match[str], book: Book) -> str:
    """3.11.2, v2.0.1, 192.168.0.1."""
    written = found.group()
    dot = "dot" if written.count(".") == 3 else "point"  # an address, or a version
    parts = [book.numerals.amount(part) for part in written.lstrip("v").split(".")]
    said = f" {book.word(dot)} ".join(parts)
    return f"version {said}" if written[0] == "v" else said


def telephone(found: re.Match[str], book: Book) -> str:
    """+1 555-123-4567."""
    groups = re.findall(r"\d+", found.group())
    said = ", ".join(book.numerals.digits(group) for group in groups)
    return f"{book.word('plus')} {said}" if found.group()[0] == "+" else said


def unit(found: re.Match[str], book: Book) -> str | None:
    """60 km/h."""
    written, gap, unit = found[1], found[2], found[3]
    if gap and unit == "A":
        return None  # "Give 5 A grades"
    one, many = book.group("units")[unit]
    return f"{book.numerals.amount(written)} {one if written == '1' else many}"


def scaled(found: re.Match[str], book: Book) -> str | None:
    """1.2 billion."""
    if len(found[2]) < 4:
        return None  # "5 m" is metres
    return f"{book.numerals.amount(found[1])} {book.group('scales')[found[2]]}"


def money_before(found: re.Match[str], book: Book) -> str:
    """$3.50, £5m."""
    sign, written, scale = found[1], found[2], found[3]
    if scale:
        many = book.group("money")[sign][1]
        scaled = book.group("scales")[scale]
        return f"{book.numerals.amount(written)} {scaled} {many}"
    return _sum(sign, written, book)


def money_after(found: re.Match[str], book: Book) -> str:
    """3,50 €."""
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
