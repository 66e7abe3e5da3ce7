"""Notes on a made-up idle film: a head that sways and blinks, in several clips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar_app.fit.face.idle import Idle
from avatar_app.fit.face.joins import Footage, find_joins

FPS = 25.0
SETTLING = 3


def swaying(
    clips: int = 8,
    frames: int = 100,
    blink_every: int = 90,
    seed: int = 0,
    gesture: int = 0,
    can_join: bool = True,
) -> Idle:
    """Make notes on so many clips.

    Args:
        clips: How many.
        frames: In each.
        blink_every: Frames from one blink to the next; 0 for none at all.
        seed: Of the head's motion.
        gesture: Frames of a further clip, a nod named "nod"; 0 for none.
        can_join: Whether joins are looked for.
    """
    lengths = [frames] * clips + ([gesture] if gesture else [])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    parts = np.stack([starts, lengths], axis=1).astype(np.int32)
    total = sum(lengths)
    rng = np.random.default_rng(seed)
    place = np.concatenate([_sway(rng, length) for length in lengths])
    if gesture:
        at = np.linspace(0, 2 * np.pi, gesture)
        place[-gesture:, 1] += 0.05 * (1 - np.cos(at))
    corners = np.array([[-0.5, 0.0], [0.5, 0.0], [0.0, 0.6]])
    head = (3.0 + corners[None] + place[:, None]).astype(np.float32)
    blinks = [
        (start + at, start + at + 2, start + at + 5)
        for start, length in parts[:clips]
        for at in (range(45, length - 8, blink_every) if blink_every else ())
    ]
    whole = np.array(blinks, np.int32).reshape(-1, 3)
    free = np.ones(total, np.bool_)
    for first, _, last in whole:
        free[first : last + 1] = False
    for start in starts:
        free[start : start + SETTLING] = False
    light = np.full((total, 3), 100, np.float32)
    turns = np.zeros((total, 3), np.float32)
    lids = np.ones(total, np.float32)
    plain = clips * frames
    footage = Footage(
        parts[:clips],
        head[:plain],
        turns[:plain],
        light[:plain],
        lids[:plain],
        free[:plain],
    )
    usual = float(np.percentile(footage.steps(), 99))
    small = np.zeros((plain, 1, 4), np.float32)
    joins = find_joins(footage, small, usual, FPS)
    if not can_join:
        joins = joins.only(np.zeros(len(joins), np.bool_))
    pose = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    return Idle(
        clips=parts,
        poses=np.repeat(pose[None], total, axis=0),
        light=light,
        setting=np.zeros((total, 5), np.float32),
        head=head,
        turns=turns,
        lids=lids,
        blinks=whole,
        within=np.ones(total, np.bool_),
        free=free,
        span=np.array([5, frames - 5], np.int32),
        leave=joins.leave,
        enter=joins.enter,
        cost=joins.cost,
        low=np.full(3, -10, np.float32),
        high=np.full(3, 10, np.float32),
        usual_step=np.array([usual], np.float32),
        inter_ocular=np.array([100.0], np.float32),
        fps=np.array([FPS], np.float32),
        overlap=joins.overlap,
        gestures={"nod": (plain, total - 1)} if gesture else {},
    )


def _sway(rng: np.random.Generator, frames: int) -> NDArray[np.float64]:
    """(T, 2) slow waves, in inter-ocular distances."""
    at = np.arange(frames)[:, None] / FPS
    periods = rng.uniform(2.5, 6.0, (2, 3))
    phases = rng.uniform(0, 2 * np.pi, (2, 3))
    waves = np.sin(2 * np.pi * at[..., None] / periods + phases).sum(axis=2)
    return np.asarray(0.012 * waves + rng.normal(0, 0.01, 2), np.float64)
