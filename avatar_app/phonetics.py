"""How words sound: text to phonemes through espeak-ng, and speech with phoneme times.

The library and its data come in the wheel ``espeakng-loader``. espeak-ng is one
global machine, so every call holds one lock.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar_app.errors import NoSpeechEngine
from avatar_app.media import Sound

_lock = threading.RLock()
_RETRIEVAL, _PHONEME_EVENTS, _IPA_EVENTS = 1, 1, 2
_UTF8, _PHONEME_NAMES, _END_PAUSE = 1, 0x100, 0x1000
_HOW = _UTF8 | _PHONEME_NAMES | _END_PAUSE
_IPA_WITH_UNDERSCORES = 0x02 | (ord("_") << 8)
_NAMES_WITH_UNDERSCORES = ord("_") << 8
_WORD, _PHONEME, _LIST_END = 1, 7, 0
_RATE, _PITCH = 1, 3
_VOWELS = frozenset("aeiouɑɐɒæɔəɘɛɜɞɤɨɪɯɵøœɶʊʉʌʏyɚɝᵻ")


@dataclass(frozen=True, slots=True)
class TimedPhone:
    """One phoneme as it is spoken.

    Attributes:
        symbol: IPA without stress marks; ``""`` is silence.
        start: Seconds.
        end: Seconds.
    """

    symbol: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class TimedWord:
    """One written word as it is spoken; times in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Phone:
    """One phoneme as it stands in a sentence.

    Attributes:
        symbol: IPA without stress marks.
        stress: 2 primary, 1 secondary, 0 none.
        word: Which spoken word of the text it belongs to, from 0 (espeak-ng joins
            some small words, "of the" is one).
        clause: Which clause, from 0; a pause stands between clauses.
        place: Position in its word, from 0.
        length: Phonemes in its word.
    """

    symbol: str
    stress: int
    word: int
    clause: int
    place: int
    length: int

    @property
    def is_vowel(self) -> bool:
        """Whether it is a vowel or diphthong."""
        return any(letter in _VOWELS for letter in self.symbol)


def phones_of(text: str, voice: str = "en-us") -> list[Phone]:
    """Return the phonemes of a text, in order; empty when nothing in it has a sound.

    Phonemes may be named outright, by espeak-ng's own names: ``[[h@l'oU]]``.

    Raises:
        NoSpeechEngine: espeak-ng cannot be loaded.
    """
    phones: list[Phone] = []
    word = 0
    for clause, words in enumerate(_ipa(text, voice)):
        for spelled in words.split():
            symbols = [s for s in spelled.split("_") if s.strip("ˈˌ")]
            for place, marked in enumerate(symbols):
                stress = 2 if "ˈ" in marked else 1 if "ˌ" in marked else 0
                symbol = marked.replace("ˈ", "").replace("ˌ", "")
                phones.append(Phone(symbol, stress, word, clause, place, len(symbols)))
            word += bool(symbols)
    return phones


def speak(
    text: str, voice: str = "en-us", words_per_minute: int = 165, pitch: int = 50
) -> tuple[Sound, list[TimedPhone], list[TimedWord]]:
    """Let espeak-ng itself say a text.

    Args:
        text: What to say.
        voice: An espeak-ng voice name, for example ``en-us`` or ``en-us+f3``.
        words_per_minute: 80 to 400.
        pitch: 0 to 100, 50 is the voice's own.

    Returns:
        The sound (22,050 Hz), its phonemes and its words, on one clock.

    Raises:
        NoSpeechEngine: espeak-ng cannot be loaded.
    """
    with _lock:
        engine = _engine()
        if engine.library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise NoSpeechEngine(f"no voice '{voice}'")
        engine.library.espeak_SetParameter(_RATE, words_per_minute, 0)
        engine.library.espeak_SetParameter(_PITCH, pitch, 0)
        engine.heard.clear()
        engine.events.clear()
        raw = text.encode()
        engine.library.espeak_Synth(raw, len(raw) + 1, 0, 1, 0, _HOW, None, None)
        pcm = np.concatenate(engine.heard) if engine.heard else np.zeros(0, np.int16)
        events = list(engine.events)
    sound = Sound((pcm / np.float32(32768)).astype(np.float32), engine.rate_hz)
    phones = [
        (e.symbol, e.sample / engine.rate_hz) for e in events if e.kind == _PHONEME
    ]
    words = [
        (text[e.position - 1 : e.position - 1 + e.length], e.sample / engine.rate_hz)
        for e in events
        if e.kind == _WORD
    ]
    return (
        sound,
        [TimedPhone(s, a, b) for s, a, b in _until_next(phones, sound.seconds)],
        [TimedWord(s, a, b) for s, a, b in _until_next(words, sound.seconds)],
    )


