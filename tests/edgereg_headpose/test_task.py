"""The head-pose task: crops in, predictions and marks out, with and without refinement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from edgereg_headpose.task import HeadPose

from edgereg.api import AxesMark, Frame, ModelSpec, PolylineMark, Refinement, Regions, TextMark

HASH = "0" * 64


def spec(**changes: Any) -> ModelSpec:
    targets = [
        {"name": name, "unit": "degree", "low": -90, "high": 90}
        for name in ("yaw", "pitch", "roll")
    ]
    fields: dict[str, Any] = {
        "schema_version": 1,
        "name": "pose",
        "version": "1",
        "task": "headpose",
        "method": "bel",
        "targets": targets,
        "input": {"width": 32, "height": 32, "crop_scale": 1.2},
        "graphs": {"predict": {"file": "predict.onnx", "sha256": HASH}},
        "features": ["features"],
        "training_data": "none",
        "licence": "Apache-2.0",
    }
    return ModelSpec.model_validate({**fields, **changes})


SIZE = (200, 100)


def run(count: int, refinement: Refinement | None = None, regions: Any = None) -> Any:
    """Predictions of `count` heads whose model answers yaw 10, 20 ... degrees."""
    task = HeadPose()
    if regions is None:
        regions = np.tile(np.array([40, 20, 80, 70], np.float32), (count, 1))
    frame = Frame(0, 0.0, np.zeros((100, 200, 3), np.uint8))
    prepared = task.prepare(frame, Regions.of_boxes(regions), spec())
    yaws = 10 * np.arange(1, count + 1, dtype=np.float32)
    values = np.stack([yaws, np.zeros(count), np.zeros(count)], axis=1)
    outputs = {
        "values": values,
        "std": np.full((count, 3), 4, np.float32),
        "features": np.ones((count, 8), np.float32),
    }
    proposal = task.propose(outputs, prepared, spec())
    return task.conclude(proposal, refinement, prepared, spec())


def refinement(count: int, steps: int = 4) -> Refinement:
    rising = np.linspace(10, 14, steps + 1, dtype=np.float32)
    trajectory = np.tile(rising[None, :, None], (count, 1, 3))
    return Refinement(trajectory, np.tile(rising, (count, 1)))


def test_crops_have_the_model_s_size_and_the_centre_of_the_box() -> None:
    frame = np.zeros((100, 200, 3), np.uint8)
    frame[45, 60] = 255
    head = Regions.of_boxes([40, 20, 80, 70])
    prepared = HeadPose().prepare(Frame(0, 0.0, frame), head, spec())
    assert prepared.images.shape == (1, 32, 32, 3)
    assert np.allclose(1 / prepared.scale, 1.2 * 50 / 32)
    rows, columns = np.nonzero(prepared.images[0, :, :, 0])
    assert abs(rows.mean() - 15.5) < 1
    assert abs(columns.mean() - 15.5) < 1


def test_a_box_beyond_the_frame_is_cropped_all_the_same() -> None:
    box = Regions.of_boxes([-30, -30, 20, 20])
    frame = Frame(0, 0.0, np.full((40, 40, 3), 7, np.uint8))
    assert (HeadPose().prepare(frame, box, spec()).images == 7).all()


def test_without_regions_the_frame_is_the_head() -> None:
    prepared = HeadPose().prepare(Frame(0, 0.0, np.zeros((50, 40, 3), np.uint8)), None, spec())
    assert prepared.regions is not None
    assert prepared.regions.tolist() == [[0, 0, 40, 50]]


def test_a_model_without_a_fixed_square_size_is_refused() -> None:
    free = spec(input={"multiple": 32})
    with pytest.raises(ValueError, match="square images of a fixed size"):
        HeadPose().prepare(Frame(0, 0.0, np.zeros((9, 9, 3), np.uint8)), None, free)


def test_unrefined_values_are_the_estimate() -> None:
    found = run(2)
    assert found.values[:, 0].tolist() == [10, 20]
    assert found.refinement is None
    assert found.std is not None
    assert found.features["features"].shape == (2, 8)
    assert [value.unit for value in found.specs] == ["degree"] * 3


def test_refined_values_are_the_trajectory_s_end() -> None:
    found = run(2, refinement(2))
    assert found.values.tolist() == [[14, 14, 14]] * 2


def test_no_heads() -> None:
    found = run(0, regions=np.zeros((0, 4), np.float32))
    assert len(found) == 0
    assert HeadPose().marks(found, SIZE) == []


def test_marks() -> None:
    plain = HeadPose().marks(run(1), SIZE)
    assert [type(mark) for mark in plain] == [AxesMark, TextMark]
    assert plain[1].text == "yaw +10  pitch +0  roll +0"
    refined = HeadPose().marks(run(1, refinement(1)), SIZE)
    assert [type(mark) for mark in refined] == [AxesMark, PolylineMark, AxesMark, TextMark]
    assert [refined[k].role for k in range(3)] == ["initial", "trajectory", "final"]
    assert refined[1].points.shape == (5, 2)


def test_positive_yaw_points_the_nose_to_image_right() -> None:
    axes = HeadPose().marks(run(3), SIZE)[4]
    assert axes.tips[2, 0] > axes.origin[0]
    assert axes.tips[2, 1] == pytest.approx(axes.origin[1], abs=1e-3)


@pytest.mark.parametrize(("std", "unsure"), [(4.0, False), (25.0, True)])
def test_an_unsure_pose_is_drawn_so(std: float, unsure: bool) -> None:
    found = replace(run(1), std=np.full((1, 3), std, np.float32))
    marks = HeadPose().marks(found, (200, 100))
    (axes,) = [mark for mark in marks if isinstance(mark, AxesMark)]
    (text,) = [mark for mark in marks if isinstance(mark, TextMark)]
    assert axes.role == ("initial" if unsure else "final")
    assert text.text.endswith("unsure") == unsure
