"""The bundled models' graphs are such as TensorRT's parser takes, as far as its rules are known."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnx")

import onnx
from edgereg_exporters.folder.tensorrt_rules import refusals
from edgereg_exporters.graphs.uint8_inputs import require_cast_first

GRAPHS = sorted(Path(__file__).parents[2].glob("plugins/*/models/*/*.onnx"))


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_bundled_graph_is_taken(path: Path) -> None:
    model = onnx.load(path)
    require_cast_first(model, path.stem)
    assert refusals(model) == []
