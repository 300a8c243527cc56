"""Heads found by edgereg and by other detectors in the same pictures, judged by one rule.

    python benchmarks/peers/heads.py LABELS [PEER.json ...] [--folder DIR] [--size default]

PEER.json: what `detect.py` wrote for these pictures. Others give boxes of faces, edgereg of whole
heads, and labels are of heads: so a head counts as found where a detection's middle lies in it and
the detection is 0.1 to 2.5 times as large. Any other detection, unless in a region that isn't
judged, is a false alarm. Prints a table: found, false alarms, median milliseconds of a picture.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from edgereg_training.detection.photographs.labels import LabelledPicture, read_pictures

import edgereg
from edgereg.core.geometry import box_areas

SMALLEST, LARGEST = 0.1, 2.5
Boxes = npt.NDArray[np.float64]


@dataclass
class Count:
    """found of heads, false alarms, and milliseconds of each picture."""

    name: str
    found: int = 0
    heads: int = 0
    false: int = 0
    times: tuple[float, ...] = ()

    def add(self, picture: LabelledPicture, boxes: Boxes, scores: Boxes, taken: float) -> None:
        """Judge one picture."""
        heads = picture.boxes[~picture.ignored]
        hit = np.zeros(len(heads), bool)
        for row in np.argsort(-scores, kind="stable"):
            match = _fits(boxes[row], heads) & ~hit
            if match.any():
                hit[_nearest(boxes[row], heads, match)] = True
            elif not _fits(boxes[row], heads).any() and not _within(boxes[row], picture):
                self.false += 1
        self.found += int(hit.sum())
        self.heads += len(heads)
        self.times = (*self.times, taken)

    def row(self) -> str:
        """One line of the table."""
        share = f"{self.found} of {self.heads}" if self.heads else "-"
        return f"| {self.name} | {share} | {self.false} | {np.median(self.times):.1f} |"


def _middle(box: Boxes) -> Boxes:
    return np.asarray((box[:2] + box[2:]) / 2)


def _fits(box: Boxes, heads: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    middle, area = _middle(box), box_areas(box[None])[0]
    inside = ((middle > heads[:, :2]) & (middle < heads[:, 2:])).all(axis=1)
    size = area / np.maximum(box_areas(heads), 1e-9)
    return np.asarray(inside & (size > SMALLEST) & (size < LARGEST))


def _nearest(box: Boxes, heads: npt.NDArray[np.floating], allowed: npt.NDArray[np.bool_]) -> int:
    distance = np.square((heads[:, :2] + heads[:, 2:]) / 2 - _middle(box)).sum(axis=1)
    return int(np.where(allowed, distance, np.inf).argmin())


def _within(box: Boxes, picture: LabelledPicture) -> bool:
    regions = picture.boxes[picture.ignored]
    middle = _middle(box)
    return bool(((middle > regions[:, :2]) & (middle < regions[:, 2:])).all(axis=1).any())


def own(pictures: list[LabelledPicture], model: Path | None, size: str) -> Count:
    """edgereg's detection, on one thread."""
    count = Count(f"edgereg ({size})")
    models = [] if model is None else [model]
    for picture in pictures:
        image = picture.read().image
        began = time.perf_counter()
        found = edgereg.predict(image, "detection", models=models, threads=1, size=size)
        taken = (time.perf_counter() - began) * 1000
        count.add(picture, found.values.astype(np.float64), found.scores.astype(np.float64), taken)
    return count


def other(pictures: list[LabelledPicture], path: Path) -> Count:
    """What `detect.py` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    count = Count(content["peer"])
    for picture, row in zip(pictures, content["pictures"], strict=True):
        boxes = np.array(row["boxes"], np.float64).reshape(-1, 4)
        count.add(picture, boxes, np.array(row["scores"], np.float64), row["ms"])
    return count


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Heads found by edgereg and by others.")
    parser.add_argument("labels", type=Path)
    parser.add_argument("peers", nargs="*", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--size", default="default")
    options = parser.parse_args()
    pictures = read_pictures(options.labels, options.folder)
    print("| detector | heads found | false alarms | ms a picture |")
    print("|---|---|---|---|")
    print(own(pictures, options.model, options.size).row())
    for path in options.peers:
        print(other(pictures, path).row())


if __name__ == "__main__":
    main()
