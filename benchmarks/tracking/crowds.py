"""Identities in rendered crowds, with detection in every frame and in every fourth.

    python benchmarks/tracking/crowds.py [--assets FOLDER] [--out crowds] [--size far]
        [--picture crossing.jpg]

Renders crowds of 5, 12 and 30 people who walk past each other into OUT (those that are there
stay), follows their heads, and prints IDF1, HOTA, switches in a thousand boxes, recall and IoU for
both, the time of both in turns, and the share of true boxes that `--blur heads` covers. --picture:
four frames of the crossing, each head in the colour of its number.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from edgereg_training.identities.crowds import write_crowds
from edgereg_training.identities.evaluation import follow, without_ignored
from edgereg_training.identities.measures import Identity, Numbered, measure_identities
from edgereg_training.identities.mot_folders import MotSequence, load_mot

import edgereg
from edgereg.blurring import HEADS, MARGIN, MARGIN_PX
from edgereg.core.arrays import FloatArray
from edgereg.core.marks import BoxMark, TextMark
from edgereg.paint.opencv import paint
from edgereg.sources.wrapped import Arrays
from edgereg.tracks.covers import Gathered, grown

EVERY = (1, 4)


def covered(item: MotSequence, size: str) -> float:
    """Share of the true boxes of which at least 99 % lies under what the blur covers."""
    gathered = Gathered(HEADS)
    source = Arrays(item.images(), item.name, item.fps)
    for result in edgereg.stream(source, tasks=HEADS, size=size, realtime=False):
        gathered.write(result)
        picture = result.image.shape[:2]
    covers, good, total = gathered.covers(), 0, 0
    for index, true in enumerate(item.truth):
        boxes = covers[index].boxes
        mask = _mask(grown(boxes, np.full(len(boxes), MARGIN), MARGIN_PX), picture)
        for x1, y1, x2, y2 in true.boxes.round().astype(int).tolist():
            good += bool(mask[y1:y2, x1:x2].mean() >= 0.99)
            total += 1
    return good / max(total, 1)


def _mask(boxes: FloatArray, size: tuple[int, int]) -> FloatArray:
    mask = np.zeros(size, np.float32)
    for x1, y1, x2, y2 in np.maximum(boxes, 0).round().astype(int).tolist():
        mask[y1:y2, x1:x2] = 1
    return mask


def crossing(item: MotSequence, given: Sequence[Numbered], out: Path) -> None:
    """Four frames side by side, two in a row."""
    chosen = np.linspace(0.1, 0.9, 4) * (len(item.frames) - 1)
    images = list(item.images())
    drawn = []
    for index in chosen.astype(int).tolist():
        marks: list[BoxMark | TextMark] = []
        for number, box in zip(given[index].numbers.tolist(), given[index].boxes, strict=True):
            marks.append(BoxMark(box, colour=number))
            marks.append(TextMark(str(number), box[:2] - 2, colour=number))
        drawn.append(cv2.resize(paint(images[index], marks), None, fx=0.6, fy=0.6))
    rows = [np.hstack(drawn[:2]), np.hstack(drawn[2:])]
    cv2.imwrite(str(out), np.vstack(rows)[..., ::-1])


def line(measured: Identity, every: int, seconds: float) -> str:
    """A row of the table."""
    return (
        f"| {measured.name} | {every} | {measured.idf1:.3f} | {measured.hota:.3f} | "
        f"{measured.switches_per_1000:.2f} | {measured.found / max(measured.boxes, 1):.3f} | "
        f"{measured.overlap:.3f} | {seconds:.1f} |"
    )


def main() -> None:
    """Render, follow, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assets", type=Path)
    parser.add_argument("--out", type=Path, default=Path("crowds"))
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--size", default="default", help="as of `edgereg run`")
    options = parser.parse_args()
    write_crowds(options.out, options.assets, lambda *_: None)
    print("| crowd | every | IDF1 | HOTA | switches / 1000 | recall | IoU | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    for item in load_mot(options.out):
        for every in EVERY:
            began = time.perf_counter()
            given = follow(item, every, size=options.size)
            seconds = time.perf_counter() - began
            counting = without_ignored(item, given)
            print(line(measure_identities(item.name, item.truth, counting), every, seconds))
            if options.picture and every == 1 and "-12-" in item.name:
                crossing(item, given, options.picture)
        share = 100 * covered(item, options.size)
        print(f"{item.name}: {share:.2f} % of the heads covered by --blur heads")


if __name__ == "__main__":
    main()
