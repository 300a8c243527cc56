"""The studies of BEL: what they compute, what they share, and what they say of the figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.methods.bel import bounds as bel_bounds  # noqa: E402
from edgereg_training.methods.bel import code_words as bel  # noqa: E402
from edgereg_training.reproduce.bel import ablation as bel_ablation  # noqa: E402
from edgereg_training.reproduce.bel import bounds as bounds_study  # noqa: E402
from edgereg_training.reproduce.bel import codes as bel_codes  # noqa: E402
from edgereg_training.reproduce.bel import sweep as bel_sweep  # noqa: E402
from edgereg_training.reproduce.bel import training as bel_training  # noqa: E402
from edgereg_training.reproduce.cells import Cells  # noqa: E402
from edgereg_training.reproduce.context import Context  # noqa: E402
from edgereg_training.reproduce.report import write_report  # noqa: E402


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """Without rendering: the folders' names only."""

    def heads(self: Context, count: int, split: str) -> Path:
        return self.data / f"{split}-{count}"

    monkeypatch.setattr(Context, "heads", heads)
    return Context(True, Cells(tmp_path / "cells" / "bel-study"), tmp_path / "data")


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Replaces training by an error that depends on the key; gives the keys that were trained."""
    asked: list[dict[str, Any]] = []

    def cell(key: dict[str, Any], data: Path) -> dict[str, Any]:
        asked.append(key)
        method = key["method"]
        base = 9.0 if method["name"] != "bel" else 5.0 + 3 * (method["code"] == "HAD")
        names = [bel_training.VALUE]
        if method["name"] == "multiclass":
            names.append(bel_training.MEAN)
        if method["name"] == "bel":
            names = list(bel_training.decoders_of(method["code"]))
        error = {n: base + 0.1 * key["seed"] + 0.5 * (n == "GEN") for n in names}
        return {
            "validation": error,
            "test": {n: [e, e, e] for n, e in error.items()},
            "best_epoch": 1,
            "seconds": 0.0,
        }

    monkeypatch.setattr(bel_training, "train_cell", cell)
    return asked


@pytest.fixture
def few_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds_study, "R", np.array([1.0, 2.0, 3.0]))
    monkeypatch.setattr(bounds_study, "SIGMA", np.array([0.6, 1.0, 4.0]))
    monkeypatch.setattr(bounds_study, "SIGMAS", (1.0, 3.0))


@pytest.mark.usefixtures("few_settings")
def test_rise_is_blank_where_a_probability_exceeds_one() -> None:
    rise = bounds_study.rise_map(printed=False)
    # The largest probability is r / (sigma sqrt(2 pi)) exp(-1 / 8 sigma^2).
    assert np.isnan(rise).tolist() == [[False] * 3, [False] * 3, [True, True, False]]
    assert rise[0, 1] == pytest.approx(-5.68, abs=0.006)


@pytest.mark.parametrize("code", ["U", "J"])
def test_simulation_of_rare_errors_is_their_probability(code: Any) -> None:
    """At most one wrong bit: the expected error is known."""
    levels, chance = 12, 1e-2
    bits = levels - 2 if code == "U" else levels // 2
    errors = np.zeros((levels - 1, bits))
    errors[4, 2] = chance
    rng = np.random.default_rng(0)
    found = bounds_study.simulated_error(code, errors, 40000, rng) * (levels - 1)
    # Label 5 of J is 011111: bit 3 is inside the run, so that nothing moves.
    assert found == pytest.approx(chance if code == "U" else 0.0, abs=2e-3)


def test_simulation_agrees_with_the_bound() -> None:
    errors = bel_bounds.johnson_errors(16, 0.5, 1.0)
    found = bounds_study.simulated_error("J", errors, 20000, np.random.default_rng(1))
    assert found == pytest.approx(0.565827, abs=0.01)


@pytest.mark.usefixtures("few_settings")
def test_bounds_study_writes_its_report(context: Context, tmp_path: Path) -> None:
    report = bounds_study.run(context)
    rises = [row[5] for row in report.tables[0].rows]
    assert rises == pytest.approx([-5.68, 0.28, -33.07], abs=0.006)
    text = write_report(report, "T", "c", tmp_path, "bel-bounds").read_text(encoding="utf-8")
    assert "as printed" in text
    assert (tmp_path / "bel-bounds.png").stat().st_size > 10_000


def test_properties_of_codes() -> None:
    unary, hadamard = (bel_codes.properties(code) for code in ("U", "HAD"))
    assert (unary.changes, unary.busiest, unary.bits) == (255, 1, 255)
    assert (hadamard.changes, hadamard.distance, hadamard.one_wrong) == (32640, 128, 0.0)
    assert unary.exact
    assert hadamard.exact


def test_one_wrong_bit_by_hand() -> None:
    """U of 3 levels: 00, 10, 11. Turned over: 10 01 | 00 11 | 01 10 -> 1 0* 0 2 0* 1."""
    words = bel.code_matrix("U", 3, spare=False)
    # Of 01 the words 00 and 11 are equally near: the first is taken.
    assert bel_codes.one_wrong_bit(words) == pytest.approx((1 + 0 + 1 + 1 + 2 + 1) / 6)


@pytest.mark.usefixtures("trained")
def test_seeds_and_configurations_are_not_mixed_up(context: Context) -> None:
    methods = [bel_training.bel_options("HAD", "CE"), bel_training.bel_options("U", "BCE")]
    hadamard, unary = bel_training.train_all(context, methods)
    assert hadamard.errors["GEN-EX"] == pytest.approx([8.0, 8.1])
    assert unary.errors["BEL-U"] == pytest.approx([5.0, 5.1])
    assert unary.errors["GEN"] == pytest.approx([5.5, 5.6])


def test_studies_share_trainings(context: Context, trained: list[dict[str, Any]]) -> None:
    options = [bel_training.bel_options("J", "CE")]
    bel_training.train_all(context, options)
    other = Context(True, Cells(context.cells.folder.parent / "another"), context.data)
    both = [*options, bel_training.bel_options("J", "BCE")]
    bel_training.train_all(other, both)
    assert [key["method"]["loss"] for key in trained] == ["CE", "CE", "BCE", "BCE"]


def test_smaller_sets_get_as_many_steps(context: Context, trained: list[dict[str, Any]]) -> None:
    options = [bel_training.bel_options("J", "CE")] * 2
    bel_training.train_all(context, options, counts=[3000, 375])
    assert [key["count"] * key["budget"]["epochs"] for key in trained] == 4 * [6000]


def entrant(name: str, code: Any, decoder: str, mean: float, half: float) -> Any:
    errors = (mean - half, mean, mean + half)
    return bel_ablation.Entrant(name, code, "CE" if code else name, decoder, errors, mean)


def entrants(best: float, hadamard: float, hard: float) -> list[Any]:
    found = []
    for code in bel.CODES:
        mean = hadamard if code == "HAD" else best
        found.append(entrant(code, code, "GEN-EX", mean, 0.1))
        found.append(entrant(code, code, "GEN", hard, 0.1))
    return found


def references(direct: float, multiclass: float) -> list[Any]:
    return [
        entrant("direct L1", None, "value", direct, 0.1),
        entrant("direct L2", None, "value", direct + 1, 0.1),
        entrant("multiclass", None, "value", multiclass, 0.1),
        entrant("multiclass", None, "expected value", 9.0, 0.1),
    ]


def test_verdicts_where_the_claims_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bel_ablation, "LOSSES", ("CE",))
    lines = bel_ablation.findings(entrants(5.0, 7.0, 8.0), references(6.0, 6.5))
    assert "direct L1: 6.00" in lines[1]
    assert "1.00 (1.00 .. 1.00) degrees more" in lines[1]
    assert "do not overlap" in lines[1]
    assert "do not overlap" in lines[2]
    assert lines[4].startswith("HAD is the worst code under every loss")
    assert "no worse than GEN in any" in lines[5]


def test_verdicts_where_they_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bel_ablation, "LOSSES", ("CE",))
    lines = bel_ablation.findings(entrants(5.0, 4.5, 4.9), references(4.6, 4.0))
    assert "the intervals overlap" in lines[1]
    assert "not beaten" in lines[2]
    assert "HAD is nowhere worst" in lines[4]
    assert "exceptions: U/CE" in lines[5]


def test_sweep_reads_the_expected_value(context: Context, trained: list[dict[str, Any]]) -> None:
    points = [
        bel_sweep.Point("a", "1", bel_training.bel_options("HEXJ", "CE")),
        bel_sweep.Point("a", "2", bel_training.bel_options("HAD", "CE"), 100),
        bel_sweep.Point("b", "2", bel_training.bel_options("U", "CE")),
    ]
    results = bel_sweep.sweep(context, points)
    table = bel_sweep.table_of(results, "t", "x", "")
    assert table.columns == ("x", "a", "b")
    assert table.rows[0] == ("1", "5.05 (4.41 .. 5.69)", None)
    assert bel_sweep.at(results, "a", "2").error.mean == pytest.approx(8.05)
    assert [key["count"] for key in trained[:3]] == [3000, 100, 3000]


def test_seeds_are_compared_with_themselves() -> None:
    """Seeds that differ more than the methods don't hide a difference that each of them shows."""
    point = bel_sweep.Point("a", "1", {})
    first, second = (bel_sweep.Result(point, e) for e in ((5.0, 6.0, 7.0), (5.5, 6.6, 7.4)))
    crossing = bel_sweep.Result(point, (6.0, 5.0, 7.5))
    assert bel_sweep.compared(first, second).startswith("lower, by seed -0.50")
    assert bel_sweep.compared(second, first).startswith("higher, by seed 0.50")
    assert bel_sweep.compared(first, crossing).startswith("not distinguishable")


def test_ablation_from_trainings_to_report(
    context: Context, trained: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Every code, loss and decoder has its place in the table; HAD was made the worst."""
    report = bel_ablation.run(context)
    assert len(trained) == (24 + 4) * bel_training.QUICK.seeds
    assert [row[0] for row in report.tables[0].rows] == [
        "U", "U", "U", "J", "J", "J", "B1JDJ", "B1JDJ", "B2JDJ", "B2JDJ", "HEXJ", "HEXJ",
        "HAD", "HAD",
    ]  # fmt: skip
    assert any("HAD is the worst code under every loss" in line for line in report.findings)
    write_report(report, "T", "c", tmp_path, "bel-ablation")
    assert (tmp_path / "bel-ablation.png").stat().st_size > 10_000
