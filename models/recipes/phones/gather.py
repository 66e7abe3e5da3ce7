"""Gather the speech that the phone encoder learns from, into one working folder.

    python gather.py --corpus FOLDER --work FOLDER [--hours 8] [--seed 1]

--corpus holds transcripts.csv and the readings it names. Writes espeak.npz, flite.npz
(with exact times, spoken here) and read.npz (people's readings, times to be aligned).
"""

from __future__ import annotations

import argparse
import csv
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from store import Utterance, save

from avatar_app.media import Sound
from avatar_app.phonetics import phones_of, speak
from avatar_app.weights.mel import EAR_HZ
from avatar_app.weights.sounds import SoundSpan, shares, sounds_of
from avatar_app.weights.spoken import spans_of

# Only these speakers' licences let the weights be shipped (see README.md).
READERS = {"kathleen": "en-us", "kerstin": "de", "flemishguy": "nl", "nathalie": "nl"}
HELD_BACK = 40  # last readings of each reader, for watching the training
# Never heard in training; the benchmark asks for them.
UNSEEN_VARIANTS = ("f2", "f5", "m3", "m7", "linda", "michael", "klatt4")
VARIANTS = [
    "", "f1", "f3", "f4", "m1", "m2", "m4", "m5", "m6", "m8", "Alex", "Alicia",
    "Andrea", "Andy", "Annie", "Denis", "Diogo", "Gene", "Gene2", "Henrique", "Hugo",
    "Jacky", "Lee", "Marco", "Mario", "Michael", "Mike", "Nguyen", "Reed", "Storm",
    "Tweaky", "adam", "anika", "announcer", "antonio", "aunty", "belinda", "benjamin",
    "boris", "caleb", "david", "ed", "edward", "edward2", "gustave", "ian", "iven",
    "iven2", "iven3", "iven4", "john", "kaukovalta", "klatt", "klatt2", "klatt3",
    "klatt5", "klatt6", "marcelo", "max", "michel", "miguel", "mike2", "norbert",
    "pablo", "paul", "pedro", "quincy", "rob", "robert", "robosoft", "sandro",
    "shelby", "steph", "steph2", "steph3", "travis", "victor", "whisper", "zac",
]  # fmt: skip
# How often each is drawn; any of them reads any Latin text by its own rules.
_TIMES = {
    "en-us": 8, "en": 3, "en-gb-x-rp": 1, "en-gb-scotland": 1, "en-us-nyc": 1,
    "de": 3, "nl": 2, "es": 2, "es-419": 1, "fr": 2, "fr-be": 1, "it": 2, "pt": 1,
    "pt-br": 1, "pl": 1, "cs": 1, "sv": 1, "nb": 1, "fi": 1, "hu": 1, "ro": 1,
    "tr": 1, "ca": 1, "hr": 1, "sk": 1, "sl": 1, "et": 1, "lt": 1, "sq": 1, "af": 1,
    "cy": 1, "la": 1, "eo": 1, "id": 1, "sw": 1,
}  # fmt: skip
LANGUAGES = [name for name, times in _TIMES.items() for _ in range(times)]
# awb is kept for the benchmark.
FLITE = {"rms": 1100, "slt": 1100, "kal": 350, "kal16": 350}
_FLITE_IPA = {
    "pau": "", "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "aʊ", "ax": "ə",
    "ay": "aɪ", "b": "b", "ch": "tʃ", "d": "d", "dh": "ð", "eh": "ɛ", "er": "ɜ",
    "ey": "eɪ", "f": "f", "g": "ɡ", "hh": "h", "ih": "ɪ", "iy": "i", "jh": "dʒ",
    "k": "k", "l": "l", "m": "m", "n": "n", "ng": "ŋ", "ow": "oʊ", "oy": "ɔɪ",
    "p": "p", "r": "ɹ", "s": "s", "sh": "ʃ", "t": "t", "th": "θ", "uh": "ʊ",
    "uw": "u", "v": "v", "w": "w", "y": "j", "z": "z", "zh": "ʒ",
}  # fmt: skip


