"""What a data set is: where its labelled pictures lie, its splits, and how its labels are meant.

Labels leave a loader in edgereg's conventions, whatever the files have:

    landmarks [P, 2]   px, continuous: the first pixel's centre is at (0.5, 0.5); NaN where unknown
    pose [3]           yaw, pitch, roll in degrees, see `edgereg.core.geometry.rotation_matrix`
    age, length ... [] numbers in their own units
    boxes [N, 4]       x1, y1, x2, y2 in px, with classes [N]
    depth [h, w]       metres, 0 where unknown
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import Image
from edgereg_training.loop.errors import TrainingError

Labels = Mapping[str, npt.NDArray[Any]]
Box = tuple[float, float, float, float]


class DataSetError(TrainingError):
    """A folder is not the data set that was asked for, or a file of it can't be read."""


@dataclass(frozen=True)
class Sample:
    """One labelled picture, or one labelled face of a picture.

    name: unique within the set. file: what holds the picture. read: gives it, uint8 [H, W, 3] RGB.
    box: of what is labelled, px; None: the whole picture. reference: px, the length that the set's
    normalised errors are over. subsets: of the test protocol, by name. person: who is on it, where
    the set tells. maps: reads labels that are too large to hold for all samples at once.
    """

    name: str
    file: Path
    read: Callable[[], Image]
    labels: Labels
    box: Box | None = None
    reference: float | None = None
    subsets: tuple[str, ...] = ()
    person: str = ""
    maps: Callable[[], Labels] | None = None


@dataclass(frozen=True)
class DataSet:
    """One data set of the registry.

    title: one line for people. splits: names that `load(folder, split)` takes. labels: keys of the
    samples' labels. layout: what a folder must hold, relative to it, for the message that says
    what was expected. recognises: whether a folder looks like this set. `load` raises DataSetError
    where it does not. notes: what one should know of labels and splits.
    """

    name: str
    title: str
    splits: tuple[str, ...]
    labels: tuple[str, ...]
    layout: str
    recognises: Callable[[Path], bool]
    load: Callable[[Path, str], Sequence[Sample]]
    notes: str = ""


def samples_of(dataset: DataSet, folder: Path, split: str) -> Sequence[Sample]:
    """The samples of a split, in the set's own order.

    Raises DataSetError where the folder is not this set, the split is unknown or it is empty.
    """
    if split not in dataset.splits:
        known = ", ".join(dataset.splits)
        raise DataSetError(f"{dataset.name} has no split '{split}' (known: {known})")
    if not dataset.recognises(folder):
        raise DataSetError(
            f"{folder}: is not {dataset.title}. Expected {dataset.layout}; found {found_in(folder)}"
        )
    samples = dataset.load(folder, split)
    if not samples:
        raise DataSetError(
            f"{folder}: {dataset.name} holds nothing in split '{split}'. Expected {dataset.layout}"
        )
    return samples


def found_in(folder: Path, most: int = 6) -> str:
    """What a folder holds, in a few words."""
    if folder.is_file():
        return f"a file of {folder.stat().st_size} bytes"
    if not folder.is_dir():
        return "no such folder"
    names = sorted(f"{path.name}/" if path.is_dir() else path.name for path in folder.iterdir())
    if not names:
        return "an empty folder"
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def picture(path: Path) -> Callable[[], Image]:
    """Reads a picture file when called; DataSetError where it can't be read."""
    return partial(read_picture, path)


def read_picture(path: Path) -> Image:
    """uint8 [H, W, 3] RGB of a picture file, as its pixels are stored (EXIF is not looked at, as
    the labels of these sets are in stored pixels)."""
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise DataSetError(f"{path}: the picture can't be read ({error.strerror})") from error
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    found = cv2.imdecode(data, flags) if data.size else None
    if found is None:
        raise DataSetError(f"{path}: is no picture that can be read")
    return np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)


def number(value: float | str) -> npt.NDArray[np.float32]:
    """A label of one number, float32 []; ValueError where the text is none."""
    return np.asarray(float(value), np.float32)


def distance(points: npt.NDArray[np.floating], first: int, second: int) -> float:
    """Between two of the points [P, 2], px."""
    return float(np.linalg.norm(points[first] - points[second]))


def box_of_points(points: npt.NDArray[np.floating]) -> Box:
    """The smallest box about points [P, 2] that are known."""
    known = points[np.isfinite(points).all(axis=1)]
    low, high = known.min(axis=0), known.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def lines_of(path: Path) -> list[str]:
    """The lines of a text file that are not empty; DataSetError where it can't be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataSetError(f"{path}: can't be read ({error})") from error
    return [line.strip() for line in text.splitlines() if line.strip()]
