"""How well recordings are judged, cleaned and compared with their texts.

    python -m benchmarks.preparing --speech FOLDER [--corpus FOLDER] [--sheet PNG]
        [--only judging|manner|cleaning|reading]

FOLDER of --speech holds en_f_ljspeech, en_vctk and es_m_selfrecorded; that of --corpus
transcripts.csv with learners of English. Recordings are disturbed on purpose (noise of
falling spectrum, rooms of decaying noise, whispers and shouts re-synthesized by WORLD),
so these are figures on made disturbances, not on real ones.

judging   what is measured as recorded and disturbed; what is done
manner    whispers and shouts found, false alarms on ordinary voices
cleaning  likeness and MCD to the clean recording: untouched, prepared
reading   words swapped, added to and taken from the text: how many are told, and how
          many right words are; then whole texts that were not read, and other languages
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from avatar_app.enroll.denoising import denoise
from avatar_app.enroll.levelling import levelled
from avatar_app.enroll.manner import manner_of, usual_of
from avatar_app.enroll.preparing import is_this_text, judge, prepare
from avatar_app.enroll.reading import WordHeard, find_words
from avatar_app.media import Sound
from avatar_app.phonetics import phones_of
from avatar_app.weights.phones import Hearing, open_phone_encoder
from benchmarks.disturbing import DISTURBED, Disturbing, shouted, whispered
from benchmarks.voice import Heard, compared, cut, embedded, features

Floats = NDArray[np.float64]
Read = list[tuple[Sound, str]]
_LEARNERS = 10
_THRESHOLDS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
_RATE_HZ = 16000


def main() -> None:
    """Print what was asked for."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--speech", type=Path, required=True)
    asked.add_argument("--corpus", type=Path)
    asked.add_argument("--sheet", type=Path, help="spectrograms, beside each other")
    asked.add_argument("--only", choices=("judging", "manner", "cleaning", "reading"))
    options = asked.parse_args()
    people = {
        "LJ, woman": (listed(options.speech / "en_f_ljspeech"), "en-us"),
        "VCTK p225, woman": (listed(options.speech / "en_vctk", "p225"), "en"),
        "VCTK p226, man": (listed(options.speech / "en_vctk", "p226"), "en"),
        "Spanish man": (listed(options.speech / "es_m_selfrecorded")[:40], "es"),
    }
    learners = learning(options.corpus) if options.corpus else {}
    parts: dict[str, Callable[[], None]] = {
        "judging": lambda: print_judging(people, learners),
        "manner": lambda: print_manner(people, learners),
        "cleaning": lambda: print_cleaning(people),
        "reading": lambda: print_reading(people | learners),
    }
    for name, part in parts.items():
        if options.only in (None, name):
            print(f"\n## {name}")
            part()
    if options.sheet:
        draw_sheet(options.sheet, people["LJ, woman"][0][2][0])


def listed(folder: Path, speaker: str | None = None) -> Read:
    """Read a folder with transcripts.csv, without texts that hold numbers."""
    with (folder / "transcripts.csv").open(newline="") as file:
        return [
            (decoded(folder / (row.get("file") or row["path"])), row["text"])
            for row in csv.DictReader(file)
            if speaker in (None, row["speaker"])
            # A year is read in many ways: a difference there is no misreading.
            and not any(letter.isdigit() for letter in row["text"])
        ]


