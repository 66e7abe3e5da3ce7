"""How well the embedded voice speaks as a person, measured against real recordings.

    python benchmarks/voice.py --corpus FOLDER --held-out N --out DIR
        [--speaker S] [--limit N]

FOLDER holds transcripts.csv (file or path, speaker, text, seconds). The last N
sentences are held out; the voice is built from the others and speaks the held-out
texts. Prints a table, writes results.json, the spoken files and spectrogram sheets
into DIR. Nothing of the corpus is copied elsewhere.

similarity   Resemblyzer cosine to the centroid of the real held-out recordings
             (for ``real`` the recording itself is left out of the centroid)
mcd_db       mel-cepstral distortion along a DTW path, coefficients 1 to 24 at 16 kHz
wer          pocketsphinx, a weak recognizer: compare within the column only
f0_corr      correlation of log pitch along the same path
rtf          CPU seconds per second of speech
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from avatar_app.fit.voice.hearing import FRAME_S, spoken_level_db, spoken_span
from avatar_app.fit.voice.personal import PersonalVoice, Reading, fit_voice
from avatar_app.fit.voice.vocoder import FFT, RATE_HZ, analyse, basis
from avatar_app.media import Sound
from avatar_app.perform.speech import say
from avatar_app.phonetics import speak
from avatar_app.weights.vocoder import open_vocoder
from avatar_app.work import carry_out
from tests.fakes.shelf import OpenShelf

Array = NDArray[np.float64]
_EAR_HZ = 16000


@dataclass(frozen=True, slots=True)
class Clip:
    """One recorded sentence of the corpus."""

    path: Path
    text: str

    def sound(self) -> Sound:
        """Decode it."""
        samples, rate_hz = soundfile.read(self.path, dtype="float32", always_2d=True)
        return Sound(np.ascontiguousarray(samples.mean(1)), rate_hz)


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What one sound is like, to a speaker encoder, a recognizer and a vocoder."""

    person: Array  # (256) Resemblyzer
    words: list[str]
    envelope: Array  # (T, 25)
    pitch: Array  # (T)


