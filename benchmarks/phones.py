"""How well the phone encoder hears people and machines it never met.

Run: python -m benchmarks.phones --speech FOLDER --corpus FOLDER [--weights FILE]

FOLDER of --speech holds en_f_ljspeech, en_vctk and es_m_selfrecorded; that of --corpus
transcripts.csv with en/soNNNN. None of these speakers was in the training. Truth for
people is what espeak-ng makes of the text, so accents and slips count as mistakes;
for espeak-ng's own speech it is exact, with times. Wrong text and chance stand beside.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from avatar_app.media import Sound
from avatar_app.phonetics import phones_of, speak
from avatar_app.weights import mel
from avatar_app.weights.phones import RATE_HZ, PhoneEncoder, open_phone_encoder
from avatar_app.weights.sounds import GESTURES, SOUNDS, sounds_of
from avatar_app.weights.spoken import sounds_at, spans_of

UNSEEN = ("f2", "f5", "m3", "m7", "linda", "michael", "klatt4")
_SPEAKERS = 20
_SWITCHING_COSTS = 1.5  # of the smoothed path, in log posterior
# Sounds that look alike on the lips: what a mistake costs the avatar.
_LOOKS = ["sil", "pbmβ", "fv", "θð", "tdnlɾszr", "ʃʒ", "kɡŋxhʁɲçj", "ɹ", "w",
          "iɪɨe", "ɛæ", "aɑʌ", "ə", "ɔ", "oʊuyø", "ɜ"]  # fmt: skip
_LOOK_OF = np.array(
    [
        next(k for k, group in enumerate(_LOOKS) if name == group or name in group)
        for name in SOUNDS
    ]
)
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """One sentence: sound, and its sounds in order."""

    sound: Sound
    sounds: list[int]
    text: str = ""


def main() -> None:
    """Print every figure."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--speech", type=Path, required=True)
    asked.add_argument("--corpus", type=Path, required=True)
    asked.add_argument("--weights", type=Path, help="instead of those of the catalogue")
    options = asked.parse_args()
    encoder = opened(options.weights)
    sets = people(options.speech, options.corpus)
    sets["espeak-ng, 7 unseen voices"] = [
        said_by_espeak(one.text, f"en-us+{UNSEEN[k % len(UNSEEN)]}")
        for k, one in enumerate(sets["LJ, woman"])
    ]
    if shutil.which("flite"):
        sets["flite awb, unseen"] = [
            Said(by_flite(one.text, "awb"), one.sounds, one.text)
            for one in sets["LJ, woman"]
        ]
    print_error_rates(encoder, sets)
    print_frame_accuracy(encoder, [one.text for one in sets["LJ, woman"]])
    print_invariance(encoder, sets)
    print_cost(encoder, sets["LJ, woman"][0].sound)


def opened(weights: Path | None) -> PhoneEncoder:
    """Open the shipped encoder, or one from a file while training."""
    if weights is None:
        return open_phone_encoder()
    import torch
    from safetensors.numpy import load_file

    from avatar_app.weights.phone_network import PhoneNetwork, PhoneSizes

    network = PhoneNetwork(PhoneSizes())
    network.load_state_dict(
        {k: torch.from_numpy(v) for k, v in load_file(weights).items()}
    )
    return PhoneEncoder(network.eval().requires_grad_(requires_grad=False))


