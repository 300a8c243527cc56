"""A Triton Inference Server model repository of the same graphs.

    REPOSITORY/NAME_predict/config.pbtxt
    REPOSITORY/NAME_predict/1/model.onnx        byte for byte predict.onnx of the model folder

Triton's batcher joins requests along the first axis of every input, so it is on where all inputs
of a graph have it: predict, density and spread. refine takes its step length, decay and number of
steps besides, and is served as it is (max_batch_size 0), each request a whole batch. Its two
numbers without axes are sent with the shape [1] (Triton 23.10 or later).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import onnx
from onnx import TensorProto

from edgereg.core.model_spec import GraphName
from edgereg.models.folder import ModelFolder
from edgereg_exporters.errors import ExportError
from edgereg_exporters.folder.placing import check_place, put_folder

CONFIG = "config.pbtxt"
MAX_BATCH = 32
# How long a request may wait for others to be batched with.
MAX_WAIT_US = 500
TYPES: dict[int, str] = {
    TensorProto.FLOAT: "TYPE_FP32",
    TensorProto.FLOAT16: "TYPE_FP16",
    TensorProto.INT64: "TYPE_INT64",
    TensorProto.UINT8: "TYPE_UINT8",
}


def add_to_repository(model: ModelFolder, repository: Path, *, force: bool = False) -> list[Path]:
    """Write one Triton model for each graph, NAME_GRAPH; returns their folders.

    The version folder is the number that the model's version starts with, 1 where that is none.
    Raises ExportError where a folder is there already (without force) or can't be written.
    """
    places = {
        graph: repository / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', model.spec.name)}_{graph}"
        for graph in model.spec.graphs
    }
    for place in places.values():
        check_place(place, force, CONFIG, "Triton model")
    for graph, place in places.items():
        put(model, graph, place)
    return list(places.values())


def put(model: ModelFolder, graph: GraphName, place: Path) -> None:
    """Write one Triton model."""
    content = model.graph_path(graph).read_bytes()
    text = config(onnx.load_from_string(content), place.name)

    def write(folder: Path) -> None:
        version = folder / _version(model.spec.version)
        version.mkdir(parents=True)
        (version / "model.onnx").write_bytes(content)
        (folder / CONFIG).write_text(text, encoding="utf-8")

    put_folder(place, write)


def _version(version: str) -> str:
    """Triton's versions are whole numbers from 1."""
    number = re.match(r"\d+", version)
    return str(max(1, int(number.group()))) if number else "1"


def config(model: onnx.ModelProto, name: str) -> str:
    """`config.pbtxt`: a ModelConfig as protobuf text. ExportError for a type it lacks."""
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    free = {_first_axis(value) for value in inputs}
    batched = len(free) == 1 and None not in free
    lines = [
        f'name: "{name}"',
        'platform: "onnxruntime_onnx"',
        f"max_batch_size: {MAX_BATCH if batched else 0}",
        *_values("input", inputs, batched),
        *_values("output", list(graph.output), batched),
    ]
    if batched:
        lines.append(f"dynamic_batching {{ max_queue_delay_microseconds: {MAX_WAIT_US} }}")
    return "\n".join(lines) + "\n"


def _first_axis(value: onnx.ValueInfoProto) -> str | None:
    """The name of a free first axis, or None."""
    axes = value.type.tensor_type.shape.dim
    return axes[0].dim_param or None if axes else None


def _values(kind: str, values: Sequence[onnx.ValueInfoProto], batched: bool) -> list[str]:
    found = []
    for value in values:
        tensor = value.type.tensor_type
        if tensor.elem_type not in TYPES:
            raise ExportError(f"{value.name}: Triton has no type for ONNX type {tensor.elem_type}")
        axes = [d.dim_value if d.HasField("dim_value") else -1 for d in tensor.shape.dim]
        dims = axes[1:] if batched else axes or [1]
        # An input of the batch axis alone is one number for each picture.
        more = "" if dims else " reshape { shape: [ ] }"
        shape = ", ".join(str(size) for size in dims or [1])
        found.append(
            f'{kind} {{ name: "{value.name}" data_type: {TYPES[tensor.elem_type]} '
            f"dims: [ {shape} ]{more} }}"
        )
    return found
