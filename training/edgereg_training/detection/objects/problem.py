"""Detection of any classes as a training problem: Faster R-CNN with the energy of its boxes.

problem: objects
options:
  data: data/bccd
  classes: [Platelets, RBC, WBC]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from edgereg_training.backbones.efficientnet_lite import LITE0
from edgereg_training.detection.calibration import Held, calibrate_boxes, matched
from edgereg_training.detection.energy import box_energy_loss
from edgereg_training.detection.losses import jittered
from edgereg_training.detection.objects.annotations import load_annotated
from edgereg_training.detection.objects.coco_figures import Found, average_precisions
from edgereg_training.detection.objects.pictures import (
    Batch,
    Picture,
    augmented,
    collate,
    load_pictures,
)
from edgereg_training.detection.objects.rcnn import ObjectsModel, Predictor
from edgereg_training.detection.objects.suppression import by_class
from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.recipe import Recipe, Strict, parse_options, with_options
from edgereg_training.methods.ebm.likelihood import Proposal

# Of the energy's training: see the EBM paper, section 5.1, and `detection.losses.LossSettings`.
SIGMAS, SAMPLES, JITTER, OBJECTS = (0.0375, 0.075, 0.15), 64, 0.0125, 4


class RuntimeSettings(Strict):
    """How the exported model is used: thresholds of the detection task; guided_nms: whether the
    energy leads its suppression; of the refinement (Algorithm 1) its steps and one step length for
    each relative coordinate."""

    score_threshold: float = Field(default=0.5, ge=0, le=1)
    nms_iou: float = Field(default=0.5, ge=0, le=1)
    max_candidates: int = Field(default=50, gt=0)
    guided_nms: bool = False
    steps: int = Field(default=10, ge=0)
    step_length: tuple[float, float, float, float] = (1e-4, 1e-4, 4e-4, 4e-4)
    decay: float = Field(default=0.5, gt=0, le=1)


class ObjectsOptions(Strict):
    """The keys of a recipe for a detector of one's own objects.

    data: folder of annotated pictures, see `annotations`. classes: their names, in order.
    long_side: pictures are scaled down to it. backbone: a model of timm; pretrained: start from its
    ImageNet weights. channels: of the pyramid. epoch_images: pictures an epoch (None: each once).
    upside_down: whether pictures may be turned over, as those of a microscope. energy_weight: of
    the energy's part in the loss.
    """

    data: Path
    classes: tuple[str, ...] = Field(min_length=1)
    long_side: int = Field(default=320, ge=64, multiple_of=32)
    backbone: str = LITE0
    pretrained: bool = True
    channels: int = Field(default=96, gt=0)
    epoch_images: int | None = Field(default=None, gt=0)
    upside_down: bool = False
    energy_weight: float = Field(default=0.1, ge=0)
    runtime: RuntimeSettings = RuntimeSettings()


@dataclass(frozen=True)
class ObjectsProblem:
    """See `problem.Problem`."""

    options: ObjectsOptions
    batch_size: int
    metric: str = "error"

    @cached_property
    def pictures(self) -> list[Picture]:
        """To train on."""
        return self._load("train")

    @cached_property
    def validation(self) -> list[Picture]:
        """To choose the epoch by."""
        return self._load("val")

    def _load(self, split: str) -> list[Picture]:
        annotated = load_annotated(self.options.data, "train" if split == "train" else "val")
        if annotated.names != self.options.classes:
            raise RecipeError(
                f"{self.options.data}: is annotated with {', '.join(annotated.names)}: set "
                f"'classes: [{', '.join(annotated.names)}]' in the recipe's options"
            )
        return load_pictures(annotated, self.options.long_side)

    def build(self) -> ObjectsModel:
        """A new detector with its energy."""
        return model_of(self.options, self.options.pretrained)

    def steps(self) -> int:
        """Batches of an epoch."""
        return max(1, (self.options.epoch_images or len(self.pictures)) // self.batch_size)

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Batch]:
        """Batches of augmented pictures."""
        count = self.steps() * self.batch_size
        order = np.resize(rng.permutation(len(self.pictures)), count)
        for chosen in order.reshape(-1, self.batch_size):
            turned = self.options.upside_down
            yield collate([augmented(self.pictures[i], turned, rng) for i in chosen])

    def loss(
        self, model: ObjectsModel, batch: Batch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """torchvision's four parts and the energy's."""
        images = [torch.from_numpy(image).permute(2, 0, 1) / 255 for image in batch.images]
        labels = [
            {"boxes": torch.from_numpy(boxes), "labels": torch.from_numpy(classes) + 1}
            for boxes, classes in zip(batch.boxes, batch.classes, strict=True)
        ]
        parts: dict[str, Tensor] = model.detector(images, labels)
        loss = torch.stack(list(parts.values())).sum()
        if self.options.energy_weight:
            # The energy learns on what the detector sees and does not change it.
            with torch.no_grad():
                finest = model.maps(torch.from_numpy(batch.images))["0"]
            parts["energy"] = energy_loss(model, finest.float(), batch.boxes, generator)
            loss = loss + self.options.energy_weight * parts["energy"]
        return {"loss": loss, **parts}

    def validate(self, model: ObjectsModel) -> dict[str, float]:
        """COCO's figures without refinement, and error = 1 - ap."""
        found = detect_all(Predictor(model), self.validation, self.options.runtime.nms_iou)
        figures = average_precisions(found, self.options.classes)
        named = {name: figures[name] for name in ("ap", "ap50", "ap75")}
        return named | {"error": 1 - figures["ap"]}

    def calibrate(self, model: ObjectsModel) -> None:
        """How sure boxes are, on the validation pictures."""
        found = found_objects(model, self.validation, self.options.runtime)
        calibrate_boxes(model.energy, [found], self.options.runtime)


