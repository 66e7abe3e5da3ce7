"""A face tracker sees the drawn face as it is drawn: it must, to be learned from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import mediapipe as mp
import numpy as np
import pytest
from numpy.typing import NDArray

from avatar_app.demo.living import Living
from avatar_app.demo.mouth import MouthShape
from avatar_app.demo.portrait import Look, Portrait
from avatar_app.demo.posing import HeadPose
from avatar_app.demo.speaking import utterances

_FPS = 25.0


@dataclass(frozen=True)
class _Seen:
    """What the tracker made of every picture; NaN where it saw no face.

    Attributes:
        aperture: Inner lips apart, over the distance of the outer eye corners.
        width: Mouth corners apart, over the same.
        chin: Height of the chin over the same, from the eyes down.
        drawn: Opening that was drawn, in face units.
    """

    aperture: NDArray[np.float64]
    width: NDArray[np.float64]
    chin: NDArray[np.float64]
    drawn: NDArray[np.float64]


def _tracked(portrait: Portrait, looks: list[Look]) -> _Seen:
    rows = []
    with mp.solutions.face_mesh.FaceMesh(
        refine_landmarks=False,
        max_num_faces=1,
        min_detection_confidence=0.4,
        min_tracking_confidence=0.4,
    ) as mesh:
        for look in looks:
            pixels = portrait.picture(look)
            found = mesh.process(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
            faces = found.multi_face_landmarks
            rows.append(_measured(faces[0].landmark) if faces else (math.nan,) * 3)
    aperture, width, chin = np.array(rows).T
    drawn = np.array([look.mouth.opening for look in looks])
    return _Seen(aperture, width, chin, drawn)


def _measured(marks: list[object]) -> tuple[float, float, float]:
    def at(number: int) -> NDArray[np.float64]:
        mark = marks[number]
        return np.array([mark.x * 16, mark.y * 9])  # type: ignore[attr-defined]

    eyes = float(np.linalg.norm(at(33) - at(263)))
    middle = (at(33) + at(263)) / 2
    return (
        float(np.linalg.norm(at(13) - at(14))) / eyes,
        float(np.linalg.norm(at(61) - at(291))) / eyes,
        float(np.linalg.norm(at(152) - middle)) / eyes,
    )


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    """The presenter at a size the tracker likes."""
    return Portrait(640, 360, 0)


@pytest.fixture(scope="module")
def spoken(portrait: Portrait) -> _Seen:
    """A sentence of some 60 pictures, tracked."""
    (piece,) = utterances("My father bought five new green boats.", "en-us", 16_000)
    life = Living(0)
    looks = []
    for frame in range(int(piece.sound.seconds * _FPS)):
        now = frame / _FPS
        pose = life.pose_at(now, piece.stress_at(now))
        looks.append(Look(piece.shape_at(now), life.closed_at(now), pose=pose))
    return _tracked(portrait, looks)


def test_every_picture_of_a_sentence_is_tracked(spoken: _Seen) -> None:
    """No picture loses the face, mouth wide open or eyes shut."""
    assert len(spoken.aperture) > 55
    assert not np.isnan(spoken.aperture).any()


def test_the_tracked_mouth_follows_the_drawn_one(spoken: _Seen) -> None:
    """Aperture correlates, width varies, and the chin really goes down."""
    follows = np.corrcoef(spoken.aperture, spoken.drawn)[0, 1]
    chin = np.corrcoef(spoken.chin, spoken.drawn)[0, 1]

    assert follows >= 0.85
    assert chin >= 0.6
    assert np.ptp(spoken.width) > 0.08


def test_closed_lips_look_closed_however_the_head_moves(portrait: Portrait) -> None:
    """In silence the tracked aperture is small and steady."""
    life = Living(0)
    looks = [
        Look(MouthShape(), life.closed_at(t), life.gaze_at(t), life.pose_at(t, 0.0))
        for t in np.arange(0, 8, 0.4).tolist()
    ]
    seen = _tracked(portrait, looks)

    assert np.nanmax(seen.aperture) < 0.02
    assert np.std(seen.aperture) < 0.006


def test_a_still_look_gives_a_still_picture(portrait: Portrait) -> None:
    """The same look twice is the same picture: no state leaks between them."""
    look = Look(MouthShape(jaw=0.4), 0.3, (0.01, 0.0), HeadPose(yaw=0.05))
    first = portrait.picture(look)
    portrait.picture(Look(MouthShape(jaw=1.0, wide=1.0), 1.0))

    assert (portrait.picture(look) == first).all()


def test_the_mouth_leaves_no_seam_in_a_face_at_rest(portrait: Portrait) -> None:
    """With closed lips the redrawn part is the painting itself, up to its borders."""
    at_rest = portrait.picture(Look())
    shut = portrait.painted()

    difference = np.abs(at_rest.astype(int) - shut.astype(int)).max(2)
    rows, columns = np.nonzero(difference > 24)
    middle, unit = 180 * 2 * 0.405, 360 * 0.198
    heights = (rows - middle) / unit
    away_from_features = (heights > 1.0) | (np.abs(columns - 320) > 0.75 * unit)
    assert not away_from_features.any()
