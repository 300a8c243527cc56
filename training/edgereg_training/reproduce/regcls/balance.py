"""Table 1 of Reg+Cls: classes of equal width against classes of equal counts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from edgereg_training.reproduce.cells import Key
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.regcls.fits import pair_key
from edgereg_training.reproduce.regcls.grid import Grid, compute_grids, percent
from edgereg_training.reproduce.regcls.published import TABLE_1
from edgereg_training.reproduce.regcls.sampling import FUNCTIONS, SAMPLINGS, Setting
from edgereg_training.reproduce.report import Entry, Report, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# By setting, balanced or not, and sampling; the grids of all weights.
Grids: TypeAlias = dict[tuple[str, bool, str], list[Grid]]

WEIGHTS = (1.0, 1e2, 1e4)
CLASSES = 64
ARMS = ("reg", "weighted")

METHOD = (
    "As `regcls-1d`, clean and noisy, {functions} functions and one data seed, {classes} "
    "classes before equalising, weights {weights}. Balanced: the histogram of the training targets "
    "is equalised, and an example of a class counts in the classification loss with probability "
    "(least count) / (its count), drawn anew at each visit. 'Wins' is the share of runs, over all "
    "weights, in which reg+cls has the smaller MSE on the validation set of "
    "the uniform sampling. The paper's grid of weights and its validation logs are not published, "
    "so only the trend can be compared."
)


def run(context: Context) -> Report:
    """Quick: three functions, two weights."""
    functions = (0, 3, 6) if context.quick else tuple(range(0, FUNCTIONS, 2))
    weights = WEIGHTS[:2] if context.quick else WEIGHTS
    settings: tuple[Setting, ...] = ("clean", "noisy")
    keys: dict[tuple[str, bool, str, float], list[Key]] = {
        (setting, balanced, sampling, weight): [
            pair_key(setting, sampling, function, 0, (CLASSES,), weight, balanced=balanced)
            for function in functions
        ]
        for setting in settings
        for sampling in SAMPLINGS
        for balanced in (False, True)
        for weight in weights
    }
    grids: Grids = {}
    for (*part, _), grid in compute_grids(context, keys, len(functions)).items():
        setting, balanced, sampling = part
        grids.setdefault((str(setting), bool(balanced), str(sampling)), []).append(grid)
    method = METHOD.format(
        functions=len(functions), classes=CLASSES,
        weights=", ".join(f"{w:g}" for w in weights),
    )  # fmt: skip
    return Report(
        (beside_paper(grids), _errors(grids)),
        tuple(findings(grids)),
        method,
        lambda figure: plot(figure, grids),
        (9.0, 4.0),
    )


def wins(grids: list[Grid], before: str) -> float:
    """Share of runs in which reg+cls has the smaller validation error."""
    return float(np.mean([g.validation["regcls"] < g.validation[before] for g in grids]))


def beside_paper(grids: Grids) -> Table:
    """The figures beside those of the paper."""
    rows: list[tuple[Entry, ...]] = []
    for setting in ("clean", "noisy"):
        for balanced in (False, True):
            for index, sampling in enumerate(SAMPLINGS):
                mine = grids[setting, balanced, sampling]
                rows.append(
                    (
                        setting, "equalised" if balanced else "equal width", sampling,
                        TABLE_1[setting, balanced][index], percent(wins(mine, "reg")),
                        percent(wins(mine, "weighted")),
                    )
                )  # fmt: skip
    columns = (
        "setting", "classes", "sampling", "wins over reg %, paper", "wins over reg %, ours",
        "wins over weight x MSE %, ours",
    )  # fmt: skip
    note = f"Each of our shares is of {_runs(grids)} runs: {_chance(grids)}."
    return Table("Share of runs in which reg+cls is better", columns, tuple(rows), note)


def _runs(grids: Grids) -> int:
    return sum(grid.validation["reg"].size for grid in next(iter(grids.values())))


def _chance(grids: Grids) -> str:
    error = 50 / np.sqrt(_runs(grids))
    return (
        f"a standard error of up to {error:.0f} points, {np.sqrt(2) * error:.0f} for a difference"
    )


def _errors(grids: Grids) -> Table:
    rows: list[tuple[Entry, ...]] = []
    for (setting, balanced, sampling), mine in grids.items():
        means = [float(np.mean([g.validation[arm] for g in mine])) for arm in (*ARMS, "regcls")]
        rows.append((setting, "equalised" if balanced else "equal width", sampling, *means))
    columns = ("setting", "classes", "sampling", "reg", "weight x MSE", "reg+cls")
    return Table("Mean validation MSE over all weights", columns, tuple(rows))


def findings(grids: Grids) -> list[str]:
    """What the figures say, as sentences."""
    found = [f"Our shares are of {_runs(grids)} runs each, with {_chance(grids)}."]
    for setting in ("clean", "noisy"):
        gains = []
        for index, sampling in enumerate(SAMPLINGS):
            ours = wins(grids[setting, True, sampling], "reg") - wins(
                grids[setting, False, sampling], "reg"
            )
            theirs = TABLE_1[setting, True][index] - TABLE_1[setting, False][index]
            gains.append(f"{sampling} {100 * ours:+.1f} (paper {theirs:+.1f})")
        found.append(
            f"{setting}: equalising changes the share of runs that reg+cls wins by "
            f"{', '.join(gains)} percentage points."
        )
        for balanced in (False, True):
            found.append(trend(setting, balanced, grids))
    return found


def trend(setting: str, balanced: bool, grids: Grids) -> str:
    """Whether the share of wins falls with the imbalance, here and in the paper."""
    ours = [wins(grids[setting, balanced, sampling], "reg") for sampling in SAMPLINGS]
    falls = all(a >= b for a, b in pairwise(ours))
    theirs = TABLE_1[setting, balanced]
    kind = "equalised classes" if balanced else "classes of equal width"
    published = "falls" if list(theirs) == sorted(theirs, reverse=True) else "does not only fall"
    return (
        f"{setting}, {kind}: from uniform to severe the share {'falls' if falls else 'does not'}"
        f"{'' if falls else ' only fall'} here ({', '.join(f'{100 * w:.1f}' for w in ours)} %); "
        f"in the paper it {published}."
    )


def plot(figure: Figure, grids: Grids) -> None:
    """The figure of the study."""
    axes = figure.subplots(1, 2, sharey=True)
    places = np.arange(len(SAMPLINGS))
    for ax, setting in zip(axes, ("clean", "noisy"), strict=True):
        for balanced, colour in ((False, "C0"), (True, "C1")):
            name = "equalised" if balanced else "equal width"
            ours = [100 * wins(grids[setting, balanced, s], "reg") for s in SAMPLINGS]
            ax.plot(places, ours, color=colour, marker="o", label=f"{name}, ours")
            ax.plot(
                places, TABLE_1[setting, balanced], color=colour, ls=":", label=f"{name}, paper"
            )
        ax.axhline(50, color="grey", lw=0.8)
        ax.set_xticks(places, SAMPLINGS)
        ax.set_title(setting)
        ax.set_ylim(0, 100)
        ax.grid(alpha=0.3)
    axes[0].set_ylabel("runs in which reg+cls is better, %")
    axes[0].legend(fontsize=8)
