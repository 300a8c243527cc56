"""A graph whose network computes in FP16: weights halved, casts only where the precisions meet; or
one that keeps computing in FP32, whose weights alone are stored in FP16.

ONNX Runtime's own converter casts to FP16 and back round every node that stays FP32, which rounds
box coordinates and logits between two of those to FP16 all the same, and leaves the nodes out of
order; here a value between two FP32 nodes is never touched.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgereg_exporters.graphs.uint8_inputs import cast_first, require_cast_first
from edgereg_exporters.precision.low_precision import low_nodes

# Inputs that keep their type in a node of FP16: roi and scales of Resize, shapes and axes.
KEEPS = {"Resize": (1, 2, 3)}
LARGEST = float(np.finfo(np.float16).max)
# Weights of fewer numbers, say shapes and scales, stay as they are.
FEW = 256


def to_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of `model` with `low_precision.low_nodes` in FP16; inputs and outputs unchanged.

    Weights beyond FP16's range are clipped to it; the parity report shows what that costs.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    del made.graph.value_info[:]
    cast_first(made)
    low = low_nodes(made.graph)
    kinds = _float_values(made)
    halves = _Halves(made.graph, low, kinds)
    nodes: list[onnx.NodeProto] = []
    for node in made.graph.node:
        nodes += halves.converted(node) if node.name in low else [node]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    halves.write_weights()
    require_cast_first(made, "FP16")
    onnx.checker.check_model(made, full_check=True)
    return made


def with_half_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of `model` whose large weights are stored in FP16 and cast to FP32 before their first
    use: half the bytes, and the same time, since engines fold such casts when they load a graph."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    weights = {
        tensor.name: tensor
        for tensor in made.graph.initializer
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) >= FEW
    }
    nodes: list[onnx.NodeProto] = []
    halved: dict[str, onnx.TensorProto] = {}
    for node in made.graph.node:
        for name in node.input:
            if name in weights and name not in halved:
                halved[name] = _half_of(weights[name])
                nodes.append(_cast(halved[name].name, name, TensorProto.FLOAT))
        nodes.append(node)
    kept = [tensor for tensor in made.graph.initializer if tensor.name not in halved]
    del made.graph.node[:], made.graph.initializer[:]
    made.graph.node.extend(nodes)
    made.graph.initializer.extend([*kept, *halved.values()])
    onnx.checker.check_model(made, full_check=True)
    return made


def with_whole_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of `model` without what `with_half_weights` put in; other casts stay."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    stored = {t.name: t for t in made.graph.initializer if t.data_type == TensorProto.FLOAT16}
    casts = [n for n in made.graph.node if n.op_type == "Cast" and n.input[0] in stored]
    for cast in casts:
        tensor = stored.pop(cast.input[0])
        array = numpy_helper.to_array(tensor).astype(np.float32)
        made.graph.initializer.remove(tensor)
        made.graph.initializer.append(numpy_helper.from_array(array, cast.output[0]))
        made.graph.node.remove(cast)
    return made


def _half_of(weight: onnx.TensorProto) -> onnx.TensorProto:
    array = np.clip(numpy_helper.to_array(weight), -LARGEST, LARGEST).astype(np.float16)
    return numpy_helper.from_array(array, f"{weight.name}_fp16")


def _float_values(model: onnx.ModelProto) -> set[str]:
    """Names of all float32 values of the graph."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    values = (*graph.input, *graph.value_info, *graph.output)
    found = {v.name for v in values if v.type.tensor_type.elem_type == TensorProto.FLOAT}
    weights = {t.name for t in graph.initializer if t.data_type == TensorProto.FLOAT}
    return found | weights


class _Halves:
    """What exists in FP16 so far, while the nodes are passed in order."""

    def __init__(self, graph: onnx.GraphProto, low: frozenset[str], floats: set[str]) -> None:
        self._graph = graph
        self._floats = floats
        self._weights = {t.name: t for t in graph.initializer}
        self._outputs = {value.name for value in graph.output}
        self._outside = {n for node in graph.node if node.name not in low for n in node.input}
        self._half: dict[str, str] = {}
        self._halved_weights: dict[str, onnx.TensorProto] = {}

    def converted(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """The node in FP16, behind casts of what it takes, before casts of what others take."""
        before, after = [], []
        for index, name in enumerate(node.input):
            if name in self._floats and index not in KEEPS.get(node.op_type, ()):
                if name not in self._half:
                    before += self._enter(name)
                node.input[index] = self._half[name]
        for index, name in enumerate(node.output):
            if name not in self._floats:
                continue
            self._half[name] = half = f"{name}_fp16"
            node.output[index] = half
            if name in self._outside or name in self._outputs:
                after.append(_cast(half, name, TensorProto.FLOAT))
        return [*before, node, *after]

    def _enter(self, name: str) -> list[onnx.NodeProto]:
        self._half[name] = half = f"{name}_fp16"
        weight = self._weights.get(name)
        if weight is None:
            return [_cast(name, half, TensorProto.FLOAT16)]
        self._halved_weights[name] = _half_of(weight)
        return []

    def write_weights(self) -> None:
        """Put the FP16 weights into the graph, and drop those of FP32 that nobody takes now."""
        taken = {name for node in self._graph.node for name in node.input} | self._outputs
        kept = [t for t in self._graph.initializer if t.name in taken]
        del self._graph.initializer[:]
        self._graph.initializer.extend([*kept, *self._halved_weights.values()])


def _cast(name: str, out: str, to: int) -> onnx.NodeProto:
    return helper.make_node("Cast", [name], [out], name=f"cast_{out}", to=to)