def people(speech: Path, corpus: Path) -> dict[str, list[Said]]:
    """Read the people nobody trained on."""
    with (corpus / "transcripts.csv").open(newline="") as file:
        learners = [
            row
            for row in csv.DictReader(file)
            if row["speaker"].startswith("so") and "rate" not in row["flags"]
        ]
    speakers = sorted({row["speaker"] for row in learners})
    chosen = speakers[:: len(speakers) // _SPEAKERS][:_SPEAKERS]
    return {
        "LJ, woman": listed(speech / "en_f_ljspeech", "en-us"),
        "VCTK p225, woman": listed(speech / "en_vctk", "en", "p225"),
        "VCTK p226, man": listed(speech / "en_vctk", "en", "p226"),
        f"{_SPEAKERS} learners of English": [
            said(corpus / row["path"], row["text"].lower(), "en-us")
            for name in chosen
            for row in [row for row in learners if row["speaker"] == name][:6]
        ],
        "Spanish man": listed(speech / "es_m_selfrecorded", "es")[:30],
    }


def listed(folder: Path, voice: str, speaker: str = "") -> list[Said]:
    """Read a folder with its transcripts.csv."""
    with (folder / "transcripts.csv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if speaker in r["speaker"]]
    return [said(folder / row["file"], row["text"], voice) for row in rows]


def said(path: Path, text: str, voice: str) -> Said:
    """Read one recording."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return Said(
        Sound(np.ascontiguousarray(samples[:, 0]), rate), sounds_in(text, voice), text
    )


def sounds_in(text: str, voice: str) -> list[int]:
    """Return the sounds of a text, neighbours that are the same told once."""
    row = [name for phone in phones_of(text, voice) for name in sounds_of(phone.symbol)]
    return merged(row)


def merged(row: Sequence[int]) -> list[int]:
    """Tell runs once and leave silence out."""
    return [
        int(name)
        for k, name in enumerate(row)
        if name != 0 and (k == 0 or name != row[k - 1])
    ]


def said_by_espeak(text: str, voice: str) -> Said:
    """Let espeak-ng say a text."""
    sound, _, _ = speak(text, voice)
    return Said(sound, sounds_in(text, voice.split("+")[0]), text)


def by_flite(text: str, voice: str) -> Sound:
    """Let flite say a text."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "said.wav")
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", path], check=True)
        samples, rate = soundfile.read(path, dtype="float32")
    return Sound(samples, rate)


def print_error_rates(encoder: PhoneEncoder, sets: dict[str, list[Said]]) -> None:
    """Sounds missed, added or taken for others, per 100 sounds of the text."""
    print("| speech | error, greedy | smoothed | looks only | wrong text | chance |")
    print("|---|---|---|---|---|---|")
    for name, sentences in sets.items():
        heard = [encoder.hear(one.sound).posteriors for one in sentences]
        greedy = [merged(h.argmax(1).tolist()) for h in heard]
        smooth = [merged(smoothed(h).tolist()) for h in heard]
        truth = [one.sounds for one in sentences]
        wrong = truth[1:] + truth[:1]
        dice = np.random.default_rng(0)
        pool = np.concatenate([np.array(row) for row in truth])
        chance = [dice.choice(pool, len(row)).tolist() for row in smooth]
        rates = [
            error_rate(greedy, truth),
            error_rate(smooth, truth),
            error_rate([looks(r) for r in smooth], [looks(r) for r in truth]),
            error_rate(smooth, wrong),
            error_rate(chance, truth),
        ]
        print(f"| {name} | " + " | ".join(f"{100 * r:.1f}" for r in rates) + " |")


def looks(row: Sequence[int]) -> list[int]:
    """Bring sounds to groups that look alike."""
    return merged(_LOOK_OF[np.array(row, int)].tolist())


def smoothed(posteriors: NDArray[np.float32]) -> Ints:
    """Return the likeliest path when every change of sound costs something."""
    likely = np.log(posteriors.astype(np.float64) + 1e-8)
    best = likely[0]
    came = np.zeros(likely.shape, np.int64)
    for t in range(1, len(likely)):
        top = int(best.argmax())
        moved = best[top] - _SWITCHING_COSTS > best
        came[t] = np.where(moved, top, np.arange(len(best)))
        best = np.where(moved, best[top] - _SWITCHING_COSTS, best) + likely[t]
    path = np.zeros(len(likely), np.int64)
    at = int(best.argmax())
    for t in range(len(likely) - 1, -1, -1):
        path[t] = at
        at = int(came[t, at])
    return path


def error_rate(heard: list[list[int]], truth: list[list[int]]) -> float:
    """Edits over the sounds there are."""
    edits = sum(edit_distance(h, t) for h, t in zip(heard, truth, strict=True))
    return edits / sum(len(row) for row in truth)


def edit_distance(one: list[int], two: list[int]) -> int:
    """Levenshtein's distance."""
    place = np.arange(len(two) + 1)
    row = place.copy()
    other = np.array(two)
    for k, name in enumerate(one):
        entry = np.empty_like(row)
        entry[0] = k + 1
        entry[1:] = np.minimum(row[1:] + 1, row[:-1] + (other != name))
        row = np.minimum.accumulate(entry - place) + place
    return int(row[-1])


def print_frame_accuracy(encoder: PhoneEncoder, texts: list[str]) -> None:
    """Frames named right in espeak-ng's speech, whose times are exact."""
    print("\n| espeak-ng voice | frames right | looks right | commonest sound |")
    print("|---|---|---|---|")
    speak("a")
    for variant in (*UNSEEN, "m1 (seen)", "f3 (seen)"):
        right, alike, told, names = 0, 0, 0, []
        for text in texts[:10]:
            sound, phones, _ = speak(text, f"en-us+{variant.split()[0]}")
            heard = encoder.hear(sound).posteriors.argmax(1)
            moments = (np.arange(len(heard)) + 0.5) / RATE_HZ
            truth = sounds_at(spans_of(phones, sound), moments)
            known = truth >= 0
            right += int((heard == truth)[known].sum())
            alike += int((_LOOK_OF[heard] == _LOOK_OF[truth])[known].sum())
            told += int(known.sum())
            names.append(truth[known])
        common = np.bincount(np.concatenate(names)).max() / told
        print(f"| {variant} | {right / told:.3f} | {alike / told:.3f} | {common:.3f} |")


def print_invariance(encoder: PhoneEncoder, sets: dict[str, list[Said]]) -> None:
    """Cosine along the best alignment of two voices: same words against other words."""
    lj = sets["LJ, woman"][:16]
    flite = sets.get("flite awb, unseen", [])[:16]
    voices: dict[str, list[Sound]] = {
        "LJ": [one.sound for one in lj],
        "espeak m3": [speak(one.text, "en-us+m3")[0] for one in lj],
        "espeak f2": [speak(one.text, "en-us+f2")[0] for one in lj],
    }
    if flite:
        voices["flite awb"] = [one.sound for one in flite]
    names = list(voices)
    pairs = [(a, b) for k, a in enumerate(names) for b in names[k + 1 :]]
    print("\n| voices | description | same words | other words | told apart |")
    print("|---|---|---|---|---|")
    for title, describe in describers(encoder).items():
        seen = {name: [describe(s) for s in voices[name]] for name in names}
        for one, two in pairs:
            same = [along(a, b)[0] for a, b in zip(seen[one], seen[two], strict=True)]
            other = [along(a, seen[two][k - 3])[0] for k, a in enumerate(seen[one])]
            apart = np.mean(np.array(same)[:, None] > np.array(other))
            print(
                f"| {one} – {two} | {title} | {np.mean(same):.3f} | "
                f"{np.mean(other):.3f} | {apart:.2f} |"
            )
    print("\nGestures, correlation along the alignment (same words / other words):")
    for one, two in pairs:
        print(f"{one} – {two}: " + gesture_agreement(encoder, voices[one], voices[two]))


def describers(encoder: PhoneEncoder) -> dict[str, Callable[[Sound], Floats]]:
    """Return ways to describe a sound by rows of length 1."""

    def mels(sound: Sound) -> Floats:
        rows = mel.log_mel(sound.at(mel.EAR_HZ).samples)[::2]
        rows = mel.evened(rows, np.zeros(mel.BANDS, np.float32))
        return unit(evened(rows))

    return {
        "bottleneck": lambda s: unit(evened(encoder.hear(s).bottleneck)),
        "log mel": mels,
    }


def evened(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take away what a whole sentence has in common."""
    return np.asarray(rows - rows.mean(0))


def unit(rows: NDArray[np.float32]) -> Floats:
    """Bring rows to length 1."""
    wide = rows.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True) + 1e-9
    return np.asarray(wide / length)


def along(one: Floats, two: Floats) -> tuple[float, list[tuple[int, int]]]:
    """Warp two rows of frames onto each other; return the mean cosine and the path."""
    cosine = one @ two.T
    rows, columns = cosine.shape
    # Both clocks at once cost one frame, one clock alone half of it: symmetric.
    loss = 1 - cosine
    cost = np.full((rows + 1, columns + 1), np.inf)
    cost[0, 0] = 0
    for diagonal in range(2, rows + columns + 1):
        down = np.arange(max(1, diagonal - columns), min(rows, diagonal - 1) + 1)
        right = diagonal - down
        here = loss[down - 1, right - 1]
        cost[down, right] = np.minimum(
            cost[down - 1, right - 1] + 2 * here,
            np.minimum(cost[down - 1, right], cost[down, right - 1]) + here,
        )
    i, j = rows, columns
    path = [(i - 1, j - 1)]
    while (i, j) != (1, 1):
        steps = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        tolls = (2 * loss[i - 1, j - 1], loss[i - 1, j - 1], loss[i - 1, j - 1])
        costs = [cost[step] + toll for step, toll in zip(steps, tolls, strict=True)]
        i, j = steps[int(np.argmin(costs))]
        path.append((i - 1, j - 1))
    return 1 - float(cost[rows, columns] / (rows + columns)), path[::-1]


def gesture_agreement(
    encoder: PhoneEncoder, ones: list[Sound], twos: list[Sound]
) -> str:
    """Correlate the gestures heard in two voices, same words and other words."""
    heard = [encoder.hear(s) for s in ones], [encoder.hear(s) for s in twos]
    told: list[list[Floats]] = [[], []]
    for k, one in enumerate(heard[0]):
        for place, two in enumerate((heard[1][k], heard[1][k - 3])):
            _, path = along(unit(one.bottleneck), unit(two.bottleneck))
            i, j = np.array(path).T
            told[place].append(
                np.concatenate([one.gestures[i], two.gestures[j]], axis=1)
            )
    words = []
    for column in (0, 1, 2, 4):
        same, other = (
            np.corrcoef(np.concatenate(part)[:, [column, column + len(GESTURES)]].T)
            for part in told
        )
        words.append(f"{GESTURES[column]} {same[0, 1]:.2f}/{other[0, 1]:.2f}")
    return ", ".join(words)


def print_cost(encoder: PhoneEncoder, sound: Sound) -> None:
    """CPU milliseconds of one thread per second of speech."""
    import torch

    torch.set_num_threads(1)
    heard = sound.at(mel.EAR_HZ)
    encoder.hear(heard)
    began = time.process_time()
    for _ in range(20):
        encoder.hear(heard)
    spent = (time.process_time() - began) / 20
    print(f"\nCost: {1000 * spent / heard.seconds:.2f} CPU ms per second of speech.")


if __name__ == "__main__":
    main()
