"""The photographs that the shipped face models learn from, in the layouts they are published in.

- FairFace (Karkkainen and Joo, WACV 2021): `labels.csv` with file, age, gender, race.
- Face Research Lab London Set (DeBruine and Jones, 2017): ten views of each person, a folder each.

Beside each, `mediapipe_pseudo.npz` (files, points68 [N, 68, 2], transform4x4 [N, 4, 4]) holds what
MediaPipe's face landmarker made of the photographs. It errs, most of all along the jaw, so it
weighs less than exact labels.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgereg.core.arrays import FloatArray, Image
from edgereg_training.data.dataset import read_picture
from edgereg_training.faces.sets import FaceSet, Labels
from edgereg_training.faces.zero import mediapipe_angles
from edgereg_training.loop.errors import TrainingError

PSEUDO = "mediapipe_pseudo.npz"
PSEUDO_WEIGHT, PSEUDO_JAW_WEIGHT = 0.7, 0.3
JAW = slice(0, 17)
# The set's framing: a face fills two thirds of the width, so the head goes beyond the picture.
FAIRFACE_BOX = (18.0, -30.0, 182.0, 174.0)
AGES = {"70+": (70.0, 100.0)}
# Of each London view, the median of the boxes that the detector finds, in 384 px.
LONDON_BOXES = {
    "left_profile": (90, 61, 298, 289),
    "left_3quarter": (113, 63, 295, 287),
    "front": (108, 60, 276, 297),
    "right_3quarter": (86, 61, 271, 292),
    "right_profile": (81, 61, 294, 303),
}
# Yaw of a profile, degrees: what the view's name says, wide enough to be true of every sitter.
PROFILE = (70.0, 100.0)
# Every fifth person is for tests.
LONDON_TEST = 5
# Points of the 68 -> points of the 189 set by hand on London's neutral fronts that mean the same:
# corners and lids of the eyes, the nose's base, the outer lips, the chin.
HAND_SET = {
    **{36: 18, 37: 19, 38: 21, 39: 22, 40: 30, 41: 28},
    **{42: 23, 43: 24, 44: 26, 45: 27, 46: 33, 47: 31},
    **{31: 64, 33: 55, 35: 69, 8: 129},
    **{48: 87, 49: 88, 50: 89, 51: 90, 52: 91, 53: 92, 54: 93},
    **{55: 108, 56: 107, 57: 106, 58: 105, 59: 104},
}
# Of the frame that the points were set in, and of the published small pictures.
LONDON_FRAME, LONDON_SIDE = 1350, 384


def fairface(folder: Path, split: str, part: slice = slice(None)) -> FaceSet:
    """The photographs of `split` ('train' or 'val'), or a part of them in the list's order after a
    fixed shuffle."""
    rows = [row for row in _rows(folder / "labels.csv") if row["file"].startswith(split + "/")]
    order = np.random.default_rng(0).permutation(len(rows))[part]
    files = [rows[index]["file"] for index in order]
    labels = Labels.unknown(len(files))
    labels.age[:] = [age_interval(rows[index]["age"]) for index in order]
    boxes = np.tile(np.array(FAIRFACE_BOX, np.float32), (len(files), 1))
    _add_pseudo(folder, files, labels, boxes)
    groups = {
        name: np.array([rows[index][name] for index in order]) for name in ("age", "gender", "race")
    }
    return FaceSet(f"fairface {split}", _read(folder, files), boxes, labels, groups, tuple(files))


def london(folder: Path, split: str) -> FaceSet:
    """All views of the persons of `split` ('train' or 'test')."""
    ages = {row["face_id"]: row["face_age"] for row in _rows(folder / "london_faces_info.csv")}
    files = sorted(str(path.relative_to(folder)) for path in folder.glob("*_*/*.jpg"))
    persons = sorted({person_of(file) for file in files})
    wanted = {
        person
        for index, person in enumerate(persons)
        if (index % LONDON_TEST == 0) == (split == "test")
    }
    files = [file for file in files if person_of(file) in wanted]
    labels = Labels.unknown(len(files))
    views = [Path(file).parent.name.split("_", 1)[1] for file in files]
    boxes = np.array([LONDON_BOXES[view] for view in views], np.float32)
    _add_pseudo(folder, files, labels, boxes)
    for index, view in enumerate(views):
        years = ages.get(person_of(files[index]), "")
        if years.strip().replace(".", "").isdigit():
            labels.age[index] = float(years)
        if view.endswith("profile"):
            low, high = PROFILE
            labels.pose[index] = np.nan
            labels.pose[index, 0] = (low, high) if view.startswith("right") else (-high, -low)
            labels.points[index] = np.nan
            boxes[index] = LONDON_BOXES[view]
    groups = {"view": np.array(views)}
    return FaceSet(f"london {split}", _read(folder, files), boxes, labels, groups, tuple(files))


def pseudo_labels(folder: Path) -> tuple[list[str], FloatArray, FloatArray]:
    """What MediaPipe found in a folder of photographs: files, 68 points of each [N, 68, 2] in px,
    and yaw, pitch and roll [N, 3] in degrees from our zero."""
    with np.load(folder / PSEUDO) as pseudo:
        names = [str(name) for name in pseudo["files"]]
        return names, pseudo["points68"], mediapipe_angles(pseudo["transform4x4"])


def hand_set(folder: Path, files: Sequence[str]) -> tuple[list[int], FloatArray]:
    """Which of the files have points set by hand, and HAND_SET's of each: [M, P, 2] in px."""
    rows, points = [], []
    for row, file in enumerate(files):
        path = (folder / file).with_suffix(".tem")
        if not path.is_file():
            continue
        lines = path.read_text(encoding="utf-8").split("\n")
        every = [[float(part) for part in line.split()] for line in lines[1 : 1 + int(lines[0])]]
        rows.append(row)
        points.append([every[place] for place in HAND_SET.values()])
    return rows, np.array(points, np.float32) * np.float32(LONDON_SIDE / LONDON_FRAME)


