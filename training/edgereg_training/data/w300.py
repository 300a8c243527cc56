"""300-W: 68 points on the photographs of AFW, HELEN, LFPW and IBUG.

"300 Faces in-the-Wild Challenge" (ICCVW 2013). Beside each picture stands a `.pts`: `version: 1`,
`n_points: 68`, `{`, a line of x and y for each point in pixels that count from 1, and `}`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgereg_training.data.dataset import (
    DataSet,
    DataSetError,
    Sample,
    box_of_points,
    distance,
    lines_of,
    picture,
)

PARTS = {
    "train": ("afw", "helen/trainset", "lfpw/trainset"),
    "common": ("helen/testset", "lfpw/testset"),
    "challenging": ("ibug",),
}
PICTURES = (".jpg", ".png", ".jpeg", ".bmp")
# The files' first pixel has its centre at 1, ours at 0.5.
SHIFT = 0.5
POINTS = 68
# The outer corners of the eyes, whose distance errors are over.
EYES = (36, 45)


def recognises(folder: Path) -> bool:
    """Whether a part of the set with points is there."""
    return any(
        any(part.glob("*.pts")) for names in PARTS.values() for part in _parts(folder, names)
    )


def load(folder: Path, split: str) -> list[Sample]:
    """Splits 'train' (3,148 faces), 'test' (689) and its parts 'common' and 'challenging'."""
    splits = ("common", "challenging") if split == "test" else (split,)
    return [
        _sample(folder, file, () if own == "train" else (own,))
        for own in splits
        for part in _parts(folder, PARTS[own])
        for file in sorted(part.glob("*.pts"))
    ]


def _parts(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """The folders of these names, in lower or upper case."""
    found = []
    for name in names:
        first, *rest = name.split("/")
        for own in (first, first.upper()):
            path = folder.joinpath(own, *rest)
            if path.is_dir():
                found.append(path)
                break
    return found


def _sample(folder: Path, file: Path, subsets: tuple[str, ...]) -> Sample:
    points = read_points(file)
    if len(points) != POINTS:
        raise DataSetError(f"{file}: expected {POINTS} points, found {len(points)}")
    beside = (file.with_suffix(ending) for ending in PICTURES)
    image = next((path for path in beside if path.is_file()), file.with_suffix(PICTURES[0]))
    return Sample(
        name=image.relative_to(folder).as_posix(),
        file=image,
        read=picture(image),
        labels={"landmarks": points.astype(np.float32)},
        box=box_of_points(points),
        reference=distance(points, *EYES),
        subsets=subsets,
    )


def read_points(file: Path) -> npt.NDArray[np.float64]:
    """The points [P, 2] of a `.pts` file, in our pixels."""
    lines = lines_of(file)
    try:
        start, end = lines.index("{"), lines.index("}")
        header = dict(line.split(":", 1) for line in lines[:start])
        rows = [[float(number) for number in line.split()] for line in lines[start + 1 : end]]
        points = np.array(rows, np.float64).reshape(len(rows), 2)
        wanted = int(header["n_points"])
    except (ValueError, KeyError) as error:
        raise DataSetError(
            f"{file}: expected 'n_points: N' and N lines of x and y between braces"
        ) from error
    if len(points) != wanted:
        raise DataSetError(f"{file}: says n_points {wanted} and holds {len(points)}")
    return points - SHIFT


W300 = DataSet(
    name="300w",
    title="300-W",
    splits=("train", "test", "common", "challenging"),
    labels=("landmarks",),
    layout="folders afw, helen/trainset, helen/testset, lfpw/trainset, lfpw/testset and ibug, with "
    "pairs of pictures and *.pts",
    recognises=recognises,
    load=load,
    notes="errors over the distance of the outer eye corners",
)
