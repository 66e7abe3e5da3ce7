"""Gather the readings that the voice's base network learns from, cut into sheets.

    python gather.py --corpus FOLDER --work FOLDER [--only READER ...]

--corpus holds transcripts.csv and the readings it names; flite speaks too. Every reader
is aligned and measured as a person's own readings are. Writes one READER.npz each.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from avatar_app.fit.voice.alignment import align
from avatar_app.fit.voice.material import SAMPLES_PER_FRAME, prepare
from avatar_app.fit.voice.network import lay_out
from avatar_app.fit.voice.score import score_of
from avatar_app.fit.voice.vocoder import analyse, pitch_range
from avatar_app.media import Sound
from avatar_app.phonetics import phones_of
from avatar_app.work import carry_out

# Only these speakers' licences let the weights be shipped (see README.md); with the
# espeak-ng voice that tells their pronunciation, and sentences taken of each.
READERS = {
    "kathleen": ("en-us", 1000),
    "flite rms": ("en-us", 250),
    "flite slt": ("en-us", 200),
    "flemishguy": ("nl", 250),
    "nathalie": ("nl", 200),
    "kerstin": ("de", 150),
}
# benchmarks/voice.py asks for kathleen's sentences 100 to 119.
BENCHMARK = slice(100, 120)
_TOGETHER = 250  # readings aligned at once
_WORST = 0.04  # of the readings, by how well text and sound fit


def main() -> None:
    """Gather every reader."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--corpus", type=Path, required=True)
    asked.add_argument("--work", type=Path, required=True)
    asked.add_argument("--only", nargs="*", default=list(READERS))
    options = asked.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    with (options.corpus / "transcripts.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if not row["flags"]]
    kathleen = [row for row in rows if row["speaker"] == "kathleen"]
    asked_for = {row["text"] for row in kathleen[BENCHMARK]}
    rows = [row for row in rows if row["text"] not in asked_for]
    symbols = symbols_of(rows)
    for reader in options.only:
        seconds = gather(reader, rows, options.corpus, symbols, options.work)
        sys.stdout.write(f"{reader}: {seconds / 3600:.2f} h\n")
        sys.stdout.flush()


def chosen(reader: str, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """List what a reader reads; flite reads kathleen's prompts."""
    voice = "kathleen" if reader.startswith("flite") else reader
    own = [row for row in rows if row["speaker"] == voice]
    own = list({row["text"]: row for row in own}.values())
    return own[-READERS[reader][1] :]


def symbols_of(rows: list[dict[str, str]]) -> tuple[str, ...]:
    """List the phonemes of all texts."""
    return tuple(
        sorted(
            {
                phone.symbol
                for reader, (accent, _) in READERS.items()
                for row in chosen(reader, rows)
                for phone in phones_of(row["text"], accent)
            }
        )
    )


def gather(
    reader: str,
    rows: list[dict[str, str]],
    corpus: Path,
    symbols: tuple[str, ...],
    work: Path,
) -> float:
    """Align and measure one reader; return the seconds that are kept."""
    accent = READERS[reader][0]
    known: list[tuple[Sound, str]] = []
    for row in chosen(reader, rows):
        text = row["text"]
        sound = flite_says(reader, text) if "flite" in reader else read(corpus, row)
        ready = prepare(sound, text, accent)
        if ready is not None and ready.seconds < 15:
            known.append((ready, text))
    span = pitch_range([sound for sound, _ in known[:24]])
    aligned = []
    for begin in range(0, len(known), _TOGETHER):
        aligned += carry_out(align(known[begin : begin + _TOGETHER], accent))
    least = float(np.quantile([one.fit for one in aligned], _WORST))
    kept: dict[str, list[np.ndarray]] = {}
    for (sound, text), times in zip(known, aligned, strict=True):
        if times.fit < least:
            continue
        frames = len(sound.samples) // SAMPLES_PER_FRAME
        inner = np.flatnonzero(times.phones[1:-1] < 0) + 1
        score = score_of(text, accent, {int(times.phones[k + 1]) for k in inner})
        starts = np.minimum(times.edges[:-1], frames - 1)
        durations = np.diff(np.append(starts, frames))
        if len(durations) != len(score.symbols) or durations.min() < 1:
            continue
        sheet = lay_out(score, durations, symbols)
        found = analyse(sound, *span)
        pitch = found.pitch[:frames]
        voiced = np.flatnonzero(pitch > 0)
        if len(voiced) < 20:
            continue
        tune = np.interp(np.arange(frames), voiced, np.log(pitch[voiced]))
        played = np.column_stack([found.envelope[:frames], tune, pitch > 0])
        add(
            kept,
            names=sheet.names,
            described=sheet.described,
            owner=sheet.owner,
            position=sheet.position.astype(np.float16),
            guide=sheet.guide.astype(np.float16),
            durations=durations,
            played=played.astype(np.float16),
            counts=np.array([[len(durations), len(sheet.owner), frames]]),
        )
    arrays = {name: np.concatenate(parts) for name, parts in kept.items()}
    np.savez(work / f"{reader.replace(' ', '_')}.npz", symbols=symbols, **arrays)
    return float(arrays["counts"][:, 2].sum()) * 0.005


def add(kept: dict[str, list[np.ndarray]], **parts: np.ndarray) -> None:
    """Put arrays to those of the same name."""
    for name, part in parts.items():
        kept.setdefault(name, []).append(part)


def read(corpus: Path, row: dict[str, str]) -> Sound:
    """Read one recording."""
    samples, rate = soundfile.read(
        corpus / row["path"], dtype="float32", always_2d=True
    )
    return Sound(np.ascontiguousarray(samples.mean(1)), rate)


def flite_says(voice: str, text: str) -> Sound:
    """Let flite speak."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        command = ["flite", "-voice", voice.split()[1], "-t", text, "-o", str(file)]
        subprocess.run(command, check=True)  # noqa: S603
        samples, rate = soundfile.read(file, dtype="float32")
    return Sound(samples, rate)


if __name__ == "__main__":
    main()
