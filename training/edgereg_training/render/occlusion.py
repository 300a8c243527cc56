"""Ambient occlusion by rendering depth from many directions."""

from __future__ import annotations

import numpy as np

from edgereg_training.render.geometry import Array
from edgereg_training.render.materials import BROW, HAIR, LASH
from edgereg_training.render.raster import light_view, rasterise_depth

_DIRECTIONS = 26
_SIZE = 88
_BIAS = 0.014


def sphere_directions(count: int) -> Array:
    """Evenly spread unit vectors float32 [count,3] (Fibonacci's lattice)."""
    k = np.arange(count) + 0.5
    polar = np.arccos(1 - 2 * k / count)
    turn = np.pi * (1 + 5**0.5) * k
    parts = [np.cos(turn) * np.sin(polar), np.cos(polar), np.sin(turn) * np.sin(polar)]
    return np.stack(parts, 1).astype(np.float32)


def ambient_occlusion(arrays: dict[str, Array], count: int, size: float, centre: Array) -> Array:
    """Share of the sky each point sees, float32 [V] in about [0.25,1].

    Only the first `count` triangles cast; `size` (dm): the head's height, `centre` [3] its middle.
    """
    points = (arrays["points"] - centre).astype(np.float32)
    normals = arrays["normals"]
    # Sheets of hair have no inside: light reaches them from everywhere about equally.
    sheets = np.isin(arrays["material"], (HAIR, BROW, LASH))
    is_sheet = np.zeros(len(points), bool)
    is_sheet[arrays["triangles"][sheets].ravel()] = True
    depth = np.zeros((_SIZE, _SIZE), np.float32)
    screen = np.ones_like(points)
    seen, total = np.zeros(len(points)), np.full(len(points), 1e-6)
    one_sided = np.zeros_like(arrays["one_sided"])
    for direction in sphere_directions(_DIRECTIONS):
        if direction[1] < -0.75:
            continue
        light_view(points, len(points), direction, 1.6 * size, _SIZE, screen)
        rasterise_depth(
            screen, arrays["triangles"], count, one_sided, arrays["layer"], arrays["uv"],
            arrays["alphas"], depth,
        )  # fmt: skip
        column = np.clip(screen[:, 0].astype(int), 0, _SIZE - 1)
        row = np.clip(screen[:, 1].astype(int), 0, _SIZE - 1)
        weight = np.where(is_sheet, 0.6, np.clip(normals @ direction, 0, 1))
        seen += weight * (screen[:, 2] > depth[row, column] - _BIAS)
        total += weight
    share = np.where(total > 0.01, seen / total, 0.3)
    return np.asarray(0.25 + 0.75 * share, np.float32)
