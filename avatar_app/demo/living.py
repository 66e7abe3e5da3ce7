"""What a living face does by itself: it sways, nods, blinks and looks about.

Everything follows from a seed and the time alone, so no state is kept however long
the presenter lives.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar_app.demo.posing import HeadPose

_BLINK_EVERY, _LOOK_EVERY = 3.8, 1.7  # seconds, on average
_CLOSING, _SHUT, _OPENING = 0.08, 0.05, 0.16  # seconds of a blink
_MOTIONS = ("aside", "down", "roll", "yaw", "pitch")
_SIZES = (0.045, 0.026, 0.018, 0.045, 0.032)  # units and radians, about two deviations


class Living:
    """The presenter's own life."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        rng = np.random.default_rng((seed, 11))
        # Three slow waves each, of periods that never meet again.
        self._rates = 2 * np.pi / rng.uniform(3.1, 11.0, (len(_MOTIONS), 3))
        self._phases = rng.uniform(0.0, 2 * np.pi, (len(_MOTIONS), 3))

    def pose_at(self, seconds: float, stress: float, bow: float = 0.0) -> HeadPose:
        """How the head is held; ``stress`` in [0, 1] nods and lifts the brows.

        ``bow`` is what a gesture adds to that, radians downwards.
        """
        waves = np.sin(self._rates * seconds + self._phases).sum(1) / 1.7
        sway = waves * np.array(_SIZES)
        return HeadPose(
            aside=float(sway[0]),
            down=float(sway[1]),
            roll=float(sway[2]),
            yaw=float(sway[3]),
            pitch=float(sway[4]) + 0.022 * stress + bow,
            brow=0.30 * stress + 0.12 * float(waves[1]),
            breath=0.008 * float(np.sin(seconds * 2 * np.pi / 4.2)),
        )

    def closed_at(self, seconds: float) -> float:
        """The eyelids: 0 open, 1 shut."""
        turn = int(seconds // _BLINK_EVERY)
        return max(
            _lid(seconds - self._blink(number)) for number in (turn - 1, turn, turn + 1)
        )

    def gaze_at(self, seconds: float) -> tuple[float, float]:
        """Where the irises are, right and down in units; they jump, then rest."""
        turn = int(seconds // _LOOK_EVERY)
        jump = _LOOK_EVERY * (turn + 0.6 * self._chance(turn, 1)[0])
        now = float(np.clip((seconds - jump) / 0.04, 0.0, 1.0))
        before, after = self._look(turn - 1), self._look(turn)
        gaze = before + (after - before) * now
        return float(gaze[0]), float(gaze[1])

    def _blink(self, number: int) -> float:
        """When the numbered blink begins, seconds."""
        return _BLINK_EVERY * (number + 0.8 * float(self._chance(number, 2)[0]))

    def _look(self, number: int) -> NDArray[np.float64]:
        chance = self._chance(number, 3)
        if chance[2] < 0.45:  # mostly into the lens
            return np.zeros(2)
        return np.asarray((chance[:2] - 0.5) * (0.050, 0.022))

    def _chance(self, number: int, what: int) -> NDArray[np.float64]:
        return np.random.default_rng((self._seed, what, number + 8)).random(3)


def _lid(since: float) -> float:
    """How far a lid is shut some seconds after its blink began."""
    if since <= 0.0 or since >= _CLOSING + _SHUT + _OPENING:
        return 0.0
    if since < _CLOSING:
        part = since / _CLOSING
    elif since < _CLOSING + _SHUT:
        return 1.0
    else:
        part = 1.0 - (since - _CLOSING - _SHUT) / _OPENING
    return part * part * (3.0 - 2.0 * part)
