"""Training of the larger decoder: one step after another, sealed as it goes."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load, save
from torch import Tensor

from avatar_app.fit.face.decoder import (
    LEVELS,
    Critic,
    DecoderSizes,
    LowerFaceDecoder,
    critic_loss,
    features_loss,
    joined,
    pyramid_loss,
)
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.shelf import Shelf
from avatar_app.work import Job, Progress

_KEPT_EVERY = 250  # steps
_UNSURE = 0.15  # deviations by which half the codes are off, as a lip network's are

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """What a decoder learns from, N pictures.

    Attributes:
        code: (N, C) float32, see ``code_of``.
        drawn: (N, K) float32, the coordinates that the basis draws.
        real: (N, D) uint8, lower faces in usual light.
    """

    code: Floats
    drawn: Floats
    real: NDArray[np.uint8]


def train_decoder(
    face: PersonalFace,
    pictures: Pictures,
    sizes: DecoderSizes,
    device: str,
    seed: int,
    shelf: Shelf,
    name: str,
) -> Job[LowerFaceDecoder]:
    """Train a decoder; what is finished is sealed under a name every few steps."""
    lesson = _Lesson(face, pictures, sizes, device, seed)
    if name in shelf:
        lesson.restore(shelf.read(name))
    while lesson.step < sizes.steps:
        lesson.take()
        if lesson.step % _KEPT_EVERY == 0 or lesson.step == sizes.steps:
            shelf.write(name, lesson.content())
        if lesson.step % 10 == 0:
            yield Progress(lesson.step, sizes.steps, "Drawing your mouth finer")
    return lesson.decoder.eval()


def off_by(
    face: PersonalFace,
    pictures: Pictures,
    network: LowerFaceDecoder | None,
    device: str = "cpu",
) -> float:
    """Weighted RMS difference from real pictures, grey levels; None: the basis."""
    weight = face.window.weight
    total = 0.0
    for start in range(0, len(pictures.code), 25):
        part = slice(start, start + 25)
        drawn = face.basis.draw(pictures.drawn[part])
        if network is not None:
            drawn = drawn + added(face, network, pictures.code[part], drawn, device)
        total += float(((drawn - pictures.real[part]) ** 2 * weight).sum())
    return float(np.sqrt(total / (len(pictures.code) * float(weight.sum()))))


def added(
    face: PersonalFace,
    network: LowerFaceDecoder,
    code: Floats,
    drawn: Floats,
    device: str,
) -> Floats:
    """(N, D) grey levels that a decoder adds to what the basis has drawn, (N, D)."""
    kept, half = (
        torch.from_numpy(k).to(device)
        for k in (face.window.kept, face.window.kept_half)
    )
    flat = torch.from_numpy(drawn).to(device) / LEVELS
    with torch.inference_mode(), quick(device):
        ground = joined(*laid_out(flat, kept, half))
        luma, tint = network(torch.from_numpy(code).to(device), ground)
    parts = [luma[:, 0][:, kept], tint[:, 0][:, half], tint[:, 1][:, half]]
    whole = torch.cat([part.float() for part in parts], dim=1)
    return np.asarray((whole * LEVELS).cpu().numpy(), np.float32)


def laid_out(flat: Tensor, kept: Tensor, half: Tensor) -> tuple[Tensor, Tensor]:
    """(B, D) numbers as luma (B, 1, H, W) and chromas (B, 2, H / 2, W / 2).

    Args:
        flat: The numbers.
        kept: (H, W) bool, which pixels of luma they are.
        half: (H / 2, W / 2) bool, which of the chromas.
    """
    bright, color = int(kept.sum()), int(half.sum())
    luma = flat.new_zeros(len(flat), 1, *kept.shape)
    tint = flat.new_zeros(len(flat), 2, *half.shape)
    luma[:, 0, kept] = flat[:, :bright]
    tint[:, 0, half] = flat[:, bright : bright + color]
    tint[:, 1, half] = flat[:, bright + color :]
    return luma, tint


def quick(device: str) -> AbstractContextManager[object]:
    """Half the bits where that is known to be quick and to work: on CUDA."""
    kind = torch.device(device).type
    return torch.autocast(kind, torch.bfloat16) if kind == "cuda" else nullcontext()


class _Lesson:
    """One decoder and its critic on their way."""

    def __init__(
        self,
        face: PersonalFace,
        pictures: Pictures,
        sizes: DecoderSizes,
        device: str,
        seed: int,
    ) -> None:
        torch.manual_seed(seed)
        self.step = 0
        self.decoder = LowerFaceDecoder(sizes).to(device)
        self._critic = Critic(sizes).to(device)
        self._optimizers = [
            torch.optim.AdamW(n.parameters(), sizes.rate, betas=(0.5, 0.99))
            for n in (self.decoder, self._critic)
        ]
        self._pictures, self._sizes = pictures, sizes
        self._device, self._seed = device, seed
        window = face.window
        self._kept = torch.from_numpy(window.kept).to(device)
        self._half = torch.from_numpy(window.kept_half).to(device)
        self._mean = torch.from_numpy(face.basis.mean).to(device)
        self._parts = torch.from_numpy(face.basis.parts).to(device)
        weight = torch.from_numpy(window.weight / window.weight.mean()).to(device)
        self._weights = self._laid_out(weight[None])

    def take(self) -> None:
        """Take one step; it draws the same pictures whenever it is taken."""
        sizes = self._sizes
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = sizes.rate * self._pace()
        code, drawn, real = self._drawn_lots()
        with quick(self._device):
            luma, tint = self.decoder(code, joined(*drawn))
            ours = (drawn[0] + luma * self._kept, drawn[1] + tint * self._half)
            # Squared as well: under absolute differences alone nothing is the best
            # guess for every pixel, and hundreds of steps went by before it moved.
            off = sum(
                (((a - b).abs() + (a - b) ** 2) * w).mean()
                for a, b, w in zip(ours, real, self._weights, strict=True)
            )
            loss = off + 0.25 * pyramid_loss(ours[0], real[0])
            if self.step >= sizes.alone * sizes.steps:
                self._teach_critic(joined(*real), joined(*ours).detach())
                verdict, seen = self._critic(joined(*ours))
                _, wanted = self._critic(joined(*real))
                loss = loss + 0.1 * features_loss(seen, wanted)
                loss = loss - sizes.judged * verdict.mean()
        self._descend(0, loss)
        self.step += 1

    def _teach_critic(self, real: Tensor, ours: Tensor) -> None:
        loss = critic_loss(self._critic(real)[0], self._critic(ours)[0])
        self._descend(1, loss)

    def _descend(self, which: int, loss: Tensor) -> None:
        optimizer = self._optimizers[which]
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    def _pace(self) -> float:
        """Share of the highest learning rate: up over a twentieth, then a cosine."""
        done = self.step / self._sizes.steps
        return min(1.0, done * 20 + 0.05) * (0.5 + 0.5 * float(np.cos(np.pi * done)))

    def _drawn_lots(
        self,
    ) -> tuple[Tensor, tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Codes, what the basis draws of them, and the real pictures, in LEVELS."""
        lots = np.random.default_rng((self._seed, self.step))
        pictures, batch = self._pictures, self._sizes.batch
        picked = lots.integers(len(pictures.code), size=batch)
        code = pictures.code[picked]
        unsure = lots.normal(0, _UNSURE, code.shape) * (lots.random((batch, 1)) < 0.5)
        told = torch.from_numpy((code + unsure).astype(np.float32)).to(self._device)
        coordinates = torch.from_numpy(pictures.drawn[picked]).to(self._device)
        real = torch.from_numpy(pictures.real[picked]).to(self._device).float()
        basis = self._mean + coordinates @ self._parts
        return told, self._laid_out(basis / LEVELS), self._laid_out(real / LEVELS)

    def _laid_out(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        return laid_out(flat, self._kept, self._half)

    def content(self) -> bytes:
        """Everything that is needed to go on, as safetensors."""
        tensors = {"step": torch.tensor(self.step)}
        for kind, network in (("decoder", self.decoder), ("critic", self._critic)):
            for name, value in network.state_dict().items():
                tensors[f"{kind}.{name}"] = value
        for number, optimizer in enumerate(self._optimizers):
            for index, moments in optimizer.state_dict()["state"].items():
                for name, value in moments.items():
                    tensors[f"adam.{number}.{index}.{name}"] = value
        return save({k: v.detach().cpu().contiguous() for k, v in tensors.items()})

    def restore(self, content: bytes) -> None:
        """Go on from ``content``."""
        tensors = load(content)
        self.step = int(tensors.pop("step"))
        self.decoder.load_state_dict(_below(tensors, "decoder."))
        self._critic.load_state_dict(_below(tensors, "critic."))
        for number, optimizer in enumerate(self._optimizers):
            moments: dict[int, dict[str, Tensor]] = {}
            for name, value in _below(tensors, f"adam.{number}.").items():
                index, key = name.split(".")
                moments.setdefault(int(index), {})[key] = value
            known: dict[str, Any] = optimizer.state_dict()
            optimizer.load_state_dict({**known, "state": moments})


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)
    }
