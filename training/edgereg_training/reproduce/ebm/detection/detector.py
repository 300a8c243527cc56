"""One trained Faster R-CNN, and what the comparison needs of it for every picture, kept on disk.

All approaches stand on the same maps and start at the same boxes; only their own layers are
trained, so that the pictures go through the backbone once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from edgereg.core.arrays import FloatArray
from edgereg_training.detection.objects.annotations import Split, load_annotated
from edgereg_training.detection.objects.pictures import Picture, collate, load_pictures
from edgereg_training.detection.objects.problem import (
    ObjectsOptions,
    model_of,
    problem,
    with_data,
)
from edgereg_training.detection.objects.rcnn import ObjectsModel, Predictor
from edgereg_training.loop.checkpoint import load_best
from edgereg_training.loop.loop import train
from edgereg_training.loop.recipe import Recipe, load_recipe, parse_options

if TYPE_CHECKING:
    from edgereg_training.reproduce.context import Context

RECIPE = Path(__file__).parents[3] / "recipes" / "detection.yaml"
# Boxes below this score are not refined: they hardly count in the average precision.
LEAST_SCORE = 0.05
# Of the detector's training; a few hundred pictures gain little after eight.
EPOCHS, QUICK_EPOCHS = 8, 1


@dataclass(frozen=True)
class Cached:
    """One split of N pictures. maps: float16 [N, C, h, w], the finest of the pyramid; of each
    picture its true boxes [G, 4] and classes [G], and the detector's boxes [D, 4], scores [D] and
    labels [D] before suppression; names of the classes; seconds of one picture in the detector."""

    maps: npt.NDArray[np.float16]
    truth: list[FloatArray]
    classes: list[npt.NDArray[np.int64]]
    boxes: list[FloatArray]
    scores: list[FloatArray]
    labels: list[npt.NDArray[np.int64]]
    names: tuple[str, ...]
    seconds: float

    def __len__(self) -> int:
        return len(self.maps)


def trained_detector(context: Context, data: Path, options: Mapping[str, Any]) -> Path:
    """The folder of the detector's training on `data`: trained where it is not there yet, gone on
    with where it was stopped. options: instead of the recipe's."""
    recipe = with_data(load_recipe(RECIPE), [data])
    epochs = QUICK_EPOCHS if context.quick else EPOCHS
    changed = {"epochs": epochs, "options": {**recipe.options, **options}}
    recipe = recipe.model_copy(update=changed)
    folder = context.cells.folder / f"detector-{data.resolve().name}-{recipe.epochs}"

    def watch(progress: object) -> None:
        done = progress.epoch * progress.steps + progress.step  # type: ignore[attr-defined]
        total = progress.epochs * progress.steps  # type: ignore[attr-defined]
        context.progress(done, total, "train the detector")

    train(problem(recipe), recipe, folder, (folder / "checkpoints").is_dir(), watch)
    return folder


def load_detector(folder: Path) -> tuple[ObjectsModel, ObjectsOptions, Recipe]:
    """The best epoch's network, see `load_best`, with its options and recipe."""
    model, recipe = load_best(
        folder, lambda recipe: model_of(parse_options(ObjectsOptions, recipe))
    )
    return model, parse_options(ObjectsOptions, recipe), recipe


def cached(folder: Path, data: Path, split: Split) -> Cached:
    """One split as the detector of a training folder sees it, from the disk where it is there.

    Training pictures stand there twice, as they are and mirrored.
    """
    place = folder / f"maps-{split}.pt"
    if place.is_file():
        return Cached(**torch.load(place, weights_only=False))
    model, options, _ = load_detector(folder)
    annotated = load_annotated(data, split)
    pictures = load_pictures(annotated, options.long_side)
    if split == "train":
        pictures += [mirrored(picture) for picture in pictures]
    made = seen_by(model, pictures, annotated.names)
    temporary = place.with_suffix(".part")
    torch.save(vars(made), temporary)
    temporary.replace(place)
    return made


def mirrored(picture: Picture) -> Picture:
    """Left for right."""
    width = picture.image.shape[1]
    boxes = picture.boxes.copy()
    boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    return Picture(np.ascontiguousarray(picture.image[:, ::-1]), boxes, picture.classes)


def seen_by(model: ObjectsModel, pictures: list[Picture], names: tuple[str, ...]) -> Cached:
    """Every picture through the detector, all on one size."""
    import time

    canvas = collate(pictures).images
    predictor = Predictor(model)
    maps, boxes, scores, labels = [], [], [], []
    began = time.process_time()
    for image in canvas:
        with torch.no_grad():
            pyramid = model.maps(torch.from_numpy(image[None]))
            proposals = predictor.proposals(pyramid, image.shape[1], image.shape[0])
            found, score, label = predictor.classified(pyramid["0"], proposals)
        good = score[0] >= LEAST_SCORE
        maps.append(pyramid["0"][0].half().numpy())
        boxes.append(found[0][good].numpy())
        scores.append(score[0][good].numpy())
        labels.append(label[0][good].numpy())
    seconds = (time.process_time() - began) / len(canvas)
    truth = [picture.boxes for picture in pictures]
    classes = [picture.classes for picture in pictures]
    return Cached(np.stack(maps), truth, classes, boxes, scores, labels, names, seconds)
