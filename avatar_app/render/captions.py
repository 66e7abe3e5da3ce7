"""Captions: what is said, cut where a reader would breathe, as WebVTT.

At most two lines of 42 characters, shown for one to six seconds and, where the
speech allows it, no faster than 235 words a minute. The cuts are the cheapest ones
over the whole film (a shortest path), so a phrase is not torn to fill a line.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from avatar_app.perform.performance import Performance
from avatar_app.phonetics import TimedWord

LINE_CHARACTERS = 42
SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 6.0
WORDS_A_MINUTE = 235

_NEVER = math.inf
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*$")
_PHRASE_END = re.compile(r"[,;:–—][\"'”’»)\]]*$")
# A line may well begin with these, and should not end with them.
_OPENERS = frozenset(
    re.findall(
        r"\w+",
        "and but or nor so because although though that which who whose when where "
        "while if unless until than to of in on at by for from with without about into "
        "over under after before between through",
    )
)
_TITLES = frozenset(("Dr.", "Mr.", "Mrs.", "Ms.", "Prof.", "St."))
_CLINGING = _OPENERS | frozenset(
    re.findall(
        r"\w+",
        "a an the my your his her its our their this these those i you he she it we "
        "they is are was were be been am has have had do does did will would can could "
        "shall should may might must not no very",
    )
)


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption.

    Attributes:
        start: Seconds into the film.
        end: Seconds into the film, never after the next cue's start.
        lines: One or two.
    """

    start: float
    end: float
    lines: tuple[str, ...]


def captions_of(performance: Performance, lead_seconds: float = 0.0) -> str:
    """Return the WebVTT of a film that speaks its passages one after the other.

    Args:
        performance: What is spoken.
        lead_seconds: How long the film shows a silent picture first.
    """
    words: list[TimedWord] = []
    began = lead_seconds
    for passage in performance.passages:
        words += written_words(passage.text, passage.words, began, passage.seconds)
        began += passage.seconds
    return webvtt(cues_of(words))


def webvtt(cues: Sequence[Cue]) -> str:
    """Return the text of a WebVTT file."""
    blocks = ["WEBVTT", "NOTE The voice and the face of this film are AI-generated."]
    for number, cue in enumerate(cues, 1):
        shown = f"{_clock(cue.start)} --> {_clock(cue.end)}"
        blocks.append("\n".join([str(number), shown, *map(_escaped, cue.lines)]))
    return "\n\n".join(blocks) + "\n"


def written_words(
    text: str, spoken: Sequence[TimedWord], began: float, seconds: float
) -> list[TimedWord]:
    """Time the words as they are written, with their punctuation.

    Args:
        text: One sentence or so, as its author wrote it.
        spoken: What the voice timed: some words bare, some joined, some missing.
        began: When in the film the text begins.
        seconds: How long it lasts at most.

    Returns:
        On the film's clock; words that the voice did not time share the time between
        their neighbors by their letters.
    """
    places = [(found.group(), found.start()) for found in re.finditer(r"\S+", text)]
    if not places:
        return []
    starts: list[float | None] = [None] * len(places)
    ends = list(starts)
    cursor = 0
    for word in spoken:
        found = _place(word.text, text, cursor)
        if found is None:
            continue
        cursor = found + len(word.text)
        index = max(i for i, (_, place) in enumerate(places) if place <= found)
        if starts[index] is None:
            starts[index] = word.start
        ends[index] = word.end
    return [
        TimedWord(piece, began + start, began + end)
        for (written, _), start, end in zip(
            places, *_filled([w for w, _ in places], starts, ends, seconds), strict=True
        )
        for piece, start, end in _pieces(written, start, end)
    ]


def cues_of(words: Sequence[TimedWord]) -> list[Cue]:
    """Cut a film's words into captions.

    Args:
        words: As written, on the film's clock, in order.
    """
    best = [0.0] + [_NEVER] * len(words)
    came_from = [0] * (len(words) + 1)
    for end in range(1, len(words) + 1):
        characters = -1
        for start in range(end - 1, -1, -1):
            characters += len(words[start].text) + 1
            if characters > 2 * LINE_CHARACTERS + 1:
                break
            cost = best[start] + _cost_of_cue(words, start, end)
            if cost < best[end]:
                best[end], came_from[end] = cost, start
    cuts = [len(words)]
    while cuts[-1] > 0:
        cuts.append(came_from[cuts[-1]])
    cuts.reverse()
    return [_cue(words, start, end) for start, end in itertools.pairwise(cuts)]


def _place(spoken: str, text: str, cursor: int) -> int | None:
    """Find a spoken word from the cursor on, but not far: else it is another one."""
    if not spoken.strip():
        return None
    start = r"(?<!\w)" if spoken[0].isalnum() else ""
    reach = cursor + len(spoken) + 30
    found = re.compile(start + re.escape(spoken)).search(text, cursor, reach)
    return found.start() if found else None


