"""The 1-D studies' tables and sentences, from cells that are made up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("numba")

from edgereg_training.reproduce.cells import Cells
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.regcls import grid as regcls_grid
from edgereg_training.reproduce.regcls.published import FIGURE_3
from edgereg_training.reproduce.report import Report, write_report
from edgereg_training.reproduce.study import STUDIES, run_of

Fake = Callable[[dict[str, Any]], dict[str, float]]


def run(name: str, errors: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """The quick study, its cells given by `errors` of the key."""

    def cell(key: dict[str, Any]) -> dict[str, Any]:
        assert key["noise"] > 0 or key["setting"] != "noisy"
        return {
            "pairs": [
                {"classes": c, "made": c, "test": errors(key), "validation": errors(key)}
                for c in key["classes"]
            ]
        }

    monkeypatch.setattr(regcls_grid, "compute_pairs", cell)
    report = run_of(STUDIES[name])(Context(True, Cells(tmp_path / "cells"), tmp_path))
    path = write_report(report, name, "command", tmp_path / "out", name)
    assert path.with_suffix(".png").stat().st_size > 10_000
    return report


def published(key: dict[str, Any]) -> dict[str, float]:
    logs = FIGURE_3[key["setting"], key["sampling"]]
    shift = 1e-3 * key["function"]
    reg = logs.reg + shift
    return {"reg": reg, "weighted": reg - 0.2, "regcls": reg - logs.gap}


def test_the_published_gaps_are_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = run("regcls-1d", published, tmp_path, monkeypatch)
    text = " ".join(report.findings)
    assert "clean: 4 of 4 gaps lie within 0.03 of the published ones" in text
    assert "their mean is 0.060, published 0.060, and" in text
    assert "their order is the published one: uniform < mild < moderate < severe" in text
    assert "more than 8 points away: uniform (published 66.8 %)" in text
    assert "clean: the weight alone, without classes, beats reg for uniform, mild" in text
    assert "reg+cls against that arm: they harm for uniform" in text
    assert len(report.tables[0].rows) == 8


def test_other_gaps_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def errors(key: dict[str, Any]) -> dict[str, float]:
        gap = 0.5 if key["sampling"] == "uniform" else 0.0
        return {"reg": 1.0, "weighted": 1.0, "regcls": 1.0 - gap}

    report = run("regcls-1d", errors, tmp_path, monkeypatch)
    assert "uniform is off by +0.496" in report.findings[0]
    assert "published uniform < mild < moderate < severe" in report.findings[0]


def test_the_best_weight_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def errors(key: dict[str, Any]) -> dict[str, float]:
        best = 0.1 if key["weight"] == 1 else 0.3
        return {"reg": 0.2, "weighted": 0.2, "regcls": best + 1e-3 * key["function"]}

    report = run("regcls-lambda", errors, tmp_path, monkeypatch)
    assert "uniform 1 (test MSE 0.103) and severe 1 (test MSE 0.103)" in report.findings[0]
    assert "better at 4, worse at 12" in report.findings[-1]


def test_the_noise_is_taken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def errors(key: dict[str, Any]) -> dict[str, float]:
        floor = key["noise"] ** 2
        return {"reg": floor + 0.3, "weighted": floor + 0.2, "regcls": floor + 0.1}

    report = run("regcls-noise", errors, tmp_path, monkeypatch)
    assert [row[3:6] for row in report.tables[0].rows] == [
        pytest.approx((0.3, 0.2, 0.1)) for _ in report.tables[0].rows
    ]


def test_balanced_shares_stand_beside_the_papers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def errors(key: dict[str, Any]) -> dict[str, float]:
        good = key["balanced"] or key["function"] == 3
        return {"reg": 0.2, "weighted": 0.05, "regcls": 0.1 if good else 0.3}

    report = run("regcls-balance", errors, tmp_path, monkeypatch)
    rows = {row[:3]: row[3:] for row in report.tables[0].rows}
    assert rows["clean", "equal width", "severe"] == (36.83, 33.3, 0.0)
    assert rows["noisy", "equalised", "uniform"] == (65.0, 100.0, 0.0)
    assert "uniform +66.7 (paper +3.6)" in report.findings[1]
    assert (
        "shares are of 6 runs each, with a standard error of up to 20 points" in report.findings[0]
    )
