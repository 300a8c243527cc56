"""What edgereg loads: the training commands, and what recipes can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edgereg.api import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def edgereg_commands() -> list[click.Command]:
    """`edgereg train`, `calibrate`, `evaluate`, `render`, `data` and `reproduce`."""
    from edgereg_training.commands import calibrate, data, evaluate, render, reproduce, train

    modules = (train, calibrate, evaluate, render, data, reproduce)
    return [module.command for module in modules]


@hookimpl
def edgereg_methods() -> Mapping[str, object]:
    """Every method of the four papers and what they are compared with."""
    from edgereg_training.methods.registry import METHODS

    return METHODS


@hookimpl
def edgereg_backbones() -> Mapping[str, object]:
    """The edge networks, the papers' networks, and all of timm."""
    from edgereg_training.backbones.registry import BACKBONES

    return BACKBONES


@hookimpl
def edgereg_targets() -> Mapping[str, object]:
    """Head pose, age, landmarks, steering, and any other number."""
    room = "edgereg_training.regression.targets"
    return {
        "headpose": f"{room}:HeadPose",
        "age": f"{room}:Age",
        "landmarks": f"{room}:Landmarks",
        "scalar": f"{room}:AnyScalar",
        "steering": f"{room}:Steering",
    }


@hookimpl
def edgereg_datasets() -> Mapping[str, object]:
    """The field's data sets, and any CSV table."""
    from edgereg_training.data.registry import DATASETS

    return DATASETS


@hookimpl
def edgereg_problems() -> Mapping[str, object]:
    """Regression of any target, faces with several targets at once, driving, depth, progress,
    tracking, detection of heads and of any objects."""
    from edgereg_training.depth.kind import DEPTH
    from edgereg_training.detection.kind import DETECTION
    from edgereg_training.detection.objects.kind import OBJECTS
    from edgereg_training.driving.kind import DRIVING
    from edgereg_training.loop.problem import ProblemKind
    from edgereg_training.progress.kind import PROGRESS
    from edgereg_training.tracking.kind import TRACKING

    regression = ProblemKind("edgereg_training.regression.problem:problem")
    room = "edgereg_training.faces"
    return {
        "depth": DEPTH,
        "detection": DETECTION,
        "driving": DRIVING,
        "faces": ProblemKind(f"{room}.problem:problem", cpu_only=True),
        "faces-energy": ProblemKind(f"{room}.energy:problem", cpu_only=True),
        "objects": OBJECTS,
        "progress": PROGRESS,
        "regression": regression,
        "tracking": TRACKING,
    }
