"""Targets between their units and coordinates in which each spans -1..1."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from edgereg.core.model_spec import Target
from edgereg_training.loop.errors import TrainingError


class TargetRange(nn.Module):
    """centre, reach: [D], the middle and half the width of each target's range."""

    centre: Tensor
    reach: Tensor

    def __init__(self, targets: tuple[Target, ...]) -> None:
        super().__init__()
        check_targets(targets)
        low = torch.tensor([target.low for target in targets])
        high = torch.tensor([target.high for target in targets])
        self.register_buffer("centre", (low + high) / 2)
        self.register_buffer("reach", (high - low) / 2)

    def normalise(self, values: Tensor) -> Tensor:
        """Units -> -1..1 over the range: [..., D]."""
        return (values - self.centre) / self.reach

    def restore(self, normalised: Tensor) -> Tensor:
        """The inverse of `normalise`."""
        return self.centre + self.reach * normalised


def check_targets(targets: tuple[Target, ...]) -> None:
    """ValueError where there is no target, or one whose range is empty or not finite."""
    if not targets:
        raise ValueError("a method needs at least one target")
    for target in targets:
        if not (math.isfinite(target.low) and math.isfinite(target.high)):
            raise ValueError(f"target '{target.name}' has a range that is not finite")
        if target.low >= target.high:
            raise ValueError(
                f"target '{target.name}' has an empty range {target.low}..{target.high}"
            )


def refuse_nan(targets: Tensor) -> Tensor:
    """The targets; TrainingError where one is not finite, for methods that quantise.

    A level is an integer, so a NaN would become some level instead of a loss that is not a number.
    """
    if not bool(torch.isfinite(targets).all()):
        raise TrainingError("a target is not a finite number: check the labels of the data")
    return targets
