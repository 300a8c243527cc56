"""FP16 and INT8 graphs: which nodes, which types, and how far from FP32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("torch")

import onnx
from edgereg_exporters.errors import ExportError
from edgereg_exporters.folder.parity import run_graph
from edgereg_exporters.precision.half import to_half, with_whole_weights
from edgereg_exporters.precision.low_precision import low_nodes
from edgereg_exporters.precision.quantise import to_int8
from onnx import TensorProto, numpy_helper

ROOT = Path(__file__).parents[2]
BUNDLED = [
    ROOT / "plugins/edgereg_headpose/models/headpose/predict.onnx",
    ROOT / "plugins/edgereg_detection/models/heads/predict.onnx",
]


def kinds(model: Any) -> dict[str, int]:
    """Element type of every value."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    values = [*graph.input, *graph.value_info, *graph.output]
    return {value.name: value.type.tensor_type.elem_type for value in values}


def test_the_network_is_low_and_its_ends_are_not(small_predict: Any) -> None:
    assert low_nodes(small_predict.graph) == {
        "first", "first_relu", "second", "sum", "sum_relu", "third", "pooled", "flat", "embed",
        "embed_relu",
    }  # fmt: skip


@pytest.mark.parametrize("path", BUNDLED, ids=["headpose", "heads"])
def test_of_the_bundled_models_nearly_all_weights_are_low(path: Path) -> None:
    graph = with_whole_weights(onnx.load(path)).graph
    low = low_nodes(graph)
    sizes = {tensor.name: int(np.prod(tensor.dims)) for tensor in graph.initializer}
    weights = {node.input[1]: node for node in graph.node if node.op_type in ("Conv", "Gemm")}
    total = sum(sizes[name] for name in weights)
    assert sum(sizes[name] for name, node in weights.items() if node.name in low) > 0.9 * total
    decoding = {"Softmax", "Exp", "TopK", "ReduceSum", "GatherElements", "Sqrt", "Range"}
    assert not [n.name for n in graph.node if n.op_type in decoding and n.name in low]
    last = ("distances", "quality", "energy_features.1", "heads")
    reduced = [f".{name}" for name, node in weights.items() if node.name in low]
    assert not [name for name in reduced if any(f".{each}." in name for each in last)]
    assert any(f".{each}." in f".{name}" for name in weights for each in last)


def test_half_keeps_inputs_outputs_and_decoding_in_fp32(small_predict: Any, pictures: Any) -> None:
    half = to_half(small_predict)
    found = kinds(half)
    assert found["images"] == TensorProto.UINT8
    for name in ("values", "features", "chance", "logits", "scaled"):
        assert found[name] == TensorProto.FLOAT, name
    for name in ("first_fp16", "sum_fp16", "embed_fp16"):
        assert found[name] == TensorProto.FLOAT16, name
    assert len([node for node in half.graph.node if node.op_type == "Cast"]) == 3
    assert len(half.SerializeToString()) < 0.75 * len(small_predict.SerializeToString())
    full, low = (run_graph(m, {"images": pictures}) for m in (small_predict, half))
    largest = float(np.abs(full["values"] - low["values"]).max())
    assert 0 < largest < 0.07


def test_a_weight_beyond_the_range_of_fp16_is_clipped(small_predict: Any, pictures: Any) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(small_predict)
    for tensor in model.graph.initializer:
        if tensor.name == "net.first.bias":
            array = np.full(tuple(tensor.dims), -1e6, np.float32)
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    found = run_graph(to_half(model), {"images": pictures})
    assert np.isfinite(found["values"]).all()


def test_int8_is_symmetric_and_per_channel(small_predict: Any, pictures: Any) -> None:
    made = to_int8(small_predict, [pictures])
    weights = {tensor.name: tensor for tensor in made.graph.initializer}
    for node in made.graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            zero = weights[node.input[2]]
            assert zero.data_type == TensorProto.INT8
            assert not numpy_helper.to_array(zero).any()
    stored = [t for t in weights.values() if t.data_type == TensorProto.INT8 and len(t.dims) == 4]
    assert len(stored) == 3
    scales = [t for name, t in weights.items() if name.startswith("net.second.weight_scale")]
    assert list(scales[0].dims) == [8]
    assert weights["net.first.bias"].data_type == TensorProto.FLOAT
    assert [(item.domain, item.version) for item in made.opset_import] == [("", 18)]
    assert {node.domain for node in made.graph.node} == {""}


@pytest.mark.parametrize("scheme", ["portable", "cpu"])
def test_int8_answers_like_fp32(small_predict: Any, pictures: Any, scheme: Any) -> None:
    made = to_int8(small_predict, [pictures[:8], pictures[8:]], scheme)
    full, low = (run_graph(m, {"images": pictures}) for m in (small_predict, made))
    difference = np.abs(full["values"] - low["values"])
    assert 0 < difference.mean() < 0.35
    found = kinds(made)
    assert found["chance"] == TensorProto.FLOAT
    whole = {tensor.data_type for tensor in made.graph.initializer}
    assert (TensorProto.UINT8 in whole) == (scheme == "cpu")


def test_int8_wants_pictures(small_predict: Any) -> None:
    with pytest.raises(ExportError, match="none was given"):
        to_int8(small_predict, [])


def test_int8_of_wrong_pictures_is_one_line(small_predict: Any) -> None:
    with pytest.raises(ExportError, match="can't be quantised") as caught:
        to_int8(small_predict, [np.zeros((2, 9, 9, 3), np.uint8)])
    assert "\n" not in str(caught.value)
