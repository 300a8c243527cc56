"""The learning rate over a run: linear warm-up, then a cosine fall."""

from __future__ import annotations

import math

from edgereg_training.recipe import OptimiserSettings


def learning_rate(settings: OptimiserSettings, step: int, total: int) -> float:
    """Learning rate of step `step` (from 0) of a run of `total` steps."""
    if step < settings.warmup_steps:
        return settings.learning_rate * (step + 1) / settings.warmup_steps
    span = max(1, total - settings.warmup_steps)
    progress = min(1.0, (step - settings.warmup_steps) / span)
    cosine = 0.5 * (1.0 + math.cos(math.pi * progress))
    return settings.learning_rate * (
        settings.final_fraction + (1.0 - settings.final_fraction) * cosine
    )
