"""A person's face: everything that is needed to draw their mouth from sound."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save
from scipy.ndimage import gaussian_filter1d

from avatar_app.errors import AvatarOutdated, FileTorn
from avatar_app.fit.face.basis import Basis, Setting
from avatar_app.fit.face.canon import LIP_BOTTOM, LIP_TOP, LIPS, Canon
from avatar_app.fit.face.crops import Lighting, Window, lips_nearness, open_window
from avatar_app.fit.face.jaw import Jaw
from avatar_app.fit.face.listening import ear
from avatar_app.fit.face.native import Pack
from avatar_app.fit.face.texture import Texture
from avatar_app.fit.face.warping import Warp
from avatar_app.shelf import Shelf

if TYPE_CHECKING:
    from avatar_app.fit.face.lips import LipNetwork, LipSizes

Floats = NDArray[np.float32]
LIP_PARTS = 10
_SLOW = 2.0  # frames (standard deviation): a syllable is slower
_UPPER, _LOWER = LIPS.index(LIP_TOP), LIPS.index(LIP_BOTTOM)


@dataclass(frozen=True, slots=True, eq=False)
class Mouths:
    """How the numbers that the lip network says are scaled, and what they mean.

    One row is basis coordinates beyond the setting, lip shape parts, opening, width.

    Attributes:
        mean: (K + 12,) float32.
        spread: (K + 12,) float32, standard deviations.
        liveliness: (K + 12,) float32 ≥ 1, what the network's caution takes away
            (the ratio of real to predicted deviation on clips it had not seen).
        lips_mean: (80,) float32.
        lips_axes: (80, 10) float32.
        implied: (K, 10) float32, how lip shape parts follow from coordinates.
    """

    mean: Floats
    spread: Floats
    liveliness: Floats
    lips_mean: Floats
    lips_axes: Floats
    implied: Floats

    @property
    def coordinates(self) -> int:
        """K, how many of the numbers are basis coordinates."""
        return len(self.mean) - LIP_PARTS - 2

    def spoken(self, standardized: Floats) -> Floats:
        """What the network said, (T, K + 12), in the units of the basis."""
        lively: Floats = standardized * self.liveliness * self.spread + self.mean
        return lively

    def quickened(self, rows: Floats) -> Floats:
        """Give (T, K + 12) consecutive rows back the speed that averaging took.

        Lip shapes become those that the coordinates have, and the quick part of what
        the network says beyond that. The slow part is less true than what coordinates
        have: drawn, it costs .2 dB on GRID s1 and follows no better. The quick part
        costs .04 dB and brings the lips' acceleration from .86 of the real one to .91.
        """
        quick = rows.copy()
        parts = slice(self.coordinates, self.coordinates + LIP_PARTS)
        beyond = rows[:, parts] - self._implied(rows)
        quick[:, parts] -= gaussian_filter1d(beyond, _SLOW, axis=0, mode="nearest")
        return quick

    def _implied(self, rows: Floats) -> Floats:
        """(T, 10) lip shape parts that the coordinates have."""
        size = self.coordinates
        looks = rows[:, :size] - self.mean[:size]
        parts: Floats = looks @ self.implied + self.mean[size : size + LIP_PARTS]
        return parts

    def drawn_shapes(self, rows: Floats) -> Floats:
        """(T, 40, 2) lip shapes that the basis draws, whatever the rows ask for."""
        own = rows.copy()
        own[:, self.coordinates : self.coordinates + LIP_PARTS] = self._implied(rows)
        return self.shapes(own)

    def opening(self, rows: Floats) -> Floats:
        """(T,) inner lip height over the distance of the outer eye corners."""
        lips = self.shapes(rows)
        height = np.linalg.norm(lips[:, _UPPER] - lips[:, _LOWER], axis=1)
        return np.asarray(height, np.float32)

    def shapes(self, rows: Floats) -> Floats:
        """(T, 40, 2) lip shapes, see ``lip_shapes``."""
        parts = rows[:, self.coordinates : self.coordinates + LIP_PARTS]
        shapes = parts @ self.lips_axes.T + self.lips_mean
        return np.asarray(shapes.reshape(len(rows), -1, 2), np.float32)

    def place(self, rows: Floats) -> Floats:
        """(T, 30) where mouths lie for the search of real frames: looks and shape."""
        looks = rows[:, : min(24, self.coordinates)]
        shape = rows[:, self.coordinates : self.coordinates + 6]
        looks = looks / np.sqrt((self.spread[: looks.shape[1]] ** 2).sum())
        own = self.spread[self.coordinates : self.coordinates + 6]
        both = [looks, shape / np.sqrt((own**2).sum())]
        return np.asarray(np.concatenate(both, axis=1), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Finish:
    """How the drawn mouth is finished.

    Attributes:
        detail: Share of the fine structure that comes from a real frame.
        crispness: Strength of the unsharp mask near the lips, found on clips that
            the networks had not seen so that drawn mouths are as sharp as real ones.
    """

    detail: float
    crispness: float


@dataclass(frozen=True, slots=True, eq=False)
class PersonalFace:
    """One person's face engine.

    Attributes:
        window: The canonical lower face and its mask.
        patch: The average eye-and-nose patch that steadies poses.
        lighting: The person's usual light.
        basis: Coordinates of the lower face.
        setting: What pose and light say about them.
        mouths: Meaning of the lip network's numbers.
        texture: Real key frames.
        native: What of the key frames is finer than the canonical picture.
        jaw: How the skin round the mouth moves with it.
        finish: Detail and crispness.
        room: (BANDS,) quiet of the enrollment's room.
        fps: Pictures per second it was learned at.
        sizes: Of a lip network.
        weights: Of all lip networks, ``lips.<number>.<parameter>``.
        quality: Figures on clips left out of training, for the person to read.
    """

    window: Window
    patch: Floats
    lighting: Lighting
    basis: Basis
    setting: Setting
    mouths: Mouths
    texture: Texture
    native: Pack
    jaw: Jaw
    finish: Finish
    room: Floats
    fps: float
    sizes: LipSizes
    weights: dict[str, Floats]
    quality: dict[str, float]

    @property
    def canon(self) -> Canon:
        """The canonical face."""
        return self.window.canon

    def networks(self) -> Sequence[LipNetwork]:
        """The lip networks, rebuilt once."""
        return _networks(self)

    def draw(self, rows: Floats, picks: NDArray[np.int32], setting: Floats) -> Floats:
        """Draw lower faces in usual light, before the finish.

        Args:
            rows: (T, K + 12) from ``Mouths.spoken``.
            picks: (T,) key frames for detail.
            setting: (T, K) from the frames they are drawn into.

        Returns:
            (T, D) float32.
        """
        drawn = self.basis.draw(rows[:, : self.mouths.coordinates] + setting)
        shapes, own = self.mouths.shapes(rows), self.mouths.drawn_shapes(rows)
        kept, bright = self.window.kept, self.lighting.bright
        for t, pick in enumerate(picks):
            luma = _warp(self.canon)(self._picture(drawn[t]), own[t], shapes[t])[kept]
            if self.finish.detail > 0:
                luma = self._detailed(luma, int(pick), shapes[t])
            drawn[t, :bright] = luma
        return drawn

    def _picture(self, flat: Floats) -> Floats:
        """(H, W) canonical luma of kept numbers, grey where nothing is kept."""
        bright = flat[: self.lighting.bright]
        picture = np.full(self.window.kept.shape, bright.mean(), np.float32)
        picture[self.window.kept] = bright
        return picture

    def _detailed(self, luma: Floats, pick: int, shape: Floats) -> Floats:
        """Give drawn luma the fine structure of a key frame."""
        kept, texture = self.window.kept, self.texture
        real = self._picture(texture.luma[pick].astype(np.float32))
        real = _warp(self.canon)(real, texture.lips[pick], shape)[kept]
        off = np.zeros(kept.shape, np.float32)
        off[kept] = luma - real
        soft = _COARSE * self.canon.inter_ocular
        coarse = cv2.GaussianBlur(off, (0, 0), soft)[kept] / _cover(self)
        share = self.finish.detail
        detailed: Floats = luma * (1 - share) + (real + coarse) * share
        return detailed

    def crisp(self, luma: Floats) -> Floats:
        """Sharpen a canonical luma picture (H, W) near the lips."""
        soft = cv2.GaussianBlur(luma, (0, 0), _unsharp_radius(self.canon))
        crisp: Floats = luma + _crisp_mask(self) * (luma - soft)
        return crisp


# Structure finer than this, in inter-ocular distances, comes from a real frame: on
# GRID s1 .025 blurs teeth, .05 takes half a dB of what the network knows better.
_COARSE = 0.03


@functools.lru_cache(2)
def _warp(canon: Canon) -> Warp:
    return Warp(canon)


@functools.lru_cache(2)
def _cover(face: PersonalFace) -> Floats:
    """How much of the blur's reach lies on kept pixels, for each of them."""
    kept = face.window.kept
    soft = _COARSE * face.canon.inter_ocular
    return np.asarray(cv2.GaussianBlur(kept.astype("f4"), (0, 0), soft)[kept], "f4")


