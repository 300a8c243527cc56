"""The learning rate over a run: linear warm-up, then constant, in steps, or a cosine fall."""

from __future__ import annotations

import math

from edgereg_training.loop.recipe import OptimiserSettings


def learning_rate(settings: OptimiserSettings, step: int, total: int) -> float:
    """Learning rate of step `step` (from 0) of a run of `total` steps."""
    if step < settings.warmup_steps:
        return settings.learning_rate * (step + 1) / settings.warmup_steps
    return settings.learning_rate * _fraction(settings, step, total)


def _fraction(settings: OptimiserSettings, step: int, total: int) -> float:
    if settings.schedule == "constant":
        return 1.0
    if settings.schedule == "step":
        passed = sum(step >= share * total for share in settings.milestones)
        return float(settings.decay**passed)
    span = max(1, total - settings.warmup_steps)
    progress = min(1.0, (step - settings.warmup_steps) / span)
    cosine = 0.5 * (1.0 + math.cos(math.pi * progress))
    return settings.final_fraction + (1.0 - settings.final_fraction) * cosine
