"""Hair grown as shells on the skull: crops, curls, afros, and the cap under bound hair meshes."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import cKDTree

from edgereg_training.render import materials as m
from edgereg_training.render.geometry import Array, smoothstep
from edgereg_training.render.mesh_builder import MeshBuilder
from edgereg_training.render.noise import fractal
from edgereg_training.render.shells import (
    COLUMNS,
    ROWS,
    Skull,
    cells,
    directions,
    grid_triangles,
    upsampled,
)

# Style: range of the length in dm, and of the share by which curls vary it.
STYLES = {
    "crop": ((0.06, 0.16), (0.05, 0.25)),
    "grown": ((0.16, 0.34), (0.1, 0.3)),
    "curls": ((0.14, 0.34), (0.2, 0.4)),
    "afro": ((0.35, 0.75), (0.06, 0.14)),
}


def add_natural_hair(
    rng: np.random.Generator, builder: MeshBuilder, skull: Skull, style: str, recession: float
) -> Array:
    """Append a shell of hair; returns the numbers of its points that show."""
    length, curl = (rng.uniform(*span) for span in STYLES[style])
    front = smoothstep(75, 30, np.minimum(skull.azimuth, 360 - skull.azimuth))
    height = skull.hairline - 0.4 * recession**2 * front
    grown = length * smoothstep(-0.02, 0.3 + 0.5 * length, height)
    # More on the top than at the sides, as barbers leave it; a quiff or a parting at the front.
    top = smoothstep(10, 60, skull.elevation)
    grown = grown * (rng.uniform(0.4, 1.0) + (1 - rng.uniform(0.0, 0.5)) * top)
    grown = grown * (1 + rng.normal(0, 0.2) * np.sin(np.radians(skull.azimuth)) * top)
    # Few lumps and soft ones: single vertices would stand up as spikes.
    lumps = cv2.GaussianBlur(fractal(rng, ROWS, COLUMNS, 0.7, 10), (0, 0), 0.8)
    lumps = np.concatenate([lumps, lumps[:, :1]], 1)
    grown = grown * np.clip(1 + curl * lumps, 0.3, 2)
    grown[-2:] = grown[-3:].mean()
    points = skull.points(skull.radius + 0.02 + grown)
    grain = fractal(rng, 256, 256, 0.95, 24)
    ragged = upsampled(height) + rng.uniform(0.01, 0.03) * grain > 0.0
    layer = builder.add_alpha(np.asarray(ragged * 255, np.uint8))
    triangles, uv = grid_triangles(cells(height > -0.12))
    first = builder.add_mesh(points, triangles, 1.0, m.HAIR, uv, layer)
    return np.flatnonzero((height > 0).ravel()) + first


def add_cap(builder: MeshBuilder, skull: Skull, hair: Array) -> None:
    """Append a layer between the skull and bound hair points [n,3]: partings show no gaps."""
    away = hair - skull.centre
    reach = np.linalg.norm(away, axis=1)
    tree = cKDTree(away / reach[:, None])
    angle, nearest = tree.query(directions(skull.elevation, skull.azimuth), k=6)
    room = (reach[nearest].min(1) - skull.radius.ravel()).reshape(skull.radius.shape)
    covered = np.asarray(angle)[:, 0].reshape(room.shape) < 0.12
    lift = np.clip(0.75 * room, 0.02, 0.5) * smoothstep(0.0, 0.2, skull.hairline)
    lift = cv2.GaussianBlur(lift, (0, 0), 1.0)
    inside = (skull.hairline > 0.0) & covered
    triangles, uv = grid_triangles(cells(inside))
    builder.add_mesh(skull.points(skull.radius + lift), triangles, 1.0, m.SCALP, uv)
