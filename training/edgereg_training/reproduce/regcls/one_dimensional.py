"""Figure 3 of Reg+Cls: regression against regression + classification on 1-D functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.regcls.fits import CLASSES, pair_key
from edgereg_training.reproduce.regcls.grid import (
    ARM_COLOURS,
    ARM_NAMES,
    Grid,
    compute_grids,
    joined,
    percent,
)
from edgereg_training.reproduce.regcls.published import FIGURE_3
from edgereg_training.reproduce.regcls.sampling import (
    DATA_SEEDS,
    FUNCTIONS,
    SAMPLINGS,
    SETTINGS,
    Sampling,
    Setting,
)
from edgereg_training.reproduce.report import Entry, Report, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Grids = dict[tuple[Setting, Sampling], Grid]

GAP_BAND = 0.03
WINS_BAND = 0.08
# In the quick form, and for ood, of which the published logs show no clear effect.
FEW_CLASSES = (16, 64)
FEW_SEEDS = 2
OOD_GAPS = (
    "ood: of so few pairs the gaps, means of absolute differences, are mostly chance; they are "
    "not judged."
)

METHOD = (
    "Ten functions a sin(cx) + b sin(dx), four samplings of the training targets; the test set is "
    "the uniform sampling's. Network 1-6-15-1, class head on the 15 features, Adam with L2 decay "
    "1e-3, batch 256, 80 epochs, the last one counts; learning rate 1e-3 / 1e-2 / 1e-4 and weight "
    "1e2 / 1e3 / 1e4 for clean / noisy / ood. Classes of equal width ({sizes}). Clean and noisy "
    "data equal the authors' bit for bit; initial weights and batches have our own seeds. 'gap' "
    "is the published one: the mean over numbers of classes of |mean reg - mean reg+cls|; 'other "
    "seeds' holds 95 % of the gaps that other seeds would give; the published gap is one such "
    "draw, with five sets of initial weights for all functions and numbers of classes. 'wins' is "
    "the share of pairs in which the second arm's error is smaller. The third arm trains weight x "
    "MSE without classes: reg+cls multiplies the MSE while the weight decay stays, so it is also "
    "less regularised, and the comparison with this arm is the one that isolates the classes. "
    "Gains have 95 % intervals over the functions."
)


def run(context: Context) -> Report:
    """Quick: three functions, two data seeds, 16 and 64 classes, no ood. Full: ood with those."""
    settings: tuple[Setting, ...] = SETTINGS[:2] if context.quick else SETTINGS
    functions = (0, 3, 6) if context.quick else tuple(range(FUNCTIONS))
    keys = {
        (setting, sampling): [
            pair_key(setting, sampling, function, index, _classes_of(setting, context.quick))
            for function in functions
            for index in range(_seeds_of(setting, context.quick))
        ]
        for setting in settings
        for sampling in SAMPLINGS
    }
    grids = compute_grids(context, keys, len(functions))
    sizes = "; ".join(
        f"{setting}: {_seeds_of(setting, context.quick)} data seeds, "
        f"{', '.join(map(str, _classes_of(setting, context.quick)))} classes"
        for setting in settings
    )
    method = METHOD.format(sizes=sizes)
    if context.quick:
        method += " This is the quick form: functions 0, 3 and 6 only."
    return Report(
        (against_logs(grids), third_arm(grids), by_classes(grids)),
        tuple(_findings(grids)),
        method,
        lambda figure: plot(figure, grids),
        (13.0, 3.3 * len(settings)),
        _record(grids),
    )


def _classes_of(setting: Setting, quick: bool) -> tuple[int, ...]:
    return FEW_CLASSES if quick or setting == "ood" else CLASSES


def _seeds_of(setting: Setting, quick: bool) -> int:
    return FEW_SEEDS if quick or setting == "ood" else len(DATA_SEEDS)


def against_logs(grids: Grids) -> Table:
    """Our figures beside those of the authors' logs."""
    rows = []
    for (setting, sampling), grid in grids.items():
        logs = FIGURE_3[setting, sampling]
        gap = grid.gap()
        rows.append(
            (
                setting, sampling, logs.reg, grid.mean("reg"), logs.regcls, grid.mean("regcls"),
                logs.gap, round(gap, 4), _between(grid), round(gap - logs.gap, 4),
                percent(logs.wins), percent(grid.wins()),
            )
        )  # fmt: skip
    columns = (
        "setting", "sampling", "reg, published", "reg, ours", "reg+cls, published",
        "reg+cls, ours", "gap, published", "gap, ours", "other seeds", "difference",
        "wins %, published", "wins %, ours",
    )  # fmt: skip
    note = (
        "The logs come from a revision of the authors' code that is not public: their columns do "
        "not agree with what the public one writes."
    )
    return Table("Beside the published logs (mean test MSE)", columns, tuple(rows), note)


