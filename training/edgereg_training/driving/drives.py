"""Recorded drives of a car: pictures in the order of time, each with its steering.

    drives = load_drives(Path("my_tub"))

The format is found by the files: donkeycar tubs of the first and the second kind, Udacity's
`driving_log.csv` with its three cameras, SullyChen's `data.txt`, and any CSV with a column of
picture files and one of angles. A folder of such folders gives all of their drives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgereg_training.loop.errors import TrainingError

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Drive:
    """One recording of N pictures, in the order of time.

    steering: [N], positive to the right, in `unit`: '' is a share of full lock in -1..1, otherwise
    'degree'. moment: [N], which instant a picture shows; the pictures of several cameras share it.
    side: [N], the camera: -1 looks from the left of the car, 0 from its middle, 1 from the right.
    The steering of side cameras is that of the car, not corrected.
    """

    name: str
    files: tuple[Path, ...]
    steering: Floats
    unit: str
    moment: Whole
    side: Whole

    def __post_init__(self) -> None:
        if not len(self.files) == len(self.steering) == len(self.moment) == len(self.side):
            raise ValueError(f"drive '{self.name}': files, steering and moments differ in number")

    def __len__(self) -> int:
        return len(self.files)

    def take(self, chosen: npt.NDArray[np.generic]) -> Drive:
        """The pictures of these indices, or where a mask is true."""
        index = np.arange(len(self))[chosen]
        return Drive(self.name, tuple(self.files[i] for i in index), self.steering[index],
                     self.unit, self.moment[index], self.side[index])  # fmt: skip


def middle_drive(name: str, files: list[Path], steering: list[float], unit: str = "") -> Drive:
    """A drive of one camera, a picture a moment; TrainingError where it holds no picture."""
    if not files:
        raise TrainingError(f"{name}: holds no picture with a steering angle")
    count = len(files)
    return Drive(
        name, tuple(files), np.array(steering), unit, np.arange(count), np.zeros(count, int)
    )


def load_drives(place: Path) -> list[Drive]:
    """The drives of a folder or file; TrainingError where there are none or one is damaged."""
    reader = _reader_of(place)
    if reader is not None:
        return [reader(place)]
    if not place.is_dir():
        raise TrainingError(f"{place}: there is no such recording")
    inner = sorted(folder for folder in place.iterdir() if folder.is_dir())
    found = [(reader, folder) for folder in inner if (reader := _reader_of(folder)) is not None]
    if not found:
        raise TrainingError(
            f"{place}: no recording found: a tub has manifest.json or record_*.json, others "
            "driving_log.csv, data.txt or one CSV file of pictures and angles"
        )
    return [reader(folder) for reader, folder in found]


def _reader_of(place: Path) -> Callable[[Path], Drive] | None:
    from edgereg_training.driving import logs, tubs

    if place.is_file():
        return {".csv": logs.read_csv, ".txt": logs.read_data_txt}.get(place.suffix.lower())
    if not place.is_dir():
        return None
    if (place / "manifest.json").is_file():
        return tubs.read_tub
    if next(place.glob("record_*.json"), None) is not None:
        return tubs.read_first_tub
    for name, reader in (("driving_log.csv", logs.read_csv), ("data.txt", logs.read_data_txt)):
        if (place / name).is_file():
            return lambda folder: reader(folder / name)
    tables = sorted(place.glob("*.csv"))
    return (lambda folder: logs.read_csv(tables[0])) if len(tables) == 1 else None
