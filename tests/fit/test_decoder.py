"""The larger decoder: it learns, goes on where it was, is kept, and is never needed."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from avatar_app.errors import FileTorn
from avatar_app.fit.face import decoder_training, decoding
from avatar_app.fit.face.basis import Basis, View, learn_basis
from avatar_app.fit.face.canon import Canon
from avatar_app.fit.face.crops import Window, open_window
from avatar_app.fit.face.decoder import (
    Critic,
    DecoderSizes,
    LowerFaceDecoder,
    joined,
    pyramid_loss,
)
from avatar_app.fit.face.decoder_training import Pictures, off_by, train_decoder
from avatar_app.fit.face.decoding import (
    DECODER,
    NO_GOOD,
    NO_MEMORY,
    NO_USE,
    USED,
    Decoder,
    Drawing,
    best_device,
    choose_decoder,
    fingerprint,
    fit_decoder,
    gather,
    keep_decoder,
    note_of,
    reopen_decoder,
)
from avatar_app.fit.face.personal import LIP_PARTS, PersonalFace
from avatar_app.fit.face.studying import Strips
from avatar_app.work import Job, Progress, carry_out
from tests.fakes.shelf import OpenShelf
from tests.fit.test_canon import canon_of_the_face

Floats = NDArray[np.float32]
PARTS = 1


def mouths_in(count: int, seed: int) -> Floats:
    """(count, 2) how open and how wide."""
    return np.random.default_rng(seed).uniform(0.1, 1, (count, 2)).astype(np.float32)


def painted(openings: Floats) -> NDArray[np.uint8]:
    """(N, D) lower faces: a dark mouth, and cheeks that shine as it opens."""
    window = open_window(canon_of_the_face())
    height, width = window.kept.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    dx, dy = (x - width / 2) / (0.3 * width), (y - 0.4 * height) / (0.3 * height)
    bright = int(window.kept.sum())
    faces = np.full((len(openings), len(window.weight)), 128, np.uint8)
    for face, (tall, wide) in zip(faces, openings, strict=True):
        hole = np.exp(-((dx / wide) ** 2) - (dy / tall) ** 2)
        shine = np.sin(5 * tall) * np.cos(dx) + np.cos(5 * wide) * np.sin(dy)
        luma = 130 + 40 * shine * (1 - hole) - 80 * hole
        face[:bright] = luma[window.kept].astype(np.uint8)
    return faces


def rows_of(face: PersonalFace, openings: Floats) -> Floats:
    """(N, K + 12) what a lip network would say of these mouths."""
    shapes = np.zeros((len(openings), LIP_PARTS), np.float32)
    coordinates = face.basis.measure(painted(openings).astype(np.float32))
    whole = np.concatenate([coordinates, shapes, openings], axis=1)
    return np.asarray(whole, np.float32)


@dataclass(frozen=True, eq=False)
class PaintedMouths:
    """As much of a person's mouths as a decoder needs."""

    mean: Floats
    spread: Floats
    coordinates: int = PARTS


@dataclass(frozen=True, eq=False)
class SteadyLight:
    """The same light always."""

    usual: Floats

    def remove(self, flat: NDArray[np.uint8], light: Floats) -> Floats:
        """Leave the numbers as they are."""
        return flat.astype(np.float32)


@dataclass(frozen=True, eq=False)
class PaintedFace:
    """As much of a face as a decoder needs: few parts, no pose, one light."""

    window: Window
    basis: Basis
    mouths: PaintedMouths
    lighting: SteadyLight

    @property
    def canon(self) -> Canon:
        """The canonical face."""
        return self.window.canon

    def setting(self, view: View) -> Floats:
        """Nothing: the head holds still."""
        return np.zeros((len(view.rigid), PARTS), np.float32)


@functools.lru_cache(1)
def made_face() -> PersonalFace:
    """A face of the painted mouths."""
    window = open_window(canon_of_the_face())
    openings = mouths_in(150, 0)
    basis = learn_basis(painted(openings).astype(np.float32), window.weight, PARTS)
    count = PARTS + LIP_PARTS + 2
    plain = PaintedMouths(np.zeros(count, np.float32), np.ones(count, np.float32))
    light = SteadyLight(np.array([114.0, 128.0, 128.0], np.float32))
    face = cast(PersonalFace, PaintedFace(window, basis, plain, light))
    rows = rows_of(face, openings)
    spread = rows.std(axis=0) + 1e-6
    known = PaintedMouths(rows.mean(axis=0), spread.astype(np.float32))
    return cast(PersonalFace, PaintedFace(window, basis, known, light))


def sizes(steps: int) -> DecoderSizes:
    """A decoder small enough for a test."""
    canon = made_face().canon
    code = 2 * PARTS + LIP_PARTS + 2
    return DecoderSizes(
        canon.width,
        canon.height,
        code,
        (16, 16, 12, 8, 8),
        hidden=24,
        critic=4,
        steps=steps,
        batch=8,
        rate=6e-3,
    )


