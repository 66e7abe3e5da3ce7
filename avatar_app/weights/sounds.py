"""Sounds: the few dozen speech sounds that the phone encoder tells apart.

espeak-ng writes any language in IPA, some 200 symbols over the languages we tried.
Here each is brought to one or two of 46 sounds (and silence): length, stress, tone and
secondary articulation are dropped, diphthongs and affricates are told as two halves.
Each sound also says what the lips, jaw and tongue do in it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SILENCE = "sil"
_VOWELS = {
    "i": "iĩ", "ɪ": "ɪᵻɩ", "e": "eẽ", "ɛ": "ɛε", "æ": "æ", "a": "aãA", "ɑ": "ɑ",
    "ɔ": "ɔɒ", "o": "oõ", "ʊ": "ʊ", "u": "uũ", "ʌ": "ʌɐ", "ə": "əɘ", "ɜ": "ɜɚɝ",
    "y": "yʏʉɥ", "ø": "øœɵɞɶ", "ɨ": "ɨɯɤ",
}  # fmt: skip
_CONSONANTS = {
    "p": "p", "b": "b", "t": "tʈ", "d": "dɖ", "k": "kcq", "ɡ": "ɡgɟɢɣ", "m": "mɱ",
    "n": "nɳ", "ɲ": "ɲ", "ŋ": "ŋɴ", "f": "fɸ", "v": "vʋⱱ", "β": "β", "θ": "θ",
    "ð": "ð", "s": "s", "z": "z", "ʃ": "ʃʂɕ", "ʒ": "ʒʐʑ", "ç": "ç", "x": "xχħ",
    "h": "hɦʕ", "ɹ": "ɹɻ", "ɾ": "ɾɽɺ", "r": "r", "ʁ": "ʁʀ", "l": "lɫɭʎɬʟ", "j": "jʝ",
    "w": "wʍɰ",
}  # fmt: skip
SOUNDS: tuple[str, ...] = (SILENCE, *_VOWELS, *_CONSONANTS)
_SOUND_OF = {
    letter: SOUNDS.index(sound)
    for table in (_VOWELS, _CONSONANTS)
    for sound, letters in table.items()
    for letter in letters
}
_GAP, _FIRM = 0.02, 3.0  # weights of organs left to their neighbours, and of shut lips
_FIRST_SHARE = 0.55  # of a diphthong; its second half is a little shorter

GESTURES = ("closure", "labiodental", "rounding", "spread", "openness", "tongue",
            "voicing", "frication")  # fmt: skip
# Seconds by which neighbours reach in: lips round long before u, and shut at once.
_SPREADS_S = (0.02, 0.02, 0.06, 0.05, 0.035, 0.025, 0.015, 0.015)
# Per sound: closure labiodental rounding spread openness tongue voicing frication,
# each in [0, 1]; "-" where the sound leaves that organ to its neighbours. Openness is
# of the lips and jaw; tongue is its tip between or behind the teeth where one sees it.
_GESTURE_TABLE = """
sil 0.5 0 0 0 0 0 0 0
i 0 0 0 1 .3 0 1 0 | ɪ 0 0 0 .7 .4 0 1 0 | e 0 0 0 .8 .5 0 1 0 | ɛ 0 0 0 .6 .65 0 1 0
æ 0 0 0 .6 .85 0 1 0 | a 0 0 0 .3 1 0 1 0 | ɑ 0 0 0 .1 .95 0 1 0
ɔ 0 0 .7 0 .7 0 1 0 | o 0 0 .9 0 .45 0 1 0 | ʊ 0 0 .7 0 .35 0 1 0
u 0 0 1 0 .2 0 1 0 | ʌ 0 0 0 .3 .65 0 1 0 | ə 0 0 0 .3 .45 0 1 0
ɜ 0 0 .3 .1 .45 0 1 0 | y 0 0 1 0 .2 0 1 0 | ø 0 0 .8 0 .45 0 1 0 | ɨ 0 0 0 .4 .3 0 1 0
p 1 0 - - 0 0 0 0 | b 1 0 - - 0 0 1 0 | m 1 0 - - 0 0 1 0
t 0 0 - - .2 .5 0 .3 | d 0 0 - - .2 .5 1 0 | k 0 0 - - - 0 0 .3 | ɡ 0 0 - - - 0 1 0
n 0 0 - - .2 .5 1 0 | ɲ 0 0 - .4 .25 0 1 0 | ŋ 0 0 - - - 0 1 0
f 0 1 - - .1 0 0 1 | v 0 1 - - .1 0 1 .5 | β .6 .2 - - .1 0 1 .2
θ 0 0 - - .25 1 0 .8 | ð 0 0 - - .25 1 1 .3
s 0 0 - .5 .15 .2 0 1 | z 0 0 - .5 .15 .2 1 .8
ʃ 0 0 .7 0 .2 0 0 1 | ʒ 0 0 .7 0 .2 0 1 .8 | ç 0 0 - .5 .25 0 0 1 | x 0 0 - - - 0 0 1
h 0 0 - - - 0 0 .6 | ɹ 0 0 .5 - .25 0 1 0 | ɾ 0 0 - - .25 .5 1 0 | r 0 0 - - .3 .5 1 0
ʁ 0 0 - - - 0 1 .4 | l 0 0 - - .35 .7 1 0 | j 0 0 - .7 .25 0 1 0 | w 0 0 1 0 .1 0 1 0
"""


class SoundSpan(NamedTuple):
    """One sound in time: an index into SOUNDS, -1 for one not ours, and seconds."""

    sound: int
    start: float
    end: float


@functools.lru_cache(1024)
def sounds_of(symbol: str) -> tuple[int, ...]:
    """Bring one IPA symbol to indices into SOUNDS, in the order they are made.

    ``""`` is silence; a symbol without a sound of ours (a glottal stop) gives ``()``.
    """
    if not symbol:
        return (0,)
    if symbol.startswith("("):  # espeak-ng's mark of a foreign word, "(en)"
        return ()
    found: list[int] = []
    for letter in symbol:
        sound = _SOUND_OF.get(letter)
        if sound is not None and sound not in found[-1:]:
            found.append(sound)
    return tuple(found)


def shares(symbol: str) -> list[tuple[int, float]]:
    """Split one IPA symbol into its sounds and the part of its time each takes."""
    sounds = sounds_of(symbol)
    if len(sounds) == 2:
        return [(sounds[0], _FIRST_SHARE), (sounds[1], 1 - _FIRST_SHARE)]
    return [(sound, 1 / len(sounds)) for sound in sounds]


@functools.lru_cache(1)
def gesture_table() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what each sound asks of the mouth, and how firmly.

    Returns:
        Targets (len(SOUNDS), len(GESTURES)) in [0, 1], and weights of the same shape:
        1 where the sound sets the organ, more where it shuts the lips or puts them to
        the teeth, next to nothing where it leaves the organ to its neighbours.
    """
    targets = np.zeros((len(SOUNDS), len(GESTURES)), np.float32)
    firmness = np.full_like(targets, 1.0)
    for row in _GESTURE_TABLE.replace("\n", "|").split("|"):
        if not row.strip():
            continue
        sound, *values = row.split()
        index = SOUNDS.index(sound)
        for column, value in enumerate(values):
            if value == "-":
                firmness[index, column] = _GAP
            else:
                targets[index, column] = float(value)
    firmness[:, :2] += (_FIRM - 1) * (targets[:, :2] == 1)
    return targets, firmness