def _filled(
    written: list[str],
    starts: list[float | None],
    ends: list[float | None],
    seconds: float,
) -> tuple[list[float], list[float]]:
    """Give every word a start and an end; the untimed ones share the gap they fill."""
    known = [i for i, start in enumerate(starts) if start is not None]
    firsts, lasts = [0.0] * len(written), [0.0] * len(written)
    for i in known:
        firsts[i], lasts[i] = starts[i] or 0.0, ends[i] or 0.0
    for before, after in zip([-1, *known], [*known, len(written)], strict=True):
        gap = range(before + 1, after)
        if not gap:
            continue
        # A word that the voice joined to its predecessor was timed as part of it.
        first = before if before >= 0 else before + 1
        shared = range(first, after)
        opening = firsts[before] if before >= 0 else 0.0
        closing = firsts[after] if after < len(written) else seconds
        if before >= 0 and after == len(written):
            closing = max(lasts[before], opening)
        letters = [len(written[i]) for i in shared]
        at = opening
        for i, count in zip(shared, letters, strict=True):
            firsts[i] = at
            at += (closing - opening) * count / sum(letters)
            lasts[i] = at
    return firsts, lasts


def _pieces(word: str, start: float, end: float) -> list[tuple[str, float, float]]:
    """Cut what no line can hold, a web address say, into what one can."""
    count = -(-len(word) // LINE_CHARACTERS)
    size = -(-len(word) // count)
    step = (end - start) / count
    return [
        (word[i * size : (i + 1) * size], start + i * step, start + (i + 1) * step)
        for i in range(count)
    ]


def _cost_of_cue(words: Sequence[TimedWord], start: int, end: int) -> float:
    """How bad it is to show words[start:end] together and to cut behind them."""
    texts = [word.text for word in words[start:end]]
    if _lines(texts) is None:
        return _NEVER
    shown = _end(words, start, end) - words[start].start
    spoken = words[end - 1].end - words[start].start
    if spoken > LONGEST_SECONDS and end - start > 1:
        return _NEVER
    cost = 2.5  # fewer captions are calmer
    if end < len(words):
        cost += _cost_of_break(words[end - 1].text, words[end].text)
    cost += 40 * max(0.0, SHORTEST_SECONDS - shown)
    cost += 6 * max(0.0, len(texts) * 60 / max(shown, 0.1) / WORDS_A_MINUTE - 1)
    for before, after in zip(
        words[start : end - 1], words[start + 1 : end], strict=True
    ):
        cost += 5.0 * _ends_a_sentence(before.text)
        cost += 6.0 * max(0.0, after.start - before.end - 0.5)
    return cost


def _cost_of_break(before: str, after: str) -> float:
    """How much it hurts to read these two words apart."""
    if _ends_a_sentence(before):
        return 0.0
    if _PHRASE_END.search(before):
        return 1.0
    if before in _TITLES or before.strip("\"'“‘«([").lower() in _CLINGING:
        return 9.0
    if after.strip("\"'“‘«([").lower() in _OPENERS:
        return 3.0
    return 6.0


def _ends_a_sentence(word: str) -> bool:
    return word not in _TITLES and bool(_SENTENCE_END.search(word))


def _lines(texts: Sequence[str]) -> tuple[str, ...] | None:
    """Lay words out in one or two lines; None where they do not fit."""
    whole = " ".join(texts)
    if len(whole) <= LINE_CHARACTERS:
        return (whole,)
    best: tuple[float, tuple[str, ...] | None] = (_NEVER, None)
    for cut in range(1, len(texts)):
        upper, lower = " ".join(texts[:cut]), " ".join(texts[cut:])
        if max(len(upper), len(lower)) > LINE_CHARACTERS:
            continue
        cost = _cost_of_break(texts[cut - 1], texts[cut])
        cost += abs(len(upper) - len(lower)) * 0.15
        best = min(best, (cost, (upper, lower)), key=lambda option: option[0])
    return best[1]


def _cue(words: Sequence[TimedWord], start: int, end: int) -> Cue:
    lines = _lines([word.text for word in words[start:end]])
    assert lines is not None  # the path took only what fits
    return Cue(words[start].start, _end(words, start, end), lines)


def _end(words: Sequence[TimedWord], start: int, end: int) -> float:
    """When the caption goes: after its last word, with time to read it if there is."""
    began = words[start].start
    wanted = max(
        words[end - 1].end,
        began + SHORTEST_SECONDS,
        began + (end - start) * 60 / WORDS_A_MINUTE,
    )
    wanted = min(wanted, began + LONGEST_SECONDS)
    return min(wanted, words[end].start) if end < len(words) else wanted


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
