"""The training problem of the tracker, as the training loop runs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from edgereg_training.detection.calibration import Held, calibrate_boxes
from edgereg_training.detection.energy import refine_boxes
from edgereg_training.detection.iou_net import overlaps
from edgereg_training.loop.recipe import Recipe, Strict, parse_options
from edgereg_training.tracking.features import CropSettings, FeatureSet, feature_set
from edgereg_training.tracking.losses import TrackingLoss, tracking_loss
from edgereg_training.tracking.network import NetworkSettings, TrackingNet, new_net

# The tracker's own start: the classifier's place is off by this much, and the size is the old one.
START_PLACE, START_SIZE = 0.1, 0.15
VALIDATION_BATCH, VALIDATION_PAIRS = 32, 512


class RuntimeSettings(Strict):
    """How the trained model is used; written into the exported model.

    steps, step_length, decay: of the ascent (Algorithm 1), a step length for each of (cx / w0,
    cy / h0, log w, log h).
    """

    steps: int = Field(default=5, ge=0)
    step_length: tuple[float, float, float, float] = (2e-4, 2e-4, 1e-3, 1e-3)
    decay: float = Field(default=0.5, gt=0, le=1)


class TrackingOptions(Strict):
    """What a tracking recipe says beyond the training loop's own keys.

    train, val: folders of sequences in a layout that `datasets` knows. cache: where the frozen
    maps of their crops are kept. loss: see `losses`; sigmas and samples of its proposal; jitter of
    its labels. epoch_pairs: pairs of frames in an epoch. crops_seed: of the crops, None: that of
    the recipe.
    """

    train: tuple[Path, ...] = Field(min_length=1)
    val: tuple[Path, ...] = Field(min_length=1)
    cache: Path = Path("data/tracking-features")
    loss: TrackingLoss = "nll"
    sigmas: tuple[float, ...] = (0.05, 0.5)
    samples: int = Field(default=128, gt=0)
    jitter: float = Field(default=0.0125, ge=0)
    epoch_pairs: int = Field(default=8000, gt=0)
    crops: CropSettings = CropSettings()
    crops_seed: int | None = None
    network: NetworkSettings = NetworkSettings()
    runtime: RuntimeSettings = RuntimeSettings()


class Batch(NamedTuple):
    """Maps and box of a first frame and of a later one of the same object, see `FeatureSet`."""

    first_near: np.ndarray
    first_far: np.ndarray
    first_boxes: np.ndarray
    near: np.ndarray
    far: np.ndarray
    boxes: np.ndarray


@dataclass(frozen=True)
class TrackingProblem:
    """See `problem.Problem`."""

    options: TrackingOptions
    batch_size: int
    train: FeatureSet
    val: FeatureSet
    metric: str = "error"

    def build(self) -> TrackingNet:
        """A new network."""
        return new_net(self.options.network)

    def steps(self) -> int:
        """Batches of an epoch."""
        return max(1, self.options.epoch_pairs // self.batch_size)

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Batch]:
        """Random pairs of frames of random sequences."""
        for _ in range(self.steps()):
            yield batch_of(self.train, random_pairs(self.train, self.batch_size, rng))

    def loss(self, model: nn.Module, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """The loss of the recipe."""
        net, options = cast(TrackingNet, model), self.options
        conditioned, boxes = known_maps(net, batch)
        with torch.autocast("cpu", enabled=False):
            loss = tracking_loss(
                options.loss, net.energy, conditioned.float(), boxes, options.sigmas,
                options.samples, options.jitter, generator,
            )  # fmt: skip
        return {"loss": loss}

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Mean IoU of boxes refined from starts such as the tracker's; 'error' is its distance
        from 1, 'start' the mean IoU before."""
        net, runtime = cast(TrackingNet, model), self.options.runtime
        rng = np.random.default_rng(0)
        pairs = random_pairs(self.val, min(len(self.val.boxes), VALIDATION_PAIRS), rng)
        before, after = list[Tensor](), list[Tensor]()
        for start in range(0, len(pairs), VALIDATION_BATCH):
            chosen = pairs[start : start + VALIDATION_BATCH]
            conditioned, boxes = known_maps(net, batch_of(self.val, chosen))
            starts = torch.from_numpy(displaced(boxes.numpy(), rng))[:, None]
            length = torch.tensor(runtime.step_length)
            path, _ = refine_boxes(
                net.energy, conditioned, starts, length, runtime.decay, runtime.steps
            )
            before.append(overlaps(starts, boxes))
            after.append(overlaps(path[:, :, -1], boxes))
        iou = float(torch.cat(after).mean())
        return {"iou": iou, "start": float(torch.cat(before).mean()), "error": 1 - iou}

    def calibrate(self, model: nn.Module) -> None:
        """How sure boxes are, on pairs of frames of the validation sequences."""
        net = cast(TrackingNet, model)
        calibrate_boxes(net.energy, [self._found(net)], self.options.runtime)

    @torch.no_grad()
    def _found(self, net: TrackingNet) -> Iterator[Held]:
        rng = np.random.default_rng(0)
        pairs = random_pairs(self.val, min(len(self.val.boxes), VALIDATION_PAIRS), rng)
        for pair in pairs:
            conditioned, boxes = known_maps(net, batch_of(self.val, pair[None]))
            yield Held(conditioned, displaced(boxes.numpy(), rng), boxes.numpy())


def known_maps(net: TrackingNet, batch: Batch) -> tuple[Tensor, Tensor]:
    """Maps conditioned on the first frames [B, C, H/8, W/8], and the later boxes [B, 4]."""
    first_near, first_far, first_boxes, near, far, boxes = (
        torch.from_numpy(array).float() for array in batch
    )
    # One pass of both frames: the normalisation sees them together.
    fused = net.fused(torch.cat([first_near, near]), torch.cat([first_far, far]))
    first, later = fused.chunk(2)
    return net.conditioned(later, net.code(first.float(), first_boxes).to(later)), boxes


def random_pairs(
    data: FeatureSet, count: int, rng: np.random.Generator
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Rows [count, 2] of two different crops of one sequence each."""
    rows = rng.integers(len(data.clips), size=count)
    first = np.searchsorted(data.clips, data.clips[rows])
    many = np.searchsorted(data.clips, data.clips[rows], side="right") - first
    other = first + (rows - first + rng.integers(1, np.maximum(many, 2))) % many
    return np.stack([rows, other], axis=1)


def batch_of(data: FeatureSet, pairs: np.ndarray) -> Batch:
    """The maps and boxes of rows [B, 2]."""
    sides = [
        (data.near[rows], data.far[rows], data.boxes[rows]) for rows in (pairs[:, 0], pairs[:, 1])
    ]
    return Batch(*sides[0], *sides[1])


def displaced(boxes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Boxes [B, 4] with the error that the tracker's start has."""
    size = boxes[:, 2:] - boxes[:, :2]
    root = np.sqrt(size.prod(axis=1, keepdims=True))
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 + rng.normal(0, START_PLACE, size.shape) * root
    half = size * np.exp(rng.normal(0, START_SIZE, size.shape)) / 2
    return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)


def tracking_problem(recipe: Recipe) -> TrackingProblem:
    """The problem of a recipe; RecipeError for wrong options, TrainingError for wrong data."""
    options = parse_options(TrackingOptions, recipe)
    seed = recipe.seed if options.crops_seed is None else options.crops_seed
    train, val = (
        feature_set(folders, options.crops, options.network, options.cache, seed)
        for folders in (options.train, options.val)
    )
    return TrackingProblem(options, recipe.batch_size, train, val)
