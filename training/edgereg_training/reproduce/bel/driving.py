"""Steering by six codes, their decoders and losses, direct regression and multiclass (S1 Table 13).

On a recorded drive that `--data` names, or on rendered roads; each approach at its own rate.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgereg_training.driving.frames import DriveData, examples_of
from edgereg_training.driving.problem import (
    DrivingOptions,
    drives_of,
    problem,
    training_examples,
    validation_examples,
)
from edgereg_training.driving.roads import write_roads
from edgereg_training.driving.split import split_by_time
from edgereg_training.loop.checkpoint import best_checkpoint, load_weights, read_checkpoint
from edgereg_training.loop.loop import train
from edgereg_training.loop.recipe import OptimiserSettings, Recipe, parse_options
from edgereg_training.methods.bel import code_words as bel
from edgereg_training.methods.bel.head import BelHead
from edgereg_training.regression.data import Examples
from edgereg_training.regression.net import RegressionNet, features_of
from edgereg_training.reproduce.bel.training import VALUE, decoders_of
from edgereg_training.reproduce.cells import Cell, Key
from edgereg_training.reproduce.report import Entry, Report, Table
from edgereg_training.reproduce.statistics import Interval, over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgereg_training.reproduce.context import Context
    from edgereg_training.reproduce.report import Plot

Options = dict[str, Any]
# Levels over the range -1..1; the paper has 670 of a wheel's degrees, and far more data.
LEVELS, THETA = 100, 10
LOSSES: tuple[bel.Loss, ...] = ("BCE", "CE")
RIVALS: dict[str, Options] = {
    "direct L1": {"name": "direct", "loss": "l1"},
    "direct L2": {"name": "direct", "loss": "l2"},
    "multiclass": {"name": "multiclass", "levels": LEVELS},
}


@dataclass(frozen=True)
class Size:
    """roads: rendered pictures; seeds; rates: learning rates that each approach is tried at with
    the first seed; steps: of batches of 64; side: of the network's picture, px."""

    roads: int
    seeds: int
    rates: tuple[float, ...]
    steps: int
    side: int = 40


# A drive of one's own is shorter and harder than rendered roads: more steps, larger pictures.
GIVEN = Size(roads=0, seeds=3, rates=(3e-3, 1e-2), steps=450)
FULL = Size(roads=4000, seeds=5, rates=(3e-3, 1e-2), steps=200, side=32)
QUICK = Size(roads=1500, seeds=2, rates=(1e-3, 5e-3), steps=200, side=32)
EPOCHS, BATCH = 5, 64


@dataclass(frozen=True)
class Outcome:
    """One approach on one data set at its best rate: test and validation errors of each seed by
    decoder, as shares of full lock."""

    approach: str
    rate: float
    errors: dict[str, list[float]]
    validation: dict[str, list[float]]

    def best(self) -> tuple[str, Interval]:
        """The decoder of least validation error, and its test error over seeds."""
        name = min(self.validation, key=lambda d: float(np.mean(self.validation[d])))
        return name, over_seeds(self.errors[name])


def run(context: Context) -> Report:
    """The study."""
    size = QUICK if context.quick else FULL if context.given is None else GIVEN
    if context.given is None:
        name, place = f"{size.roads} rendered roads", roads_of(context, size)
    else:
        name, place = f"the drive {context.given.name}", context.given
    outcomes = compared(context, size, place, approaches_of())
    constant = constant_error(options_of(place, size, RIVALS["direct L1"]))
    tables = (codes_table(name, outcomes), rivals_table(name, outcomes, constant))
    findings = judged(name, outcomes, constant)
    record = {o.approach: {"rate": o.rate, "errors": o.errors} for o in outcomes}
    method = (
        f"Pictures of {size.side} px of the road ahead, network edge-xs, {size.steps} batches of "
        f"{BATCH}, AdamW; {LEVELS} levels, theta {THETA}. Data are "
        "split by time: the last fifth is the test. Each approach is trained with the first seed "
        f"at the rates {', '.join(f'{rate:g}' for rate in size.rates)} and keeps the one of least "
        f"validation error. Errors are mean absolute errors as shares of full lock; intervals are "
        f"95 % (Student) over {size.seeds} seeds."
    )
    return Report(
        tables, tuple(findings), method, plot_of(name, tables[1]), (9.0, 6.0), {name: record}
    )


def approaches_of() -> dict[str, Options]:
    """Every code with every loss, and what they compete with."""
    codes = {
        f"{code}, {loss}": {
            "name": "bel", "code": code, "loss": loss, "levels": LEVELS, "theta": THETA,
        }
        for code in bel.CODES
        for loss in LOSSES
    }  # fmt: skip
    return codes | RIVALS