def main() -> None:
    """Gather everything."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--corpus", type=Path, required=True)
    asked.add_argument("--work", type=Path, required=True)
    asked.add_argument("--hours", type=float, default=8.0)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", nargs="*", default=["espeak", "flite", "read"])
    options = asked.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    with (options.corpus / "transcripts.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["speaker"] in READERS]
    dice = random.Random(options.seed)  # noqa: S311 - not a secret
    makers = {
        "espeak": lambda: espeak_says(rows, options.hours, dice),
        "flite": lambda: flite_says(rows),
        "read": lambda: people_read(rows, options.corpus),
    }
    for name in options.only:
        seconds = save(options.work / f"{name}.npz", makers[name]())
        sys.stdout.write(f"{name}: {seconds / 3600:.2f} h\n")
        sys.stdout.flush()


def espeak_says(
    rows: list[dict[str, str]], hours: float, dice: random.Random
) -> Iterator[Utterance]:
    """Let espeak-ng speak sentences in many languages, voices, tempos and pitches."""
    texts = {
        language: [row["text"] for row in rows if row["language"] == language]
        for language in ("en", "de", "nl")
    }
    speak("a")  # the first events of a process may be lost
    seconds = 0.0
    while seconds < hours * 3600:
        language = dice.choice(LANGUAGES)
        if dice.random() < 0.2:
            pool = texts[dice.choice(("en", "de", "nl"))]
        else:
            pool = texts[{"de": "de", "nl": "nl", "af": "nl"}.get(language, "en")]
        text = dice.choice(pool)
        if dice.random() < 0.25:  # word order tells nothing about sounds
            words = text.split()
            dice.shuffle(words)
            text = " ".join(words)
        variant = dice.choice(VARIANTS) if dice.random() < 0.85 else ""
        voice = f"{language}+{variant}" if variant else language
        tempo = min(260, max(110, round(dice.gauss(165, 28))))
        pitch = min(95, max(5, round(dice.gauss(50, 18))))
        sound, phones, _ = speak(text, voice, tempo, pitch)
        if sound.seconds < 0.5:
            continue
        seconds += sound.seconds
        yield Utterance("espeak", pcm_of(sound), spans_of(phones, sound), [])


def flite_says(rows: list[dict[str, str]]) -> Iterator[Utterance]:
    """Let flite speak the prompts its voices were made from."""
    prompts = list(dict.fromkeys(r["text"] for r in rows if r["language"] == "en"))
    with tempfile.TemporaryDirectory() as folder:
        for voice, count in FLITE.items():
            for text in prompts[-count:]:
                yield flite_utterance(voice, text, Path(folder) / "said.wav")


def flite_utterance(voice: str, text: str, file: Path) -> Utterance:
    """Let flite say one text, with the times of its sounds."""
    done = subprocess.run(  # noqa: S603
        ["flite", "-voice", voice, "-psdur", "-t", text, "-o", str(file)],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    samples, rate = soundfile.read(file, dtype="float32")
    spans: list[SoundSpan] = []
    at = 0.0
    for item in done.stdout.split():
        name, _, end = item.rpartition(":")
        start, length = at, float(end) - at
        for sound, share in shares(_FLITE_IPA[name]):
            spans.append(SoundSpan(sound, at, at + share * length))
            at += share * length
        at = start + length
    return Utterance(f"flite {voice}", pcm_of(Sound(samples, rate)), spans, [])


def people_read(rows: list[dict[str, str]], corpus: Path) -> Iterator[Utterance]:
    """Read people's recordings and the sounds their texts hold."""
    for reader in READERS:
        own = [row for row in rows if row["speaker"] == reader]
        for row in own[:-HELD_BACK]:
            if "rate" not in row["flags"]:
                yield reading(corpus / row["path"], row["text"], reader)


def reading(path: Path, text: str, reader: str) -> Utterance:
    """Read one recording; its words are rows of sounds without times."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    sound = Sound(np.ascontiguousarray(samples.mean(1)), rate)
    return Utterance(reader, pcm_of(sound), [], words_of(text, READERS[reader]))


def words_of(text: str, voice: str) -> list[list[int]]:
    """Return the sounds of each spoken word of a text."""
    words: list[list[int]] = []
    last = -1
    for phone in phones_of(text, voice):
        if phone.word != last:
            words.append([])
            last = phone.word
        words[-1].extend(sounds_of(phone.symbol))
    return [word for word in words if word]


def pcm_of(sound: Sound) -> NDArray[np.int16]:
    """Bring a sound to the ear's rate, 16 bit."""
    heard = sound.at(EAR_HZ).samples
    return np.asarray(np.round(np.clip(heard, -1, 1) * 32767), np.int16)


if __name__ == "__main__":
    main()