def _unsharp_radius(canon: Canon) -> float:
    """Canonical pixels; wider is less true: 1.5 % more error at .0125, 5 % at .018."""
    return 0.009 * canon.inter_ocular


@functools.lru_cache(2)
def _networks(face: PersonalFace) -> Sequence[LipNetwork]:
    import torch

    from avatar_app.fit.face.lips import networks_of

    weights = {name: torch.from_numpy(array) for name, array in face.weights.items()}
    return networks_of(weights, face.sizes)


@functools.lru_cache(2)
def _crisp_mask(face: PersonalFace) -> Floats:
    return (face.finish.crispness * lips_nearness(face.canon)).astype(np.float32)


def keep_face(face: PersonalFace, shelf: Shelf, name: str) -> None:
    """Seal a face under a name: safetensors, the plain numbers in its header."""
    arrays = {
        "canon": face.canon.points,
        "patch": face.patch,
        "usual": face.lighting.usual,
        "basis.mean": face.basis.mean,
        # Half precision: a tenth of a grey level at most, and half the file.
        "basis.parts": face.basis.parts.astype(np.float16),
        "room": face.room,
        **{f"setting.{n}": getattr(face.setting, n) for n in Setting.__slots__},
        **{f"mouths.{n}": getattr(face.mouths, n) for n in Mouths.__slots__},
        **{f"texture.{n}": getattr(face.texture, n) for n in Texture.__slots__},
        **{f"native.{n}": getattr(face.native, n) for n in Pack.__slots__},
        "jaw.slopes": face.jaw.slopes,
        **face.weights,
    }
    plain = {
        "ear": ear(),
        "size": [face.canon.width, face.canon.height],
        "fineness": face.canon.fineness,
        "fps": face.fps,
        "finish": [face.finish.detail, face.finish.crispness],
        "sizes": asdict(face.sizes),
        "quality": face.quality,
    }
    whole = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
    shelf.write(name, save(whole, metadata={"face": json.dumps(plain)}))


