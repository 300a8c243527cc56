"""Shells around the skull: smooth caps for natural hair, hats and scarves.

A shell is a grid over directions from the skull's centre: rows run from the bottom to the crown,
columns around from the front (+z) over the subject's left (+x).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import cKDTree

from edgereg_training.render.geometry import Array

ROWS, COLUMNS = 33, 64
_LOWEST, _HIGHEST = -70.0, 90.0


@dataclass(frozen=True, eq=False)
class Skull:
    """centre [3] dm; radius [ROWS,COLUMNS+1] dm of the bare head, the last column the first
    again; elevation, azimuth [ROWS,COLUMNS+1] degrees; hairline [ROWS,COLUMNS+1]: dm above it."""

    centre: Array
    radius: Array
    elevation: Array
    azimuth: Array
    hairline: Array

    def points(self, radius: Array) -> Array:
        """Points [ROWS*(COLUMNS+1),3] at the radii given."""
        return np.asarray(
            self.centre + directions(self.elevation, self.azimuth) * radius.reshape(-1, 1)
        )


def directions(elevation: Array, azimuth: Array) -> Array:
    """Unit vectors [n,3] of angles in degrees."""
    e, a = np.radians(elevation.ravel()), np.radians(azimuth.ravel())
    return np.stack([np.cos(e) * np.sin(a), np.sin(e), np.cos(e) * np.cos(a)], 1)


def measure_skull(points: Array, hairline: Array, centre: Array, ears: Array) -> Skull:
    """Radii of head skin points [n,3] seen from `centre`, without the points bool [n] `ears`."""
    row, column = np.mgrid[0:ROWS, 0 : COLUMNS + 1]
    elevation = _LOWEST + (_HIGHEST - _LOWEST) * row / (ROWS - 1)
    azimuth = 360.0 * column / COLUMNS
    away = points[~ears] - centre
    length = np.linalg.norm(away, axis=1)
    tree = cKDTree(away / length[:, None])
    _, nearest = tree.query(directions(elevation, azimuth), k=5)
    radius = length[nearest].max(1).reshape(row.shape)
    smooth = cv2.GaussianBlur(np.pad(radius, ((0, 0), (8, 8)), mode="wrap"), (0, 0), 1.2)
    height = hairline[~ears][nearest].mean(1).reshape(row.shape)
    return Skull(centre, np.maximum(smooth[:, 8:-8], radius - 0.02), elevation, azimuth, height)


def grid_triangles(keep: Array) -> tuple[Array, Array]:
    """Triangles [n,3] and uv [n,3,2] of the grid's cells, where keep bool [ROWS-1,COLUMNS]."""
    row, column = np.nonzero(keep)
    base = row * (COLUMNS + 1) + column
    up = base + COLUMNS + 1
    triangles = np.concatenate(
        [np.stack([base, base + 1, up + 1], 1), np.stack([base, up + 1, up], 1)]
    )
    index = np.arange(ROWS * (COLUMNS + 1))
    uv = np.stack([index % (COLUMNS + 1) / COLUMNS, index // (COLUMNS + 1) / (ROWS - 1)], 1)
    # The wrap of texture look-ups would read the bottom row at v = 1.
    return triangles, np.clip(uv, 0, 0.998)[triangles].astype(np.float32)


def cells(points: Array) -> Array:
    """bool [ROWS-1,COLUMNS] of cells all of whose corners are set in bool [ROWS,COLUMNS+1]."""
    return np.asarray(points[:-1, :-1] & points[1:, :-1] & points[:-1, 1:] & points[1:, 1:])


def upsampled(values: Array, size: int = 256) -> Array:
    """Grid values [ROWS,COLUMNS+1] as a texture float32 [size,size], row 0 at the crown (v = 1)."""
    return np.asarray(
        cv2.resize(values[::-1].astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
    )
