"""Rendered rooms: depths of known shapes, and pictures that the seed alone decides."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_training.render.interiors.solids import Solid, leave, meet, surface
from edgereg_training.render.interiors.view import NEAREST, draw_interior

EYE = np.zeros(3, np.float32)
AHEAD = np.array([[0, 0, 1], [0.5, 0, 1], [0, 3, 1]], np.float32)


def solid(shape: str, turn: float = 0.0) -> Solid:
    middle, half = np.array([0, 0, 5], np.float32), np.array([1, 2, 1], np.float32)
    return Solid(shape, middle, half, turn, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", ["box", "cylinder", "ellipsoid"])
def test_the_first_ray_meets_the_front_and_others_miss(shape: str) -> None:
    found = meet(solid(shape), EYE, AHEAD)
    assert found.t[0] == pytest.approx(4)
    assert np.isinf(found.t[1:]).all()
    seen = np.isfinite(found.t)
    normals, _ = surface(found, AHEAD[seen] * found.t[seen, None], seen)
    np.testing.assert_allclose(normals, [[0, 0, -1]], atol=1e-6)


def test_a_box_turned_by_45_degrees_shows_its_edge() -> None:
    assert meet(solid("box", np.pi / 4), EYE, AHEAD).t[0] == pytest.approx(5 - 2**0.5, abs=1e-5)


def test_what_lies_behind_is_not_met() -> None:
    assert np.isinf(meet(solid("box"), EYE, -AHEAD).t).all()


def test_walls_are_where_rays_leave_the_room() -> None:
    room = Solid("box", np.array([0, 0, 2], np.float32), np.array([3, 1, 4], np.float32), 0.0, 0)
    found = leave(room, EYE, AHEAD)
    np.testing.assert_allclose(found.t, [6, 6, 1 / 3], rtol=1e-5)
    assert found.side.tolist() == [2, 0, 1] or found.side.tolist() == [2, 2, 1]
    normals, _ = surface(found, AHEAD * found.t[:, None], np.ones(3, bool), inward=True)
    np.testing.assert_allclose(normals[0], [0, 0, -1], atol=1e-6)


def test_the_seed_decides_picture_and_depth() -> None:
    first, again, other = (draw_interior(np.random.default_rng(s), 30, 40) for s in (5, 5, 6))
    assert first.image.tobytes() == again.image.tobytes()
    assert first.depth.tobytes() == again.depth.tobytes()
    assert first.image.tobytes() != other.image.tobytes()


def test_depths_are_those_of_rooms() -> None:
    views = [draw_interior(np.random.default_rng([1, i]), 24, 32) for i in range(12)]
    depths = np.stack([view.depth for view in views])
    assert depths.min() > 0.5 * NEAREST
    assert depths.max() < 15
    assert 1 < np.median(depths) < 5
    # A picture shows something, and light is neither all nor nothing.
    assert all(view.image.std() > 3 for view in views)
    assert 50 < np.mean([view.image.mean() for view in views]) < 220
