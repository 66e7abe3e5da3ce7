"""Voices that are not the person's: does the mouth say what they say?

Synthetic voices read the texts of the test clips. The drawn opening is laid over the
real one and correlated; the control is the same voice laid over clips with other
texts. It is laid in two ways. ``warped``: by dynamic time warping of the two sounds
(mel-cepstra), which brings even other texts to .4 and more. ``by word``, where the
clips' word times are known: word upon word and nothing warped, the sharper judge. The
person's own voice, ``own``, is the ceiling of both. ``ear`` is sound alone; ``knowing``
is told the phones' times, as the app is of its own speech. Some films are drawn and
their mouths tracked again.

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
from avatar_app.weights.phones import open_phone_encoder
from benchmarks.closures import closures_of, shut_pictures
from benchmarks.footage import Word
from benchmarks.measures import correlation, opening, track

Floats = NDArray[np.float64]
Draw = Callable[[int, MouthMotion], Iterable[NDArray[np.uint8]]]

OWN = "own voice"
ESPEAK = {"espeak male": "en-us+m3", "espeak female": "en-us+f2"}
FLITE = {"flite slt": "slt", "flite rms": "rms", "flite awb": "awb"}
_QUIET, _HISS = 0.4, 0.001  # seconds before and after, and their room
_EAR_HZ, _HOP = 16000, 160
_WRONG = (5, 9, 14)  # the clips further on whose texts serve as control
_ROUND = 0.2  # seconds of mouth before the first word and after the last
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
    words: Sequence[Word]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A synthetic reading, quiet round it, and the times of its phones."""

    sound: Sound
    phones: tuple[TimedPhone, ...]


def voices() -> tuple[list[str], str]:
    """Which voices can be asked here, and a sentence on those that cannot."""
    if shutil.which("flite"):
        return [OWN, *ESPEAK, *FLITE], ""
    return [OWN, *ESPEAK], "flite is not installed: its voices were left out."


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
        ``same``, ``wrong``, ``gain``: warped, by ear; ``word_*``: by word;
        ``knowing_*`` with phones known; ``tracked_r`` and ``tracked_slope`` of drawn
        films against what was predicted; ``shut`` and ``closures``: p, b, m of drawn
        films, phones known.
    """
    if voice == OWN:
        said = [Said(reading.sound, ()) for reading in readings]
    else:
        said = read_by(voice, [reading.text for reading in readings])
    fps = readings[0].fps
    ear, knowing = [], []
    for one in said:
        pictures = int(one.sound.seconds * fps)
        ear.append(move_mouth(face, one.sound, pictures, fps))
        if voice != OWN:
            phones = list(one.phones)
            knowing.append(move_mouth_knowing(face, one.sound, pictures, fps, phones))
    told = _judged("", face, said, ear, readings)
    if voice == OWN:
        return told
    told |= _judged("knowing_", face, said, knowing, readings)
    return told | _tracked(face, said, knowing, draw, min(films, len(said)), level, fps)


def _judged(
    prefix: str,
    face: PersonalFace,
    said: Sequence[Said],
    motions: Sequence[MouthMotion],
    readings: Sequence[Reading],
) -> dict[str, float]:
    openings = [_predicted(face, motion) for motion in motions]
    ways = {"": _warped(said, openings, readings)}
    if all(reading.words for reading in readings):
        ways["word_"] = _by_word(said, openings, readings)
    told: dict[str, float] = {}
    for way, (same, wrong) in ways.items():
        told |= {
            f"{prefix}{way}same": same,
            f"{prefix}{way}wrong": wrong,
            f"{prefix}{way}gain": same - wrong,
        }
    return told


def _predicted(face: PersonalFace, motion: MouthMotion) -> Floats:
    return np.asarray(face.mouths.opening(motion.rows), np.float64)


def _warped(
    said: Sequence[Said], openings: Sequence[Floats], readings: Sequence[Reading]
) -> tuple[float, float]:
    """Median correlation with the real opening: same text, and other texts."""
    real = [_cepstra(reading.sound) for reading in readings]
    same: list[float] = []
    wrong: list[float] = []
    for index, (one, drawn) in enumerate(zip(said, openings, strict=True)):
        own = _cepstra(one.sound)
        for k in (index, *_others(index, readings)):
            _, path = librosa.sequence.dtw(real[k], own)
            frames = (path * _HOP / _EAR_HZ * readings[k].fps).astype(int)
            a = readings[k].opening[np.minimum(frames[:, 0], _last(readings[k]))]
            b = drawn[np.minimum(frames[:, 1], len(drawn) - 1)]
            (same if k == index else wrong).append(correlation(a, b))
    return float(np.median(same)), float(np.median(wrong)) if wrong else 0.0


def _last(reading: Reading) -> int:
    """The number of a reading's last picture."""
    return len(reading.opening) - 1


