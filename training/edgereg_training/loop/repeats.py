"""Several runs of one recipe: over seeds with a mean and interval, over learning rates to choose.

Every run has a folder of its own and can be resumed; the results are written as JSON beside them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgereg.core.files import replace_file
from edgereg_training.loop.checkpoint import best_checkpoint, read_state
from edgereg_training.loop.errors import DivergedError, TrainingError
from edgereg_training.loop.loop import Watcher, train
from edgereg_training.loop.problem import Problem
from edgereg_training.loop.recipe import Recipe

# Gives the watcher of a run with this title, e.g. 'seed 2'.
WatcherOf = Callable[[str], Watcher]


@dataclass(frozen=True)
class SeedRun:
    """One run: its seed, its best epoch and that epoch's metrics."""

    seed: int
    epoch: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class Interval:
    """Mean over runs and its 95 % Student-t interval (None of a single run)."""

    mean: float
    low: float | None
    high: float | None


def train_seeds(
    problem: Problem[Any, Any],
    recipe: Recipe,
    out: Path,
    count: int,
    resume: bool,
    watcher_of: WatcherOf,
) -> tuple[list[SeedRun], dict[str, Interval]]:
    """Train with `count` seeds from the recipe's on, in OUT/seed-N; writes OUT/seeds.json."""
    _refuse_processes(recipe)
    runs = []
    for seed in range(recipe.seed, recipe.seed + count):
        folder = out / f"seed-{seed}"
        chosen = recipe.model_copy(update={"seed": seed})
        train(problem, chosen, folder, resume, watcher_of(f"seed {seed}"))
        state = read_state(best_checkpoint(folder))
        runs.append(SeedRun(seed, state.epoch, state.metrics))
    intervals = {name: t_interval([run.metrics[name] for run in runs]) for name in runs[0].metrics}
    content = {
        "metric": problem.metric,
        "seeds": [asdict(run) for run in runs],
        "mean": {name: asdict(interval) for name, interval in intervals.items()},
    }
    replace_file(out / "seeds.json", json.dumps(content, indent=1).encode())
    return runs, intervals


def t_interval(values: Sequence[float]) -> Interval:
    """The mean of one value a run, and its 95 % interval for runs that differ normally."""
    from scipy.special import stdtrit

    mean = float(np.mean(values))
    if len(values) < 2:
        return Interval(mean, None, None)
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    reach = float(stdtrit(len(values) - 1, 0.975)) * error
    return Interval(mean, mean - reach, mean + reach)


@dataclass(frozen=True)
class Trial:
    """A learning rate and the best validation metric of its short run; None: it diverged."""

    learning_rate: float
    metric: float | None


def find_rate(
    problem: Problem[Any, Any],
    recipe: Recipe,
    out: Path,
    rates: Sequence[float],
    epochs: int,
    resume: bool,
    watcher_of: WatcherOf,
) -> list[Trial]:
    """A short run of `epochs` for each rate in OUT/find-lr, the best trial first.

    Each run goes through the whole schedule. Writes OUT/find-lr/trials.json; raises TrainingError
    where all diverge.
    """
    _refuse_processes(recipe)
    trials = []
    for rate in rates:
        optimiser = recipe.optimiser.model_copy(update={"learning_rate": rate})
        chosen = recipe.model_copy(update={"optimiser": optimiser, "epochs": epochs})
        folder = out / "find-lr" / f"{rate:g}"
        watcher = watcher_of(f"learning rate {rate:g}")
        try:
            best = train(problem, chosen, folder, resume, watcher).best
        except DivergedError:
            best = None
        trials.append(Trial(rate, best if best is not None and math.isfinite(best) else None))
    if all(trial.metric is None for trial in trials):
        raise TrainingError(f"all learning rates diverge: try some below {min(rates):g}")
    trials.sort(key=lambda trial: math.inf if trial.metric is None else trial.metric)
    content = {"metric": problem.metric, "epochs": epochs, "trials": [asdict(t) for t in trials]}
    replace_file(out / "find-lr" / "trials.json", json.dumps(content, indent=1).encode())
    return trials


def _refuse_processes(recipe: Recipe) -> None:
    # Each run would start further processes of the whole command.
    if recipe.devices > 1:
        raise TrainingError("several runs train on one device each: set 'devices: 1'")
