"""What the reports of the GLLiM studies share: how it was done, curves, bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgereg_training.reproduce.gllim.features import FEATURES, examples, size_of
from edgereg_training.reproduce.gllim.fits import BATCH, EPOCHS, LEARNING_RATE, PCA
from edgereg_training.reproduce.image_study import Budget
from edgereg_training.reproduce.statistics import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgereg_training.reproduce.context import Context
    from edgereg_training.reproduce.report import Plot


def described(context: Context) -> str:
    """How it was done, for the report."""
    size, budget = size_of(context), Budget()
    return (
        "Rendered heads as crops of 40 px, poses (yaw, pitch, roll) near-Gaussian as in BIWI, or "
        "selected from uniform ones as the paper's S2G (two Gaussians at yaw +-60, pitch +-35) "
        "or SSV (frontal ones removed by a Gaussian); the widths are not printed and chosen so "
        "that a fifth is kept, as the paper's counts say. "
        f"{examples(context)} heads to train on, drawn by the seed from {size.train}, "
        f"{size.validation} to choose the epoch (and the ridge) by, "
        f"{size.test} to test on, of different people. Features: {budget.backbone} "
        f"({size.epochs} epochs), trained for five landmarks of other people with "
        "near-Gaussian poses, one network for all studies and methods; their principal components "
        f"({PCA} of {FEATURES}), each divided by its deviation, as the paper's linear layer and "
        f"batch norm make them. Fixed features: {size.seeds} seeds. Fine-tuned: all layers, "
        f"{size.steps} steps of {BATCH} heads in {EPOCHS} epochs, AdamW at {LEARNING_RATE:g} "
        "(where direct regression does as well as at 3e-3, and better than at 3e-4), for GLLiM "
        "with EM before the first and after every epoch, and components drawn given the target; "
        f"{size.deep_seeds} seeds. Errors are mean absolute errors over the three angles in "
        "degrees; intervals are 95 % (Student) over seeds."
    )


def plot_panels(
    axis: str,
    values: Sequence[int],
    panels: Mapping[str, Mapping[str, Sequence[Interval | None]]],
) -> Plot:
    """A panel for each title, in it a curve with its intervals for each label; None is left out."""

    def draw(figure: Figure) -> None:
        rows = -(-len(panels) // 2)
        places = figure.subplots(rows, 2, squeeze=False, sharey=True).flat
        for axes, (title, curves) in zip(places, panels.items(), strict=True):
            for label, curve in curves.items():
                points = [(v, c) for v, c in zip(values, curve, strict=True) if c is not None]
                means = [c.mean for _, c in points]
                spread = [[c.mean - c.low, c.high - c.mean] for _, c in points]
                axes.errorbar(
                    [v for v, _ in points], means, list(zip(*spread, strict=True)),
                    marker="o", capsize=3, label=label,
                )  # fmt: skip
            axes.set_xscale("log")
            axes.set_xticks(values, [str(v) for v in values])
            axes.minorticks_off()
            axes.set(title=title, xlabel=axis, ylabel="mean absolute error, degrees")
            axes.legend()

    return draw


def plot_bars(groups: Sequence[str], bars: Mapping[str, Sequence[Interval]]) -> Plot:
    """For each group a bar with its interval for each label."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        width = 0.8 / len(bars)
        for place, (label, row) in enumerate(bars.items()):
            at = [g - 0.4 + (place + 0.5) * width for g in range(len(groups))]
            spread = [[one.mean - one.low for one in row], [one.high - one.mean for one in row]]
            axes.bar(at, [one.mean for one in row], width, yerr=spread, capsize=2, label=label)
        axes.set_xticks(range(len(groups)), groups)
        axes.set(ylabel="mean absolute error, degrees")
        axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))

    return draw
