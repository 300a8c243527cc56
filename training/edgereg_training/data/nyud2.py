"""NYUD2-DIR: rooms with depth maps, as the imbalanced benchmark's CSV files list them.

A line is a picture and its depth map, both relative to the folder. Depth maps of 16 bits hold
millimetres; those of 8 bits (the training pictures of the common download) hold 255ths of 10 m.
"""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edgereg_training.data.dataset import DataSet, DataSetError, Labels, Sample, lines_of, picture

LISTS = {"train": "nyu2_train.csv", "test": "nyu2_test.csv"}
# Metres of the brightest value of a map of 8 bits.
FARTHEST = 10.0


def _list(folder: Path, split: str) -> Path:
    places = (folder / LISTS[split], folder / "data" / LISTS[split])
    return next((path for path in places if path.is_file()), places[0])


def recognises(folder: Path) -> bool:
    """Whether one of the lists is there."""
    return any(_list(folder, split).is_file() for split in LISTS)


def load(folder: Path, split: str) -> list[Sample]:
    """Splits 'train' (50,688 pictures) and 'test' (654)."""
    path = _list(folder, split)
    found = []
    for number, row in enumerate(csv.reader(lines_of(path)), start=1):
        if len(row) < 2:
            raise DataSetError(f"{path}, line {number}: expected a picture and a depth map")
        image, depth = folder / row[0].strip(), folder / row[1].strip()
        maps = partial(_read_maps, depth)
        found.append(Sample(row[0], image, picture(image), labels={}, maps=maps))
    return found


def _read_maps(path: Path) -> Labels:
    return {"depth": read_depth(path)}


def read_depth(path: Path) -> npt.NDArray[np.float32]:
    """Metres [H, W] of a depth map's file, 0 where nothing was measured."""
    data = np.fromfile(path, np.uint8) if path.is_file() else np.zeros(0, np.uint8)
    stored = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if stored is None or stored.ndim != 2:
        raise DataSetError(f"{path}: is no depth map (a grey picture of 8 or 16 bits)")
    scale = FARTHEST / 255 if stored.dtype == np.uint8 else 1e-3
    return np.asarray(stored, np.float32) * np.float32(scale)


NYUD2 = DataSet(
    name="nyud2",
    title="NYUD2-DIR",
    splits=("train", "test"),
    labels=("depth",),
    layout="nyu2_train.csv and nyu2_test.csv (here or in data/) of pictures and depth maps",
    recognises=recognises,
    load=load,
    notes="metres; maps of 16 bits hold millimetres, of 8 bits 255ths of 10 m",
)
