"""Voices that are not the person's: does the mouth say what they say?

Synthetic voices read the texts of the test clips. The drawn opening is laid over the
real one by dynamic time warping of the two sounds (mel-cepstra), and correlated; the
control is the same voice laid over clips with other texts, which warping alone brings
to .4 and more. ``ear`` is sound alone; ``knowing`` is told the phones' times, as the
app is of its own speech. Some films are drawn and their mouths tracked again.

Of flite's voices the phone encoder has heard rms and slt in training, not awb; of
espeak-ng's it has heard neither variant used here (models/recipes/phones).
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import soundfile
from numpy.typing import NDArray

from avatar_app.fit.face.personal import PersonalFace
from avatar_app.media import Sound
from avatar_app.perform.motion import MouthMotion, move_mouth, move_mouth_knowing
from avatar_app.phonetics import TimedPhone, speak
from benchmarks.closures import closures_of, shut
from benchmarks.measures import correlation, opening, track

Floats = NDArray[np.float64]
Draw = Callable[[int, MouthMotion], Iterable[NDArray[np.uint8]]]

ESPEAK = {"espeak male": "en-us+m3", "espeak female": "en-us+f2"}
FLITE = {"flite slt": "slt", "flite rms": "rms", "flite awb": "awb"}
_QUIET, _HISS = 0.4, 0.001  # seconds before and after, and their room
_EAR_HZ, _HOP = 16000, 160
_WRONG = (5, 9, 14)  # the clips further on whose texts serve as control
# Phones as flite prints them, in IPA.
_IPA = {
    "pau": "", "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "aʊ", "ax": "ə",
    "ay": "aɪ", "b": "b", "ch": "tʃ", "d": "d", "dh": "ð", "eh": "ɛ", "er": "ɜ",
    "ey": "eɪ", "f": "f", "g": "ɡ", "hh": "h", "ih": "ɪ", "iy": "i", "jh": "dʒ",
    "k": "k", "l": "l", "m": "m", "n": "n", "ng": "ŋ", "ow": "oʊ", "oy": "ɔɪ",
    "p": "p", "r": "ɹ", "s": "s", "sh": "ʃ", "t": "t", "th": "θ", "uh": "ʊ",
    "uw": "u", "v": "v", "w": "w", "y": "j", "z": "z", "zh": "ʒ",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One real clip that other voices read again."""

    text: str
    sound: Sound
    opening: Floats
    fps: float


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A synthetic reading, quiet round it, and the times of its phones."""

    sound: Sound
    phones: tuple[TimedPhone, ...]


def voices() -> tuple[list[str], str]:
    """Which voices can be asked here, and a sentence on those that cannot."""
    if shutil.which("flite"):
        return [*ESPEAK, *FLITE], ""
    return list(ESPEAK), "flite is not installed: its voices were left out."


def read_by(voice: str, texts: Sequence[str]) -> list[Said]:
    """Let one voice read all texts."""
    return [_framed(*_say(voice, text)) for text in texts]


def _say(voice: str, text: str) -> tuple[Sound, list[TimedPhone]]:
    if voice in ESPEAK:
        sound, phones, _ = speak(text, ESPEAK[voice], words_per_minute=150)
        return sound, phones
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        asked = ["flite", "-voice", FLITE[voice], "-psdur", "-t", text, "-o", str(file)]
        done = subprocess.run(asked, check=True, capture_output=True, text=True)
        samples, rate_hz = soundfile.read(file, dtype="float32")
    told = [item.rpartition(":") for item in done.stdout.split()]
    edges = [0.0, *(float(end) for _, _, end in told)]
    spans = itertools.pairwise(edges)
    return Sound(np.asarray(samples, np.float32), int(rate_hz)), [
        TimedPhone(_IPA[name], *span)
        for (name, _, _), span in zip(told, spans, strict=True)
    ]


def _framed(sound: Sound, phones: Sequence[TimedPhone]) -> Said:
    quiet = np.zeros(round(_QUIET * sound.rate_hz), np.float32)
    samples = np.concatenate([quiet, sound.samples, quiet])
    random = np.random.default_rng(0)
    samples += _HISS * random.standard_normal(len(samples), np.float32)
    later = (TimedPhone(p.symbol, p.start + _QUIET, p.end + _QUIET) for p in phones)
    return Said(Sound(samples, sound.rate_hz), tuple(later))


def judge_voice(
    face: PersonalFace,
    voice: str,
    readings: Sequence[Reading],
    draw: Draw,
    films: int,
    level: float,
) -> dict[str, float]:
    """Measure one voice.

    Args:
        face: Whose mouth.
        voice: One of ``voices()``.
        readings: Real clips with their texts.
        draw: Draws a motion into the pictures of a numbered reading, to its length.
        films: How many of the readings are drawn and tracked again.
        level: Opening below which the person's lips count as shut.

    Returns:
        ``same``, ``wrong``, ``gain`` by ear; ``knowing_*`` with phones known;
        ``tracked_r`` and ``tracked_slope`` of drawn films against what was predicted;
        ``shut`` and ``closures``: p, b, m of drawn films, phones known.
    """
    said = read_by(voice, [reading.text for reading in readings])
    fps = readings[0].fps
    ear, knowing = [], []
    for one in said:
        pictures = int(one.sound.seconds * fps)
        ear.append(move_mouth(face, one.sound, pictures, fps))
        knowing.append(
            move_mouth_knowing(face, one.sound, pictures, fps, list(one.phones))
        )
    told: dict[str, float] = {}
    for prefix, motions in (("", ear), ("knowing_", knowing)):
        openings = [_predicted(face, motion) for motion in motions]
        same, wrong = _agreement(said, openings, readings, fps)
        told |= {
            f"{prefix}same": same,
            f"{prefix}wrong": wrong,
            f"{prefix}gain": same - wrong,
        }
    return told | _tracked(face, said, knowing, draw, min(films, len(said)), level, fps)


def _predicted(face: PersonalFace, motion: MouthMotion) -> Floats:
    return np.asarray(face.mouths.opening(motion.rows), np.float64)


def _agreement(
    said: Sequence[Said], openings: Sequence[Floats], readings: Sequence[Reading],
    fps: float,
) -> tuple[float, float]:  # fmt: skip
    """Median correlation with the real opening: same text, and other texts."""
    real = [_cepstra(reading.sound) for reading in readings]
    same: list[float] = []
    wrong: list[float] = []
    for index, (one, drawn) in enumerate(zip(said, openings, strict=True)):
        own = _cepstra(one.sound)
        others = {(index + step) % len(readings) for step in _WRONG} - {index}
        others = {k for k in others if readings[k].text != readings[index].text}
        for k in (index, *sorted(others)):
            r = _warped_r(real[k], own, readings[k].opening, drawn, fps)
            (same if k == index else wrong).append(r)
    return float(np.median(same)), float(np.median(wrong)) if wrong else 0.0


def _cepstra(sound: Sound) -> Floats:
    samples = sound.at(_EAR_HZ).samples
    cepstra: Floats = librosa.feature.mfcc(
        y=samples, sr=_EAR_HZ, n_mfcc=13, hop_length=_HOP, n_fft=400
    )[1:]
    return cepstra


def _warped_r(
    theirs: Floats, ours: Floats, real: Floats, drawn: Floats, fps: float
) -> float:
    _, path = librosa.sequence.dtw(theirs, ours)
    frames = path * _HOP / _EAR_HZ * fps
    a = real[np.clip(frames[:, 0].astype(int), 0, len(real) - 1)]
    b = drawn[np.clip(frames[:, 1].astype(int), 0, len(drawn) - 1)]
    return correlation(a, b)


def _tracked(
    face: PersonalFace,
    said: Sequence[Said],
    motions: Sequence[MouthMotion],
    draw: Draw,
    films: int,
    level: float,
    fps: float,
) -> dict[str, float]:
    """Draw some of the readings and follow their mouths again."""
    rs, slopes = [], []
    met: list[bool] = []
    for index in range(films):
        seen = opening(track(draw(index, motions[index])))
        asked = _predicted(face, motions[index])
        rs.append(correlation(seen, asked))
        slopes.append(float(np.polyfit(asked, seen, 1)[0]))
        met += shut(seen, closures_of(said[index].phones), level, fps).tolist()
    told = {
        "tracked_r": float(np.median(rs)),
        "tracked_slope": float(np.median(slopes)),
    }
    if met:
        told |= {"shut": float(np.mean(met)), "closures": float(len(met))}
    return told
