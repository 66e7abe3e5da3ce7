"""What the larger decoder takes to learn, and how much nearer it draws: needs a GPU.

Usage::

    python -m benchmarks.gpu_tier [--steps N] [--device NAME] [--tiny] [--sheet FILE]

The drawn presenter is enrolled and learned as on any computer, then the decoder is
trained on the GPU from the same strips. Printed are wall seconds of both, and how far
clips that neither has seen are off (weighted RMS in grey levels, real mouths told):
``basis`` is the CPU tier's drawing before its detail, ``decoder`` the GPU tier's,
``wrong`` the same told other mouths. ``--sheet`` keeps pictures of them: real, basis
and decoder, one column each. Without a GPU it says so and measures nothing;
``--device cpu`` runs the path anyway, and ``--tiny`` does so with small pictures and a
decoder of a few thousand weights, to know that it works: its figures say little.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

if not __package__:  # run by its path: an installed package is called benchmarks too
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.devices import Prompt
from avatar_app.capture.recording import record_take
from avatar_app.capture.take import Purpose
from avatar_app.demo.presenter import DrawnPresenter
from avatar_app.demo.script import DEMO_PROMPTS
from avatar_app.enroll.enrollment import Enrollment
from avatar_app.enroll.interview import enroll_person
from avatar_app.fit.face import decoding
from avatar_app.fit.face.decoder import DecoderSizes, LowerFaceDecoder
from avatar_app.fit.face.decoder_training import (
    Pictures,
    added,
    off_by,
    train_decoder,
)
from avatar_app.fit.face.decoding import best_device, code_of
from avatar_app.fit.face.learning import fit_face
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.fit.face.steadying import Steady
from avatar_app.fit.face.strips import strip_of
from avatar_app.fit.face.studying import slow_light, view_of
from avatar_app.shelf import Shelf
from avatar_app.studio import calm_threads
from avatar_app.vault.vault import Vault
from avatar_app.work import carry_out

PASSPHRASE = "a passphrase for measuring"
LARGE, SMALL = (1280, 720), (640, 360)
TINY: dict[str, Any] = {
    "channels": (16, 16, 12, 8, 8),
    "hidden": 24,
    "critic": 4,
    "steps": 60,
    "batch": 8,
    "rate": 6e-3,
}
TAUGHT = (Prompt("", Purpose.LISTENING, 6.0), *DEMO_PROMPTS[1:15])
UNSEEN = DEMO_PROMPTS[15:]  # an enrollment of its own: 30 seconds of speech at least


def main() -> None:
    """Learn both tiers and compare them, or say that there is no GPU."""
    options = _options()
    device = options.device or ("cpu" if options.tiny else best_device())
    if device is None:
        print("There is no GPU here: the GPU tier was not measured.")
        return
    calm_threads()
    with tempfile.TemporaryDirectory() as folder:
        shelf = Vault.new(Path(folder) / "vault", PASSPHRASE)
        elsewhere = Vault.new(Path(folder) / "other", PASSPHRASE)
        size, most = (SMALL, 13) if options.tiny else (LARGE, None)
        taught = _enrolled(shelf, TAUGHT[:most], size)
        other = _enrolled(elsewhere, UNSEEN[:most], size)
        began = time.monotonic()
        with mock.patch.object(decoding, "best_device", return_value=None):
            face = carry_out(fit_face(taught)).face
        print(f"cpu tier {_since(began)} s", flush=True)
        pictures, judged = _pictures(face, taught), _pictures(face, other)
        canon = face.canon
        sizes = DecoderSizes(canon.width, canon.height, pictures.code.shape[1])
        if options.tiny:
            sizes = replace(sizes, **TINY)
        sizes = replace(sizes, steps=options.steps or sizes.steps)
        began = time.monotonic()
        training = train_decoder(face, pictures, sizes, device, 0, shelf, "gpu/part")
        network = carry_out(training)
        print(f"decoder on {device}, {sizes.steps} steps {_since(began)} s", flush=True)
        print(f"basis   {off_by(face, judged, None, device):.3f}")
        print(f"decoder {off_by(face, judged, network, device):.3f}")
        wrong = replace(judged, code=judged.code[::-1].copy())
        print(f"wrong   {off_by(face, wrong, network, device):.3f}  (other codes)")
        if options.sheet:
            cv2.imwrite(str(options.sheet), _sheet(face, judged, network, device))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int)
    parser.add_argument("--device", help="as torch names it; the best one if left out")
    parser.add_argument("--tiny", action="store_true", help="try the path on a CPU")
    parser.add_argument("--sheet", type=Path, help="a PNG to write")
    return parser.parse_args()


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.1f}"


def _enrolled(
    shelf: Shelf, prompts: tuple[Prompt, ...], size: tuple[int, int]
) -> Enrollment:
    drawn = DrawnPresenter(0, *size)
    devices = (drawn.camera, drawn.microphone, drawn.teleprompter)
    take = carry_out(record_take(*devices, prompts, shelf))
    return carry_out(enroll_person(take, "Gpu tier"))


def _pictures(face: PersonalFace, enrollment: Enrollment) -> Pictures:
    """Every second picture of a take, with the numbers of its real mouth."""
    steady = Steady(face.canon)
    steady.restore(face.patch)
    codes, drawn, real = [], [], []
    take, mouths = enrollment.take, face.mouths
    for clip, track in zip(take.clips, enrollment.tracks, strict=True):
        strip = strip_of(take, clip, track, face.window, steady)
        some = slice(None, None, 2)
        even = face.lighting.remove(strip.pixels, slow_light(strip.light))[some]
        setting = face.setting(view_of(strip, face.lighting))[some]
        coordinates = face.basis.measure(even)
        rows = np.tile(mouths.mean, (len(even), 1))
        rows[:, : mouths.coordinates] = coordinates - setting
        shapes = strip.lips[some].reshape(len(even), -1) - mouths.lips_mean
        parts = shapes @ mouths.lips_axes
        rows[:, mouths.coordinates : mouths.coordinates + parts.shape[1]] = parts
        codes.append(code_of(face, rows, setting))
        drawn.append(coordinates)
        real.append(np.clip(np.rint(even), 0, 255).astype(np.uint8))
    return Pictures(np.concatenate(codes), np.concatenate(drawn), np.concatenate(real))


def _sheet(
    face: PersonalFace, judged: Pictures, network: LowerFaceDecoder, device: str
) -> NDArray[np.uint8]:
    """Luma of six unseen pictures, one row each: real, basis, decoder."""
    some = np.linspace(0, len(judged.code) - 1, 6).astype(int)
    drawn = face.basis.draw(judged.drawn[some])
    finer = drawn + added(face, network, judged.code[some], drawn, device)
    kept = face.window.kept
    sheet = np.full((len(some), 3, *kept.shape), 128, np.uint8)
    for column, flat in enumerate((judged.real[some], drawn, finer)):
        luma = np.clip(np.rint(flat[:, : int(kept.sum())]), 0, 255)
        sheet[:, column][:, kept] = luma.astype(np.uint8)
    return np.concatenate([np.concatenate(list(row), axis=1) for row in sheet])


if __name__ == "__main__":
    main()
