"""Tracking data sets as they lie on disk: sequences of frames with a box for each.

`load_sequences(folder)` knows five layouts by what it finds there:

- GOT-10k: `NAME/groundtruth.txt`, frames beside it, `absence.label`, `cover.label`
- LaSOT: `[CLASS/]NAME/groundtruth.txt`, `img/`, `full_occlusion.txt`, `out_of_view.txt`
- OTB: `NAME/groundtruth_rect.txt` (`.1`, `.2` for two people), `img/`; pixels count from 1
- TrackingNet: `frames/NAME/0.jpg`, `anno/NAME.txt`
- VOT: `NAME/groundtruth.txt` with rotated boxes of 8 numbers or masks, frames in `color/`

Numbers are separated by commas, tabs or spaces.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray
from edgereg_training.loop.errors import TrainingError

PICTURES = {".jpg", ".jpeg", ".png", ".webp"}
# OTB's labels of David begin at this frame of the folder.
OTB_FIRST_FRAME = {"David": 300}


@dataclass(frozen=True)
class TrackingSequence:
    """One object through one clip.

    frames: files in order. boxes: float32 [N, 4] (x1, y1, x2, y2) in continuous pixels; present:
    bool [N], False where the object is out of view, wholly hidden, or its box unknown.
    """

    name: str
    frames: tuple[Path, ...]
    boxes: FloatArray
    present: npt.NDArray[np.bool_]


def load_sequences(folder: Path | str) -> list[TrackingSequence]:
    """All sequences of a folder, by name. Raises TrainingError where there are none, labels
    can't be read, or they do not fit the frames."""
    root = Path(folder)
    if not root.is_dir():
        raise TrainingError(f"{root}: no such folder")
    if (root / "anno").is_dir() and (root / "frames").is_dir():
        return [_trackingnet(root, labels) for labels in sorted((root / "anno").glob("*.txt"))]
    # Data sets are often put together of links, which `rglob` does not follow.
    labels = sorted(
        Path(place) / name
        for place, _, names in os.walk(root, followlinks=True)
        for name in names
        if name.startswith("groundtruth") and name.endswith(".txt")
    )
    if not labels:
        raise TrainingError(
            f"{root}: no groundtruth.txt, groundtruth_rect.txt or anno/ in it; expected the layout "
            "of OTB, GOT-10k, LaSOT, TrackingNet or VOT"
        )
    return [_sequence(file) for file in labels]


def _sequence(labels: Path) -> TrackingSequence:
    """One of OTB, GOT-10k, LaSOT or VOT."""
    home = labels.parent
    one_based = labels.name.startswith("groundtruth_rect")
    places = [home / name for name in ("img", "color") if (home / name).is_dir()]
    frames = _pictures(places[0] if places else home)
    start = OTB_FIRST_FRAME.get(home.name, 1) - 1 if one_based else 0
    boxes = _read_boxes(labels, one_based)
    hidden = np.zeros(len(boxes), bool)
    for name in ("absence.label", "full_occlusion.txt", "out_of_view.txt"):
        if (home / name).is_file():
            flags = np.concatenate(_read_rows(home / name)) > 0
            hidden[: len(flags)] |= flags[: len(hidden)]
    cover = home / "cover.label"
    if cover.is_file():
        hidden |= np.resize(np.concatenate(_read_rows(cover)) == 0, len(hidden))
    # Jogging and Skating2 of OTB have one file for each of two people.
    suffix = labels.name.removeprefix("groundtruth_rect").removesuffix(".txt") if one_based else ""
    return _checked(home.name + suffix.replace(".", "-"), frames[start:], boxes, hidden, labels)


def _trackingnet(root: Path, labels: Path) -> TrackingSequence:
    frames = _pictures(root / "frames" / labels.stem)
    boxes = _read_boxes(labels, one_based=False)
    return _checked(labels.stem, frames, boxes, np.zeros(len(boxes), bool), labels)


def _checked(
    name: str, frames: list[Path], boxes: FloatArray, hidden: npt.NDArray[np.bool_], labels: Path
) -> TrackingSequence:
    if not frames or not len(boxes):
        raise TrainingError(f"{labels}: {len(boxes)} boxes for {len(frames)} frames")
    known = np.asarray(
        np.isfinite(boxes).all(axis=1) & ((boxes[:, 2:] - boxes[:, :2]) > 0).all(axis=1)
    )
    # A test split has the first box alone; OTB has frames behind its last label.
    count = len(frames) if len(boxes) == 1 else min(len(frames), len(boxes))
    all_boxes = np.full((count, 4), np.nan, np.float32)
    all_boxes[: len(boxes)] = boxes[:count]
    present = np.zeros(count, bool)
    present[: len(boxes)] = (known & ~hidden)[:count]
    if not known[0]:
        raise TrainingError(f"{labels}: the first frame has no box to start with")
    return TrackingSequence(name, tuple(frames[:count]), all_boxes, present)


def _pictures(folder: Path) -> list[Path]:
    """The frames of a folder in the order of the numbers in their names."""
    found = [path for path in folder.glob("*") if path.suffix.lower() in PICTURES]
    return sorted(found, key=lambda path: (_number(path.stem), path.name))


def _number(stem: str) -> int:
    digits = re.findall(r"\d+", stem)
    return int(digits[-1]) if digits else -1


def _read_rows(file: Path) -> list[npt.NDArray[np.float64]]:
    """The numbers of every line that has some; a mask's line gives the box in its head."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{file}: can't be read ({error})") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        words = re.split(r"[,;\s]+", line.strip().removeprefix("m"))
        if words == [""]:
            continue
        try:
            rows.append(np.array(words[:4] if line.startswith("m") else words, float))
        except ValueError as error:
            raise TrainingError(f"{file}: line {number} does not hold numbers alone") from error
    return rows


def _read_boxes(file: Path, one_based: bool) -> FloatArray:
    """Boxes float32 [N, 4] of lines x, y, w, h, or of rotated boxes' 8 numbers (their hull)."""
    boxes = np.full((0, 4), np.nan)
    for number, row in enumerate(_read_rows(file), start=1):
        if len(row) == 4:
            box = np.concatenate([row[:2], row[:2] + row[2:]])
        elif len(row) == 8:
            points = row.reshape(4, 2)
            box = np.concatenate([points.min(axis=0), points.max(axis=0)])
        else:
            raise TrainingError(
                f"{file}: line {number} has {len(row)} numbers, expected x, y, w, h or 8 of corners"
            )
        boxes = np.concatenate([boxes, box[None]])
    return (boxes - one_based).astype(np.float32)


def read_marked(file: Path) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """A track marked by hand, `frame,x,y,w,h` a line: frame numbers [M] and boxes [M, 4]."""
    rows = np.array(_read_rows(file))
    if rows.ndim != 2 or rows.shape[1] != 5:
        raise TrainingError(f"{file}: expected lines of frame,x,y,w,h")
    boxes = np.concatenate([rows[:, 1:3], rows[:, 1:3] + rows[:, 3:]], axis=1)
    return rows[:, 0].astype(np.int64), boxes.astype(np.float32)
