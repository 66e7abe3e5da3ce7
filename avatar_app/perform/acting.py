"""The avatar acts a lesson: every sentence is spoken, and the mouth moved to it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import soundfile

from avatar_app.errors import FileTorn, NoGesture
from avatar_app.fit.avatar import FACE, Avatar
from avatar_app.fit.face.idle import reopen_idle
from avatar_app.fit.face.personal import PersonalFace, reopen_face
from avatar_app.lesson.lesson import Lesson, Sentence
from avatar_app.media import Sound
from avatar_app.perform.gestures import cues_of, nods_of
from avatar_app.perform.motion import move_mouth_knowing
from avatar_app.perform.performance import Passage, Performance
from avatar_app.perform.uttering import spoken_words
from avatar_app.perform.voicing import OWN, Voice, voice_for
from avatar_app.shelf import Shelf
from avatar_app.work import Job, Progress

_BEFORE = 0.4  # seconds in which the avatar is there before it speaks
_AFTER = 0.8  # and after its last word


def perform_lesson(
    avatar: Avatar, lesson: Lesson, voice_engine: str = OWN
) -> Job[Performance]:
    """Speak and move every sentence, and seal it before the next one is begun.

    Args:
        avatar: Who speaks.
        lesson: What.
        voice_engine: By which voice, one of ``voicing.VOICES``.

    Raises:
        EngineNotReady, LanguageUnspoken: As ``voice_for`` says.
        FileTorn: The avatar is damaged.
        NoGesture: The avatar was never shown a gesture that the lesson asks for.
        UnknownSound: A pronunciation names a sound that the voice does not have.
        DiskFull: There is no room left.
    """
    _need_gestures(avatar, lesson)
    face = reopen_face(avatar.shelf, FACE)
    voice = voice_for(voice_engine, avatar)
    own_words = spoken_words(lesson.glossary, voice.accent)
    passages = []
    for number, sentence in enumerate(lesson.sentences):
        yield Progress(number, len(lesson.sentences), f"Speaking: {sentence.text}")
        is_last = number == len(lesson.sentences) - 1
        before = _BEFORE if number == 0 else 0.0
        after = _AFTER if is_last else sentence.pause_after
        passages.append(_act(avatar, face, voice, own_words, sentence, before, after))
    _forget_others(avatar.shelf, passages)
    return Performance(avatar, tuple(passages), lesson.style)


def _need_gestures(avatar: Avatar, lesson: Lesson) -> None:
    """Before anything long is begun, see that the avatar can do what is asked."""
    asked = [name for sentence in lesson.sentences for _, name in sentence.gestures]
    if asked:
        known = sorted(reopen_idle(avatar.shelf).gestures)
        for name in asked:
            if name not in known:
                raise NoGesture(name, known)


def _forget_others(shelf: Shelf, passages: list[Passage]) -> None:
    """Erase what an earlier lesson left; nothing said is kept longer than needed."""
    used = {name for passage in passages for name in (passage.sound, passage.mouth)}
    for name in list(shelf.names("perform/")):
        if name not in used:
            shelf.erase(name)


def _act(
    avatar: Avatar,
    face: PersonalFace,
    voice: Voice,
    own_words: Mapping[str, str],
    sentence: Sentence,
    before: float,
    after: float,
) -> Passage:
    """Speak one sentence, for a whole number of pictures, and move the mouth to it."""
    speech = voice.say(sentence.text, sentence.delivery, own_words)
    fps, rate_hz = avatar.card.fps, speech.sound.rate_hz
    lead = round(before * rate_hz)
    pictures = int(np.ceil((before + speech.sound.seconds + after) * fps))
    samples = np.zeros(round(pictures / fps * rate_hz), np.float32)
    spoken = speech.sound.samples[: len(samples) - lead]
    samples[lead : lead + len(spoken)] = spoken
    sound = Sound(samples, rate_hz)
    phones = [
        replace(p, start=p.start + before, end=p.end + before) for p in speech.phones
    ]
    motion = move_mouth_knowing(face, sound, pictures, fps, phones)
    name = f"perform/{_digest(sentence, own_words, before, after, voice.name)}"
    keep_sound(sound, avatar.shelf, f"{name}.flac")
    motion.keep(avatar.shelf, f"{name}.safetensors")
    words = tuple(
        type(word)(word.text, word.start + before, word.end + before)
        for word in speech.words
    )
    return Passage(
        sentence.text,
        f"{name}.flac",
        f"{name}.safetensors",
        pictures / fps,
        words,
        cues_of(sentence.gestures, words, before + speech.sound.seconds),
        nods_of(words, sound),
    )


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def keep_sound(sound: Sound, shelf: Shelf, name: str) -> None:
    """Seal a sound as FLAC, 16 bits."""
    content = io.BytesIO()
    soundfile.write(content, sound.samples, sound.rate_hz, "PCM_16", format="FLAC")
    shelf.write(name, content.getvalue())


def reopen_sound(shelf: Shelf, name: str) -> Sound:
    """Read a sealed sound; raises FileTorn."""
    try:
        samples, rate_hz = soundfile.read(io.BytesIO(shelf.read(name)), dtype="float32")
    except soundfile.LibsndfileError as error:
        raise FileTorn(name) from error
    return Sound(np.asarray(samples, np.float32), int(rate_hz))
