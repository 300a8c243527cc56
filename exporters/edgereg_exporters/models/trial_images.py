"""Pictures to compare torch and the engine on: smooth colour patterns with edges, from a seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def trial_images(count: int, height: int, width: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """uint8 [count, height, width, 3]: waves of random colours and directions behind ellipses.

    Noise would average out in the first layers; these reach the network's deep layers.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    images = np.empty((count, height, width, 3), np.uint8)
    for image in images:
        picture = np.full((height, width, 3), rng.uniform(60, 190, 3))
        for _ in range(4):
            fx, fy, phase = rng.uniform(-9, 9), rng.uniform(-9, 9), rng.uniform(0, 7)
            wave = np.sin(2 * np.pi * (fx * x + fy * y) + phase)
            picture += wave[..., None] * rng.uniform(-30, 30, 3)
        for _ in range(4):
            cx, cy = rng.uniform(0, 1, 2) * (width, height) / max(height, width)
            rx, ry = rng.uniform(0.04, 0.3, 2)
            inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
            picture[inside] = 0.3 * picture[inside] + 0.7 * rng.uniform(0, 255, 3)
        image[:] = np.clip(picture, 0, 255)
    return images
