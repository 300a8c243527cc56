"""A model folder in FP16 or INT8 from one in FP32, and what the precision costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx

from edgereg.core.model_spec import GraphName, ModelSpec
from edgereg.models.folder import SPEC_FILE, ModelFolder, load_model, write_model
from edgereg_exporters.errors import ExportError
from edgereg_exporters.folder.model_card import CARD, reduced_card
from edgereg_exporters.folder.parity import Difference
from edgereg_exporters.folder.placing import check_place, put_folder
from edgereg_exporters.graphs.writer import node_count
from edgereg_exporters.models.trial_images import trial_images
from edgereg_exporters.precision.half import to_half, with_half_weights, with_whole_weights
from edgereg_exporters.precision.precision_loss import (
    Loss,
    differences_of,
    mean_loss,
    metric_loss,
    require_loss,
)
from edgereg_exporters.precision.quantise import Scheme, to_int8

if TYPE_CHECKING:
    from edgereg_training.loop.bootstrap import Figure

    from edgereg_exporters.precision.precision_loss import Measure

Lower: TypeAlias = Literal["fp16", "fp16-weights", "int8"]
# Of the task's metric.
MAX_LOSS: dict[Lower, float] = {"fp16": 0.01, "fp16-weights": 0.01, "int8": 0.03}
TRIALS = 8


@dataclass(frozen=True)
class Reduction:
    """precision: 'fp16-weights' stores them so, computing in FP32. scheme, batches: for INT8, see
    `quantise`; of pictures to calibrate on.

    measure: gives a model's figures on labelled data. max_loss: share that the task's metric may
    lose (without `measure`: mean difference of the answers, of their range); None: MAX_LOSS.
    """

    precision: Lower
    scheme: Scheme = "portable"
    batches: Sequence[npt.NDArray[np.uint8]] = ()
    measure: Measure | None = None
    max_loss: float | None = None


@dataclass(frozen=True)
class Reduced:
    """The written folder, the nodes of its graphs, differences from FP32 and the loss."""

    folder: ModelFolder
    nodes: dict[GraphName, int]
    differences: list[Difference]
    loss: Loss


def reduce_model(
    source: ModelFolder,
    out: Path,
    name: str,
    version: str,
    reduction: Reduction,
    *,
    force: bool = False,
) -> Reduced:
    """Write `out`: `predict` in the lower precision, `refine` and `density` byte for byte.

    Raises ExportError where `source` is not FP32, `out` may not be replaced, or the loss is over
    the limit; nothing is written then.
    """
    check_place(out, force, SPEC_FILE, "model folder")
    if source.spec.precision != "fp32":
        raise ExportError(
            f"{source.path}: is {source.spec.precision} already; give the FP32 model or checkpoint"
        )
    full = with_whole_weights(onnx.load(source.graph_path("predict")))
    if reduction.precision == "fp16":
        reduced = to_half(full)
    elif reduction.precision == "fp16-weights":
        reduced = with_half_weights(full)
    else:
        reduced = to_int8(full, reduction.batches, reduction.scheme)
    batches = list(reduction.batches) or [_trial(source.spec)]
    differences = differences_of(source.spec, full, reduced, batches)
    content = {name: source.graph_path(name).read_bytes() for name in source.spec.graphs}
    content["predict"] = reduced.SerializeToString()
    losses: list[Loss] = []

    def write(folder: Path) -> None:
        fields = _fields(source.spec, name, version, reduction, differences)
        losses.append(_write(folder, source, fields, content, reduction, differences))

    put_folder(out, write)
    folder = load_model(out)
    return Reduced(folder, _nodes(folder), differences, losses[0])


def _trial(spec: ModelSpec) -> npt.NDArray[np.uint8]:
    """Pictures for FP16 where none are given: it needs no calibration."""
    if spec.input.width and spec.input.height:
        return trial_images(TRIALS, spec.input.height, spec.input.width)
    side = spec.input.long_side or spec.input.multiple
    short = max(spec.input.multiple, side * 9 // 16 // spec.input.multiple * spec.input.multiple)
    return trial_images(TRIALS, short, side)


def _fields(
    spec: ModelSpec,
    name: str,
    version: str,
    reduction: Reduction,
    differences: Sequence[Difference],
) -> dict[str, object]:
    """`model.json` of the new folder, figures of `predict` in FP32 left out."""
    kept = {n: v for n, v in spec.metrics.items() if n.startswith(("parity_refine", "parity_dens"))}
    own = {f"{_metric(reduction)}_{d.graph}_{d.output}": d.relative for d in differences}
    fields = spec.model_dump(exclude={"schema_version", "graphs"}, exclude_none=True)
    return {
        **fields,
        "name": name,
        "version": version,
        "precision": "fp32" if reduction.precision == "fp16-weights" else reduction.precision,
        "metrics": {**kept, **own},
    }


def _metric(reduction: Reduction) -> str:
    """How the names of figures about the precision begin."""
    return reduction.precision.replace("-", "_")


def _write(
    folder: Path,
    source: ModelFolder,
    fields: dict[str, object],
    content: Mapping[GraphName, bytes],
    reduction: Reduction,
    differences: Sequence[Difference],
) -> Loss:
    written = write_model(folder, fields, content)
    metrics = dict(written.spec.metrics)
    figures: list[Figure] = []
    if reduction.measure is None:
        loss = mean_loss(differences)
    else:
        loss, found = metric_loss(source, written, reduction.measure)
        figures += found
        metrics |= {figure.name: figure.value for figure in figures}
    limit = MAX_LOSS[reduction.precision] if reduction.max_loss is None else reduction.max_loss
    require_loss(loss, limit)
    metrics[f"{_metric(reduction)}_loss"] = loss.share
    written = write_model(folder, {**fields, "metrics": metrics}, content)
    card = reduced_card(source, written, _nodes(written), differences, loss, figures)
    (folder / CARD).write_text(card, encoding="utf-8")
    return loss


def _nodes(folder: ModelFolder) -> dict[GraphName, int]:
    return {name: node_count(onnx.load(folder.graph_path(name))) for name in folder.spec.graphs}
