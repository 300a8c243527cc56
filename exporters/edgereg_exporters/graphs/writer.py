"""A thin writer of ONNX graphs: one call per node, values are their names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 9
Shape = Sequence[int | str | None]


@dataclass(frozen=True)
class GraphWriter:
    """Collects nodes and constants of one graph. `prefix` keeps the names of a body apart.

    A body (of a Loop) reads the values of the graph around it by their names, as ONNX allows.
    """

    prefix: str = ""
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def op(self, kind: str, *inputs: str, out: str, **attributes: Any) -> str:
        """Add a node with one output, called `out`; returns the output's full name."""
        return self.multi(kind, *inputs, out=(out,), **attributes)[0]

    def multi(
        self, kind: str, *inputs: str, out: Sequence[str], **attributes: Any
    ) -> tuple[str, ...]:
        """Add a node with several outputs; returns their full names."""
        names = tuple(self.prefix + name for name in out)
        node = helper.make_node(kind, list(inputs), list(names), name=names[0], **attributes)
        self.nodes.append(node)
        return names

    def constant(self, name: str, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Add a constant (float32 unless told); a name in use keeps its value."""
        full = self.prefix + name
        if full not in self.constants:
            self.constants[full] = numpy_helper.from_array(np.asarray(value, dtype), full)
        return full

    def ints(self, name: str, *values: int) -> str:
        """Add a one-dimensional int64 constant (axes, shapes)."""
        return self.constant(name, values, np.int64)

    def graph(
        self,
        name: str,
        inputs: Sequence[onnx.ValueInfoProto],
        outputs: Sequence[onnx.ValueInfoProto],
        doc: str = "",
    ) -> onnx.GraphProto:
        """The finished graph: the nodes and constants that its outputs need, in order."""
        needed = {output.name for output in outputs}
        nodes: list[onnx.NodeProto] = []
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                nodes.insert(0, node)
                needed.update(node.input)
                needed.update(*(names_read(body) for body in bodies_of(node)))
        constants = [value for key, value in self.constants.items() if key in needed]
        return helper.make_graph(
            nodes, name, list(inputs), list(outputs), constants, doc_string=doc
        )


def floats(name: str, shape: Shape) -> onnx.ValueInfoProto:
    """A float32 input or output."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def typed(name: str, kind: int, shape: Shape) -> onnx.ValueInfoProto:
    """An input or output of ONNX element type `kind`."""
    return helper.make_tensor_value_info(name, kind, shape)


def checked_model(graph: onnx.GraphProto) -> onnx.ModelProto:
    """Wrap a graph as a model (opset 18, IR version 9) and check it fully, shapes included.

    Raises onnx.checker.ValidationError or InferenceError where the graph is wrong.
    """
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="edgereg",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def node_count(model: onnx.ModelProto) -> int:
    """All nodes of a model, those of loop bodies and other subgraphs included."""
    return sum(1 for _ in all_nodes(model.graph))


def all_nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """The nodes of a graph and of the bodies in it."""
    for node in graph.node:
        yield node
        for body in bodies_of(node):
            yield from all_nodes(body)


def bodies_of(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    """The subgraphs of a node, such as a Loop's."""
    return [attribute.g for attribute in node.attribute if attribute.HasField("g")]


def names_read(graph: onnx.GraphProto) -> set[str]:
    """The values that the nodes of a graph and of its bodies read, their own among them."""
    return {name for node in all_nodes(graph) for name in node.input}
