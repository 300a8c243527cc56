"""The bundled model: whole, small, and doing what the task expects of it."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_age.task import Age

pytest.importorskip("onnxruntime")

from edgereg.core.frames import Frame
from edgereg.core.regions import Regions
from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import load_model


def test_it_gives_years_with_an_interval_and_a_density_that_agrees() -> None:
    model = load_model(Age().model)
    assert model.spec.task == "age"
    assert (model.path / "README.md").is_file()
    assert model.graph_path("predict").stat().st_size < 8_000_000
    frame = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    boxes = [[10, 10, 50, 60], [60, 5, 100, 45]]
    prepared = Age().prepare(Frame(0, 0.0, frame), Regions.of_boxes(boxes), model.spec)
    engine = OnnxEngine(model.graph_path("predict"), threads=1)
    outputs = engine.run({engine.inputs[0]: prepared.images})
    assert ((outputs["values"] >= 0) & (outputs["values"] <= 100)).all()
    grid = np.tile(np.linspace(0, 100, 1001, dtype=np.float32)[None, :, None], (2, 1, 1))
    density = OnnxEngine(model.graph_path("density"), threads=1)
    log_p = density.run({"features": outputs["features"], "grid": grid})["log_density"]
    low, high = outputs["interval"][:, 0, 0], outputs["interval"][:, 0, 1]
    p = np.exp(log_p) * 0.1
    inside = (grid[..., 0] >= low[:, None]) & (grid[..., 0] <= high[:, None])
    assert np.allclose((p * inside).sum(1), 0.9, atol=0.03)
