"""A graph whose network computes in INT8, by ONNX Runtime's static quantiser in Q/DQ format.

Weights are signed and symmetric, a scale for each output channel. Two schemes for activations:

- portable: signed and symmetric (zero point 0), the only one that TensorRT takes;
- cpu: unsigned with a zero point, so that ONNX Runtime drops the ReLUs and joins its integer
  convolutions; on x86 it is the faster one by far, and TensorRT refuses it.

Biases stay FP32 in the file, as TensorRT wants them; ONNX Runtime quantises them when it loads.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import onnx

from edgereg.core.errors import one_line
from edgereg_exporters.errors import ExportError
from edgereg_exporters.graphs.traced import tidy
from edgereg_exporters.graphs.uint8_inputs import cast_first, require_cast_first
from edgereg_exporters.precision.low_precision import WEIGHTED, low_nodes

Scheme = Literal["portable", "cpu"]
Batches = Sequence[npt.NDArray[np.uint8]]


def to_int8(
    model: onnx.ModelProto, batches: Batches, scheme: Scheme = "portable"
) -> onnx.ModelProto:
    """A copy of `model` with the layers among `low_nodes` in INT8; inputs and outputs unchanged.

    batches: uint8 [B, H, W, 3], what the ranges of activations are taken from. With the scheme
    `cpu` residual sums are quantised as well. Raises ExportError where there is no picture or the
    quantiser fails.
    """
    if not any(len(batch) for batch in batches):
        raise ExportError("INT8 needs pictures to calibrate on; none was given")
    with tempfile.TemporaryDirectory() as folder, quiet():
        given, plain, made = (Path(folder) / f"{name}.onnx" for name in ("given", "plain", "made"))
        onnx.save(model, given)
        try:
            _prepare(given, plain)
            quantise(plain, made, batches, scheme)
        except Exception as error:  # the quantiser raises bare ValueErrors, asserts and its own
            raise ExportError(f"the graph can't be quantised: {one_line(error)}") from error
        found = onnx.load(made)
    tidy(found)
    cast_first(found)
    require_cast_first(found, "INT8")
    onnx.checker.check_model(found, full_check=True)
    return found


def _prepare(given: Path, out: Path) -> None:
    """Shapes inferred, and batch normalisation merged into convolutions where torch left it."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    quant_pre_process(str(given), str(out), skip_symbolic_shape=True)


def quantise(plain: Path, out: Path, batches: Batches, scheme: Scheme) -> None:
    """Let ONNX Runtime quantise the low nodes."""
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    graph = onnx.load(plain).graph
    ops = sorted(WEIGHTED | {"Add"} if scheme == "cpu" else WEIGHTED)
    low = low_nodes(graph)
    nodes = [node.name for node in graph.node if node.name in low and node.op_type in ops]
    if not nodes:
        raise ExportError("no layer of the graph may be INT8")
    quantize_static(
        str(plain),
        str(out),
        _Reader(graph.input[0].name, batches),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        weight_type=QuantType.QInt8,
        activation_type=QuantType.QUInt8 if scheme == "cpu" else QuantType.QInt8,
        op_types_to_quantize=ops,
        nodes_to_quantize=nodes,
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={
            "ActivationSymmetric": scheme == "portable",
            # The mean of the batches' extremes: a single outlier does not coarsen every step.
            "CalibMovingAverage": True,
            "QuantizeBias": False,
            "WeightSymmetric": True,
        },
    )


class _Reader:
    """Batches as the quantiser asks for them."""

    def __init__(self, name: str, batches: Batches) -> None:
        self._feeds = iter([{name: np.ascontiguousarray(batch)} for batch in batches])

    def get_next(self) -> dict[str, npt.NDArray[np.uint8]] | None:
        """The next batch, or None."""
        return next(self._feeds, None)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the quantiser's progress lines and warnings off the user's screen."""
    log = logging.getLogger()
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        log.setLevel(level)
