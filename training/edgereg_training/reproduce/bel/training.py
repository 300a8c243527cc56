"""One training of the BEL studies on rendered head pose, and the keys by which they are shared.

The studies of BEL vary one thing each around the same training, so that their cells lie in one
folder: what `bel-ablation` has trained, the others read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgereg_training.methods.bel import code_words as bel
from edgereg_training.methods.bel.head import BelHead
from edgereg_training.methods.densities import Levels
from edgereg_training.methods.registry import parse_method
from edgereg_training.regression.net import RegressionNet, features_of
from edgereg_training.reproduce.cells import Cell, Cells, Key
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.image_study import (
    POSE,
    Budget,
    Heads,
    load_heads,
    problem_on,
    recipe_of,
    train_model,
)

Options = dict[str, Any]
# The value of a method without decoders of its own, and the mean of its density over levels.
VALUE = "value"
MEAN = "expected value"


@dataclass(frozen=True)
class Size:
    """How large a study is: heads to train on, to choose the epoch by, and to test on; seeds;
    epochs over all heads."""

    train: int
    validation: int
    test: int
    seeds: int
    epochs: int


FULL = Size(train=12000, validation=2000, test=3000, seeds=5, epochs=3)
QUICK = Size(train=3000, validation=500, test=1000, seeds=2, epochs=2)

# One level a degree, as the paper has for head pose.
STEP = 1.0
DIRECT: dict[str, Options] = {
    "direct L1": {"name": "direct", "loss": "l1"},
    "direct L2": {"name": "direct", "loss": "l2"},
}
SPAN = POSE["ranges"]["yaw"][1] - POSE["ranges"]["yaw"][0]
LEVELS = round(SPAN / STEP) + 1
THETA = 16
MULTICLASS: dict[str, Options] = {
    "multiclass": {"name": "multiclass", "levels": LEVELS},
    f"multiclass, theta {THETA}": {"name": "multiclass", "levels": LEVELS, "theta": THETA},
}


@dataclass(frozen=True)
class Outcome:
    """One configuration over its seeds.

    errors: decoder -> mean absolute test error in degrees of each seed, over the three angles;
    validation: the same on the heads the epoch was chosen by; seconds: of one training.
    """

    errors: dict[str, list[float]]
    validation: dict[str, list[float]]
    seconds: float

    def chosen_by(self, decoder: str) -> float:
        """The mean validation error, by which a best configuration is chosen."""
        return float(np.mean(self.validation[decoder]))


def size_of(context: Context) -> Size:
    """The study's size."""
    return QUICK if context.quick else FULL


def bel_options(code: bel.Code, loss: bel.Loss, **others: Any) -> Options:
    """The options of method `bel`, a level a degree and theta 16 unless `others` say so."""
    return {"name": "bel", "code": code, "loss": loss, "step": STEP, "theta": THETA, **others}


def train_all(
    context: Context,
    methods: Sequence[Options],
    counts: Sequence[int] | None = None,
) -> list[Outcome]:
    """Train every method with seeds 0, 1, ...; outcomes in the order of `methods`.

    counts: for each method, how many of the training heads it gets; the number of gradient steps
    stays the same.
    """
    size = size_of(context)
    splits = {"train": size.train, "val": size.validation, "test": size.test}
    folders = {split: context.heads(count, split).name for split, count in splits.items()}
    shared = replace(context, cells=Cells(context.cells.folder.parent / "bel"))
    each = counts or [size.train] * len(methods)
    # Seed by seed, so that an interrupted study has every configuration at some seeds.
    keys: list[Key] = [
        {
            "method": settings_of(options),
            "count": count,
            "budget": asdict(Budget(epochs=round(size.epochs * size.train / count))),
            "seed": seed,
            "train": folders["train"],
            "validation": folders["val"],
            "test": folders["test"],
        }
        for seed in range(size.seeds)
        for options, count in zip(methods, each, strict=True)
    ]
    cells = shared.map(train_cell, keys, data=context.data)
    return [outcome_of(cells[i :: len(methods)]) for i in range(len(methods))]


def settings_of(options: Options) -> Options:
    """The method's options with all defaults, as cells are found by."""
    made: Options = parse_method(options).model_dump(mode="json")
    return made


def train_cell(key: Key, data: Path) -> Cell:
    """One training and its errors by every decoder that its code has."""
    folders = data / key["train"], data / key["validation"]
    train, validation = (load_heads(folder, "pose") for folder in folders)
    recipe = recipe_of("pose", key["method"], folders, Budget(**key["budget"]), key["seed"])
    problem = problem_on(recipe, train.take(np.arange(key["count"])), validation)
    trained = train_model(problem, recipe)
    test = load_heads(data / key["test"], "pose")
    return {
        "validation": {k: float(v.mean()) for k, v in errors(trained.net, validation).items()},
        "test": {k: v.tolist() for k, v in errors(trained.net, test).items()},
        "best_epoch": trained.best_epoch,
        "seconds": trained.seconds,
    }


def decoders_of(code: bel.Code) -> tuple[bel.Decoder, ...]:
    """The decoders that can read a code."""
    special: tuple[bel.Decoder, ...] = ()
    if code == "U":
        special = ("BEL-U",)
    elif code == "J":
        special = ("BEL-J",)
    return (*special, "GEN", "GEN-EX")


def described(context: Context) -> str:
    """How it was done, for the report."""
    size, budget = size_of(context), Budget()
    return (
        f"Rendered heads (yaw, pitch and roll distributed as in BIWI) as crops of 40 px: "
        f"{size.train} to train on, {size.validation} to choose the epoch by, {size.test} to "
        f"test on, of different people. Network {budget.backbone}, {size.epochs} epochs, batches "
        f"of {budget.batch_size}, AdamW at {budget.learning_rate:g} for every method. Errors are "
        f"mean absolute errors over the three angles in degrees; intervals are 95 % (Student) "
        f"over {size.seeds} seeds."
    )


def errors(net: RegressionNet, heads: Heads) -> dict[str, np.ndarray[Any, Any]]:
    """Mean absolute errors of each angle [3] by decoder."""
    features = features_of(net, heads.centres)
    values: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        if isinstance(net.head, BelHead):
            for decoder in decoders_of(net.head.codec.settings.code):
                values[decoder] = net.head.decoded(features, decoder)
        else:
            values[VALUE] = net.head.value(features)
            density = net.head.density(features)
            if isinstance(density, Levels):
                values[MEAN] = density.mean()
    return {k: np.abs(v.numpy() - heads.targets).mean(0) for k, v in values.items()}


def outcome_of(cells: Sequence[Cell]) -> Outcome:
    """The cells of one configuration, one a seed."""
    decoders = list(cells[0]["test"])
    return Outcome(
        {d: [float(np.mean(cell["test"][d])) for cell in cells] for d in decoders},
        {d: [float(cell["validation"][d]) for cell in cells] for d in decoders},
        float(np.mean([cell["seconds"] for cell in cells])),
    )
