"""Quality: each measure moves with the thing it is named for, and with little else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.capture.quality import Loudness, judge_light
from avatar_app.media import Picture

RATE_HZ = 48000


def scene(seed: int = 0) -> NDArray[np.float64]:
    """Draw a picture with edges and fine grain, mean about 0.5."""
    draw = np.random.default_rng(seed)
    coarse = np.kron(draw.uniform(0.25, 0.75, (30, 40)), np.ones((12, 12)))
    grey: NDArray[np.float64] = coarse + draw.normal(0, 0.02, coarse.shape)
    return grey


def pictured(grey: NDArray[np.float64]) -> Picture:
    """Make a picture of brightnesses in [0, 1]."""
    pixels = (np.clip(grey, 0, 1) * 255).astype(np.uint8)
    return Picture(np.repeat(pixels[:, :, None], 3, axis=2), 0.0)


def blurred(grey: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Blur by a box, both ways."""
    kernel = np.ones(reach) / reach
    for axis in (0, 1):
        grey = np.apply_along_axis(np.convolve, axis, grey, kernel, mode="same")
    return grey


def test_exposure_follows_the_light() -> None:
    """Dark, good and burnt pictures are told apart."""
    dark, good, burnt = (
        judge_light(pictured(level))
        for level in (scene() * 0.1, scene(), scene() + 0.6)
    )

    assert dark.exposure < 0.1 < good.exposure < 0.6 < burnt.exposure
    assert dark.crushed > 0.4 > good.crushed
    assert burnt.burnt > 0.5 > good.burnt


def test_a_lamp_at_one_side_shows() -> None:
    """The sign says which side is darker."""
    slope = np.linspace(0.3, 1.0, 480)

    assert judge_light(pictured(scene() * slope)).unevenness < -0.2
    assert judge_light(pictured(scene() * slope[::-1])).unevenness > 0.2
    assert abs(judge_light(pictured(scene())).unevenness) < 0.05


def test_focus_falls_with_blur_but_not_with_light() -> None:
    """A dim sharp picture is still sharper than a bright blurred one."""
    sharp = judge_light(pictured(scene())).focus
    dim = judge_light(pictured(scene() * 0.4)).focus
    soft = [judge_light(pictured(blurred(scene(), reach))).focus for reach in (3, 7)]

    assert sharp > 4 * soft[0] > 8 * soft[1]
    assert dim > 0.7 * sharp


def test_a_part_can_be_judged_alone() -> None:
    """The face may be dark while the window behind it is bright."""
    grey = scene()
    grey[:200, :200] *= 0.2

    assert judge_light(pictured(grey), (0, 0, 200, 200)).exposure < 0.15
    with pytest.raises(ValueError, match="nothing to judge"):
        judge_light(pictured(grey), (470, 0, 475, 5))


def test_black_is_no_accident() -> None:
    """A covered lens divides nothing by zero."""
    light = judge_light(Picture(np.zeros((48, 64, 3), np.uint8), 0.0))

    assert (light.exposure, light.unevenness, light.focus) == (0.0, 0.0, 0.0)


def speech(noise_db: float, loud_db: float, seconds: float = 6) -> NDArray[np.float32]:
    """Half a second of tone, half a second of room, by turns."""
    moments = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    tone = np.sqrt(2) * 10 ** (loud_db / 20) * np.sin(2 * np.pi * 200 * moments)
    room = 10 ** (noise_db / 20) * np.random.default_rng(0).standard_normal(
        len(moments)
    )
    samples: NDArray[np.float32] = (tone * (moments % 1 < 0.5) + room).astype("f4")
    return samples


@pytest.mark.parametrize(("noise_db", "loud_db"), [(-70, -20), (-50, -30), (-40, -25)])
def test_levels_are_measured(noise_db: float, loud_db: float) -> None:
    """The room, the voice and what lies between them, to one or two dB."""
    meter = Loudness(RATE_HZ)
    meter.listen(speech(noise_db, loud_db))

    assert meter.floor_db == pytest.approx(noise_db, abs=1.5)
    assert meter.loudest_db == pytest.approx(loud_db, abs=1)
    assert meter.signal_to_noise_db == pytest.approx(loud_db - noise_db, abs=2)
    assert meter.clipped == 0


def test_blocks_of_any_size_measure_the_same() -> None:
    """What comes in crumbs is as loud as what comes at once."""
    samples = speech(-60, -20)
    at_once, in_crumbs = Loudness(RATE_HZ), Loudness(RATE_HZ)
    at_once.listen(samples)
    for place in range(0, len(samples), 441):
        in_crumbs.listen(samples[place : place + 441])

    assert in_crumbs.loudest_db == pytest.approx(at_once.loudest_db)
    assert in_crumbs.floor_db == at_once.floor_db
    assert in_crumbs.now_db == pytest.approx(at_once.now_db)


def test_clipping_is_counted() -> None:
    """A tenth of a shouted tone at full scale."""
    meter = Loudness(RATE_HZ)
    shouted = np.zeros(RATE_HZ, np.float32)
    shouted[:4800] = 1.0
    meter.listen(shouted)

    assert meter.clipped == pytest.approx(0.1)


def test_silence_and_nothing_are_quiet() -> None:
    """Before any sound, and with digital silence, there is a level to show."""
    meter = Loudness(RATE_HZ)
    assert (meter.loudest_db, meter.floor_db, meter.clipped) == (-120, -120, 0)
    meter.listen(np.zeros(RATE_HZ, np.float32))

    assert meter.loudest_db == -120
    assert meter.signal_to_noise_db == 0
