"""The bundled model through the front door, as a user has it."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from edgereg_tracking.task import Tracking

import edgereg
from edgereg.api import FrameResult, Prompt, load_model
from edgereg.cli.main import main
from edgereg.demo.clip import CLIP

SIZE = (320, 180)


def pictures(count: int, hidden: range = range(0)) -> list[np.ndarray]:
    """A face of a kind that moves to the right and grows, over noise."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(60, 190, (12, 20, 3)).astype(np.uint8)
    ground = cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC)
    frames = []
    for index in range(count):
        image = ground.copy()
        if index not in hidden:
            x1, y1, x2, y2 = (int(edge) for edge in truth(index))
            centre, axes = ((x1 + x2) // 2, (y1 + y2) // 2), ((x2 - x1) // 2, (y2 - y1) // 2)
            cv2.ellipse(image, centre, axes, 0, 0, 360, (225, 170, 40), cv2.FILLED)
            for side in (-1, 1):
                eye = (centre[0] + side * axes[0] // 2, centre[1] - axes[1] // 4)
                cv2.circle(image, eye, axes[0] // 6, (20, 20, 60), cv2.FILLED)
            cv2.ellipse(image, centre, (axes[0] // 2, axes[1] // 2), 0, 20, 160, (150, 20, 20), 2)
        frames.append(image)
    return frames


def truth(index: int) -> np.ndarray:
    half = np.array([20, 24]) * 1.01**index
    centre = np.array([60 + 3 * index, 80 + 8 * np.sin(index / 5)])
    return np.concatenate([centre - half, centre + half])


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    shared = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0).prod()
    return float(shared / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared))


def follow(frames: list[np.ndarray], **options: object) -> list[FrameResult]:
    prompt = Prompt(tuple(truth(0)))  # type: ignore[arg-type]
    return list(edgereg.stream(frames, tasks="tracking", prompts=[prompt], threads=1, **options))  # type: ignore[arg-type]


def test_an_object_is_followed_and_its_growth_seen() -> None:
    results = follow(pictures(30))
    boxes = [result["tracking"].values[0] for result in results]
    overlaps = [overlap(box, truth(index)) for index, box in enumerate(boxes)]
    assert np.mean(overlaps) > 0.6
    assert min(overlaps) > 0.3
    assert all(result["tracking"].tracks.tolist() == [1] for result in results)


def test_lost_and_found_again_are_recorded(tmp_path: Path) -> None:
    out = tmp_path / "track.csv"
    source = tmp_path / "frames"
    source.mkdir()
    for index, image in enumerate(pictures(24, hidden=range(8, 14))):
        cv2.imwrite(str(source / f"{index:03d}.png"), image[..., ::-1])
    edgereg.run(source, out, tasks="tracking", prompts=[Prompt(tuple(truth(0)))], threads=1)  # type: ignore[arg-type]
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    states = [row["state"] for row in rows]
    assert len(rows) == 24
    assert set(states[:7]) == {"found"}
    assert set(states[8:14]) == {"lost"}
    assert states[-1] == "found"
    assert {row["track"] for row in rows} == {"1"}


def test_a_second_run_gives_the_same_boxes() -> None:
    first, second = (
        np.stack([result["tracking"].values[0] for result in follow(pictures(8))]) for _ in "ab"
    )
    np.testing.assert_array_equal(first, second)


def test_a_box_outside_is_one_line_and_the_run_goes_on() -> None:
    prompt = Prompt((400, 300, 440, 340))
    results = list(edgereg.stream(pictures(2), tasks="tracking", prompts=[prompt], threads=1))
    assert len(results) == 2
    assert "outside the picture of 320 x 180" in results[0].faults[0].reason


def test_the_folder_is_whole_and_small() -> None:
    folder = load_model(Tracking().model)
    graphs = {"predict", "code", "condition", "refine", "density", "spread"}
    assert set(folder.spec.graphs) == graphs
    size = sum(file.stat().st_size for file in folder.path.iterdir())
    assert size <= 5_500_000


def test_every_box_says_how_sure_it_is() -> None:
    results = follow(pictures(24, hidden=range(8, 14)))
    drawn, found, lost = (results[index]["tracking"] for index in (0, 4, 11))
    assert (drawn.std == 0).all()
    side = float(np.ptp(found.values[0, [0, 2]]))
    assert (0.002 * side < found.std).all()
    assert (found.std < 0.3 * side).all()
    assert lost.states == ("lost",)
    assert lost.std.min() > found.std.max()
    inside = [
        (np.abs(result["tracking"].values[0] - truth(index)) <= 1.645 * result["tracking"].std[0])
        for index, result in enumerate(results)
        if result["tracking"].states[0] == "found" and index
    ]
    assert np.mean(inside) > 0.6


@pytest.mark.parametrize("steps", [0, 3])
def test_steps_are_those_asked_for(steps: int) -> None:
    last = follow(pictures(3), steps=steps)[-1]["tracking"]
    if steps == 0:
        assert last.refinement is None
    else:
        assert last.refinement.trajectory.shape == (1, steps + 1, 4)


def test_the_heads_of_a_frame_are_tracked_from_there(tmp_path: Path) -> None:
    out = tmp_path / "heads.csv"
    with pytest.raises(SystemExit) as ended:
        main(["run", str(CLIP), str(out), "--task", "tracking", "--box", "heads@2", "--limit", "5"])
    assert ended.value.code == 0
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == [2] * 3 + [3] * 3 + [4] * 3
    assert {row["track"] for row in rows} == {"1", "2", "3"}
    assert {row["state"] for row in rows} == {"found"}
