"""The training loop: any `problem.Problem`, from a recipe to checkpoints.

    result = train(problem, recipe, out, resume=False, watcher=None)

Each epoch trains on `problem.batches`, validates (the moving average, where the recipe asks for
one), writes a line of OUT/log.jsonl and a checkpoint. A run that is interrupted or killed at any
moment loses the epoch that runs: the last checkpoint is whole, and `resume=True` goes on from it,
on the CPU with the same bits as a run that was never stopped.

Lightning Fabric computes in the recipe's precision on its devices. With several, every process
makes the same batches and takes its part of each, so that the loss is that of one process; the
first process validates and writes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn

from edgereg_training.loop.checkpoint import (
    Checkpoint,
    State,
    best_checkpoint,
    latest_checkpoint,
    load_weights,
    read_checkpoint,
    write_checkpoint,
)
from edgereg_training.loop.errors import (
    CheckpointError,
    DivergedError,
    RecipeError,
    TrainingError,
)
from edgereg_training.loop.log import EpochLog, append_log, cut_log
from edgereg_training.loop.optimiser import (
    freeze,
    learning_rate,
    make_optimiser,
    optimiser_tensors,
    restore_optimiser,
    restore_scale,
    scale_tensors,
    train_mode,
)
from edgereg_training.loop.prefetch import prefetch
from edgereg_training.loop.problem import Batch, Net, Problem, StartsFromModel
from edgereg_training.loop.processes import Step, make_fabric, mean_over_processes, share
from edgereg_training.loop.recipe import Recipe
from edgereg_training.loop.weights import Weights, copy_weights, update_average

START = State(epoch=0, step=0, metrics={}, best=None, best_epoch=0)


@dataclass(frozen=True)
class Progress:
    """Where a run is, given to the watcher after every step and every epoch.

    loss: mean over the epoch so far; metrics: of the last validation; epoch counts from 0.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    metrics: dict[str, float]
    seconds: float


Watcher = Callable[[Progress], None]


@dataclass(frozen=True)
class Run:
    """What stays the same during a run; `average` is None without an EMA.

    model: the network itself; step and optimiser: Fabric's wrappers, of the loss and of the
    optimiser, which is their `optimizer`.
    """

    fabric: Fabric
    problem: Problem[Any, Any]
    recipe: Recipe
    model: nn.Module
    step: nn.Module
    optimiser: Any
    average: Weights | None


def train(
    problem: Problem[Net, Batch],
    recipe: Recipe,
    out: Path,
    resume: bool = False,
    watcher: Watcher | None = None,
    log: EpochLog | None = None,
) -> State:
    """Train to the recipe's end and return the last state; checkpoints lie in `out`.

    log: gets every epoch's line, as log.jsonl does.

    Raises CheckpointError where `out` already holds a run and `resume` is false, and
    TrainingError where the loss is not a number or the recipe's device is not there.
    """
    if recipe.threads is not None:
        torch.set_num_threads(recipe.threads)
    fabric = make_fabric(recipe)
    found = fabric.broadcast(latest_checkpoint(out))
    if found is not None and not resume:
        raise CheckpointError(f"{out}: already holds a run; resume it or choose another folder")
    run = new_run(fabric, problem, recipe)
    state = START if found is None else restore(run, read_checkpoint(found))
    if fabric.is_global_zero:
        out.mkdir(parents=True, exist_ok=True)
        cut_log(out / "log.jsonl", state.epoch)
    started = time.monotonic()
    patience = math.inf if recipe.patience is None else recipe.patience
    while state.epoch < recipe.epochs and state.epoch - state.best_epoch < patience:
        began = time.monotonic()

        def tell(done: int, steps: int, loss: float, state: State = state) -> None:
            if watcher is not None and fabric.is_global_zero:
                seconds = time.monotonic() - started
                watcher(
                    Progress(state.epoch, recipe.epochs, done, steps, loss, state.metrics, seconds)
                )

        parts, step = train_epoch(run, state, tell)
        metrics = fabric.broadcast(validate(run) if fabric.is_global_zero else {})
        epoch, value = state.epoch + 1, metrics[problem.metric]
        better = state.best is None or value < state.best
        best, best_epoch = (value, epoch) if better else (state.best, state.best_epoch)
        state = State(epoch, step, metrics, best, best_epoch)
        if fabric.is_global_zero:
            line = {"epoch": epoch, "step": step, "seconds": time.monotonic() - began}
            line |= {f"train_{name}": value for name, value in parts.items()} | metrics
            append_log(out / "log.jsonl", line)
            if log is not None:
                log(line)
            write_checkpoint(out, snapshot(run, state))
    return state


def new_run(fabric: Fabric, problem: Problem[Net, Batch], recipe: Recipe) -> Run:
    """A new network from the recipe's seed, or from the weights that it starts from."""
    torch.manual_seed(recipe.seed)
    model = problem.build().to(memory_format=torch.channels_last).to(fabric.device)
    if recipe.start_from is not None:
        start_from(model, problem, recipe.start_from)
    freeze(model, recipe.frozen)
    step, optimiser = fabric.setup(Step(model), make_optimiser(model, recipe.optimiser))
    average = copy_weights(model.state_dict()) if recipe.ema is not None else None
    return Run(fabric, problem, recipe, model, step, optimiser, average)


