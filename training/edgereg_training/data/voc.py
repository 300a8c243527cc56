"""Pascal VOC: `Annotations/*.xml`, `JPEGImages/*.jpg` and lists in `ImageSets/Main/`."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from edgereg_training.data.dataset import DataSet, DataSetError, Sample, lines_of, picture

SPLITS = ("train", "val", "trainval", "test")
# Corners are pixels that count from 1 and belong to the box: ours are x - 1 and x.
FIRST = 1.0
LISTS = Path("ImageSets", "Main")


def recognises(folder: Path) -> bool:
    """Whether annotations and a list are there."""
    return (folder / "Annotations").is_dir() and any(
        (folder / LISTS / f"{split}.txt").is_file() for split in SPLITS
    )


def load(folder: Path, split: str) -> list[Sample]:
    """Splits of the lists; classes are numbered from 0 in the order of the alphabet."""
    path = folder / LISTS / f"{split}.txt"
    names = class_names(folder)
    numbers = {name: number for number, name in enumerate(names)}
    return [_sample(folder, line.split()[0], numbers) for line in lines_of(path)]


def class_names(folder: Path) -> tuple[str, ...]:
    """The names of all classes in the annotations, in the order of their numbers."""
    files = sorted((folder / "Annotations").glob("*.xml"))
    return tuple(sorted({name for file in files for name, *_ in read_objects(file)}))


def read_objects(file: Path) -> list[tuple[str, float, float, float, float]]:
    """Class and box x1, y1, x2, y2 of each object that is not marked as difficult."""
    try:
        root = ElementTree.parse(file).getroot()  # noqa: S314  (the user's own file)
        found = []
        for item in root.iter("object"):
            if item.findtext("difficult", "0").strip() == "1":
                continue
            box = item.find("bndbox")
            if box is None:
                raise ValueError("an object without bndbox")
            x1, y1, x2, y2 = (
                float(box.findtext(name, "")) for name in ("xmin", "ymin", "xmax", "ymax")
            )
            found.append((item.findtext("name", "").strip(), x1 - FIRST, y1 - FIRST, x2, y2))
        return found
    except (OSError, ElementTree.ParseError, ValueError) as error:
        raise DataSetError(f"{file}: is no annotation of Pascal VOC ({error})") from error


def _sample(folder: Path, name: str, numbers: dict[str, int]) -> Sample:
    objects = read_objects(folder / "Annotations" / f"{name}.xml")
    beside = (folder / "JPEGImages" / f"{name}{end}" for end in (".jpg", ".jpeg", ".png"))
    image = next((path for path in beside if path.is_file()), folder / "JPEGImages" / f"{name}.jpg")
    return Sample(
        name=name,
        file=image,
        read=picture(image),
        labels={
            "boxes": np.array([box for _, *box in objects], np.float32).reshape(-1, 4),
            "classes": np.array([numbers[kind] for kind, *_ in objects], np.int64),
        },
    )


VOC = DataSet(
    name="voc",
    title="Pascal VOC",
    splits=SPLITS,
    labels=("boxes", "classes"),
    layout="Annotations/*.xml, JPEGImages/*.jpg and ImageSets/Main/train.txt",
    recognises=recognises,
    load=load,
    notes="objects marked as difficult are left out",
)
