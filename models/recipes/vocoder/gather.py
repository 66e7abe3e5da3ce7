"""Gather the speech that the vocoder learns from, with its pitch, into one folder.

    python gather.py --corpus FOLDER --work FOLDER

--corpus holds transcripts.csv and the readings it names; flite speaks too. Writes
samples.npy (int16 at VOICE_HZ), tunes.npy (log hertz each 10 ms) and utterances.csv.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from avatar_app.media import Sound
from avatar_app.weights.vocoder import pitch_span, tune_of
from avatar_app.weights.vocoder_network import HOP, VOICE_HZ

# Only these speakers' licences let the weights be shipped (see README.md).
READERS = ("kathleen", "kerstin", "flemishguy", "nathalie", "librivox_austen")
WATCHED = 12  # last readings of each reader, for watching the training
# benchmarks/voice.py asks for kathleen's sentences 100 to 119.
BENCHMARK = slice(100, 120)
FLITE = {"rms": 300, "slt": 150, "kal16": 60}


def main() -> None:
    """Gather everything."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--corpus", type=Path, required=True)
    asked.add_argument("--work", type=Path, required=True)
    options = asked.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    with (options.corpus / "transcripts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    samples: list[NDArray[np.int16]] = []
    tunes: list[NDArray[np.float32]] = []
    lines = []
    for speaker, sounds in spoken(rows, options.corpus):
        span = pitch_span(sounds[:12])
        for k, sound in enumerate(sounds):
            watched = speaker in READERS[:4] and k >= len(sounds) - WATCHED
            frames = len(sound.samples) // HOP
            whole = Sound(sound.samples[: frames * HOP], VOICE_HZ)
            samples.append(np.round(whole.samples * 32767).astype(np.int16))
            tunes.append(tune_of(whole, span).astype(np.float32))
            lines.append([speaker, frames, int(watched)])
        sys.stdout.write(f"{speaker}: {sum(s.seconds for s in sounds) / 3600:.2f} h\n")
        sys.stdout.flush()
    np.save(options.work / "samples.npy", np.concatenate(samples))
    np.save(options.work / "tunes.npy", np.concatenate(tunes))
    with (options.work / "utterances.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["speaker", "frames", "watched"], *lines])


def spoken(
    rows: list[dict[str, str]], corpus: Path
) -> Iterator[tuple[str, list[Sound]]]:
    """Give every speaker and all that they say, at VOICE_HZ."""
    kathleen = [r for r in rows if r["speaker"] == "kathleen" and not r["flags"]]
    asked_for = {row["text"] for row in kathleen[BENCHMARK]}
    for reader in READERS:
        own = [row for row in rows if row["speaker"] == reader]
        yield (
            reader,
            [
                read(corpus / row["path"])
                for row in own
                if "rate" not in row["flags"] and row["text"] not in asked_for
            ],
        )
    prompts = list(dict.fromkeys(r["text"] for r in kathleen))
    for voice, count in FLITE.items():
        yield f"flite {voice}", list(flite_says(voice, prompts[-count:]))


def flite_says(voice: str, texts: list[str]) -> Iterator[Sound]:
    """Let flite speak; its voices are at 16 kHz."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        for text in texts:
            command = ["flite", "-voice", voice, "-t", text, "-o", str(file)]
            subprocess.run(command, check=True)  # noqa: S603
            yield read(file)


def read(path: Path) -> Sound:
    """Read one recording."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    sound = Sound(np.ascontiguousarray(samples.mean(1)), rate).at(VOICE_HZ)
    return Sound(np.clip(sound.samples, -1, 1), VOICE_HZ)


if __name__ == "__main__":
    main()
