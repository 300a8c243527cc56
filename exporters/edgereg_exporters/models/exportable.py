"""What the exporters need to know of a trained model, and which models they know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import nn

from edgereg.core.model_spec import GraphName
from edgereg_exporters.errors import ExportError

Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]

# The problem that a recipe names -> function (checkpoint folder) -> Exportable; of a problem in
# SEVERAL, function (checkpoint folder, target) -> Exportable.
PROBLEMS = {
    "detection": "edgereg_exporters.models.detection:exportable",
    "faces": "edgereg_exporters.models.faces:exportable",
    "faces-energy": "edgereg_exporters.models.faces:exportable_energy",
    "depth": "edgereg_exporters.models.depth:exportable",
    "driving": "edgereg_exporters.models.driving:exportable",
    "objects": "edgereg_exporters.models.objects:exportable",
    "progress": "edgereg_exporters.models.progress:exportable",
    "regression": "edgereg_exporters.models.regression:exportable",
    "tracking": "edgereg_exporters.models.tracking:exportable",
}
SEVERAL = {"faces"}


@dataclass(frozen=True)
class OtherGraph:
    """A graph beside `predict`.

    build: writes it; reference: what torch computes from the graph's inputs; normalised: whether
    it is a normalised log-density, whose faint parts are not compared (see `parity.visible`);
    trial: from all outputs of the graphs before it, the inputs that it is tried with (None: those
    of `refine` and `density`).
    """

    build: Callable[[], onnx.ModelProto]
    reference: Callable[[Arrays], Arrays]
    normalised: bool = False
    trial: Callable[[Arrays], Arrays] | None = None


@dataclass(frozen=True)
class Exportable:
    """One trained model, ready to be written out.

    predict: uint8 [B, H, W, 3] -> a tuple of tensors named `outputs`; `example` is such an input.
    multiple: the sides are free, in multiples of this; None: they are those of `example`.
    others: `refine` and `density`, where the model has them, and before them what they need.
    spans: per output, what its largest difference is measured against (0: the reference's own
    largest magnitude).
    unordered: outputs of predict whose rows may come in another order where scores are tied.
    points: from the predict outputs, targets to start the trial's ascent from, [B, K, D].
    fields: the fields of `model.json` that the checkpoint decides; notes: for the model card.
    """

    predict: nn.Module
    example: torch.Tensor
    outputs: tuple[str, ...]
    multiple: int | None
    spans: Mapping[str, float]
    points: Callable[[Arrays], npt.NDArray[np.float32]]
    fields: Mapping[str, Any]
    others: Mapping[GraphName, OtherGraph] = field(default_factory=dict)
    unordered: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def training_data(given: str, what: str, folders: Sequence[Path]) -> str:
    """What the card says the model learnt from: the recipe's own words, else the folders' names."""
    return given or f"{what}: {', '.join(sorted({folder.name for folder in folders}))}"


def load_exportable(checkpoint: Path, target: str | None = None) -> Exportable:
    """The model of a training or checkpoint folder, or of one of its targets.

    Raises CheckpointError where that is no whole checkpoint, ExportError where its problem has no
    exporter, or not this target.
    """
    from edgereg_training.loop.checkpoint import best_checkpoint, read_checkpoint

    problem = read_checkpoint(best_checkpoint(checkpoint)).recipe.problem
    if problem not in PROBLEMS:
        known = ", ".join(sorted(PROBLEMS))
        raise ExportError(f"{checkpoint}: problem '{problem}' has no exporter (known: {known})")
    load = resolve_name(PROBLEMS[problem])
    if target is not None and problem not in SEVERAL:
        raise ExportError(f"{checkpoint}: a run of '{problem}' has one model; leave out --target")
    made: Exportable = load(checkpoint, target) if problem in SEVERAL else load(checkpoint)
    return made
