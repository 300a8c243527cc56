"""One fit of the GLLiM studies: in closed form on the shared features, or fine-tuned from them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from edgereg_training.loop.checkpoint import best_checkpoint, load_weights, read_checkpoint
from edgereg_training.loop.loop import train
from edgereg_training.methods.gllim.fit import GLLiM
from edgereg_training.methods.gllim.head import principal_components
from edgereg_training.regression.data import Examples
from edgereg_training.regression.net import RegressionNet, features_of
from edgereg_training.regression.problem import RegressionProblem
from edgereg_training.reproduce.cells import Cell, Cells, Key
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.gllim.features import (
    FeatureSet,
    Size,
    Sources,
    feature_sets,
    images_of,
    load_backbone,
    prepare,
    size_of,
)
from edgereg_training.reproduce.gllim.hog import support_vectors
from edgereg_training.reproduce.image_study import (
    Budget,
    absolute_errors,
    problem_on,
    recipe_of,
)

Options = dict[str, Any]
BATCH = 64
EPOCHS = 5
LEARNING_RATE = 1e-3
PCA = 64
# Of least squares, as shares of the features' mean variance; chosen on validation data.
RIDGES = (0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
LEAST_SQUARES, SUPPORT_VECTORS = "least squares", "support vectors"


@dataclass(frozen=True)
class Trial:
    """A way to predict poses of a distribution from `count` training examples.

    components: of GLLiM, None for forward regression. deep: whether the network is fine-tuned;
    forward regression is direct then. forward: else, LEAST_SQUARES with a ridge on the features,
    or SUPPORT_VECTORS on the pictures' gradients.
    """

    components: int | None
    distribution: str
    count: int
    deep: bool = False
    covariance: str = "equal"
    forward: str = LEAST_SQUARES

    @property
    def options(self) -> Options:
        """The method, as in a recipe."""
        if self.components is None:
            return {"name": "direct", "loss": "l2"} if self.deep else {"name": self.forward}
        options = {"name": "gllim", "components": self.components, "covariance": self.covariance}
        deep = {"assignment": "targets", "warmup_fits": 0, "frozen": 0} if self.deep else {}
        return {**options, "pca": PCA, **deep}


def run_trials(context: Context, trials: Sequence[Trial]) -> dict[Trial, list[float]]:
    """Of every trial, the test error of each seed: mean absolute, over the angles, in degrees.

    Closed-form fits differ by which examples they get and by where EM begins, fine-tuned networks
    also by their batches. The studies of GLLiM share their cells.
    """
    size = size_of(context)
    sources = prepare(context, tuple(dict.fromkeys(trial.distribution for trial in trials)))
    shared = replace(context, cells=Cells(context.cells.folder.parent / "gllim"))
    keys = [key for trial in trials for key in _keys(trial, size, sources)]
    errors = [cell["error"] for cell in shared.map(compute, keys, data=context.data)]
    ends = np.cumsum([_seeds(trial, size) for trial in trials])
    starts = [0, *ends[:-1]]
    return {t: errors[i:j] for t, i, j in zip(trials, starts, ends, strict=True)}


def compute(key: Key, data: Path) -> Cell:
    """The cell of a key."""
    size = Size(**{**key["size"], "biwi": tuple(key["size"]["biwi"])})
    sources = Sources({key["distribution"]: tuple(key["folders"])}, key["extractor"])
    if key["options"]["name"] == SUPPORT_VECTORS:
        return by_gradients(key, data, sources, size)
    solve = fine_tuned if key["deep"] else closed_form
    return solve(key, data, sources, size)


def _seeds(trial: Trial, size: Size) -> int:
    costly = trial.deep or trial.options["name"] == SUPPORT_VECTORS
    return size.deep_seeds if costly else size.seeds


def _keys(trial: Trial, size: Size, sources: Sources) -> list[Key]:
    training = {"steps": size.steps, "epochs": EPOCHS, "batch": BATCH, "rate": LEARNING_RATE}
    key = {
        "options": trial.options,
        "distribution": trial.distribution,
        "count": trial.count,
        "deep": training if trial.deep else None,
        "folders": list(sources.folders[trial.distribution]),
        "extractor": sources.extractor,
        "size": asdict(replace(size, seeds=0, deep_seeds=0, steps=0)),
    }
    return [key | {"seed": seed} for seed in range(_seeds(trial, size))]


def closed_form(key: Key, data: Path, sources: Sources, size: Size) -> Cell:
    """A fit in closed form on the shared features."""
    train, validation, test = feature_sets(data, sources, key["distribution"], size)
    chosen = np.random.default_rng(key["seed"]).permutation(len(train.poses))[: key["count"]]
    some = FeatureSet(train.features[chosen], train.poses[chosen])
    some, validation, test = whitened(some, validation, test)
    began = time.perf_counter()
    if key["options"]["name"] == "gllim":
        options = key["options"]
        model = GLLiM(options["components"], options["covariance"], seed=key["seed"])
        predicted = model.fit(some.poses, some.features).predict(test.features)
    else:
        predicted = least_squares(some, validation, test)
    error = float(np.abs(predicted - test.poses).mean())
    return {"error": error, "seconds": time.perf_counter() - began}


def whitened(train: FeatureSet, *others: FeatureSet) -> list[FeatureSet]:
    """Principal components, each divided by its deviation over the training examples."""
    directions = principal_components(train.features.astype(np.float64), PCA)
    centre, deviation = train.features.mean(0), (train.features @ directions.T).std(0)
    return [
        FeatureSet((one.features - centre) @ directions.T / deviation, one.poses)
        for one in (train, *others)
    ]


def least_squares(train: FeatureSet, validation: FeatureSet, test: FeatureSet) -> Any:
    """Ridge regression of poses on features, its ridge the best on validation data."""
    mean, poses = train.features.mean(0, dtype=np.float64), train.poses.mean(0, dtype=np.float64)
    centred = train.features - mean
    moments = centred.T @ centred
    scale = np.trace(moments) / len(moments)
    best, predicted = np.inf, np.empty(0)
    for ridge in RIDGES:
        damped = moments + (ridge + 1e-9) * scale * np.eye(len(moments))
        slope = np.linalg.solve(damped, centred.T @ (train.poses - poses))
        error = np.abs((validation.features - mean) @ slope + poses - validation.poses).mean()
        if error < best:
            best, predicted = error, (test.features - mean) @ slope + poses
    return predicted


def by_gradients(key: Key, data: Path, sources: Sources, size: Size) -> Cell:
    """Support vector regression on the pictures, without the shared features."""
    train, validation, test = images_of(data, sources.folders[key["distribution"]], size)
    chosen = np.random.default_rng(key["seed"]).permutation(len(train))[: key["count"]]
    some = train.take(chosen)
    began = time.perf_counter()
    predicted = support_vectors(
        (some.centres, some.targets), (validation.centres, validation.targets), test.centres
    )
    error = float(np.abs(predicted - test.targets).mean())
    return {"error": error, "seconds": time.perf_counter() - began}


@dataclass(frozen=True)
class FineTuning:
    """A recipe's problem whose network begins with the features learned for landmarks; an epoch
    has as many steps whatever the number of examples.

    A GLLiM head is fitted to the features before the first step, as in the paper.
    """

    inner: RegressionProblem
    backbone: Path
    epoch_steps: int
    metric: str = "mae"

    def build(self) -> RegressionNet:
        """The network trained for landmarks with a new head."""
        model = self.inner.build()
        model.backbone.load_state_dict(load_backbone(self.backbone).state_dict())
        if self.inner.options.method["name"] == "gllim":
            everything = self.inner.data.plain(np.arange(len(self.inner.data)))
            with torch.no_grad():
                features = features_of(model, everything.images)
                model.head.fit(features, torch.from_numpy(everything.targets))
        return model

    def steps(self) -> int:
        """Batches an epoch."""
        return self.epoch_steps

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Examples]:
        """Augmented batches, over the examples as often as it takes."""
        left = self.epoch_steps
        while left > 0:
            for batch in self.inner.batches(epoch, rng):
                yield batch
                left -= 1
                if left == 0:
                    return

    def loss(
        self, model: RegressionNet, batch: Examples, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The head's."""
        return self.inner.loss(model, batch, generator)

    def validate(self, model: RegressionNet) -> dict[str, float]:
        """See `RegressionProblem.validate`."""
        return self.inner.validate(model)


def fine_tuned(key: Key, data: Path, sources: Sources, size: Size) -> Cell:
    """A network fine-tuned from the shared features."""
    folders = sources.folders[key["distribution"]]
    everything, validation, test = images_of(data, folders, size)
    training = key["deep"]
    chosen = np.random.default_rng(key["seed"]).permutation(len(everything))[: key["count"]]
    budget = Budget(training["epochs"], training["batch"], training["rate"])
    recipe = recipe_of(
        "pose", key["options"], (data / folders[0], data / folders[1]), budget, key["seed"]
    )
    recipe = recipe.model_copy(
        update={"optimiser": recipe.optimiser.model_copy(update={"warmup_steps": 20})}
    )
    inner = problem_on(recipe, everything.take(chosen), validation)
    steps = training["steps"] // training["epochs"]
    problem = FineTuning(inner, data / sources.extractor, steps)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        state = train(problem, recipe, out)
        weights = read_checkpoint(best_checkpoint(out)).weights
    net = inner.build()
    load_weights(net, weights)
    net.eval()
    error = float(absolute_errors(net, test).mean())
    seconds = time.perf_counter() - began
    return {"error": error, "best_epoch": state.best_epoch, "seconds": seconds}
