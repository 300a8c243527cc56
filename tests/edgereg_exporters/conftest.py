"""Fixtures of the exporters' tests: graphs run in ONNX Runtime, random energies."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Networks this small are slower on many threads, and the machine may be shared."""
    if importlib.util.find_spec("torch") is not None:
        import torch

        torch.set_num_threads(1)


@pytest.fixture
def run() -> Callable[..., dict[str, Any]]:
    """run(model, name=array...) -> outputs by name; numbers may be plain Python ones."""

    def call(model: Any, **inputs: Any) -> dict[str, Any]:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        session = ort.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        feed = {}
        for item in session.get_inputs():
            dtype = np.int64 if item.type == "tensor(int64)" else np.float32
            feed[item.name] = np.asarray(inputs[item.name], dtype)
        names = [item.name for item in session.get_outputs()]
        return dict(zip(names, session.run(None, feed), strict=True))

    return call


@pytest.fixture
def dense() -> Callable[..., tuple[Any, ...]]:
    """dense(rng, [widths], activation) -> layers of random weights; the last has no activation."""
    from edgereg_exporters.energies import Dense

    def make(rng: Any, widths: list[int], activation: str) -> tuple[Any, ...]:
        layers = []
        for i, (a, b) in enumerate(pairwise(widths)):
            weight = rng.normal(0, 1.2 / np.sqrt(a), (b, a)).astype(np.float32)
            bias = rng.normal(0, 0.3, b).astype(np.float32)
            last = i == len(widths) - 2
            layers.append(Dense(weight, bias, "none" if last else activation))
        return tuple(layers)

    return make
