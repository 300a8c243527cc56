"""Heads before a camera of known field of view."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from edgereg_headpose.place import HEAD_HEIGHT, places_of
from edgereg_headpose.task import HeadPose

from edgereg.api import Camera, Frame, Refinement, Regions, rotation_matrix

from .test_task import spec

SIZE = (640, 480)


def conclude(boxes: list[list[float]], pose: list[float], refined: bool = False) -> Any:
    """What a task with a field of view of 90 degrees says where the network reads `pose`."""
    task = HeadPose(fov=90.0)
    frame = Frame(0, 0.0, np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
    prepared = task.prepare(frame, Regions.of_boxes(boxes), spec())
    count = len(boxes)
    values = np.tile(np.float32(pose), (count, 1))
    outputs = {
        "values": values,
        "std": np.full((count, 3), 2, np.float32),
        "interval": np.stack([values - 3, values + 3], -1),
        "features": np.zeros((count, 8), np.float32),
    }
    proposal = task.propose(outputs, prepared, spec())
    path = np.tile(values[:, None], (1, 4, 1))
    climb = Refinement(path, np.zeros((count, 4), np.float32)) if refined else None
    return task.conclude(proposal, climb, prepared, spec())


def test_a_head_in_the_middle_reads_as_without_a_field_of_view() -> None:
    found = conclude([[290, 210, 350, 270]], [10, -5, 3])
    assert np.allclose(found.values[0, :3], [10, -5, 3], atol=1e-4)
    assert np.allclose(found.values[0, 3:5], 0, atol=1e-6)


def test_a_head_at_the_border_that_faces_the_camera_is_turned_to_it() -> None:
    """It shows its face to the lens: against the camera's axis it looks back to the middle."""
    (found,) = conclude([[600, 210, 660, 270]], [0, 0, 0])
    assert found["yaw"] == pytest.approx(-np.degrees(np.arctan(310 / 320)), abs=0.1)
    assert found["x"] > 0
    low, high = found.interval("yaw")
    assert (low, high) == pytest.approx((found["yaw"] - 3, found["yaw"] + 3), abs=1e-3)
    assert found.interval("distance")[0] < found["distance"] < found.interval("distance")[1]


def test_distance_follows_from_the_height_of_the_box() -> None:
    camera = Camera.of_fov(90, SIZE)
    height = camera.focal * HEAD_HEIGHT / 2.0
    middle = np.array([[310, 240 - height / 2, 330, 240 + height / 2]], np.float32)
    assert places_of(camera, middle)[0, 2] == pytest.approx(2.0, rel=0.01)


def test_the_path_of_refinement_is_turned_with_the_pose() -> None:
    found = conclude([[600, 10, 660, 70]], [20, 10, 5], refined=True)
    assert found.refinement.final == pytest.approx(found.values, abs=1e-4)
    straight = rotation_matrix(found.values[0, :3])
    turn = Camera.of_fov(90, SIZE).turns(np.array([[630.0, 40.0]]))[0]
    assert np.allclose(straight, turn @ rotation_matrix([20, 10, 5]), atol=1e-4)


def test_no_heads() -> None:
    assert conclude([], [0, 0, 0]).values.shape == (0, 6)
