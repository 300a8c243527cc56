"""Figure 5 of Reg+Cls: the deviation of the noise of the targets, from 0.05 to 1."""

from __future__ import annotations

from edgereg_training.reproduce.cells import Key
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.regcls.fits import WEIGHT, pair_key
from edgereg_training.reproduce.regcls.grid import compute_grids
from edgereg_training.reproduce.regcls.sampling import FUNCTIONS, Sampling
from edgereg_training.reproduce.regcls.sweep import (
    Sweep,
    curves,
    named,
    plot_sweep,
    significance,
    sweep_table,
)
from edgereg_training.reproduce.report import Report

LEVELS = (0.05, 0.1, 0.3, 1.0)
CLASSES = 64
# The samplings: the even one and the most crowded.
ENDS: tuple[Sampling, ...] = ("uniform", "severe")

METHOD = (
    "As the noisy setting of `regcls-1d` (weight {weight:g}, learning rate 1e-2), but one data "
    "seed, {classes} classes of equal width and {functions} functions, uniform and severe, for "
    "targets with Normal(0, s) added in all splits. Errors are above the noise: s squared, which "
    "no prediction can avoid, is taken off the mean squared error."
)


def run(context: Context) -> Report:
    """Quick: three functions, two levels."""
    functions = (0, 3, 6) if context.quick else tuple(range(FUNCTIONS))
    levels = LEVELS[1::2] if context.quick else LEVELS
    keys: dict[tuple[str, str, float], list[Key]] = {
        ("noisy", sampling, level): [
            pair_key("noisy", sampling, function, 0, (CLASSES,), noise=level)
            for function in functions
        ]
        for sampling in ENDS
        for level in levels
    }
    sweep: Sweep = compute_grids(context, keys, len(functions))
    method = METHOD.format(weight=WEIGHT["noisy"], classes=CLASSES, functions=len(functions))
    table = sweep_table(sweep, "Mean test MSE above the noise", "noise", floor=True)
    return Report(
        (table,),
        tuple(findings(sweep)),
        method,
        lambda figure: plot_sweep(figure, sweep, "deviation of the noise", floor=True),
        (9.0, 3.8),
    )


def findings(sweep: Sweep) -> list[str]:
    """What the figures say, as sentences."""
    found = []
    for (_, sampling), points in curves(sweep).items():
        gains = {f"{level:g}:": grid.gain().text(3) for level, grid in points.items()}
        found.append(f"{sampling}: gain of reg+cls over reg at noise {named(gains)}.")
    found.append(f"At all levels, reg+cls against reg is {significance(sweep, 'reg')}.")
    found.append(
        "At all levels, reg+cls against the same weight without classes is "
        f"{significance(sweep, 'weighted')}."
    )
    return found
