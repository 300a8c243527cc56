"""The bundled clip, its known truth, and how predictions compare with it."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgereg.core.arrays import FloatArray
from edgereg.core.geometry import box_iou
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult

ASSETS = Path(__file__).parent.parent / "assets"
CLIP = ASSETS / "demo.mp4"
ANGLES = ("yaw", "pitch", "roll")
# The clip was rendered from a mesh whose zero differs from 300W-LP's, in pitch alone
# (docs/faces.md).
MESH_ZERO = np.array([0, 8, 0], np.float32)
# A prediction belongs to a head if their boxes overlap at least so much.
OVERLAP = 0.5


@dataclass(frozen=True)
class Head:
    """What is true of one head in one frame.

    person: which one; box: float32 [4] px; pose: float32 [3], yaw, pitch, roll in degrees.
    """

    person: int
    box: FloatArray
    pose: FloatArray


@dataclass(frozen=True)
class Comparison:
    """One head that was found: the truth beside the estimate, before and after refinement.

    truth, initial, final: float32 [3], yaw, pitch, roll in degrees; initial_iou, final_iou: overlap
    of the found box with the true one, before and after refinement of the box.
    """

    frame: int
    time_s: float
    person: int
    truth: FloatArray
    initial: FloatArray
    final: FloatArray
    initial_iou: float
    final_iou: float


@dataclass
class Comparer:
    """A sink that compares every result with the truth.

    truth: heads by frame. heads: true heads seen so far; extra: predictions of no head.
    """

    truth: Sequence[Sequence[Head]]
    rows: list[Comparison] = field(default_factory=list)
    heads: int = 0
    extra: int = 0

    def write(self, result: FrameResult) -> None:
        """Compare one frame."""
        heads = self.truth[result.index]
        self.heads += len(heads)
        poses, boxes = (result.predictions.get(task) for task in ("headpose", "detection"))
        if poses is None or poses.regions is None or boxes is None:
            return
        pairs = match(np.stack([head.box for head in heads]), poses.regions)
        self.extra += len(poses) - len(pairs)
        for head, found in sorted(pairs):
            self.rows.append(_compare(result, heads[head], poses, boxes, found))

    def close(self) -> None:
        """Nothing to close."""


def load_truth(path: Path = ASSETS / "demo.json") -> list[list[Head]]:
    """The heads of every frame of the bundled clip, their pose by the zero of 300W-LP."""
    frames = json.loads(path.read_text(encoding="utf-8"))["frames"]
    return [
        [
            Head(
                head["person"],
                np.asarray(head["box"], np.float32),
                np.asarray([head[angle] for angle in ANGLES], np.float32) + MESH_ZERO,
            )
            for head in heads
        ]
        for heads in frames
    ]


def match(truth: FloatArray, found: FloatArray) -> list[tuple[int, int]]:
    """Pairs (true, found) of boxes [N, 4] and [M, 4] by overlap, best first, each used once."""
    overlap = box_iou(truth, found)
    pairs = []
    while overlap.size and overlap.max() >= OVERLAP:
        row, column = np.unravel_index(overlap.argmax(), overlap.shape)
        pairs.append((int(row), int(column)))
        overlap[row, :] = overlap[:, column] = 0
    return pairs


def _compare(
    result: FrameResult, head: Head, poses: Predictions, boxes: Predictions, found: int
) -> Comparison:
    final = poses.values[found]
    initial = final if poses.refinement is None else poses.refinement.initial[found]
    box = boxes.values[found]
    first_box = box if boxes.refinement is None else boxes.refinement.initial[found]
    initial_iou, final_iou = box_iou(head.box[None], np.stack([first_box, box]))[0]
    return Comparison(
        result.index,
        result.time_s,
        head.person,
        head.pose,
        initial,
        final,
        float(initial_iou),
        float(final_iou),
    )


def mean_errors(rows: Sequence[Comparison]) -> tuple[FloatArray, FloatArray]:
    """Mean absolute errors float32 [3] in degrees of yaw, pitch, roll: initial and final."""
    truth = np.stack([row.truth for row in rows])
    initial = np.abs(np.stack([row.initial for row in rows]) - truth).mean(0)
    final = np.abs(np.stack([row.final for row in rows]) - truth).mean(0)
    return initial, final


def write_table(rows: Sequence[Comparison], path: Path) -> None:
    """All comparisons as CSV; angles in degrees."""
    kinds = ("true", "initial", "final")
    names = [f"{kind}_{angle}" for kind in kinds for angle in ANGLES]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["frame", "time_s", "person", *names, "initial_iou", "final_iou"])
        for row in rows:
            angles = [round(float(v), 2) for v in (*row.truth, *row.initial, *row.final)]
            ious = [round(row.initial_iou, 4), round(row.final_iou, 4)]
            writer.writerow([row.frame, round(row.time_s, 4), row.person, *angles, *ious])
