"""Fixtures of the exporters' tests: graphs run in ONNX Runtime, random energies."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from ..edgereg.engines.fake_cuda import fake_cuda
from ..edgereg.engines.fake_tensorrt import fake_trt

__all__ = ["fake_cuda", "fake_trt"]

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
    from edgereg_training.methods.ebm.weights import Dense

    def make(rng: Any, widths: list[int], activation: str) -> tuple[Any, ...]:
        layers = []
        for i, (a, b) in enumerate(pairwise(widths)):
            weight = rng.normal(0, 1.2 / np.sqrt(a), (b, a)).astype(np.float32)
            bias = rng.normal(0, 0.3, b).astype(np.float32)
            last = i == len(widths) - 2
            layers.append(Dense(weight, bias, "none" if last else activation))
        return tuple(layers)

    return make


@pytest.fixture(scope="session")
def small_predict() -> Any:
    """A predict graph of every kind of part: scaling, residual network, head, decoding.

    images uint8 [B, 16, 16, 3] -> values [B, 1] (expectation of 0, 10 .. 70), features [B, 4].
    """
    from edgereg_exporters.graphs.writer import GraphWriter, checked_model, floats, typed

    rng = np.random.default_rng(3)
    g = GraphWriter()

    def weight(name: str, *shape: int) -> str:
        return g.constant(name, rng.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape))

    cast = g.op("Cast", "images", out="cast", to=1)
    turned = g.op("Transpose", cast, out="turned", perm=[0, 3, 1, 2])
    scaled = g.op("Div", turned, g.constant("scale", 255.0), out="scaled")

    def conv(source: str, name: str, wide: int, out: int) -> str:
        parts = weight(f"net.{name}.weight", out, wide, 3, 3), weight(f"net.{name}.bias", out)
        return g.op("Conv", source, *parts, out=name, pads=[1, 1, 1, 1])

    first = g.op("Relu", conv(scaled, "first", 3, 8), out="first_relu")
    second = conv(first, "second", 8, 8)
    joined = g.op("Relu", g.op("Add", first, second, out="sum"), out="sum_relu")
    pooled = g.op("GlobalAveragePool", conv(joined, "third", 8, 8), out="pooled")
    flat = g.op("Flatten", pooled, out="flat")
    embed = g.op("Gemm", flat, weight("net.embed.weight", 8, 8), out="embed", transB=1)
    hidden = g.op("Relu", embed, out="embed_relu")
    logits = g.op("Gemm", hidden, weight("net.head.weight", 8, 8), out="logits", transB=1)
    levels = g.constant("levels", np.arange(8.0)[:, None] * 10)
    chance = g.op("Softmax", logits, out="chance", axis=1)
    g.op("MatMul", chance, levels, out="values")
    g.op("MatMul", hidden, weight("folded", 8, 4), out="features")
    images = typed("images", onnx.TensorProto.UINT8, ("B", 16, 16, 3))
    outputs = [floats("values", ("B", 1)), floats("features", ("B", 4))]
    return checked_model(g.graph("small", [images], outputs))


@pytest.fixture(scope="session")
def pictures() -> Any:
    """uint8 [12, 16, 16, 3]."""
    from edgereg_exporters.models.trial_images import trial_images

    return trial_images(12, 16, 16)


@pytest.fixture
def small_model(small_predict: Any, tmp_path: Any, dense: Any) -> Any:
    """A model folder of `small_predict` and an energy over its value."""
    from edgereg_exporters.graphs.target_graphs import target_density_graph, target_refine_graph
    from edgereg_training.methods.ebm.weights import TargetWeights

    from edgereg.models.folder import write_model

    rng = np.random.default_rng(0)
    energy = TargetWeights(
        scale=np.full(1, 35, np.float32),
        centre=np.full(1, 35, np.float32),
        target_layers=dense(rng, [1, 6], "silu"),
        target_weight=rng.normal(0, 1, (4, 6)).astype(np.float32),
        bias=np.zeros(4, np.float32),
        activation="silu",
        trunk=dense(rng, [4, 1], "silu"),
    )
    fields = {
        "name": "small", "version": "2.1", "task": "headpose", "method": "softmax",
        "targets": [{"name": "yaw", "unit": "degree", "low": 0, "high": 70}],
        "input": {"width": 16, "height": 16}, "features": ["features"],
        "refinement": {"steps": 3, "step_length": [0.05], "decay": 0.5},
        "training_data": "none", "licence": "Apache-2.0",
        "metrics": {"mae_full": 5.0, "parity_refine_energy": 1e-7, "parity_predict_values": 1e-7},
    }  # fmt: skip
    graphs = {
        "predict": small_predict,
        "refine": target_refine_graph(energy),
        "density": target_density_graph(energy),
    }
    content = {name: graph.SerializeToString() for name, graph in graphs.items()}
    return write_model(tmp_path / "small", fields, content)  # type: ignore[arg-type]
