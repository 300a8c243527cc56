"""WFLW, Wider Facial Landmarks in the Wild: 98 points, and six kinds of hard pictures.

"Look at Boundary: A Boundary-Aware Face Alignment Algorithm" (CVPR 2018). A line of the lists holds
196 numbers of points, 4 of a box, 6 attributes (0 or 1) and the picture's path.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgereg_training.data.dataset import (
    DataSet,
    DataSetError,
    Sample,
    distance,
    lines_of,
    picture,
)

LISTS = Path("WFLW_annotations", "list_98pt_rect_attr_train_test")
IMAGES = "WFLW_images"
SUBSETS = ("pose", "expression", "illumination", "make-up", "occlusion", "blur")
# The lists' first pixel is 0, its centre is ours at 0.5.
SHIFT = 0.5
POINTS = 98
# The outer corners of the eyes, whose distance errors are over.
EYES = (60, 72)
_NUMBERS = 2 * 98 + 4 + len(SUBSETS)


def _list(folder: Path, split: str) -> Path:
    return folder / LISTS / f"list_98pt_rect_attr_{split}.txt"


def recognises(folder: Path) -> bool:
    """Whether one of the lists is there."""
    return any(_list(folder, split).is_file() for split in ("train", "test"))


def load(folder: Path, split: str) -> list[Sample]:
    """Splits 'train' (7,500 faces) and 'test' (2,500)."""
    path = _list(folder, split)
    return [
        _sample(folder, line, f"{path}, line {number}")
        for number, line in enumerate(lines_of(path), start=1)
    ]


def _sample(folder: Path, line: str, where: str) -> Sample:
    *numbers, name = line.split(maxsplit=_NUMBERS)
    if len(numbers) != _NUMBERS:
        raise DataSetError(f"{where}: expected {_NUMBERS} numbers and a path")
    try:
        values = np.array(numbers, np.float64)
    except ValueError as error:
        raise DataSetError(f"{where}: {error}") from error
    points = values[:196].reshape(98, 2) + SHIFT
    left, top, right, bottom = values[196:200] + SHIFT
    image = folder / IMAGES / name
    marked = zip(SUBSETS, values[200:], strict=True)
    return Sample(
        # A picture may hold several faces.
        name=f"{name}@{left:.0f},{top:.0f}",
        file=image,
        read=picture(image),
        labels={"landmarks": points.astype(np.float32)},
        box=(float(left), float(top), float(right), float(bottom)),
        reference=distance(points, *EYES),
        subsets=tuple(subset for subset, mark in marked if mark),
    )


WFLW = DataSet(
    name="wflw",
    title="WFLW",
    splits=("train", "test"),
    labels=("landmarks",),
    layout=f"{LISTS.as_posix()}/list_98pt_rect_attr_train.txt and _test.txt, and {IMAGES}/",
    recognises=recognises,
    load=load,
    notes="errors over the distance of the outer eye corners; six test subsets",
)