def third_arm(grids: Grids) -> Table:
    """The weight without classes beside both arms."""
    rows = [
        (
            setting, sampling, grid.mean("reg"), grid.mean("weighted"), grid.mean("regcls"),
            grid.gain("reg", "weighted").text(3), grid.gain("weighted", "regcls").text(3),
            percent(grid.wins("reg", "weighted")), percent(grid.wins("weighted", "regcls")),
        )
        for (setting, sampling), grid in grids.items()
    ]  # fmt: skip
    columns = (
        "setting", "sampling", "reg", "weight x MSE", "reg+cls", "gain of the weight",
        "gain of the classes", "weight wins %", "classes win %",
    )  # fmt: skip
    note = (
        "Gain of the weight: reg - (weight x MSE). Gain of the classes: (weight x MSE) - reg+cls. "
        "Above 0 is better; 95 % intervals over the functions."
    )
    return Table("What the weight does, and what the classes do", columns, tuple(rows), note)


def by_classes(grids: Grids) -> Table:
    """Errors by the number of classes."""
    most = next(iter(grids.values())).classes
    rows: list[tuple[Entry, ...]] = [
        (setting, sampling, ARM_NAMES[arm], *_padded(grid, arm, len(most)))
        for (setting, sampling), grid in grids.items()
        for arm in ARM_NAMES
    ]
    columns = ("setting", "sampling", "arm", *(f"C = {count}" for count in most))
    return Table("Mean test MSE by number of classes", columns, tuple(rows))


def _padded(grid: Grid, arm: str, columns: int) -> list[float | None]:
    means = [float(mean) for mean in grid.by_classes(arm)]
    return [*means, *[None] * (columns - len(means))]


def _between(grid: Grid) -> str:
    low, high = grid.gap_between_seeds()
    return f"{low:.3f} .. {high:.3f}"


def _findings(grids: Grids) -> list[str]:
    findings = []
    for setting in dict.fromkeys(setting for setting, _ in grids):
        mine = {sampling: grid for (s, sampling), grid in grids.items() if s == setting}
        gaps = OOD_GAPS if setting == "ood" else _gaps(setting, mine)
        findings += [gaps, wins(setting, mine), confound(setting, mine)]
    return findings


def _gaps(setting: Setting, grids: dict[Sampling, Grid]) -> str:
    gaps = {sampling: grid.gap() for sampling, grid in grids.items()}
    logs = {sampling: FIGURE_3[setting, sampling].gap for sampling in grids}
    off = {s: gaps[s] - logs[s] for s in gaps if abs(gaps[s] - logs[s]) > GAP_BAND}
    inside = len(gaps) - len(off)
    text = f"{setting}: {inside} of {len(gaps)} gaps lie within {GAP_BAND} of the published ones"
    if off:
        told = [
            f"{s} is off by {value:+.3f}; other seeds: {_between(grids[s])}"
            for s, value in off.items()
        ]
        text += f" ({', '.join(told)})"
    text += f"; their mean is {_mean(gaps):.3f}, published {_mean(logs):.3f}"
    ours, theirs = sorted(gaps, key=gaps.__getitem__), sorted(logs, key=logs.__getitem__)
    if ours == theirs:
        return f"{text}, and their order is the published one: {' < '.join(ours)}."
    return f"{text}; their order is {' < '.join(ours)}, published {' < '.join(theirs)}."


