"""The pose convention and the mesh normals."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_training.render.geometry import (
    rotation_blend,
    rotation_matrix,
    smoothstep,
    vertex_normals,
)

NOSE, CROWN = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])


def test_yaw_turns_the_nose_to_image_right() -> None:
    assert np.allclose(rotation_matrix(90, 0, 0) @ NOSE, [1, 0, 0])


def test_pitch_lowers_the_nose() -> None:
    assert np.allclose(rotation_matrix(0, 90, 0) @ NOSE, [0, -1, 0])


def test_roll_tilts_the_crown_to_image_left() -> None:
    assert np.allclose(rotation_matrix(0, 0, 90) @ CROWN, [-1, 0, 0])


def test_roll_is_applied_last_and_pitch_first() -> None:
    whole = rotation_matrix(30, 20, 10)
    steps = rotation_matrix(0, 0, 10) @ rotation_matrix(30, 0, 0) @ rotation_matrix(0, 20, 0)
    assert np.allclose(whole, steps)


def test_mirroring_negates_yaw_and_roll() -> None:
    mirror = np.diag([-1.0, 1.0, 1.0])
    assert np.allclose(mirror @ rotation_matrix(25, -15, 8) @ mirror, rotation_matrix(-25, -15, -8))


def test_blend_runs_from_torso_to_head() -> None:
    torso, head = rotation_matrix(10, 0, 0), rotation_matrix(50, 0, 0)
    turns = rotation_blend(torso, head, 5)
    assert np.allclose(turns[0], torso)
    assert np.allclose(turns[2], rotation_matrix(30, 0, 0))
    assert np.allclose(turns[-1], head)


def test_normal_of_a_triangle_seen_counter_clockwise_faces_the_viewer() -> None:
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5]])
    normals = vertex_normals(points, np.array([[0, 1, 2]]))
    assert np.allclose(normals[:3], [0, 0, 1])
    assert np.allclose(normals[3], 0)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1.0, 0.0)])
def test_smoothstep_ends(low: float, high: float) -> None:
    assert smoothstep(low, high, low) == 0
    assert smoothstep(low, high, high) == 1
    assert smoothstep(low, high, 0.5) == pytest.approx(0.5)
