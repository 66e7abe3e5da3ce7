"""How well recordings of people never heard in training are copied.

    python benchmarks/vocoder.py --speech FOLDER [--speech FOLDER ...] [--out DIR]
        [--last N] [--weights FILE]

Each FOLDER holds transcripts.csv as benchmarks/voice.py reads it; the last N sentences
of every speaker in it are copied by our vocoder and by WORLD. The columns are those of
benchmarks/voice.py, and

same         Resemblyzer cosine of each copy to the very recording it was made from

--weights measures a file that is not the shipped one. Into DIR go the copies and
spectrogram sheets.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

if not __package__:  # run by its path: an installed package is called benchmarks too
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import soundfile
import torch
from safetensors.numpy import load_file

from avatar_app.media import Sound
from avatar_app.weights.vocoder import RATE_HZ, Vocoder, open_vocoder
from avatar_app.weights.vocoder_network import VocoderNetwork, VocoderSizes
from benchmarks.voice import (
    Clip,
    draw_sheet,
    heard,
    normal,
    read_corpus,
    scored,
    timed,
    world_copy,
)


def main() -> None:
    """Copy, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--speech", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--last", type=int, default=10)
    parser.add_argument("--weights", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    vocoder = opened(asked.weights) if asked.weights else open_vocoder()
    print(f"{'':18}{'same':>8}{'similar':>8}{'mcd_db':>8}{'wer':>8}{'f0':>8}{'rtf':>8}")
    results = {}
    for folder in asked.speech:
        for speaker in speakers_in(folder):
            clips = read_corpus(folder, speaker, None)[1][-asked.last :]
            out = asked.out / speaker if asked.out else None
            results[speaker] = copied(speaker, clips, vocoder, out)
    if asked.out:
        (asked.out / "results.json").write_text(json.dumps(results, indent=1))


def opened(path: Path) -> Vocoder:
    """Open weights that are not shipped."""
    network = VocoderNetwork(VocoderSizes())
    network.load_state_dict(
        {k: torch.from_numpy(v.astype(np.float32)) for k, v in load_file(path).items()}
    )
    return Vocoder(network.eval().requires_grad_(requires_grad=False))


def speakers_in(folder: Path) -> list[str]:
    """List who speaks in a folder."""
    with (folder / "transcripts.csv").open(newline="") as page:
        return sorted({row["speaker"] for row in csv.DictReader(page)})


def copied(
    speaker: str, clips: list[Clip], vocoder: Vocoder, out: Path | None
) -> dict[str, dict[str, float]]:
    """Measure both copies of one speaker's recordings, and the recordings."""
    # All at one rate: what resampling does to the last bands is no fault of a copy.
    real = [clip.sound().at(RATE_HZ) for clip in clips]
    vocoder.copy(real[0])  # the first call sets torch up
    ways: dict[str, Callable[[Sound], Sound]] = {
        "ours": vocoder.copy,
        "WORLD": world_copy,
    }
    made = {
        name: timed([partial(way, sound) for sound in real])
        for name, way in ways.items()
    }
    texts = [normal(clip.text) for clip in clips]
    references = [heard(sound) for sound in real]
    rows = {}
    for name, (sounds, rtf) in [*made.items(), ("real", (real, 0.0))]:
        said = references if name == "real" else [heard(sound) for sound in sounds]
        same = [
            float(a.person @ b.person) for a, b in zip(said, references, strict=True)
        ]
        rows[name] = {"same": float(np.mean(same)), **scored(said, references, texts)}
        rows[name]["rtf"] = rtf
        cells = "".join(f"{value:8.3f}" for value in rows[name].values())
        print(f"{speaker + ' ' + name:18}{cells}", flush=True)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for k, sound in enumerate(made["ours"][0]):
            path = out / f"{clips[k].path.stem}.wav"
            soundfile.write(path, sound.samples, sound.rate_hz, subtype="PCM_16")
        for k in range(min(2, len(real))):
            sheet = {"real": real[k], **{n: made[n][0][k] for n in made}}
            draw_sheet(out / f"sheet_{clips[k].path.stem}.png", sheet, clips[k].text)
    return rows


if __name__ == "__main__":
    main()
