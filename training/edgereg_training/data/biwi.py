"""BIWI Kinect Head Pose: 24 sequences of 20 people who turn their heads before a Kinect.

"Random Forests for Real Time 3D Face Analysis" (IJCV 2013). `frame_XXXXX_pose.txt` is the head's
rotation in the camera's axes (three rows), an empty line and the head's centre in mm; `rgb.cal` the
colour camera's intrinsics (three rows), distortion, and its rotation and translation from the
depth camera, which the centre is seen from.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgereg_training.data.angles import from_camera
from edgereg_training.data.dataset import Box, DataSet, DataSetError, Sample, lines_of, picture

LAYOUT = (
    "folders 01 to 24 (here or in hpdb/), each with rgb.cal and pairs frame_XXXXX_rgb.png, "
    "frame_XXXXX_pose.txt"
)
# Four people were recorded twice.
_PEOPLE = (
    *("F01", "F02", "F03", "F04", "F05", "F06"),
    *("M01", "M02", "M03", "M04", "M05", "M06", "M07", "M08"),
    *("F03", "M09", "M10", "F05", "M11", "M12", "F02", "M01", "M13", "M14"),
)
PEOPLE = {f"{number:02d}": name for number, name in enumerate(_PEOPLE, start=1)}
# Eight of 24 sequences, and nobody in them is in the others. The papers split by sequence, too
# (16 and 8), but which ones is not printed: a file test_sequences.txt in the folder, numbers one a
# line, takes their place.
TEST_SEQUENCES = ("01", "04", "06", "10", "14", "16", "20", "24")
# Of a head, from its centre, mm.
REACH = 120.0
_NUMBERS_OF_A_POSE = 12


def recognises(folder: Path) -> bool:
    """Whether there is a sequence with a pose."""
    return any(_sequences(folder))


def load(folder: Path, split: str) -> list[Sample]:
    """Splits 'all', and 'train' and 'test' by sequence."""
    listed = folder / "test_sequences.txt"
    tests = set(lines_of(listed)) if listed.is_file() else set(TEST_SEQUENCES)
    samples = []
    for sequence in _sequences(folder):
        if split == "all" or (sequence.name in tests) == (split == "test"):
            samples += _frames(sequence)
    return samples


def _sequences(folder: Path) -> list[Path]:
    root = folder / "hpdb" if (folder / "hpdb").is_dir() else folder
    if not root.is_dir():
        return []
    found = [path for path in root.iterdir() if path.is_dir() and path.name in PEOPLE]
    return sorted(path for path in found if any(path.glob("frame_*_pose.txt")))


def _frames(sequence: Path) -> list[Sample]:
    camera = _Camera.read(sequence / "rgb.cal")
    samples = []
    for file in sorted(sequence.glob("frame_*_pose.txt")):
        rotation, centre = read_pose(file)
        image = file.with_name(file.name.replace("_pose.txt", "_rgb.png"))
        samples.append(
            Sample(
                name=f"{sequence.name}/{image.name}",
                file=image,
                read=picture(image),
                labels={"pose": from_camera(rotation).astype(np.float32)},
                box=camera.box(centre),
                person=PEOPLE[sequence.name],
            )
        )
    return samples


def read_pose(file: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The rotation [3, 3] and the head's centre [3] in mm, both in the depth camera's axes."""
    numbers = _numbers(file)
    if len(numbers) != _NUMBERS_OF_A_POSE:
        raise DataSetError(f"{file}: expected 3 x 3 numbers and a centre, found {len(numbers)}")
    return numbers[:9].reshape(3, 3), numbers[9:]


class _Camera:
    """The colour camera: intrinsics [3, 3], and what turns and moves the depth camera's points."""

    def __init__(self, numbers: npt.NDArray[np.float64], file: Path) -> None:
        # Between the intrinsics and the rotation stand four or five numbers of distortion, and
        # behind the translation the size of the picture.
        rest = len(numbers) - 9 - 9 - 3 - 2
        if rest not in (4, 5):
            raise DataSetError(
                f"{file}: expected intrinsics, distortion, rotation, translation and size, found "
                f"{len(numbers)} numbers"
            )
        self._intrinsics = numbers[:9].reshape(3, 3)
        self._rotation = numbers[9 + rest : 18 + rest].reshape(3, 3)
        self._translation = numbers[18 + rest : 21 + rest]

    @classmethod
    def read(cls, file: Path) -> _Camera:
        return cls(_numbers(file), file)

    def box(self, centre: npt.NDArray[np.float64]) -> Box:
        """About a head's centre [3] of the depth camera."""
        x, y, z = self._rotation @ centre + self._translation
        u, v, w = self._intrinsics @ np.array([x, y, z])
        reach = self._intrinsics[0, 0] * REACH / z
        u, v = u / w + 0.5, v / w + 0.5
        return float(u - reach), float(v - reach), float(u + reach), float(v + reach)


def _numbers(file: Path) -> npt.NDArray[np.float64]:
    try:
        return np.array(" ".join(lines_of(file)).split(), np.float64)
    except ValueError as error:
        raise DataSetError(f"{file}: holds something else than numbers ({error})") from error


BIWI = DataSet(
    name="biwi",
    title="the BIWI Kinect head pose set",
    splits=("train", "test", "all"),
    labels=("pose",),
    layout=LAYOUT,
    recognises=recognises,
    load=load,
    notes="boxes are of the measured head centre, 240 mm wide",
)
