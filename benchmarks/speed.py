"""What a film costs: CPU milliseconds a picture by stage, build, speech, memory.

Usage::

    python -m benchmarks.speed --out DIR [--minutes 10] [--memory-size 1280x720]

The drawn presenter is enrolled once at 1280 × 720 with a short script and kept in
DIR. For the other sizes the idle film is cropped to shape and scaled, poses with it;
the canonical face stays as it was learned at 720 lines, so the small size is, if
anything, overestimated. CPU time counts every thread. ``film_per_cpu_s`` is measured
on a whole render by the program's own ``render_film``, idle film decoding included;
the stages are timed alone, on the same pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.clips import read_frames, write_clip
from avatar_app.capture.devices import Prompt
from avatar_app.capture.recording import record_take
from avatar_app.capture.take import Purpose
from avatar_app.demo.presenter import DrawnPresenter
from avatar_app.demo.script import DEMO_LESSON, DEMO_PROMPTS
from avatar_app.enroll.interview import enroll_person
from avatar_app.fit.avatar import CARD, FACE, VOICE, Avatar, reopen_avatar
from avatar_app.fit.face.canon import after, apply, invert
from avatar_app.fit.face.idle import Idle, film_name, reopen_idle
from avatar_app.fit.face.personal import PersonalFace, reopen_face
from avatar_app.fit.training import fit_avatar
from avatar_app.fit.voice.personal import reopen_voice
from avatar_app.lesson.marks import without_marks
from avatar_app.lesson.script import read_script
from avatar_app.media import Picture, Sound
from avatar_app.perform.acting import perform_lesson
from avatar_app.perform.motion import move_mouth
from avatar_app.perform.performance import Passage, Performance
from avatar_app.perform.speech import say
from avatar_app.render.base import Base
from avatar_app.render.composing import render_film
from avatar_app.render.export import FilmWriter
from avatar_app.render.mark import Marks
from avatar_app.render.pasting import Paster
from avatar_app.render.reel import Reel
from avatar_app.render.skin import lent_by
from avatar_app.studio import calm_threads
from avatar_app.vault.vault import Vault
from avatar_app.work import carry_out

SIZES = ((360, 288), (1280, 720), (1920, 1080))
LEARNED_AT = (1280, 720)
PASSPHRASE = "a passphrase for measuring"
PROMPTS = (Prompt("", Purpose.LISTENING, 6.0), *DEMO_PROMPTS[1:15])
_PICTURES = 200  # per timing
_BATCH = 25
_SENTENCE = "Every red bed has ten heavy blankets, and seven pets rest there."

Planes = NDArray[np.uint8]
T = TypeVar("T")


def main() -> None:
    """Build once, measure every size and the memory, print, write results.json."""
    options = _options()
    calm_threads()
    if options.film is not None:
        _film_in_this_process(options)
        return
    options.out.mkdir(parents=True, exist_ok=True)
    results: dict[str, object] = {"cores": os.cpu_count(), **_built(options.out)}
    learned = _vault(options.out, LEARNED_AT)
    results |= _speech(learned)
    results["wav2lip"] = _second_engine(learned)
    print(f"{'wav2lip':10s} {_line(results['wav2lip'])}", flush=True)
    for size in SIZES:
        scaled(options.out, size)
        results[_named(size)] = _size(options.out, size)
        print(f"{_named(size):10s} {_line(results[_named(size)])}", flush=True)
    _write(options.out, results)  # what is measured stays, should a long film fail
    width, height = options.memory_size.split("x")
    results |= _memory(options.out, (int(width), int(height)), options.minutes)
    for name, value in results.items():
        if not isinstance(value, dict):
            print(f"{name:32s} {value}")
    _write(options.out, results)


def _write(folder: Path, results: dict[str, object]) -> None:
    (folder / "results.json").write_text(json.dumps(results, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--memory-size", default="1280x720", help="of the long film")
    parser.add_argument("--film", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    return parser.parse_args()


def _named(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _line(row: object) -> str:
    assert isinstance(row, dict)
    return "  ".join(f"{key} {value}" for key, value in row.items())


def _vault(folder: Path, size: tuple[int, int]) -> Vault:
    place = folder / f"vault-{_named(size)}"
    if Vault.exists(place):
        return Vault.unlock(place, PASSPHRASE)
    return Vault.new(place, PASSPHRASE)


def _built(folder: Path) -> dict[str, object]:
    """Enroll the presenter, or read what that took when it was done."""
    note = folder / "build.json"
    vault = _vault(folder, LEARNED_AT)
    if CARD in vault and note.exists():
        kept: dict[str, object] = json.loads(note.read_text())
        return kept
    drawn = DrawnPresenter(0, *LEARNED_AT)
    devices = (drawn.camera, drawn.microphone, drawn.teleprompter)
    take, drawing = timed(lambda: carry_out(record_take(*devices, PROMPTS, vault)))
    enrollment, tracking = timed(lambda: carry_out(enroll_person(take, "Speed")))
    _, learning = timed(lambda: carry_out(fit_avatar(enrollment)))
    took: dict[str, object] = {
        "footage_s": round(take.seconds, 1),
        "draw_and_record_cpu_s": round(drawing, 1),
        "track_cpu_s": round(tracking, 1),
        "fit_cpu_s": round(learning, 1),
        "build_cpu_s": round(tracking + learning, 1),
    }
    note.write_text(json.dumps(took))
    return took


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Do some work and say how many CPU seconds it took, all threads together."""
    began = time.process_time()
    result = work()
    return result, time.process_time() - began


