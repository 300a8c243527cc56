"""What TensorRT's parser would refuse is told at export."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnx
from edgereg_exporters.folder.tensorrt_rules import OPERATORS, refusals
from edgereg_exporters.graphs.writer import GraphWriter, checked_model, floats, typed
from edgereg_exporters.precision.quantise import to_int8
from onnx import TensorProto, helper

from edgereg.models.folder import load_model


def written(write: Callable[[GraphWriter], None]) -> Any:
    """A model of x (float [N]) and steps, and of the nodes that `write` adds, with output y."""
    g = GraphWriter()
    write(g)
    inputs = [floats("x", ("N",)), typed("steps", TensorProto.INT64, ())]
    outputs = [helper.make_empty_tensor_value_info("y")]
    graph = g.graph("g", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def loop(g: GraphWriter, condition: str, reads: bool, collects: bool) -> None:
    """A Loop that doubles x; `reads`: its body hands the condition on."""
    body = GraphWriter(prefix="body_")
    going = "going" if reads else body.constant("always", True, np.bool_)
    body.op("Identity", going, out="goes_on")
    body.op("Add", "value", "value", out="next")
    body.op("Identity", "body_next", out="shown")
    inputs = [
        typed("round", TensorProto.INT64, ()),
        typed("going", TensorProto.BOOL, ()),
        floats("value", ("N",)),
    ]
    names = ["next", "shown"] if collects else ["next"]
    outputs = [
        typed("body_goes_on", TensorProto.BOOL, ()),
        *(floats(f"body_{n}", ("N",)) for n in names),
    ]
    if condition:
        g.constant(condition, True, np.bool_)
    out = ("y", "path") if collects else ("y",)
    g.multi("Loop", "steps", condition, "x", out=out, body=body.graph("body", inputs, outputs))


def test_a_loop_by_number_alone() -> None:
    assert refusals(written(lambda g: loop(g, "", reads=False, collects=True))) == []
    assert refusals(written(lambda g: loop(g, "", reads=True, collects=True))) == [
        "Identity 'body_goes_on': reads 'going', the condition of a Loop that has none"
    ]


def test_a_loop_with_a_condition() -> None:
    assert refusals(written(lambda g: loop(g, "yes", reads=True, collects=False))) == []
    (line,) = refusals(written(lambda g: loop(g, "yes", reads=True, collects=True)))
    assert "may end early" in line


def many(g: GraphWriter) -> None:
    g.multi("TopK", "x", g.ints("k", 3841), out=("y", "places"))


def few(g: GraphWriter) -> None:
    g.multi("TopK", "x", g.ints("k", 3840), out=("y", "places"))


def eye(g: GraphWriter) -> None:
    g.op("EyeLike", g.op("Unsqueeze", "x", g.ints("zero", 0), out="row"), out="y")


def pad(g: GraphWriter) -> None:
    value = g.constant("nought", 0.0)
    g.op("Pad", "x", g.ints("pads", 0, 1), value, g.ints("axes", 0), out="y")


def plain_pad(g: GraphWriter) -> None:
    g.op("Pad", "x", g.ints("pads", 0, 1), out="y")


def unlisted(g: GraphWriter) -> None:
    g.op("Det", "x", out="y")


@pytest.mark.parametrize(
    ("write", "complaint"),
    [
        (many, "TopK 'y': more than 3840 values"),
        (eye, "EyeLike 'y': of a size that is computed"),
        (pad, "Pad 'y': names its axes, which 10.4 takes first"),
        (unlisted, "Det 'y': no operator that the parser lists"),
    ],
)
def test_what_is_refused(write: Callable[[GraphWriter], None], complaint: str) -> None:
    assert refusals(written(write)) == [complaint]


@pytest.mark.parametrize("write", [few, plain_pad])
def test_what_is_not(write: Callable[[GraphWriter], None]) -> None:
    assert refusals(written(write)) == []


def test_int8_for_tensorrt_and_for_the_cpu(small_predict: Any, pictures: Any) -> None:
    assert refusals(to_int8(small_predict, [pictures], "portable")) == []
    assert "unsigned" in refusals(to_int8(small_predict, [pictures], "cpu"))[0]


def test_every_listed_operator_is_onnx() -> None:
    assert all(onnx.defs.has(name) for name in OPERATORS)


def test_export_tells(small_model: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from edgereg_exporters import export as export_module
    from edgereg_exporters.export import Request, export

    said = export(Request(small_model.path, tmp_path / "whole")).lines
    assert not [line for line in said if "predict" in line or "density" in line]
    monkeypatch.setattr(export_module, "refusals", lambda graph: ["Det 'a': no", "Det 'b': no"])
    said = export(Request(small_model.path, tmp_path / "out")).lines
    assert said[1] == "TensorRT would refuse the predict graph: Det 'a': no (and 1 more)"
    assert load_model(tmp_path / "out").spec.name == "small"


def test_the_writer_checks_what_the_rules_read(small_predict: Any) -> None:
    checked_model(small_predict.graph)
    assert refusals(small_predict) == []
