"""Rotations: the same turn in every form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgereg.core.geometry import rotation_matrix
from edgereg.core.rotation import angles_of, geodesic, quaternions_of, recentred

ANGLE = st.floats(-89, 89)
POSE = st.tuples(ANGLE, ANGLE, ANGLE)


@given(POSE)
def test_angles_come_back_from_their_matrix(pose: tuple[float, float, float]) -> None:
    assert np.allclose(angles_of(rotation_matrix(pose)), pose, atol=1e-3)


@given(POSE)
def test_a_quaternion_turns_as_its_matrix_does(pose: tuple[float, float, float]) -> None:
    w, x, y, z = quaternions_of(pose)
    matrix = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    assert w >= 0
    assert np.allclose(matrix, rotation_matrix(pose), atol=1e-9)


@given(POSE, POSE)
def test_geodesic_is_the_angle_of_the_turn_between(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> None:
    between = rotation_matrix(first).T @ rotation_matrix(second)
    cosine = np.clip((np.trace(between) - 1) / 2, -1, 1)
    assert geodesic(first, second) == pytest.approx(np.degrees(np.arccos(cosine)), abs=1e-3)


def test_near_90_degrees_of_yaw_angles_differ_and_the_heads_do_not() -> None:
    assert geodesic([89.9, 30, 20], [89.9, 10, 0]) < 0.1


@given(POSE)
def test_the_zero_reads_zero(pose: tuple[float, float, float]) -> None:
    assert np.allclose(recentred(pose, pose), 0, atol=1e-3)


def test_a_turn_from_the_zero_is_read_as_that_turn() -> None:
    zero = rotation_matrix([20, -10, 5])
    head = angles_of(zero @ rotation_matrix([8, 4, -3]))
    assert np.allclose(recentred([head, head], [20, -10, 5]), [8, 4, -3], atol=1e-4)
