"""Shells of hair and cloth around a spherical skull."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_training.render.geometry import Array
from edgereg_training.render.headwear import KINDS, add_headwear, tucked
from edgereg_training.render.mesh_builder import MeshBuilder
from edgereg_training.render.natural_hair import STYLES, add_cap, add_natural_hair
from edgereg_training.render.occlusion import sphere_directions
from edgereg_training.render.shells import Skull, grid_triangles, measure_skull

CENTRE = np.array([0.0, 7.0, 0.5])


@pytest.fixture
def skull() -> Skull:
    points = sphere_directions(3000).astype(np.float64) * 0.9 + CENTRE
    hairline = points[:, 1] - CENTRE[1] - 0.4 * points[:, 2]
    return measure_skull(points, hairline, CENTRE, np.zeros(len(points), bool))


def reach(points: Array) -> Array:
    return np.asarray(np.linalg.norm(points - CENTRE, axis=1))


def test_radius_of_a_sphere(skull: Skull) -> None:
    assert np.allclose(skull.radius, 0.9, atol=0.025)
    assert np.allclose(skull.points(skull.radius)[-1], CENTRE + np.array([0, 0.9, 0]), atol=0.03)


def test_grid_covers_all_cells_within_the_texture() -> None:
    triangles, uv = grid_triangles(np.ones((32, 64), bool))
    assert triangles.shape == (2 * 32 * 64, 3)
    assert uv.shape == (2 * 32 * 64, 3, 2)
    assert uv.min() >= 0
    assert uv.max() < 1


@pytest.mark.parametrize("style", STYLES)
def test_hair_grows_outwards(skull: Skull, style: str) -> None:
    builder = MeshBuilder()
    shown = add_natural_hair(np.random.default_rng(1), builder, skull, style, 0.2)
    points = builder.joined()["points"]
    assert len(shown)
    assert (reach(points[shown]) > 0.89).all()
    assert (builder.joined()["triangles"] < len(points)).all()


def test_cap_stays_between_skull_and_hair(skull: Skull) -> None:
    builder = MeshBuilder()
    hair = sphere_directions(2000).astype(np.float64) * 1.3 + CENTRE
    add_cap(builder, skull, hair[hair[:, 1] > 7])
    arrays = builder.joined()
    used = arrays["points"][np.unique(arrays["triangles"])]
    assert (reach(used) > 0.88).all()
    assert (reach(used) < 1.3).all()


@pytest.mark.parametrize("kind", KINDS)
def test_headwear_leaves_the_face_open(skull: Skull, kind: str) -> None:
    builder = MeshBuilder()
    worn, limit = add_headwear(np.random.default_rng(2), builder, skull, kind)
    points = builder.joined()["points"][worn] - CENTRE
    # Straight ahead is the face; straight up is always covered.
    ahead = points / np.linalg.norm(points, axis=1, keepdims=True) @ [0, 0, 1]
    assert ahead.max() < 0.99
    assert np.isfinite(limit[-1]).all()
    hair = sphere_directions(500).astype(np.float64) * 1.6 + CENTRE
    inside = tucked(hair, skull, limit)
    assert (reach(inside) < reach(hair) + 1e-9).all()
    assert reach(inside)[0] < 1.6
