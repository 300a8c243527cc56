"""The `predict` graph: a torch module with its weights as ONNX."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Sequence

import onnx
import torch
from torch import nn
from torch.export import Dim

from edgereg_exporters.errors import ExportError
from edgereg_exporters.graph_writer import IR_VERSION, OPSET

INPUT = "images"


def export_predict(
    module: nn.Module, example: torch.Tensor, outputs: Sequence[str], multiple: int | None
) -> onnx.ModelProto:
    """Trace `module` on `example` (uint8 [B, H, W, 3]) by torch's exporter, and check the result.

    The batch is free; H and W are free multiples of `multiple`, or fixed where that is None.
    Constants are folded, and batch normalisation is merged into convolutions as far as torch does
    it; engines merge the rest when they load the file. Opset 18.
    Raises ExportError where torch can't trace the module.
    """
    traced = example if len(example) > 1 else example.repeat(2, 1, 1, 1)
    sizes: dict[int, object] = {0: Dim("B")}
    if multiple is not None:
        sizes |= {1: multiple * Dim("h"), 2: multiple * Dim("w")}
    try:
        with _quiet():
            program = torch.onnx.export(
                module.eval(),
                (traced,),
                input_names=[INPUT],
                output_names=list(outputs),
                dynamic_shapes=(sizes,),
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    except Exception as error:  # torch raises many classes here, some of them private
        raise ExportError(f"torch can't export the predict graph: {_line(error)}") from error
    if program is None:
        raise ExportError("torch exported no predict graph; is onnxscript installed?")
    model = program.model_proto
    tidy(model)
    onnx.checker.check_model(model, full_check=True)
    return model


def tidy(model: onnx.ModelProto) -> None:
    """Drop what tools note about themselves: paths of the machine, half the file, operator sets
    that no node is of."""
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
def _quiet():  # type: ignore[no-untyped-def]
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


def _line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]
