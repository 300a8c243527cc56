"""The landmarks task: crops in, points in frame pixels out, drawn as a face."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from edgereg_landmarks.face import FACE, NAMES, SKELETON
from edgereg_landmarks.openness import OPENINGS, openness
from edgereg_landmarks.task import Landmarks

from edgereg.api import Frame, ModelSpec, PolylineMark, Regions, TextMark

SIDE = 32


def spec() -> ModelSpec:
    targets = [
        {"name": f"{axis}{point}", "unit": "px", "low": 0, "high": SIDE}
        for point in range(68)
        for axis in "xy"
    ]
    return ModelSpec.model_validate(
        {
            "schema_version": 1,
            "name": "points",
            "version": "1",
            "task": "landmarks",
            "method": "bel",
            "targets": targets,
            "input": {"width": SIDE, "height": SIDE, "crop_scale": 1.0},
            "graphs": {"predict": {"file": "predict.onnx", "sha256": "0" * 64}},
            "training_data": "none",
            "licence": "Apache-2.0",
        }
    )


def run(boxes: list[list[float]], interval: bool = True, std: float = 0.5) -> Any:
    """Predictions where the network puts point p at (p % 8, p // 8) of the crop."""
    task = Landmarks()
    frame = Frame(0, 0.0, np.zeros((100, 200, 3), np.uint8))
    prepared = task.prepare(frame, Regions.of_boxes(boxes), spec())
    points = np.stack([np.arange(68) % 8, np.arange(68) // 8], 1).astype(np.float32)
    values = np.tile(points.reshape(1, -1), (len(boxes), 1))
    outputs = {"values": values, "std": np.full_like(values, std)}
    if interval:
        outputs["interval"] = np.stack([values - 2, values + 2], -1)
    return task.conclude(task.propose(outputs, prepared, spec()), None, prepared, spec())


def test_points_are_in_pixels_of_the_frame() -> None:
    (found,) = run([[50, 20, 114, 84]])
    assert found["points"].shape == (68, 2)
    assert found["points"][9].tolist() == [50 + 1 * 2, 20 + 1 * 2]
    assert np.allclose(found.std("points"), 1)
    low, high = found.interval("points")
    assert np.allclose(high - low, 8)


def test_without_intervals_they_follow_from_the_standard_deviation() -> None:
    (found,) = run([[0, 0, 32, 32]], interval=False)
    low, high = found.interval("points")
    assert np.allclose(high - low, 1.645, atol=0.01)


def test_no_heads() -> None:
    found = run([])
    assert found.values.shape == (0, 139)
    assert Landmarks().marks(found, (200, 100)) == []


def test_a_face_is_lines() -> None:
    marks = Landmarks().marks(run([[0, 0, 32, 32]] * 2), (200, 100))
    assert len(marks) == 2 * len(FACE)
    assert all(isinstance(mark, PolylineMark) for mark in marks)
    assert {mark.colour for mark in marks} == {0, 1}


@pytest.mark.parametrize(("std", "seen"), [(0.5, True), (1.2, True), (1.4, False)])
def test_a_face_is_seen_where_its_points_are_sure(std: float, seen: bool) -> None:
    found = run([[50, 20, 114, 84]], std=std)  # 0.04 of 32 px is 1.28
    assert found.states == ("seen" if seen else "unseen",)
    assert found.seen.all() == found.seen.any() == seen
    marks = Landmarks().marks(found, (200, 100))
    if seen:
        assert len(marks) == len(FACE)
    else:
        assert [mark.text for mark in marks if isinstance(mark, TextMark)] == ["face not seen"]


def test_every_point_is_on_one_line() -> None:
    assert sorted(point for line in FACE for point in line.points) == list(range(68))
    assert len(set(NAMES)) == 68
    assert {index for pair in SKELETON for index in pair} == set(range(68))


@pytest.mark.parametrize("opening", OPENINGS, ids=lambda opening: opening.name)
def test_openness_is_the_gap_over_the_width(opening: Any) -> None:
    points = np.zeros((1, 68, 2), np.float32)
    points[0, opening.corners[1]] = [40, 0]
    for upper, lower in opening.lids:
        points[0, upper], points[0, lower] = [20, -5], [20, 5]
    ratios, spread = openness(points, np.full_like(points, 0.5))
    index = OPENINGS.index(opening)
    assert ratios[0, index] == pytest.approx(10 / 40)
    assert spread is not None
    # Gaps of independent ends, averaged.
    assert spread[0, index] == pytest.approx(0.5 * np.sqrt(2 / len(opening.lids)) / 40, rel=1e-3)


def test_openness_does_not_depend_on_size_or_turn() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 100, (1, 68, 2)).astype(np.float32)
    turn = np.array([[0.8, -0.6], [0.6, 0.8]], np.float32)
    assert np.allclose(openness(points, None)[0], openness(3 * points @ turn, None)[0], rtol=1e-4)
