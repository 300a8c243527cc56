"""A table and a plot of the three arms along one variable, by setting and sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from edgereg_training.reproduce.regcls.grid import (
    ARM_COLOURS,
    ARM_NAMES,
    Grid,
    joined,
    percent,
)
from edgereg_training.reproduce.report import Entry, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# (setting, sampling, value of the variable)
Sweep: TypeAlias = dict[tuple[str, str, float], Grid]


def curves(sweep: Sweep) -> dict[tuple[str, str], dict[float, Grid]]:
    """The grids of every setting and sampling by value."""
    found: dict[tuple[str, str], dict[float, Grid]] = {}
    for (setting, sampling, value), grid in sweep.items():
        found.setdefault((setting, sampling), {})[value] = grid
    return found


def sweep_table(sweep: Sweep, title: str, variable: str, floor: bool = False) -> Table:
    """One row for each point. floor: the variable is a deviation of noise, whose square no
    prediction can avoid, and is taken off the errors."""
    rows: list[tuple[Entry, ...]] = []
    for (setting, sampling, value), grid in sweep.items():
        taken = value**2 if floor else 0.0
        errors = [grid.mean(arm) - taken for arm in ARM_NAMES]
        rows.append(
            (
                setting, sampling, value, *errors, grid.gain("reg", "regcls").text(3),
                grid.gain("weighted", "regcls").text(3), percent(grid.wins()),
                percent(grid.wins("weighted", "regcls")),
            )
        )  # fmt: skip
    columns = (
        "setting", "sampling", variable, *ARM_NAMES.values(), "gain over reg",
        "gain of the classes", "wins over reg %", "wins of the classes %",
    )  # fmt: skip
    note = (
        "Gain over reg: reg - reg+cls. Gain of the classes: (weight x MSE) - reg+cls. Above 0 is "
        "better; 95 % intervals over the functions."
    )
    return Table(title, columns, tuple(rows), note)


def significance(sweep: Sweep, before: str) -> str:
    """For how many points reg+cls is better and worse than `before`, the interval without 0."""
    gains = [grid.gain(before, "regcls") for grid in sweep.values()]
    better = sum(gain.low > 0 for gain in gains)
    worse = sum(gain.high < 0 for gain in gains)
    return (
        f"better at {better}, worse at {worse} and not to be told apart at "
        f"{len(gains) - better - worse} of {len(gains)} points"
    )


def named(pairs: dict[str, str]) -> str:
    """'uniform 1, mild 2 and severe 3'."""
    return joined([f"{name} {value}" for name, value in pairs.items()])


def plot_sweep(figure: Figure, sweep: Sweep, variable: str, floor: bool = False) -> None:
    """A row of panels for each setting, a panel for each sampling."""
    found = curves(sweep)
    settings = list(dict.fromkeys(setting for setting, _ in found))
    samplings = list(dict.fromkeys(sampling for _, sampling in found))
    axes = figure.subplots(len(settings), len(samplings), squeeze=False, sharey="row", sharex=True)
    for (setting, sampling), points in found.items():
        ax = axes[settings.index(setting), samplings.index(sampling)]
        values = np.array(list(points))
        for arm, name in ARM_NAMES.items():
            mean = np.array([grid.mean(arm) for grid in points.values()])
            ax.plot(
                values, mean - (values**2 if floor else 0), color=ARM_COLOURS[arm], marker="o",
                ms=3, label=name,
            )  # fmt: skip
        ax.set_xscale("log")
        ax.set_title(f"{setting}, {sampling}", fontsize=10)
        ax.grid(alpha=0.3)
    for ax in axes[-1]:
        ax.set_xlabel(variable)
    for row in axes:
        # After all of the row is drawn: it sets the shared axis for good.
        row[0].set_ylim(bottom=0)
        row[0].set_ylabel("test MSE above the noise" if floor else "test MSE")
    axes[0, 0].legend(fontsize=7)
