"""Progress as a training problem: how far each frame of a clip is in it, by any method.

problem: progress
options:
  data: [data/activities]
  method: {name: regcls, regression: {name: laplace}}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from edgereg.core.model_spec import Target
from edgereg_training.backbones import parse_backbone
from edgereg_training.data.held_out import limits, without_last
from edgereg_training.loop.errors import TrainingError
from edgereg_training.loop.problem import whole_batches
from edgereg_training.loop.recipe import Recipe, Strict, parse_options
from edgereg_training.methods.registry import parse_method
from edgereg_training.progress.clips import (
    Clip,
    ClipBatch,
    augmented,
    load_clips,
    together,
    videos,
)
from edgereg_training.progress.network import ProgressNet
from edgereg_training.regression.data import without_repetition

# Clips that a validation looks at at a time, and that a head's closed form sees.
BATCH, FIT_CLIPS = 8, 64


class ProgressOptions(Strict):
    """The keys of a progress recipe.

    data: folders in the layout of Breakfast: rendered activities, or the data set itself. fold: of
    its four, whose test persons are left out. rate: frames a second that the network sees. size:
    side of its picture, px. longest: frames of a clip that one step of training sees, from its
    beginning or from anywhere. clips: at most so many of each folder; None: all, which must fit
    into memory. validation_share: of the persons, the last ones. mirrored: whether half of the
    clips are shown left for right. memory: numbers of the recurrent unit. metric: that chooses the
    epoch. training_data: what the model card says of the data, '' for their names.
    """

    data: tuple[Path, ...] = Field(min_length=1)
    fold: Literal["s1", "s2", "s3", "s4"] = "s1"
    rate: float = Field(default=2.0, gt=0, le=30)
    size: int = Field(default=64, ge=16)
    longest: int = Field(default=48, ge=2)
    clips: int | None = Field(default=None, ge=2)
    validation_share: float = Field(default=0.12, gt=0, lt=0.5)
    mirrored: bool = True
    memory: int = Field(default=64, gt=0)
    backbone: dict[str, Any]
    method: dict[str, Any]
    metric: str = "mae"
    training_data: str = ""


TARGET = Target(name="progress", unit="%", low=0.0, high=100.0)


@dataclass(frozen=True)
class ProgressProblem:
    """See `problem.Problem`."""

    options: ProgressOptions
    batch_size: int

    @property
    def metric(self) -> str:
        """The recipe's choice."""
        return self.options.metric

    @cached_property
    def train(self) -> list[Clip]:
        """To train on."""
        return self._loaded(0)

    @cached_property
    def validation(self) -> list[Clip]:
        """To choose the epoch by."""
        return self._loaded(1)

    def _loaded(self, part: int) -> list[Clip]:
        """part: 0 what is learnt, 1 what is held out."""
        options, share = self.options, self.options.validation_share
        most = limits(options.clips, share)[part]
        chosen = [
            video
            for folder in options.data
            for video in by_person(videos(folder, f"{options.fold}-train"), share)[part][:most]
        ]
        return load_clips(chosen, options.rate, options.size)

    def build(self) -> ProgressNet:
        """A new network; RecipeError where the method can't have this target."""
        options = self.options
        backbone, method = parse_backbone(options.backbone), parse_method(options.method)
        return ProgressNet(backbone.build(options.size), options.memory, method, TARGET)

    def steps(self) -> int:
        """Batches an epoch; TrainingError where there is less data than one batch."""
        return whole_batches(len(self.train), self.batch_size, "clips")

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[ClipBatch]:
        """Augmented parts of clips."""
        steps, options = self.steps(), self.options
        order = without_repetition(len(self.train), steps * self.batch_size, rng)
        for chosen in order.reshape(steps, self.batch_size):
            clips = [self.train[index] for index in chosen]
            yield augmented(clips, options.longest, options.mirrored, rng)

    def loss(
        self, model: ProgressNet, batch: ClipBatch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The head's."""
        frames, progress = torch.from_numpy(batch.frames), torch.from_numpy(batch.progress)
        return model.loss(frames, progress, generator)

    def fit(self, model: ProgressNet) -> None:
        """Fit the head's closed-form part, if any, to training clips."""
        some = self.train[:: max(1, len(self.train) // FIT_CLIPS)]
        memories, truth = _remembered(model, some)
        model.head.fit(memories, truth)

    def validate(self, model: ProgressNet) -> dict[str, float]:
        """Of the validation clips' frames: mae, rmse, and how many lie in their 90 % interval."""
        model.eval()
        self.fit(model)
        memories, truth = _remembered(model, self.validation)
        with torch.no_grad():
            error = model.head.value(memories) - truth
            low, high = model.head.density(memories).interval(0.9)
        return {
            "mae": float(error.abs().mean()),
            "rmse": float(error.square().mean().sqrt()),
            "coverage90": float(((low <= truth) & (truth <= high)).float().mean()),
        }


def by_person(found: Sequence[tuple[Path, str]], held_out: float) -> tuple[list[Path], list[Path]]:
    """Videos of all persons but the last `held_out` of them, and of these; TrainingError where
    there is one person only."""
    persons = sorted({person for _, person in found})
    if len(persons) < 2:
        raise TrainingError(f"{found[0][0].parent}: one person's videos can't be split by person")
    learnt, last = without_last(persons, held_out)
    return (
        [video for video, person in found if person in learnt],
        [video for video, person in found if person in last],
    )


def _remembered(model: ProgressNet, clips: Sequence[Clip]) -> tuple[Tensor, Tensor]:
    """The memories [N, H] after every frame of all clips, and the progress [N, 1]."""
    memories, truth = [], []
    for start in range(0, len(clips), BATCH):
        batch = together([(clip.frames, clip.progress) for clip in clips[start : start + BATCH]])
        with torch.no_grad():
            found = model.memories(torch.from_numpy(batch.frames))
        wanted = torch.from_numpy(batch.progress).to(found.device)
        known = wanted.isfinite()
        memories.append(found[known])
        truth.append(wanted[known][:, None])
    return torch.cat(memories), torch.cat(truth)


def problem(recipe: Recipe) -> ProgressProblem:
    """The progress problem of a recipe; RecipeError for wrong options."""
    options = parse_options(ProgressOptions, recipe)
    parse_backbone(options.backbone)
    parse_method(options.method)
    return ProgressProblem(options, recipe.batch_size)
