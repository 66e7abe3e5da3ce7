"""A film by the second engine: the avatar's own pictures, another mouth, our marks."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from avatar_app.errors import EngineNotReady
from avatar_app.fit.avatar import FACE
from avatar_app.fit.face.idle import reopen_idle
from avatar_app.fit.face.personal import reopen_face
from avatar_app.lesson.script import read_script
from avatar_app.perform.acting import perform_lesson
from avatar_app.perform.lips_wav2lip import NAME, get_wav2lip
from avatar_app.perform.wav2lip_network import LipGenerator
from avatar_app.render.composing import render_film
from avatar_app.render.mark import Marks
from avatar_app.render.pasting import Paster
from avatar_app.studio import make_demo
from avatar_app.weights.fetching import accept_licence, licence_of
from avatar_app.work import Progress, carry_out
from tests.story.small_avatar import HEIGHT, WIDTH, made

pytestmark = pytest.mark.slow


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Take chance weights in, by the way every person has to go."""
    folder = tmp_path / "weights"
    monkeypatch.setattr(
        "avatar_app.perform.lips_wav2lip.weights_folder", lambda: folder
    )
    torch.manual_seed(0)
    path = tmp_path / "made.pth"
    torch.save(LipGenerator().state_dict(), path)
    accept_licence(licence_of(NAME), folder)
    carry_out(get_wav2lip(file=path))
    return folder


def luma_of(path: Path) -> NDArray[np.int16]:
    """(T, H, W) of a film."""
    with av.open(str(path)) as file:
        frames = [f.to_ndarray(format="yuv420p")[:HEIGHT] for f in file.decode(video=0)]
    return np.asarray(np.stack(frames), np.int16)


def test_its_film_is_ours_but_for_the_mouth(weights: Path, tmp_path: Path) -> None:
    """Same frames, sound, captions and marks; inside our mask another mouth."""
    performance = carry_out(perform_lesson(made().avatar, read_script("Hello there.")))
    ours = carry_out(render_film(performance, tmp_path / "own.mp4", "Own"))
    theirs = carry_out(render_film(performance, tmp_path / "its.mp4", "Its", NAME))
    own, its = luma_of(ours.path), luma_of(theirs.path)
    apart = np.abs(own - its).mean(axis=0)
    face, idle = reopen_face(made().vault, FACE), reopen_idle(made().vault)
    blank = np.zeros((HEIGHT * 3 // 2, WIDTH), np.uint8)
    place = Paster(face).place(blank, idle.poses[0])
    mouth = np.zeros((HEIGHT, WIDTH), np.float32)
    x0, y0, x1, y1 = place.box
    mouth[y0:y1, x0:x1] = place.alpha
    black, white = (np.full_like(blank, level) for level in (16, 235))
    for page in (black, white):
        Marks(WIDTH, HEIGHT, is_demo=True).stamp(page, 0.0)
    letters = (black[:HEIGHT] > 200) & (white[:HEIGHT] > 200)

    assert (theirs.frames, theirs.seconds) == (ours.frames, ours.seconds)
    assert own.shape == its.shape
    assert theirs.captions.read_text() == ours.captions.read_text()
    assert np.median(its[0][letters]) > 190
    assert apart[mouth > 0.9].mean() > 10  # chance weights draw grey
    # What is left outside is the encoder's.
    assert np.percentile(apart[mouth == 0], 99) < 4


def test_without_weights_no_film_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a file nor a minute of work: the sentence comes first."""
    monkeypatch.setattr(
        "avatar_app.perform.lips_wav2lip.weights_folder", lambda: tmp_path / "none"
    )
    steps: list[Progress] = []
    performance = carry_out(perform_lesson(made().avatar, read_script("Hello there.")))
    with pytest.raises(EngineNotReady, match="its weights are not here"):
        carry_out(make_demo(tmp_path, "Hello.", 0, NAME), steps.append)
    with pytest.raises(EngineNotReady, match="its weights are not here"):
        carry_out(render_film(performance, tmp_path / "its.mp4", "Its", NAME))

    assert steps == []
    assert not list(tmp_path.iterdir())
