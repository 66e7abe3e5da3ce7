"""Measures are known by what they say of pictures whose fault we made."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.fit.face.canon import INNER_LIPS, OUTER_LIPS, Canon, learn_canon
from avatar_app.fit.face.crops import Window, open_window
from avatar_app.media import Sound
from benchmarks.closures import (
    Closure,
    closures_by_words,
    shut_level,
    shut_pictures,
    shut_then,
)
from benchmarks.footage import Word
from benchmarks.goals import print_goals
from benchmarks.pictures import Image, Sharpness, ssim, unlikeness
from benchmarks.seams import Edge, under_lamp
from tests.fit.test_canon import face


def skin(canon: Canon) -> Image:
    """A picture with structure at every size, as large as the canonical one."""
    random = np.random.default_rng(0)
    size = (canon.height, canon.width, 3)
    picture = np.full(size, 130.0)
    for spread in (1.0, 3.0, 9.0):
        noise = cv2.GaussianBlur(random.standard_normal(size), (0, 0), spread)
        picture += 12 * noise / noise.std()
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def window() -> Window:
    """The mask over a made-up face."""
    return open_window(learn_canon(face()[None]))


def pasted(window: Window, drawn: NDArray[np.float64], under: Image) -> Image:
    """A drawing blended over a picture along the mask."""
    alpha = window.mask[..., None]
    return np.clip(under + alpha * (drawn - under), 0, 255).astype(np.uint8)


def judged(window: Window, real: Image, drawn: Image) -> dict[str, float]:
    """What the edge says of one picture."""
    edge = Edge(window)
    edge.see(real, drawn)
    return edge.figures()


def test_the_same_picture_has_no_seam(window: Window) -> None:
    """Nothing to see is exactly 1, and no color is off."""
    real = skin(window.canon)

    found = judged(window, real, real)

    assert found["seam"] == pytest.approx(1)
    assert found["edge_delta_e"] == 0


def test_a_brighter_drawing_shows_a_seam(window: Window) -> None:
    """Twenty grey levels along the edge are a step and another color."""
    real = skin(window.canon)

    found = judged(window, real, pasted(window, real + 20.0, real))

    assert found["seam"] > 1.1
    assert found["edge_delta_e"] > 2


def test_a_hard_edge_is_a_line(window: Window) -> None:
    """The same step in one pixel instead of a feather shows at the finest size."""
    real = skin(window.canon)
    hard = np.where(window.mask[..., None] > 0.5, real + 20.0, real).astype(np.uint8)
    soft = pasted(window, real + 20.0, real)

    line, feather = (judged(window, real, p)["seam_line"] for p in (hard, soft))

    assert line > feather > 1


def test_a_patch_is_found_that_a_mean_hides(window: Window) -> None:
    """A discolored cheek hardly moves the edge's mean, and shows in the patches."""
    real = skin(window.canon)
    drawn = real.copy()
    x = int(window.canon.points[61, 0] - 0.15 * window.canon.inter_ocular)
    y = int(window.canon.points[61, 1])
    drawn[y - 6 : y + 6, x - 6 : x + 6, 0] = real[y - 6 : y + 6, x - 6 : x + 6, 0] // 2

    found = judged(window, real, pasted(window, drawn * 1.0, real))

    assert found["edge_delta_e"] < 2
    assert found["patch_delta_e"] > 2 * found["edge_delta_e"]


def test_another_lamp_is_another_color(window: Window) -> None:
    """A drawing that keeps its own white balance is told by its color."""
    real = skin(window.canon)
    target = under_lamp(real, (0.90, 1.0, 1.08))

    assert (
        judged(window, target, pasted(window, real * 1.0, target))["edge_delta_e"] > 2
    )


def test_blur_is_less_like_than_a_shift() -> None:
    """Of a blur and a shift that SSIM takes for the same, the shift is far nearer.

    This is what sets a perceptual distance apart: in a shift nothing was lost.
    """
    real = skin(learn_canon(face()[None]))
    blurred = np.asarray(cv2.GaussianBlur(real, (0, 0), 0.9), np.uint8)
    shifted = moved(real, 0.6)

    assert unlikeness(real, real) == pytest.approx(0, abs=1e-6)
    assert ssim(real, blurred) == pytest.approx(ssim(real, shifted), abs=0.01)
    assert unlikeness(real, blurred) > 1.5 * unlikeness(real, shifted)


