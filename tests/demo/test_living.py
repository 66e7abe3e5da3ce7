"""The presenter lives: it blinks, looks about and sways, without ever jumping."""

from __future__ import annotations

import numpy as np

from avatar_app.demo.living import Living


def test_it_blinks_as_often_as_people_do() -> None:
    """12 to 20 blinks a minute, each with closed eyes in some picture."""
    life = Living(1)
    closed = np.array([life.closed_at(frame / 25) for frame in range(25 * 240)])
    begins = (closed[1:] > 0.9) & (closed[:-1] <= 0.9)

    assert 12 <= begins.sum() / 4 <= 20
    assert (closed > 0.05).mean() < 0.15


def test_the_head_moves_gently_and_never_jumps() -> None:
    """Between two pictures nothing moves by more than a hundredth of a unit."""
    life = Living(2)
    poses = [life.pose_at(frame / 25, 0.0) for frame in range(25 * 60)]
    track = np.array([[p.aside, p.down, p.roll, p.yaw, p.pitch] for p in poses])

    assert np.abs(np.diff(track, axis=0)).max() < 0.01
    assert np.abs(track).max() < 0.15
    assert (np.ptp(track, axis=0) > 0.02).all()


def test_eyes_rest_between_looks() -> None:
    """Gaze holds still most of the time and stays near the lens."""
    life = Living(3)
    gaze = np.array([life.gaze_at(frame / 25) for frame in range(25 * 60)])
    still = (np.abs(np.diff(gaze, axis=0)).max(1) == 0).mean()

    assert still > 0.9
    assert 0.005 < np.abs(gaze).max() < 0.05
