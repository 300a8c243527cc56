"""The problem `driving`: a regression network whose picture is a band of the whole frame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgereg_training.driving.problem import DrivingOptions, problem
from edgereg_training.loop.checkpoint import best_checkpoint, load_weights, read_checkpoint
from edgereg_training.loop.recipe import parse_options

from edgereg_exporters.models.exportable import Exportable
from edgereg_exporters.models.regression import exportable_net


def exportable(checkpoint: Path) -> Exportable:
    """The model of a training or checkpoint folder; CheckpointError where it is not whole."""
    found = read_checkpoint(best_checkpoint(checkpoint))
    options = parse_options(DrivingOptions, found.recipe)
    made = problem(found.recipe)
    net = made.build()
    load_weights(net, found.weights)
    plain = exportable_net(net, made)
    names = ", ".join(sorted({place.name for place in options.drives}))
    fields = {
        **plain.fields,
        "settings": {"top": options.top, "bottom": options.bottom},
        "training_data": options.training_data or f"Recorded drives: {names}",
    }
    return replace(plain, fields=fields)
