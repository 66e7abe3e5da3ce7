"""The GPU tier: train the larger decoder where there is a GPU, and draw with it.

It learns from the same strips as everything else. It is chosen by itself, never needed,
and kept only where it draws unseen clips better than the basis does; whatever goes
wrong, the face that a CPU learned is there and is what the person gets
(docs/decisions/0017).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from avatar_app.errors import FileTorn
from avatar_app.fit.face.decoder import DecoderSizes, LowerFaceDecoder
from avatar_app.fit.face.decoder_training import (
    Pictures,
    added,
    off_by,
    train_decoder,
)
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.fit.face.studying import Strips, view_of
from avatar_app.shelf import Shelf
from avatar_app.work import Job

log = logging.getLogger(__name__)

DECODER = "avatar/decoder.safetensors"
_NOTE = "avatar/decoder.txt"
USED = "A larger decoder was learned on a GPU; films made with a GPU use it."
NO_MEMORY = "The GPU had too little memory; the mouth is drawn as without one."
NO_GOOD = "The larger decoder drew no better; the mouth is drawn as without a GPU."
NO_USE = "The GPU could not be used; the mouth is drawn as without one."

_UNSEEN = 10  # every tenth clip is left out, by which the decoder is judged
_BYTES = 400_000_000  # of pictures that are held while it learns
_FARTHEST = 4.0  # deviations beyond which a number tells nothing more

# What torch raises where a device is missing, full, or lacks an operation or a type.
GAVE_UP = (RuntimeError, AssertionError, TypeError)

Floats = NDArray[np.float32]


def best_device(has: Callable[[str], bool] | None = None) -> str | None:
    """Name the GPU to learn on as torch does, or None where there is none.

    Args:
        has: Tells whether a kind of device is there; asks torch unless given.
    """
    has = has or _has
    return next((name for name in ("cuda", "mps") if has(name)), None)


def _has(name: str) -> bool:
    if name == "cuda":
        return torch.cuda.is_available()
    return torch.backends.mps.is_available()


@dataclass(frozen=True, slots=True, eq=False)
class Decoder:
    """A trained decoder of one face.

    Attributes:
        sizes: Of its network.
        weights: Of its network.
        face: Fingerprint of the face it was learned with.
    """

    sizes: DecoderSizes
    weights: dict[str, Tensor]
    face: str


def code_of(face: PersonalFace, rows: Floats, setting: Floats) -> Floats:
    """(T, 2 K + 12) numbers that tell a picture, in deviations.

    Args:
        face: Whose.
        rows: (T, K + 12) from ``Mouths.spoken``.
        setting: (T, K) from the frames they are drawn into.
    """
    mouths = face.mouths
    said = (rows - mouths.mean) / mouths.spread
    around = setting / mouths.spread[: mouths.coordinates]
    code = np.concatenate([said, around], axis=1)
    return np.asarray(np.clip(code, -_FARTHEST, _FARTHEST), np.float32)


def choose_decoder(
    face: PersonalFace,
    strips: Strips,
    rows: list[Floats],
    shelf: Shelf,
    place: str,
    seed: int,
    sizes: DecoderSizes | None = None,
) -> Job[None]:
    """Where there is a GPU, learn a decoder on it, and seal it with a sentence.

    Arguments are those of ``fit_decoder``. Without a GPU nothing is done, and a decoder
    of an earlier face is forgotten.
    """
    for name in (DECODER, _NOTE):
        shelf.erase(name)
    device = best_device()
    if device is None:
        return
    fitting = fit_decoder(face, strips, rows, shelf, place, device, sizes, seed)
    decoder, note = yield from fitting
    if decoder is not None:
        keep_decoder(decoder, shelf)
    shelf.write(_NOTE, note.encode())


def note_of(shelf: Shelf) -> str:
    """What the person is told of the decoder, one sentence; empty without a GPU."""
    return shelf.read(_NOTE).decode() if _NOTE in shelf else ""


def fit_decoder(
    face: PersonalFace,
    strips: Strips,
    rows: list[Floats],
    shelf: Shelf,
    place: str,
    device: str,
    sizes: DecoderSizes | None = None,
    seed: int = 0,
) -> Job[tuple[Decoder | None, str]]:
    """Learn a decoder on a device; a job cut short goes on where it was.

    Args:
        face: As it was learned without.
        strips: Of the enrollment.
        rows: By clip (T, K + 12), the standardized real mouths.
        shelf: Where unfinished work is sealed.
        place: Its prefix there.
        device: As torch names it.
        sizes: The usual ones unless given.
        seed: Of what is left to chance.

    Returns:
        The decoder and a sentence for the card; None and why not, where it did not
        come out better or the device gave up.
    """
    canon = face.canon
    sizes = sizes or DecoderSizes(canon.width, canon.height, _codes(face))
    numbers = [n for n in range(len(rows)) if strips.seen[n].any()]
    unseen = numbers[_UNSEEN // 2 :: _UNSEEN] or numbers[-1:]
    seen = [n for n in numbers if n not in unseen] or unseen
    taught = gather(face, strips, rows, seen)
    judged = gather(face, strips, rows, unseen, most=400)
    name = f"{place}decoder.safetensors"
    try:
        training = train_decoder(face, taught, sizes, device, seed, shelf, name)
        network = yield from training
        weights = {k: v.detach().half().cpu() for k, v in network.state_dict().items()}
        network.load_state_dict(weights)  # judged is what will be kept
        ours, basis = (off_by(face, judged, n, device) for n in (network, None))
    except GAVE_UP as error:
        log.exception("the GPU gave up")
        return None, NO_MEMORY if _is_full(error) else NO_USE
    log.info("unseen clips: decoder %.2f grey levels off, basis %.2f", ours, basis)
    if not ours < basis:  # neither where training ended in no number at all
        return None, NO_GOOD
    return Decoder(sizes, weights, fingerprint(face)), USED


def _is_full(error: Exception) -> bool:
    """Whether memory was the reason; Apple's devices say so in words only."""
    full = isinstance(error, torch.OutOfMemoryError)
    return full or "out of memory" in str(error).lower()


