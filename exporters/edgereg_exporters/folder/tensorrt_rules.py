"""What TensorRT's parser would refuse in a graph, told at export instead of on the device.

The rules are those of the published parser (onnx-tensorrt: its table of operators, its change log
and the importers' own checks) for 10.3, the oldest version that edgereg is for; newer ones take
more. A graph that passes may still be refused for a reason that only the builder knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from edgereg_exporters.graphs.writer import bodies_of

# Of the published table, with those that the change log adds to it before 10.3.
OPERATORS = {
    "Abs", "Acos", "Acosh", "Add", "And", "ArgMax", "ArgMin", "Asin", "Asinh", "Atan", "Atanh",
    "AveragePool", "BatchNormalization", "Cast", "Ceil", "Celu", "Clip", "Concat", "Constant",
    "ConstantOfShape", "Conv", "ConvTranspose", "Cos", "Cosh", "CumSum", "DeformConv",
    "DepthToSpace", "DequantizeLinear", "Div", "Dropout", "Einsum", "Elu", "Equal", "Erf",
    "Exp", "Expand", "EyeLike", "Flatten", "Floor", "Gather", "GatherElements", "GatherND",
    "Gemm", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "Greater", "GreaterOrEqual",
    "GridSample", "GroupNormalization", "GRU", "HardSigmoid", "HardSwish", "Hardmax",
    "Identity", "If", "InstanceNormalization", "IsInf", "IsNaN", "LayerNormalization",
    "LeakyRelu", "Less", "LessOrEqual", "Log", "LogSoftmax", "Loop", "LpNormalization",
    "LpPool", "LRN", "LSTM", "MatMul", "Max", "MaxPool", "Mean", "MeanVarianceNormalization",
    "Min", "Mod", "Mul", "Neg", "NonMaxSuppression", "NonZero", "Not", "OneHot", "Or", "PRelu",
    "Pad", "Pow", "QuantizeLinear", "RNN", "RandomNormal", "RandomNormalLike", "RandomUniform",
    "RandomUniformLike", "Range", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum",
    "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
    "ReduceSumSquare", "Relu", "Reshape", "Resize", "ReverseSequence", "RoiAlign", "Round",
    "Scan", "ScatterElements", "ScatterND", "Selu", "Shape", "Shrink", "Sigmoid", "Sign", "Sin",
    "Sinh", "Size", "Slice", "Softmax", "Softplus", "Softsign", "SpaceToDepth", "Split", "Sqrt",
    "Squeeze", "Sub", "Sum", "Tan", "Tanh", "ThresholdedRelu", "Tile", "TopK", "Transpose",
    "Trilu", "Unsqueeze", "Where", "Xor",
}  # fmt: skip
MOST_OF_TOPK = 3840
# Opset 18 gave Pad its axes; the parser takes them from 10.4 on.
PAD_AXES = 3


def refusals(model: onnx.ModelProto) -> list[str]:
    """One line for each thing that TensorRT 10.3 refuses; empty where none is known."""
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    return list(_of_graph(model.graph, constants, set()))


def _of_graph(
    graph: onnx.GraphProto, constants: Mapping[str, npt.NDArray[np.generic]], unknown: set[str]
) -> Iterator[str]:
    """unknown: values that ONNX has and the parser does not."""
    for node in graph.node:
        name = f"{node.op_type} '{node.name}'"
        if node.op_type not in OPERATORS:
            yield f"{name}: no operator that the parser lists"
        for value in sorted(unknown & set(node.input)):
            yield f"{name}: reads '{value}', the condition of a Loop that has none"
        yield from (f"{name}: {line}" for line in of_node(node, constants))
        for body in bodies_of(node):
            own = {t.name: numpy_helper.to_array(t) for t in body.initializer}
            # The parser knows a body's condition only where the Loop has one.
            open_loop = node.op_type == "Loop" and not node.input[1]
            lost = {body.input[1].name} if open_loop else set()
            yield from _of_graph(body, {**constants, **own}, unknown | lost)


def of_node(
    node: onnx.NodeProto, constants: Mapping[str, npt.NDArray[np.generic]]
) -> Iterator[str]:
    """What the parser refuses in one node."""
    if node.op_type == "EyeLike" and node.input[0] not in constants:
        yield "of a size that is computed"
    if node.op_type == "TopK":
        most = constants.get(node.input[1])
        if most is not None and int(most.reshape(-1)[0]) > MOST_OF_TOPK:
            yield f"more than {MOST_OF_TOPK} values"
    if node.op_type == "Pad" and len(node.input) > PAD_AXES and node.input[PAD_AXES]:
        yield "names its axes, which 10.4 takes first"
    if node.op_type == "Loop" and node.input[1] and len(node.output) > len(node.input) - 2:
        yield "collects values and may end early, so that their number is unknown"
    if node.op_type in {"QuantizeLinear", "DequantizeLinear"} and len(node.input) > 2:
        zero = constants.get(node.input[2])
        if zero is not None and (zero.dtype == np.uint8 or zero.any()):
            yield "zero points other than 0, or unsigned"
