"""AFAD, Asian Face Age Dataset: `AGE/111/*.jpg` are men of that age, `AGE/112/*.jpg` women.

"Ordinal Regression with Multiple Output CNN for Age Estimation" (CVPR 2016).
"""

from __future__ import annotations

from pathlib import Path

from edgereg_training.data.dataset import DataSet, Sample, number, picture
from edgereg_training.data.splits import drawn

SEXES = ("111", "112")
# The papers draw 80 : 20 without printing a list; a tenth of the 80 is for validation here.
VALIDATION, TEST = 0.08, 0.2


def _ages(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.is_dir() and path.name.isdigit()]
    return sorted(path for path in found if any((path / sex).is_dir() for sex in SEXES))


def recognises(folder: Path) -> bool:
    """Whether there is a folder of an age with one of a sex in it."""
    return bool(_ages(folder))


def load(folder: Path, split: str) -> list[Sample]:
    """Splits drawn by the pictures' names: 'train' 72 %, 'val' 8 %, 'test' 20 %."""
    samples = [
        Sample(
            name=image.relative_to(folder).as_posix(),
            file=image,
            read=picture(image),
            labels={"age": number(age.name)},
        )
        for age in _ages(folder)
        for sex in SEXES
        for image in sorted((age / sex).glob("*.jpg"))
    ]
    return drawn(samples, split, VALIDATION, TEST)


AFAD = DataSet(
    name="afad",
    title="AFAD",
    splits=("train", "val", "test", "all"),
    labels=("age",),
    layout="folders AGE/111/*.jpg and AGE/112/*.jpg",
    recognises=recognises,
    load=load,
    notes="split drawn by file name, 72 : 8 : 20",
)