def _codes(face: PersonalFace) -> int:
    return len(face.mouths.mean) + face.mouths.coordinates


def gather(
    face: PersonalFace,
    strips: Strips,
    rows: list[Floats],
    clips: list[int],
    most: int | None = None,
) -> Pictures:
    """Put pictures of some clips together, evenly spread, as many as memory takes."""
    total = sum(int(strips.seen[n].sum()) for n in clips)
    most = min(most or total, _BYTES // len(face.basis.mean))
    step = max(1, -(-total // most))
    codes, drawn, real = [], [], []
    mouths = face.mouths
    for n in clips:
        # Where no face was found, what was cut out is no mouth.
        strip, own = strips[n], np.flatnonzero(strips.seen[n])[n % step :: step]
        setting = face.setting(view_of(strip, face.lighting))[own]
        said = rows[n][own] * mouths.spread + mouths.mean
        even = face.lighting.remove(strip.pixels[own], strips.light[n][own])
        codes.append(code_of(face, said, setting))
        drawn.append(said[:, : mouths.coordinates] + setting)
        real.append(np.clip(np.rint(even), 0, 255).astype(np.uint8))
    return Pictures(
        np.concatenate(codes),
        np.concatenate(drawn).astype(np.float32),
        np.concatenate(real),
    )


def fingerprint(face: PersonalFace) -> str:
    """Tell one learned face from another."""
    known = hashlib.sha256(face.basis.mean.tobytes())
    known.update(face.mouths.spread.tobytes())
    return known.hexdigest()


def keep_decoder(decoder: Decoder, shelf: Shelf) -> None:
    """Seal a decoder beside its face."""
    plain = {"sizes": asdict(decoder.sizes), "face": decoder.face}
    shelf.write(DECODER, save(decoder.weights, metadata={"plain": json.dumps(plain)}))


def reopen_decoder(shelf: Shelf, face: PersonalFace) -> Decoder | None:
    """Open the decoder of a face; None where it has none, or another face's.

    Raises:
        FileTorn: It is damaged.
    """
    if DECODER not in shelf:
        return None
    content = shelf.read(DECODER)
    try:
        length = int.from_bytes(content[:8], "little")
        plain = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["plain"])
        sizes = plain["sizes"]
        sizes["channels"] = tuple(sizes["channels"])
        decoder = Decoder(DecoderSizes(**sizes), load(content), plain["face"])
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        raise FileTorn(DECODER) from error
    return decoder if decoder.face == fingerprint(face) else None


class Drawing:
    """Draws lower faces with a decoder on a device.

    Attributes:
        network: On that device.

    Raises:
        RuntimeError: The device does not take it.
        FileTorn: The weights do not fit their sizes.
    """

    def __init__(self, face: PersonalFace, decoder: Decoder, device: str) -> None:
        self._face, self._device = face, device
        self.network = LowerFaceDecoder(decoder.sizes)
        try:
            weights = {k: v.float() for k, v in decoder.weights.items()}
            self.network.load_state_dict(weights)
        except RuntimeError as error:
            raise FileTorn(DECODER) from error
        self.network.eval().to(device)

    def draw(self, rows: Floats, setting: Floats) -> Floats:
        """(T, D) lower faces in usual light; arguments as of ``PersonalFace.draw``."""
        face = self._face
        drawn = face.basis.draw(rows[:, : face.mouths.coordinates] + setting)
        code = code_of(face, rows, setting)
        return drawn + added(face, self.network, code, drawn, self._device)