def roads_of(context: Context, size: Size) -> Path:
    """The rendered roads, made where they are not there yet."""
    folder = context.data / f"roads-{size.roads}"
    return write_roads(
        folder, size.roads, 21, 120, 160, lambda d, n: context.progress(d, n, "render roads")
    )


def compared(
    context: Context, size: Size, place: Path, approaches: dict[str, Options]
) -> list[Outcome]:
    """Every approach on the drives of one place."""
    first = [key_of(place, size, m, rate, 0) for m in approaches.values() for rate in size.rates]
    tried = context.map(train_cell, first)
    chosen = []
    for index in range(len(approaches)):
        own = tried[index * len(size.rates) : (index + 1) * len(size.rates)]
        best = min(range(len(own)), key=lambda k: min(own[k]["validation"].values()))
        chosen.append(size.rates[best])
    keys = [
        key_of(place, size, method, rate, seed)
        for seed in range(size.seeds)
        for method, rate in zip(approaches.values(), chosen, strict=True)
    ]
    cells = context.map(train_cell, keys)
    outcomes = []
    for index, (name, rate) in enumerate(zip(approaches, chosen, strict=True)):
        own = cells[index :: len(approaches)]
        errors = {d: [cell["test"][d] for cell in own] for d in own[0]["test"]}
        validation = {d: [cell["validation"][d] for cell in own] for d in own[0]["test"]}
        outcomes.append(Outcome(name, rate, errors, validation))
    return outcomes


def key_of(place: Path, size: Size, method: Options, rate: float, seed: int) -> Key:
    """What decides one training."""
    return {"drives": str(place.resolve()), "method": method, "rate": rate, "seed": seed,
            "steps": size.steps, "side": size.side}  # fmt: skip


def options_of(place: Path, size: Size, method: Options) -> DrivingOptions:
    """The options of one training's recipe."""
    recipe = recipe_of(key_of(place, size, method, 1e-3, 0))
    return parse_options(DrivingOptions, recipe)


