"""Light: how a relief of a given color looks under the studio's three lamps.

Directions point from the surface to the lamp; x right, y down, z to the viewer. All
light is linear; ``to_screen`` bends it for the eye at the very end.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar_app.demo.anatomy import Field
from avatar_app.demo.sampling import Pixels

_KEY, _KEY_COLOR = (-0.52, -0.50, 0.69), (0.80, 0.93, 1.0)  # colors in B, G, R
_FILL, _FILL_COLOR = (0.72, -0.12, 0.68), (1.0, 0.86, 0.74)
_RIM, _RIM_COLOR = (0.86, -0.30, -0.42), (1.0, 0.90, 0.82)
_SKY, _GROUND = (0.34, 0.31, 0.29), (0.17, 0.19, 0.22)


def linear(red: float, green: float, blue: float) -> Field:
    """A color named in 0..255 sRGB as linear light, (3,) in B, G, R."""
    return np.asarray(
        np.power(np.array([blue, green, red], np.float32) / 255.0, 2.2), np.float32
    )


def normals(height: Field, unit: float) -> Field:
    """Surface normals (H, W, 3) of a height field; height in units, unit in pixels."""
    dx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=unit / 8)
    dy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=unit / 8)
    away = 1.0 / np.sqrt(dx * dx + dy * dy + 1.0)
    return np.stack([-dx * away, -dy * away, away], -1)


def occlusion(height: Field, unit: float, strength: float = 1.0) -> Field:
    """How much of the sky each point sees, in (0, 1]: hollows are darker."""
    light = np.ones_like(height)
    for reach, weight in ((0.03, 2.2), (0.08, 1.3), (0.22, 0.55)):
        buried = blurred(height, reach * unit) - height
        light *= np.exp(-strength * weight * np.maximum(buried, 0.0) / reach * 0.35)
    return light


def blurred(field: NDArray[Pixels], sigma: float) -> NDArray[Pixels]:
    """Gaussian blur, computed small when sigma is large."""
    mixed: Any = field  # OpenCV's stubs know no element types
    if sigma > 12:
        small = cv2.resize(mixed, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), sigma / 4)
        size = (field.shape[1], field.shape[0])
        soft = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    else:
        soft = cv2.GaussianBlur(mixed, (0, 0), sigma)
    return np.asarray(soft, field.dtype)


def lit(
    color: Field, normal: Field, sky: Field, softness: tuple[float, float, float]
) -> Field:
    """Diffuse light of all lamps on a surface.

    Args:
        color: (H, W, 3) or (3,) linear albedo.
        normal: (H, W, 3).
        sky: (H, W) or a number, share of ambient light that arrives.
        softness: How far light creeps round an edge, per channel; skin lets red
            creep furthest.
    """
    wrap = np.array(softness, np.float32)
    light = np.zeros((*normal.shape[:2], 3), np.float32)
    for lamp, tint, power in ((_KEY, _KEY_COLOR, 1.12), (_FILL, _FILL_COLOR, 0.34)):
        facing = (normal @ _unit(lamp))[..., None]
        light += power * np.array(tint) * _creep(facing, wrap)
    up = (0.5 - 0.5 * normal[..., 1])[..., None]
    light *= (0.35 + 0.65 * np.asarray(sky, np.float32))[..., None]
    ambient = np.array(_GROUND) * (1 - up) + np.array(_SKY) * up
    return np.asarray(
        color * (light + ambient * np.asarray(sky)[..., None]), np.float32
    )


def rim(normal: Field) -> Field:
    """Light from behind that catches the edges, (H, W, 3)."""
    edge = np.power(1.0 - np.clip(normal[..., 2], 0, 1), 2.5)
    facing = np.clip(normal @ _unit(_RIM), 0.0, 1.0)
    return np.asarray((edge * facing)[..., None] * np.array(_RIM_COLOR), np.float32)


def gloss(normal: Field, sharpness: float) -> Field:
    """Mirror-like glint of key and fill, (H, W)."""
    shine = np.zeros(normal.shape[:2], np.float32)
    for lamp, power in ((_KEY, 1.0), (_FILL, 0.25)):
        half = _unit(tuple(a + b for a, b in zip(_unit(lamp), (0, 0, 1), strict=True)))
        shine += power * np.power(np.clip(normal @ half, 0.0, 1.0), sharpness)
    return shine


def to_screen(light: Field) -> Field:
    """Linear light as 0..255 with a gentle shoulder, float32."""
    bent = light * (1.0 + light * 0.10) / (1.0 + light * 0.34)
    return np.asarray(255.0 * np.power(np.clip(bent, 0.0, 1.0), 1 / 2.2), np.float32)


def _creep(facing: Field, wrap: Field) -> Field:
    bent = np.clip((facing + wrap) / (1.0 + wrap), 0.0, 1.0)
    return np.asarray(bent * (0.35 + 0.65 * bent), np.float32)


def _unit(direction: tuple[float, ...] | Field) -> Field:
    vector = np.asarray(direction, np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)
