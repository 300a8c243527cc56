"""Figures of regressed values: by range of the pose, with paired changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from edgereg_training.loop.errors import TrainingError
from edgereg_training.regression import evaluation as regression_evaluation
from edgereg_training.regression.evaluation import part_figures, score_figures
from edgereg_training.regression.target import target_of
from edgereg_training.render.shards import HeadShardOptions, write_head_shards

POSE = target_of("headpose", 32)
# Within all ranges, within full and wide, within wide, beyond.
TARGETS = np.array([[0, 0, 0], [60, 0, 0], [80, 0, 0], [95, 0, 0]], np.float32)
VALUES = TARGETS + np.array([[3], [6], [9], [99]], np.float32)
REFINED = TARGETS + np.array([[1], [2], [3], [99]], np.float32)


def test_each_range_has_its_errors_and_their_change() -> None:
    found = {f.name: f for f in part_figures(POSE, VALUES, REFINED, TARGETS, by_value=False)}
    for name, before, after in (("usual", 3, 1), ("full", 4.5, 1.5), ("wide", 6, 2)):
        assert found[f"mae_{name}"].value == before
        assert found[f"mae_{name}_refined"].value == after
        assert found[f"mae_{name}_change"].value == after - before
    assert len(found) == 9
    assert found["mae_full"].note.endswith("|yaw| < 75, |pitch| < 60, |roll| < 50; 2 examples")


def test_without_refinement_and_without_heads_there_are_fewer_rows() -> None:
    names = [f.name for f in part_figures(POSE, VALUES, None, TARGETS)]
    assert names == ["mae_usual", "mae_full", "mae_wide"]
    assert part_figures(POSE, VALUES[3:], None, TARGETS[3:]) == []
    assert part_figures(target_of("age", 32), VALUES[:, :1], None, TARGETS[:, :1]) == []


def test_angles_are_measured_within_the_full_range() -> None:
    refined = TARGETS + np.array([1, 2, 4], np.float32)
    found = {f.name: f.value for f in part_figures(POSE, VALUES, refined, TARGETS)[9:]}
    assert found == {
        "mae_yaw_full_refined": 1, "mae_pitch_full_refined": 2, "mae_roll_full_refined": 4
    }  # fmt: skip


def test_scores_carry_their_units() -> None:
    scores = {"mae": np.array([4.0, 2.0]), "mae_refined": np.array([3.0, 1.0])}
    found = {f.name: f for f in score_figures(target_of("age", 32), scores)}
    assert found["mae_change"].value == found["mae_change"].low == -1
    assert found["mae_refined"].unit == "year"
    assert found["mae_refined"].note == "mean absolute error, refined; 2 examples"


@dataclass(frozen=True)
class Answers:
    """An engine that says 30 years of every crop, and that there is nothing to refine."""

    path: Path
    inputs: tuple[str, ...] = ("images",)

    def run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return {"values": np.full((len(inputs["images"]), 1), 30, np.float32)}


def model(width: int | None) -> Any:
    given = SimpleNamespace(width=width, crop_scale=1.2, crop_top=0.0)
    spec = SimpleNamespace(
        task="age", input=given, refinement=None, features=(), targets=target_of("age", 16).values
    )
    return SimpleNamespace(
        path="ages", spec=spec, has=lambda _: False, graph_path=lambda name: Path(name)
    )


def test_a_model_of_any_target_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regression_evaluation, "OnnxEngine", Answers)
    options = HeadShardOptions(out=tmp_path, count=70, size=32, identities=6, people=3)
    folder, seen = write_head_shards(options), []
    figures = regression_evaluation.measure(model(16), folder, lambda *done: seen.append(done))
    assert [f.name for f in figures] == ["mae", "mae_refined", "mae_change"]
    with np.load(folder / "shard-00000.npz") as file:
        expected = np.abs(file["age"] - 30).mean()
    assert figures[0].value == pytest.approx(expected, rel=1e-5)
    assert figures[2].value == 0
    assert seen == [(64, 70), (70, 70)]


def test_a_model_without_a_fixed_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="a model of 'age' must have a fixed input size"):
        regression_evaluation.measure(model(None), tmp_path, lambda *_: None)
