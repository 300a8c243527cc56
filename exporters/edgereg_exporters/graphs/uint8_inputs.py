"""Images enter a graph as uint8, and the first thing that reads them is a Cast to float.

TensorRT takes a uint8 input only where a cast to float32 or float16 is all that reads it: no other
layer knows the type, not even one that only asks for its shape.
"""

from __future__ import annotations

from collections.abc import Collection

import onnx
from onnx import TensorProto, helper

from edgereg_exporters.errors import ExportError
from edgereg_exporters.graphs.writer import all_nodes, bodies_of, names_read

FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)
# Types to which 0 to 255 can be cast from float as well as from uint8.
WIDER = (*FLOATS, TensorProto.DOUBLE, TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL)
# Operators that only move their first input's numbers, whatever their type.
MOVERS = frozenset(
    {"Flatten", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"}
)
# Operators that only ask for the shape.
ASKERS = frozenset({"Shape", "Size"})


def cast_first(model: onnx.ModelProto) -> None:
    """Make every reader of a uint8 input that can do so read the input's cast to float instead.

    Those are nodes that ask for the shape, and nodes that move the numbers to where they are cast:
    they compute the same. The casts behind them stay.
    """
    graph = model.graph
    fluid = _fluid(graph)
    for name in _uint8_inputs(graph):
        willing = [
            node
            for node in graph.node
            if name in node.input[:1] and not _is_cast(node) and _does_not_mind(node, fluid)
        ]
        if willing:
            cast = cast_in_front(graph, name)
        for node in willing:
            node.input[0] = cast


def require_cast_first(model: onnx.ModelProto, title: str) -> None:
    """Raise ExportError, with the node's name, where anything but a cast reads a uint8 input."""
    inputs = _uint8_inputs(model.graph)
    for node in all_nodes(model.graph):
        for name in inputs & set(node.input):
            if not _is_cast(node):
                raise ExportError(
                    f"the {title} graph: {node.op_type} '{node.name}' reads the uint8 input "
                    f"'{name}', and TensorRT takes that only through a cast to float; "
                    f"begin the module with {name}.float()"
                )


def _fluid(graph: onnx.GraphProto) -> set[str]:
    """Values whose readers would compute the same if they were float instead of uint8."""
    fixed = {value.name for value in graph.output}
    fixed.update(*(names_read(body) for node in graph.node for body in bodies_of(node)))
    fluid: set[str] = set()
    # From behind, so that a node's readers are known before the node.
    for node in reversed(graph.node):
        fluid |= set(node.output) - fixed
        fixed |= set(node.input[0 if not _does_not_mind(node, fluid) else 1 :])
        fluid -= fixed
    return fluid


def _does_not_mind(node: onnx.NodeProto, fluid: Collection[str]) -> bool:
    """Whether float numbers as the first input are as good as the same in uint8."""
    moves = node.op_type in MOVERS and node.output[0] in fluid
    return moves or node.op_type in ASKERS or _is_cast(node, WIDER)


def cast_in_front(graph: onnx.GraphProto, name: str) -> str:
    """The output of the cast of `name` to float32, which is the graph's first node from now on."""
    made = f"{name}_float"
    entry = helper.make_node("Cast", [name], [made], name=made, to=TensorProto.FLOAT)
    for node in graph.node:
        if name in node.input and _is_cast(node, (TensorProto.FLOAT,)):
            entry = node
            graph.node.remove(node)
            break
    graph.node.insert(0, entry)
    return str(entry.output[0])


def _uint8_inputs(graph: onnx.GraphProto) -> set[str]:
    return {v.name for v in graph.input if v.type.tensor_type.elem_type == TensorProto.UINT8}


def _is_cast(node: onnx.NodeProto, to: Collection[int] = FLOATS) -> bool:
    return node.op_type == "Cast" and any(a.name == "to" and a.i in to for a in node.attribute)
