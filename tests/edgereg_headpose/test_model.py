"""The bundled model: whole, and doing what the task expects of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from edgereg_headpose.task import HeadPose

pytest.importorskip("onnxruntime")

from edgereg.core.frames import Frame
from edgereg.core.regions import Regions
from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import ModelFolder, load_model


@pytest.fixture(scope="module")
def model() -> ModelFolder:
    return load_model(HeadPose().model)


@pytest.fixture(scope="module")
def outputs(model: ModelFolder) -> dict[str, Any]:
    """What `predict` says of three frames of noise."""
    frame = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    boxes = np.array([[10, 10, 50, 60], [60, 5, 100, 45], [-20, 30, 30, 95]], np.float32)
    prepared = HeadPose().prepare(Frame(0, 0.0, frame), Regions.of_boxes(boxes), model.spec)
    engine = OnnxEngine(model.graph_path("predict"), threads=1)
    return engine.run({engine.inputs[0]: prepared.images})


def test_it_declares_what_the_task_reads(model: ModelFolder) -> None:
    assert model.spec.task == "headpose"
    assert [target.name for target in model.spec.targets] == ["yaw", "pitch", "roll"]
    assert {target.unit for target in model.spec.targets} == {"degree"}
    assert model.spec.features == ("features",)
    assert (model.path / "README.md").is_file()


def test_it_is_small_enough_to_bundle(model: ModelFolder) -> None:
    sizes = [model.graph_path(name).stat().st_size for name in model.spec.graphs]
    assert sum(sizes) < 9_000_000


def test_predictions_are_within_the_declared_ranges(
    model: ModelFolder, outputs: dict[str, Any]
) -> None:
    low = [target.low for target in model.spec.targets]
    high = [target.high for target in model.spec.targets]
    assert outputs["values"].shape == (3, 3)
    assert ((outputs["values"] >= low) & (outputs["values"] <= high)).all()
    assert (outputs["std"] > 0).all()


def test_refinement_never_descends_and_agrees_with_the_density(
    model: ModelFolder, outputs: dict[str, Any]
) -> None:
    settings = model.spec.refinement
    assert settings is not None
    refine = OnnxEngine(model.graph_path("refine"), threads=1)
    found = refine.run(
        {
            "features": outputs["features"],
            "initial": outputs["values"][:, None],
            "step_length": np.asarray(settings.step_length, np.float32),
            "decay": np.asarray(settings.decay, np.float32),
            "steps": np.asarray(settings.steps, np.int64),
        }
    )
    assert found["trajectory"].shape == (3, 1, settings.steps + 1, 3)
    assert (np.diff(found["energy"], axis=-1) >= -1e-5).all()
    density = OnnxEngine(model.graph_path("density"), threads=1)
    grid = found["trajectory"][:, 0]
    log_density = density.run({"features": outputs["features"], "grid": grid})["log_density"]
    assert np.allclose(log_density, found["energy"][:, 0], atol=1e-3)
