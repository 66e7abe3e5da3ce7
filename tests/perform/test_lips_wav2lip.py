"""The second engine: names, shapes, its ear, and where its crops come from and go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from avatar_app.errors import EngineNotReady, WeightsUnfit
from avatar_app.fit.face.canon import Canon, Matrix, apply, learn_canon, poses_of
from avatar_app.fit.face.crops import cut, flatten, open_window, split_planes
from avatar_app.media import Sound
from avatar_app.perform.lips_wav2lip import (
    NAME,
    Wav2Lip,
    get_wav2lip,
    mel_of,
    open_generator,
    open_wav2lip,
    pieces_of,
)
from avatar_app.perform.wav2lip_network import LipGenerator, published_shapes
from avatar_app.render.drawing import need_engine
from avatar_app.weights.checkpoints import YOURS
from avatar_app.weights.fetching import accept_licence, licence_of
from avatar_app.work import carry_out
from tests.fit.test_canon import face, move


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a checkpoint as its authors would: chance weights, published names."""
    torch.manual_seed(0)
    network = LipGenerator()
    states = {f"module.{k}": v for k, v in network.state_dict().items()}
    path = tmp_path_factory.mktemp("theirs") / "made.pth"
    torch.save({"state_dict": states, "optimizer": {}, "global_step": 1}, path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder in which the licence is accepted."""
    accept_licence(licence_of(NAME), tmp_path)
    return tmp_path


def test_parameters_have_the_published_names_and_shapes() -> None:
    """A sample of every part, and their number, as the published files have them."""
    shapes = published_shapes()

    assert shapes["face_encoder_blocks.0.0.conv_block.0.weight"] == (16, 6, 7, 7)
    assert shapes["face_encoder_blocks.2.3.conv_block.0.weight"] == (64, 64, 3, 3)
    assert shapes["face_encoder_blocks.6.1.conv_block.0.weight"] == (512, 512, 1, 1)
    assert shapes["audio_encoder.0.conv_block.0.weight"] == (32, 1, 3, 3)
    assert shapes["audio_encoder.12.conv_block.0.weight"] == (512, 512, 1, 1)
    assert shapes["face_decoder_blocks.0.0.conv_block.0.bias"] == (512,)
    # Transposed convolutions name their inputs first.
    assert shapes["face_decoder_blocks.1.0.conv_block.0.weight"] == (1024, 512, 3, 3)
    assert shapes["face_decoder_blocks.6.0.conv_block.0.weight"] == (160, 64, 3, 3)
    assert shapes["face_decoder_blocks.6.2.conv_block.1.running_var"] == (64,)
    assert shapes["output_block.0.conv_block.0.weight"] == (32, 80, 3, 3)
    assert shapes["output_block.1.weight"] == (3, 32, 1, 1)
    assert len(shapes) == 352
    # Weights and two moments of Adam in float32 make up the 435.8 MB of both files.
    trained = [s for n, s in shapes.items() if n.endswith(("weight", "bias"))]
    assert sum(int(np.prod(s)) for s in trained) == 36_298_035
    assert 12 * 36_298_035 / licence_of(NAME).size == pytest.approx(1, abs=0.001)


def test_a_checkpoint_goes_in_and_draws(checkpoint: Path, folder: Path) -> None:
    """Taken in, opened, and the same picture as the network that was saved."""
    known = carry_out(get_wav2lip(folder, checkpoint))
    ours = open_generator(folder)
    torch.manual_seed(0)
    theirs = LipGenerator().eval()
    heard = torch.linspace(-4, 4, 2 * 1280).reshape(2, 1, 80, 16)
    seen = torch.rand(2, 6, 96, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        drawn, wanted = ours(heard, seen), theirs(heard, seen)

    assert known == YOURS
    assert drawn.shape == (2, 3, 96, 96)
    assert torch.equal(drawn, wanted)
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    assert checkpoint.exists()


def test_what_is_missing_is_said_before_anything_long_begins(
    checkpoint: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No weights, torn weights, an unknown engine: one sentence and what to do."""
    monkeypatch.setattr(
        "avatar_app.perform.lips_wav2lip.weights_folder", lambda: folder
    )
    need_engine("own")
    with pytest.raises(EngineNotReady, match="no engine of this name"):
        need_engine("wav2lips")
    with pytest.raises(EngineNotReady, match="its weights are not here") as missing:
        need_engine(NAME)
    carry_out(get_wav2lip(file=checkpoint))
    need_engine(NAME)
    place = folder / "wav2lip.safetensors"
    place.write_bytes(place.read_bytes()[:-100])
    with pytest.raises(EngineNotReady, match="damaged"):
        need_engine(NAME)
    with pytest.raises(WeightsUnfit, match="damaged"):
        carry_out(get_wav2lip(file=place))

    assert missing.value.remedy.startswith("Run 'avatar-app weights wav2lip'")


def test_only_an_opened_avatar_is_given_a_mouth(tmp_path: Path) -> None:
    """A path, which could be anybody's picture, is not taken."""
    with pytest.raises(TypeError, match="only an opened avatar"):
        open_wav2lip(tmp_path / "somebody.mp4")  # type: ignore[arg-type]


# Top of the forehead, chin, and both ears of a face whose eyes are 80 pixels apart.
BOX = ((320, 115), (320, 265), (262, 180), (378, 180))


def tone(hertz: float, seconds: float = 1.0, rate_hz: int = 16000) -> Sound:
    """A sine, half of full scale."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return Sound((0.5 * np.sin(2 * np.pi * hertz * t)).astype(np.float32), rate_hz)


def test_its_ear_hears_pitch_level_and_time() -> None:
    """Eighty rows rise with pitch, 80 columns a second, silence at the bottom."""
    silence = mel_of(Sound(np.zeros(16000, np.float32), 16000))
    rows = [int(mel_of(tone(h))[:, 40].argmax()) for h in (200, 800, 3000, 7000)]
    click = np.zeros(16000, np.float32)
    click[8000] = 0.5

    assert silence.shape == (80, 81)
    assert set(silence.ravel()) == {-4.0}
    assert rows == sorted(set(rows))
    assert rows[0] < 8
    assert rows[-1] > 70
    assert mel_of(Sound(click, 16000)).sum(axis=0).argmax() == 40
    # Ten times quieter is 20 dB, that is 20 / 100 of the range of 8.
    quiet = Sound(tone(800).samples / 10, 16000)
    fell = mel_of(tone(800))[:, 40].max() - mel_of(quiet)[:, 40].max()
    assert fell == pytest.approx(1.6, abs=0.01)
    assert mel_of(tone(800, rate_hz=48000)).shape == (80, 81)


def test_every_picture_gets_its_fifth_of_a_second() -> None:
    """From its own moment on; past the end of the sound there is silence."""
    click = np.zeros(16000, np.float32)
    click[8000] = 0.5  # in picture 12.5
    heard = pieces_of(Sound(click, 16000), 30, 25.0)
    loudest = heard.sum(axis=1).argmax(axis=1)

    assert heard.shape == (30, 80, 16)
    assert [int(loudest[n]) for n in (8, 10, 12)] == [15, 8, 2]
    assert set(heard[29, :, 6:].ravel()) == {-4.0}
    assert pieces_of(Sound(click[:10], 16000), 2, 25.0).shape == (2, 80, 16)


class Mirror(nn.Module):
    """Stands in for the network: gives back one of the two crops it sees."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self.first = first

    def forward(self, heard: Tensor, seen: Tensor) -> Tensor:
        """Return three of the six channels."""
        return seen[:, self.first : self.first + 3]


class Plain:
    """As much of a face as the engine needs."""

    def __init__(self, canon: Canon) -> None:
        self.window = open_window(canon)
        self.canon = canon


def painted() -> tuple[NDArray[np.uint8], Matrix, Plain]:
    """A colorful frame without edges, a turned pose, and a face in it."""
    points = face()
    points[10], points[152], points[234], points[454] = BOX
    points = apply(move(1.1, 6.0, -12.0, -40.0), points).astype(np.float32)
    canon = learn_canon(np.stack([points, points]))
    pose = poses_of(points[None], canon)[0]
    planes = np.empty((540, 640), np.uint8)
    y, x = np.mgrid[:360, :640]
    luma, u, v = split_planes(planes)
    luma[:] = 110 + 50 * np.sin(x / 17) * np.cos(y / 23)
    u[:] = 128 + 25 * np.sin(x[:180, :320] / 20)
    v[:] = 128 + 25 * np.cos(y[:180, :320] / 20)
    return planes, pose, Plain(canon)


@pytest.mark.parametrize("is_hd", [False, True])
def test_crops_come_back_where_they_were(is_hd: bool) -> None:
    """A network that changes nothing changes nothing: place and color come back."""
    planes, pose, plain = painted()
    engine = Wav2Lip(Mirror(3), plain, is_hd=is_hd)  # type: ignore[arg-type]
    drawn = engine.draw([planes], pose[None], np.zeros((1, 80, 16), np.float32))[0]
    own = flatten(cut(planes, pose, plain.canon), plain.window).astype(float)
    bright = int(plain.window.kept.sum())

    assert drawn.shape == own.shape
    # The crop has fewer pixels than the face: half a grey level is lost on the way.
    assert np.abs(drawn - own)[:bright].mean() < 1.5
    assert np.abs(drawn - own)[bright:].mean() < 1.5


def test_the_network_does_not_see_the_mouth_it_is_to_draw() -> None:
    """The lower half of the first crop is black; outside the crop nothing changes."""
    planes, pose, plain = painted()
    engine = Wav2Lip(Mirror(0), plain, is_hd=False)  # type: ignore[arg-type]
    drawn = engine.draw([planes], pose[None], np.zeros((1, 80, 16), np.float32))[0]
    window = plain.window
    luma = np.zeros(window.kept.shape)
    luma[window.kept] = drawn[: int(window.kept.sum())]
    lips = window.canon.points[[13, 14, 61, 291]].mean(axis=0).astype(int)

    assert luma[lips[1], lips[0]] == pytest.approx(16, abs=1)
