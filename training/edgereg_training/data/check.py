"""What a folder of data holds: which set it is, how many samples, what is missing; and a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import Image
from edgereg.core.geometry import axis_tips, square_crops
from edgereg_training.data.dataset import DataSet, DataSetError, Sample, found_in, samples_of
from edgereg_training.registry import find, registered

TILE, COLUMNS, TILES = 160, 8, 40
MARGIN = 1.3


@dataclass(frozen=True)
class SplitReport:
    """One split: samples, pictures that are not there (and the first), subsets with their counts,
    and of each label of one number its smallest, mean and largest value."""

    split: str
    samples: int
    missing: int
    first_missing: Path | None
    subsets: dict[str, int]
    ranges: dict[str, tuple[float, float, float]]


@dataclass(frozen=True)
class Report:
    """splits: those that hold anything; problems: one line of each split that can't be loaded."""

    dataset: DataSet
    splits: tuple[SplitReport, ...]
    problems: tuple[str, ...]


def recognised(folder: Path) -> DataSet:
    """The set whose layout a folder has; DataSetError lists what the known ones look like."""
    if not folder.exists():
        raise DataSetError(f"{folder}: no such folder")
    known = [dataset_of(name) for name in sorted(registered("datasets"))]
    found = [dataset for dataset in known if dataset.recognises(folder)]
    if not found:
        layouts = "".join(f"\n  {dataset.name}: {dataset.layout}" for dataset in known)
        raise DataSetError(
            f"{folder}: has the layout of no known data set; found {found_in(folder)}. "
            f"Known:{layouts}"
        )
    return found[0]


def dataset_of(name: str) -> DataSet:
    """A set of the registry; RecipeError where there is none."""
    found: DataSet = find("datasets", name)
    return found


def report(dataset: DataSet, folder: Path) -> Report:
    """Load every split and count."""
    splits, problems = [], []
    for split in dataset.splits:
        try:
            samples = samples_of(dataset, folder, split)
        except DataSetError as error:
            problems.append(f"{split}: {error}")
            continue
        splits.append(_of_split(split, samples))
    return Report(dataset, tuple(splits), tuple(problems))


def _of_split(split: str, samples: Sequence[Sample]) -> SplitReport:
    files = {sample.file for sample in samples}
    missing = sorted(file for file in files if not file.is_file())
    names = sorted({name for sample in samples for name in sample.subsets})
    subsets = {name: sum(name in sample.subsets for sample in samples) for name in names}
    keys = sorted({key for sample in samples for key in sample.labels})
    ranges = {}
    for key in keys:
        values = [sample.labels[key] for sample in samples if key in sample.labels]
        if np.ndim(values[0]) == 0:
            numbers = np.array(values, np.float64)
            ranges[key] = (numbers.min(), numbers.mean(), numbers.max())
    return SplitReport(
        split, len(samples), len(missing), missing[0] if missing else None, subsets, ranges
    )


def contact_sheet(samples: Sequence[Sample]) -> Image:
    """Up to TILES samples, evenly spread, with their labels drawn: uint8 [H, W, 3] RGB.

    Samples whose picture is missing or can't be read are grey tiles.
    """
    chosen = np.unique(np.linspace(0, len(samples) - 1, min(TILES, len(samples))).astype(int))
    tiles = [_tile(samples[index]) for index in chosen]
    rows = -(-len(tiles) // COLUMNS)
    sheet = np.full((rows * TILE, COLUMNS * TILE, 3), 32, np.uint8)
    for k, tile in enumerate(tiles):
        y, x = divmod(k, COLUMNS)
        sheet[y * TILE : (y + 1) * TILE, x * TILE : (x + 1) * TILE] = tile
    return sheet


def _tile(sample: Sample) -> Image:
    try:
        picture = sample.read()
        maps = sample.maps() if sample.maps else {}
    except DataSetError:
        return _written(np.full((TILE, TILE, 3), 64, np.uint8), "missing")
    height, width = picture.shape[:2]
    box = np.array([sample.box or (0, 0, width, height)], np.float64)
    scale = 1.0 if sample.box is None else MARGIN
    crops, origin, zoom = square_crops(picture, box, TILE, scale)
    tile = crops[0].copy()
    labels = sample.labels
    if "depth" in maps:
        # Beside the picture, its depth from near (bright) to far.
        depth = square_crops(_shown_depth(maps["depth"]), box, TILE, scale)[0][0]
        tile[:, TILE // 2 :] = depth[:, TILE // 2 :]
    if "landmarks" in labels:
        _dots(tile, (labels["landmarks"] - origin[0]) * zoom[0])
    for corners in labels.get("boxes", ()):
        x1, y1, x2, y2 = ((corners.reshape(2, 2) - origin[0]) * zoom[0]).round().astype(int).flat
        cv2.rectangle(tile, (int(x1), int(y1)), (int(x2), int(y2)), (80, 220, 120), 1)
    if "pose" in labels:
        _axes(tile, labels["pose"])
    numbers = [f"{key} {float(v):g}" for key, v in labels.items() if np.ndim(v) == 0]
    if "pose" in labels:
        numbers.append(" ".join(f"{angle:+.0f}" for angle in labels["pose"]))
    return _written(tile, ", ".join(numbers[:2]))


def _shown_depth(depth: npt.NDArray[np.float32]) -> Image:
    grey = 255 * (1 - np.clip(depth / max(float(depth.max()), 1e-6), 0, 1))
    return np.repeat(np.where(depth > 0, grey, 0).astype(np.uint8)[..., None], 3, axis=2)


def _dots(tile: Image, points: npt.NDArray[np.floating]) -> None:
    for x, y in points[np.isfinite(points).all(axis=1)].round().astype(int):
        cv2.circle(tile, (int(x), int(y)), 1, (80, 220, 120), -1)


def _axes(tile: Image, pose: npt.NDArray[np.floating]) -> None:
    centre = np.full((1, 2), TILE / 2)
    tips = axis_tips(pose[None], centre, TILE * 0.35)[0]
    for tip, colour in zip(tips, ((230, 80, 80), (90, 200, 90), (90, 140, 255)), strict=True):
        start, end = (tuple(round(float(v)) for v in p) for p in (centre[0], tip))
        cv2.line(tile, start, end, colour, 2, cv2.LINE_AA)


def _written(tile: Image, text: str) -> Image:
    for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        place, font = (4, TILE - 6), cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(tile, text, place, font, 0.4, colour, width, cv2.LINE_AA)
    return tile
