"""Tables 2 to 4 of Reg+Cls: many, medium and few shots, on rendered age with an imbalanced
sampling."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgereg_training.reproduce.cells import Cell, Key
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.image_study import (
    Budget,
    Heads,
    absolute_errors,
    load_heads,
    problem_on,
    recipe_of,
    train_model,
)
from edgereg_training.reproduce.report import Entry, Report, Table
from edgereg_training.reproduce.statistics import Interval, over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# As in IMDB-WIKI-DIR: training examples of the same year of age.
FEW, MANY = 20, 100
SHOTS = ("all", "many", "medium", "few")

# The sampling: every head within PLATEAU years of PEAK, fewer with e-fold FALL, at least LEAST.
PEAK, PLATEAU, FALL, LEAST = 30.0, 6.0, 5.0, 0.03

CLASSES = 20
WEIGHTS = (1.0, 10.0, 100.0)
L2: dict[str, Any] = {"name": "direct", "loss": "l2"}
REG = "reg (L2)"


@dataclass(frozen=True)
class Size:
    """Rendered heads, epochs and seeds."""

    train: int
    validation: int
    test: int
    epochs: int
    seeds: int


FULL = Size(12000, 2000, 3000, 8, 3)
QUICK = Size(3000, 500, 1000, 4, 2)

METHOD = (
    "Rendered heads as crops of 40 px, {kept} of {pool} training heads kept so that ages crowd "
    "about {peak:g} years ({shares}); the epoch is chosen on {validation} heads and the error "
    "measured on {test} heads with the renderer's own broad distribution of ages, all of "
    "different people. Shots by training heads of the same year of age: many above {many}, medium "
    "{few} to {many}, few below {few}. Network {backbone}, {epochs} epochs in batches of 128, "
    "AdamW, {seeds} seeds. reg+cls adds a head of {classes} classes: of equal width, or equalised "
    "with the rest thinned out of the classification loss (found after the first epoch, which "
    "trains without them); above 1 the weight multiplies the regression loss. The third arm of "
    "the 1-D studies has no counterpart here: AdamW's steps do not depend on the scale of a loss "
    "and its weight decay is decoupled, so that a weight alone changes nothing. Errors are mean "
    "absolute errors in years; intervals are 95 % (Student) over the seeds."
)


def configurations() -> dict[str, dict[str, Any]]:
    """The methods by the names they have in the tables."""
    found: dict[str, dict[str, Any]] = {REG: L2}
    for balance in ("uniform", "equalised"):
        for weight in WEIGHTS:
            found[f"reg+cls, {balance}, weight {weight:g}"] = {
                "name": "regcls", "regression": L2, "classes": CLASSES, "balance": balance,
                "weight": weight,
            }  # fmt: skip
    return found


def run(context: Context) -> Report:
    """Quick: a quarter of the heads, half the epochs, two seeds."""
    size = QUICK if context.quick else FULL
    folders = {
        "train": context.heads(size.train, "train").name,
        "validation": context.heads(size.validation, "val").name,
        "test": context.heads(size.test, "test").name,
    }
    budget = asdict(Budget(epochs=size.epochs, batch_size=128))
    methods = configurations()
    # Seed by seed, so that an interrupted study has every method at some seeds.
    keys: list[Key] = [
        {"method": options, "budget": budget, "seed": seed, **folders}
        for seed in range(size.seeds)
        for options in methods.values()
    ]
    cells = context.map(train_cell, keys, data=context.data)
    of_method = {name: cells[i :: len(methods)] for i, name in enumerate(methods)}
    constant = constant_errors(context.data, folders)
    return Report(
        (_errors(of_method, constant),),
        tuple(findings(of_method, constant)),
        described(size, cells[0], budget["backbone"]),
        lambda figure: plot(figure, of_method),
        (9.0, 4.5),
        {name: [cell["test"] for cell in of] for name, of in of_method.items()},
    )


def train_cell(key: Key, data: Path) -> Cell:
    """One training: validation error, and test error by shots."""
    folders = data / key["train"], data / key["validation"]
    train, validation = imbalanced(load_heads(folders[0], "age")), load_heads(folders[1], "age")
    test = load_heads(data / key["test"], "age")
    recipe = recipe_of("age", key["method"], folders, Budget(**key["budget"]), key["seed"])
    trained = train_model(problem_on(recipe, train, validation), recipe)
    errors = absolute_errors(trained.net, test)[:, 0]
    shots = shots_of(train.targets[:, 0], test.targets[:, 0])
    by_shots = {name: float(errors[shots == name].mean()) for name in SHOTS[1:]}
    return {
        "validation": trained.error,
        "test": {"all": float(errors.mean()), **by_shots},
        "heads": {name: int((shots == name).sum()) for name in SHOTS[1:]},
        "kept": len(train),
        "seconds": trained.seconds,
    }


def constant_errors(data: Path, folders: dict[str, str]) -> dict[str, float]:
    """Test errors of answering every head with the median of the training ages, as a network that
    has learned nothing would."""
    train = imbalanced(load_heads(data / folders["train"], "age")).targets[:, 0]
    test = load_heads(data / folders["test"], "age").targets[:, 0]
    errors, shots = np.abs(test - np.median(train)), shots_of(train, test)
    by_shots = {name: float(errors[shots == name].mean()) for name in SHOTS[1:]}
    return {"all": float(errors.mean()), **by_shots}


def imbalanced(data: Heads) -> Heads:
    """The part of the heads that is kept, the same in every call."""
    distance = np.abs(data.targets[:, 0] - PEAK)
    share = np.clip(np.exp((PLATEAU - distance) / FALL), LEAST, 1.0)
    chosen = np.random.default_rng(0).random(len(data)) < share
    return data.take(np.flatnonzero(chosen))


def shots_of(train: NDArray[np.float32], test: NDArray[np.float32]) -> NDArray[np.str_]:
    """'many', 'medium' or 'few' for every test age, by the training heads of the same year."""
    counts = np.bincount(np.floor(train).astype(int), minlength=int(test.max()) + 1)
    of_each = counts[np.floor(test).astype(int)]
    named: NDArray[np.str_] = np.select([of_each > MANY, of_each >= FEW], ["many", "medium"], "few")
    return named


def described(size: Size, cell: Cell, backbone: str) -> str:
    """How it was done, for the report."""
    total = sum(cell["heads"].values())
    shares = ", ".join(
        f"{100 * count / total:.0f} % of the test heads are {name}-shot"
        for name, count in cell["heads"].items()
    )
    return METHOD.format(
        kept=cell["kept"], pool=size.train, peak=PEAK, shares=shares, validation=size.validation,
        test=size.test, many=MANY, few=FEW, backbone=backbone, epochs=size.epochs,
        seeds=size.seeds, classes=CLASSES,
    )  # fmt: skip


def _interval(cells: list[Cell], shots: str) -> Interval:
    return over_seeds([cell["test"][shots] for cell in cells])


def _validation(cells: list[Cell]) -> float:
    return float(np.mean([cell["validation"] for cell in cells]))


def _errors(of_method: dict[str, list[Cell]], constant: dict[str, float]) -> Table:
    rows: list[tuple[Entry, ...]] = [
        (name, _validation(cells), *(_interval(cells, shots).text() for shots in SHOTS))
        for name, cells in of_method.items()
    ]
    rows.append(
        ("training median, without a network", None, *(f"{constant[s]:.2f}" for s in SHOTS))
    )
    note = "The published tables are of other data: their errors can't be compared with these."
    return Table(
        "Mean absolute error in years", ("method", "validation", *SHOTS), tuple(rows), note
    )


def _chosen(of_method: dict[str, list[Cell]], balance: str) -> str:
    """The reg+cls of a balance whose weight is best on the validation heads."""
    names = [name for name in of_method if f", {balance}," in name]
    return min(names, key=lambda name: _validation(of_method[name]))


def findings(of_method: dict[str, list[Cell]], constant: dict[str, float]) -> list[str]:
    """What the figures say, as sentences."""
    found = []
    chosen = {balance: _chosen(of_method, balance) for balance in ("uniform", "equalised")}
    for name in chosen.values():
        gains = {shots: _gain(of_method, REG, name, shots) for shots in SHOTS}
        told = ", ".join(f"{shots} {gain.text()}" for shots, gain in gains.items())
        found.append(
            f"{name} (weight chosen on validation heads) against {REG}, gain in years: {told}. "
            f"{verdict(gains)}"
        )
    few = _interval(of_method[REG], "few").mean
    found.append(
        f"On few-shot heads {REG} errs by {few:.1f} years and the training median, without any "
        f"network, by {constant['few']:.1f}: short trainings on small crops, which can't confirm "
        "or refute tables of long trainings on real data."
    )
    gain = _gain(of_method, chosen["uniform"], chosen["equalised"], "all")
    found.append(
        f"Equalised against uniform classes, over all heads: gain {gain.text()} years"
        f"{'' if gain.low > 0 or gain.high < 0 else ', not told apart'}."
    )
    return found


def verdict(gains: dict[str, Interval]) -> str:
    """The paper's claim: classes help an imbalanced regression, most where examples are few."""
    shown = [shots for shots in SHOTS if gains[shots].low > 0]
    harmed = [shots for shots in SHOTS if gains[shots].high < 0]
    if harmed:
        return f"The paper's claim does not hold here: {', '.join(harmed)} become worse."
    lost = [shots for shots in SHOTS if gains[shots].mean < 0]
    if not shown:
        return "The paper's claim is not shown here: no gain is told from 0."
    cost = f"; the mean of {', '.join(lost)} becomes worse, not told from chance" if lost else ""
    return f"A gain is shown for: {', '.join(shown)}{cost}."


def _gain(of_method: dict[str, list[Cell]], before: str, after: str, shots: str) -> Interval:
    """Mean over seeds of the error `before` minus the one `after`, paired by seed."""
    pairs = zip(of_method[before], of_method[after], strict=True)
    return over_seeds([b["test"][shots] - a["test"][shots] for b, a in pairs])


def plot(figure: Figure, of_method: dict[str, list[Cell]]) -> None:
    """The figure of the study."""
    ax = figure.subplots()
    width = 0.8 / len(of_method)
    for index, (name, cells) in enumerate(of_method.items()):
        found = [_interval(cells, shots) for shots in SHOTS]
        places = np.arange(len(SHOTS)) + (index - (len(of_method) - 1) / 2) * width
        means = np.array([interval.mean for interval in found])
        ends = np.array([[i.mean - i.low, i.high - i.mean] for i in found]).T
        ax.bar(places, means, width, yerr=np.nan_to_num(ends), label=name, error_kw={"lw": 0.8})
    ax.set_xticks(range(len(SHOTS)), SHOTS)
    ax.set_ylabel("mean absolute error, years")
    ax.legend(fontsize=7)
