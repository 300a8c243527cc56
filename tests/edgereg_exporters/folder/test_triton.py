"""The Triton repository against the published schema of ModelConfig."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx
from edgereg_exporters.errors import ExportError
from edgereg_exporters.folder.triton import MAX_BATCH, add_to_repository, config
from onnx import TensorProto, helper

from edgereg.models.folder import ModelFolder


@pytest.fixture(scope="module")
def schema() -> Any:
    """model_config.proto as Triton's client package ships it, without that package's imports."""
    found = importlib.util.find_spec("tritonclient")
    if found is None or not found.submodule_search_locations:
        pytest.skip("tritonclient is not installed")
    path = Path(found.submodule_search_locations[0]) / "grpc" / "model_config_pb2.py"
    spec = importlib.util.spec_from_file_location("model_config_pb2", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parsed(schema: Any, text: str) -> Any:
    from google.protobuf import text_format

    return text_format.Parse(text, schema.ModelConfig())


def test_the_repository_serves_the_folder_s_own_files(
    small_model: ModelFolder, schema: Any, tmp_path: Path
) -> None:
    made = add_to_repository(small_model, tmp_path / "repository")
    assert [folder.name for folder in made] == ["small_predict", "small_refine", "small_density"]
    for folder, graph in zip(made, ("predict", "refine", "density"), strict=True):
        served = (folder / "2" / "model.onnx").read_bytes()
        assert served == small_model.graph_path(graph).read_bytes()  # type: ignore[arg-type]
        found = parsed(schema, (folder / "config.pbtxt").read_text(encoding="utf-8"))
        assert found.name == folder.name
        assert found.platform == "onnxruntime_onnx"
        check_shapes(schema, found, onnx.load_from_string(served))


def check_shapes(schema: Any, found: Any, model: Any) -> None:
    """Every input and output of the graph is described, batch axis and type included."""
    for ours, theirs in ((model.graph.input, found.input), (model.graph.output, found.output)):
        assert [value.name for value in ours] == [value.name for value in theirs]
        for value, described in zip(ours, theirs, strict=True):
            tensor = value.type.tensor_type
            name = schema.DataType.Name(described.data_type)
            dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
            assert (
                name
                == {"float32": "TYPE_FP32", "int64": "TYPE_INT64", "uint8": "TYPE_UINT8"}[
                    dtype.name
                ]
            )
            axes = [dim.dim_value or -1 for dim in tensor.shape.dim]
            batch = [-1] if found.max_batch_size else []
            assert batch + list(described.dims) == (axes or [1])


def test_graphs_with_one_batch_axis_are_batched_by_the_server(
    small_model: ModelFolder, schema: Any, tmp_path: Path
) -> None:
    batches = {}
    for folder in add_to_repository(small_model, tmp_path):
        found = parsed(schema, (folder / "config.pbtxt").read_text(encoding="utf-8"))
        batches[found.name] = found.max_batch_size
        assert found.HasField("dynamic_batching") == bool(found.max_batch_size)
    assert batches == {"small_predict": MAX_BATCH, "small_refine": 0, "small_density": MAX_BATCH}


def test_an_output_of_the_batch_axis_alone(schema: Any) -> None:
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("B", 3))]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("B",))]
    node = helper.make_node("ReduceSum", ["x"], ["y"])
    model = helper.make_model(helper.make_graph([node], "sum", inputs, outputs))
    found = parsed(schema, config(model, "sum"))
    assert list(found.output[0].dims) == [1]
    assert found.output[0].HasField("reshape")
    assert list(found.output[0].reshape.shape) == []


def test_what_is_there_is_replaced_only_by_force(small_model: ModelFolder, tmp_path: Path) -> None:
    add_to_repository(small_model, tmp_path)
    with pytest.raises(ExportError, match="--force"):
        add_to_repository(small_model, tmp_path)
    add_to_repository(small_model, tmp_path, force=True)
    foreign = tmp_path / "small_refine"
    (foreign / "config.pbtxt").unlink()
    with pytest.raises(ExportError, match="not a Triton model"):
        add_to_repository(small_model, tmp_path, force=True)


def test_a_type_that_triton_has_not_is_one_line() -> None:
    inputs = [helper.make_tensor_value_info("x", TensorProto.COMPLEX64, ("B",))]
    model = helper.make_model(helper.make_graph([], "none", inputs, []))
    with pytest.raises(ExportError, match="no type"):
        config(model, "none")
