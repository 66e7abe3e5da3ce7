"""What XTTS-v2 must know of a speaker, heard from the person's own best readings.

They come from the opened avatar's sealed voice, never from a file, and what was heard
of them is sealed beside it. Other weights or other readings, and they are heard anew.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from avatar_app.errors import FileTorn, TooLittleSpeech
from avatar_app.fit.voice.hearing import loudness_db
from avatar_app.fit.voice.material import SAMPLES_PER_FRAME, Material
from avatar_app.fit.voice.parcel import pack, unpack
from avatar_app.fit.voice.vocoder import RATE_HZ
from avatar_app.media import Sound
from avatar_app.perform.xtts_files import Xtts
from avatar_app.shelf import Shelf

if TYPE_CHECKING:
    from torch import Tensor

LATENTS = "avatar/xtts.safetensors"
_SHORTEST_S, _ENOUGH_S = 1.5, 30.0  # of a reading, and of all that are heard
_CUT_OFF = 0.99  # a reading that reaches it was too loud for its microphone

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Latents:
    """What the network must know of a speaker.

    Attributes:
        manner: (1, C, N) how they speak, for its language model.
        timbre: (1, D, 1) how they sound, for its vocoder.
    """

    manner: Floats
    timbre: Floats


def latents_of(xtts: Xtts, material: Material, shelf: Shelf) -> Latents:
    """Hear the person's best readings, or read what was heard of them before.

    Raises:
        TooLittleSpeech: No reading is long and clear enough.
    """
    heard = hashlib.sha256(
        xtts.sha256.encode() + material.samples.tobytes()
    ).hexdigest()
    if LATENTS in shelf:
        try:
            arrays, note = unpack(shelf.read(LATENTS), LATENTS)
            if note.get("of") == heard:
                return Latents(arrays["manner"], arrays["timbre"])
        except (FileTorn, KeyError):
            pass  # they are heard again
    latents = _listen(xtts, best_readings(material))
    arrays = {"manner": latents.manner, "timbre": latents.timbre}
    shelf.write(LATENTS, pack(arrays, {"of": heard}))
    return latents


def _listen(xtts: Xtts, readings: Sequence[Sound]) -> Latents:
    """As coqui-tts' ``get_conditioning_latents`` does, but from memory.

    Its own takes paths, and recordings shall not lie on the disk unsealed.
    """
    import torch

    network, config = xtts.network, xtts.config

    def row(sound: Sound) -> Tensor:
        return torch.from_numpy(sound.samples)[None].to(network.device)

    with torch.inference_mode():
        timbres = [
            network.get_speaker_embedding(
                row(sound)[:, : config.max_ref_len * sound.rate_hz], sound.rate_hz
            )
            for sound in readings
        ]
        manner = network.get_gpt_cond_latents(
            torch.cat([row(sound) for sound in readings], dim=1),
            readings[0].rate_hz,
            length=config.gpt_cond_len,
            chunk_length=config.gpt_cond_chunk_len,
        )
        timbre = torch.stack(timbres).mean(0)
    return Latents(manner.float().cpu().numpy(), timbre.float().cpu().numpy())


def best_readings(material: Material) -> list[Sound]:
    """Choose up to half a minute: the readings with least noise, none cut off.

    Raises:
        TooLittleSpeech: There is none of a second and a half.
    """
    found: list[tuple[float, int, Sound]] = []
    edges = material.readings * SAMPLES_PER_FRAME
    for number, (begin, end) in enumerate(itertools.pairwise(edges)):
        samples = material.samples[begin:end].astype(np.float32) / 32767
        sound = Sound(samples, RATE_HZ)
        if sound.seconds < _SHORTEST_S or np.abs(samples).max() >= _CUT_OFF:
            continue
        quiet, loud = np.percentile(loudness_db(sound), [5, 95])
        found.append((float(loud - quiet), number, sound))
    if not found:
        raise TooLittleSpeech(0, 1)
    chosen: list[tuple[int, Sound]] = []
    seconds = 0.0
    for _, number, sound in sorted(found, key=lambda one: -one[0]):
        if seconds < _ENOUGH_S:
            chosen.append((number, sound))
            seconds += sound.seconds
    return [sound for _, sound in sorted(chosen, key=lambda one: one[0])]