def start_from(model: nn.Module, problem: object, folder: Path) -> None:
    """The weights of a training, a checkpoint or, where the problem can read it, a model folder."""
    if not (folder / "model.json").is_file():
        load_weights(model, read_checkpoint(best_checkpoint(folder)).weights)
    elif isinstance(problem, StartsFromModel):
        problem.read_back(model, folder)
    else:
        raise TrainingError(f"{folder}: this problem can't start from a model folder")


def train_epoch(
    run: Run, state: State, tell: Callable[[int, int, float], None]
) -> tuple[dict[str, float], int]:
    """One pass over `problem.batches`: mean loss parts, and the steps done in all."""
    seed, rank = (run.recipe.seed, state.epoch), run.fabric.global_rank
    rng = np.random.default_rng(seed)
    # torch's streams, of each process its own: one for the loss, and the global one for layers
    # such as dropout.
    words = np.random.SeedSequence((*seed, rank) if rank else seed).generate_state(2)
    generator = torch.Generator().manual_seed(int(words[0]))
    torch.manual_seed(int(words[1]))
    train_mode(run.model, run.recipe.frozen)
    steps, step = run.problem.steps(), state.step
    sums: dict[str, float] = {}
    done = 0
    with closing(prefetch(run.problem.batches(state.epoch, rng))) as batches:
        for batch in batches:
            part = share(batch, rank, run.fabric.world_size)
            for name, value in train_step(run, part, generator, step).items():
                sums[name] = sums.get(name, 0.0) + value
            step, done = step + 1, done + 1
            tell(done, steps, sums["loss"] / done)
    if done == 0:
        raise TrainingError("an epoch had no batches: is there less data than one batch?")
    means = {name: value / done for name, value in sums.items()}
    return mean_over_processes(run.fabric, means), step


def train_step(run: Run, batch: object, generator: torch.Generator, step: int) -> dict[str, float]:
    """One step of the optimiser: the parts of the loss before it."""
    settings = run.recipe.optimiser
    rate = learning_rate(settings, step, run.recipe.epochs * run.problem.steps())
    for group in run.optimiser.param_groups:
        group["lr"] = rate * group["scale"]
    parts = run.step(partial(run.problem.loss, batch=batch, generator=generator))
    values = {name: float(value.detach()) for name, value in parts.items()}
    if not math.isfinite(values["loss"]):
        raise DivergedError(f"the loss is {values['loss']} at step {step}: lower learning_rate")
    run.optimiser.zero_grad(set_to_none=True)
    run.fabric.backward(parts["loss"])
    if settings.gradient_clip is not None:
        run.fabric.clip_gradients(
            run.step,
            run.optimiser,
            max_norm=settings.gradient_clip,
            error_if_nonfinite=False,
        )
    run.optimiser.step()
    if run.average is not None and run.recipe.ema is not None:
        update_average(run.average, run.model.state_dict(), run.recipe.ema, step)
    return values


def validate(run: Run) -> dict[str, float]:
    """The metrics of the weights that are kept; RecipeError where the one that chooses the epoch is
    not among them.

    What a validation sets in the network (heads fit what has no gradient) stays in it, and in the
    average.
    """
    raw = copy_weights(run.model.state_dict()) if run.average is not None else None
    if run.average is not None:
        run.model.load_state_dict(run.average)
    run.model.eval()
    with torch.no_grad():
        metrics = run.problem.validate(run.model)
    if run.problem.metric not in metrics:
        known = ", ".join(metrics)
        raise RecipeError(
            f"problem '{run.recipe.problem}' has no metric '{run.problem.metric}' "
            f"with these options (it has {known})"
        )
    if raw is not None and run.average is not None:
        for name, value in run.model.state_dict().items():
            if not torch.equal(value, run.average[name]):
                run.average[name] = value.detach().clone()
                raw[name] = run.average[name]
        run.model.load_state_dict(raw)
    return metrics


def snapshot(run: Run, state: State) -> Checkpoint:
    """All that a checkpoint keeps; where there is an average, the raw weights beside it."""
    weights = copy_weights(run.model.state_dict())
    tensors = optimiser_tensors(run.model, run.optimiser.optimizer) | scale_tensors(run.fabric)
    if run.average is None:
        return Checkpoint(state, run.recipe, weights, tensors)
    raw = {f"raw.{name}": value for name, value in weights.items()}
    return Checkpoint(state, run.recipe, run.average, tensors | raw)


def restore(run: Run, checkpoint: Checkpoint) -> State:
    """Put back what `snapshot` kept."""
    kept = checkpoint.optimiser
    raw = {name.removeprefix("raw."): t for name, t in kept.items() if name.startswith("raw.")}
    load_weights(run.model, raw or checkpoint.weights)
    if run.average is not None:
        for name, value in checkpoint.weights.items():
            run.average[name].copy_(value)
    restore_optimiser(run.model, run.optimiser.optimizer, kept)
    restore_scale(run.fabric, kept)
    return checkpoint.state
