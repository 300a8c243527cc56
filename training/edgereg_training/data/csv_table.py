"""Anybody's own pictures and numbers: a CSV file with a header.

    path,length_mm,box_x1,box_y1,box_x2,box_y2,split,group
    photos/0001.jpg,41.5,,,,,train,plant-7

Needed are the column of the picture (`path`, `file`, `image` or `filename`; relative to the CSV)
and one of each number to learn. The rest is optional: a box in px, where a picture is more than
what is measured; a split; a group (a person, a plant, a day) that must not be in two splits.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

from edgereg_training.data.dataset import (
    Box,
    DataSet,
    DataSetError,
    Sample,
    lines_of,
    number,
    picture,
)
from edgereg_training.data.splits import drawn

PATHS = ("path", "file", "image", "filename")
BOX = ("box_x1", "box_y1", "box_x2", "box_y2")
SPLIT, GROUP = "split", "group"
# Of tables without a column `split`.
VALIDATION, TEST = 0.15, 0.0


def recognises(path: Path) -> bool:
    """Whether this is a CSV file with a column of pictures."""
    if not path.is_file() or path.suffix.lower() != ".csv":
        return False
    return any(name in PATHS for name in _columns(path))


def load(path: Path, split: str) -> list[Sample]:
    """Splits 'train', 'val', 'test' of the column `split`, else drawn by group or picture: 15 % for
    'val'; 'all' holds every line. A line whose picture column is empty is an error."""
    rows = list(csv.DictReader(lines_of(path)))
    key = next(name for name in PATHS if name in _columns(path))
    numbers = number_columns(path)
    samples = [
        _sample(path, row, key, numbers, f"{path}, line {line}")
        for line, row in enumerate(rows, start=2)
    ]
    given = [(row.get(SPLIT) or "").strip() for row in rows]
    if not any(given):
        return drawn(samples, split, VALIDATION, TEST)
    pairs = zip(samples, given, strict=True)
    return [sample for sample, own in pairs if split in ("all", own)]


def number_columns(path: Path) -> tuple[str, ...]:
    """The columns that may be learnt: all but those of pictures, boxes, splits and groups."""
    return tuple(name for name in _columns(path) if name not in (*PATHS, *BOX, SPLIT, GROUP))


def _columns(path: Path) -> list[str]:
    return list(csv.DictReader(lines_of(path)).fieldnames or ())


def _sample(
    table: Path, row: dict[str, str], key: str, numbers: tuple[str, ...], where: str
) -> Sample:
    path = (row[key] or "").strip()
    if not path:
        raise DataSetError(f"{where}: names no picture in column '{key}'")
    image = table.parent / path
    labels = {name: number(row[name]) for name in numbers if _is_number(row[name])}
    return Sample(
        name=path,
        file=image,
        read=picture(image),
        labels=labels,
        box=_box(row, where),
        person=(row.get(GROUP) or "").strip(),
    )


def _is_number(text: str | None) -> bool:
    """Whether a cell holds a finite number: else it is empty, or a note."""
    try:
        return math.isfinite(float(text or ""))
    except ValueError:
        return False


def _box(row: dict[str, str], where: str) -> Box | None:
    cells = [(row.get(name) or "").strip() for name in BOX]
    if not any(cells):
        return None
    try:
        x1, y1, x2, y2 = (float(cell) for cell in cells)
    except ValueError as error:
        raise DataSetError(f"{where}: the box needs four numbers in {', '.join(BOX)}") from error
    if x2 <= x1 or y2 <= y1:
        raise DataSetError(f"{where}: the box {x1:g},{y1:g},{x2:g},{y2:g} has no area")
    return x1, y1, x2, y2


CSV = DataSet(
    name="csv",
    title="a CSV table of pictures and numbers",
    splits=("train", "val", "test", "all"),
    labels=(),
    layout="a .csv file with a header that names a column path (or file, image, filename) and a "
    "column of each number",
    recognises=recognises,
    load=load,
    notes="without a column split 15 % of the groups or pictures are for validation",
)
