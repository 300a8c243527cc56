"""Head poses between conventions."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_training.data.angles import angles_of, from_300w_lp, from_camera, to_300w_lp
from hypothesis import given
from hypothesis import strategies as st

from edgereg.core.geometry import rotation_matrix

ANGLES = st.tuples(st.floats(-85, 85), st.floats(-85, 85), st.floats(-85, 85))


@given(ANGLES)
def test_angles_of_a_rotation_are_those_it_was_made_of(angles: tuple[float, float, float]) -> None:
    assert angles_of(rotation_matrix(angles)) == pytest.approx(angles, abs=1e-6)


@given(ANGLES)
def test_300w_lp_and_back(angles: tuple[float, float, float]) -> None:
    yaw, pitch, roll = angles
    ours = from_300w_lp(*np.radians([pitch, yaw, roll]))
    assert to_300w_lp(ours) == pytest.approx(angles, abs=1e-6)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        # Alone, each of 300W-LP's angles is ours with the other sign: +yaw looks to image left,
        # +pitch up, and +roll tilts the crown to image right.
        ((0.0, 0.3, 0.0), (-0.3, 0.0, 0.0)),
        ((0.3, 0.0, 0.0), (0.0, -0.3, 0.0)),
        ((0.0, 0.0, 0.3), (0.0, 0.0, -0.3)),
    ],
)
def test_single_angles_of_300w_lp(
    theirs: tuple[float, float, float], ours: tuple[float, float, float]
) -> None:
    assert from_300w_lp(*theirs) == pytest.approx(np.degrees(ours), abs=1e-9)


def test_the_order_of_300w_lps_rotations_matters() -> None:
    together = from_300w_lp(0.5, 0.8, 0.3)
    assert np.abs(together - np.degrees([-0.8, -0.5, -0.3])).max() > 5


def test_a_nose_points_where_the_face_of_300w_lp_looks() -> None:
    # The set's own matrices: R = Rx Ry Rz with the sines of the lower left negative.
    pitch, yaw, roll = 0.5, 0.8, 0.3
    sines = np.sin([pitch, yaw, roll])
    cosines = np.cos([pitch, yaw, roll])
    about_x = [[1, 0, 0], [0, cosines[0], sines[0]], [0, -sines[0], cosines[0]]]
    about_y = [[cosines[1], 0, -sines[1]], [0, 1, 0], [sines[1], 0, cosines[1]]]
    about_z = [[cosines[2], sines[2], 0], [-sines[2], cosines[2], 0], [0, 0, 1]]
    theirs = np.array(about_x) @ about_y @ about_z
    assert rotation_matrix(from_300w_lp(pitch, yaw, roll)) == pytest.approx(theirs)


def test_hopenet_reads_the_negatives_out_of_biwis_matrix() -> None:
    rng = np.random.default_rng(0)
    yaw, pitch, roll = rng.uniform(-60, 60, 3)
    y, p, r = np.radians([yaw, pitch, roll])
    # HopeNet: roll = atan2(R10, R00), yaw = atan2(-R20, ..), pitch = -atan2(R21, R22).
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(-p), -np.sin(-p)], [0, np.sin(-p), np.cos(-p)]]
    matrix = np.array(about_z) @ about_y @ about_x
    assert from_camera(matrix) == pytest.approx([-yaw, -pitch, -roll])
