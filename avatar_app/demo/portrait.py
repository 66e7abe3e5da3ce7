"""The portrait: the painted presenter, taken as a picture with any face and pose."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.demo import hair, scene, sculpting, shading, skin
from avatar_app.demo.anatomy import Field
from avatar_app.demo.canvas import Box, Canvas
from avatar_app.demo.eyes import Eyes
from avatar_app.demo.mouth import Mouth, MouthShape
from avatar_app.demo.posing import HeadPose, Posing


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that moves, at one moment.

    Attributes:
        mouth: How the mouth is held.
        closed: Eyelids: 0 open, 1 shut.
        gaze: Shift of the irises to the right and down, in face units.
        pose: How the head is held.
    """

    mouth: MouthShape = field(default_factory=MouthShape)
    closed: float = 0.0
    gaze: tuple[float, float] = (0.0, 0.0)
    pose: HeadPose = field(default_factory=HeadPose)


class Portrait:
    """Takes pictures of the painted presenter."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        canvas = Canvas(width, height)
        painting, depth = _painted(canvas, seed)
        self._posing = Posing(painting, depth, canvas)
        self._painting, self._canvas = painting, painting.copy()
        self._mouth = Mouth(painting, canvas)
        self._eyes = Eyes(painting, canvas, np.random.default_rng(seed + 2))

    def painted(self) -> NDArray[np.uint8]:
        """The painting before anything moves: lips closed, lids without eyes."""
        return self._posing.picture(self._painting, HeadPose())

    def picture(self, look: Look) -> NDArray[np.uint8]:
        """Take one picture, (height, width, 3) uint8, newly made."""
        self._mouth.draw(look.mouth, self._canvas)
        self._eyes.draw(look.closed, look.gaze, self._canvas)
        return self._posing.picture(self._canvas, look.pose)


@functools.lru_cache(2)
def _painted(canvas: Canvas, seed: int) -> tuple[NDArray[np.uint8], Field]:
    """Paint the whole scene, and say how near each point of the canvas is."""
    rng = np.random.default_rng(seed + 1)
    wall = scene.paint_wall(canvas, rng)
    box = canvas.box(-2.7, -1.9, 2.7, 3.2)
    light = wall[box.rows, box.columns]
    nearness = np.full(light.shape[:2], -0.8, np.float32)
    torso = _seen(sculpting.bust, box)
    throat = _seen(sculpting.neck, box)
    ears = _seen(sculpting.ear, box)
    face = _seen(sculpting.head, box)
    clothes, worn = scene.paint_clothes(box, torso, rng)
    for color, relief, cover in (
        (skin.paint_neck(box, throat, rng), throat, throat.cover),
        (clothes, torso, worn),
        (skin.paint_ears(box, ears, rng), ears, ears.cover),
        (skin.paint_head(box, face, rng), face, face.cover),
    ):
        light += (color - light) * cover[..., None]
        nearness += (np.maximum(relief.depth, -0.8) - nearness) * cover
    painting = np.clip(shading.to_screen(wall), 0, 255).astype(np.uint8)
    part = painting[box.rows, box.columns]
    hair.draw_hair(part, box, rng)
    hair.draw_brows(part, box, rng)
    hair.draw_lashes(part, box, rng)
    scene.draw_mark(painting)
    depth = np.full(painting.shape[:2], -0.8, np.float32)
    depth[box.rows, box.columns] = nearness
    return painting, depth


def _seen(solid: sculpting.Solid, box: Box) -> sculpting.Relief:
    """Look at a solid, at half the canvas's fineness and on its right half only."""
    width, height = box.size
    unit = box.canvas.unit
    # Centers of two-by-two pixels, where resizing will look for them.
    x = (np.arange(1, width / 2, 2) / unit).astype(np.float32)
    y = (np.arange(box.top + 1, box.bottom, 2) - box.canvas.middle[1]) / unit
    grid = np.meshgrid(x, y.astype(np.float32))
    half = sculpting.carve(solid, grid[0], grid[1], 2.0 / unit)
    whole = [
        cv2.resize(
            np.concatenate([part[:, ::-1], part], 1),
            (width, height),
            interpolation=cv2.INTER_LINEAR,
        )
        for part in (half.depth, half.cover)
    ]
    return sculpting.Relief(whole[0], whole[1])
