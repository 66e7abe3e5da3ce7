"""The painted skin: head, ears and neck, lit, with pores, lips, lids and folds."""

from __future__ import annotations

import numpy as np

from avatar_app.demo import anatomy, sculpting, shading
from avatar_app.demo.anatomy import Field, bell, smoothstep
from avatar_app.demo.canvas import Box, grain

_SKIN = shading.linear(228, 176, 150)
_NECK = shading.linear(216, 160, 134)
_LIPS = shading.linear(190, 102, 96)
_SOFT = (0.16, 0.26, 0.46)  # how far light creeps into skin: B, G, R


def paint_head(box: Box, relief: sculpting.Relief, rng: np.random.Generator) -> Field:
    """Paint the front of the head with its lips closed and its eyes as empty lids.

    Returns:
        (H, W, 3) linear light, meant to be seen through ``relief.cover``.
    """
    x, y = box.points()
    unit = box.canvas.unit
    height = relief.depth + _folds(x, y) + _pores(x, y, unit, rng)
    lips = lip_mask(x, y, unit)
    height += lips * 0.0009 * grain(x.shape, unit * 0.012, rng, 6.0)
    normal = shading.normals(height, unit)
    color = _complexion(x, y, rng)
    color = _mix(
        color,
        _LIPS * (1.0 + 0.05 * grain(x.shape, unit * 0.02, rng, 5.0))[..., None],
        0.82 * lips,
    )
    sky = shading.occlusion(height, unit) * _painted_shadows(x, y)
    light = shading.lit(color, normal, sky, _SOFT)
    oily = 0.030 + 0.05 * bell(x, 0.12) * bell(y - 0.42, 0.12)
    oily = oily + 0.018 * bell(x, 0.5) * bell(y + 0.62, 0.25) + 0.10 * lips
    shine = oily * shading.gloss(normal, 18.0) + 0.9 * oily * shading.gloss(
        normal, 60.0
    )
    return np.asarray(
        light + (shine * sky)[..., None] + 0.18 * shading.rim(normal), np.float32
    )


def paint_neck(box: Box, relief: sculpting.Relief, rng: np.random.Generator) -> Field:
    """Paint the neck, with the shadow of the jaw upon it."""
    x, y = box.points()
    unit = box.canvas.unit
    height = relief.depth + 0.0004 * grain(x.shape, unit * 0.02, rng)
    shade = 1.0 - 0.62 * smoothstep(2.0, 1.15, y + 0.25 * np.abs(x) - 0.12 * x)
    color = _NECK * (1.0 + 0.03 * grain(x.shape, unit * 0.2, rng))[..., None]
    sky = shading.occlusion(height, unit) * shade
    return shading.lit(color, shading.normals(height, unit), sky, _SOFT)


def paint_ears(box: Box, relief: sculpting.Relief, rng: np.random.Generator) -> Field:
    """Paint both ears with their rims and hollows."""
    x, y = box.points()
    unit = box.canvas.unit
    u, v = (np.abs(x) - 0.99) / 0.14, (y - 0.10) / 0.30
    ring = np.hypot(u, v)
    height = relief.depth + 0.055 * bell(ring - 0.84, 0.14)
    height += 0.035 * bell(np.hypot(u + 0.30, v - 0.02) - 0.40, 0.14)
    hollow = bell(np.hypot(u + 0.35, (v - 0.12) * 0.8), 0.42)
    color = _SKIN * np.array([0.78, 0.80, 0.98], np.float32)
    color = color * (1.0 + 0.03 * grain(x.shape, unit * 0.05, rng))[..., None]
    sky = shading.occlusion(height, unit) * (1.0 - 0.62 * hollow)
    sky = sky * (1.0 - 0.5 * smoothstep(1.0, 0.9, np.abs(x)))
    return shading.lit(color, shading.normals(height, unit), sky, (0.3, 0.4, 0.7))


def lip_mask(x: Field, y: Field, unit: float) -> Field:
    """Where the red of the lips is, in [0, 1], with a soft border."""
    soft = 0.022 + 0.6 / unit
    inside = np.minimum(y - anatomy.upper_lip_edge(x), anatomy.lower_lip_edge(x) - y)
    ends = smoothstep(anatomy.MOUTH_HALF_WIDTH + 0.01, 0.33, np.abs(x))
    return np.asarray(smoothstep(-soft, soft, inside) * ends, np.float32)


