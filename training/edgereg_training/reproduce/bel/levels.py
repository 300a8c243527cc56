"""How fine the levels should be (S1 Table 14), on rendered head pose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgereg_training.methods.bel import code_words as bel
from edgereg_training.reproduce.bel.sweep import (
    Point,
    Result,
    best_of,
    compared,
    plot_of,
    sweep,
    table_of,
)
from edgereg_training.reproduce.bel.training import SPAN, bel_options, described
from edgereg_training.reproduce.report import Report

if TYPE_CHECKING:
    from edgereg_training.reproduce.context import Context

STEPS = (1.0, 2.0, 5.0, 10.0)
SERIES: dict[str, tuple[bel.Code, bel.Loss]] = {
    "U, CE": ("U", "CE"),
    "J, CE": ("J", "CE"),
    "B1JDJ, CE": ("B1JDJ", "CE"),
}


def run(context: Context) -> Report:
    """The study."""
    points = [
        Point(name, str(round(SPAN / step) + 1), bel_options(code, loss, step=step))
        for name, (code, loss) in SERIES.items()
        for step in STEPS
    ]
    results = sweep(context, points)
    steps = ", ".join(f"{step:g}" for step in STEPS)
    table = table_of(
        results, "Test error by number of levels (Table 14)", "levels",
        f"Degrees (95 % interval), levels of {steps} degrees each. The published table is of "
        "other data and not comparable.",
    )  # fmt: skip
    return Report(
        tables=(table,),
        findings=tuple(_finding(results, name) for name in SERIES),
        method=f"{described(context)} Read by GEN-EX.",
        plot=plot_of(results, "Head pose by number of levels", "levels of each angle"),
    )


def _finding(results: list[Result], name: str) -> str:
    best, others = best_of(results, name)
    against = [f"than at {r.point.x}: {compared(best, r)}" for r in others]
    return (
        f"{name}: least error at {best.point.x} levels, {best.error.text()} degrees; "
        f"{'; '.join(against)}."
    )
