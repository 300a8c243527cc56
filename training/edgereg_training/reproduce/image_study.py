"""Training of small networks on rendered crops, as every image study does it.

A study is a recipe: the product's own problem, data and training loop give its figures.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray
from edgereg_training.loop.checkpoint import best_checkpoint, load_weights, read_checkpoint
from edgereg_training.loop.loop import train
from edgereg_training.loop.recipe import OptimiserSettings, Recipe
from edgereg_training.regression.augmentation import Crops, ShiftAugmentation, shift_augmentation
from edgereg_training.regression.data import CroppedData, Examples, Indices
from edgereg_training.regression.net import RegressionNet
from edgereg_training.regression.problem import RegressionProblem, problem
from edgereg_training.regression.scores import predict_values
from edgereg_training.regression.target import TrainingTarget, target_of
from edgereg_training.render.shards import iter_shards

Options = dict[str, Any]
SIZE, CROP_SCALE = 40, 1.2
# The range of every angle is the same, so that one number of levels means one width of a level.
POSE: Options = {
    "name": "headpose",
    "ranges": dict.fromkeys(("yaw", "pitch", "roll"), (-75.0, 75.0)),
}
AGE: Options = {"name": "age"}
TASKS = {"pose": POSE, "age": AGE}


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


def recipe_of(
    task: str, method: Options, folders: tuple[Path, Path], budget: Budget, seed: int
) -> Recipe:
    """The recipe of one training on 'pose' or 'age'; folders: of training and validation heads."""
    return Recipe(
        problem="regression",
        seed=seed,
        epochs=budget.epochs,
        batch_size=budget.batch_size,
        threads=1,
        precision="bf16",
        optimiser=OptimiserSettings(
            learning_rate=budget.learning_rate,
            weight_decay=budget.weight_decay,
            warmup_steps=50,
            gradient_clip=20.0,
        ),
        options={
            "target": TASKS[task],
            "train": [folders[0]],
            "validation": [folders[1]],
            "size": SIZE,
            "crop_scale": CROP_SCALE,
            "augmentation": {"name": "shift", "margin": 0.05},
            "backbone": {"name": budget.backbone},
            "method": method,
            "score_densities": False,
        },
    )


@dataclass(frozen=True)
class Heads:
    """Rendered heads as the studies' recipes crop them, with the margin that training moves in;
    identities: int32 [N]."""

    examples: Examples
    identities: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def targets(self) -> FloatArray:
        """[N, D] in units."""
        return self.examples.targets

    @property
    def centres(self) -> npt.NDArray[np.uint8]:
        """What validation and tests see: uint8 [N, SIZE, SIZE, 3]."""
        return self.examples.middle().images

    def take(self, chosen: Indices) -> Heads:
        """The heads of these indices."""
        return Heads(self.examples.take(chosen), self.identities[chosen])


@lru_cache(maxsize=6)
def load_heads(folder: Path, task: str) -> Heads:
    """The heads of a folder with 'pose' or 'age' as their targets."""
    crops = Crops((folder,), target_of(TASKS[task], SIZE), SIZE, CROP_SCALE)
    identities = np.concatenate([shard["identity"] for shard in iter_shards(folder)])
    return Heads(crops.examples(round(ShiftAugmentation().margin * SIZE)), identities)


def problem_on(
    recipe: Recipe, training: Heads, validation: Heads, target: TrainingTarget | None = None
) -> RegressionProblem:
    """The recipe's problem on heads that were chosen from its folders; target: another than the
    recipe's, which the heads then have."""
    made = problem(recipe)
    shown = target or made.target
    data = CroppedData(
        lambda: training.examples, lambda batch, rng: shift_augmentation(batch, shown, rng)
    )
    return replace(made, target=shown, data=data, held_out=validation.examples.middle)


def train_model(problem: RegressionProblem, recipe: Recipe) -> Trained:
    """Train one network on one thread; the epoch of the least validation error is kept."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        state = train(problem, recipe, out)
        best = read_checkpoint(best_checkpoint(out))
    net = problem.build()
    load_weights(net, best.weights)
    net.eval()
    seconds = time.monotonic() - began
    return Trained(net, best.state.metrics["mae"], state.best_epoch, seconds)


def absolute_errors(net: RegressionNet, heads: Heads) -> FloatArray:
    """|value - target| of every head: [N, D] in units."""
    errors: FloatArray = np.abs(predict_values(net, heads.examples.middle()) - heads.targets)
    return errors