def energy_loss(
    model: ObjectsModel,
    finest: Tensor,
    boxes: Sequence[np.ndarray],
    generator: torch.Generator,
) -> Tensor:
    """Likelihood of up to OBJECTS boxes of each picture under the energy, see
    `detection.energy.box_energy_loss`; finest: maps [B, C, h, w]."""
    chosen = torch.tensor([0.0, 0.0, 32.0, 32.0]).repeat(len(boxes), OBJECTS, 1)
    mask = torch.zeros(len(boxes), OBJECTS, dtype=torch.bool)
    for row, found in enumerate(boxes):
        order = torch.randperm(len(found), generator=generator)[:OBJECTS]
        chosen[row, : len(order)] = torch.from_numpy(found)[order]
        mask[row, : len(order)] = True
    features = model.energy_features(finest).float()
    noisy = jittered(chosen, JITTER, generator), mask
    proposal = Proposal([[sigma] * 4 for sigma in SIGMAS])
    return box_energy_loss(model.energy, features, noisy, proposal, SAMPLES, generator)


def detect_all(predictor: Predictor, pictures: Sequence[Picture], nms_iou: float) -> list[Found]:
    """What the `predict` graph and suppression by class give of each picture."""
    found = []
    for picture in pictures:
        batch = collate([picture])
        with torch.no_grad():
            boxes, scores, labels, _ = (
                part[0].numpy() for part in predictor(torch.from_numpy(batch.images))
            )
        kept = by_class(boxes, scores, labels, nms_iou)
        found.append(Found(boxes[kept], scores[kept], labels[kept], picture.boxes, picture.classes))
    return found


@torch.no_grad()
def found_objects(
    model: ObjectsModel, pictures: Sequence[Picture], runtime: RuntimeSettings
) -> Iterator[Held]:
    """The boxes that are found with at least the runtime's score, and their labels."""
    predictor = Predictor(model)
    for picture in pictures:
        outputs = predictor(torch.from_numpy(collate([picture]).images))
        boxes, scores, labels = (part[0].numpy() for part in outputs[:3])
        good = scores >= runtime.score_threshold
        boxes, scores, labels = boxes[good], scores[good], labels[good]
        kept = by_class(boxes, scores, labels, runtime.nms_iou)
        yield matched(outputs[3], boxes[kept], picture.boxes)


def model_of(options: ObjectsOptions, pretrained: bool = False) -> ObjectsModel:
    """The network that the options describe."""
    return ObjectsModel(options.backbone, pretrained, len(options.classes), options.channels)


def problem(recipe: Recipe) -> ObjectsProblem:
    """The problem of a recipe; RecipeError for wrong options."""
    return ObjectsProblem(parse_options(ObjectsOptions, recipe), recipe.batch_size)


def with_data(recipe: Recipe, folders: Sequence[Path]) -> Recipe:
    """The recipe for the annotated pictures of a folder, with their classes.

    Raises RecipeError for more than one folder, DataSetError where nothing is annotated.
    """
    if len(folders) != 1:
        raise RecipeError(f"a detector is trained on one folder, not on {len(folders)}")
    names = load_annotated(folders[0], "train").names
    return with_options(recipe, data=str(folders[0]), classes=list(names))