def reopen_face(shelf: Shelf, name: str) -> PersonalFace:
    """Open a sealed face.

    Raises:
        FileTorn: It is damaged.
        AvatarOutdated: It learned to listen with another phone encoder, or to draw
            in another way.
    """
    from avatar_app.fit.face.lips import LipSizes

    content = shelf.read(name)
    try:
        arrays = load(content)
        plain = json.loads(_metadata(content)["face"])
        if plain["ear"] != ear() or "fineness" not in plain:
            raise AvatarOutdated
        if "mouths.implied" not in arrays:
            raise AvatarOutdated
        width, height = plain["size"]
        window = open_window(Canon(arrays["canon"], width, height, plain["fineness"]))
        parts = arrays["basis.parts"].astype(np.float32)
        sizes = plain["sizes"]
        sizes["dilations"] = tuple(sizes["dilations"])
        sizes["kinds"] = tuple(sizes["kinds"])
        return PersonalFace(
            window,
            arrays["patch"],
            Lighting.of(window, arrays["usual"]),
            Basis(arrays["basis.mean"], parts, window.weight),
            Setting(**_under(arrays, "setting")),
            Mouths(**_under(arrays, "mouths")),
            Texture(**_under(arrays, "texture")),
            Pack(**_under(arrays, "native")),
            Jaw(arrays["jaw.slopes"]),
            Finish(*plain["finish"]),
            arrays["room"],
            float(plain["fps"]),
            LipSizes(**sizes),
            {k: v for k, v in arrays.items() if k.startswith("lips.")},
            plain["quality"],
        )
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        raise FileTorn(name) from error


def _under(arrays: dict[str, Any], prefix: str) -> dict[str, Any]:
    start = prefix + "."
    return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}


def _metadata(content: bytes) -> dict[str, str]:
    """Read the header of safetensors bytes: eight bytes of length, then JSON."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    metadata: dict[str, str] = header["__metadata__"]
    return metadata
