"""Figure 4 of Reg+Cls: the weight lambda of the regression loss, from 0.01 to 10,000."""

from __future__ import annotations

from edgereg_training.reproduce.cells import Key
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.regcls.fits import WEIGHT, pair_key
from edgereg_training.reproduce.regcls.grid import compute_grids
from edgereg_training.reproduce.regcls.sampling import FUNCTIONS, Sampling, Setting
from edgereg_training.reproduce.regcls.sweep import (
    Sweep,
    curves,
    named,
    plot_sweep,
    significance,
    sweep_table,
)
from edgereg_training.reproduce.report import Report

WEIGHTS = (1e-2, 1.0, 1e1, 1e2, 1e3, 1e4)
QUICK_WEIGHTS = (1e-2, 1.0, 1e2, 1e4)
CLASSES = 64
# The samplings: the even one and the most crowded.
ENDS: tuple[Sampling, ...] = ("uniform", "severe")

METHOD = (
    "As `regcls-1d` (loss: weight x MSE + CE), but one data seed, {classes} classes of equal "
    "width and {functions} functions, clean and noisy, uniform and severe, for every weight of "
    "{weights}. The paper takes 1e2 for clean and 1e3 for noisy data. The third arm has the same "
    "weight and no classes: reg does not depend on the weight, but this arm does, through Adam's "
    "fixed weight decay; at weight 1 it is reg with other seeds, and their difference shows what "
    "chance does."
)


def run(context: Context) -> Report:
    """Quick: three functions, four weights."""
    functions = (0, 3, 6) if context.quick else tuple(range(FUNCTIONS))
    weights = QUICK_WEIGHTS if context.quick else WEIGHTS
    settings: tuple[Setting, ...] = ("clean", "noisy")
    keys: dict[tuple[str, str, float], list[Key]] = {
        (setting, sampling, weight): [
            pair_key(setting, sampling, function, 0, (CLASSES,), weight) for function in functions
        ]
        for setting in settings
        for sampling in ENDS
        for weight in weights
    }
    sweep: Sweep = compute_grids(context, keys, len(functions))
    method = METHOD.format(
        classes=CLASSES, functions=len(functions), weights=", ".join(f"{w:g}" for w in weights)
    )
    return Report(
        (sweep_table(sweep, "Mean test MSE by weight", "weight"),),
        tuple(findings(sweep)),
        method,
        lambda figure: plot_sweep(figure, sweep, "weight"),
        (9.0, 6.5),
    )


def findings(sweep: Sweep) -> list[str]:
    """What the figures say, as sentences."""
    found = []
    for setting in dict.fromkeys(setting for setting, _, _ in sweep):
        mine = {key: points for key, points in curves(sweep).items() if key[0] == setting}
        best: dict[str, str] = {}
        for (_, sampling), points in mine.items():
            chosen = min(points, key=lambda w: float(points[w].validation["regcls"].mean()))
            best[sampling] = f"{chosen:g} (test MSE {points[chosen].mean('regcls'):.3f})"
        found.append(
            f"{setting}: reg+cls is best on validation data at the weights {named(best)}; the "
            f"paper's is {WEIGHT[setting]:g}."
        )
        small = {part: grid for part, grid in sweep.items() if part[0] == setting and part[2] <= 1}
        against = significance(small, "reg")
        found.append(f"{setting}, weights of 1 and less: reg+cls against reg is {against}.")
    found.append(f"At all weights, reg+cls against reg is {significance(sweep, 'reg')}.")
    found.append(
        "At all weights, reg+cls against the same weight without classes is "
        f"{significance(sweep, 'weighted')}."
    )
    return found
