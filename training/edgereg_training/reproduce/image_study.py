"""Training of small networks on rendered crops, as every image study does it.

The network is a small edge backbone and the head of any method; the product's own training loop
trains it, so that a study's figures are those that a recipe would give.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from edgereg.core.model_spec import Target
from edgereg_training.backbones import build
from edgereg_training.loop.checkpoint import best_checkpoint, load_weights, read_checkpoint
from edgereg_training.loop.loop import train
from edgereg_training.loop.recipe import OptimiserSettings, Recipe
from edgereg_training.methods.method import MethodSettings
from edgereg_training.regression.net import RegressionNet, build_net, features_of
from edgereg_training.reproduce.image_data import MARGIN, SIZE, ImageSet

FIT_EXAMPLES = 4000


@dataclass(frozen=True)
class Budget:
    """epochs over the training set in batches; learning_rate: of AdamW at the cosine's top."""

    epochs: int = 12
    batch_size: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    backbone: str = "edge-xs"


@dataclass(frozen=True)
class Trained:
    """The best epoch's network; error: its mean absolute validation error; seconds of training."""

    net: RegressionNet
    error: float
    best_epoch: int
    seconds: float


@dataclass(frozen=True)
class ImageProblem:
    """The `problem.Problem` of one method on crops in memory."""

    method: MethodSettings
    targets: tuple[Target, ...]
    train: ImageSet
    validation: ImageSet
    budget: Budget
    metric: str = "mae"

    def build(self) -> nn.Module:
        """A new network."""
        return build_net(build(self.budget.backbone, SIZE), self.method, self.targets)

    def steps(self) -> int:
        """Batches an epoch."""
        return max(1, len(self.train) // self.budget.batch_size)

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[ImageSet]:
        """Shuffled batches of shifted, brightened crops."""
        order = rng.permutation(len(self.train))
        size = min(self.budget.batch_size, len(order))
        for start in range(0, self.steps() * size, size):
            yield augmented(self.train.take(order[start : start + size]), rng)

    def loss(
        self, model: nn.Module, batch: ImageSet, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The head's."""
        assert isinstance(model, RegressionNet)  # noqa: S101  (built by this problem)
        images, targets = torch.from_numpy(batch.images), torch.from_numpy(batch.targets)
        return model.loss(images, targets, generator)

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Mean absolute error of the value, after the head's closed-form part is fitted."""
        assert isinstance(model, RegressionNet)  # noqa: S101  (built by this problem)
        if model.fits:
            some = self.train.take(np.arange(min(FIT_EXAMPLES, len(self.train))))
            model.head.fit(features_of(model, some.centres()), torch.from_numpy(some.targets))
        return {"mae": float(absolute_errors(model, self.validation).mean())}


def train_model(
    method: MethodSettings,
    targets: tuple[Target, ...],
    train_set: ImageSet,
    validation: ImageSet,
    budget: Budget,
    seed: int,
) -> Trained:
    """Train one network on one thread; the epoch of the least validation error is kept."""
    problem = ImageProblem(method, targets, train_set, validation, budget)
    recipe = Recipe(
        problem="study", seed=seed, epochs=budget.epochs, batch_size=budget.batch_size, threads=1,
        precision="bf16", optimiser=OptimiserSettings(
            learning_rate=budget.learning_rate, weight_decay=budget.weight_decay,
            warmup_steps=50, gradient_clip=20.0,
        ),
    )  # fmt: skip
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        state = train(problem, recipe, out)
        weights = read_checkpoint(best_checkpoint(out)).weights
    net = problem.build()
    assert isinstance(net, RegressionNet)  # noqa: S101  (built by this problem)
    load_weights(net, weights)
    assert state.best is not None  # noqa: S101  (at least one epoch was validated)
    return Trained(net.eval(), state.best, state.best_epoch, time.monotonic() - began)


def augmented(batch: ImageSet, rng: np.random.Generator) -> ImageSet:
    """A random window of every crop, with a random gain and offset of its brightness."""
    count = len(batch)
    top, left = rng.integers(0, 2 * MARGIN + 1, (2, count))
    rows = top[:, None] + np.arange(SIZE)
    columns = left[:, None] + np.arange(SIZE)
    which = np.arange(count)[:, None, None]
    images = batch.images[which, rows[:, :, None], columns[:, None, :]].astype(np.float32)
    gain = rng.uniform(0.8, 1.2, (count, 1, 1, 1)).astype(np.float32)
    offset = rng.uniform(-20, 20, (count, 1, 1, 1)).astype(np.float32)
    return replace(batch, images=np.clip(images * gain + offset, 0, 255).astype(np.uint8))


def absolute_errors(net: RegressionNet, data: ImageSet) -> npt.NDArray[np.float32]:
    """|value - target| of every example: [N, D] in units."""
    with torch.no_grad():
        values = net.head.value(features_of(net, data.centres()))
    errors: npt.NDArray[np.float32] = np.abs(values.float().numpy() - data.targets)
    return errors
