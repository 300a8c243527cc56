"""The training loop on a toy problem: learns, resumes bit for bit, survives interruption."""

from __future__ import annotations

import errno
import multiprocessing
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.loop.checkpoint import (  # noqa: E402
    best_checkpoint,
    latest_checkpoint,
    read_checkpoint,
)
from edgereg_training.loop.errors import CheckpointError, TrainingError  # noqa: E402
from edgereg_training.loop.log import read_log  # noqa: E402
from edgereg_training.loop.loop import train  # noqa: E402
from edgereg_training.loop.recipe import OptimiserSettings, Recipe  # noqa: E402


@dataclass(frozen=True)
class Toy:
    """Regress the mean of an image with a small convolutional net that has norm and dropout."""

    metric: str = "error"
    stop_at: int | None = None
    target: float = 1.0

    def build(self) -> Any:
        return torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3),
            torch.nn.BatchNorm2d(8),
            torch.nn.ReLU(),
            torch.nn.Dropout(0.1),
            torch.nn.AdaptiveAvgPool2d(1),
            torch.nn.Flatten(),
            torch.nn.Linear(8, 1),
        )

    def steps(self) -> int:
        return 3

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Any]:
        for step in range(self.steps()):
            if self.stop_at == epoch and step == 1:
                raise KeyboardInterrupt
            yield torch.from_numpy(rng.random((16, 3, 8, 8), dtype=np.float32))

    def loss(self, model: Any, batch: Any, generator: Any) -> dict[str, Any]:
        noise = 0.01 * torch.randn(batch.shape, generator=generator)
        wanted = self.target * batch.mean((1, 2, 3))
        return {"loss": (model(batch + noise)[:, 0].float() - wanted).square().mean()}

    def validate(self, model: Any) -> dict[str, float]:
        images = torch.from_numpy(np.random.default_rng(9).random((8, 3, 8, 8), dtype=np.float32))
        return {"error": float((model(images)[:, 0] - images.mean((1, 2, 3))).abs().mean())}


def recipe(**changes: Any) -> Recipe:
    settings = OptimiserSettings(learning_rate=0.01, warmup_steps=2)
    return Recipe(
        **({"problem": "toy", "epochs": 4, "optimiser": settings, "threads": 1} | changes)
    )


def stored(folder: Path) -> dict[str, bytes]:
    return {
        name: (folder / name).read_bytes()
        for name in ("weights.safetensors", "optimiser.safetensors")
    }


