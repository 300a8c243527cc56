"""The parts of `ebm-refine`: trainings of baselines and energies, and refinements of the former
on the latter. Every network is trained on its own, with the same backbone, data and budget."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file

from edgereg.core.model_spec import Target
from edgereg_training.backbones import build
from edgereg_training.methods.ebm.head import EnergyHead, EnergyRefinement
from edgereg_training.methods.registry import parse_method
from edgereg_training.regression.net import RegressionNet, features_of
from edgereg_training.reproduce.cells import Cell, Key
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.image_data import (
    AGE_TARGETS,
    POSE_TARGETS,
    SIZE,
    ImageSet,
    load_images,
)
from edgereg_training.reproduce.image_study import (
    Budget,
    train_model,
)

FloatArray = npt.NDArray[np.float32]
Options = dict[str, Any]
TASKS: dict[str, tuple[Target, ...]] = {"age": AGE_TARGETS, "pose": POSE_TARGETS}
LEVELS = {"age": 101, "pose": 151}
ENERGY: Options = {
    "name": "ebm", "estimate": None, "samples": 128, "density_samples": 256,
    "target_width": 32, "hidden": 96, "trunk_layers": 1,
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
        features = features_of(net, _loaded(data / key[part], key["task"]).centres())
        with torch.no_grad():
            values[part] = np.round(net.head.value(features).numpy().astype(float), 4).tolist()
    return {**values, "seconds": seconds}


def train_energy(key: Key, data: Path) -> Cell:
    """One training of an energy, kept as a file beside the data; its own best points as values."""
    net, seconds = _trained(key, data)
    path = data / _energy_file(key)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    save_file(net.state_dict(), temporary)
    temporary.replace(path)
    values = {}
    for part in ("validation", "test"):
        features = features_of(net, _loaded(data / key[part], key["task"]).centres())
        values[part] = torch.cat([net.head.value(p) for p in torch.split(features, 250)]).tolist()
    return {**values, "seconds": seconds}


def _trained(key: Key, data: Path) -> tuple[RegressionNet, float]:
    train, validation = (_loaded(data / key[part], key["task"]) for part in ("train", "validation"))
    train = train.take(np.arange(key["count"]))
    method, targets = parse_method(key["method"]), TASKS[key["task"]]
    trained = train_model(method, targets, train, validation, Budget(**key["budget"]), key["seed"])
    return trained.net, trained.seconds


def _energy_file(key: Key) -> str:
    budget = key["budget"]
    return (
        f"energy-{key['task']}-{budget['backbone']}-e{budget['epochs']}-n{key['count']}"
        f"-s{key['seed']}-{key['train']}.safetensors"
    )


def _energy(key: Key, data: Path) -> RegressionNet:
    head = parse_method(key["method"]).head(
        build(key["budget"]["backbone"], SIZE).shape("vector"), TASKS[key["task"]]
    )
    net = RegressionNet(build(key["budget"]["backbone"], SIZE), head)
    net.load_state_dict(load_file(data / _energy_file(key)))
    return net.eval()


@lru_cache(maxsize=6)
def _loaded(folder: Path, task: str) -> ImageSet:
    return load_images(folder, task)


def constant_cell(key: Key, data: Path) -> Cell:
    """The error on the test heads of answering with the training heads' median, by person."""
    train, test = (_loaded(data / key[part], key["task"]) for part in ("train", "test"))
    guess = np.median(train.targets[: key["count"]], axis=0)
    each = np.abs(test.targets - guess).mean(1)
    people = np.unique(test.identities, return_inverse=True)[1]
    means = np.bincount(people, weights=each) / np.bincount(people)
    return {"error": float(means.mean())}


def refine_cell(key: Key, data: Path, starts: Sequence[Sequence[Any]]) -> Cell:
    """Errors of starts before and after refinement on one energy.

    key: energy (key of its training), part, person (whether by person), ascents (EnergyRefinement
    options), taken (numbers of steps). starts: K estimates [N, D]. Returns `before` [K] and `after`
    [ascents][taken][K], mean absolute errors; with `person` both are [..., people], means of each.
    """
    net = _energy(key["energy"], data)
    assert isinstance(net.head, EnergyHead)  # noqa: S101  (parsed from an ebm method)
    images = _loaded(data / key["energy"][key["part"]], key["energy"]["task"])
    features = features_of(net, images.centres())
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
        how = EnergyRefinement.model_validate(options)
        paths = [
            net.head.climb(f, p, how).trajectory
            for f, p in zip(torch.split(features, 250), torch.split(points, 250), strict=True)
        ]
        path = torch.cat(paths)  # [N, K, steps + 1, D]
        after.append([errors(path[:, :, step]) for step in key["taken"]])
    return {"before": errors(points), "after": after}
