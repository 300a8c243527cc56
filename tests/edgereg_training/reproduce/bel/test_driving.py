"""The study of steering: what its lines say of approaches that are ahead, behind and not apart."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("matplotlib")

from edgereg_training.reproduce.bel.driving import (
    Outcome,
    judged,
    plot_of,
    rivals_table,
)
from edgereg_training.reproduce.report import draw

CODE = Outcome(
    "J, BCE", 3e-3,
    {"GEN": [0.30, 0.31, 0.29], "GEN-EX": [0.20, 0.21, 0.22]},
    {"GEN": [0.25, 0.25, 0.25], "GEN-EX": [0.10, 0.12, 0.11]},
)  # fmt: skip
WORSE = Outcome("HAD, CE", 1e-2, {"GEN": [0.5, 0.5, 0.5]}, {"GEN": [0.4, 0.4, 0.4]})


def rival(name: str, errors: list[float]) -> Outcome:
    return Outcome(name, 1e-2, {"value": errors}, {"value": errors})


def test_the_decoder_is_chosen_by_validation() -> None:
    name, error = CODE.best()
    assert name == "GEN-EX"
    assert abs(error.mean - 0.21) < 1e-9


def test_the_best_code_is_told_from_each_rival() -> None:
    rivals = [
        rival("direct L1", [0.40, 0.42, 0.41]),
        rival("direct L2", [0.20, 0.22, 0.21]),
        rival("multiclass", [0.10, 0.11, 0.12]),
    ]
    first, *lines = judged("recorded drive", [WORSE, CODE, *rivals], 0.4)
    assert "best by validation is J, BCE, GEN-EX" in first
    assert [line.split("it is ")[1].split(" (")[0] for line in lines] == [
        "below direct L1",
        "not apart from direct L2",
        "above multiclass",
    ]
    # By the mean of the seeds, so that one lucky seed does not lead.
    lucky = Outcome("U, BCE", 1e-2, CODE.errors, {"GEN": [0.01, 0.9, 0.9]})
    rows = rivals_table("recorded drive", [WORSE, lucky, CODE], 0.4).rows
    assert [row[0] for row in rows] == ["J, BCE", "HAD, CE", "U, BCE", "constant (median)"]


def test_the_plot_has_every_approach_and_the_constant(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    table = rivals_table("recorded drive", [WORSE, CODE, rival("direct L1", [0.3, 0.4])], 0.4)
    plot = plot_of("recorded drive", table)
    figure = Figure()
    plot(figure)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["J, BCE, GEN-EX", "direct L1, value", "HAD, CE, GEN"]
    draw(plot, (6.0, 4.0), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 5000