def scaled(folder: Path, size: tuple[int, int]) -> Vault:
    """Make the avatar's copy for films of another size, unless it is there."""
    vault = _vault(folder, size)
    if CARD in vault:
        return vault
    learned = _vault(folder, LEARNED_AT)
    for name in (FACE, VOICE):
        vault.write(name, learned.read(name))
    idle = reopen_idle(learned)
    moved = _fit_to(size)
    back = invert(moved)
    poses = np.array([after(pose, back) for pose in idle.poses])
    for clip in range(len(idle.clips)):
        with write_clip(vault, film_name(clip), *size, 25.0, 48000) as writer:
            for number, frame in enumerate(read_frames(learned, film_name(clip))):
                pixels = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
                carried = cv2.warpAffine(pixels, moved, size, flags=cv2.INTER_AREA)
                writer.picture(Picture(np.asarray(carried, np.uint8), number / 25))
    unit = float(idle.inter_ocular[0])
    grown = idle.inter_ocular * np.float32(moved[0, 0])
    head = (apply(moved, idle.head * unit) / grown[0]).astype(np.float32)
    replace(idle, poses=poses, head=head, inter_ocular=grown).keep(vault)
    card = reopen_avatar(learned).card
    Avatar(vault, replace(card, width=size[0], height=size[1])).keep()
    return vault


def _fit_to(size: tuple[int, int]) -> NDArray[np.float64]:
    """Crop the middle to the shape of the size, then scale."""
    factor = size[1] / LEARNED_AT[1]
    shift = (size[0] - factor * LEARNED_AT[0]) / 2
    # Pixel centres: 0.5 in one picture is 0.5 in the other.
    half = 0.5 * factor - 0.5
    return np.array([[factor, 0, shift + half], [0, factor, half]])


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """All that one size needs for its pictures."""

    avatar: Avatar
    face: PersonalFace
    idle: Idle
    frames: list[Planes]
    sound: Sound

    @classmethod
    def of(cls, vault: Vault) -> _Scene:
        idle = reopen_idle(vault)
        reel = Reel(vault, idle)
        frames = [reel.frame(n) for n in range(min(_PICTURES, len(idle)))]
        voice = reopen_voice(vault, VOICE)
        sounds = [say(voice, _SENTENCE).sound] * 3
        whole = np.concatenate([sound.samples for sound in sounds])
        return cls(
            reopen_avatar(vault),
            reopen_face(vault, FACE),
            idle,
            frames,
            Sound(whole, sounds[0].rate_hz),
        )