def _others(index: int, readings: Sequence[Reading]) -> list[int]:
    others = {(index + step) % len(readings) for step in _WRONG}
    return sorted(k for k in others if readings[k].text != readings[index].text)


def _cepstra(sound: Sound) -> Floats:
    samples = sound.at(_EAR_HZ).samples
    cepstra: Floats = librosa.feature.mfcc(
        y=samples, sr=_EAR_HZ, n_mfcc=13, hop_length=_HOP, n_fft=400
    )[1:]
    return cepstra


def _by_word(
    said: Sequence[Said], openings: Sequence[Floats], readings: Sequence[Reading]
) -> tuple[float, float]:
    """The same, word laid upon word; other texts of as many words, one by one."""
    fps = readings[0].fps
    same: list[float] = []
    wrong: list[float] = []
    for index, (one, drawn) in enumerate(zip(said, openings, strict=True)):
        ours = _edges_in(one, readings[index])
        for k in (index, *_others(index, readings)):
            theirs = _edges(readings[k])
            if len(theirs) != len(ours):
                continue
            first = max(0, int(theirs[0] * fps))
            last = min(_last(readings[k]), int(theirs[-1] * fps))
            moments = np.interp((np.arange(first, last) + 0.5) / fps, theirs, ours)
            b = np.interp(moments * fps - 0.5, np.arange(len(drawn)), drawn)
            r = correlation(readings[k].opening[first:last], b)
            (same if k == index else wrong).append(r)
    return float(np.median(same)), float(np.median(wrong)) if wrong else 0.0


def _edges(reading: Reading) -> Floats:
    """Seconds at which its words begin and the last one ends, with a margin."""
    starts = [word.start for word in reading.words]
    end = reading.words[-1].end
    return np.array([starts[0] - _ROUND, *starts, end, end + _ROUND])


def _edges_in(said: Said, reading: Reading) -> Floats:
    """The same moments in another voice: found by what the phone encoder hears.

    Against espeak-ng's own word times it is 20 ms off (median; 60 ms at most in nine
    of ten), where warped cepstra are 29 (200).
    """
    edges = _edges(reading)
    if said.sound is reading.sound:
        return edges
    encoder = open_phone_encoder()
    theirs, ours = encoder.hear(reading.sound), encoder.hear(said.sound)
    _, path = librosa.sequence.dtw(
        theirs.bottleneck.T, ours.bottleneck.T, metric="cosine"
    )
    steps, places = np.unique(path[:, 0], return_index=True)
    inner = np.interp(
        edges[1:-1] * theirs.rate_hz - 0.5, steps, path[places, 1].astype(np.float64)
    )
    inner = (inner + 0.5) / ours.rate_hz
    return np.array([inner[0] - _ROUND, *inner, inner[-1] + _ROUND])


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
        shut = shut_pictures(seen, closures_of(said[index].phones), level, fps)
        met += [picture is not None for picture in shut]
    told = {
        "tracked_r": float(np.median(rs)),
        "tracked_slope": float(np.median(slopes)),
    }
    if met:
        told |= {"shut": float(np.mean(met)), "closures": float(len(met))}
    return told
