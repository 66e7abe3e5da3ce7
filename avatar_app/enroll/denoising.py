"""Denoising: takes a hum, a fan or hiss off a recording and leaves the voice.

Source:
    Valin, "A Hybrid DSP/Deep Learning Approach to Real-Time Full-Band Speech
    Enhancement" (2018): RNNoise, as the wheel pyrnnoise carries it.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import sys
from pathlib import Path

import numpy as np

from avatar_app.errors import LibraryMissing
from avatar_app.media import Sound

_RATE_HZ = 48000  # what RNNoise was trained on
_FULL_SCALE = 32768.0  # it wants samples as 16-bit integers are numbered
_LATENESS = 960  # samples by which what it returns is late (measured)
_FILES = {"darwin": "librnnoise.dylib", "win32": "rnnoise.dll"}


def denoise(sound: Sound) -> Sound:
    """Return the same recording, of the same length, with less noise.

    Raises:
        LibraryMissing: RNNoise's library cannot be loaded.
    """
    library = _library()
    size = int(library.rnnoise_get_frame_size())
    whole = sound.at(_RATE_HZ).samples
    length = -(-(len(whole) + _LATENESS) // size) * size
    frames = np.zeros(length, np.float32)
    frames[: len(whole)] = whole * _FULL_SCALE
    pointer = ctypes.POINTER(ctypes.c_float)
    state = library.rnnoise_create(None)
    try:
        for start in range(0, length, size):
            frame = frames[start:].ctypes.data_as(pointer)
            library.rnnoise_process_frame(state, frame, frame)
    finally:
        library.rnnoise_destroy(state)
    clean = frames[_LATENESS : _LATENESS + len(whole)] / np.float32(_FULL_SCALE)
    back = Sound(np.ascontiguousarray(clean), _RATE_HZ).at(sound.rate_hz).samples
    count = len(sound.samples)
    return Sound(np.pad(back, (0, max(0, count - len(back))))[:count], sound.rate_hz)


@functools.lru_cache(1)
def _library() -> ctypes.CDLL:
    """Load the library alone: its Python package would bring matplotlib and more."""
    found = importlib.util.find_spec("pyrnnoise")
    name = _FILES.get(sys.platform, "librnnoise.so")
    if found is None or found.origin is None:
        raise LibraryMissing("RNNoise", "the package pyrnnoise is not there")
    try:
        library = ctypes.CDLL(str(Path(found.origin).parent / name))
    except OSError as error:
        raise LibraryMissing("RNNoise", str(error)) from error
    samples = ctypes.POINTER(ctypes.c_float)
    library.rnnoise_create.restype = ctypes.c_void_p
    library.rnnoise_create.argtypes = [ctypes.c_void_p]
    library.rnnoise_destroy.argtypes = [ctypes.c_void_p]
    library.rnnoise_process_frame.argtypes = [ctypes.c_void_p, samples, samples]
    library.rnnoise_process_frame.restype = ctypes.c_float
    return library
