"""Annotated pictures of objects: COCO's JSON or Pascal VOC's XML, wherever tools leave them.

    train = load_annotated(Path("data/bccd"), "train")      # train.names, train.samples

Besides the original layouts (see `edgereg_training.data`) a folder may hold COCO files of any
name, one a split or one for all, or pictures with an XML file each. What has no splits of its own
is divided by the pictures' names: 70 % train, 15 % val, 15 % test, the same at every reading.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from edgereg_training.data import coco, voc
from edgereg_training.data.dataset import DataSetError, Sample, found_in, picture

Split: TypeAlias = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
# What splits are called in the names of files and folders.
CALLED: dict[Split, tuple[str, ...]] = {
    "train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",),
}  # fmt: skip
PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".JPG", ".JPEG", ".PNG")
# Shares in per cent of what has no splits: below the first for training, below the second for val.
SHARES = (70, 85)


@dataclass(frozen=True)
class Annotated:
    """names: of the classes, in the order of the numbers in `labels["classes"]` of the samples;
    `labels["boxes"]` are x1, y1, x2, y2 in px."""

    names: tuple[str, ...]
    samples: tuple[Sample, ...]


def load_annotated(folder: Path, split: Split) -> Annotated:
    """The pictures of one split; one that is wanting is divided off the training pictures.

    Raises DataSetError where nothing is annotated or a file is damaged.
    """
    if voc.recognises(folder):
        return _of_voc_lists(folder, split)
    lists = _coco_lists(folder)
    if lists:
        return _of_coco(folder, lists, split)
    files = sorted(path for path in folder.rglob("*.xml") if path.is_file())
    if not files:
        raise DataSetError(
            f"{folder}: no annotations found: expected COCO's JSON or Pascal VOC's XML beside the "
            f"pictures; found {found_in(folder)}"
        )
    names = tuple(sorted({name for file in files for name, *_ in voc.read_objects(file)}))
    samples = [_of_xml(file, names) for file in files]
    return Annotated(names, _wanted(_by_folder(samples), split, folder))


def _of_voc_lists(folder: Path, split: Split) -> Annotated:
    there = {s for s in SPLITS if (folder / voc.LISTS / f"{s}.txt").is_file()}
    parts = {s: list(voc.load(folder, s)) for s in there}
    return Annotated(voc.class_names(folder), _wanted(parts, split, folder))


def _coco_lists(folder: Path) -> list[Path]:
    """JSON files that hold COCO's instances."""
    found = sorted(folder.glob("*.json")) + sorted(folder.glob("*/*.json"))
    return [path for path in found if _holds_instances(path)]


def _holds_instances(path: Path) -> bool:
    try:
        content = coco.read_json(path)
    except DataSetError:
        return False
    notes = content.get("annotations")
    return "categories" in content and "images" in content and isinstance(notes, list) and (
        not notes or "bbox" in notes[0]
    )  # fmt: skip


def _of_coco(root: Path, lists: list[Path], split: Split) -> Annotated:
    contents = [coco.read_json(path) for path in lists]
    # Tools add a class that no box has, for a group of classes.
    used = {n["category_id"] for content in contents for n in content["annotations"]}
    try:
        named = {
            int(c["id"]): str(c["name"])
            for content in contents
            for c in content["categories"]
            if c["id"] in used
        }
        names = tuple(named[key] for key in sorted(named))
        numbers = {key: place for place, key in enumerate(sorted(named))}
        parts: dict[Split | None, list[Sample]] = {}
        for path, content in zip(lists, contents, strict=True):
            found = parts.setdefault(_split_of(path, root), [])
            found += _samples(path, content, numbers)
    except (KeyError, TypeError, ValueError) as error:
        raise DataSetError(f"{lists[0]}: is no list of COCO instances ({error!r})") from error
    return Annotated(names, _wanted(parts, split, root))


def _samples(path: Path, content: dict[str, Any], numbers: dict[int, int]) -> list[Sample]:
    boxes: dict[int, list[tuple[float, ...]]] = {}
    for note in content["annotations"]:
        if not note.get("iscrowd"):
            x, y, width, height = note["bbox"]
            row = (x, y, x + width, y + height, numbers[note["category_id"]])
            boxes.setdefault(note["image_id"], []).append(row)
    return [
        _sample(_picture_of(path, str(item["file_name"])), boxes.get(item["id"], []))
        for item in content["images"]
    ]


def _sample(file: Path, rows: Iterable[tuple[float, ...]]) -> Sample:
    table = np.array(list(rows), np.float32).reshape(-1, 5)
    real = (table[:, 2] > table[:, 0]) & (table[:, 3] > table[:, 1])
    table = table[real]
    return Sample(
        name=file.name,
        file=file,
        read=picture(file),
        labels={"boxes": table[:, :4], "classes": table[:, 4].astype(np.int64)},
    )


def _picture_of(path: Path, name: str) -> Path:
    """The picture that a list names, relative to it or in one of the usual folders beside it."""
    folders = [path.parent, path.parent / "images", path.parent.parent,
               path.parent.parent / "images", path.parent / path.stem,
               path.parent.parent / path.stem.removeprefix("instances_")]  # fmt: skip
    tried = [folder / name for folder in folders]
    return next((place for place in tried if place.is_file()), tried[0])


def _of_xml(file: Path, names: tuple[str, ...]) -> Sample:
    stem = file.stem
    folders = (file.parent, file.parent.parent / "JPEGImages", file.parent.parent / "images")
    tried = [folder / f"{stem}{end}" for folder in folders for end in PICTURES]
    image = next((place for place in tried if place.is_file()), tried[0])
    rows = [(x1, y1, x2, y2, names.index(n)) for n, x1, y1, x2, y2 in voc.read_objects(file)]
    return _sample(image, rows)


def _split_of(path: Path, root: Path) -> Split | None:
    """What a word in the name of a file, or else its folder within `root`, says."""
    said = re.split("[^a-z]+", path.stem.lower())
    if path.parent != root:
        said.append(path.parent.name.lower())
    return next((split for split, words in CALLED.items() if set(words) & set(said)), None)


def _by_folder(samples: list[Sample]) -> dict[Split | None, list[Sample]]:
    parts: dict[Split | None, list[Sample]] = {}
    for sample in samples:
        folder = sample.file.parent.name.lower()
        named = next((s for s, words in CALLED.items() if folder in words), None)
        parts.setdefault(named, []).append(sample)
    return parts


def _wanted(parts: dict[Any, list[Sample]], split: Split, folder: Path) -> tuple[Sample, ...]:
    """The split's samples; where it is wanting, a share of what is for training or of no split."""
    if split in parts and (split != "train" or all(s in parts for s in SPLITS)):
        return tuple(parts[split])
    pool = [*parts.get("train", []), *parts.get(None, [])]
    chosen = tuple(sample for sample in pool if _drawn(sample.name, set(parts)) == split)
    if not chosen:
        raise DataSetError(f"{folder}: too few annotated pictures for a split '{split}'")
    return chosen


def _drawn(name: str, given: set[Any]) -> Split:
    """A picture's split by its name; those that the data set has are not drawn."""
    place = zlib.crc32(name.encode()) % 100
    drawn = SPLITS[int(np.searchsorted(SHARES, place, side="right"))]
    return "train" if drawn in given else drawn
