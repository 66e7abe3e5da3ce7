"""Lip networks: what they hear, what they learn, and who else may speak."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from avatar_app.fit.face.lips import (
    Lesson,
    LipSizes,
    lip_network,
    move_lips,
    networks_of,
    train_lips,
)
from avatar_app.fit.face.listening import (
    BANDS,
    EAR_HZ,
    HEARD,
    STEPS,
    level,
    listen,
    listen_to_another,
)
from avatar_app.media import Sound
from avatar_app.work import carry_out
from benchmarks.measures import correlation

Floats = NDArray[np.float32]
SMALL = LipSizes(outputs=2, channels=24, memory=16, steps=300, batch=8, excerpt=30)
EVERYTHING = np.ones(2, np.float32)


def lesson(seed: int, shift: int = 0) -> Lesson:
    """A clip whose opening is what one group of bands tells, two pictures later."""
    random = np.random.default_rng(seed)
    slow = random.standard_normal(STEPS * 60 + 40)
    said = np.convolve(slow, np.hanning(24), "same")[: STEPS * 60]
    said = (said / said.std()).astype(np.float32)
    heard = 0.1 * random.standard_normal((STEPS * 60, HEARD)).astype(np.float32)
    heard[:, 20 + shift : 30 + shift] += 0.5 * said[:, None]
    heard[:, BANDS : BANDS + 8] += 0.5 * said[:, None]
    later = np.concatenate([np.zeros(2, np.float32), said[::STEPS][:-2]])
    return Lesson(heard, np.stack([later, -later], axis=1))


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_each_kind_learns_how_sound_moves_the_mouth(number: int) -> None:
    """On a clip not learned from; another clip's mouth is not followed."""
    clips = [lesson(seed) for seed in range(6)]
    network = carry_out(train_lips(clips, EVERYTHING, SMALL, number, seed=0))
    unseen, wrong = lesson(100), lesson(101)
    said = move_lips([network], unseen.heard)

    assert said.shape == unseen.mouth.shape
    opening = said[:, 0].astype(np.float64)
    assert correlation(opening, unseen.mouth[:, 0].astype(np.float64)) > 0.85
    assert correlation(opening, wrong.mouth[:, 0].astype(np.float64)) < 0.45


def test_one_kind_hears_spectra_alone() -> None:
    """What is understood moves the mouth of the others, not of that one."""
    heard = lesson(0).heard
    other = heard.copy()
    other[:, BANDS:] = 0
    for number, kind in enumerate(SMALL.kinds):
        network = lip_network(SMALL, number).eval()
        same = (move_lips([network], heard) == move_lips([network], other)).all()
        assert same == (kind == "spectra")


def test_who_learned_with_others_understands_others() -> None:
    """A voice whose formants lie elsewhere is followed once others were heard."""
    own = [lesson(seed) for seed in range(6)]
    moved = [lesson(seed, shift=25) for seed in range(6)]
    for clip in (*own, *moved):
        clip.heard[:, BANDS:] = 0  # here only spectra tell
    taught = [
        Lesson(c.heard, c.mouth, (o.heard,)) for c, o in zip(own, moved, strict=True)
    ]
    stranger = lesson(100, shift=25)
    stranger.heard[:, BANDS:] = 0

    def missed(clips: list[Lesson]) -> float:
        network = carry_out(train_lips(clips, EVERYTHING, SMALL, 3, seed=0))
        said = move_lips([network], stranger.heard)
        return float(((said - stranger.mouth) ** 2).mean() / stranger.mouth.var())

    assert missed(taught) < 0.3
    assert missed(own) > 0.6


def test_the_same_seed_learns_the_same() -> None:
    """To the last bit on one machine; another seed another network."""
    few = LipSizes(outputs=2, channels=8, memory=8, steps=30, batch=4, excerpt=20)
    clips = [lesson(seed) for seed in range(2)]

    def said(seed: int) -> Floats:
        network = carry_out(train_lips(clips, EVERYTHING, few, 3, seed))
        return move_lips([network], clips[0].heard)

    assert (said(3) == said(3)).all()
    assert (said(3) != said(4)).any()


def test_kept_networks_say_what_they_said() -> None:
    """Rebuilt from their weights by name, each as its own kind."""
    torch.manual_seed(0)
    made = [lip_network(SMALL, number).eval() for number in range(4)]
    weights = {
        f"lips.{number}.{key}": value
        for number, network in enumerate(made)
        for key, value in network.state_dict().items()
    }
    heard = lesson(0).heard

    again = networks_of(weights, SMALL)

    for one, other in zip(made, again, strict=True):
        assert (move_lips([one], heard) == move_lips([other], heard)).all()


def vowel(pitch_hz: float, seconds: float = 2.0) -> Sound:
    """A buzz in the middle of quiet."""
    time = np.arange(int(EAR_HZ * seconds)) / EAR_HZ
    buzz = sum(np.sin(2 * np.pi * pitch_hz * k * time) / k for k in range(1, 8))
    on = (time > 0.8) & (time < 1.2)
    return Sound((0.1 * buzz * on).astype(np.float32), EAR_HZ)


@pytest.mark.parametrize("higher", [0.85, 1.28])
def test_another_throat_says_the_same_at_the_same_time(higher: float) -> None:
    """As a voice that much higher is heard; only the filters' last digits differ."""
    moments = np.arange(50) / 25
    ours = listen_to_another(vowel(400), moments, 25.0, higher)
    theirs = listen(level(vowel(400 * higher)), moments, 25.0)
    unmoved = listen(level(vowel(400)), moments, 25.0)
    loud = slice(STEPS * 22, STEPS * 28)

    near = np.abs(ours - theirs)[loud, :BANDS].mean()
    assert near < 0.35 * np.abs(unmoved - theirs)[loud, :BANDS].mean()
    level_ours, level_theirs = (
        x[:, :BANDS].mean(axis=1).astype(np.float64) for x in (ours, theirs)
    )
    assert correlation(level_ours, level_theirs) > 0.95
