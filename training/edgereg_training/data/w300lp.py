"""300W-LP and AFLW2000-3D: photographs with fitted face models, turned to large poses.

"Face Alignment Across Large Poses: A 3D Solution" (CVPR 2016). Beside each `.jpg` stands a `.mat`
with Pose_Para (pitch, yaw, roll in radians, then translation and scale) and 68 points: pt2d
(2 x 68) or, in AFLW2000-3D, pt3d_68 (3 x 68), in Matlab's pixels, which count from 1.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgereg_training.data.angles import from_300w_lp
from edgereg_training.data.dataset import (
    DataSet,
    DataSetError,
    Sample,
    box_of_points,
    distance,
    picture,
)

# Faces with an angle beyond this, in the sets' own convention, are left out by the protocol.
LARGEST = 99.0
FOLDERS = ("AFW", "HELEN", "IBUG", "LFPW")
# Matlab's first pixel has its centre at 1, ours at 0.5.
SHIFT = 0.5
POINTS = 68
# The outer corners of the eyes, whose distance errors are over.
EYES = (36, 45)


def _folders(folder: Path) -> list[Path]:
    """Those of 300W-LP, the mirrored ones included, here or one folder below."""
    for root in (folder, folder / "300W_LP"):
        names = [f"{name}{end}" for name in FOLDERS for end in ("", "_Flip")]
        found = [root / name for name in names if (root / name).is_dir()]
        if found:
            return found
    return []


def _recognises_lp(folder: Path) -> bool:
    return any(any(part.glob("*.mat")) for part in _folders(folder))


def _recognises_aflw2000(folder: Path) -> bool:
    root = folder / "AFLW2000" if (folder / "AFLW2000").is_dir() else folder
    return root.is_dir() and not _folders(folder) and any(root.glob("image*.mat"))


def _load_lp(folder: Path, split: str) -> list[Sample]:
    files = [file for part in _folders(folder) for file in sorted(part.glob("*.mat"))]
    return _samples(folder, files, people=True)


def _load_aflw2000(folder: Path, split: str) -> list[Sample]:
    root = folder / "AFLW2000" if (folder / "AFLW2000").is_dir() else folder
    return _samples(folder, sorted(root.glob("image*.mat")), people=False)


def _samples(folder: Path, files: list[Path], people: bool) -> list[Sample]:
    found = []
    for file in files:
        pose, points = read_face(file)
        if np.abs(np.degrees(pose)).max() > LARGEST:
            continue
        image = file.with_suffix(".jpg")
        found.append(
            Sample(
                name=str(image.relative_to(folder)),
                file=image,
                read=picture(image),
                labels={
                    "pose": from_300w_lp(*(float(angle) for angle in pose)).astype(np.float32),
                    "landmarks": points.astype(np.float32),
                },
                box=box_of_points(points),
                reference=distance(points, *EYES),
                # A photograph's turned copies are numbered behind its name: HELEN_123_1_0.jpg.
                person=file.stem.rsplit("_", 1)[0] if people else file.stem,
                subsets=_by_yaw(float(np.degrees(pose[1]))),
            )
        )
    return found


def _by_yaw(yaw: float) -> tuple[str, ...]:
    """The thirds of AFLW2000-3D's benchmark."""
    limits = {"yaw-0-30": 30, "yaw-30-60": 60, "yaw-60-90": 90}
    return next(((name,) for name, limit in limits.items() if abs(yaw) <= limit), ())


def read_face(file: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Pitch, yaw and roll [3] in the set's radians, and points [68, 2] in our pixels."""
    from scipy.io import loadmat

    try:
        content = loadmat(file)
    except (OSError, ValueError, TypeError, NotImplementedError) as error:
        raise DataSetError(f"{file}: can't be read as a .mat file ({error})") from error
    key = "pt2d" if "pt2d" in content else "pt3d_68"
    if "Pose_Para" not in content or key not in content:
        named = ", ".join(sorted(name for name in content if not name.startswith("__")))
        raise DataSetError(f"{file}: expected Pose_Para and pt2d or pt3d_68, found {named}")
    points = np.asarray(content[key], np.float64)[:2].T - SHIFT
    if points.shape != (68, 2):
        raise DataSetError(f"{file}: expected 68 points in {key}, found {len(points)}")
    return np.asarray(content["Pose_Para"], np.float64)[0, :3], points


_LAYOUT = "{where} with pairs of *.jpg and *.mat (Pose_Para, pt2d or pt3d_68)"
_dataset = partial(DataSet, labels=("pose", "landmarks"))
W300LP = _dataset(
    name="300w-lp",
    title="300W-LP",
    splits=("train",),
    layout=_LAYOUT.format(where="folders AFW, HELEN, IBUG, LFPW (and their _Flip)"),
    recognises=_recognises_lp,
    load=_load_lp,
    notes="faces with an angle over 99 degrees are left out, as in the protocol",
)
AFLW2000 = _dataset(
    name="aflw2000",
    title="AFLW2000-3D",
    splits=("test",),
    layout=_LAYOUT.format(where="a folder (or AFLW2000/ in it)"),
    recognises=_recognises_aflw2000,
    load=_load_aflw2000,
    notes="faces with an angle over 99 degrees are left out, as in the protocol",
)
