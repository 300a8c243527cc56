"""The Face Research Lab London Set (CC BY 4.0) as cut-out people with boxes of their heads."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edgereg.core.arrays import Image
from edgereg_training.detection.photographs.cutouts import coverage_on_plain, head_of_outline
from edgereg_training.detection.photographs.labels import LabelledPicture, write_labels
from edgereg_training.detection.scene import Boxes
from edgereg_training.faces.photographs import pseudo_labels

# Where the nose points in the picture; "left" views show the left side of the picture's person.
FACING = {"front": 0, "left_3quarter": -1, "left_profile": -1,
          "right_3quarter": 1, "right_profile": 1}  # fmt: skip
# The widest a head's box may be over its height: from the front, and turned.
WIDEST = (0.92, 1.0)
# Every fifth person, in the order of the numbers, is kept for tests.
TEST_EVERY = 5


def prepare_london(source: Path, out: Path) -> None:
    """Write OUT/train and OUT/test: an RGBA PNG of every view with `labels.json` in COCO's form,
    and `whole.json`, the same labels of the photographs as they are.

    source: the folder of the set's views, with `mediapipe_pseudo.npz`: 68 points of the pictures
    where a face was found. The chin of views without points is that of the same person's front
    view, which five cameras of one height saw at the same moment.
    """
    names, known_points, _ = pseudo_labels(source)
    points = dict(zip(names, known_points, strict=True))
    people = sorted({path.name[:3] for path in (source / "neutral_front").glob("*.jpg")})
    tested = set(people[TEST_EVERY - 1 :: TEST_EVERY])
    for split, chosen in (("train", set(people) - tested), ("test", tested)):
        pictures, whole = [], []
        for path in sorted(source.glob("*_*/*.jpg")):
            if path.name[:3] not in chosen:
                continue
            mood, _, view = path.parent.name.partition("_")
            front = next((source / f"{mood}_front").glob(f"{path.name[:3]}_*.jpg"))
            own = f"{path.parent.name}/{path.name}"
            known = points.get(own, points.get(f"{front.parent.name}/{front.name}"))
            if known is None:
                continue
            target = out / split / f"{path.name[:3]}-{path.parent.name}.png"
            box = _cut(path, target, float(known[8, 1]), FACING[view])
            pictures.append(LabelledPicture(target, box[None], np.zeros(1, bool)))
            whole.append(LabelledPicture(path, box[None], np.zeros(1, bool)))
        write_labels(out / split / "labels.json", pictures)
        write_labels(out / split / "whole.json", whole)


def _cut(path: Path, target: Path, chin: float, facing: int) -> Boxes:
    """Writes the cut-out; returns the head's box [4]."""
    image: Image = np.asarray(cv2.imread(str(path)), np.uint8)
    coverage = coverage_on_plain(image)
    target.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(target), np.dstack([image, coverage]))
    return head_of_outline(coverage, chin, facing, WIDEST)
