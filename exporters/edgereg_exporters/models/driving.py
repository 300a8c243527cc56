"""The problem `driving`: a regression network whose picture is a band of the whole frame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgereg_training.driving.problem import DrivingOptions, problem
from edgereg_training.loop.checkpoint import load_best
from edgereg_training.loop.recipe import parse_options

from edgereg_exporters.models.exportable import Exportable, training_data
from edgereg_exporters.models.regression import exportable_net


def exportable(checkpoint: Path) -> Exportable:
    """The model of a training or checkpoint folder; CheckpointError where it is not whole."""
    net, recipe = load_best(checkpoint, lambda recipe: problem(recipe).build())
    options = parse_options(DrivingOptions, recipe)
    plain = exportable_net(net, problem(recipe))
    fields = {
        **plain.fields,
        "settings": {"top": options.top, "bottom": options.bottom},
        "training_data": training_data(options.training_data, "Recorded drives", options.drives),
    }
    return replace(plain, fields=fields)
