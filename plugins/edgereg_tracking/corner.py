"""The density of a box's upper left corner, as the EBM paper shows it (ECCV 2020, Fig. 4)."""

from __future__ import annotations

import numpy as np

from edgereg.api import FloatArray
from edgereg_tracking.networks import Networks

GRID = 12
# How far the corner is moved, in sides of the box, in each direction.
REACH = 0.12
# A sure box's density is a dot; this root of it shows to which side it falls off how fast.
ROOT = 8.0


def corner_density(networks: Networks, features: FloatArray, boxes: FloatArray) -> FloatArray:
    """The ROOT-th root of p of the corner over its greatest value, [B, GRID, GRID] in [0, 1], rows
    from top to bottom; the other corner stays.

    features: conditioned maps [B, C, h, w]; boxes: [B, 4] in crop pixels.
    """
    moves = np.linspace(-REACH, REACH, GRID, dtype=np.float32)
    dx, dy = np.meshgrid(moves, moves)
    sides = boxes[:, 2:] - boxes[:, :2]
    grid = np.repeat(boxes[:, None].astype(np.float32), GRID**2, axis=1)
    grid[..., 0] += dx.ravel() * sides[:, :1]
    grid[..., 1] += dy.ravel() * sides[:, 1:]
    f = networks.log_density(features, grid)
    density = np.exp((f - f.max(axis=1, keepdims=True)) / ROOT)
    return np.asarray(density.reshape(-1, GRID, GRID), np.float32)
