"""Fractal noise and streaks, the raw material of skin, hair, cloth and backgrounds."""

from __future__ import annotations

import cv2
import numpy as np

from edgereg_training.render.geometry import Array


def fractal(
    rng: np.random.Generator, height: int, width: int, persistence: float = 0.6, coarsest: int = 4
) -> Array:
    """1/f-like noise float32 [height,width] of zero mean and unit deviation.

    Octaves start at `coarsest` cells across; each is `persistence` times weaker than the last.
    """
    out = np.zeros((height, width), np.float32)
    amplitude, cells = 1.0, coarsest
    while cells < width:
        rows = max(2, round(cells * height / width)) + 1
        grid = rng.standard_normal((rows, cells + 1), np.float32)
        out += amplitude * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        amplitude *= persistence
        cells *= 2
    return np.asarray((out - out.mean()) / (out.std() + 1e-6), np.float32)


def streaks(rng: np.random.Generator, size: int, length: float, thickness: float) -> Array:
    """Tileable strands along v, float32 [size,size] of zero mean and unit deviation."""
    raw = rng.standard_normal((size, size), np.float32)
    tiled = np.pad(raw, size // 4, mode="wrap")
    soft = cv2.GaussianBlur(tiled, (0, 0), sigmaX=thickness, sigmaY=length)
    out = soft[size // 4 : -(size // 4), size // 4 : -(size // 4)]
    return np.asarray((out - out.mean()) / out.std(), np.float32)