def pictures(count: int, seed: int) -> Pictures:
    """Mouths to learn from or to be judged by."""
    face, openings = made_face(), mouths_in(count, seed)
    rows = rows_of(face, openings)
    still = np.zeros((count, PARTS), np.float32)
    code = decoding.code_of(face, rows, still)
    return Pictures(code, rows[:, :PARTS], painted(openings))


def trained(steps: int, shelf: OpenShelf | None = None) -> LowerFaceDecoder:
    """Train for some steps."""
    return carry_out(training(steps, shelf or OpenShelf()))


def training(steps: int, shelf: OpenShelf) -> Job[LowerFaceDecoder]:
    """The job that trains for some steps, unfinished work on a shelf."""
    taught = pictures(150, 1)
    return train_decoder(made_face(), taught, sizes(steps), "cpu", 0, shelf, "part")


def test_a_decoder_that_has_not_learned_says_nothing() -> None:
    """Before the first step the drawing is that of the basis."""
    judged = pictures(20, 2)

    assert off_by(made_face(), judged, trained(0)) == off_by(made_face(), judged, None)


def test_it_learns_what_the_basis_leaves_out() -> None:
    """On mouths it has not seen it is nearer to the real ones than the basis is."""
    judged = pictures(40, 2)
    basis = off_by(made_face(), judged, None)
    few, many = (off_by(made_face(), judged, trained(n)) for n in (20, 60))

    assert basis > 5
    assert few < basis
    assert many < 0.75 * basis
    # The control: other mouths' codes draw other mouths.
    other = replace(judged, code=judged.code[::-1].copy())
    assert off_by(made_face(), other, trained(60)) > 1.3 * many


def test_a_job_cut_short_goes_on_and_ends_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped after the critic joined in; nothing is done twice, nothing differs."""
    monkeypatch.setattr(decoder_training, "_KEPT_EVERY", 10)
    shelf = OpenShelf()
    job = training(40, shelf)
    said = [next(job), next(job), next(job)]
    job.close()
    steps: list[Progress] = []
    went_on = carry_out(training(40, shelf), steps.append)
    whole = trained(40)

    assert [s.done for s in said] == [10, 20, 30]
    assert [s.done for s in steps] == [40]
    for name, value in whole.state_dict().items():
        assert torch.equal(value, went_on.state_dict()[name]), name


def test_a_kept_decoder_draws_the_same() -> None:
    """Reopened by another process, to a tenth of a level; never with another face."""
    face, shelf = made_face(), OpenShelf()
    network = trained(30)
    weights = {k: v.half() for k, v in network.state_dict().items()}
    keep_decoder(Decoder(sizes(30), weights, fingerprint(face)), shelf)
    reopened = reopen_decoder(shelf, face)
    assert reopened is not None
    rows = rows_of(face, mouths_in(5, 3))
    still = np.zeros((5, PARTS), np.float32)
    drawn = Drawing(face, reopened, "cpu").draw(rows, still)
    basis = face.basis.draw(rows[:, :PARTS])
    code = decoding.code_of(face, rows, still)
    wanted = basis + decoder_training.added(face, network, code, basis, "cpu")
    other = replace(face, basis=replace(face.basis, mean=face.basis.mean + 1))

    assert np.abs(drawn - wanted).max() < 0.5
    assert np.abs(drawn - wanted).mean() < 0.05
    assert np.abs(drawn - basis).max() > 5
    assert reopen_decoder(shelf, other) is None
    assert reopen_decoder(OpenShelf(), face) is None
    shelf.tear(DECODER)
    with pytest.raises(FileTorn):
        reopen_decoder(shelf, face)


@pytest.mark.parametrize(
    ("there", "chosen"),
    [((), None), (("mps",), "mps"), (("cuda",), "cuda"), (("mps", "cuda"), "cuda")],
)
def test_a_gpu_is_chosen_where_there_is_one(
    there: tuple[str, ...], chosen: str | None
) -> None:
    """CUDA first, then Apple's; without either there is nothing to choose."""
    assert best_device(lambda name: name in there) == chosen


class PaintedStrips:
    """Twelve clips of painted mouths; in some frames no face was found."""

    def __init__(self) -> None:
        self.seen = [np.arange(20) != clip for clip in range(12)]
        self.openings = [mouths_in(20, 10 + clip) for clip in range(12)]
        self.light = [np.full((20, 3), 114.0, np.float32) for _ in self.openings]

    def __getitem__(self, clip: int) -> SimpleNamespace:
        blank = np.zeros((20, 3), np.float32)
        return SimpleNamespace(
            pixels=painted(self.openings[clip]),
            light=self.light[clip],
            band=blank.astype(np.uint8),
            rigid=blank,
        )