def recipe_of(key: Key) -> Recipe:
    """The recipe of one training."""
    return Recipe(
        problem="driving",
        seed=key["seed"],
        epochs=EPOCHS,
        batch_size=BATCH,
        threads=1,
        optimiser=OptimiserSettings(
            learning_rate=key["rate"], weight_decay=0.02, warmup_steps=30, gradient_clip=20.0
        ),
        options={
            "drives": [key["drives"]],
            "size": key["side"],
            "epoch_images": max(1, key["steps"] // EPOCHS) * BATCH,
            "backbone": {"name": "edge-xs"},
            "method": key["method"],
        },
    )


def train_cell(key: Key) -> Cell:
    """One training: mean absolute errors by decoder on the validation and the test pictures."""
    recipe = recipe_of(key)
    options = parse_options(DrivingOptions, recipe)
    training, validation, tested = read_once(options.drives, key["side"])
    plain = problem(recipe)
    data = DriveData(lambda: training, plain.target, options.mirrored, options.balance)
    made = replace(plain, data=data, held_out=lambda: validation)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        train(made, recipe, out)
        weights = read_checkpoint(best_checkpoint(out)).weights
    net = made.build()
    load_weights(net, weights)
    net.eval()
    return {"validation": errors_of(net, validation), "test": errors_of(net, tested)}


@lru_cache(maxsize=2)
def read_once(drives: tuple[Path, ...], side: int) -> tuple[Examples, Examples, Examples]:
    """The training, validation and test pictures of drives, which all cells share."""
    key = {"drives": str(drives[0]), "side": side, "method": {}, "rate": 1e-3, "seed": 0}
    options = parse_options(DrivingOptions, recipe_of({**key, "steps": 1}))
    return training_examples(options), validation_examples(options), test_examples(options)


def test_examples(options: DrivingOptions) -> Examples:
    """The pictures that training leaves out: the end of each drive."""
    drives = drives_of(options.drives, options)
    parts = [
        drive.take(split_by_time(drive, options.validation_share, options.test_share).test)
        for drive in drives
    ]
    return examples_of(parts, options.band, 0, options.limit)


def errors_of(net: RegressionNet, examples: Examples) -> dict[str, float]:
    """Mean absolute error by every decoder that the head's code has."""
    import torch

    features = features_of(net, examples.images)
    with torch.no_grad():
        if isinstance(net.head, BelHead):
            code = net.head.codec.settings.code
            values: dict[str, torch.Tensor] = {
                d: net.head.decoded(features, d) for d in decoders_of(code)
            }
        else:
            values = {VALUE: net.head.value(features)}
    return {
        name: float(np.abs(value.float().numpy() - examples.targets).mean())
        for name, value in values.items()
    }


def constant_error(options: DrivingOptions) -> float:
    """Of always answering with the median of the pictures before the test."""
    drives = drives_of(options.drives, options)
    parts = [split_by_time(drive, 0.0, options.test_share) for drive in drives]
    before = np.concatenate([d.steering[p.train] for d, p in zip(drives, parts, strict=True)])
    tested = np.concatenate([d.steering[p.test] for d, p in zip(drives, parts, strict=True)])
    return float(np.abs(tested - np.median(before)).mean())


def codes_table(name: str, outcomes: list[Outcome]) -> Table:
    """Table 13's form: a row for each code and decoder, a column for each loss."""
    rows: list[tuple[Entry, ...]] = []
    found = {outcome.approach: outcome for outcome in outcomes}
    for code in bel.CODES:
        bits = bel.code_matrix(code, LEVELS, spare=False).shape[1]
        own = [found[f"{code}, {loss}"] for loss in LOSSES]
        for decoder in own[0].errors:
            errors = (over_seeds(outcome.errors[decoder]).text(3) for outcome in own)
            rows.append((code, bits, decoder, *errors))
    return Table(
        f"{name}: test error by code, decoder and loss",
        ("code", "bits", "decoder", *LOSSES),
        tuple(rows),
        "Mean absolute error as a share of full lock (95 % interval). The paper's are degrees of "
        "the wheel on other data and can't be compared with these.",
    )


def rivals_table(name: str, outcomes: list[Outcome], constant: float) -> Table:
    """Every approach with the decoder that its validation error chose, and its learning rate."""
    rows: list[tuple[Entry, ...]] = []
    for outcome in sorted(outcomes, key=least_validation):
        decoder, error = outcome.best()
        rows.append((outcome.approach, decoder, outcome.rate, error.mean, error.low, error.high))
    rows.append(("constant (median)", None, None, constant, None, None))
    return Table(
        f"{name}: approaches in the order of their validation errors",
        ("approach", "decoder", "learning rate", "test error", "95 % from", "to"),
        tuple(rows),
    )


def plot_of(name: str, ranking: Table) -> Plot:
    """The test error of each approach, in the order of their validation errors."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        labels = [f"{approach}, {decoder}" for approach, decoder, *_ in ranking.rows[:-1]]
        colours = ["black" if row[0] in RIVALS else "tab:blue" for row in ranking.rows[:-1]]
        # The constant's interval, None, becomes NaN.
        means, lows, highs = np.array([row[3:] for row in ranking.rows], np.float64).T
        places = range(len(labels))
        axes.hlines(places, lows[:-1], highs[:-1], colors=colours)
        axes.scatter(means[:-1], places, c=colours)
        axes.axvline(means[-1], color="tab:red", ls="--", label=str(ranking.rows[-1][0]))
        axes.set_yticks(places, labels)
        axes.invert_yaxis()
        axes.set_xlabel("mean absolute error, shares of full lock; bars: 95 % over seeds")
        axes.set_ylabel("the least validation error first")
        axes.set_title(f"Steering on {name}\ncodes blue, what they compete with black")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower right")

    return draw


def least_validation(outcome: Outcome) -> float:
    """The mean validation error of the best decoder."""
    return min(float(np.mean(errors)) for errors in outcome.validation.values())


def judged(name: str, outcomes: list[Outcome], constant: float) -> list[str]:
    """BEL's best by validation against each rival, and against the constant."""
    codes = [o for o in outcomes if o.approach not in RIVALS]
    best = min(codes, key=least_validation)
    decoder, error = best.best()
    lines = [
        f"On {name} BEL's best by validation is {best.approach}, {decoder}: test error "
        f"{error.text(3)}; a constant has {constant:.3g}."
    ]
    for rival in (o for o in outcomes if o.approach in RIVALS):
        read, other = rival.best()
        gaps = [a - b for a, b in zip(rival.errors[read], best.errors[decoder], strict=True)]
        gap = over_seeds(gaps)
        word = "below" if gap.low > 0 else "above" if gap.high < 0 else "not apart from"
        lines.append(
            f"On {name} it is {word} {rival.approach} ({other.text(3)}): with the same seed "
            f"{gap.text(3)} less."
        )
    return lines
