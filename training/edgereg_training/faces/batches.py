"""Crops of faces as the network sees them in training: jittered, turned, mirrored, degraded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgereg.core.arrays import FloatArray, Image
from edgereg_training.faces.sets import POINTS, FaceSet, Labels
from edgereg_training.regression.augmentation import (
    StrongAugmentation,
    jittered_view,
    sampled_crop,
)
from edgereg_training.regression.faults import degrade
from edgereg_training.regression.points import mirror_order
from edgereg_training.regression.view import View

MIRRORED = list(mirror_order(POINTS))


@dataclass(frozen=True)
class Crops:
    """images uint8 [N, S, S, 3]; labels of what they show, points in px of the crop; views: what
    each shows of its picture."""

    images: Image
    labels: Labels
    views: tuple[View, ...] = ()

    def __len__(self) -> int:
        return len(self.images)


def framed_at_random(faces: FaceSet, share: float, rng: np.random.Generator) -> FaceSet:
    """The same, of which this share lies in the boxes that a detector found; nothing is drawn
    where none was asked."""
    return faces if faces.found is None else faces.framed(rng.random(len(faces)) < share)


def augmented(
    faces: FaceSet,
    size: int,
    crop_scale: float,
    how: StrongAugmentation,
    rng: np.random.Generator,
) -> Crops:
    """One crop of side `size` of each face, as from a detector's box, with faults in it."""
    views = [jittered_view(box, crop_scale, how, rng) for box in faces.boxes]
    crops = [
        sampled_crop(image, view, size, rng)
        for image, view in zip(faces.images, views, strict=True)
    ]
    images = [degrade(crop, crops[k - 1], how.strength, rng) for k, crop in enumerate(crops)]
    return Crops(np.stack(images), seen(faces.labels, views, size), tuple(views))


def plain(faces: FaceSet, size: int, crop_scale: float) -> Crops:
    """One crop of each face from its box as it is."""
    sides = crop_scale * (faces.boxes[:, 2:] - faces.boxes[:, :2]).max(1)
    centres = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2
    views = [View(centre, float(side)) for centre, side in zip(centres, sides, strict=True)]
    # Averaged over areas, as the runtime does.
    fine = [max(1, int(np.ceil(view.side / size))) for view in views]
    images = [
        view.crop(image, size * factor).reshape(size, factor, size, factor, 3).mean((1, 3))
        for image, view, factor in zip(faces.images, views, fine, strict=True)
    ]
    shown = np.stack(images).astype(np.uint8)
    return Crops(shown, seen(faces.labels, views, size), tuple(views))


def joined(parts: list[Crops]) -> Crops:
    """All crops in one batch."""
    names = Labels.__dataclass_fields__
    labels = [np.concatenate([getattr(part.labels, name) for part in parts]) for name in names]
    return Crops(np.concatenate([part.images for part in parts]), Labels(*labels))


def seen(labels: Labels, views: list[View], size: int) -> Labels:
    """The labels of crops of side `size` that show these views.

    Turning a picture by a degrees adds a to roll, because R = Rz(roll) Ry(yaw) Rx(pitch); mirroring
    negates yaw and roll, swaps the ends of their intervals, and left and right among the points.
    """
    pose, points = labels.pose.copy(), labels.points.copy()
    weight = labels.point_weight.copy()
    for index, view in enumerate(views):
        points[index] = moved(points[index], view, size)
        if view.mirrored:
            pose[index, 0::2] = -pose[index, 0::2, ::-1]
            points[index] = points[index, MIRRORED]
            weight[index] = weight[index, MIRRORED]
        pose[index, 2] += view.turn
    return Labels(pose, points, labels.age, labels.pose_weight, weight)


def moved(points: FloatArray, view: View, size: int) -> FloatArray:
    """Points [P, 2] of a picture in px of a crop of side `size` that shows this view of it."""
    linear, offset = view.inverse(size)
    return np.asarray(points @ linear.T + offset, np.float32)
