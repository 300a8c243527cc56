"""COCO: `annotations/instances_train2017.json` and `train2017/`, and the same of val2017."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgereg_training.data.dataset import DataSet, DataSetError, Sample, picture

YEARS = ("2017", "2014")
# The benchmark's own names of its splits.
SPLITS = ("train", "val")


def _list(folder: Path, split: str) -> tuple[Path, Path] | None:
    """The list and the pictures' folder of a split."""
    for year in YEARS:
        path = folder / "annotations" / f"instances_{split}{year}.json"
        if path.is_file():
            return path, folder / f"{split}{year}"
    return None


def recognises(folder: Path) -> bool:
    """Whether there is a list of instances."""
    return any(_list(folder, split) for split in SPLITS)


def load(folder: Path, split: str) -> list[Sample]:
    """Splits 'train' and 'val'. Classes are numbered from 0 in the order of the list's ids; crowds
    are left out, pictures without boxes stay."""
    found = _list(folder, split)
    if found is None:
        raise DataSetError(f"{folder}: holds no annotations/instances_{split}*.json")
    path, images = found
    content = read_json(path)
    try:
        numbers = {c["id"]: k for k, c in enumerate(sorted(content["categories"], key=_id))}
        boxes = defaultdict(list)
        for note in content["annotations"]:
            if not note.get("iscrowd"):
                x, y, width, height = note["bbox"]
                row = (x, y, x + width, y + height, numbers[note["category_id"]])
                boxes[note["image_id"]].append(row)
        return [_sample(images, item, boxes[item["id"]]) for item in content["images"]]
    except (KeyError, TypeError, ValueError) as error:
        raise DataSetError(f"{path}: is no list of COCO instances ({error!r})") from error


def class_names(folder: Path, split: str = "train") -> tuple[str, ...]:
    """The names of the classes, in the order of their numbers."""
    found = _list(folder, split)
    if found is None:
        raise DataSetError(f"{folder}: holds no annotations/instances_{split}*.json")
    categories = sorted(read_json(found[0])["categories"], key=_id)
    return tuple(str(category["name"]) for category in categories)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; DataSetError where the file holds none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataSetError(f"{path}: can't be read ({error})") from error
    if not isinstance(content, dict):
        raise DataSetError(f"{path}: holds no object")
    return content


def _id(item: dict[str, Any]) -> int:
    return int(item["id"])


def _sample(images: Path, item: dict[str, Any], rows: Sequence[tuple[float, ...]]) -> Sample:
    image = images / item["file_name"]
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Sample(
        name=item["file_name"],
        file=image,
        read=picture(image),
        labels={"boxes": table[:, :4], "classes": table[:, 4].astype(np.int64)},
    )


COCO = DataSet(
    name="coco",
    title="COCO",
    splits=SPLITS,
    labels=("boxes", "classes"),
    layout="annotations/instances_train2017.json and train2017/ (and val2017)",
    recognises=recognises,
    load=load,
)
