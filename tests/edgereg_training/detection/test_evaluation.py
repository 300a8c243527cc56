"""Evaluation through engines: refined boxes count, and intervals are of the right things."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from edgereg_training.detection import evaluation
from edgereg_training.detection.scene import Scene, scene_of
from edgereg_training.detection.scenes import SceneSet

from edgereg.core.model_spec import ModelSpec

BOXES = np.array([[10, 10, 40, 50], [60, 20, 90, 60]], np.float32)
SHIFT = np.float32([5, 0, 5, 0])  # IoU 0.71 with the truth


@dataclass(frozen=True)
class _Predict:
    """Finds the true boxes, shifted, and one that is wrong."""

    inputs: tuple[str, ...] = ("images",)

    def run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        assert inputs["images"].shape == (1, 96, 128, 3)
        boxes = np.concatenate([BOXES + SHIFT, [[0, 70, 20, 90]]])
        scores = np.array([[0.9, 0.8, 0.1]], np.float32)
        return {"boxes": boxes[None].astype(np.float32), "scores": scores, "features": np.ones(1)}


@dataclass(frozen=True)
class _Refine:
    """Undoes the shift in one step."""

    def run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        start = inputs["initial"]
        assert inputs["features"].shape == (1,)
        trajectory = np.stack([start, *[start - SHIFT] * int(inputs["steps"])], axis=2)
        return {"trajectory": trajectory, "energy": np.zeros(trajectory.shape[:3], np.float32)}


@dataclass(frozen=True)
class _Spread:
    """Is sure of the left edge to a tenth of a pixel, of the others to a thousandth."""

    def run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        std = np.full(inputs["final"].shape, 1e-3, np.float32)
        std[..., 0] = 0.1
        return {"std": std}


def _spec() -> ModelSpec:
    graph = {"file": "a.onnx", "sha256": "0" * 64}
    return ModelSpec.model_validate(
        {
            "schema_version": 1,
            "name": "heads",
            "version": "1",
            "task": "detection",
            "method": "test",
            "targets": [],
            "input": {"multiple": 32, "long_side": 128},
            "graphs": {"predict": graph, "refine": graph},
            "features": ["features"],
            "settings": {"score_threshold": 0.5},
            "refinement": {"steps": 1, "step_length": [1, 1, 1, 1], "decay": 0.5},
            "training_data": "none",
            "licence": "none",
        }
    )


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A model folder whose engines are the stand-ins above."""
    scenes: list[Scene] = [scene_of(np.zeros((96, 128, 3), np.uint8), BOXES)] * 3
    monkeypatch.setattr(evaluation, "RESAMPLES", 20)
    monkeypatch.setattr(evaluation, "load_scenes", lambda *chosen: SceneSet(scenes))
    monkeypatch.setattr(
        evaluation,
        "OnnxEngine",
        lambda path, threads: {"p": _Predict(), "r": _Refine(), "s": _Spread()}[path],
    )
    return SimpleNamespace(spec=_spec(), has=lambda name: True, graph_path=lambda name: name[0])


def test_refinement_that_helps_is_seen_at_the_strict_threshold(model: Any) -> None:
    seen: list[tuple[int, int]] = []
    figures = evaluation.measure(model, Path("data"), lambda *done: seen.append(done))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    found = {figure.name: figure for figure in figures}
    assert found["ap50"].value == found["ap50_refined"].value == 1
    assert found["ap75"].value == 0
    assert found["ap75_refined"].value == 1
    assert found["ap75_all_refined"].value == 1
    gain = found["ap75_gain"]
    assert (gain.value, gain.low, gain.high) == (1, 1, 1)
    assert all(figure.note for figure in found.values())


def test_coverage_is_that_of_the_boxes_that_count(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = np.array([0.05, 0.05, 0.05, 0.05])
    moved = scene_of(np.zeros((96, 128, 3), np.uint8), BOXES + near)
    monkeypatch.setattr(evaluation, "load_scenes", lambda *chosen: SceneSet([moved] * 3))
    figures = evaluation.measure(model, Path("data"), lambda *_: None)
    found = {figure.name: figure for figure in figures}
    assert found["coverage90_x1"].value == 1
    assert found["coverage90_y1"].value == found["coverage90_y2"].value == 0
    assert found["coverage90"].value == 0.25
    # Two heads in each of three pictures; the third box has too low a score to count.
    assert "6 boxes" in found["coverage90"].note


def test_without_a_refine_graph_nothing_changes(model: Any) -> None:
    model.has = lambda name: False
    figures = evaluation.measure(model, Path("data"), lambda *_: None)
    found = {figure.name: figure.value for figure in figures}
    assert found["ap75_gain"] == 0
