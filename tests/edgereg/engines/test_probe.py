"""What a graph is tried with lets a wrong engine be told from a right one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from edgereg.core.errors import EngineError
from edgereg.engines.onnx import OnnxEngine
from edgereg.engines.probe import make_probe, probe_of
from edgereg.engines.proof import compare
from edgereg.models.folder import ModelFolder, load_model
from edgereg.plugins import load_plugins


@pytest.fixture
def folder(tiny_model: Callable[..., ModelFolder]) -> ModelFolder:
    return tiny_model("colour")


def test_without_a_model_folder_it_is_noise_of_any_shape(
    tmp_path: Path, tiny_graphs: dict[str, Callable[[], bytes]]
) -> None:
    path = tmp_path / "refine.onnx"
    path.write_bytes(tiny_graphs["refine"]())
    probe = probe_of(path)
    assert probe["steps"] == 2
    assert probe["initial"].shape == (1, 10, 3)
    assert make_probe(OnnxEngine(path, threads=1))["initial"].shape == (1, 64, 3)


def test_the_other_graphs_look_near_what_predict_returns(folder: ModelFolder) -> None:
    predict = folder.graph_path("predict")
    found = OnnxEngine(predict, threads=1).run(probe_of(predict))
    assert found["values"].min() > 50
    refine, density = (probe_of(folder.graph_path(name)) for name in ("refine", "density"))
    assert folder.spec.refinement is not None
    assert np.array_equal(refine["features"], found["features"])
    assert np.array_equal(refine["step_length"], np.float32(folder.spec.refinement.step_length))
    assert refine["decay"] == np.float32(folder.spec.refinement.decay)
    for points in (refine["initial"], density["grid"]):
        assert points.dtype == np.float32
        assert np.abs(points / found["values"][:, None] - 1).max() <= 0.051
        assert len(np.unique(points)) > 0.9 * points.size


def test_boxes_are_asked_about_near_those_that_predict_returns() -> None:
    folder = load_model(load_plugins().tasks()["detection"].model)
    predict = folder.graph_path("predict")
    boxes = OnnxEngine(predict, threads=1).run(probe_of(predict))["boxes"]
    final = probe_of(folder.graph_path("spread"))["final"]
    assert np.abs(final / np.resize(boxes, final.shape) - 1).max() <= 0.051


@pytest.mark.parametrize("task", ["detection", "headpose"])
def test_an_engine_that_returns_nothing_or_another_input_s_answer_is_found_out(task: str) -> None:
    model = load_plugins().tasks()[task].model
    for path in sorted(model.glob("*.onnx")):
        engine, probe = OnnxEngine(path, threads=1), probe_of(path)
        right = engine.run(probe)
        compare(right, right)
        for name, array in right.items():
            assert np.isfinite(array).all()
            with pytest.raises(EngineError, match=f"output '{name}' differs"):
                compare({**right, name: np.zeros_like(array)}, right)
        features = "features" if "features" in probe else "images"
        moved = {**probe, features: np.flip(probe[features], 1).copy()}
        with pytest.raises(EngineError, match="differs"):
            compare(engine.run(moved), right)
