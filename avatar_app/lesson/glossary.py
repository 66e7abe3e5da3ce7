"""Glossary: how an author's own words are said, one line each.

    # products
    nginx = engine ex
    Siobhan = /ʃɪˈvɔːn/

What stands between slashes is IPA, all else is ordinary words that sound like it.
"""

from __future__ import annotations

from dataclasses import dataclass

from avatar_app.errors import GlossaryRefused

_MOST = 2000  # lines
_LONGEST = 200  # characters of a line


@dataclass(frozen=True, slots=True)
class Entry:
    """One word: as ordinary words that sound like it, or in IPA."""

    word: str
    said: str
    is_ipa: bool = False


@dataclass(frozen=True, slots=True)
class Glossary:
    """Entries in their order; a later one of the same word counts."""

    entries: tuple[Entry, ...] = ()

    def __add__(self, more: Glossary) -> Glossary:
        """Both; where they differ the second counts."""
        return Glossary(self.entries + more.entries)

    def written(self) -> str:
        """As the lines that ``read_glossary`` reads."""
        lines = (
            f"{e.word} = /{e.said}/" if e.is_ipa else f"{e.word} = {e.said}"
            for e in self.entries
        )
        return "".join(f"{line}\n" for line in lines)


NONE = Glossary()


def read_glossary(text: str) -> Glossary:
    """Read lines of ``word = how it is said``.

    Raises:
        GlossaryRefused: A line is none of these; it is named by its number.
    """
    entries = []
    lines = text.removeprefix("\ufeff").splitlines()
    if len(lines) > _MOST:
        raise GlossaryRefused(_MOST + 1, "there are more than 2000 lines")
    for number, line in enumerate(lines, 1):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        word, equals, said = (part.strip() for part in bare.partition("="))
        if len(bare) > _LONGEST:
            raise GlossaryRefused(number, "it is longer than 200 characters")
        if not (word and equals and said):
            raise GlossaryRefused(number, "it needs a word, “=” and how it is said")
        is_ipa = len(said) > 2 and said[0] == said[-1] == "/"
        entries.append(Entry(word, said.strip("/") if is_ipa else said, is_ipa))
    return Glossary(tuple(entries))
