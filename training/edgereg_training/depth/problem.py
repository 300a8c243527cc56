"""Depth as a training problem: a map of metres from one picture, by any method.

problem: depth
options:
  data: [data/rooms]
  method: {name: regcls, regression: {name: direct, loss: l2}}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from edgereg.core.arrays import FloatArray
from edgereg.core.model_spec import Target
from edgereg_training.data.held_out import limits
from edgereg_training.depth.measures import by_shots, shots_of
from edgereg_training.depth.network import STRIDE, DepthNet
from edgereg_training.depth.pictures import (
    DepthPictures,
    augmented,
    evenly,
    load_pictures,
    training_samples,
)
from edgereg_training.loop.problem import whole_batches
from edgereg_training.loop.recipe import Recipe, Strict, parse_options
from edgereg_training.methods.registry import parse_method
from edgereg_training.regression.data import without_repetition

# Pictures that a validation looks at at a time, and cells that a head's closed form sees.
BATCH, FIT_CELLS = 50, 20_000


class DepthOptions(Strict):
    """The keys of a depth recipe.

    data: folders in the layout of NYUD2-DIR: rendered rooms, or the data set itself. width, height:
    of the network's picture, px, multiples of 4. farthest: the largest depth that is told, m.
    pictures: at most so many of each folder, from all of its list; None: all, which must fit into
    memory. validation_share: of each list, its end. mirrored: whether half of the pictures are
    shown left for right. widths: of the encoder, at 1/2, 1/4 ...; channels: of the decoder. method:
    of every cell. epoch_images: pictures an epoch (None: as many as there are). metric: that
    chooses the epoch. training_data: what the model card says of the data, '' for their names.
    """

    data: tuple[Path, ...] = Field(min_length=1)
    width: int = Field(default=128, ge=32, multiple_of=STRIDE)
    height: int = Field(default=96, ge=32, multiple_of=STRIDE)
    farthest: float = Field(default=10.0, gt=0)
    pictures: int | None = Field(default=None, ge=2)
    validation_share: float = Field(default=0.06, gt=0, lt=0.5)
    mirrored: bool = True
    widths: tuple[int, ...] = Field(default=(16, 32, 48, 64, 96), min_length=2)
    channels: int = Field(default=40, gt=0)
    method: dict[str, Any]
    epoch_images: int | None = Field(default=None, gt=0)
    metric: str = "rmse"
    training_data: str = ""

    @property
    def cells(self) -> tuple[int, int]:
        """Width and height of the map."""
        return self.width // STRIDE, self.height // STRIDE

    def target(self) -> Target:
        """The depth of one cell."""
        return Target(name="depth", unit="m", low=0.0, high=self.farthest)


@dataclass(frozen=True)
class DepthProblem:
    """See `problem.Problem`."""

    options: DepthOptions
    batch_size: int

    @property
    def metric(self) -> str:
        """The recipe's choice."""
        return self.options.metric

    @cached_property
    def train(self) -> DepthPictures:
        """To train on."""
        return self._loaded(0)

    @cached_property
    def validation(self) -> DepthPictures:
        """To choose the epoch by."""
        return self._loaded(1)

    def _loaded(self, part: int) -> DepthPictures:
        """part: 0 what is learnt, 1 what is held out."""
        options, share = self.options, self.options.validation_share
        most = limits(options.pictures, share)[part]
        samples = [
            sample
            for folder in options.data
            for sample in evenly(training_samples(folder, share)[part], most)
        ]
        found = load_pictures(samples, (options.width, options.height), options.cells)
        np.minimum(found.depth, options.farthest, out=found.depth)
        return found

    def build(self) -> DepthNet:
        """A new network; RecipeError where the method can't have this target."""
        options = self.options
        method = parse_method(options.method)
        return DepthNet(options.widths, options.channels, method, options.target())

    def steps(self) -> int:
        """Batches an epoch; TrainingError where there is less data than one batch."""
        count = self.options.epoch_images or len(self.train)
        return whole_batches(count, self.batch_size, "pictures")

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[DepthPictures]:
        """Augmented pictures."""
        steps = self.steps()
        order = without_repetition(len(self.train), steps * self.batch_size, rng)
        for chosen in order.reshape(steps, self.batch_size):
            yield augmented(self.train.take(chosen), self.options.mirrored, rng)

    def loss(
        self, model: DepthNet, batch: DepthPictures, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The head's."""
        return model.loss(torch.from_numpy(batch.images), torch.from_numpy(batch.depth), generator)

    def fit(self, model: DepthNet) -> None:
        """Fit the head's closed-form part, if any, to cells of training pictures."""
        count = min(len(self.train), 4 * BATCH)
        some = self.train.take(np.linspace(0, len(self.train) - 1, count).astype(np.int64))
        truth = some.depth.reshape(-1)
        rng = np.random.default_rng(0)
        known = np.flatnonzero(truth > 0)
        chosen = rng.permutation(known)[:FIT_CELLS]
        cells = torch.cat(list(_cells(model, some)))
        model.head.fit(cells[chosen], torch.from_numpy(truth[chosen, None]).to(cells.device))

    def validate(self, model: DepthNet) -> dict[str, float]:
        """rmse, mae and delta1 of the validation pictures, those of frequent and rare depths too,
        and how many cells lie in their 90 % interval."""
        model.eval()
        self.fit(model)
        truth = self.validation.depth
        values, inside = _told(model, self.validation)
        every = np.arange(len(truth))
        found: dict[str, float] = {}
        for name, errors in by_shots(values, truth, shots_of(self.train.depth)).items():
            found |= {f"rmse{name}": errors.rmse(every), f"delta1{name}": errors.delta1(every)}
            found[f"mae{name}"] = errors.mae(every)
        found["coverage90"] = float(inside[truth > 0].mean())
        return found


def _cells(model: DepthNet, pictures: DepthPictures) -> Iterator[Tensor]:
    for start in range(0, len(pictures), BATCH):
        with torch.no_grad():
            yield model.cells(torch.from_numpy(pictures.images[start : start + BATCH]))


def _told(model: DepthNet, pictures: DepthPictures) -> tuple[FloatArray, np.ndarray]:
    """Depths [N, h, w], and whether the truth lies in the 90 % interval of each."""
    values, inside = [], []
    truth = pictures.depth.reshape(-1)
    done = 0
    for cells in _cells(model, pictures):
        with torch.no_grad():
            values.append(model.head.value(cells)[:, 0].cpu().numpy())
            low, high = (end[:, 0].cpu().numpy() for end in model.head.density(cells).interval(0.9))
        part = truth[done : done + len(low)]
        inside.append((low <= part) & (part <= high))
        done += len(low)
    shape = pictures.depth.shape
    return np.concatenate(values).reshape(shape), np.concatenate(inside).reshape(shape)


def problem(recipe: Recipe) -> DepthProblem:
    """The depth problem of a recipe; RecipeError for wrong options."""
    options = parse_options(DepthOptions, recipe)
    parse_method(options.method)
    return DepthProblem(options, recipe.batch_size)