def _until_next(
    starts: list[tuple[str, float]], finish: float
) -> list[tuple[str, float, float]]:
    """Give every item the start of the next one as its end."""
    ends = [start for _, start in starts[1:]] + [finish] * bool(starts)
    return [(s, a, max(a, b)) for (s, a), b in zip(starts, ends, strict=True)]


@dataclass(frozen=True, slots=True)
class _Event:
    kind: int
    position: int
    length: int
    sample: int
    symbol: str


class _Identity(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _RawEvent(ctypes.Structure):
    """espeak_EVENT of espeak-ng's speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identity),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.POINTER(ctypes.c_short),
    ctypes.c_int,
    ctypes.POINTER(_RawEvent),
)


class _Engine:
    """The loaded library; what it said last lies in ``heard`` and ``events``."""

    def __init__(self) -> None:
        try:
            import espeakng_loader

            path = espeakng_loader.get_library_path()
            data = espeakng_loader.get_data_path()
            self.library = ctypes.CDLL(path)
        except (ImportError, OSError) as error:
            raise NoSpeechEngine(str(error)) from error
        self.rate_hz: int = self.library.espeak_Initialize(
            2, 0, str(data).encode(), _PHONEME_EVENTS | _IPA_EVENTS
        )
        # Where the wheel's data is missing, initialisation returns -1 or 0.
        self.rate_hz = self.rate_hz if self.rate_hz > 0 else 22050
        self.library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self.library.espeak_TextToPhonemes.argtypes = [
            ctypes.POINTER(ctypes.c_char_p),
            ctypes.c_int,
            ctypes.c_int,
        ]
        self.heard: list[NDArray[np.int16]] = []
        self.events: list[_Event] = []
        self._callback = _Callback(self._hear)  # kept alive: C holds only a pointer
        self.library.espeak_SetSynthCallback(self._callback)
        # From now on [[...]] in a text names phonemes, for TextToPhonemes as well.
        self.library.espeak_Synth(b" ", 2, 0, 1, 0, _HOW, None, None)

    def _hear(self, pcm: object, count: int, events: object) -> int:
        if count > 0:
            self.heard.append(np.ctypeslib.as_array(pcm, (count,)).copy())
        index = 0
        while events[index].type != _LIST_END:  # type: ignore[index]
            event = events[index]  # type: ignore[index]
            raw = (
                bytes(event.id.string).split(b"\0")[0]
                if event.type == _PHONEME
                else b""
            )
            self.events.append(
                _Event(
                    event.type,
                    event.text_position,
                    event.length,
                    event.sample,
                    raw.decode("utf-8", "ignore").replace("ˈ", "").replace("ˌ", ""),
                )
            )
            index += 1
        return 0


@functools.lru_cache(1)
def _engine() -> _Engine:
    return _Engine()


@functools.lru_cache(4096)
def _ipa(text: str, voice: str) -> tuple[str, ...]:
    """One string per clause: words by spaces, phonemes by underscores, IPA."""
    clauses: list[str] = []
    with _lock:
        engine = _engine()
        if engine.library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise NoSpeechEngine(f"no voice '{voice}'")
        rest = ctypes.c_char_p(text.encode())
        while rest.value:
            spoken = engine.library.espeak_TextToPhonemes(
                ctypes.byref(rest), _UTF8, _IPA_WITH_UNDERSCORES
            )
            clause = _without_language_marks((spoken or b"").decode("utf-8", "ignore"))
            if clause.strip():
                clauses.append(clause)
    return tuple(clauses)


def _without_language_marks(ipa: str) -> str:
    """Drop espeak-ng's "(en)…(de)" marks around foreign words."""
    while "(" in ipa and ")" in ipa[ipa.index("(") :]:
        start = ipa.index("(")
        ipa = ipa[:start] + ipa[ipa.index(")", start) + 1 :]
    return ipa