def moved(picture: Image, pixels: float) -> Image:
    """A picture moved sideways by a part of a pixel, as sharp as it was."""
    shape = picture.shape[1::-1]
    large = cv2.resize(picture, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    carry = np.array([[1, 0, 4 * pixels], [0, 1, 0]])
    edge = cv2.BORDER_REPLICATE
    large = cv2.warpAffine(large, carry, large.shape[1::-1], borderMode=edge)
    return np.asarray(cv2.resize(large, shape, interpolation=cv2.INTER_AREA), np.uint8)


def test_a_different_picture_is_unlike() -> None:
    """Another texture altogether is further away than a blur."""
    real = skin(learn_canon(face()[None]))
    other = np.ascontiguousarray(real[::-1, ::-1])
    blurred = np.asarray(cv2.GaussianBlur(real, (0, 0), 1.0), np.uint8)

    assert unlikeness(real, other) > 2 * unlikeness(real, blurred) > 0


def mouth(opening: float) -> NDArray[np.float32]:
    """(468, 2) landmarks of which only eyes and lips matter; the lips this far open."""
    points = np.zeros((468, 2), np.float32)
    points[33], points[263] = (60, 40), (160, 40)
    around = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    for shape, wide, high in ((OUTER_LIPS, 30, opening + 8), (INNER_LIPS, 24, opening)):
        ring = [-wide * np.cos(around), high * np.sin(around)]
        points[list(shape)] = np.stack(ring, axis=1) + 110
    return points


def test_blurred_teeth_are_told_from_blurred_lips() -> None:
    """Sharpness inside the lips falls when only the inside is blurred."""
    random = np.random.default_rng(1)
    real = random.integers(80, 180, (200, 220, 3)).astype(np.uint8)
    drawn = real.copy()
    drawn[102:118, 88:132] = cv2.GaussianBlur(real, (0, 0), 1.5)[102:118, 88:132]
    sharpness = Sharpness()
    for _ in range(5):
        sharpness.see(real, drawn, mouth(10.0), mouth(10.0))

    figures = sharpness.figures()

    assert figures["teeth_sharpness"] < 0.5 < figures["sharpness"] < 1


def test_a_closed_mouth_has_no_teeth() -> None:
    """Where the lips hardly part, nothing is said about teeth."""
    real = np.full((200, 220, 3), 90, np.uint8)
    sharpness = Sharpness()
    for _ in range(9):
        sharpness.see(real, real, mouth(0.5), mouth(0.5))

    assert "teeth_sharpness" not in sharpness.figures()


def test_lips_shut_at_the_right_moment() -> None:
    """A closure counts within a picture or two of its sound, not elsewhere."""
    opening = np.full(50, 0.08)
    opening[[0, 1, 2, 3, 4]] = 0.01
    opening[20] = 0.012
    silent = np.zeros(50, np.bool_)
    silent[:5] = True
    level = shut_level([opening], [silent])

    said = [Closure("b", 0.82, "by"), Closure("m", 1.4, "me")]

    assert 0.01 < level.real < level.drawn < 0.03
    assert shut_pictures(opening, said, level.real, 25) == [20, None]
    assert shut_then(opening, 21, level.drawn)
    assert not shut_then(opening, 22, level.drawn)


def test_word_times_name_the_closures() -> None:
    """Without a clear sound, closures lie where the words' times put them."""
    hush = Sound(np.zeros(32000, np.float32), 16000)
    words = [Word("by", 0.5, 0.7), Word("red", 0.7, 1.0), Word("m", 1.0, 1.4)]

    found = closures_by_words(hush, words)

    assert [c.symbol for c in found] == ["b", "m"]
    assert 0.45 < found[0].moment < 0.65
    assert 1.1 < found[1].moment < 1.4


def test_goals_say_what_is_met(capsys: pytest.CaptureFixture[str]) -> None:
    """Every row is judged; longer footage is held to more."""
    engine = {"aperture_r": 0.94, "lmd_iod_percent": 1.0}
    results = {
        "engine": engine,
        "wrong_input": {"aperture_r": 0.4},
        "footage_s": 180.0,
        "build_cpu_s": 100.0,
        "measure_cpu_s": 1.0,
        "seeds": {"0": {}},
    }

    print_goals(results)
    short = capsys.readouterr().out
    print_goals(results | {"footage_s": 480.0})
    long = capsys.readouterr().out

    judged = {line[:24].strip(): line for line in short.splitlines()}
    assert judged["aperture r"].endswith(" met")
    assert judged["LMD, % of inter-ocular"].endswith("NOT MET")
    judged = {line[:24].strip(): line for line in long.splitlines()}
    assert judged["aperture r"].endswith("NOT MET")
