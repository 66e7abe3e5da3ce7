"""A second engine for the voice: XTTS-v2, by other people's weights.

It is never needed and comes with no weights. Where the person has fetched or chosen
them, it speaks as the person of an opened avatar: what it must know of a speaker is
heard from the best of their own sealed readings, and kept sealed beside them. There is
no way to hand it somebody's recording. When words and phonemes are said it does not
tell; our own phone encoder finds them afterwards, and also whether they were said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar_app.errors import LanguageUnspoken, Unspeakable
from avatar_app.fit.avatar import VOICE, Avatar
from avatar_app.fit.voice.hearing import spoken_level_db
from avatar_app.fit.voice.material import LEVEL_DB
from avatar_app.fit.voice.personal import reopen_voice
from avatar_app.lesson.delivery import Delivery
from avatar_app.media import Sound
from avatar_app.perform.respelling import respelled
from avatar_app.perform.shaping import shaped
from avatar_app.perform.speech import Speech
from avatar_app.perform.timing import Timed, time_speech
from avatar_app.perform.uttering import Utterance, utter
from avatar_app.perform.xtts_files import NAME, Xtts, load_adopted
from avatar_app.perform.xtts_hearing import Latents, latents_of
from avatar_app.phonetics import TimedPhone, TimedWord, phones_of
from avatar_app.weights.fetching import licence_of
from avatar_app.weights.phones import open_phone_encoder

_TRIES = 3
# Measured on readings of real people, right and wrong: docs/decisions/0018.
_WELL, _LINGERS_S = -1.5, 0.5
_REST_S = 0.12  # between parts of a sentence that is too long to be said at once
_LOUDEST = 0.99
_LONGEST = 200  # characters at once, where the network does not say its own
_PLAYED_HZ = 24000
_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": ",", "…": "."}
)

Floats = NDArray[np.float32]


def open_xtts(avatar: Avatar, folder: Path | None = None) -> XttsVoice:
    """Open the engine for one avatar, whose vault is open.

    Raises:
        EngineNotReady: Its weights are missing, damaged or not accepted.
        LanguageUnspoken: It does not speak the avatar's language.
        TooLittleSpeech: No reading is long and clear enough.
        FileTorn: The avatar is damaged.
    """
    if not isinstance(avatar, Avatar):
        raise TypeError("only an opened avatar can be given a voice")
    xtts = load_adopted(folder)
    voice = reopen_voice(avatar.shelf, VOICE)
    language = language_in(voice.accent, xtts.config.languages)
    latents = latents_of(xtts, voice.material, avatar.shelf)
    return XttsVoice(xtts, latents, voice.accent, language)


class XttsVoice:
    """Speaks as one person, by other people's weights; a ``voicing.Voice``.

    Args:
        xtts: The network.
        latents: Of the person.
        accent: The espeak-ng voice that tells pronunciations.
        language: As the network calls it.
    """

    name = NAME

    def __init__(
        self, xtts: Xtts, latents: Latents, accent: str, language: str
    ) -> None:
        self.network, self._config = xtts.network, xtts.config
        self._language = language
        self._latents = latents
        self._encoder = open_phone_encoder()
        self.accent = accent
        self.languages = tuple(str(name) for name in self._config.languages)
        self.licence = licence_of(NAME).licence

    def say(
        self,
        text: str,
        delivery: Sequence[Delivery] = (),
        glossary: Mapping[str, str] | None = None,
    ) -> Speech:
        """Say one sentence, as ``voicing.Voice`` tells; a long one in parts."""
        sounds: list[Floats] = []
        words: list[TimedWord] = []
        phones: list[TimedPhone] = []
        now = 0.0
        for part in self._parts(text, tuple(delivery), glossary):
            if sounds:
                sounds.append(np.zeros(round(_REST_S * _PLAYED_HZ), np.float32))
                phones.append(TimedPhone("", now, now + _REST_S))
                now += _REST_S
            sound, timed = shaped(*self._said(part), part)
            sounds.append(sound.samples)
            phones += [
                TimedPhone(p.symbol, p.start + now, p.end + now) for p in timed.phones
            ]
            words += _words(part, timed, now)
            now += sound.seconds
        return Speech(
            _held(Sound(np.concatenate(sounds), _PLAYED_HZ)),
            tuple(words),
            tuple(phones),
        )

    def _parts(
        self,
        text: str,
        delivery: tuple[Delivery, ...],
        glossary: Mapping[str, str] | None,
    ) -> list[Utterance]:
        """Cut a text where it is too long to be said at once, best after a comma."""
        utterance = utter(text, self.accent, delivery, glossary)
        limits: Mapping[str, int] = self.network.tokenizer.char_limits
        most = limits.get(self._language.split("-")[0], _LONGEST)
        said = self._letters(utterance.said)
        if len(said) <= most and self._tokens(said) < self._most_tokens():
            return [utterance]
        words = text.split()
        if len(words) < 2:
            raise Unspeakable(text[:20] + "…")
        middle = len(words) / 2
        cut = min(
            range(1, len(words)),
            key=lambda k: abs(k - middle) / len(words) - 0.4 * _ends(words[k - 1]),
        )
        return [
            part
            for some, own in (
                (words[:cut], delivery[:cut]),
                (words[cut:], delivery[cut:]),
            )
            if phones_of(" ".join(some), self.accent)
            for part in self._parts(" ".join(some), own, glossary)
        ]

    def _letters(self, said: str) -> str:
        """Put a text into characters that the network knows.

        Raises:
            Unspeakable: One that has a sound is unknown to it, as a picture's name.
        """
        said = respelled(said, self.accent).translate(_PLAIN)
        tokenizer = self.network.tokenizer
        nothing = tokenizer.tokenizer.token_to_id("[UNK]")
        unknown = [
            one
            for one in dict.fromkeys(said.lower())
            if nothing in tokenizer.encode(one, lang=self._language)
        ]
        if sounding := [one for one in unknown if phones_of(one, self.accent)]:
            raise Unspeakable(" ".join(sounding))
        drop = str.maketrans(dict.fromkeys(unknown, " "))
        return " ".join(said.translate(drop).split()) if unknown else said

    def _tokens(self, said: str) -> int:
        return len(self.network.tokenizer.encode(said.lower(), lang=self._language))

    def _most_tokens(self) -> int:
        return int(self.network.args.gpt_max_text_tokens)

    def _said(self, utterance: Utterance) -> tuple[Sound, Timed]:
        """Try until it is heard as it should be, at most three times; keep the best."""
        best: tuple[Sound, Timed] | None = None
        said = self._letters(utterance.said)
        for turn in range(_TRIES):
            sound = self._sounded(said, turn)
            timed = time_speech(sound, utterance.phones, self._encoder)
            if timed is None:
                continue
            if best is None or timed.goodness > best[1].goodness:
                best = sound, timed
            if timed.goodness > _WELL and timed.longest < _LINGERS_S:
                break
        if best is None:
            raise Unspeakable(said[:40])
        return best

    def _sounded(self, said: str, turn: int) -> Sound:
        """What the network makes of a text; the same turn, the same sound."""
        import torch

        device = self.network.device
        seed = hashlib.sha256(f"{turn} {said}".encode()).digest()
        cards = [device] if device.type == "cuda" else []
        config = self._config
        with torch.random.fork_rng(devices=cards), torch.inference_mode():
            torch.manual_seed(int.from_bytes(seed[:6], "little"))
            made = self.network.inference(
                said,
                self._language,
                torch.from_numpy(self._latents.manner).to(device),
                torch.from_numpy(self._latents.timbre).to(device),
                temperature=config.temperature,
                length_penalty=config.length_penalty,
                repetition_penalty=config.repetition_penalty,
                top_k=config.top_k,
                top_p=config.top_p,
            )["wav"]
        samples = np.nan_to_num(np.asarray(made, np.float32).reshape(-1))
        sound = Sound(samples, int(config.audio.output_sample_rate)).at(_PLAYED_HZ)
        if not sound.samples.any():
            return sound
        gain = 10 ** ((LEVEL_DB - spoken_level_db(sound)) / 20)
        return Sound(np.asarray(sound.samples * gain, np.float32), sound.rate_hz)


def _ends(word: str) -> float:
    """How good a place after a word is to rest: 1 after a sentence, 0 anywhere."""
    if word.endswith((".", "!", "?", "…")):
        return 1.0
    return 0.7 if word.endswith((",", ";", ":", "–", "—")) else 0.0


def _words(utterance: Utterance, timed: Timed, since: float) -> list[TimedWord]:
    at = dict(zip(timed.numbers, timed.phones, strict=True))
    return [
        TimedWord(word, at[first].start + since, at[end - 1].end + since)
        for word, first, end in utterance.words
    ]


def _held(sound: Sound) -> Sound:
    """Hold peaks below full scale."""
    peak = float(np.abs(sound.samples).max(initial=0.0))
    if peak <= _LOUDEST:
        return sound
    return Sound(
        np.asarray(sound.samples * (_LOUDEST / peak), np.float32), sound.rate_hz
    )


def language_in(accent: str, spoken: Sequence[str]) -> str:
    """Bring an espeak-ng voice to the name that the network has for its language."""
    short = accent.split("+")[0].split("-")[0]
    short = {"cmn": "zh"}.get(short, short)
    for name in spoken:
        if name.split("-")[0] == short:
            return name
    raise LanguageUnspoken(NAME, short)