def person_of(file: str) -> str:
    """The person's number in a London file's name."""
    return Path(file).stem.split("_")[0]


def age_interval(text: str) -> tuple[float, float]:
    """'20-29' -> (19.5, 29.5): years as people count them, half a year about whole numbers."""
    if text in AGES:
        low, high = AGES[text]
        return low - 0.5, high
    low, high = (float(part) for part in text.split("-"))
    return low - 0.5, high + 0.5


def _add_pseudo(folder: Path, files: Sequence[str], labels: Labels, boxes: FloatArray) -> None:
    if not (folder / PSEUDO).is_file():
        return
    names, every_point, every_angle = pseudo_labels(folder)
    place = {name: index for index, name in enumerate(names)}
    found = np.array([index for index, file in enumerate(files) if file in place])
    source = np.array([place[files[index]] for index in found])
    points, angles = every_point[source], every_angle[source]
    labels.pose[found] = angles[..., None]
    labels.pose_weight[found] = PSEUDO_WEIGHT
    labels.points[found] = points
    labels.point_weight[found] = PSEUDO_WEIGHT
    labels.point_weight[found, JAW] = PSEUDO_JAW_WEIGHT
    boxes[found] = head_boxes(points, angles)


def head_boxes(points: FloatArray, angles: FloatArray) -> FloatArray:
    """Boxes [N, 4] of whole heads, hair included, about landmarks [N, 68, 2] of heads with these
    yaw, pitch and roll: a fit to the detector's boxes on upright photographs."""
    low, high = points.min(1), points.max(1)
    centre, scale = (low + high) / 2, np.sqrt(np.prod(high - low, axis=1, keepdims=True))
    sine = np.sin(np.radians(angles[:, :1]))
    left = -0.67 - 0.5 * np.maximum(sine, 0)
    right = 0.67 + 0.5 * np.maximum(-sine, 0)
    top, bottom = np.full_like(sine, -1.25), np.full_like(sine, 0.62)
    edges = np.concatenate([left, top, right, bottom], 1) * scale
    return np.asarray(np.tile(centre, 2) + edges, np.float32)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise TrainingError(f"{path}: can't be read ({error.strerror})") from error


def _read(folder: Path, files: Sequence[str]) -> Image:
    """uint8 [N, s, s, 3] RGB of pictures of one size."""
    return np.stack([read_picture(folder / file) for file in files])
