"""Weights read back from a model folder give its own answers, and training can go on from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from edgereg_training.faces.net import TARGETS, FacesNet
from edgereg_training.faces.problem import FacesOptions, FacesProblem, Shares
from edgereg_training.loop.errors import TrainingError

PLUGINS = Path(__file__).parents[3] / "plugins"
HERE = Path()
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)


def problem(**backbone: Any) -> FacesProblem:
    options = FacesOptions(
        fairface=HERE,
        london=HERE,
        rendered=(HERE,),
        validation=(HERE,),
        shares=Shares(fairface=2, london=0, rendered=0),
        backbone={"name": "efficientnet-lite0", "frozen": 2, **backbone},
    )
    return FacesProblem(options, 2)


def begin(folder: Path, **backbone: Any) -> FacesNet:
    made = problem(**backbone)
    net = made.build()
    made.read_back(net, folder)
    return net


def begun(target: str) -> tuple[FacesNet, Path]:
    folder = PLUGINS / f"edgereg_{target}" / "models" / target
    return begin(folder, keep_norms=True), folder


@pytest.mark.parametrize("target", TARGETS)
def test_the_network_answers_as_the_graph_does(target: str) -> None:
    net, folder = begun(target)
    session = onnxruntime.InferenceSession(
        folder / "predict.onnx", providers=["CPUExecutionProvider"]
    )
    (expected,) = session.run(["values"], {"images": IMAGES})
    net.train()  # the norms keep their statistics
    with torch.no_grad():
        found = net.head(target).value(net.features(torch.from_numpy(IMAGES))).numpy()
    # The graphs compute in FP16 in part, on pictures of noise.
    spans = {"headpose": 180.0, "landmarks": 96.0, "age": 100.0}
    assert np.abs(found - expected).max() < 0.01 * spans[target]


def test_norms_that_would_learn_are_refused() -> None:
    with pytest.raises(TrainingError, match="keep_norms: true"):
        begin(PLUGINS / "edgereg_age" / "models" / "age")


def test_a_model_of_something_else_is_refused() -> None:
    folder = PLUGINS / "edgereg_driving" / "models" / "driving"
    with pytest.raises(TrainingError, match="not of faces"):
        begin(folder, keep_norms=True)
