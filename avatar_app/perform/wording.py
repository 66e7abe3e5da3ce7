"""Which written word every phoneme of a sentence belongs to, for captions."""

from __future__ import annotations

from collections.abc import Sequence

from avatar_app.perform.reading import Piece
from avatar_app.phonetics import Phone, phones_of


def written_words(
    pieces: Sequence[Piece], phones: list[Phone], accent: str
) -> list[tuple[str, int, int]]:
    """Give every written word its phonemes: (word, first, end), none of them empty.

    Each piece is also pronounced alone, and the two are laid over one another: so the
    four digits of "1455" stay one written word though they are spoken as three. Marks
    without a sound, a dash for example, stay with the word before them.
    """
    tokens = [piece.written for piece in pieces]
    alone = [
        (k, phone.symbol)
        for k, piece in enumerate(pieces)
        for phone in phones_of(piece.said, accent)
    ]
    owners = _laid_over([s for _, s in alone], [p.symbol for p in phones])
    words: list[tuple[str, int, int]] = []
    waiting = ""
    for k, token in enumerate(tokens):
        mine = [at for at, owner in enumerate(owners) if alone and alone[owner][0] == k]
        if mine:
            words.append((waiting + token, mine[0], mine[-1] + 1))
            waiting = ""
        elif words:
            before, first, end = words[-1]
            words[-1] = (f"{before} {token}", first, end)
        else:
            waiting += f"{token} "
    return words


def _laid_over(short: list[str], whole: list[str]) -> list[int]:
    """Match two ways to say the same: for each of ``whole`` its place in ``short``."""
    far = len(short) + len(whole) + 1
    cost = [[far] * (len(short) + 1) for _ in range(len(whole) + 1)]
    came = [[0] * (len(short) + 1) for _ in range(len(whole) + 1)]
    for i in range(len(whole) + 1):
        for j in range(len(short) + 1):
            if i == j == 0:
                cost[0][0] = 0
                continue
            ways = []
            if i and j:
                differ = 0 if whole[i - 1] == short[j - 1] else 2
                ways.append((cost[i - 1][j - 1] + differ, 0))
            if i:
                ways.append((cost[i - 1][j] + 1, 1))
            if j:
                ways.append((cost[i][j - 1] + 1, 2))
            cost[i][j], came[i][j] = min(ways)
    owners = [0] * len(whole)
    i, j = len(whole), len(short)
    while i or j:
        way = came[i][j]
        if way != 2:
            owners[i - 1] = max(0, j - 1)
        i -= way != 2
        j -= way != 1
    return owners
