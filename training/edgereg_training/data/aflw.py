"""AFLW, Annotated Facial Landmarks in the Wild, with the benchmark's 19 points.

"Annotated Facial Landmarks in the Wild" (ICCVW 2011), as the lists of landmark benchmarks have it:
a CSV with a header and lines of path, scale, side of the face's box, centre x and y, and x and y of
19 points.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from edgereg_training.data.dataset import DataSet, DataSetError, Sample, lines_of, picture

LISTS = {
    "train": "face_landmarks_aflw_train.csv",
    "test": "face_landmarks_aflw_test.csv",
    "frontal": "face_landmarks_aflw_test_frontal.csv",
}
# The lists' first pixel is 0, its centre is ours at 0.5.
SHIFT = 0.5
_COLUMNS = 5 + 2 * 19


def _list(folder: Path, split: str) -> Path:
    places = (folder / LISTS[split], folder / "annotations" / LISTS[split])
    return next((path for path in places if path.is_file()), places[0])


def recognises(folder: Path) -> bool:
    """Whether one of the lists is there."""
    return any(_list(folder, split).is_file() for split in LISTS)


def load(folder: Path, split: str) -> list[Sample]:
    """Splits 'train' (20,000 faces), 'test' (4,386) and 'frontal' (1,314 of the test)."""
    path = _list(folder, split)
    images = folder / "images" if (folder / "images").is_dir() else folder
    rows = csv.reader(lines_of(path)[1:])
    return [_sample(images, row, f"{path}, line {n}") for n, row in enumerate(rows, start=2)]


def _sample(images: Path, row: list[str], where: str) -> Sample:
    if len(row) != _COLUMNS:
        raise DataSetError(f"{where}: expected {_COLUMNS} columns, found {len(row)}")
    try:
        scale, side, x, y, *numbers = (float(cell) for cell in row[1:])
    except ValueError as error:
        raise DataSetError(f"{where}: {error}") from error
    reach = 100 * scale
    image = images / row[0]
    return Sample(
        # A picture may hold several faces.
        name=f"{row[0]}@{x:.0f},{y:.0f}",
        file=image,
        read=picture(image),
        labels={"landmarks": np.array(numbers, np.float32).reshape(19, 2) + np.float32(SHIFT)},
        box=(x - reach, y - reach, x + reach, y + reach),
        reference=side,
    )


AFLW = DataSet(
    name="aflw",
    title="AFLW with 19 points",
    splits=("train", "test", "frontal"),
    labels=("landmarks",),
    layout="face_landmarks_aflw_train.csv and _test.csv (here or in annotations/), and the "
    "pictures they name (here or in images/)",
    recognises=recognises,
    load=load,
    notes="errors over the side of the face's box",
)
