"""The graph writer keeps what the outputs need, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")

from edgereg_exporters.graphs.writer import GraphWriter, checked_model, floats, node_count, typed
from onnx import TensorProto


def doubled(loop: bool) -> GraphWriter:
    """y = x * two * ... with a node and a constant that nothing reads."""
    g = GraphWriter()
    two = g.constant("two", 2.0)
    g.op("Add", "x", g.constant("three", 3.0), out="unread")
    if not loop:
        g.op("Mul", "x", two, out="y")
        return g
    b = GraphWriter("body_")
    b.op("Identity", b.constant("always", True, np.bool_), out="go_on")
    b.op("Mul", "v", two, out="next")
    inputs = [typed("round", TensorProto.INT64, ()), typed("going", TensorProto.BOOL, ())]
    outputs = [typed("body_go_on", TensorProto.BOOL, ()), floats("body_next", (None,))]
    body = b.graph("body", [*inputs, floats("v", (None,))], outputs)
    g.op("Loop", g.constant("rounds", 3, np.int64), "", "x", out="y", body=body)
    return g


@pytest.mark.parametrize("loop", [False, True])
def test_what_no_output_needs_is_left_out(loop: bool) -> None:
    model = checked_model(doubled(loop).graph("g", [floats("x", ("N",))], [floats("y", ("N",))]))
    assert [node.op_type for node in model.graph.node] == ["Loop" if loop else "Mul"]
    assert {item.name for item in model.graph.initializer} == {"two"} | (
        {"rounds"} if loop else set()
    )
    assert node_count(model) == (3 if loop else 1)
