"""`edgereg train --dry-run`: all of a recipe but the training: network, data, shapes, cost."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from edgereg_training.data.cache import labelled
from edgereg_training.data.part import SetPart
from edgereg_training.loop.problem import Problem, problem_of
from edgereg_training.loop.processes import make_fabric, share
from edgereg_training.loop.recipe import Recipe, parse_options
from edgereg_training.regression.problem import RegressionOptions
from edgereg_training.regression.target import parse_target

# Examples that are loaded of a data set, and that are timed on a CPU (norms need two).
LOADED, TIMED = 16, 2
ROUNDS = 2
# Numbers kept for each parameter: itself, its gradient and the moments of the optimiser.
NUMBERS = {"adam": 4, "adamw": 4, "sgd": 3, "rmsprop": 3}


@dataclass(frozen=True)
class Part:
    """What a recipe trains or validates on: its name and how many examples it has."""

    name: str
    examples: int


@dataclass(frozen=True)
class DryRun:
    """parts: of the data; parameters: of the network that are trained; shapes: of a batch's arrays;
    loss: of the timed examples, before any training; memory_gb: of weights, gradients and moments;
    steps: of an epoch; hours: an epoch would take on `device`, validation not counted."""

    parts: tuple[Part, ...]
    parameters: int
    shapes: dict[str, tuple[int, ...]]
    loss: float
    memory_gb: float
    steps: int
    hours: float
    device: str


def dry_run(recipe: Recipe) -> DryRun:
    """Build everything that a recipe names, run a few examples forward and back, and estimate.

    Of data sets only a few samples are loaded. Raises as training would.
    """
    small, parts = _few_samples(recipe)
    problem = problem_of(small)
    fabric = make_fabric(small)
    torch.manual_seed(recipe.seed)
    model = problem.build().to(fabric.device)
    model.train()
    batch: Any = next(iter(problem.batches(0, np.random.default_rng(0))))
    shapes = {
        name: tuple(value.shape)
        for name, value in vars(batch).items()
        if hasattr(value, "shape") and len(value.shape) > 0
    }
    seconds, loss = _timed(problem, model, batch)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    steps = _steps(recipe, problem, parts)
    return DryRun(
        parts,
        trained,
        shapes,
        loss,
        4 * trained * NUMBERS[recipe.optimiser.name] / 2**30,
        steps,
        steps * seconds * recipe.batch_size / small.batch_size / 3600,
        str(fabric.device),
    )


def _few_samples(recipe: Recipe) -> tuple[Recipe, tuple[Part, ...]]:
    """The recipe with a few samples of each data set and, on a CPU, a small batch."""
    if recipe.problem != "regression":
        return recipe, ()
    options = parse_options(RegressionOptions, recipe)
    label = parse_target(options.target).target(options.size).label
    parts: list[Part] = []
    changed: dict[str, Any] = {}
    for key in ("train", "validation"):
        entries: list[str | dict[str, Any]] = []
        for entry in getattr(options, key):
            if isinstance(entry, SetPart):
                count = len(labelled(entry.dataset(), entry.folder, entry.split, label))
                parts.append(Part(f"{key}: {entry.set} {entry.split}", count))
                entry = entry.model_copy(update={"limit": LOADED})
                entries.append(entry.model_dump(mode="json"))
            else:
                entries.append(str(entry))
        changed[key] = entries
    batch = min(recipe.batch_size, TIMED) if recipe.accelerator == "cpu" else recipe.batch_size
    made = {**recipe.options, **changed, "epoch_images": batch}
    return recipe.model_copy(update={"options": made, "batch_size": batch}), tuple(parts)


def _steps(recipe: Recipe, problem: Problem[Any, Any], parts: tuple[Part, ...]) -> int:
    images = recipe.options.get("epoch_images") or sum(
        part.examples for part in parts if part.name.startswith("train")
    )
    return max(1, images // recipe.batch_size) if images else problem.steps()


def _timed(problem: Problem[Any, Any], model: Any, batch: Any) -> tuple[float, float]:
    """Seconds of a step, the least of ROUNDS, and the loss."""
    took, value = [], 0.0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        loss = problem.loss(model, share(batch, 0, 1), torch.Generator().manual_seed(0))["loss"]
        torch.autograd.backward(loss)
        value = float(loss.detach())
        took.append(time.perf_counter() - began)
    return min(took), value
