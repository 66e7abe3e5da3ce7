"""The accept line of the face engine, on clips of a man it has not seen."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.footage.data import data_folder

pytestmark = [pytest.mark.footage, pytest.mark.slow, pytest.mark.timeout(1500)]

PROJECT = Path(__file__).resolve().parents[2]
# Every other one of the 25, to keep to five minutes. Fewer are no measure: over three
# clips the median of the silence ratio was 1.5, each between 0.7 and 1.7.
EVERY = 2

Row = dict[str, float]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    """Train on all training clips, render some held-out ones, and measure."""
    grid = data_folder("talking/grid_s1")
    folder = tmp_path_factory.mktemp("grid")
    with (grid / "manifest.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    train = [row for row in rows if row["split"] == "train"]
    held_out = [row for row in rows if row["split"] != "train"]
    chosen = held_out[::EVERY]
    assert (len(train), len(held_out)) == (75, 25)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as page:
        writer = csv.DictWriter(page, list(rows[0]))
        writer.writeheader()
        writer.writerows([*train, *chosen])
    for row in [*train, *chosen]:
        for name in (row["file"], Path(row["file"]).with_suffix(".align").name):
            if (grid / name).exists():
                (folder / name).symlink_to(grid / name)
    out = folder / "out"
    command = [sys.executable, "-m", "benchmarks.lips", "--out", str(out)]
    command += ["--train", str(folder), "--test", str(folder)]
    quietly = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    subprocess.run(command, check=True, cwd=PROJECT, env=quietly)
    found: dict[str, Row] = json.loads((out / "results.json").read_text())
    films = {path.stem for path in out.glob("*.mp4")}
    assert films == {Path(row["file"]).stem for row in chosen}
    return found


def test_the_mouth_follows_a_voice_it_knows(results: dict[str, Row]) -> None:
    """Opening and lips go where the real ones went, at the same moment."""
    engine = results["engine"]

    assert engine["aperture_r"] >= 0.88
    assert engine["lmd_iod_percent"] <= 1.1
    assert abs(engine["lag_frames"]) <= 1


def test_the_picture_is_like_the_real_one(results: dict[str, Row]) -> None:
    """Near in pixels and structure, as sharp, and no more restless."""
    engine = results["engine"]

    assert engine["mouth_psnr_db"] >= 30.5
    assert engine["mouth_ssim"] >= 0.85
    assert 0.75 <= engine["sharpness"] <= 1.1
    assert 0.85 <= engine["jitter"] <= 1.15


def test_the_mouth_rests_when_the_person_rests(results: dict[str, Row]) -> None:
    """In silence it moves no more than a fifth above the real one."""
    assert results["engine"]["silence_sd_ratio"] <= 1.2


def test_other_words_move_it_otherwise(results: dict[str, Row]) -> None:
    """With another clip's sound the opening does not follow: no leak, no grammar."""
    wrong = results["wrong_input"]["aperture_r"]

    assert wrong <= results["engine"]["aperture_r"] - 0.3


def test_it_is_learned_in_three_minutes(results: dict[str, Row]) -> None:
    """CPU time of one core, tracking included."""
    assert results["build_cpu_s"] <= 180  # type: ignore[operator]