def main() -> None:
    """Build, speak, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--held-out", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--speaker")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--accent", default="en-us")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    speaker, clips = read_corpus(asked.corpus, asked.speaker, asked.limit)
    held, known = clips[-asked.held_out :], clips[: -asked.held_out]
    asked.out.mkdir(parents=True, exist_ok=True)
    voice, build_s = build(known, asked.accent, asked.seed)
    print(f"{speaker}: {len(known)} sentences, build {build_s:.0f} CPU s")
    results = measure_all(voice, held, asked.accent, asked.out)
    print_table(results)
    results |= {
        "build_cpu_s": round(build_s, 1),
        "sentences": len(known),
        "held_out": len(held),
        "left_out": voice.left_out,
        "speaker": speaker,
    }
    (asked.out / "results.json").write_text(json.dumps(results, indent=1))


def read_corpus(
    folder: Path, speaker: str | None, limit: int | None
) -> tuple[str, list[Clip]]:
    """List the clips of one speaker, the one with most by default."""
    with (folder / "transcripts.csv").open(newline="") as page:
        rows = [row for row in csv.DictReader(page) if not row.get("flags")]
    if speaker is None:
        speaker = Counter(row["speaker"] for row in rows).most_common(1)[0][0]
    clips = [
        Clip(folder / (row.get("file") or row["path"]), row["text"])
        for row in rows
        if row["speaker"] == speaker
    ]
    return speaker, clips[:limit]


def build(clips: list[Clip], accent: str, seed: int) -> tuple[PersonalVoice, float]:
    """Fit a voice; returns it and the CPU seconds it took."""
    readings = [Reading(clip.text, clip.sound()) for clip in clips]
    began = time.process_time()
    voice = carry_out(fit_voice(readings, OpenShelf(), accent, seed))
    return voice, time.process_time() - began


def measure_all(
    voice: PersonalVoice, held: list[Clip], accent: str, out: Path
) -> dict[str, Any]:
    """Measure every system on every held-out sentence."""
    real = [clip.sound() for clip in held]
    say(voice, held[0].text)  # the first sentence sets the voice up
    engine, engine_rtf = timed([partial(_said, voice, clip.text) for clip in held])
    vocoder = open_vocoder()
    copies, copy_rtf = timed([partial(vocoder.copy, sound) for sound in real])
    olds, old_rtf = timed([partial(world_copy, sound) for sound in real])
    base, base_rtf = timed([partial(_espeak, clip.text, accent) for clip in held])
    for clip, sound in zip(held, engine, strict=True):
        name = out / f"{clip.path.stem}.wav"
        soundfile.write(name, sound.samples, sound.rate_hz, subtype="PCM_16")
    for k in range(min(4, len(held))):
        draw_sheet(
            out / f"sheet_{held[k].path.stem}.png",
            {"real": real[k], "copy": copies[k], "engine": engine[k]},
            held[k].text,
        )
    texts = [normal(clip.text) for clip in held]
    references = [heard(sound) for sound in real]
    spoken = [heard(sound) for sound in engine]
    copied = [heard(sound) for sound in copies]
    by_world = [heard(sound) for sound in olds]
    other = [heard(sound) for sound in base]
    return {
        "engine": scored(spoken, references, texts) | {"rtf": engine_rtf},
        "oracle": scored(copied, references, texts) | {"rtf": copy_rtf},
        "world": scored(by_world, references, texts) | {"rtf": old_rtf},
        "real": scored(references, references, texts) | {"rtf": None},
        "mean": scored(other, references, texts) | {"rtf": base_rtf},
        "wrong_input": scored(spoken[1:] + spoken[:1], references, texts)
        | {"rtf": engine_rtf},
    }


def world_copy(sound: Sound) -> Sound:
    """Take a sound apart and put it together again with WORLD.

    Source:
        Morise and others, "WORLD: A Vocoder-Based High-Quality Speech Synthesis System"
        (2016).
    """
    import pyworld

    ready = sound.at(RATE_HZ)
    frames = analyse(ready)
    samples = ready.samples.astype(np.float64)
    times = np.arange(len(frames.pitch)) * FRAME_S
    airy = pyworld.d4c(samples, frames.pitch, times, RATE_HZ, fft_size=FFT)
    power = np.ascontiguousarray(np.exp(2 * frames.envelope @ basis(FFT).T))
    again = pyworld.synthesize(frames.pitch, power, airy, RATE_HZ, FRAME_S * 1000)
    return Sound(np.clip(again, -1, 1).astype(np.float32), RATE_HZ).at(sound.rate_hz)


def _said(voice: PersonalVoice, text: str) -> Sound:
    return say(voice, text).sound


def _espeak(text: str, accent: str) -> Sound:
    return speak(text, accent)[0]


def timed(calls: list[Callable[[], Sound]]) -> tuple[list[Sound], float]:
    """Carry out calls; returns their sounds and CPU seconds per second of them."""
    began = time.process_time()
    sounds = [call() for call in calls]
    spent = time.process_time() - began
    return sounds, round(spent / sum(sound.seconds for sound in sounds), 4)


def scored(
    said: list[Heard], references: list[Heard], texts: list[list[str]]
) -> dict[str, float]:
    """Compare what one system says with the real recordings, sentence by sentence."""
    people = np.stack([one.person for one in references])
    is_real = said is references
    similar, distortion, melody, wrong = [], [], [], 0
    for k, (mine, real, words) in enumerate(zip(said, references, texts, strict=True)):
        others = np.delete(people, k, 0).mean(0) if is_real else people.mean(0)
        similar.append(float(mine.person @ others / np.linalg.norm(others)))
        wrong += edits(words, mine.words)
        mcd, corr = (0.0, 1.0) if is_real else compared(mine, real)
        distortion.append(mcd)
        melody.append(corr)
    return {
        "similarity": round(float(np.mean(similar)), 3),
        "mcd_db": round(float(np.mean(distortion)), 2),
        "wer": round(wrong / sum(len(words) for words in texts), 3),
        "f0_corr": round(float(np.nanmean(melody)), 3),
    }


def heard(sound: Sound) -> Heard:
    """Measure one sound."""
    ready = cut(sound)
    return Heard(embedded(ready), recognized(ready), *features(ready))


def cut(sound: Sound) -> Sound:
    """One rate, one level, little silence around."""
    ear = sound.at(_EAR_HZ)
    begin, end = spoken_span(ear)
    first = int(max(0.0, begin - 0.1) * _EAR_HZ)
    part = ear.samples[first : int((end + 0.1) * _EAR_HZ)]
    gain = 10 ** ((-23 - spoken_level_db(Sound(part, _EAR_HZ))) / 20)
    return Sound(np.clip(part * gain, -1, 1).astype(np.float32), _EAR_HZ)


_loaded: dict[str, Any] = {}


def embedded(sound: Sound) -> Array:
    """Who speaks: (256), length 1."""
    from resemblyzer import VoiceEncoder, preprocess_wav

    if "encoder" not in _loaded:
        _loaded["encoder"] = VoiceEncoder("cpu", verbose=False)
    voice = preprocess_wav(sound.samples, _EAR_HZ)
    return np.asarray(_loaded["encoder"].embed_utterance(voice), np.float64)


def recognized(sound: Sound) -> list[str]:
    """What pocketsphinx hears; it needs silence around the words."""
    from pocketsphinx import Decoder

    if "decoder" not in _loaded:
        _loaded["decoder"] = Decoder(samprate=_EAR_HZ, loglevel="FATAL")
    decoder = _loaded["decoder"]
    noise = np.random.default_rng(0).normal(0, 1e-4, len(sound.samples) + 6400)
    padded = np.pad(sound.samples, 3200) + noise
    decoder.start_utt()
    pcm = (np.clip(padded, -1, 1) * 32767).astype(np.int16).tobytes()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    best = decoder.hyp()
    return normal(best.hypstr) if best else []


def normal(text: str) -> list[str]:
    """Words in small letters without marks."""
    return re.sub(r"[^a-z' ]", " ", text.lower().replace("-", " ")).split()


def edits(wanted: list[str], heard: list[str]) -> int:
    """Words wrong, missing or too many."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(wanted, 1):
        above, row = row, [i]
        for j, other in enumerate(heard, 1):
            swap = above[j - 1] + (word != other)
            row.append(min(above[j] + 1, row[j - 1] + 1, swap))
    return row[-1]