SGD = OptimiserSettings(name="sgd", nesterov=True, schedule="step", milestones=(0.4,))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ema": 0.9},
        {"ema": 0.9, "precision": "bf16"},
        {"optimiser": SGD},
        {"optimiser": OptimiserSettings(name="adam", schedule="constant", gradient_clip=0.1)},
    ],
)
def test_resume_gives_the_bits_of_an_uninterrupted_run(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(Toy(), recipe(**changes), whole)
    with pytest.raises(KeyboardInterrupt):
        train(Toy(stop_at=2), recipe(**changes), parts)
    assert read_checkpoint(latest_checkpoint(parts)).state.epoch == 2
    train(Toy(), recipe(**changes), parts, resume=True)
    assert stored(latest_checkpoint(whole)) == stored(latest_checkpoint(parts))
    assert without_time(whole) == without_time(parts)
    assert [line["epoch"] for line in without_time(parts)] == [1, 2, 3, 4]


def without_time(out: Path) -> list[dict[str, float]]:
    lines = read_log(out / "log.jsonl")
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


class Slow(Toy):
    """So slow that a kill meets every part of an epoch."""

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Any]:
        for batch in super().batches(epoch, rng):
            time.sleep(0.01)
            yield batch


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
@pytest.mark.parametrize("changes", [{}, {"ema": 0.9, "precision": "bf16"}])
def test_a_run_killed_again_and_again_ends_with_the_same_bits(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    settings = recipe(epochs=8, **changes)
    train(Toy(), settings, whole)
    fork = multiprocessing.get_context("fork")
    delays = np.random.default_rng(3).uniform(0, 0.05, 5)
    for epochs, delay in enumerate(delays, 1):
        process = fork.Process(target=train, args=(Slow(), settings, parts, True))
        process.start()
        wait_for(parts / "checkpoints" / f"epoch-{epochs:04d}")
        time.sleep(delay)
        process.kill()
        process.join()
    assert latest_checkpoint(parts) is not None
    train(Slow(), settings, parts, resume=True)
    assert stored(latest_checkpoint(whole)) == stored(latest_checkpoint(parts))
    assert without_time(whole) == without_time(parts)


def wait_for(path: Path) -> None:
    ends = time.monotonic() + 60
    while not path.exists() and time.monotonic() < ends:
        time.sleep(0.002)


@dataclass(frozen=True)
class Fitted(Toy):
    """Sets a buffer of the network before it validates, as heads with a closed form do."""

    def build(self) -> Any:
        model = super().build()
        model.register_buffer("spread", torch.zeros(()))
        return model

    def validate(self, model: Any) -> dict[str, float]:
        metrics = super().validate(model)
        model.spread.fill_(metrics["error"])
        return metrics


@pytest.mark.parametrize("changes", [{}, {"ema": 0.9}])
def test_what_validation_fits_is_kept(tmp_path: Path, changes: dict[str, Any]) -> None:
    state = train(Fitted(), recipe(**changes), tmp_path)
    checkpoint = read_checkpoint(latest_checkpoint(tmp_path))
    assert checkpoint.weights["spread"].item() == pytest.approx(state.metrics["error"])
    if changes:
        assert torch.equal(checkpoint.optimiser["raw.spread"], checkpoint.weights["spread"])


def test_it_learns_and_keeps_the_best_epoch(tmp_path: Path) -> None:
    state = train(Toy(), recipe(epochs=30), tmp_path)
    assert state.best < 0.2
    best = read_checkpoint(best_checkpoint(tmp_path))
    assert best.state.epoch == state.best_epoch
    assert best.state.metrics["error"] == state.best
    assert best.recipe == recipe(epochs=30)


def test_early_stopping(tmp_path: Path) -> None:
    slow = recipe(epochs=50, patience=2, optimiser=OptimiserSettings(learning_rate=1e-12))
    assert train(Toy(), slow, tmp_path).epoch < 50


def test_a_finished_run_is_not_overwritten(tmp_path: Path) -> None:
    train(Toy(), recipe(epochs=1), tmp_path)
    with pytest.raises(CheckpointError, match="already holds a run"):
        train(Toy(), recipe(epochs=1), tmp_path)


def test_fine_tuning_starts_from_the_best_weights(tmp_path: Path) -> None:
    train(Toy(), recipe(epochs=2), tmp_path / "first")
    still = OptimiserSettings(learning_rate=1e-30, weight_decay=0)
    again = recipe(epochs=1, start_from=tmp_path / "first", optimiser=still)
    train(Toy(), again, tmp_path / "second")
    before = read_checkpoint(best_checkpoint(tmp_path / "first")).weights
    after = read_checkpoint(best_checkpoint(tmp_path / "second")).weights
    assert torch.equal(before["0.weight"], after["0.weight"])


def test_a_model_folder_starts_only_what_can_read_it(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.json").write_text("{}")
    with pytest.raises(TrainingError, match="can't start from a model folder"):
        train(Toy(), recipe(epochs=1, start_from=tmp_path / "model"), tmp_path / "run")

    class Reads(Toy):
        def read_back(self, model: Any, folder: Path) -> None:
            torch.nn.init.constant_(model[0].weight, float(folder.name == "model"))

    still = OptimiserSettings(learning_rate=1e-30, weight_decay=0)
    again = recipe(epochs=1, start_from=tmp_path / "model", optimiser=still)
    train(Reads(), again, tmp_path / "run")
    weights = read_checkpoint(best_checkpoint(tmp_path / "run")).weights
    assert torch.equal(weights["0.weight"], torch.ones(8, 3, 3, 3))


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="loss is nan"):
        train(Toy(target=float("nan")), recipe(), tmp_path)


def test_a_cut_off_checkpoint_is_ignored_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    train(Toy(), recipe(epochs=1), tmp_path)
    (tmp_path / "checkpoints" / "epoch-0002.tmp").mkdir()
    folder = latest_checkpoint(tmp_path)
    assert folder.name == "epoch-0001"
    (folder / "weights.safetensors").write_bytes(b"\x08")
    with pytest.raises(CheckpointError, match="epoch-0001: is not a whole checkpoint"):
        read_checkpoint(folder)


@pytest.mark.parametrize("file", ["weights.safetensors", "state.json", "recipe.yaml"])
def test_the_checkpoint_before_a_damaged_one_is_offered(tmp_path: Path, file: str) -> None:
    train(Toy(), recipe(epochs=2), tmp_path)
    newest = latest_checkpoint(tmp_path)
    (newest / file).write_bytes(b"[" * 5000)
    with pytest.raises(CheckpointError, match=r"epoch-0002.*delete it to go on after epoch-0001"):
        train(Toy(), recipe(epochs=3), tmp_path, resume=True)
    shutil.rmtree(newest)
    assert train(Toy(), recipe(epochs=3), tmp_path, resume=True).epoch == 3


def test_a_full_disk_says_after_which_checkpoint_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(Toy(), recipe(epochs=1), tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("edgereg_training.loop.checkpoint.save_file", full)
    with pytest.raises(CheckpointError, match=r"No space left.*--resume.*after epoch-0001"):
        train(Toy(), recipe(epochs=2), tmp_path, resume=True)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["epoch-0001"]


def test_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds no checkpoint"):
        best_checkpoint(tmp_path)


def test_watcher_is_told_every_step(tmp_path: Path) -> None:
    seen: list[Any] = []
    train(Toy(), recipe(epochs=2), tmp_path, watcher=seen.append)
    assert [(p.epoch, p.step) for p in seen] == [(e, s) for e in (0, 1) for s in (1, 2, 3)]
    assert "error" in seen[-1].metrics