def _size(folder: Path, size: tuple[int, int]) -> dict[str, float]:
    """Time every stage at one size, and a whole render."""
    vault = _vault(folder, size)
    scene = _Scene.of(vault)
    stages = _stages(scene, folder)
    lesson = read_script(" ".join([_SENTENCE] * 3))
    performance = carry_out(perform_lesson(scene.avatar, lesson))
    path = folder / f"film-{_named(size)}.mp4"
    film, spent = timed(lambda: carry_out(render_film(performance, path, "Speed")))
    return {
        **{f"{name}_cpu_ms": round(1000 * each, 3) for name, each in stages.items()},
        "sum_cpu_ms": round(1000 * sum(stages.values()), 2),
        "frames_per_cpu_s": round(1 / sum(stages.values()), 1),
        "film_frames": film.frames,
        "film_per_cpu_s": round(film.frames / spent, 1),
    }


def _stages(scene: _Scene, folder: Path) -> dict[str, float]:
    """CPU seconds a picture for each stage."""
    face, idle = scene.face, scene.idle
    motion, moving = timed(lambda: move_mouth(face, scene.sound, _PICTURES, 25.0))
    under = [n % len(scene.frames) for n in range(_PICTURES)]

    def draw() -> list[NDArray[np.float32]]:
        lit: list[NDArray[np.float32]] = []
        for start in range(0, _PICTURES, _BATCH):
            part = slice(start, start + _BATCH)
            setting = idle.setting[under[part]]
            drawn = face.draw(motion.rows[part], motion.picks[part], setting)
            lit.extend(face.lighting.cast(drawn, idle.light[under[part]]))
        return lit

    lit, drawing = timed(draw)
    lent = lent_by(face, motion.rows, motion.picks)
    nods = tuple(np.arange(1.5, _PICTURES / 25, 3.0))  # as often as in speech
    silence = Passage("", "", "", _PICTURES / 25, (), (), nods)
    base = Base(Performance(scene.avatar, (silence,)), idle)
    _, basing = timed(lambda: [base.at(n) for n in range(_PICTURES)])
    paster = Paster(face)
    places, placing = timed(
        lambda: {n: paster.place(scene.frames[n], idle.poses[n]) for n in range(_BATCH)}
    )
    pasting = marking = encoding = 0.0
    card = scene.avatar.card
    marks = Marks(card.width, card.height, is_demo=True)
    draft = folder / "stages.mp4"
    size = (card.width, card.height)
    with FilmWriter(draft, *size, 25.0, 48000, origin_note="", title="") as writer:
        writer.sound(scene.sound.at(48000).samples)
        for number in range(_PICTURES):
            page = scene.frames[under[number]].copy()
            place = places.get(under[number])
            if place is None:
                place = paster.place(page, idle.poses[under[number]])
            began = time.process_time()
            paster.paste(page, place, lit[number], lent[number])
            pasted = time.process_time()
            marks.stamp(page, number / 25)
            marked = time.process_time()
            writer.yuv(page)
            pasting += pasted - began
            marking += marked - pasted
            encoding += time.process_time() - marked
        began = time.process_time()
    encoding += time.process_time() - began
    with suppress(OSError):
        draft.unlink()
    return {
        "mouth": moving / _PICTURES,
        "draw": drawing / _PICTURES,
        "base": basing / _PICTURES,  # decoded, melted at joins, with nods
        "place": placing / len(places),
        "paste": pasting / _PICTURES,
        "marks": marking / _PICTURES,
        "h264": encoding / _PICTURES,
    }


def _speech(vault: Vault) -> dict[str, object]:
    """CPU seconds per second of speech, the first sentence and the later ones."""
    voice = reopen_voice(vault, VOICE)
    first, began = timed(lambda: say(voice, _SENTENCE))
    texts = [prompt.text for prompt in DEMO_PROMPTS[15:21]]
    said, spent = timed(lambda: [say(voice, text) for text in texts])
    return {
        "speech_first_rtf": round(began / first.sound.seconds, 3),
        "speech_rtf": round(spent / sum(s.sound.seconds for s in said), 3),
    }


