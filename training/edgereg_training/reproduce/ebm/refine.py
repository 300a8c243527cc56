"""`ebm-refine`: every baseline's error before and after refinement on an energy that was trained
apart (EBM paper, Tables 3, 4, S1 and S2), on rendered age and head pose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgereg_training.reproduce.cells import Cell, Key
from edgereg_training.reproduce.ebm.refine_fits import (
    ENERGY,
    FULL,
    LEVELS,
    QUICK,
    Size,
    baselines,
    constant_cell,
    keys_of,
    refine_cell,
    train_baseline,
    train_energy,
)
from edgereg_training.reproduce.report import Report, Table
from edgereg_training.reproduce.statistics import Interval, over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgereg_training.reproduce.context import Context
    from edgereg_training.reproduce.report import Entry, Plot

Array = npt.NDArray[np.float64]
OWN = "the energy's own best point"
LENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3)
TAKEN = (2, 5, 10)
# Settings of `ebm.refine` without the length.
RULES: dict[str, dict[str, Any]] = {
    "Algorithm 1": {"rule": "algorithm-1", "decay": 0.5},
    "Algorithm S1": {"rule": "algorithm-s1", "decay": 1.0},
    "Algorithm S1, best seen": {"rule": "algorithm-s1", "decay": 1.0, "best": True},
}
MAIN = "Algorithm 1"
UNITS = {"age": "years", "pose": "degrees"}


@dataclass(frozen=True)
class Ascent:
    """A rule with a length and a number of steps."""

    rule: str
    length: float
    steps: int

    def text(self) -> str:
        """For the report."""
        return f"T = {self.steps}, lambda = {self.length:g}"


@dataclass(frozen=True)
class Refined:
    """One baseline by the ascent chosen for it: mean errors of each seed and test person [S, P]."""

    name: str
    ascent: Ascent
    before: Array
    after: Array

    def gain(self) -> Interval:
        """Mean improvement with its 95 % interval over test people, paired, seeds averaged."""
        return over_seeds((self.before - self.after).mean(0).tolist())

    def seeds(self) -> int:
        """Seeds in which refinement improves the mean error."""
        return int((self.after.mean(1) < self.before.mean(1)).sum())


@dataclass(frozen=True)
class TaskResult:
    """refined: every baseline by every rule, each with the ascent that was best for it on the
    validation heads; common: by one ascent of the main rule for all; constant: the error of
    answering with the training median."""

    task: str
    constant: float
    refined: dict[str, tuple[Refined, ...]]
    common: tuple[Refined, ...]


def run(context: Context) -> Report:
    """The study."""
    size = QUICK if context.quick else FULL
    results = [_task(context, size, task) for task in LEVELS]
    return Report(
        tables=(*(table(result) for result in results), rules(results)),
        findings=findings(results),
        method=method(size),
        plot=plot(results),
        plot_size=(11.0, 5.5),
        record={
            f"{result.task}, {row.name}: errors of each seed, before and refined": [
                row.before.mean(1).round(4).tolist(),
                row.after.mean(1).round(4).tolist(),
            ]
            for result in results
            for row in result.refined[MAIN]
        },
    )


def _task(context: Context, size: Size, task: str) -> TaskResult:
    methods = baselines(task)
    energies = keys_of(context, size, {"ebm": ENERGY}, task)
    own = context.map(train_energy, energies, data=context.data)
    others = context.map(train_baseline, keys_of(context, size, methods, task), data=context.data)
    groups = [
        [*others[seed * len(methods) : (seed + 1) * len(methods)], own[seed]]
        for seed in range(size.seeds)
    ]
    names = (*methods, OWN)
    tuned = _refine(context, energies, groups, "validation")
    tested = _refine(context, energies, groups, "test")

    def refined(rule: str, which: Sequence[int]) -> list[Refined]:
        ascent = _chosen(rule, tuned, which)
        return [_refined(names[k], k, ascent, tested) for k in which]

    each = {rule: [refined(rule, [k])[0] for k in range(len(names))] for rule in RULES}
    common = refined(MAIN, range(len(methods)))
    key = {"constant": 1, **{k: energies[0][k] for k in ("task", "train", "test", "count")}}
    constant = context.map(constant_cell, [key], data=context.data)
    by_rule = {rule: tuple(rows) for rule, rows in each.items()}
    return TaskResult(task, constant[0]["error"], by_rule, tuple(common))


def _refine(
    context: Context, energies: Sequence[Key], groups: Sequence[Sequence[Cell]], part: str
) -> list[Cell]:
    """Cells of `refine_cell` with every ascent, one a seed; of the test heads by person."""
    options = [
        {**RULES[rule], "step_length": length, "steps": max(TAKEN)}
        for rule, length in product(RULES, LENGTHS)
    ]
    shared = {"part": part, "person": part == "test", "ascents": options, "taken": list(TAKEN)}
    found = []
    for energy, group in zip(energies, groups, strict=True):
        starts = [cell[part] for cell in group]
        key = {**shared, "energy": energy}
        found += context.map(refine_cell, [key], data=context.data, starts=starts)
    return found


def _ascents(rule: str) -> dict[Ascent, tuple[int, int]]:
    """A rule's ascents, with where they stand in a cell's `after`."""
    return {
        Ascent(rule, length, steps): (index, place)
        for index, (own, length) in enumerate(product(RULES, LENGTHS))
        if own == rule
        for place, steps in enumerate(TAKEN)
    }


def _chosen(rule: str, cells: Sequence[Cell], which: Sequence[int]) -> Ascent:
    """The least mean validation error over seeds and the baselines `which`."""
    errors = {
        ascent: np.mean([cell["after"][index][place][k] for cell in cells for k in which])
        for ascent, (index, place) in _ascents(rule).items()
    }
    return min(errors, key=lambda ascent: float(errors[ascent]))


def _refined(name: str, k: int, ascent: Ascent, cells: Sequence[Cell]) -> Refined:
    index, place = _ascents(ascent.rule)[ascent]
    after = np.array([cell["after"][index][place][k] for cell in cells])
    return Refined(name, ascent, np.array([cell["before"][k] for cell in cells]), after)


def findings(results: Sequence[TaskResult]) -> tuple[str, ...]:
    """Whether refinement improves every baseline, the exceptions, and the rules compared."""
    found = []
    for result in results:
        rows = _others(result.refined[MAIN])
        means = {
            rule: float(np.mean([r.gain().mean for r in _others(refined)]))
            for rule, refined in result.refined.items()
        }
        listed = ", ".join(f"{rule} {gain:+.3f}" for rule, gain in means.items())
        found += [
            f"{result.task.capitalize()}: refinement by {MAIN} {_improved(result.refined[MAIN])}",
            f"{result.task.capitalize()}, one ascent for all baselines "
            f"({result.common[0].ascent.text()}): it {_improved(result.common)}",
            f"{result.task.capitalize()}: mean improvement of the baselines in "
            f"{UNITS[result.task]}: {listed}. Before refinement they err by "
            f"{np.mean([r.before.mean() for r in rows]):.2f} on average, and the training median "
            f"by {result.constant:.2f}.",
        ]
    return tuple(found)


def _others(rows: Iterable[Refined]) -> list[Refined]:
    return [row for row in rows if row.name != OWN]


def _improved(refined: Sequence[Refined]) -> str:
    rows = _others(refined)
    better = [r for r in rows if r.gain().low > 0]
    worse = _names(r for r in rows if r.gain().high < 0)
    unclear = _names(r for r in rows if r.gain().low <= 0 <= r.gain().high)
    text = f"improves {len(better)} of {len(rows)} baselines (95 % interval above 0)"
    if worse:
        text += f"; it makes worse: {worse}"
    if unclear:
        text += f"; not distinguishable from no change: {unclear}"
    if len(better) < len(rows):
        return f"{text}. The paper's claim that it improves every baseline does not hold here."
    return f"{text}, as in the paper."


def _names(rows: Iterable[Refined]) -> str:
    return "; ".join(row.name for row in rows)


def table(result: TaskResult) -> Table:
    """The table of the study."""
    rows: list[tuple[Entry, ...]] = [
        (
            row.name,
            float(row.before.mean()),
            float(row.after.mean()),
            float(-100 * row.gain().mean / row.before.mean()),
            row.gain().text(3),
            f"{row.seeds()} of {len(row.before)}",
            row.ascent.text(),
        )
        for row in result.refined[MAIN]
    ]
    return Table(
        f"{result.task.capitalize()}: mean absolute error in {UNITS[result.task]}, refined by "
        f"{MAIN}",
        ("baseline", "before", "refined", "change, %", "improvement (95 %)", "seeds improved",
         "ascent"),
        tuple(rows),
        "Means over test people; ascents chosen on the validation heads (lambda in tenths of the "
        "range, squared; eta = 0.5). Published errors are of real faces and can't be compared.",
    )  # fmt: skip


def rules(results: Sequence[TaskResult]) -> Table:
    """The rules of ascent compared."""
    rows: list[tuple[Entry, ...]] = []
    for result in results:
        for rule, refined in result.refined.items():
            own = _others(refined)
            rows.append(
                (
                    result.task,
                    rule,
                    float(np.mean([r.before.mean() for r in own])),
                    float(np.mean([r.after.mean() for r in own])),
                    sum(r.gain().low > 0 for r in own),
                    sum(r.gain().high < 0 for r in own),
                )
            )
    return Table(
        "Rules of refinement, over all baselines",
        ("task", "rule", "before", "refined", "improved", "made worse"),
        tuple(rows),
        "Improved and made worse: baselines whose 95 % interval lies above or below 0.",
    )


def method(size: Size) -> str:
    """How it was done, for the report."""
    return (
        f"Rendered heads as crops of 40 px, of different people: {size.used} to train on, "
        f"{size.validation} to choose epochs and ascents by, {size.test} to test on. Each baseline "
        f"and energy is a network of its own (edge-xs, {size.epochs} epochs, the same optimiser); "
        f"seeds: {size.seeds}, and a baseline climbs the energy of its own seed. Improvements are "
        "paired: means of each test person over pictures and seeds, Student's interval over people."
    )


def plot(results: Sequence[TaskResult]) -> Plot:
    """The figure of the study."""

    def draw(figure: Figure) -> None:
        axes: Any = figure.subplots(1, len(results), squeeze=False)[0]
        for place, result in zip(axes, results, strict=True):
            rows = result.refined[MAIN]
            for index, row in enumerate(rows):
                gain = row.gain()
                colour = "tab:green" if gain.low > 0 else "tab:red" if gain.high < 0 else "grey"
                half = gain.high - gain.mean
                place.errorbar(gain.mean, index, xerr=half, fmt="o", capsize=3, color=colour)
            place.axvline(0, color="black", linewidth=0.8)
            place.set_yticks(range(len(rows)), [row.name for row in rows])
            place.invert_yaxis()
            label = f"improvement of the mean error, {UNITS[result.task]}"
            place.set(xlabel=label, title=f"{result.task}, {MAIN}")

    return draw
