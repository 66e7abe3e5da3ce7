"""Numbers as words, through num2words: amounts, years, dates, times, money."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from num2words import num2words

_LONGEST = 30  # digits; longer ones are codes, read digit by digit


@dataclass(frozen=True, slots=True)
class Numerals:
    """How one language says numbers.

    Attributes:
        language: As num2words names it, for example ``en``.
        point: The word between whole and part, for example "point".
        minus: The word before a negative number.
        decimal: The mark before the part, ``.`` or ``,``.
    """

    language: str
    point: str
    minus: str
    decimal: str

    @property
    def thousands(self) -> str:
        """The mark between groups of three digits."""
        return "," if self.decimal == "." else "."

    def amount(self, written: str) -> str:
        """Say a number as it is written: "-1,455.50" and its like.

        A code is read digit by digit: one that begins with zeros or is very long.
        """
        bare = written.lstrip("+-−")
        whole, _, part = bare.replace(self.thousands, "").partition(self.decimal)
        if len(whole) > _LONGEST or (len(whole) > 1 and whole[0] == "0"):
            said = self.digits(whole)
        else:
            said = self._plain(int(whole or "0"))
        if part:
            said = f"{said} {self.point} {self.digits(part)}"
        return f"{self.minus} {said}" if written[:1] in "-−" else said

    def count(self, number: int) -> str:
        """Say a whole number."""
        return self._plain(number)

    def digits(self, written: str) -> str:
        """Say digits one by one."""
        return " ".join(self._plain(int(digit)) for digit in written)

    def ordinal(self, number: int) -> str:
        """Say a place in an order: first, second."""
        return _words(number, self.language, "ordinal")

    def year(self, number: int) -> str:
        """Say a year: nineteen eighty-four."""
        if self.language == "en" and 2000 <= number < 2010:
            return self._plain(number)
        return _words(number, self.language, "year")

    def _plain(self, number: int) -> str:
        return _words(number, self.language, "cardinal")


@functools.lru_cache(4096)
def _words(number: int, language: str, kind: str) -> str:
    said: str = num2words(number, lang=language, to=kind)
    return said.replace(",", "")
