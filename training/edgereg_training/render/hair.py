"""Alpha textures and strands of hair."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from edgereg_training.render.assets import Assets
from edgereg_training.render.geometry import Array
from edgereg_training.render.noise import streaks

TEXTURE = 256


@lru_cache(maxsize=1)
def streak_pool() -> Array:
    """Strand textures float32 [6,256,256]."""
    rng = np.random.default_rng(77)
    return np.stack([streaks(rng, TEXTURE, 14.0, 0.9) for _ in range(6)])


@lru_cache(maxsize=64)
def alpha_texture(assets: Assets, name: str) -> Array:
    """Opacity uint8 [256,256] of a sheet: its texture islands with ragged, strand-like borders."""
    mesh = assets.parts[name].mesh
    islands = np.zeros((TEXTURE, TEXTURE), np.uint8)
    corners = np.mod(mesh.uv[mesh.uv_faces], 1.0001) * [TEXTURE, -TEXTURE] + [0, TEXTURE]
    for corner in np.round(corners).astype(np.int32):
        # One by one: filled together, overlapping faces would cancel out.
        cv2.fillPoly(islands, [corner], 255)
    depth = cv2.distanceTransform(islands, cv2.DIST_L2, 3)
    strands = streak_pool()
    # Only the ends of wide sheets fray: narrow strips would fall apart, and gaps would open.
    wide = cv2.dilate(depth, np.ones((13, 13), np.uint8)) > 6
    opaque = (depth / 3.5 + 0.4 * strands[0] > 0.25) | ~wide
    return np.asarray((opaque & (islands > 0)) * 255, np.uint8)
