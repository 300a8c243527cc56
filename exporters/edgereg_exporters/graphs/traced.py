"""Torch modules as ONNX graphs, by torch's own exporter."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
import torch
from torch import nn

from edgereg.core.errors import one_line
from edgereg_exporters.errors import ExportError
from edgereg_exporters.graphs.decompositions import DECOMPOSITIONS
from edgereg_exporters.graphs.uint8_inputs import cast_first, require_cast_first
from edgereg_exporters.graphs.writer import IR_VERSION, OPSET


@dataclass(frozen=True)
class Signature:
    """inputs, outputs: names in order; sizes: of each input, its free axes as torch's `Dim`s."""

    inputs: Sequence[str]
    outputs: Sequence[str]
    sizes: Sequence[Mapping[int, Any]]


def trace(
    module: nn.Module, examples: tuple[torch.Tensor, ...], signature: Signature, name: str
) -> onnx.ModelProto:
    """The graph of `module` in eval mode, checked, opset 18; name: of the graph, for errors.

    Constants are folded, and batch normalisation is merged into convolutions as far as torch does
    it; engines merge the rest when they load the file. No control flow may depend on data. What
    reads a uint8 input reads it through a cast to float (see `uint8_inputs`).
    Raises ExportError where torch can't trace the module, or it computes with a uint8 input itself.
    """
    try:
        with quiet():
            sizes = tuple(dict(each) for each in signature.sizes)
            program = torch.export.export(module.eval(), examples, dynamic_shapes=sizes)
            if any(node.target in DECOMPOSITIONS for node in program.graph.nodes):
                program = program.run_decompositions(DECOMPOSITIONS)
            found = torch.onnx.export(
                program,
                input_names=list(signature.inputs),
                output_names=list(signature.outputs),
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    except Exception as error:  # torch raises many classes here, some of them private
        raise ExportError(f"torch can't export the {name} graph: {one_line(error)}") from error
    if found is None:
        raise ExportError(f"torch exported no {name} graph; is onnxscript installed?")
    model = found.model_proto
    tidy(model)
    cast_first(model)
    require_cast_first(model, name)
    onnx.checker.check_model(model, full_check=True)
    return model


def tidy(model: onnx.ModelProto) -> None:
    """Drop what tools write about themselves: paths of the machine (half the file), and operator
    sets that no node uses."""
    used = {node.domain for node in model.graph.node}
    kept = [item for item in model.opset_import if item.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    model.ir_version = min(model.ir_version, IR_VERSION)
    model.producer_name, model.producer_version = "edgereg", ""
    model.doc_string = ""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]


@contextlib.contextmanager
def quiet():  # type: ignore[no-untyped-def]
    """Keep torch's progress lines and notes off the user's screen."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            log.setLevel(level)
