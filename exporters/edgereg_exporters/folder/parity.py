"""Parity: the largest differences between torch and the engine, on the same inputs, per graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch

from edgereg.core.model_spec import GraphName
from edgereg_exporters.errors import ExportError
from edgereg_exporters.models.exportable import Arrays, Exportable

# Of the target's range, FP32.
BOUND = 1e-4
# Widths may differ this many times as much: an end of an interval lies where the distribution is
# nearly flat, so that a rounding of its height moves the end far.
WIDTHS, WIDER = frozenset({"std", "interval", "effective"}), 10
GRID = 64
# Share of a density's peak below which its logarithm is mostly rounding, and cannot be seen.
FAINT = 1e-4


@dataclass(frozen=True)
class Difference:
    """Of one output of one graph: the largest |engine - reference|; the same and the mean of all
    relative to the output's span."""

    graph: GraphName
    output: str
    largest: float
    relative: float
    mean: float = 0.0


def measure(model: Exportable, graphs: Mapping[GraphName, onnx.ModelProto]) -> list[Difference]:
    """Run every graph in ONNX Runtime (CPU) and in torch on the trial inputs."""
    with torch.no_grad():
        tensors = model.predict(model.example)
    computed = {n: t.numpy() for n, t in zip(model.outputs, tensors, strict=True)}
    found = []
    for name, graph in graphs.items():
        if name == "predict":
            inputs: Arrays = {"images": model.example.numpy()}
            expected: Arrays = dict(computed)
        else:
            trial = model.others[name].trial
            inputs = _trial(model, computed, name) if trial is None else trial(computed)
            expected = model.others[name].reference(inputs)
            computed |= expected
        engine: Arrays = run_graph(graph, inputs)
        if name != "predict" and model.others[name].normalised:
            engine, expected = visible(engine, expected)
        found += compare(name, engine, expected, model.spans, model.unordered)
    return found


def visible(engine: Arrays, expected: Arrays) -> tuple[Arrays, Arrays]:
    """Outputs of a `density` graph that is normalised: values below FAINT times the greatest of
    their row are raised to it."""
    want = expected["log_density"]
    least = want.max(axis=1, keepdims=True) + np.log(FAINT)
    have = np.maximum(engine["log_density"], least)
    return {**engine, "log_density": have}, {"log_density": np.maximum(want, least)}


def require(differences: list[Difference], bound: float = BOUND) -> None:
    """Raise ExportError where a difference is over its bound, or not a number."""
    for d in differences:
        allowed = bound * (WIDER if d.output in WIDTHS else 1)
        if not d.relative <= allowed:
            raise ExportError(
                f"{d.graph}: output '{d.output}' differs from torch by {d.relative:.1e} of its "
                f"range, the bound is {allowed:.0e}; the exported graph is not this model"
            )


def _trial(model: Exportable, outputs: Arrays, graph: GraphName) -> dict[str, npt.NDArray[Any]]:
    """Inputs of `refine`, `density` or `spread`, from what torch predicts."""
    inputs = {name: outputs[name] for name in model.fields["features"]}
    points = np.ascontiguousarray(model.points(outputs), np.float32)
    if graph == "spread":
        return {**inputs, "final": points}
    if graph == "density":
        return {**inputs, "grid": np.repeat(points, -(-GRID // points.shape[1]), axis=1)[:, :GRID]}
    settings = model.fields["refinement"]
    return {
        **inputs,
        "initial": points,
        "step_length": np.asarray(settings["step_length"], np.float32),
        "decay": np.asarray(settings["decay"], np.float32),
        "steps": np.asarray(settings["steps"], np.int64),
    }


def run_graph(graph: onnx.ModelProto, inputs: Arrays) -> dict[str, npt.NDArray[Any]]:
    """Outputs by name, from ONNX Runtime on one CPU thread."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(
        graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [item.name for item in session.get_outputs()]
    return dict(zip(names, session.run(None, dict(inputs)), strict=True))


def compare(
    graph: GraphName,
    engine: Arrays,
    expected: Arrays,
    spans: Mapping[str, float],
    unordered: Sequence[str],
) -> list[Difference]:
    """Every expected output against the engine's; spans and unordered as in `Exportable`.

    Raises ExportError where the shapes differ.
    """
    found = []
    for name, want in expected.items():
        have = engine[name]
        if have.shape != want.shape:
            raise ExportError(f"{graph}: '{name}' is {have.shape}, wanted is {want.shape}")
        if name in unordered:
            # The last places are left out: of two tied boxes either may be the one that gets in.
            want = want[:, : (want.shape[1] + 1) // 2]
            if want.ndim == 2:
                want, have = want[..., None], have[..., None]
            have = _in_order_of(have, want)
        distances = np.abs(have - want)
        largest = float(distances.max(initial=0.0))
        span = spans.get(name) or float(np.abs(want).max(initial=0.0)) or 1.0
        mean = float(distances.mean()) / span if want.size else 0.0
        found.append(Difference(graph, name, largest, largest / span, mean))
    return found


def _in_order_of(
    have: npt.NDArray[np.float32], want: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """For each row of `want` [B, K, D] the nearest row of `have`: equal scores have no order."""
    distance = np.abs(want[:, :, None] - have[:, None]).max(axis=3)
    return np.take_along_axis(have, distance.argmin(axis=2)[..., None], axis=1)