def _second_engine(vault: Vault) -> dict[str, object]:
    """CPU ms a picture of the optional engine, with chance weights, by batch.

    ``network`` is the generator alone, ``plain`` the same in the plain layout,
    ``drawn`` with crops and carrying back; beside it ``own_drawn``, our engine's.
    """
    import torch

    from avatar_app.perform.lips_wav2lip import Wav2Lip
    from avatar_app.perform.wav2lip_network import CROP, LipGenerator

    torch.manual_seed(0)
    network = LipGenerator().eval()
    heard, seen = torch.randn(128, 1, 80, 16), torch.rand(128, 6, CROP, CROP)
    took: dict[str, object] = {}

    def run(batch: int) -> float:
        with torch.inference_mode():
            network(heard[:batch], seen[:batch])  # the first is no measure
            rounds = max(1, 32 // batch)
            _, spent = timed(
                lambda: [network(heard[:batch], seen[:batch]) for _ in range(rounds)]
            )
        return round(1000 * spent / batch / rounds, 1)

    for batch in (1, 16, 128):
        took[f"plain_{batch}_cpu_ms"] = run(batch)
    scene = _Scene.of(vault)
    engine = Wav2Lip(network, scene.face, is_hd=True)  # lays the network out anew
    seen = seen.to(memory_format=torch.channels_last)
    for batch in (1, 16, 128):
        took[f"network_{batch}_cpu_ms"] = run(batch)
    poses, sounds = scene.idle.poses[:_BATCH], heard[:_BATCH, 0].numpy()
    _, spent = timed(lambda: engine.draw(scene.frames[:_BATCH], poses, sounds))
    took["drawn_cpu_ms"] = round(1000 * spent / _BATCH, 1)
    motion = move_mouth(scene.face, scene.sound, _PICTURES, 25.0)
    part = slice(0, _BATCH)
    own = (motion.rows[part], motion.picks[part], scene.idle.setting[part])
    _, spent = timed(lambda: scene.face.draw(*own))
    took["own_drawn_cpu_ms"] = round(1000 * spent / _BATCH, 2)
    return took


def _memory(folder: Path, size: tuple[int, int], minutes: float) -> dict[str, object]:
    """Peak memory of a short film and of a long one, each in a process of its own."""
    scaled(folder, size)
    short, long = (_peak_mb(folder, size, seconds) for seconds in (30.0, 60 * minutes))
    return {
        "memory_size": _named(size),
        "peak_rss_30_s_mb": short,
        "long_film_minutes": minutes,
        "peak_rss_long_mb": long,
        "peak_rss_ratio": round(long / short, 3),
    }


def _peak_mb(folder: Path, size: tuple[int, int], seconds: float) -> float:
    place = folder / f"vault-{_named(size)}"
    command = [sys.executable, "-m", "benchmarks.speed", "--out", str(place)]
    command += ["--film", str(folder / "memory.mp4"), "--seconds", str(seconds)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(ran.stdout.split()[-1])


def _film_in_this_process(options: argparse.Namespace) -> None:
    """Act and render a film of some length, and print this process's peak memory."""
    avatar = reopen_avatar(Vault.unlock(options.out, PASSPHRASE))
    # Without its gestures: an idle film that was scaled has lost them.
    lesson = read_script(" ".join(without_marks(DEMO_LESSON.split())))
    sentences = lesson.sentences
    once = carry_out(perform_lesson(avatar, lesson))
    per_sentence = once.seconds / len(sentences)
    count = max(1, round(options.seconds / per_sentence))
    text = " ".join(_texts([s.text for s in sentences], count))
    performance = carry_out(perform_lesson(avatar, read_script(text)))
    film = carry_out(render_film(performance, options.film, "Memory"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{film.seconds:.1f} s of film, peak MB:", round(peak, 1))


def _texts(texts: list[str], count: int) -> Iterator[str]:
    """The lesson again and again, every sentence a little different."""
    for number in range(count):
        text = texts[number % len(texts)]
        yield text if number < len(texts) else f"{number}, {text}"


if __name__ == "__main__":
    main()