def _mean(gaps: Mapping[Sampling, float]) -> float:
    return sum(gaps.values()) / len(gaps)


def wins(setting: Setting, grids: dict[Sampling, Grid]) -> str:
    """How often each arm wins."""
    pairs = [(s, g.wins(), FIGURE_3[setting, s].wins) for s, g in grids.items()]
    off = [(s, ours, theirs) for s, ours, theirs in pairs if abs(ours - theirs) > WINS_BAND + 1e-9]
    text = f"{setting}: reg+cls beats reg in " + joined(
        [f"{percent(ours)} % ({s})" for s, ours, _ in pairs]
    )
    if not off:
        return (
            text
            + f" of the pairs, each within {100 * WINS_BAND:.0f} points of the published share."
        )
    named = joined([f"{s} (published {percent(theirs)} %)" for s, _, theirs in off])
    return text + f" of the pairs; more than {100 * WINS_BAND:.0f} points away: {named}."


def confound(setting: Setting, grids: dict[Sampling, Grid]) -> str:
    """What the weight alone explains, and what the classes add to it."""
    better: list[str] = []
    worse: list[str] = []
    open_: list[str] = []
    for sampling, grid in grids.items():
        gain = grid.gain("weighted", "regcls")
        place = better if gain.low > 0 else worse if gain.high < 0 else open_
        place.append(f"{sampling} {gain.text(3)}")
    alone = [s for s, grid in grids.items() if grid.gain("reg", "weighted").low > 0]
    text = (
        f"{setting}: the weight alone, without classes, beats reg for {joined(alone or ['none'])}"
    )
    text += "; reg+cls against that arm: "
    parts = []
    if better:
        parts.append(f"the classes help for {joined(better)}")
    if open_:
        parts.append(f"no difference is shown for {joined(open_)}")
    if worse:
        parts.append(f"they harm for {joined(worse)}")
    return text + "; ".join(parts) + "."


def _record(grids: Grids) -> dict[str, Any]:
    """Means over seeds: [functions, classes] of every arm."""
    return {
        f"{setting} {sampling}": {a: e.mean(1).round(5).tolist() for a, e in grid.errors.items()}
        for (setting, sampling), grid in grids.items()
    }


def plot(figure: Figure, grids: Grids) -> None:
    """The figure of the study."""
    settings = list(dict.fromkeys(setting for setting, _ in grids))
    most = max((grid.classes for grid in grids.values()), key=len)
    axes = figure.subplots(len(settings), len(SAMPLINGS), squeeze=False, sharex=True)
    for (setting, sampling), grid in grids.items():
        ax = axes[settings.index(setting), SAMPLINGS.index(sampling)]
        for arm, colour in ARM_COLOURS.items():
            mean, band = grid.by_classes(arm), grid.spread(arm)
            ax.plot(grid.classes, mean, color=colour, marker="o", ms=3, label=ARM_NAMES[arm])
            ax.fill_between(grid.classes, mean - band, mean + band, color=colour, alpha=0.12, lw=0)
        logs = FIGURE_3[setting, sampling]
        ax.axhline(logs.reg, color="C3", ls=":", lw=1, label="reg, published mean")
        ax.axhline(logs.regcls, color="C2", ls=":", lw=1, label="reg+cls, published mean")
        ax.set_xscale("log", base=2)
        ax.set_xticks(most)
        ax.set_title(f"{setting}, {sampling}", fontsize=10)
        ax.set_ylim(bottom=0)
        ax.grid(alpha=0.3)
    for ax in axes[-1]:
        ax.set_xlabel("number of classes")
    for row in axes:
        row[0].set_ylabel("test MSE")
    axes[0, 0].legend(fontsize=7)
