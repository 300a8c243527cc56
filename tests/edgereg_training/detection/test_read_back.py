"""Weights read back from the bundled heads give the graph's own answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from edgereg_training.detection.model import HeadModel, Predictor
from edgereg_training.detection.network import DESIGNS
from edgereg_training.detection.read_back import read_back
from edgereg_training.loop.errors import TrainingError

PLUGINS = Path(__file__).parents[3] / "plugins"
HEADS = PLUGINS / "edgereg_detection" / "models" / "heads"


def session(graph: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(HEADS / graph, providers=["CPUExecutionProvider"])


def test_the_network_answers_as_the_graphs_do() -> None:
    model = HeadModel(DESIGNS["lite"])
    read_back(model, HEADS)
    model.eval()
    images = np.random.default_rng(0).integers(0, 256, (1, 96, 160, 3), np.uint8)
    expected = session("predict.onnx").run(["boxes", "scores", "features"], {"images": images})
    with torch.no_grad():
        found = Predictor(model.detector, second_look=True)(torch.from_numpy(images))
    for ours, theirs in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-4)
    boxes = np.array([[[10, 12, 60, 70], [40, 8, 150, 90]]], np.float32)
    features = {"features": expected[2]}
    graph = session("density.onnx")
    (energy,) = graph.run(["log_density"], features | {graph.get_inputs()[1].name: boxes})
    with torch.no_grad():
        ours = model.energy(torch.from_numpy(expected[2]), torch.from_numpy(boxes))
    np.testing.assert_allclose(ours.numpy(), energy.reshape(1, 2), rtol=1e-3, atol=1e-3)


def test_a_model_of_something_else_is_refused() -> None:
    with pytest.raises(TrainingError, match="another network"):
        read_back(HeadModel(DESIGNS["lite"]), PLUGINS / "edgereg_age" / "models" / "age")
