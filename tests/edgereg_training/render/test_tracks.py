"""Rendered roads: what the label means, and that pictures show what was computed."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_training.render.tracks import draw_track
from edgereg_training.render.tracks.camera import Camera
from edgereg_training.render.tracks.path import (
    FULL_LOCK,
    LOOKAHEAD,
    WHEELBASE,
    Path,
    lane_coordinates,
    random_path,
    steering_along,
)


def arc(curvature: float) -> Path:
    """A lane that begins under the car and bends to the right by 1 / curvature."""
    along = np.arange(-3.0, 60.0, 0.01)
    turned = curvature * along
    points = np.stack([(1 - np.cos(turned)) / curvature, np.sin(turned) / curvature], axis=1)
    return Path(points, turned, along)


@pytest.mark.parametrize("curvature", [0.01, -0.05, 0.15])
def test_on_an_arc_the_wheels_drive_that_arc(curvature: float) -> None:
    wanted = np.arctan(curvature * WHEELBASE) / FULL_LOCK
    assert steering_along(arc(curvature)) == pytest.approx(wanted, abs=2e-3)


def test_a_straight_lane_to_the_right_is_steered_to() -> None:
    along = np.arange(-3.0, 60.0, 0.01)
    path = Path(np.stack([np.ones_like(along), along], 1), np.zeros_like(along), along)
    wanted = np.arctan(2 * WHEELBASE / LOOKAHEAD**2) / FULL_LOCK
    assert steering_along(path) == pytest.approx(wanted, abs=1e-3)


def test_places_beside_an_arc() -> None:
    path = arc(0.1)
    index = np.array([500, 2000])
    side = np.stack([np.cos(path.heading[index]), -np.sin(path.heading[index])], 1)
    along, beside = lane_coordinates(path, path.points[index] + 1.5 * side)
    np.testing.assert_allclose(beside, 1.5, atol=1e-2)
    np.testing.assert_allclose(along, path.along[index], atol=1e-2)


def test_a_mirrored_lane_is_steered_the_other_way() -> None:
    path = random_path(np.random.default_rng(4), 0.4, 0.1, 0.1)
    mirrored = Path(path.points * [-1, 1], -path.heading, path.along)
    assert steering_along(mirrored) == pytest.approx(-steering_along(path))


@pytest.mark.parametrize("barrel", [0.0, 0.2])
def test_rays_and_projection_are_inverse(barrel: float) -> None:
    camera = Camera(60, 80, focal=45.0, pitch=0.2, roll=0.05, barrel=barrel)
    rays = camera.rays()[10:50:7, 5:75:9].reshape(-1, 3)
    rows, columns = np.mgrid[10:50:7, 5:75:9].reshape(2, -1)
    seen = camera.project(rays * 3.7)
    np.testing.assert_allclose(seen, np.stack([columns, rows], 1) + 0.5, atol=1e-2)


def test_pictures_follow_the_generator() -> None:
    first, again = (draw_track(np.random.default_rng(5), 48, 64) for _ in range(2))
    np.testing.assert_array_equal(first.image, again.image)
    assert first.image.shape == (48, 64, 3)
    views = [draw_track(np.random.default_rng([6, i]), 24, 32) for i in range(60)]
    steering = np.array([view.steering for view in views])
    assert {view.kind for view in views} == {"road", "tape", "cones"}
    assert np.abs(steering).max() <= 1
    assert steering.min() < -0.3 < 0.3 < steering.max()