def features(sound: Sound) -> tuple[Array, Array]:
    """Mel-cepstra 0 to 24 (bend 0.42) and pitch of the loud frames at 16 kHz."""
    import pyworld

    samples = sound.samples.astype(np.float64)
    pitch, times = pyworld.harvest(samples, _EAR_HZ, 60, 500)
    power = pyworld.cheaptrick(samples, pitch, times, _EAR_HZ)
    angle = np.linspace(0, np.pi, power.shape[1])
    bent = angle + 2 * np.arctan2(0.42 * np.sin(angle), 1 - 0.42 * np.cos(angle))
    cosines = np.cos(bent[:, None] * np.arange(25))
    slope = (1 - 0.42**2) / (1 + 0.42**2 - 2 * 0.42 * np.cos(angle))
    weighted = cosines * slope[:, None]
    project = np.linalg.solve(cosines.T @ weighted, weighted.T)
    envelope = 0.5 * np.log(np.maximum(power, 1e-16)) @ project.T
    loud = envelope[:, 0] > np.percentile(envelope[:, 0], 98) - 4.0
    return envelope[loud], pitch[loud]


def compared(mine: Heard, real: Heard) -> tuple[float, float]:
    """Mel-cepstral distortion in dB and correlation of log pitch along a DTW path."""
    from librosa.sequence import dtw

    _, path = dtw(mine.envelope[:, 1:].T, real.envelope[:, 1:].T, metric="euclidean")
    here, there = path.T
    away = np.linalg.norm(mine.envelope[here, 1:] - real.envelope[there, 1:], axis=1)
    mcd = float(10 / np.log(10) * np.sqrt(2) * away.mean())
    both = (mine.pitch[here] > 0) & (real.pitch[there] > 0)
    if both.sum() < 10:
        return mcd, float("nan")
    tunes = np.log(mine.pitch[here][both]), np.log(real.pitch[there][both])
    return mcd, float(np.corrcoef(*tunes)[0, 1])


def draw_sheet(path: Path, sounds: dict[str, Sound], text: str) -> None:
    """Draw spectrograms, one below the other, with the pitch on top of each."""
    import matplotlib as mpl

    mpl.use("Agg")
    import pyworld
    from matplotlib import pyplot

    figure, rows = pyplot.subplots(len(sounds), 1, figsize=(15, 4 * len(sounds)))
    for axis, (name, sound) in zip(rows, sounds.items(), strict=True):
        samples = sound.at(RATE_HZ).samples.astype(np.float64)
        axis.specgram(
            samples + 1e-6,
            512,
            RATE_HZ,
            noverlap=448,
            vmin=-130,
            vmax=-40,
            cmap="magma",
        )
        pitch, times = pyworld.harvest(samples, RATE_HZ, 60, 500)
        axis.plot(times, np.where(pitch > 0, pitch * 10, np.nan), "c", linewidth=1)
        axis.set(ylabel=f"{name} (line: pitch x 10)", ylim=(0, 12000))
    rows[0].set_title(text)
    figure.tight_layout()
    figure.savefig(path, dpi=70)
    pyplot.close(figure)


def print_table(results: dict[str, Any]) -> None:
    """Print one line per system."""
    keys = ("similarity", "mcd_db", "wer", "f0_corr", "rtf")
    print(f"{'':12}" + "".join(f"{key:>12}" for key in keys))
    for system, row in results.items():
        print(f"{system:12}" + "".join(f"{row[key]!s:>12}" for key in keys))


if __name__ == "__main__":
    main()