def gestures_over(
    sounds: Sequence[int] | NDArray[np.int64], rate_hz: float
) -> NDArray[np.float32]:
    """Blend the gestures of a row of frames: the mouth glides and looks ahead.

    Args:
        sounds: (T,) indices into SOUNDS, one per frame; -1 where none is known.
        rate_hz: Frames per second.

    Returns:
        (T, len(GESTURES)) float32 in [0, 1].

    Source:
        Cohen and Massaro, "Modeling Coarticulation in Synthetic Visual Speech"
        (1993): dominance-weighted means of targets, here with Gaussian dominance.
    """
    targets, firmness = gesture_table()
    row = np.asarray(sounds, np.int64)
    known = (row >= 0)[:, None]
    weights = np.where(known, firmness[row], _GAP / 20)
    wanted = weights * np.where(known, targets[row], 0)
    spreads = np.array(_SPREADS_S) * rate_hz  # in frames, per gesture
    reach = max(1, round(3 * spreads.max()))
    above, below = np.zeros(wanted.shape), np.zeros(wanted.shape)
    wanted = np.pad(wanted, ((reach, reach), (0, 0)))
    weights = np.pad(weights, ((reach, reach), (0, 0)))
    for place, lag in enumerate(range(-reach, reach + 1)):
        factor = np.exp(-0.5 * (lag / spreads) ** 2)
        above += factor * wanted[place : place + len(row)]
        below += factor * weights[place : place + len(row)]
    return np.asarray(above / below, np.float32)
