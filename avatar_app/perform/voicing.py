"""Who speaks: the person's own embedded voice, or the engine they chose instead.

This is the port for voices. Another engine (VITS, OpenVoice or FreeVC of coqui-tts)
needs a ``Voice`` of its own and a line in ``need_voice`` and ``voice_for``; nothing
else asks who speaks. Every voice is one opened avatar's: there is no way to hand an
engine somebody's recording.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from avatar_app.errors import EngineNotReady
from avatar_app.fit.avatar import VOICE, Avatar
from avatar_app.fit.voice.personal import PersonalVoice, reopen_voice
from avatar_app.lesson.delivery import Delivery
from avatar_app.perform.speech import Speech, say

OWN, XTTS = "own", "xtts"
VOICES = (OWN, XTTS)


class Voice(Protocol):
    """Speaks as one person."""

    @property
    def name(self) -> str:
        """Its engine, one of ``VOICES``."""
        ...

    @property
    def languages(self) -> Sequence[str]:
        """What it speaks."""
        ...

    @property
    def accent(self) -> str:
        """The espeak-ng voice that tells pronunciations."""
        ...

    @property
    def licence(self) -> str:
        """What holds for films made with it; empty where nothing does."""
        ...

    def say(
        self,
        text: str,
        delivery: Sequence[Delivery] = (),
        glossary: Mapping[str, str] | None = None,
    ) -> Speech:
        """Say one sentence; the same words always sound the same.

        Args:
            text: As it is written; numbers and abbreviations are read as a person
                would.
            delivery: One for each written word, or none.
            glossary: From ``uttering.spoken_words``.

        Raises:
            EmptyText: Nothing in the text has a sound.
            UnknownSound: A pronunciation names a sound that the voice does not have.
            Unspeakable: A word is longer than the voice can say.
        """
        ...


def need_voice(engine: str) -> None:
    """Go on only when an engine can be used, before anything long is begun.

    Raises:
        EngineNotReady: Its weights are missing, damaged or not accepted, or there is
            none of this name.
    """
    if engine == XTTS:
        from avatar_app.perform.xtts_files import need_xtts

        need_xtts()
    elif engine != OWN:
        raise EngineNotReady(engine, "there is no engine of this name")


def voice_for(engine: str, avatar: Avatar) -> Voice:
    """Give one avatar its voice.

    Args:
        engine: One of ``VOICES``.
        avatar: Opened; who speaks.

    Raises:
        EngineNotReady: As ``need_voice`` says.
        LanguageUnspoken: The engine does not speak the avatar's language.
        TooLittleSpeech: The avatar's recordings do not tell it enough.
        FileTorn: The avatar is damaged.
    """
    if engine == XTTS:
        from avatar_app.perform.voice_xtts import open_xtts

        return open_xtts(avatar)
    need_voice(engine)
    return _OwnVoice(reopen_voice(avatar.shelf, VOICE))


class _OwnVoice:
    """The embedded voice, learned from the person's reading."""

    name = OWN
    licence = ""

    def __init__(self, voice: PersonalVoice) -> None:
        self._voice = voice
        self.accent = voice.accent
        self.languages = (voice.accent.split("-")[0],)

    def say(
        self,
        text: str,
        delivery: Sequence[Delivery] = (),
        glossary: Mapping[str, str] | None = None,
    ) -> Speech:
        """Say one sentence with pieces of the person's own readings."""
        return say(self._voice, text, delivery, glossary)
