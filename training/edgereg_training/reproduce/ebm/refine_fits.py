"""The parts of `ebm-refine`: trainings of baselines and energies, and refinements of the former
on the latter. Every network is trained on its own, with the same backbone, data and budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save

from edgereg.core.files import replace_file
from edgereg_training.loop.recipe import Recipe
from edgereg_training.methods.ebm.energy import Ascent
from edgereg_training.regression.net import RegressionNet, features_of
from edgereg_training.regression.problem import problem
from edgereg_training.reproduce.cells import Cell, Key
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.image_study import (
    Budget,
    load_heads,
    problem_on,
    recipe_of,
    train_model,
)

Options = dict[str, Any]
LEVELS = {"age": 101, "pose": 151}
ENERGY: Options = {
    "name": "ebm", "estimate": None, "samples": 128, "density_samples": 256,
    "target_widths": [32, 32], "hidden": 96, "trunk_layers": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Size:
    """Heads rendered for training (as many as other studies have, to share them) and those of
    them that are used, heads to choose epochs and refinements by, to test on; seeds; epochs."""

    train: int
    used: int
    validation: int
    test: int
    seeds: int
    epochs: int


FULL = Size(12000, 8000, 2000, 3000, 3, 5)
QUICK = Size(3000, 3000, 500, 1000, 1, 2)


def baselines(task: str) -> dict[str, Options]:
    """The methods that are refined, by the names of the report."""
    levels = LEVELS[task]
    laplace = {"name": "laplace", "kind": "multivariate" if task == "pose" else "product"}
    return {
        "direct, L2": {"name": "direct", "loss": "l2"},
        "direct, Huber": {"name": "direct", "loss": "huber"},
        "Gaussian": {"name": "gaussian"},
        "Laplace": laplace,
        "mixture of 4": {"name": "mixture", "components": 4},
        "cVAE": {"name": "cvae"},
        "softmax, CE + L2": {"name": "softmax", "levels": levels},
        "softmax, CE + L2 + Var": {"name": "softmax", "levels": levels, "variance": 0.05},
        "multiclass": {"name": "multiclass", "levels": levels},
        "HopeNet": {"name": "hopenet"},
        "OR-CNN": {"name": "or-cnn", "levels": levels},
        "CORAL": {"name": "coral", "levels": levels},
        "BEL": {"name": "bel", "step": 1.0},
    }


def keys_of(context: Context, size: Size, methods: dict[str, Options], task: str) -> list[Key]:
    """Trainings of `methods` by seeds, then in their order; renders what is not there yet."""
    folders = {
        "train": context.heads(size.train, "train").name,
        "validation": context.heads(size.validation, "val").name,
        "test": context.heads(size.test, "test").name,
    }
    shared = {"task": task, "budget": asdict(Budget(epochs=size.epochs)), "count": size.used}
    return [
        {**shared, "method": options, "seed": seed, **folders}
        for seed in range(size.seeds)
        for options in methods.values()
    ]


def train_baseline(key: Key, data: Path) -> Cell:
    """One training; values of the validation and test heads, in units."""
    net, seconds = _trained(key, data)
    values = {}
    for part in ("validation", "test"):
        features = features_of(net, load_heads(data / key[part], key["task"]).centres)
        with torch.no_grad():
            values[part] = np.round(net.head.value(features).numpy().astype(float), 4).tolist()
    return {**values, "seconds": seconds}


def train_energy(key: Key, data: Path) -> Cell:
    """One training of an energy, kept as a file beside the data; its own best points as values."""
    net, seconds = _trained(key, data)
    path = data / _energy_file(key)
    replace_file(path, save(net.state_dict()))
    values = {}
    for part in ("validation", "test"):
        features = features_of(net, load_heads(data / key[part], key["task"]).centres)
        values[part] = torch.cat([net.head.value(p) for p in torch.split(features, 250)]).tolist()
    return {**values, "seconds": seconds}


def recipe_from(key: Key, data: Path) -> Recipe:
    """The recipe of a key's training."""
    folders = data / key["train"], data / key["validation"]
    return recipe_of(key["task"], key["method"], folders, Budget(**key["budget"]), key["seed"])


def _trained(key: Key, data: Path) -> tuple[RegressionNet, float]:
    recipe = recipe_from(key, data)
    train, validation = (
        load_heads(data / key[part], key["task"]) for part in ("train", "validation")
    )
    problem = problem_on(recipe, train.take(np.arange(key["count"])), validation)
    trained = train_model(problem, recipe)
    return trained.net, trained.seconds


def _energy_file(key: Key) -> str:
    budget = key["budget"]
    return (
        f"energy-{key['task']}-{budget['backbone']}-e{budget['epochs']}-n{key['count']}"
        f"-s{key['seed']}-{key['train']}.safetensors"
    )


def constant_cell(key: Key, data: Path) -> Cell:
    """The error on the test heads of answering with the training heads' median, by person."""
    train, test = (load_heads(data / key[part], key["task"]) for part in ("train", "test"))
    guess = np.median(train.targets[: key["count"]], axis=0)
    each = np.abs(test.targets - guess).mean(1)
    people = np.unique(test.identities, return_inverse=True)[1]
    means = np.bincount(people, weights=each) / np.bincount(people)
    return {"error": float(means.mean())}


def refine_cell(key: Key, data: Path, starts: Sequence[Sequence[Any]]) -> Cell:
    """Errors of starts before and after refinement on one energy.

    key: energy (key of its training), part, person (whether by person), ascents (Ascent
    options), taken (numbers of steps). starts: K estimates [N, D]. Returns `before` [K] and `after`
    [ascents][taken][K], mean absolute errors; with `person` both are [..., people], means of each.
    """
    training = key["energy"]
    net = problem(recipe_from(training, data)).build()
    net.load_state_dict(load_file(data / _energy_file(training)))
    net.eval()
    energy = net.head.energy()
    if energy is None:
        raise ValueError("starts are refined on an energy, and this method has none")
    images = load_heads(data / training[key["part"]], training["task"])
    features = features_of(net, images.centres)
    points = torch.tensor(np.stack([np.asarray(s, np.float32) for s in starts], axis=1))
    targets = torch.from_numpy(images.targets)[:, None]
    people = torch.from_numpy(np.unique(images.identities, return_inverse=True)[1])

    def errors(values: torch.Tensor) -> list[Any]:
        each = (values - targets).abs().mean(-1).double()  # [N, K]
        if not key["person"]:
            return list(np.round(each.mean(0).numpy(), 5).tolist())
        count = int(people.max()) + 1
        sums = torch.zeros(count, each.shape[1], dtype=each.dtype).index_add_(0, people, each)
        means = (sums / torch.bincount(people, minlength=count)[:, None]).T
        return list(np.round(means.numpy(), 5).tolist())

    after = []
    for options in key["ascents"]:
        how = Ascent.model_validate(options)
        paths = [
            energy.climb(f, p, how).trajectory
            for f, p in zip(torch.split(features, 250), torch.split(points, 250), strict=True)
        ]
        path = torch.cat(paths)  # [N, K, steps + 1, D]
        after.append([errors(path[:, :, step]) for step in key["taken"]])
    return {"before": errors(points), "after": after}
