"""The bundled model: whole, small, and doing what the task expects of it."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_landmarks.task import Landmarks

pytest.importorskip("onnxruntime")

from edgereg.core.frames import Frame
from edgereg.core.regions import Regions
from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import load_model


def test_it_puts_68_points_into_the_crop_with_intervals_about_them() -> None:
    model = load_model(Landmarks().model)
    assert model.spec.task == "landmarks"
    assert (model.path / "README.md").is_file()
    assert model.graph_path("predict").stat().st_size < 11_000_000
    frame = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    boxes = [[10, 10, 50, 60], [60, 5, 100, 45], [-20, 30, 30, 95]]
    prepared = Landmarks().prepare(Frame(0, 0.0, frame), Regions.of_boxes(boxes), model.spec)
    engine = OnnxEngine(model.graph_path("predict"), threads=1)
    outputs = engine.run({engine.inputs[0]: prepared.images})
    proposal = Landmarks().propose(outputs, prepared, model.spec)
    found = Landmarks().conclude(proposal, None, prepared, model.spec)
    assert found.values.shape == (3, 139)
    assert outputs["values"].min() >= 0
    assert outputs["values"].max() <= model.spec.input.width
    low, high = outputs["interval"][..., 0], outputs["interval"][..., 1]
    assert (low < high).all()
