"""Caps, beanies, hoods, scarves and helmets, made from shells."""

from __future__ import annotations

import numpy as np

from edgereg_training.render import materials as m
from edgereg_training.render.geometry import Array, smoothstep
from edgereg_training.render.mesh_builder import MeshBuilder
from edgereg_training.render.shells import Skull, cells, grid_triangles, upsampled

KINDS = ("cap", "beanie", "scarf", "hood", "helmet")
_SHARES = (0.3, 0.24, 0.2, 0.2, 0.06)


def draw_kind(rng: np.random.Generator) -> str:
    """One of KINDS."""
    return str(rng.choice(KINDS, p=_SHARES))


def rim(kind: str, skull: Skull, rng: np.random.Generator) -> Array:
    """Degrees above the rim [ROWS,COLUMNS+1]: what is positive is covered."""
    turn = np.minimum(skull.azimuth, 360 - skull.azimuth)
    if kind in ("cap", "beanie", "helmet"):
        front, back = {
            "cap": (30, 8), "beanie": (rng.uniform(22, 34), -12), "helmet": (34, -8),
        }[kind]  # fmt: skip
        edge = front + (back - front) * smoothstep(20, 150, turn)
        return np.asarray(skull.elevation - edge)
    # The face shows through an oval opening.
    width = rng.uniform(48, 60) if kind == "scarf" else rng.uniform(55, 75)
    oval = np.hypot(turn / width, (skull.elevation + 16) / np.where(
        skull.elevation > -16, rng.uniform(46, 54), 46))  # fmt: skip
    return np.asarray((oval - 1) * width)


def add_headwear(
    rng: np.random.Generator, builder: MeshBuilder, skull: Skull, kind: str
) -> tuple[Array, Array]:
    """Append a garment of a kind in KINDS.

    Returns its point numbers without the brim, and the radii [ROWS,COLUMNS+1] within which hair
    must stay, infinite where nothing covers it.
    """
    above = rim(kind, skull, rng)
    lift = {"cap": 0.12, "beanie": 0.14, "scarf": 0.12, "hood": 0.24, "helmet": 0.3}[kind]
    lift = lift * rng.uniform(0.8, 1.3)
    radius = skull.radius + lift * smoothstep(-6, 6, above)
    top = smoothstep(40, 90, skull.elevation)
    if kind in ("beanie", "cap"):
        radius = radius + rng.uniform(0, 0.25) * top
    if kind in ("scarf", "hood"):
        radius = cloth_folds(rng, skull, radius, kind)
    radius[-2:] = radius[-3:].mean()
    points = skull.points(radius)
    # The texture cuts the rim clean; the cells alone would leave steps.
    layer = builder.add_alpha(np.asarray((upsampled(above) > 0) * 255, np.uint8))
    triangles, uv = grid_triangles(cells(above > -14))
    first = builder.add_mesh(points, triangles, 1.0, m.HAT, uv, layer)
    if kind == "cap":
        brim(rng, builder, skull, radius)
    if kind == "hood" or kind == "scarf":
        collar(builder, skull, 0.95 if kind == "hood" else 0.8)
    limit = np.where(above > -6, radius - 0.05, np.inf)
    worn = np.flatnonzero((above > 0).ravel()) + first
    return worn, limit


def cloth_folds(rng: np.random.Generator, skull: Skull, radius: Array, kind: str) -> Array:
    """Rounder than the skull, fuller behind, and down over the jaw."""
    turn = np.minimum(skull.azimuth, 360 - skull.azimuth)
    full = (0.3 if kind == "hood" else 0.12) * rng.uniform(0.6, 1.4)
    low = np.median(radius) * 0.95
    filled = np.maximum(radius, low * smoothstep(30, 80, turn))
    waves = 0.02 * np.sin(np.radians(turn) * rng.uniform(4, 9) + rng.uniform(0, 6))
    return np.asarray(filled + full * smoothstep(60, 160, turn) + waves)


def brim(rng: np.random.Generator, builder: MeshBuilder, skull: Skull, radius: Array) -> None:
    """A visor at the front, or at the back when the cap is worn the other way round."""
    facing = 180.0 if rng.random() < 0.12 else 0.0
    length, droop = rng.uniform(0.45, 0.75), rng.uniform(0.0, 0.3)
    angles = np.radians(np.linspace(-58, 58, 15))
    level = int(np.argmin(np.abs(skull.elevation[:, 0] - (30 if facing == 0 else 8))))
    base = float(np.mean(radius[level, :6] if facing == 0 else radius[level, 29:36]))
    height = base * np.sin(np.radians(skull.elevation[level, 0]))
    flat = base * np.cos(np.radians(skull.elevation[level, 0]))
    rows = []
    for share in (0.0, 0.5, 1.0):
        reach = flat + share * length * np.cos(angles * 1.2)
        x, z = reach * np.sin(angles), reach * np.cos(angles)
        y = height - droop * share - 0.12 * share * np.abs(np.sin(angles))
        sign = 1.0 if facing == 0 else -1.0
        rows.append(np.stack([x * sign, y, z * sign], 1) + skull.centre)
    points = np.concatenate(rows)
    index = (np.arange(2)[:, None] * 15 + np.arange(14)[None]).ravel()
    triangles = np.concatenate(
        [np.stack([index, index + 1, index + 16], 1), np.stack([index, index + 16, index + 15], 1)]
    )
    builder.add_mesh(points, triangles, 1.0, m.HAT)


def collar(builder: MeshBuilder, skull: Skull, width: float) -> None:
    """Cloth from the jaw down to the shoulders; its upper end follows the head."""
    turns = np.radians(np.linspace(0, 360, 33))
    rows, weights = [], []
    for share in np.linspace(0, 1, 7):
        across = width * (0.88 + 0.75 * share**2)
        y = -1.0 - 1.3 * share
        ring = np.stack([across * np.sin(turns), np.full(33, y),
                         -0.12 - 0.1 * share + across * 0.9 * np.cos(turns)], 1)  # fmt: skip
        rows.append(ring + skull.centre)
        weights.append(np.full(33, smoothstep(0.9, 0.1, share)))
    index = (np.arange(6)[:, None] * 33 + np.arange(32)[None]).ravel()
    triangles = np.concatenate(
        [np.stack([index, index + 34, index + 1], 1), np.stack([index, index + 33, index + 34], 1)]
    )
    uv = np.zeros((len(triangles), 3, 2), np.float32)
    builder.add_mesh(np.concatenate(rows), triangles, np.concatenate(weights), m.HAT, uv)


def tucked(hair: Array, skull: Skull, limit: Array) -> Array:
    """hair [n,3] pulled within the radii of `limit`."""
    away = hair - skull.centre
    reach = np.linalg.norm(away, axis=1)
    elevation = np.degrees(np.arcsin(np.clip(away[:, 1] / reach, -1, 1)))
    azimuth = np.degrees(np.arctan2(away[:, 0], away[:, 2])) % 360
    low, high = skull.elevation[0, 0], skull.elevation[-1, 0]
    rows, columns = limit.shape
    row = np.clip(np.round((elevation - low) / (high - low) * (rows - 1)), 0, rows - 1).astype(int)
    column = np.round(azimuth / 360 * (columns - 1)).astype(int)
    allowed = np.where(elevation < low, np.inf, limit[row, column])
    return np.asarray(skull.centre + away * np.minimum(1, allowed / reach)[:, None])
