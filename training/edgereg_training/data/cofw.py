"""COFW, Caltech Occluded Faces in the Wild: 29 points a face, and which of them are hidden.

"Robust Face Landmark Estimation Under Occlusion" (ICCV 2013). Matlab 7.3 files, which are HDF5:
cells of pictures (IsTr, IsT), and matrices of 29 x, 29 y and 29 flags a face (phisTr, phisT) and of
boxes x, y, width, height (bboxesTr, bboxesT); all transposed, as Matlab stores columns.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from edgereg.core.arrays import Image
from edgereg_training.data.dataset import DataSet, DataSetError, Sample, box_of_points, distance

FILES = {"train": "COFW_train_color.mat", "test": "COFW_test_color.mat"}
ENDINGS = {"train": "Tr", "test": "T"}
# Matlab's first pixel has its centre at 1, ours at 0.5.
SHIFT = 0.5
POINTS = 29
# The pupils, whose distance errors are over.
EYES = (8, 9)


def recognises(folder: Path) -> bool:
    """Whether one of the two files is there."""
    return any((folder / name).is_file() for name in FILES.values())


def load(folder: Path, split: str) -> list[Sample]:
    """Splits 'train' and 'test', of a file each."""
    import h5py

    path = folder / FILES[split]
    if not path.is_file():
        raise DataSetError(f"{path}: is missing")
    end = ENDINGS[split]
    try:
        with h5py.File(path, "r") as file:
            phis = np.asarray(file[f"phis{end}"], np.float64).T
            count = file[f"Is{end}"].size
    except (OSError, KeyError) as error:
        raise DataSetError(
            f"{path}: expected a Matlab 7.3 file with Is{end} and phis{end} ({error})"
        ) from error
    if phis.shape != (count, 3 * POINTS):
        raise DataSetError(
            f"{path}: expected phis{end} of {count} x {3 * POINTS}, found "
            f"{phis.shape[0]} x {phis.shape[1]}"
        )
    return [_sample(path, end, index, row) for index, row in enumerate(phis)]


def _sample(path: Path, end: str, index: int, row: np.ndarray) -> Sample:
    x, y, hidden = row.reshape(3, POINTS)
    points = np.stack([x, y], axis=1) - SHIFT
    return Sample(
        name=f"{path.stem}/{index:04d}",
        file=path,
        read=partial(read_image, path, f"Is{end}", index),
        labels={
            "landmarks": points.astype(np.float32),
            "visible": (hidden < 0.5).astype(np.uint8),
        },
        box=box_of_points(points),
        reference=distance(points, *EYES),
        subsets=("occluded",) if hidden.mean() > 0.3 else (),
    )


def read_image(path: Path, key: str, index: int) -> Image:
    """Picture `index` of a cell array, uint8 [H, W, 3]; grey ones get three equal channels."""
    import h5py

    with h5py.File(path, "r") as file:
        cells = file[key]
        stored = np.asarray(file[cells[np.unravel_index(index, cells.shape)]])
    image = stored.transpose()
    if image.ndim == 2:
        image = np.repeat(image[:, :, None], 3, axis=2)
    return np.ascontiguousarray(image, np.uint8)


COFW = DataSet(
    name="cofw",
    title="COFW",
    splits=("train", "test"),
    labels=("landmarks", "visible"),
    layout="COFW_train_color.mat and COFW_test_color.mat",
    recognises=recognises,
    load=load,
    notes="errors over the distance of the pupils' points 9 and 10",
)
