"""The study of few and many shots: its sampling, its shots, its sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from edgereg_training.regression.data import Examples
from edgereg_training.reproduce.cells import Cells
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.image_study import Heads
from edgereg_training.reproduce.regcls import image as regcls_image
from edgereg_training.reproduce.report import Report, write_report


def heads(ages: Any) -> Heads:
    count = len(ages)
    images = np.zeros((count, 44, 44, 3), np.uint8)
    return Heads(Examples(images, np.float32(ages)[:, None], 2), np.zeros(count, np.int32))


def test_ages_crowd_about_the_peak() -> None:
    kept = regcls_image.imbalanced(heads(np.repeat(np.arange(5, 80), 200)))
    counts = np.bincount(kept.targets[:, 0].astype(int), minlength=80)
    assert (counts[24:37] == 200).all()
    assert (counts[[14, 46]] < 60).all()
    assert 0 < counts[60:].mean() < 12
    again = regcls_image.imbalanced(heads(np.repeat(np.arange(5, 80), 200)))
    assert np.array_equal(again.targets, kept.targets)


def test_shots_count_the_training_heads_of_the_year() -> None:
    train = np.float32([30.5] * 101 + [40.2] * 100 + [50.9] * 20 + [60.0] * 19)
    test = np.float32([30.0, 40.99, 50.1, 60.5, 88.0])
    found = regcls_image.shots_of(train, test).tolist()
    assert found == ["many", "medium", "medium", "few", "few"]


def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, regcls_error: float) -> Report:
    """The quick study with made-up errors: reg 10, reg+cls as given, weight 10 the best."""

    def cell(key: dict[str, Any], data: Path) -> dict[str, Any]:
        method = key["method"]
        error = regcls_error if method["name"] == "regcls" else 10.0
        error += 0.01 * key["seed"] * (method["name"] == "regcls")
        test = {"all": error, "many": 5.0, "medium": error, "few": error}
        heads = {"many": 1, "medium": 1, "few": 2}
        validation = error - (method.get("weight") == 10)
        return {"validation": validation, "test": test, "heads": heads, "kept": 9, "seconds": 1}

    def folder(self: Context, count: int, split: str) -> Path:
        return Path(f"{split}-{count}")

    monkeypatch.setattr(regcls_image, "train_cell", cell)
    monkeypatch.setattr(Context, "heads", folder)
    middling = dict.fromkeys(regcls_image.SHOTS, 20.0)
    monkeypatch.setattr(regcls_image, "constant_errors", lambda data, folders: middling)
    made = regcls_image.run(Context(True, Cells(tmp_path / "cells"), tmp_path))
    write_report(made, "title", "command", tmp_path, "regcls-image")
    return made


def test_a_gain_that_is_told_from_nought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = report(tmp_path, monkeypatch, 8.0)
    assert made.findings[0].startswith("reg+cls, uniform, weight 10 (weight chosen")
    assert "A gain is shown for: all, medium, few." in made.findings[0]
    assert "not told apart" in made.findings[3]
    assert "25 % of the test heads are many-shot" in made.method


def test_harm_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = report(tmp_path, monkeypatch, 11.0)
    assert "does not hold here: all, medium, few become worse" in made.findings[1]
