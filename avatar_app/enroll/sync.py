"""How late the sound is against the picture, read off the speaking mouth itself.

Webcams stamp a frame after exposure and transfer, sound cards after their buffers, and
neither says by how much. Over a take of reading the opening of the mouth and the
loudness of the voice rise together; where they agree best tells the offset. A mouth
opens a little before it is heard, so what is natural is taken off first.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from avatar_app.enroll.tracking import FaceTrack
from avatar_app.media import Sound

STEP = 0.010  # seconds
_REACH = 0.5  # seconds to either side
# What is measured on speech that is in step (see
# benchmarks/sync.py): -12 and -9 ms for six people, +10 ms for the drawn presenter.
NATURAL = -0.011
# Below this the estimate is as uncertain as what it would correct (ITU-R BT.1359:
# viewers notice from 45 ms on).
WORTH_CORRECTING = 0.045
# Over clips of GRID: right sound .57, the sound of other clips .32.
_LEAST_AGREEMENT = 0.40

Floats = NDArray[np.float64]


def measure_lag(spoken: Iterable[tuple[FaceTrack, Sound]]) -> float | None:
    """Estimate by how many seconds the sound comes late.

    Args:
        spoken: Track and sound of each read clip, as recorded.

    Returns:
        Seconds, positive where the sound is late; None where mouth and loudness do
        not agree well enough anywhere to tell.
    """
    reach = round(_REACH / STEP)
    agreement = np.zeros(2 * reach + 1)
    weight = 0.0
    for track, sound in spoken:
        opening, loudness = _curves(track, sound)
        if len(opening) > 4 * reach and opening.std() > 0 and loudness.std() > 0:
            agreement += len(opening) * _agreement(opening, loudness, reach)
            weight += len(opening)
    if weight == 0 or (agreement / weight).max() < _LEAST_AGREEMENT:
        return None
    best = int(agreement.argmax())
    if best in (0, 2 * reach):
        return None
    left, top, right = agreement[best - 1 : best + 2]
    between = 0.5 * (left - right) / (left - 2 * top + right)
    return float((best - reach + between) * STEP - NATURAL)


def _curves(track: FaceTrack, sound: Sound) -> tuple[Floats, Floats]:
    """Opening of the mouth and loudness of the voice, every 10 ms."""
    gaps = np.linalg.norm(track.points[:, 13] - track.points[:, 14], axis=1)
    eyes = np.linalg.norm(track.points[:, 33] - track.points[:, 263], axis=1)
    seconds = min(sound.seconds, float(track.seconds[-1]))
    ticks = np.arange(0.0, seconds, STEP)
    # A frame shows the middle of its exposure, half a frame after its stamp.
    middle = track.seconds + 0.5 * float(np.median(np.diff(track.seconds)))
    opening = np.interp(ticks, middle, gaps / eyes)
    window = round(0.040 * sound.rate_hz)
    power = np.convolve(sound.samples**2, np.full(window, 1 / window), "same")
    places = np.clip((ticks * sound.rate_hz).astype(int), 0, len(power) - 1)
    loudness = np.log10(np.maximum(power[places], 1e-7))
    return opening, loudness


def _agreement(opening: Floats, loudness: Floats, reach: int) -> Floats:
    """Pearson's r for every shift of the loudness, early to late."""
    inner = slice(reach, len(opening) - reach)
    mouth = (opening[inner] - opening[inner].mean()) / opening[inner].std()
    scores = np.empty(2 * reach + 1)
    for shift in range(-reach, reach + 1):
        heard = loudness[reach + shift : len(loudness) - reach + shift]
        spread = heard.std()
        scores[shift + reach] = (mouth * (heard - heard.mean())).mean() / (spread or 1)
    return scores