def _folds(x: Field, y: Field) -> Field:
    """Heights too fine for the sculpture: lips, philtrum, lids, folds. In units."""
    across = np.minimum(np.abs(x) / anatomy.MOUTH_HALF_WIDTH, 1.0)
    line, top = anatomy.mouth_line(x), anatomy.upper_lip_edge(x)
    bottom = anatomy.lower_lip_edge(x)
    full = 1.0 - across**3
    upper = (y - top) / np.maximum(line - top, 0.02)
    lower = (y - line) / np.maximum(bottom - line, 0.02)
    height = 0.050 * full * bell(upper - 0.62, 0.62) * (y <= line)
    height = height + 0.062 * full * bell(lower - 0.46, 0.56) * (y > line)
    height -= (
        0.050
        * bell(y - line, 0.020)
        * smoothstep(1.12, 0.9, np.abs(x) / anatomy.MOUTH_HALF_WIDTH)
    )
    height -= 0.006 * bell(np.abs(x) - 0.40, 0.03) * bell(y - 0.842, 0.05)
    height -= 0.018 * bell(x, 0.038) * bell(y - 0.69, 0.075)
    height += 0.008 * bell(np.abs(x) - 0.07, 0.03) * bell(y - 0.70, 0.07)
    height -= 0.045 * bell(y - 1.015 - 0.10 * x * x, 0.042) * bell(x, 0.24)
    fold = 0.27 + 0.50 * (y - 0.56) + 0.1 * np.square(y - 0.56)
    height -= 0.012 * bell(np.abs(x) - fold, 0.045) * bell(y - 0.66, 0.13)
    wing = np.hypot(np.abs(x) - 0.135, (y - 0.50) * 1.05)
    height -= 0.012 * bell(wing - 0.116, 0.026) * smoothstep(0.10, 0.20, np.abs(x))
    return np.asarray(height + _lids(x, y), np.float32)


def _lids(x: Field, y: Field) -> Field:
    s = anatomy.along_eye(x)
    near = smoothstep(1.35, 0.95, np.abs(s))
    crease, margin = anatomy.lid_crease(x), anatomy.upper_lid_edge(x)
    height = -0.030 * near * bell(y - crease, 0.022)
    height += 0.012 * near * bell(y - 0.5 * (crease + margin), 0.035)
    below = anatomy.lower_lid_edge(x)
    height += 0.010 * near * bell(y - below - 0.030, 0.026)
    height -= 0.010 * near * bell(y - below - 0.088 + 0.02 * s, 0.032)
    return np.asarray(height, np.float32)


def _pores(x: Field, y: Field, unit: float, rng: np.random.Generator) -> Field:
    """Fine bumps, none on a larger scale than a few pixels."""
    fine = grain(x.shape, max(1.6, unit * 0.009), rng)
    broad = grain(x.shape, unit * 0.035, rng)
    coarse = 0.6 + 0.6 * bell(np.abs(x) - 0.3, 0.25) * bell(y - 0.4, 0.3)
    return np.asarray(coarse * (0.00045 * fine + 0.0005 * broad), np.float32)


def _complexion(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Albedo (H, W, 3): redder cheeks, nose and ears, cooler jaw, darker lids."""
    ax = np.abs(x)
    red = 0.55 * bell(ax - 0.56, 0.24) * bell(y - 0.44, 0.20)
    red = red + 0.5 * bell(x, 0.16) * bell(y - 0.46, 0.13)
    red = red + 0.22 * bell(x, 0.2) * bell(y - 1.12, 0.14)
    beard = smoothstep(0.60, 0.86, y + 0.10 * ax) * smoothstep(1.05, 0.85, ax)
    beard = beard * (1.0 - 0.8 * bell(x, 0.1) * bell(y - 0.62, 0.05))
    lids = bell(ax - anatomy.EYE_X, 0.27) * bell(y + 0.02, 0.17)
    inner = bell(ax - 0.20, 0.09) * bell(y - 0.05, 0.12)
    mottle = grain(x.shape, 9.0, rng) * 0.010 + grain(x.shape, 40.0, rng) * 0.016
    color = _SKIN * (1.0 + mottle)[..., None]
    color = color * _tint(red, (0.74, 0.76, 1.02))
    color = color * _tint(0.20 * beard, (0.98, 0.88, 0.80))
    color = color * _tint(0.55 * lids, (0.80, 0.76, 0.88))
    color = color * _tint(0.35 * inner, (0.85, 0.74, 0.80))
    return np.asarray(color, np.float32)


def _painted_shadows(x: Field, y: Field) -> Field:
    """What the sky cannot reach: nostrils, eye hollows, under nose and lip."""
    ax = np.abs(x)
    nostril = bell(ax - 0.088 - 0.4 * (y - 0.57), 0.046) * bell(y - 0.572, 0.022)
    under = bell(x, 0.22) * bell(y - 0.625, 0.045)
    hollow = bell(ax - 0.33, 0.17) * bell(y + 0.14, 0.075)
    chin = bell(x, 0.22) * bell(y - 1.0, 0.035)
    shade = (1.0 - 0.93 * np.minimum(1.6 * nostril, 1.0)) * (1.0 - 0.30 * under)
    return np.asarray(shade * (1.0 - 0.26 * hollow) * (1.0 - 0.16 * chin), np.float32)


def _tint(amount: Field, color: tuple[float, float, float]) -> Field:
    """A factor that reaches a color where the amount reaches 1."""
    return np.asarray(
        1.0 + amount[..., None] * (np.array(color, np.float32) - 1.0), np.float32
    )


def _mix(base: Field, over: Field, amount: Field) -> Field:
    return np.asarray(base + (over - base) * amount[..., None], np.float32)