def learning(corpus: Path) -> dict[str, tuple[Read, str]]:
    """Read some learners of English, 20 sentences each."""
    with (corpus / "transcripts.csv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["speaker"].startswith("so")]
    speakers = sorted({row["speaker"] for row in rows})
    return {
        f"learner {name}": (
            [
                (decoded(corpus / row["path"]), row["text"].capitalize())
                for row in rows
                if row["speaker"] == name and not row["flags"]
            ],
            "en-us",
        )
        for name in speakers[:: len(speakers) // _LEARNERS][:_LEARNERS]
    }


def decoded(path: Path) -> Sound:
    """Decode a file, one channel."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return Sound(np.ascontiguousarray(samples.mean(1)), rate_hz)


def print_judging(
    people: dict[str, tuple[Read, str]], learners: dict[str, tuple[Read, str]]
) -> None:
    """Least, median and greatest of each measure."""
    print(f"{'':18}{'':16}{'above noise, dB':>22}{'decay, s':>20}  denoised  dried")
    everybody = [one for read, _ in learners.values() for one in read[:2]]
    sets = [(name, read[:5], list(DISTURBED)) for name, (read, _) in people.items()]
    for who, read, kinds in [*sets, ("learners", everybody, ["as recorded"])]:
        for kind in kinds if read else []:
            made = [judge(DISTURBED[kind](sound)) for sound, _ in read]
            columns = [[one.noise_db for one in made], [one.decay for one in made]]
            told = "".join(
                f"{'  '.join(f'{x:.2f}' for x in np.percentile(c, (0, 50, 100))):>22}"
                for c in columns
            )
            done = [sum(m.is_noisy for m in made), sum(m.is_echoing for m in made)]
            print(f"{who:18}{kind:16}{told}{done[0]:>8}{done[1]:>8} of {len(made)}")


def print_manner(
    people: dict[str, tuple[Read, str]], learners: dict[str, tuple[Read, str]]
) -> None:
    """Whispers and shouts, by recording."""
    print(f"{'':22}{'':14}{'voiced':>8}{'Hz':>6}{'tilt':>7}  whisper  shout  raised")
    for who, (read, _) in (people | learners).items():
        ordinary = [manner_of(sound) for sound, _ in read]
        usual = usual_of(ordinary)
        kinds = {"as recorded": ordinary}
        if who in people:
            kinds["whispered"] = [manner_of(whispered(s)) for s, _ in read[:6]]
            kinds["shouted x1.7"] = [manner_of(shouted(s, 1.7)) for s, _ in read[:6]]
            kinds["shouted x2.2"] = [manner_of(shouted(s, 2.2)) for s, _ in read[:6]]
        for kind, found in kinds.items():
            middle = usual_of(found)
            counts = (
                sum(one.is_whispered for one in found),
                sum(one.is_shouted for one in found),
                sum(one.is_raised_over(usual) for one in found),
            )
            print(
                f"{who:22}{kind:14}{middle.voiced:8.2f}{middle.pitch_hz:6.0f}"
                f"{middle.tilt_db:7.1f}"
                f"{counts[0]:9}{counts[1]:7}{counts[2]:8} of {len(found)}"
            )


def print_cleaning(people: dict[str, tuple[Read, str]]) -> None:
    """Likeness and MCD to the clean recording."""
    print(f"{'':16}{'untouched':>16}{'RNNoise alone':>16}{'prepared':>16}")
    clean = [sound for read, _ in people.values() for sound, _ in read[2:3]]
    real = [heard(sound) for sound in clean]
    for kind, disturb in DISTURBED.items():
        ways: list[Disturbing] = [lambda s: s, denoise, prepared]
        row = ""
        for way in ways:
            scores = [
                (float((mine := heard(way(disturb(s)))).person @ one.person),
                 compared(mine, one)[0])
                for s, one in zip(clean, real, strict=True)
            ]  # fmt: skip
            likeness, distance = np.mean(scores, axis=0)
            row += f"{likeness:9.3f}{distance:7.2f}"
        print(f"{kind:16}{row}", flush=True)


def prepared(sound: Sound) -> Sound:
    """Treat a recording as it deserves."""
    return prepare(sound, judge(sound)).sound


def heard(sound: Sound) -> Heard:
    """Who speaks, and the spectrum; words are not asked for."""
    ready = cut(sound)
    return Heard(embedded(ready), [], *features(ready))


def print_reading(people: dict[str, tuple[Read, str]]) -> None:
    """Tell altered words from right ones; then other texts and languages."""
    encoder = open_phone_encoder()
    ears = {
        who: [encoder.hear(sound) for sound, _ in read]
        for who, (read, _) in people.items()
    }
    groups = {who: who.split(" ")[0] for who in people}
    right: dict[str, list[float]] = {}
    told: dict[tuple[str, str], list[float]] = {}
    for who, (read, accent) in people.items():
        texts = [text for _, text in read]
        for words in find_words(list(zip(ears[who], texts, strict=True)), accent):
            right.setdefault(groups[who], []).extend(word.doubt for word in words)
        for kind, doubt in altered(ears[who], texts, accent):
            told.setdefault((groups[who], kind), []).append(doubt)
    for group in dict.fromkeys(groups.values()):
        print(f"\n{group}: {len(right[group])} right words. Doubt above:")
        print(" " * 26 + "".join(f"{t:7}" for t in _THRESHOLDS))
        print(f"{'  right words told':26}{shares(right[group])}")
        for kind in ("swapped", "not said", "said besides"):
            doubts = told[group, kind]
            print(f"{f'  {kind} ({len(doubts)})':26}{shares(doubts)}")
    print("\nWhole texts: median goodness, and whether it passes")
    for who, (read, accent) in people.items():
        texts = [text for _, text in read]
        other = [*texts[1:], texts[0]]
        alien = "en-us" if accent == "es" else "es"
        foreign = [
            t for _, t in people["Spanish man" if alien == "es" else "LJ, woman"][0]
        ]
        again = [foreign[k % len(foreign)] for k in range(len(texts))]
        row = ""
        for name, given, voice in (
            ("right", texts, accent),
            ("other text", other, accent),
            ("other language", again, alien),
        ):
            found = find_words(
                list(zip(ears[who], given, strict=True)), voice, rounds=0
            )
            good = [word.goodness for words in found for word in words]
            row += f"  {name} {np.median(good):5.2f} {is_this_text(found)!s:5}"
        print(f"{who:20}{row}")


def altered(
    ears: list[Hearing], texts: list[str], accent: str
) -> Iterable[tuple[str, float]]:
    """Change one word in each other text, three times over; yield the doubt there."""
    chance = random.Random(5)
    pool = sorted(
        {w for t in texts for w in t.split() if len(phones_of(w, accent)) > 1}
    )
    for turn in range(3):
        given: list[str] = []
        changes: list[tuple[str, int, int] | None] = []
        for k, text in enumerate(texts):
            words = text.split()
            if k % 2 != turn % 2 or len(words) < 4:
                given.append(text)
                changes.append(None)
                continue
            kind = ("swapped", "not said", "said besides")[chance.randrange(3)]
            place = chance.randrange(1, len(words) - 1)
            fresh = chance.choice([w for w in pool if w not in words]).strip(".,;:")
            new = [] if kind == "said besides" else [fresh]
            words[place : place + (kind != "not said")] = new
            before = len(" ".join(words[:place]))
            given.append(" ".join(words))
            changes.append((kind, before, before + len(fresh) + 2))
        found = find_words(list(zip(ears, given, strict=True)), accent)
        for text, change, words_heard in zip(given, changes, found, strict=True):
            if change is not None and words_heard:
                yield change[0], nearest(text, words_heard, change)


def nearest(
    text: str, words: tuple[WordHeard, ...], change: tuple[str, int, int]
) -> float:
    """The greatest doubt of the words where the text was changed."""
    kind, first, last = change
    doubts, start = [0.0], 0
    for word in words:
        written = word.text.split(" ")[0]
        place = max(text.find(written, start), start)
        start = place + len(written)
        touches = start > first if kind != "said besides" else start >= first - 1
        if touches and place < last and (kind == "said besides" or place > first - 1):
            doubts.append(word.doubt)
    return max(doubts)


def shares(doubts: list[float]) -> str:
    """Of these, how many lie above each threshold."""
    return "".join(f"{np.mean(np.array(doubts) > t):7.3f}" for t in _THRESHOLDS)


def draw_sheet(path: Path, sound: Sound) -> None:
    """Clean, disturbed and prepared, as spectrograms up to 8 kHz."""
    from PIL import Image

    rows = []
    for kind in ("as recorded", "noise 20 dB", "noise 10 dB", "room .5 s"):
        before = levelled(DISTURBED[kind](sound))
        after = prepared(before)
        rows.append(np.concatenate([picture(before), picture(after)], axis=1))
    Image.fromarray(np.concatenate(rows)).save(path)


def picture(sound: Sound, width: int = 700) -> NDArray[np.uint8]:
    """Draw one, 160 pixels high; 80 dB from black to white."""
    samples = sound.at(_RATE_HZ).samples
    frames = np.lib.stride_tricks.sliding_window_view(samples, 512)[::80]
    level = 20 * np.log10(np.abs(np.fft.rfft(frames * np.hanning(512))) + 1e-6)
    level = np.clip((level + 50) / 80, 0, 1)[:width, :-1][:, ::-1].T
    grey = (255 * level.reshape(128, 2, -1).mean(axis=1)).astype(np.uint8)
    return np.pad(grey, ((4, 28), (0, width + 8 - grey.shape[1])))


if __name__ == "__main__":
    main()
