"""What the exporters need to know of a trained model, and which models they know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from edgereg_exporters.errors import ExportError
from edgereg_exporters.graphs.energies import BoxEnergy, TargetEnergy
from edgereg_exporters.graphs.every_step import ALGORITHM_1, Ascent

Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]
Reference: TypeAlias = Callable[[Arrays], Arrays]

# The problem that a recipe names -> function (checkpoint folder) -> Exportable.
PROBLEMS = {
    "detection": "edgereg_exporters.models.detection_adapter:exportable",
    "regression": "edgereg_exporters.models.regression_adapter:exportable",
}


@dataclass(frozen=True)
class Exportable:
    """One trained model, ready to be written out.

    predict: uint8 [B, H, W, 3] -> a tuple of tensors named `outputs`; `example` is such an input.
    multiple: the sides are free, in multiples of this; None: they are those of `example`.
    energy: the weights of f, or None where the model has none.
    references: what torch computes for `refine` and `density` from that graph's inputs.
    spans: per output, what its largest difference is measured against (0: the reference's own
    largest magnitude).
    unordered: outputs of predict whose rows may come in another order where scores are tied.
    points: from the predict outputs, targets to start the trial's ascent from, [B, K, D].
    fields: the fields of `model.json` that the checkpoint decides; notes: for the model card.
    density: of a model without energy, features and grid [B, G, D] -> log-density [B, G].
    ascent: by which the `refine` graph climbs an energy of targets.
    """

    predict: nn.Module
    example: torch.Tensor
    outputs: tuple[str, ...]
    multiple: int | None
    energy: TargetEnergy | BoxEnergy | None
    references: Mapping[str, Reference]
    spans: Mapping[str, float]
    unordered: tuple[str, ...]
    points: Callable[[Arrays], npt.NDArray[np.float32]]
    fields: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    density: nn.Module | None = None
    ascent: Ascent = ALGORITHM_1


def load_exportable(checkpoint: Path) -> Exportable:
    """The model of a training or checkpoint folder.

    Raises CheckpointError where that is no whole checkpoint, ExportError where its problem has no
    exporter.
    """
    from edgereg_training.loop.checkpoint import best_checkpoint, read_checkpoint

    problem = read_checkpoint(best_checkpoint(checkpoint)).recipe.problem
    if problem not in PROBLEMS:
        known = ", ".join(sorted(PROBLEMS))
        raise ExportError(f"{checkpoint}: problem '{problem}' has no exporter (known: {known})")
    module, function = PROBLEMS[problem].split(":")
    made: Exportable = getattr(import_module(module), function)(checkpoint)
    return made
