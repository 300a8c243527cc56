"""The field's own scores, of answers that are off by a known amount."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from edgereg_training.data.angles import from_300w_lp, to_300w_lp
from edgereg_training.data.cache import Cut
from edgereg_training.data.part import SetPart
from edgereg_training.loop.bootstrap import Figure
from edgereg_training.regression.data import load_examples
from edgereg_training.regression.protocol import protocol_figures
from edgereg_training.regression.target import target_of

from edgereg.core.arrays import FloatArray

SIZE, SCALE = 64, 1.25
TinySet = Callable[[str], Path]


def figures(
    target: object, part: SetPart, off: Callable[[FloatArray], FloatArray]
) -> tuple[dict[str, Figure], FloatArray]:
    """By name, of answers `off(truth)`, and the truth."""
    described = target_of(target, SIZE)  # type: ignore[arg-type]
    shards = part.shards(Cut(described.label, SIZE, SCALE))
    truth = load_examples([shards], described, SIZE, SCALE).targets
    found = protocol_figures(described, shards, off(truth), truth, SIZE, SCALE)
    return {figure.name: figure for figure in found}, truth


def part(tiny_set: TinySet, tmp_path: Path, name: str, split: str) -> SetPart:
    return SetPart(set=name, folder=tiny_set(name), split=split, cache=tmp_path / "cache")


def test_points_over_the_distance_of_the_eyes(tiny_set: TinySet, tmp_path: Path) -> None:
    right = np.tile([2.0, 0.0], 98).astype(np.float32)
    found, truth = figures(
        {"name": "landmarks", "points": 98},
        part(tiny_set, tmp_path, "wflw", "test"),
        lambda truth: truth + right,
    )
    points = truth.reshape(98, 2)
    wanted = 200 / np.linalg.norm(points[60] - points[72])
    assert found["nme_set"].value == pytest.approx(wanted, rel=1e-3)
    assert found["nme_set_blur"].value == pytest.approx(wanted, rel=1e-3)
    assert found["auc10"].value == pytest.approx(max(0, 1 - wanted / 10), abs=1e-3)
    assert found["fr10"].value == (100 if wanted > 10 else 0)
    assert "nme_set_occlusion" not in found, "no face of the tiny set is occluded"


def test_points_over_the_side_of_aflws_box(tiny_set: TinySet, tmp_path: Path) -> None:
    up = np.tile([0.0, 3.0], 19).astype(np.float32)
    found, _ = figures(
        {"name": "landmarks", "points": 19},
        part(tiny_set, tmp_path, "aflw", "test"),
        lambda truth: truth + up,
    )
    # The box is 60 px wide, as is the set's length: 64 / 1.25 px in the crop.
    assert found["nme_set"].value == pytest.approx(100 * 3 / (SIZE / SCALE), rel=1e-3)


def test_ages_by_shot_and_within_five_years(tiny_set: TinySet, tmp_path: Path) -> None:
    errors = np.array([[1.0], [-5.0], [20.0]], np.float32)
    found, _ = figures("age", part(tiny_set, tmp_path, "agedb", "test"), lambda t: t + errors)
    assert found["cs5"].value == pytest.approx(100 * 2 / 3)
    shots = [found[f"mae_set_{shot}"].value for shot in ("many", "medium", "few")]
    assert shots == pytest.approx([1, 5, 20])


def test_poses_in_the_angles_of_300w_lp(tiny_set: TinySet, tmp_path: Path) -> None:
    def off(truth: FloatArray) -> FloatArray:
        theirs = to_300w_lp(truth) + np.array([6.0, 0.0, 0.0])
        rows = [from_300w_lp(*np.radians([pitch, yaw, roll])) for yaw, pitch, roll in theirs]
        return np.array(rows, np.float32)

    found, _ = figures("headpose", part(tiny_set, tmp_path, "aflw2000", "test"), off)
    assert found["mae_300w_lp"].value == pytest.approx(2.0, abs=1e-3)
    assert found["mae_300w_lp_yaw-30-60"].value == pytest.approx(2.0, abs=1e-3)
