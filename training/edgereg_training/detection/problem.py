"""The training problem of head detection, as the training loop runs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple, cast

import cv2
import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from edgereg.core.arrays import Image
from edgereg_training.backbones.efficientnet_lite import copy_imagenet
from edgereg_training.detection.assignment import HeadLabels
from edgereg_training.detection.backdrops import random_backdrop
from edgereg_training.detection.calibration import calibrate_boxes
from edgereg_training.detection.crops import CropSettings, bounded, random_view
from edgereg_training.detection.distractors import add_distractors
from edgereg_training.detection.losses import Confidence, LossSettings, total_loss
from edgereg_training.detection.model import HeadModel, normalised
from edgereg_training.detection.network import DESIGNS, Design
from edgereg_training.detection.photographs.labels import read_labels
from edgereg_training.detection.photographs.mixture import (
    PhotographOptions,
    Photographs,
    load_photographs,
)
from edgereg_training.detection.photographs.turning import random_angle, turned
from edgereg_training.detection.photometric import distort
from edgereg_training.detection.read_back import read_back
from edgereg_training.detection.scene import Scene, scene_of
from edgereg_training.detection.scenes import SceneSet, load_scenes
from edgereg_training.detection.validation import found_heads, validate
from edgereg_training.loop.recipe import Recipe, Strict, parse_options

BACKDROP_SIZE = (448, 352)


class RuntimeSettings(Strict):
    """How the trained model is used; written into the exported model.

    long_side: longer side of the picture that a frame is scaled down to; sizes: others, by the
    name that a user chooses them by. score_threshold, large_score_threshold, large_height,
    nms_iou, max_candidates: of the detection task. steps, step_length, decay: of the refinement
    (Algorithm 1), one step length per relative coordinate (cx / w0, cy / h0, log w, log h).
    second_look: look again at a third of the size, for heads that fill the picture.
    """

    long_side: int = Field(default=416, gt=0, multiple_of=32)
    sizes: dict[str, Annotated[int, Field(gt=0, multiple_of=32)]] = Field(default_factory=dict)
    score_threshold: float = Field(default=0.4, ge=0, le=1)
    large_score_threshold: float = Field(default=0.4, ge=0, le=1)
    large_height: float = Field(default=1.0, gt=0, le=1)
    nms_iou: float = Field(default=0.5, ge=0, le=1)
    max_candidates: int = Field(default=300, gt=0)
    steps: int = Field(default=10, ge=0)
    step_length: tuple[float, float, float, float] = (1e-4, 1e-4, 4e-4, 4e-4)
    decay: float = Field(default=0.5, gt=0, le=1)
    second_look: bool = False


class DetectionOptions(Strict):
    """What a detection recipe says beyond the training loop's own keys.

    train, val: folders of shards. val_photographs: COCO JSONs, of which every validation looks at
    `val_count` pictures evenly. size: side of the training pictures, a multiple of 64; batches are
    of it or, drawn at random, of one of `other_sizes`, with as many pixels in all.
    epoch_images: pictures per epoch. empty: share of pictures without a head. backdrops: how many
    headless pictures are made for that, and for what lies outside a scene. distractors: most per
    picture. smallest, largest: size of the head that a crop is scaled to, in pixels. mosaic,
    distorted: shares of pictures made of four, and with photometric changes. network: a design of
    `detection.network`; imagenet: start the lite one from ImageNet's weights. energy_weight: of the
    energy's part in the loss. confidence: what the energy network learns of a box, its likelihood
    (nll) or its IoU with the head (iou-net, iou-net-star; see `iou_net`, also for the step lengths
    and decay of `runtime` that suit them). training_data: what the model card says of the data, ''
    for rendered people alone.
    """

    train: tuple[Path, ...] = Field(min_length=1)
    val: tuple[Path, ...] = Field(min_length=1)
    val_photographs: tuple[Path, ...] = ()
    val_count: int = Field(default=300, gt=0)
    size: int = Field(default=256, gt=0, multiple_of=64)
    other_sizes: tuple[Annotated[int, Field(gt=0, multiple_of=64)], ...] = ()
    epoch_images: int = Field(default=8000, gt=0)
    empty: float = Field(default=0.08, ge=0, lt=1)
    backdrops: int = Field(default=600, gt=0)
    distractors: int = Field(default=3, ge=0)
    largest: float = Field(default=200.0, gt=0)
    smallest: float = Field(default=10.0, gt=0)
    mosaic: float = Field(default=0.25, ge=0, le=1)
    distorted: float = Field(default=0.8, ge=0, le=1)
    turned: float = Field(default=0.0, ge=0, le=1)
    photographs: PhotographOptions = PhotographOptions()
    network: Design = "slim"
    imagenet: bool = False
    energy_weight: float = Field(default=0.1, ge=0)
    confidence: Confidence = "nll"
    runtime: RuntimeSettings = RuntimeSettings()
    training_data: str = ""

    @model_validator(mode="after")
    def _lite_alone(self) -> DetectionOptions:
        if self.imagenet and self.network != "lite":
            raise ValueError("'imagenet' is of 'network: lite' alone")
        return self


class Batch(NamedTuple):
    """images: uint8 [B, S, S, 3]; boxes: float32 [B, G, 4]; valid, ignored: bool [B, G]."""

    images: np.ndarray
    boxes: np.ndarray
    valid: np.ndarray
    ignored: np.ndarray


@dataclass(frozen=True)
class DetectionProblem:
    """See `problem.Problem`."""

    options: DetectionOptions
    batch_size: int
    scenes: SceneSet
    backdrops: tuple[Image, ...]
    photographs: Photographs
    validation: SceneSet
    metric: str = "error"

    def build(self) -> HeadModel:
        """A new detector with its energy; BackboneError where ImageNet's weights are wanted and
        their package is not installed."""
        model = HeadModel(DESIGNS[self.options.network])
        if self.options.imagenet:
            copy_imagenet(model.detector.stem, model.detector.stages)
        return model

    def read_back(self, model: nn.Module, folder: Path) -> None:
        """The weights of a model folder of heads, see `read_back.read_back`."""
        read_back(cast(HeadModel, model), folder)

    def steps(self) -> int:
        """Batches of an epoch."""
        return max(1, self.options.epoch_images // self.batch_size)

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Batch]:
        """Batches of augmented pictures, each of one size."""
        options = self.options
        for _ in range(self.steps()):
            size = int(rng.choice([options.size, *options.other_sizes]))
            count = max(2, round(self.batch_size * (options.size / size) ** 2))
            yield collate([self.picture(rng, size) for _ in range(count)])

    def picture(self, rng: np.random.Generator, size: int | None = None) -> Scene:
        """One augmented training picture of `size` pixels (default: the recipe's)."""
        options = self.options
        side = options.size if size is None else size
        view = self.photographs.view(side, rng)
        view = self._rendered(side, rng) if view is None else bounded(view, self._crops(side))
        view = add_distractors(view, rng, options.distractors)
        if rng.random() >= options.distorted:
            return view
        return Scene(distort(view.image, rng), view.boxes, view.ignored)

    def _crops(self, size: int) -> CropSettings:
        options = self.options
        scale = size / options.size
        return CropSettings(
            options.smallest,
            options.largest * scale,
            mosaic=options.mosaic,
            fill=max(0.85, options.largest / options.size),
        )

    def _rendered(self, size: int, rng: np.random.Generator) -> Scene:
        options = self.options

        def backdrop() -> Image:
            picture = self.backdrops[int(rng.integers(len(self.backdrops)))]
            enlarge = size / min(picture.shape[:2])
            if enlarge > 1:
                picture = np.asarray(cv2.resize(picture, None, fx=enlarge, fy=enlarge), np.uint8)
            return picture

        def pick() -> Scene:
            if rng.random() < options.empty:
                return scene_of(backdrop())
            return self.scenes[int(rng.integers(len(self.scenes)))]

        crops = self._crops(size)
        view = random_view(pick, backdrop, size, crops, rng)
        if rng.random() >= options.turned:
            return view
        return bounded(turned(view, random_angle(rng), cv2.BORDER_REPLICATE), crops)

    def loss(self, model: nn.Module, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """The loss and its parts, in float32; the network runs in the loop's precision."""
        heads = cast(HeadModel, model)
        raw = heads.detector(normalised(torch.from_numpy(batch.images)))
        labels = HeadLabels(*(torch.from_numpy(array) for array in batch[1:]))
        settings = LossSettings(self.options.confidence, energy=self.options.energy_weight)
        with torch.autocast("cpu", enabled=False):
            return total_loss(raw, heads.energy, labels, settings, generator)

    def validate(self, model: nn.Module) -> dict[str, float]:
        """AP50, AP75 and their mean's distance from 1 on the validation scenes."""
        return validate(cast(HeadModel, model), self.validation)

    def calibrate(self, model: nn.Module) -> None:
        """How sure boxes are, on the validation scenes."""
        heads, runtime = cast(HeadModel, model), self.options.runtime
        found = found_heads(heads, self.validation, runtime.score_threshold)
        calibrate_boxes(heads.energy, [found], runtime)


def collate(scenes: list[Scene]) -> Batch:
    """Pictures of one size, their boxes padded to the largest number."""
    most = max(1, max(len(scene.boxes) for scene in scenes))
    boxes = np.tile(np.array([0, 0, 1, 1], np.float32), (len(scenes), most, 1))
    valid = np.zeros((len(scenes), most), bool)
    ignored = np.zeros((len(scenes), most), bool)
    for row, scene in enumerate(scenes):
        count = len(scene.boxes)
        boxes[row, :count] = scene.boxes
        valid[row, :count] = True
        ignored[row, :count] = scene.ignored
    return Batch(np.stack([scene.image for scene in scenes]), boxes, valid, ignored)


def detection_problem(recipe: Recipe) -> DetectionProblem:
    """The problem of a recipe; RecipeError for wrong options, ShardError for damaged shards."""
    options = parse_options(DetectionOptions, recipe)
    rng = np.random.default_rng([recipe.seed, 0xBAC])
    backdrops = tuple(random_backdrop(*BACKDROP_SIZE, rng) for _ in range(options.backdrops))
    return DetectionProblem(
        options,
        recipe.batch_size,
        load_scenes(options.train),
        backdrops,
        load_photographs(options.photographs),
        _validation(options),
    )


def _validation(options: DetectionOptions) -> SceneSet:
    """Rendered scenes and photographs, boxes clipped to the picture."""
    scenes = list(load_scenes(options.val).scenes)
    for path in options.val_photographs:
        pictures = read_labels(path)
        for picture in pictures[:: max(1, len(pictures) // options.val_count)]:
            scenes.append(bounded(picture.read(), CropSettings(least=0.0)))
    return SceneSet(scenes)