def enrolled() -> tuple[Strips, list[Floats]]:
    """The clips, and what a lip network should say to them."""
    face, strips = made_face(), PaintedStrips()
    said = [rows_of(face, o) for o in strips.openings]
    rows = [(r - face.mouths.mean) / face.mouths.spread for r in said]
    return cast(Strips, strips), rows


def fitted(
    device: str, steps: int, rate: float = 6e-3
) -> Job[tuple[Decoder | None, str]]:
    """Learn a decoder from the painted enrollment."""
    strips, rows = enrolled()
    small = replace(sizes(steps), rate=rate)
    return fit_decoder(
        made_face(), strips, rows, OpenShelf(), "fit/", device, small, seed=0
    )


def test_clips_are_gathered_evenly() -> None:
    """All pictures where there is room; where not, some of every clip."""
    strips, rows = enrolled()
    whole = gather(made_face(), strips, rows, [0, 3, 5])
    some = gather(made_face(), strips, rows, [0, 3, 5], most=20)

    assert len(whole.code) == 57
    assert len(some.code) == 20
    assert np.array_equal(whole.real[:19], strips[0].pixels[1:])


def unseen_pictures() -> Pictures:
    """Of the clip that ``fit_decoder`` leaves out."""
    strips, rows = enrolled()
    return gather(made_face(), strips, rows, [5])


@pytest.mark.parametrize("seed", [0, 1])
def test_it_learns_from_clips_and_is_kept(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Nearer to the clip left out than the basis, whatever chance it starts from."""
    face, shelf = made_face(), OpenShelf()
    strips, rows = enrolled()
    monkeypatch.setattr(decoding, "best_device", lambda: "cpu")
    carry_out(choose_decoder(face, strips, rows, shelf, "fit/", seed, sizes(60)))
    kept = reopen_decoder(shelf, face)
    assert kept is not None
    assert note_of(shelf) == USED
    judged = unseen_pictures()
    basis, drawing = off_by(face, judged, None), Drawing(face, kept, "cpu")

    ours = off_by(face, judged, drawing.network)
    # The control: other mouths' codes draw other mouths.
    other = replace(judged, code=judged.code[::-1].copy())

    assert ours < 0.75 * basis
    assert off_by(face, other, drawing.network) > 1.3 * ours


@pytest.mark.parametrize(("steps", "rate"), [(0, 6e-3), (8, 1e9)])
def test_it_is_left_out_where_it_draws_no_better(steps: int, rate: float) -> None:
    """One that has not learned, and one that burst: no decoder, a sentence."""
    assert carry_out(fitted("cpu", steps, rate)) == (None, NO_GOOD)


def test_without_a_gpu_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """No step, no file, no sentence."""
    shelf = OpenShelf()
    strips, rows = enrolled()
    monkeypatch.setattr(decoding, "best_device", lambda: None)
    steps: list[Progress] = []
    carry_out(choose_decoder(made_face(), strips, rows, shelf, "fit/", 0), steps.append)

    assert (len(steps), note_of(shelf), sorted(shelf.kept)) == (0, "", [])


def test_a_gpu_that_gives_up_costs_a_sentence_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A device that is not there, and ones without memory: the CPU's face remains."""
    absent = carry_out(fitted("cuda:99", 5))
    assert absent == (None, NO_USE)

    for reason in (torch.OutOfMemoryError(), RuntimeError("MPS backend out of memory")):

        def too_large(*_: object, why: Exception = reason) -> Job[LowerFaceDecoder]:
            yield Progress(1, 2, "Drawing")
            raise why

        monkeypatch.setattr(decoding, "train_decoder", too_large)
        assert carry_out(fitted("cpu", 5)) == (None, NO_MEMORY)


def test_pictures_of_any_size_fit() -> None:
    """Canonical pictures are multiples of 4, not of 16: what is too much is cut off."""
    odd = replace(sizes(1), width=124, height=92)
    ground = torch.zeros(2, 3, 92, 124)
    luma, tint = LowerFaceDecoder(odd)(torch.zeros(2, odd.code), ground)
    verdict, features = Critic(odd)(joined(luma, tint))

    assert luma.shape == (2, 1, 92, 124)
    assert tint.shape == (2, 2, 46, 62)
    assert verdict.shape[:2] == (2, 1)
    assert len(features) == 3


def test_the_pyramid_minds_coarse_differences_most() -> None:
    """The same difference counts more as light than as grain; none counts nothing."""
    real = torch.zeros(1, 1, 32, 32)
    grain = (torch.arange(32) % 2 * 2.0 - 1).expand(1, 1, 32, 32)

    assert pyramid_loss(real, real) == 0
    assert pyramid_loss(real + 1, real) > 2 * pyramid_loss(grain, real) > 0
