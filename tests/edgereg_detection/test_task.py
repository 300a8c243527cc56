"""The detection task: geometry there and back, thresholds, duplicates, marks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from edgereg_detection.task import Detection

from edgereg.api import (
    BoxMark,
    Frame,
    InputSpec,
    ModelSpec,
    PolylineMark,
    Refinement,
    RefinementSettings,
    Target,
    TextMark,
)

TASK = Detection()


@pytest.fixture
def spec() -> ModelSpec:
    graph = {"file": "a.onnx", "sha256": "0" * 64}
    return ModelSpec(
        schema_version=1,
        name="heads",
        version="1",
        task="detection",
        method="test",
        targets=tuple(Target(name=n, unit="px", low=0, high=1e4) for n in ("x1", "y1", "x2", "y2")),
        input=InputSpec(multiple=32, long_side=320),
        graphs={"predict": graph, "refine": graph},
        features=("features",),
        refinement=RefinementSettings(steps=2, step_length=(1, 1, 1, 1), decay=0.5),
        settings={"score_threshold": 0.5, "nms_iou": 0.5, "max_candidates": 2},
        training_data="none",
        licence="Apache-2.0",
    )


def _outputs(boxes: list[list[float]], scores: list[float]) -> dict[str, np.ndarray]:
    return {
        "boxes": np.array([boxes], np.float32),
        "scores": np.array([scores], np.float32),
        "features": np.zeros((1, 4, 6, 10), np.float32),
    }


FRAME = Frame(0, 0.0, np.zeros((360, 640, 3), np.uint8))


def test_a_frame_becomes_one_padded_picture(spec: ModelSpec) -> None:
    prepared = TASK.prepare(FRAME, None, spec)
    assert prepared.images.shape == (1, 192, 320, 3)
    np.testing.assert_allclose(prepared.scale, [[0.5, 0.5]])


def test_boxes_come_back_in_frame_pixels(spec: ModelSpec) -> None:
    prepared = TASK.prepare(FRAME, None, spec)
    proposal = TASK.propose(_outputs([[10, 20, 40, 60]], [0.9]), prepared, spec)
    found = TASK.conclude(proposal, None, prepared, spec)
    np.testing.assert_allclose(found.values, [[20, 40, 80, 120]])
    np.testing.assert_allclose(found.boxes, found.values)
    assert [s.name for s in found.specs] == ["x1", "y1", "x2", "y2"]


def test_less_certainty_is_enough_for_what_fills_the_picture(spec: ModelSpec) -> None:
    settings = {"score_threshold": 0.5, "large_score_threshold": 0.4, "large_height": 0.4}
    spec = spec.model_copy(update={"settings": settings})
    prepared = TASK.prepare(FRAME, None, spec)  # of 320 pixels: large is over 128
    boxes = [[10, 20, 110, 140], [150, 20, 300, 160]]
    proposal = TASK.propose(_outputs(boxes, [0.45, 0.45]), prepared, spec)
    np.testing.assert_array_equal(proposal.initial, [[boxes[1]]])
    assert not TASK.propose(_outputs(boxes, [0.39, 0.39]), prepared, spec).scores.size


def test_weak_duplicate_excess_and_non_finite_candidates_go(spec: ModelSpec) -> None:
    boxes = [
        [10, 20, 40, 60],
        [11, 20, 41, 60],
        [100, 20, 140, 60],
        [200, 20, 240, 60],
        [0, 0, 9, 9],
        [0, 0, np.nan, 9],
    ]
    prepared = TASK.prepare(FRAME, None, spec)
    outputs = _outputs(boxes, [0.9, 0.95, 0.8, 0.7, 0.49, 0.99])
    proposal = TASK.propose(outputs, prepared, spec)
    np.testing.assert_allclose(proposal.initial[0], [boxes[1], boxes[2]])
    np.testing.assert_allclose(proposal.scores, [[0.95, 0.8]])


def test_no_head_gives_empty_predictions(spec: ModelSpec) -> None:
    prepared = TASK.prepare(FRAME, None, spec)
    proposal = TASK.propose(_outputs([[0, 0, 5, 5]], [0.1]), prepared, spec)
    found = TASK.conclude(proposal, None, prepared, spec)
    assert len(found) == 0
    assert proposal.initial.shape == (1, 0, 4)
    assert list(TASK.marks(found, FRAME.size)) == []


def _refined(proposal_initial: np.ndarray, final: list[list[float]]) -> Refinement:
    start, end = proposal_initial[0], np.array(final, np.float32)
    path = np.stack([start, (start + end) / 2, end], axis=1).astype(np.float32)
    return Refinement(path, np.tile(np.float32([0, 1, 2]), (len(path), 1)))


def test_refined_boxes_follow_the_trajectory(spec: ModelSpec) -> None:
    prepared = TASK.prepare(FRAME, None, spec)
    proposal = TASK.propose(_outputs([[10, 20, 40, 60]], [0.9]), prepared, spec)
    found = TASK.conclude(proposal, _refined(proposal.initial, [[12, 22, 44, 62]]), prepared, spec)
    assert found.refinement is not None
    np.testing.assert_allclose(found.values, [[24, 44, 88, 124]])
    np.testing.assert_allclose(found.refinement.initial, [[20, 40, 80, 120]])
    assert found.features["features"].shape == (1, 4, 6, 10)


def test_all_heads_stand_on_the_one_feature_map(spec: ModelSpec) -> None:
    prepared = TASK.prepare(FRAME, None, spec)
    outputs = _outputs([[10, 20, 40, 60], [80, 20, 110, 60]], [0.7, 0.9])
    found = TASK.conclude(TASK.propose(outputs, prepared, spec), None, prepared, spec)
    assert len(found) == 2
    assert found.features["features"] is outputs["features"]


def test_two_boxes_that_climb_to_one_head_become_one(spec: ModelSpec) -> None:
    prepared = TASK.prepare(FRAME, None, spec)
    outputs = _outputs([[10, 20, 40, 60], [30, 20, 60, 60]], [0.7, 0.9])
    proposal = TASK.propose(outputs, prepared, spec)
    assert proposal.initial.shape == (1, 2, 4)
    both = _refined(proposal.initial, [[20, 20, 50, 60], [21, 20, 51, 60]])
    found = TASK.conclude(proposal, both, prepared, spec)
    assert len(found) == 1
    assert found.scores[0] == np.float32(0.9)


def test_marks_show_initial_path_final_and_score(spec: ModelSpec) -> None:
    prepared = TASK.prepare(FRAME, None, spec)
    proposal = TASK.propose(_outputs([[10, 20, 40, 60]], [0.9]), prepared, spec)
    refinement = _refined(proposal.initial, [[12, 22, 40, 60]])
    marks = TASK.marks(TASK.conclude(proposal, refinement, prepared, spec), FRAME.size)
    boxes = [m for m in marks if isinstance(m, BoxMark)]
    assert [b.role for b in boxes] == ["initial", "final"]
    paths = [m for m in marks if isinstance(m, PolylineMark)]
    assert len(paths) == 1  # the lower right corner did not move
    assert [m.text for m in marks if isinstance(m, TextMark)] == ["0.90"]


def test_colours_tell_classes_apart_and_without_classes_tracks(spec: ModelSpec) -> None:
    sorts = spec.model_copy(update={"classes": ("red", "white", "platelet")})
    outputs = _outputs([[0, 0, 40, 40], [100, 0, 160, 40]], [0.9, 0.8])
    outputs["labels"] = np.array([[2, 0]], np.int64)
    prepared = TASK.prepare(FRAME, None, sorts)
    found = TASK.conclude(TASK.propose(outputs, prepared, sorts), None, prepared, sorts)
    tracked = replace(found, tracks=np.array([7, 8], np.int64))
    boxes = [mark for mark in TASK.marks(tracked, (640, 360)) if isinstance(mark, BoxMark)]
    assert [box.colour for box in boxes] == [2, 0]
    heads = replace(tracked, labels=None, kinds=TASK.kinds(spec))
    boxes = [mark for mark in TASK.marks(heads, (640, 360)) if isinstance(mark, BoxMark)]
    assert [box.colour for box in boxes] == [7, 8]
