"""What lips are to reach, and whether they do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.other_voices import OWN

Results = dict[str, Any]
_LONG_SECONDS = 330.0  # footage from which the second column of goals holds


@dataclass(frozen=True, slots=True)
class Goal:
    """One row: where its figure stands, and between what it is to lie.

    Attributes:
        name: As it is printed.
        key: In every system's figures.
        least: With three minutes of footage, and with eight.
        most: The same.
    """

    name: str
    key: str
    least: tuple[float, float] = (-math.inf, -math.inf)
    most: tuple[float, float] = (math.inf, math.inf)


GOALS = (
    Goal("aperture r", "aperture_r", least=(0.93, 0.95)),
    Goal("width r", "width_r", least=(0.82, 0.87)),
    Goal("LMD, % of inter-ocular", "lmd_iod_percent", most=(0.92, 0.85)),
    Goal("mouth PSNR, dB", "mouth_psnr_db", least=(31.5, 32.5)),
    Goal("mouth SSIM", "mouth_ssim", least=(0.88, 0.90)),
    Goal("sharpness, mouth box", "sharpness", (0.85, 0.85), (1.1, 1.1)),
    Goal("sharpness, teeth", "teeth_sharpness", (0.9, 0.9), (1.1, 1.1)),
    Goal("unlikeness (perceptual)", "unlikeness"),
    Goal("jitter", "jitter", (0.9, 0.9), (1.1, 1.1)),
    Goal("lag, pictures", "lag_frames", (-0.25, -0.25), (0.25, 0.25)),
    Goal("silence sd against real", "silence_sd_ratio", most=(1.1, 1.1)),
    Goal("opening sd against real", "aperture_sd_ratio"),
    Goal("seam", "seam", most=(1.1, 1.1)),
    Goal("seam, other white balance", "lamp_seam", most=(1.1, 1.1)),
    Goal("edge ΔE (CIE76)", "edge_delta_e", most=(2.0, 2.0)),
    Goal("edge ΔE, other white balance", "lamp_delta_e", most=(2.0, 2.0)),
    Goal("worst skin patch ΔE", "patch_delta_e"),
    Goal("p b m closed where real is", "closures_share", least=(0.9, 0.9)),
    Goal("open where real is open", "opened_share"),
    Goal("unrendered pictures", "unrendered_pictures", most=(0.0, 0.0)),
)
_WAYS = {
    "": "warped",
    "knowing_": "warped, knowing",
    "word_": "by word",
    "knowing_word_": "by word, knowing",
}
_SHOWN = ("engine", "engine_film", "oracle", "mean", "wrong_input", "cross")


def print_goals(results: Results) -> None:
    """Print every row with its goal, ceiling, floor and control."""
    column = int(float(results["footage_s"]) >= _LONG_SECONDS)
    print()
    heads = ("film", "oracle", "mean", "wrong", "cross")
    print(f"{'':33s} {'goal':>12s} {'engine':>8s}", *(f"{h:>8s}" for h in heads))
    for goal in GOALS:
        figures = [_figure(results, system, goal.key) for system in _SHOWN]
        if figures[0] is not None:
            _row(goal.name, goal.least[column], goal.most[column], figures)
    engine, wrong = results["engine"], results["wrong_input"]
    apart = engine["aperture_r"] - wrong["aperture_r"]
    _row("aperture r above wrong sound", 0.4, math.inf, [apart])
    _voices(results.get("voices") or {})
    most = (120.0, 240.0)[column]
    _row("build, CPU s", -math.inf, most, [results["build_cpu_s"]])
    print(f"{'render, pictures per CPU s':33s} python -m benchmarks.speed prints it")
    closures = int(engine.get("closures_real", 0))
    print(f"{closures} closures; {results['footage_s']:.0f} s of footage;", end=" ")
    print(
        f"{len(results['seeds'])} seeds; measured in {results['measure_cpu_s']:.0f} s"
    )


def _voices(voices: Mapping[str, Mapping[str, float]]) -> None:
    if not voices:
        return
    print("synthetic voices: aperture r, same text − other texts; own voice: ceiling")
    for name, row in voices.items():
        least = -math.inf if name == OWN else 0.3
        for way, words in _WAYS.items():
            if f"{way}gain" in row:
                beside = f"{row[f'{way}same']:.2f} − {row[f'{way}wrong']:.2f}"
                _row(f"  {name}, {words}", least, math.inf, [row[f"{way}gain"]], beside)
    _over(voices, "  tracked against predicted r", "tracked_r", 0.9)
    _over(voices, "    slope", "tracked_slope", -math.inf)
    _over(voices, "  p b m closed, phones known", "shut", 0.9)


def _over(
    voices: Mapping[str, Mapping[str, float]], name: str, key: str, least: float
) -> None:
    """A row of the voices' median, each beside it."""
    told = {voice: row[key] for voice, row in voices.items() if key in row}
    if told:
        each = "; ".join(f"{voice} {value:.2f}" for voice, value in told.items())
        middle = sorted(told.values())[len(told) // 2]
        _row(name, least, math.inf, [middle], each)


def _figure(results: Results, system: str, key: str) -> float | None:
    row = results.get(system)
    return row.get(key) if isinstance(row, dict) else None


def _row(
    name: str,
    least: float,
    most: float,
    figures: list[float | None],
    beside: str = "",
) -> None:
    value = figures[0]
    assert value is not None
    is_open = math.isinf(least) and math.isinf(most)
    judged = "" if is_open else "met" if _within(value, least, most) else "NOT MET"
    cells = (f"{'' if v is None else format(v, '.3f'):>8s}" for v in figures)
    print(f"{name:33s} {_wanted(least, most):>12s}", *cells, beside, judged)


def _within(value: float, least: float, most: float) -> bool:
    return least <= value <= most


def _wanted(least: float, most: float) -> str:
    if math.isinf(least) and math.isinf(most):
        return ""
    if math.isinf(least):
        return f"<= {most:g}"
    return f">= {least:g}" if math.isinf(most) else f"{least:g} .. {most:g}"
