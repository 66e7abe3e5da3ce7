"""A second engine for the mouth: Wav2Lip's checkpoints, over the person's own film.

It is never needed and comes with no weights. Where the person has fetched or chosen
them, each picture of the avatar's idle film is cut to the small crop that the network
knows, redrawn to the sound, and carried into the same canonical lower face as our own
drawing, so that mask, seam and marks are the same. It takes an opened avatar: there is
no way to hand it somebody's picture.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from avatar_app.errors import EngineNotReady
from avatar_app.fit.avatar import FACE, Avatar
from avatar_app.fit.face.canon import CHIN, Canon, Matrix, after
from avatar_app.fit.face.crops import Planes, cut, flatten, split_planes
from avatar_app.fit.face.personal import PersonalFace, reopen_face
from avatar_app.media import Sound
from avatar_app.perform.wav2lip_network import (
    CROP,
    MEL_FRAMES,
    MELS,
    LipGenerator,
    published_shapes,
)
from avatar_app.weights.catalogue import fetchable
from avatar_app.weights.checkpoints import adopt_checkpoint, open_adopted
from avatar_app.weights.fetching import fetch_weights, weights_folder
from avatar_app.work import Job, Progress, share

NAME = "wav2lip"
_SHARPER = "wav2lip_gan"  # of the two published ones

# Its ear: the constants are those that its weights were trained with.
_EAR_HZ, _FFT, _HOP = 16000, 800, 200
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 7600.0
_EMPHASIS = 0.97
_QUIETEST_DB, _REFERENCE_DB, _REACH = -100.0, 20.0, 4.0

# The detector it was trained with frames faces from brow to chin, ear to ear.
_FOREHEAD, _LEFT, _RIGHT = 10, 234, 454
_BELOW_CHIN = 0.05  # of the box; its authors advise some room there

_FULL_OF_HALF = np.array([[2.0, 0, 0.5], [0, 2.0, 0.5]])
_EDGE = 6.0  # canonical pixels over which the crop's border gives way to the frame

Floats = NDArray[np.float32]


def get_wav2lip(folder: Path | None = None, file: Path | None = None) -> Job[str]:
    """Take in the weights: those in a file that the person has, or download them.

    Returns:
        What was taken in, as the catalogue calls it.

    Raises:
        EngineNotReady: The licence has not been accepted.
        WeightsUnfit, DownloadStopped, DownloadAltered, DiskFull, FolderRefused: As
            ``adopt_checkpoint`` and ``fetch_weights`` say.
    """
    folder = folder or weights_folder()
    fetched: Path | None = None
    if file is None:
        fetching = fetch_weights(fetchable()[_SHARPER], folder)
        file = fetched = yield from share(fetching, 0.0, 0.95)
    yield Progress(0.95, 1.0, "Looking through the weights")
    known = adopt_checkpoint(file, NAME, published_shapes(), folder)
    if fetched is not None:
        fetched.unlink()  # two thirds of it are what training needs
    return known


def open_wav2lip(avatar: Avatar, folder: Path | None = None) -> Wav2Lip:
    """Open the engine for one avatar, whose vault is open.

    Raises:
        EngineNotReady: Its weights are missing, damaged or not accepted.
        FileTorn: The avatar is damaged.
    """
    if not isinstance(avatar, Avatar):
        raise TypeError("only an opened avatar can be given a mouth")
    network = open_generator(folder)
    face = reopen_face(avatar.shelf, FACE)
    return Wav2Lip(network, face, is_hd=avatar.card.height >= 720)


def open_generator(folder: Path | None = None) -> LipGenerator:
    """Open the network with the weights that were taken in.

    Raises:
        EngineNotReady: They are missing, damaged or not accepted.
    """
    arrays = open_adopted(NAME, folder or weights_folder())
    with torch.device("meta"):  # 1.2 s of drawing first weights by chance are spared
        network = LipGenerator()
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    try:
        network.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        raise EngineNotReady(NAME, "its weights are of another version") from error
    return network.eval()


class Wav2Lip:
    """Draws one person's lower face from sound, by other people's weights.

    Args:
        network: With its weights.
        face: Whose face it is drawn into.
        is_hd: Whether the film's colors are BT.709, see ``colors_of``.
    """

    def __init__(
        self, network: LipGenerator, face: PersonalFace, *, is_hd: bool
    ) -> None:
        # Channels last: 49 instead of 62 CPU ms a picture (benchmarks/speed.py).
        self._network = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._window = face.window
        self._to_crop = _to_crop(face.canon)
        self._colors = _bgr_of_yuv(is_hd=is_hd)
        self._trusted = self._within()

    def draw(self, frames: Sequence[Planes], poses: Matrix, heard: Floats) -> Floats:
        """Draw lower faces in the frames' own light.

        Args:
            frames: N frames of the avatar's own film, yuv420p.
            poses: (N, 2, 3) float64, frame to canonical picture.
            heard: (N, MELS, MEL_FRAMES), see ``pieces_of``.

        Returns:
            (N, D) float32, as ``Paster.paste`` takes them.
        """
        pairs = list(zip(frames, poses, strict=True))
        crops = np.stack([self._crop(*pair) for pair in pairs])  # (N, 96, 96, 3)
        seen = np.concatenate([crops, crops], axis=3)
        seen[:, CROP // 2 :, :, :3] = 0
        with torch.inference_mode():
            drawn = self._network(
                torch.from_numpy(heard[:, None]),
                torch.from_numpy(seen).permute(0, 3, 1, 2),
            )
        mouths = drawn.permute(0, 2, 3, 1).contiguous().numpy()
        return np.stack([self._flat(m, *p) for m, p in zip(mouths, pairs, strict=True)])

    def _crop(self, planes: Planes, pose: Matrix) -> Floats:
        """(96, 96, 3) blue, green, red in [0, 1], upright."""
        whole = after(self._to_crop, pose)
        half = after(whole, _FULL_OF_HALF)
        yuv = [
            cv2.warpAffine(p, m, (CROP, CROP), borderMode=cv2.BORDER_REPLICATE)
            for p, m in zip(split_planes(planes), (whole, half, half), strict=True)
        ]
        levels = np.stack(yuv, axis=2).astype(np.float32) - _ZERO
        return np.clip(levels @ self._colors.T, 0, 1)

    def _flat(self, crop: Floats, planes: Planes, pose: Matrix) -> Floats:
        """(D,) of a drawn crop; beyond its border the frame's own pixels."""
        window = self._window
        yuv = crop @ np.linalg.inv(self._colors).T.astype(np.float32) + _ZERO
        size = (window.canon.width, window.canon.height)
        luma = _carried(yuv[..., 0], self._to_crop, size)[window.kept]
        small = (size[0] // 2, size[1] // 2)
        half = after(self._to_crop, _FULL_OF_HALF)
        tints = [_carried(yuv[..., i], half, small)[window.kept_half] for i in (1, 2)]
        own = flatten(cut(planes, pose, window.canon), window).astype(np.float32)
        drawn = np.concatenate([luma, *tints])
        return np.asarray(own + self._trusted * (drawn - own), np.float32)

    def _within(self) -> Floats:
        """(D,) in [0, 1]: 1 well inside the crop, 0 where it ends."""
        window = self._window
        y, x = np.mgrid[: window.canon.height, : window.canon.width]
        x, y = (
            v * self._to_crop[i, i] + self._to_crop[i, 2] for i, v in enumerate((x, y))
        )
        unit = self._to_crop[0, 0]
        away = np.minimum.reduce([x, CROP - 1 - x, y, CROP - 1 - y]) / unit
        inside = np.clip(away / _EDGE, 0, 1).astype(np.float32)
        half = cv2.resize(inside, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        tint = np.asarray(half, np.float32)[window.kept_half]
        return np.concatenate([inside[window.kept], tint, tint])


_ZERO = np.array([16.0, 128.0, 128.0], np.float32)  # black, in video range


def _carried(plane: Floats, matrix: Matrix, size: tuple[int, int]) -> Floats:
    """A crop's plane as a canonical picture; ``matrix`` goes the other way."""
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    edge = cv2.BORDER_REPLICATE
    plane = np.ascontiguousarray(plane)
    return np.asarray(
        cv2.warpAffine(plane, matrix, size, flags=flags, borderMode=edge), np.float32
    )


def _to_crop(canon: Canon) -> Matrix:
    """Canonical picture to crop: the box from brow to chin, each side to 96."""
    points = canon.points.astype(np.float64)
    left, right = points[_LEFT, 0], points[_RIGHT, 0]
    top, bottom = points[_FOREHEAD, 1], points[CHIN, 1]
    bottom += _BELOW_CHIN * (bottom - top)
    wide, high = CROP / (right - left), CROP / (bottom - top)
    # Half a pixel: corners of pixels are aligned, not their middles.
    return np.array(
        [
            [wide, 0, (0.5 - left) * wide - 0.5],
            [0, high, (0.5 - top) * high - 0.5],
        ]
    )


def _bgr_of_yuv(*, is_hd: bool) -> Floats:
    """(3, 3): blue, green, red in [0, 1] of luma and chromas above black.

    Source:
        ITU-R BT.709 and BT.601, video range.
    """
    red, blue = (0.2126, 0.0722) if is_hd else (0.299, 0.114)
    green = 1 - red - blue
    bright, tint = 1 / 219, 2 / 224
    u, v = tint * (1 - blue), tint * (1 - red)
    return np.array(
        [
            [bright, u, 0],
            [bright, -u * blue / green, -v * red / green],
            [bright, 0, v],
        ],
        np.float32,
    )


def pieces_of(sound: Sound, pictures: int, fps: float) -> Floats:
    """(pictures, MELS, MEL_FRAMES): a fifth of a second from each picture on."""
    mel = mel_of(sound)
    starts = (np.arange(pictures) / fps * _EAR_HZ / _HOP).astype(int)
    short = int(starts.max(initial=0)) + MEL_FRAMES - mel.shape[1]
    if short > 0:
        mel = np.pad(mel, ((0, 0), (0, short)), constant_values=-_REACH)
    return np.stack([mel[:, s : s + MEL_FRAMES] for s in starts])


def mel_of(sound: Sound) -> Floats:
    """(MELS, T) in [-4, 4], 80 a second: the spectrogram its weights know."""
    import librosa

    samples = sound.at(_EAR_HZ).samples
    if len(samples) <= _FFT:
        samples = np.pad(samples, (0, _FFT + 1 - len(samples)))
    lifted = samples - _EMPHASIS * np.concatenate([[0], samples[:-1]])
    spectra = librosa.stft(
        lifted.astype(np.float32), n_fft=_FFT, hop_length=_HOP, pad_mode="reflect"
    )
    least = 10 ** (_QUIETEST_DB / 20)
    loud = 20 * np.log10(np.maximum(least, _filters() @ np.abs(spectra)))
    share = (loud - _REFERENCE_DB - _QUIETEST_DB) / -_QUIETEST_DB
    evened = np.clip(2 * _REACH * share - _REACH, -_REACH, _REACH)
    return np.asarray(evened, np.float32)


@functools.lru_cache(1)
def _filters() -> Floats:
    """(MELS, 401) triangles on the Slaney mel scale."""
    from librosa.filters import mel

    made = mel(sr=_EAR_HZ, n_fft=_FFT, n_mels=MELS, fmin=_LOWEST_HZ, fmax=_HIGHEST_HZ)
    return np.asarray(made, np.float32)
