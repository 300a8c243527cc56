"""UTKFace: `age_gender_race_date.jpg`, aligned and cropped faces of ages 0 to 116.

The EBM paper takes ages 21 to 60, as the papers on ordinal regression do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from edgereg_training.data.dataset import DataSet, Sample, number, picture
from edgereg_training.data.splits import drawn

# A few files lack one of the numbers, and the set's page says to leave them out.
_NAME = re.compile(r"^(\d{1,3})_([01])_([0-4])_(\d+)\.jpg(\.chip\.jpg)?$")
FOLDERS = (".", "UTKFace", "part1", "part2", "part3", "crop_part1")
AGES = range(21, 61)
VALIDATION, TEST = 0.08, 0.2


def _pictures(folder: Path) -> Iterator[Path]:
    for name in FOLDERS:
        if (folder / name).is_dir():
            yield from (path for path in (folder / name).glob("*.jpg") if _NAME.match(path.name))


def recognises(folder: Path) -> bool:
    """Whether there is a picture with such a name."""
    return next(_pictures(folder), None) is not None


def load(folder: Path, split: str) -> list[Sample]:
    """Splits drawn by name, 72 : 8 : 20, of ages 21 to 60; 'all' holds every age."""
    samples = [
        Sample(
            name=image.relative_to(folder).as_posix(),
            file=image,
            read=picture(image),
            labels={"age": number(image.name.split("_")[0])},
        )
        for image in sorted(_pictures(folder))
    ]
    if split == "all":
        return samples
    adults = [sample for sample in samples if int(sample.labels["age"]) in AGES]
    return drawn(adults, split, VALIDATION, TEST)


UTKFACE = DataSet(
    name="utkface",
    title="UTKFace",
    splits=("train", "val", "test", "all"),
    labels=("age",),
    layout="pictures age_gender_race_date.jpg (here, or in UTKFace/ or part1/ to part3/)",
    recognises=recognises,
    load=load,
    notes="ages 21 to 60 but in 'all'; split drawn by file name, 72 : 8 : 20",
)
