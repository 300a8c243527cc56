"""The bundled clip's truth, and how predictions are held against it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from edgereg.core.kinds import Angles, Boxes
from edgereg.core.predictions import Predictions, Refinement
from edgereg.core.result import FrameResult
from edgereg.demo.clip import (
    ASSETS,
    CLIP,
    Comparer,
    Head,
    load_truth,
    match,
    mean_errors,
    write_table,
)
from edgereg.sources.open import open_source

ANGLES = (Angles(),)
EDGES = (Boxes(),)
BOX = np.array([10, 10, 30, 40], np.float32)
POSE = np.array([20, -5, 3], np.float32)
IMAGE = np.zeros((60, 80, 3), np.uint8)


def climbed(first: np.ndarray, last: np.ndarray) -> Refinement:
    path = np.stack([first, last], axis=1).astype(np.float32)
    return Refinement(path, np.zeros(path.shape[:2], np.float32))


def result(boxes: np.ndarray, poses: np.ndarray) -> FrameResult:
    """Boxes and poses that were 4 px and 10 degrees off before refinement."""
    scores = np.ones(len(boxes), np.float32)
    return FrameResult(
        0,
        0.5,
        IMAGE,
        {
            "detection": Predictions(
                "detection", "m", EDGES, boxes, scores, refinement=climbed(boxes + 4, boxes)
            ),
            "headpose": Predictions(
                "headpose", "m", ANGLES, poses, scores, boxes, refinement=climbed(poses + 10, poses)
            ),
        },
    )


def test_the_clip_is_small_and_its_truth_is_complete() -> None:
    assert CLIP.stat().st_size < 2_000_000
    source, truth = open_source(CLIP), load_truth()
    frames = [frame.image.shape for frame in source.frames()]
    source.close()
    assert len(truth) == len(frames) >= 200
    assert set(frames) == {(360, 640, 3)}
    assert all(len({head.person for head in heads}) == len(heads) >= 2 for heads in truth)
    poses = np.stack([head.pose for heads in truth for head in heads])
    assert (np.abs(poses).max(0) > [45, 20, 20]).all()


def test_the_truth_moves_smoothly() -> None:
    poses = np.stack([[head.pose for head in heads] for heads in load_truth()])
    assert np.abs(np.diff(poses, axis=0)).max() < 5


def test_assets_hold_nothing_else() -> None:
    assert sorted(path.name for path in ASSETS.iterdir()) == ["demo.json", "demo.mp4"]


@pytest.mark.parametrize(
    ("found", "pairs"),
    [
        ([[10, 10, 30, 40]], [(0, 0)]),
        ([[60, 10, 80, 40]], []),
        ([[60, 10, 80, 40], [11, 10, 31, 40]], [(0, 1)]),
        ([[12, 10, 32, 40], [10, 10, 30, 40]], [(0, 1)]),
        (np.zeros((0, 4)), []),
    ],
)
def test_match(found: list[list[float]], pairs: list[tuple[int, int]]) -> None:
    assert match(BOX[None], np.asarray(found, np.float32)) == pairs


def test_comparison_with_and_without_refinement() -> None:
    comparer = Comparer([[Head(7, BOX, POSE)]])
    comparer.write(result(BOX[None], POSE[None] + 1))
    (row,) = comparer.rows
    assert (row.person, row.frame, row.time_s) == (7, 0, 0.5)
    assert row.final_iou == 1 > row.initial_iou
    initial, final = mean_errors(comparer.rows)
    assert initial == pytest.approx([11, 11, 11])
    assert final == pytest.approx([1, 1, 1])


def test_false_alarms_and_misses_are_counted() -> None:
    comparer = Comparer([[Head(1, BOX, POSE), Head(2, BOX + 40, POSE)]])
    boxes = np.stack([BOX, BOX + 100]).astype(np.float32)
    comparer.write(result(boxes, np.stack([POSE, POSE])))
    assert (comparer.heads, len(comparer.rows), comparer.extra) == (2, 1, 1)


def test_a_frame_without_predictions() -> None:
    comparer = Comparer([[Head(1, BOX, POSE)]])
    comparer.write(FrameResult(0, 0.0, IMAGE))
    assert (comparer.heads, comparer.rows) == (1, [])


def test_table(tmp_path: Path) -> None:
    comparer = Comparer([[Head(7, BOX, POSE)]])
    comparer.write(result(BOX[None], POSE[None]))
    write_table(comparer.rows, tmp_path / "poses.csv")
    (row,) = csv.DictReader((tmp_path / "poses.csv").open(encoding="utf-8"))
    assert (row["true_yaw"], row["initial_yaw"], row["final_yaw"]) == ("20.0", "30.0", "20.0")
    assert row["final_iou"] == "1.0"
