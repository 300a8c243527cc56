"""Quantised targets: equally spaced levels over each target's range."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgereg.core.model_spec import Target
from edgereg_training.methods.densities import Levels
from edgereg_training.methods.target_range import check_targets, refuse_nan


class LevelGrid(nn.Module):
    """Level k of target d stands for low[d] + k * step[d], k = 0..count-1; the same count for all.

    Level k covers what is nearer to it than to any other.
    """

    offset: Tensor
    width: Tensor

    def __init__(self, low: tuple[float, ...], step: tuple[float, ...], count: int) -> None:
        super().__init__()
        if count < 2:
            raise ValueError(f"a target needs at least 2 levels, got {count}")
        self.low, self.step, self.count = low, step, count
        self.register_buffer("offset", torch.tensor(low))
        self.register_buffer("width", torch.tensor(step))

    def position(self, values: Tensor) -> Tensor:
        """Fractional levels of values [..., D] in units, not clamped."""
        return (values - self.offset) / self.width

    def value(self, position: Tensor) -> Tensor:
        """Units of (fractional) levels [..., D]."""
        return self.offset + self.width * position

    def level(self, values: Tensor) -> Tensor:
        """The nearest levels, int64 [..., D]; TrainingError where a value is not finite."""
        return self.position(refuse_nan(values)).round().clamp(0, self.count - 1).long()

    def expected(self, probabilities: Tensor) -> Tensor:
        """Expected fractional levels [B, D] of probabilities [B, D, N]."""
        index = torch.arange(self.count, dtype=probabilities.dtype, device=probabilities.device)
        return probabilities @ index

    def density(self, probabilities: Tensor) -> Levels:
        """The density of probabilities [B, D, N]."""
        return Levels.of(probabilities, self.low, self.step)


def grid_over(targets: tuple[Target, ...], count: int) -> LevelGrid:
    """Levels of which the first is the low and the last the high end of each target's range."""
    check_targets(targets)
    low = tuple(target.low for target in targets)
    step = tuple((target.high - target.low) / max(1, count - 1) for target in targets)
    return LevelGrid(low, step, count)
