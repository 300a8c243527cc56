"""TensorRT takes a uint8 input only through a cast to float: no graph is written that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnx
import onnxruntime as ort
from edgereg_exporters.errors import ExportError
from edgereg_exporters.graphs.uint8_inputs import cast_first, require_cast_first
from edgereg_exporters.graphs.writer import GraphWriter, checked_model, floats, typed
from edgereg_exporters.precision.half import to_half
from edgereg_exporters.precision.quantise import to_int8


def graph(write: Callable[[GraphWriter], None], shape: tuple[Any, ...] = ("B", 4, 6, 3)) -> Any:
    """A model of `images` (uint8 [B, 4, 6, 3]) and what `write` makes of them, float `out`."""
    g = GraphWriter()
    write(g)
    images = typed("images", onnx.TensorProto.UINT8, ("B", 4, 6, 3))
    return checked_model(g.graph("g", [images], [floats("out", shape)]))


def outputs(model: Any, images: Any) -> Any:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"images": images})[0]


def readers(model: Any) -> list[str]:
    return [node.op_type for node in model.graph.node if "images" in node.input]


def turned(g: GraphWriter) -> None:
    moved = g.op("Transpose", "images", out="turned", perm=[0, 3, 1, 2])
    half = g.op("Slice", moved, g.ints("from", 1), g.ints("to", 3), g.ints("axis", 1), out="half")
    g.op("Cast", half, out="out", to=onnx.TensorProto.FLOAT)


def asked(g: GraphWriter) -> None:
    """A shape of the input, asked for before the cast, as in a graph whose sides are free."""
    sides = g.op("Cast", g.op("Shape", "images", out="sides"), out="whole", to=1)
    pixels = g.op("ReduceProd", sides, out="pixels", keepdims=0)
    cast = g.op("Cast", "images", out="cast", to=onnx.TensorProto.FLOAT)
    g.op("Div", cast, pixels, out="out")


def as_integers(g: GraphWriter) -> None:
    whole = g.op("Cast", "images", out="whole", to=onnx.TensorProto.INT32)
    seven = g.constant("seven", 7, np.int32)
    g.op("Cast", g.op("Div", whole, seven, out="divided"), out="out", to=1)


def clean(g: GraphWriter) -> None:
    g.op("Cast", "images", out="out", to=onnx.TensorProto.FLOAT)


@pytest.mark.parametrize("write", [turned, asked, as_integers])
def test_what_can_reads_the_cast_and_computes_the_same(write: Any, pictures: Any) -> None:
    model = graph(write, (None, None, None, None))
    with pytest.raises(ExportError, match="reads the uint8 input 'images'"):
        require_cast_first(model, "predict")
    images = np.ascontiguousarray(pictures[:2, :4, :6])
    expected = outputs(model, images)
    cast_first(model)
    require_cast_first(model, "predict")
    onnx.checker.check_model(model, full_check=True)
    assert readers(model) == ["Cast"]
    assert np.array_equal(outputs(model, images), expected)


def test_a_graph_that_casts_first_is_left_alone() -> None:
    model = graph(clean)
    before = model.SerializeToString()
    cast_first(model)
    assert model.SerializeToString() == before


def arithmetic(g: GraphWriter) -> None:
    doubled = g.op("Add", "images", "images", out="doubled")
    g.op("Cast", doubled, out="out", to=onnx.TensorProto.FLOAT)


def second_input(g: GraphWriter) -> None:
    zeros = g.constant("zeros", np.zeros((1, 4, 6, 3)), np.uint8)
    joined = g.op("Concat", zeros, "images", out="joined", axis=0)
    g.op("Cast", joined, out="out", to=onnx.TensorProto.FLOAT)


def moved_then_added(g: GraphWriter) -> None:
    flat = g.op("Flatten", "images", out="flat")
    doubled = g.op("Add", flat, flat, out="doubled")
    g.op("Cast", doubled, out="out", to=onnx.TensorProto.FLOAT)


@pytest.mark.parametrize(
    ("write", "named"),
    [
        (arithmetic, "Add 'doubled'"),
        (second_input, "Concat 'joined'"),
        (moved_then_added, "Flatten 'flat'"),
    ],
)
def test_what_computes_with_bytes_is_refused_by_name(write: Any, named: str) -> None:
    model = graph(write, (None,) * (2 if write is moved_then_added else 4))
    cast_first(model)
    with pytest.raises(ExportError, match=rf"the predict graph: {named} reads .*images\.float"):
        require_cast_first(model, "predict")
    with pytest.raises(ExportError, match=f"the FP16 graph: {named}"):
        to_half(model)


def test_a_body_that_reads_the_images_of_the_graph_around_it_is_refused() -> None:
    body = GraphWriter(prefix="body_")
    shape = body.op("Shape", "images", out="shape")
    body.op("Cast", shape, out="whole", to=1)
    typed_out = onnx.helper.make_tensor_value_info("body_whole", 1, (4,))
    g = GraphWriter()
    g.nodes.append(
        onnx.helper.make_node(
            "If",
            [g.constant("yes", True, np.bool_)],
            ["out"],
            name="if",
            then_branch=body.graph("then", [], [typed_out]),
            else_branch=body.graph("else", [], [typed_out]),
        )
    )
    images = typed("images", onnx.TensorProto.UINT8, ("B", 4, 6, 3))
    model = checked_model(g.graph("g", [images], [floats("out", (4,))]))
    with pytest.raises(ExportError, match="Shape 'body_shape'"):
        require_cast_first(model, "predict")


def test_lower_precisions_keep_the_rule(small_predict: Any, pictures: Any) -> None:
    """Also of a model that was exported when graphs still transposed first."""
    old = onnx.ModelProto()
    old.CopyFrom(small_predict)
    nodes = {node.op_type: node for node in old.graph.node if node.op_type in {"Cast", "Transpose"}}
    nodes["Transpose"].input[0], nodes["Cast"].input[0] = "images", "turned"
    nodes["Div"] = next(node for node in old.graph.node if node.op_type == "Div")
    nodes["Div"].input[0] = "cast"
    ordered = [nodes["Transpose"], nodes["Cast"], *list(old.graph.node)[2:]]
    ordered = [onnx.NodeProto.FromString(node.SerializeToString()) for node in ordered]
    del old.graph.node[:]
    old.graph.node.extend(ordered)
    onnx.checker.check_model(old, full_check=True)
    for model in (small_predict, old):
        for made in (to_half(model), to_int8(model, [pictures])):
            assert readers(made) == ["Cast"]
    assert np.allclose(outputs(to_half(old), pictures), outputs(small_predict, pictures), atol=0.5)


def test_a_traced_module_that_computes_with_bytes_is_refused() -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    from edgereg_exporters.graphs.predict import export_predict

    class Bytes(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, images: Any) -> Any:
            return (images + images).float().mean((1, 2))

    class Turned(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, images: Any) -> Any:
            return images.permute(0, 3, 1, 2).float().mean((2, 3))

    example = torch.zeros(2, 8, 8, 3, dtype=torch.uint8)
    with pytest.raises(ExportError, match=r"Add '.*' reads the uint8 input 'images'"):
        export_predict(Bytes(), example, ("out",), None)
    assert readers(export_predict(Turned(), example, ("out",), None)) == ["Cast"]
