"""Several runs of one recipe: seeds with an interval, and the search for a learning rate."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.loop.errors import CheckpointError, TrainingError  # noqa: E402
from edgereg_training.loop.log import epoch_log  # noqa: E402
from edgereg_training.loop.loop import train  # noqa: E402
from edgereg_training.loop.recipe import OptimiserSettings, Recipe  # noqa: E402
from edgereg_training.loop.repeats import find_rate, t_interval, train_seeds  # noqa: E402


class Line:
    """Least squares on a noisy line."""

    metric = "error"

    def build(self) -> Any:
        return torch.nn.Linear(2, 1)

    def steps(self) -> int:
        return 10

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Any]:
        for _ in range(self.steps()):
            yield torch.from_numpy(rng.normal(size=(8, 2)).astype(np.float32))

    def loss(self, model: Any, batch: Any, generator: Any) -> dict[str, Any]:
        return {"loss": (model(batch) - batch.sum(1, keepdim=True)).square().mean()}

    def validate(self, model: Any) -> dict[str, float]:
        return {"error": float(model.weight.sub(1).abs().mean()), "bias": float(model.bias)}


def recipe(rate: float = 0.05, epochs: int = 3) -> Recipe:
    settings = OptimiserSettings(name="sgd", learning_rate=rate, momentum=0, warmup_steps=0)
    return Recipe(problem="line", epochs=epochs, threads=1, seed=4, optimiser=settings)


def nobody(title: str) -> Any:
    return lambda progress: None


def test_seeds_differ_and_their_interval_is_written(tmp_path: Path) -> None:
    runs, intervals = train_seeds(Line(), recipe(), tmp_path, 3, False, nobody)
    assert [run.seed for run in runs] == [4, 5, 6]
    errors = [run.metrics["error"] for run in runs]
    assert len(set(errors)) == 3
    assert intervals["error"].mean == pytest.approx(np.mean(errors))
    content = json.loads((tmp_path / "seeds.json").read_text(encoding="utf-8"))
    assert content["mean"]["bias"]["low"] == intervals["bias"].low
    again, _ = train_seeds(Line(), recipe(), tmp_path, 3, True, nobody)
    assert again == runs


def test_t_interval() -> None:
    """Of 1, 2, 3: s / sqrt(n) = 0.57735, t(0.975; 2) = 4.30265."""
    found = t_interval([1.0, 2.0, 3.0])
    assert (found.low, found.high) == pytest.approx((2 - 2.48414, 2 + 2.48414), abs=1e-4)
    assert t_interval([7.0]).low is None


def test_the_best_learning_rate_is_found_and_a_diverging_one_survived(tmp_path: Path) -> None:
    trials = find_rate(Line(), recipe(), tmp_path, (1e-4, 0.2, 1e30), 2, False, nobody)
    assert [trial.learning_rate for trial in trials] == [0.2, 1e-4, 1e30]
    assert trials[-1].metric is None
    content = json.loads((tmp_path / "find-lr" / "trials.json").read_text(encoding="utf-8"))
    assert content["epochs"] == 2
    assert content["trials"][0]["metric"] == trials[0].metric
    with pytest.raises(CheckpointError, match="already holds a run"):
        find_rate(Line(), recipe(), tmp_path, (0.2,), 2, False, nobody)


def test_when_all_rates_diverge(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="all learning rates diverge: try some below 1e"):
        find_rate(Line(), recipe(), tmp_path, (1e30, 1e35), 1, False, nobody)


def test_several_runs_take_one_device(tmp_path: Path) -> None:
    wide = recipe().model_copy(update={"devices": 2})
    with pytest.raises(TrainingError, match="one device each"):
        train_seeds(Line(), wide, tmp_path, 2, False, nobody)
    with pytest.raises(TrainingError, match="one device each"):
        find_rate(Line(), wide, tmp_path, (0.1,), 1, False, nobody)


def test_csv_log_has_every_epoch_once_also_after_resuming(tmp_path: Path) -> None:
    train(Line(), recipe(epochs=2), tmp_path, log=epoch_log("csv", tmp_path))
    train(Line(), recipe(epochs=4), tmp_path, resume=True, log=epoch_log("csv", tmp_path))
    with (tmp_path / "log.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["epoch"] for line in lines] == ["1", "2", "3", "4"]
    assert float(lines[-1]["error"]) < float(lines[0]["error"])


def test_tensorboard_log_or_the_reason_why_not(tmp_path: Path) -> None:
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        with pytest.raises(TrainingError, match="pip install tensorboard"):
            epoch_log("tensorboard", tmp_path)
        return
    train(Line(), recipe(epochs=2), tmp_path, log=epoch_log("tensorboard", tmp_path))
    assert len(list((tmp_path / "tensorboard").glob("events.*"))) == 2
