"""A camera turned to a head: pose and size do not depend on where in the frame it is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgereg.core.camera import Camera
from edgereg.core.crops import region_crops, without_top
from edgereg.core.frames import Frame
from edgereg.core.geometry import rotation_matrix
from edgereg.core.model_spec import ModelSpec
from edgereg.core.regions import Regions

WIDTH, HEIGHT = 640, 480
CAMERA = Camera.of_fov(90, (WIDTH, HEIGHT))


def project(points: np.ndarray) -> np.ndarray:
    """Pixels [N, 2] of points [N, 3] before the camera."""
    x, y, z = points.T
    return np.stack([WIDTH / 2 + CAMERA.focal * x / -z, HEIGHT / 2 - CAMERA.focal * y / -z], 1)


def spec(crop_top: float = 0.0) -> ModelSpec:
    return ModelSpec.model_validate(
        {
            "schema_version": 1,
            "name": "any",
            "version": "1",
            "task": "any",
            "method": "any",
            "targets": [],
            "input": {"width": 64, "height": 64, "crop_scale": 1.0, "crop_top": crop_top},
            "graphs": {"predict": {"file": "predict.onnx", "sha256": "0" * 64}},
            "training_data": "none",
            "licence": "Apache-2.0",
        }
    )


def test_the_field_of_view_ends_at_the_frame_s_border() -> None:
    rays = CAMERA.rays(np.array([[0, HEIGHT / 2], [WIDTH, HEIGHT / 2]]))
    assert np.degrees(np.arccos(rays[0] @ rays[1])) == pytest.approx(90)


@pytest.mark.parametrize("degrees", [0.0, 179.0, float("nan")])
def test_an_impossible_field_of_view_is_refused(degrees: float) -> None:
    with pytest.raises(ValueError, match="1 to 170"):
        Camera.of_fov(degrees, (10, 10))


def test_a_turn_carries_the_axis_to_the_point() -> None:
    points = np.array([[0.0, 0.0], [WIDTH / 2, HEIGHT / 2], [600.0, 100.0]])
    turns = CAMERA.turns(points)
    assert np.allclose(turns @ [0, 0, -1], CAMERA.rays(points))
    assert np.allclose(turns @ np.swapaxes(turns, 1, 2), np.eye(3), atol=1e-12)
    assert np.allclose(turns[1], np.eye(3))


@pytest.mark.parametrize("degrees", [0, 20, 40])
def test_a_ball_has_one_size_wherever_it_is(degrees: float) -> None:
    around = np.linspace(0, 2 * np.pi, 400)
    ray = rotation_matrix([-degrees, 0, 0]) @ [0, 0, -1.0]
    # The ball's outline: a circle about the ray at 2 m, 0.1 m wide.
    circle = np.stack([np.cos(around), np.sin(around), np.zeros_like(around)], 1) * 0.1
    outline = project(circle @ rotation_matrix([-degrees, 0, 0]).T + 2 * ray)
    box = np.concatenate([outline.min(0), outline.max(0)])[None]
    turns = CAMERA.turns((box[:, :2] + box[:, 2:]) / 2)
    sides = CAMERA.straightened(box, turns)[0]
    assert sides == pytest.approx(CAMERA.focal * 0.1, rel=0.01)


def test_a_crop_shows_what_a_turned_camera_would() -> None:
    """A square tilted towards the camera's ray, far off the axis, is a square in its crop."""
    turn = CAMERA.turns(np.array([[560.0, 240.0]]))[0]
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * 0.1
    flat = np.concatenate([corners, np.full((4, 1), -1.0)], 1)
    seen = project(flat @ turn.T)
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    cv2.fillConvexPoly(frame, (seen * 16 - 8).astype(np.int32), (255, 255, 255), shift=4)
    (crop,) = CAMERA.crops(frame, turn[None], np.array([0.4 * CAMERA.focal]), 64)
    rows, columns = np.nonzero(crop[..., 0] > 127)
    assert rows.min() == pytest.approx(16, abs=1)
    assert rows.max() == pytest.approx(47, abs=1)
    assert columns.min() == pytest.approx(16, abs=1)
    assert columns.max() == pytest.approx(47, abs=1)
    assert len(rows) == pytest.approx(32 * 32, rel=0.05)
    assert np.ptp(seen[:, 0]) / np.ptp(seen[:, 1]) > 1.15


def test_in_the_middle_a_camera_changes_nothing() -> None:
    image = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    frame = Frame(0, 0.0, cv2.GaussianBlur(image, (0, 0), 3))
    middle = Regions.of_boxes([WIDTH / 2 - 50, HEIGHT / 2 - 50, WIDTH / 2 + 50, HEIGHT / 2 + 50])
    plain = region_crops(frame, middle, spec())
    known = region_crops(frame, middle, spec(), CAMERA)
    assert known.turns is not None
    difference = plain.images.astype(int) - known.images
    assert np.abs(difference).mean() < 1.5


def test_the_top_of_a_box_is_left_out() -> None:
    boxes = np.array([[10, 20, 50, 100]], np.float32)
    assert without_top(boxes, 0.25).tolist() == [[10, 40, 50, 100]]
    frame = Frame(0, 0.0, np.zeros((200, 200, 3), np.uint8))
    prepared = region_crops(frame, Regions.of_boxes(boxes), spec(0.25))
    assert np.allclose(prepared.scale, 64 / 60)
    assert np.allclose(prepared.origin, [[0, 40]])
    assert prepared.regions is not None
    assert prepared.regions.tolist() == boxes.tolist()


def test_no_regions_no_crops() -> None:
    frame = Frame(0, 0.0, np.zeros((20, 20, 3), np.uint8))
    none = Regions.of_boxes([])
    assert region_crops(frame, none, spec()).images.shape == (0, 64, 64, 3)
    assert region_crops(frame, none, spec(), CAMERA).images.shape == (0, 64, 64, 3)
