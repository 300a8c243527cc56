"""The width theta of the bottleneck before the bits (S1 Fig. 6), on rendered head pose."""

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
from edgereg_training.reproduce.bel.training import bel_options, described
from edgereg_training.reproduce.report import Report

if TYPE_CHECKING:
    from edgereg_training.reproduce.context import Context

# The width of every other study's BEL stands among them: those trainings are shared.
THETAS: tuple[int | None, ...] = (2, 4, 16, None)
# The paper's claim is that complex codes gain more from the bottleneck than simple ones.
SERIES: dict[str, tuple[bel.Code, bel.Loss]] = {
    "U, CE": ("U", "CE"),
    "B1JDJ, CE": ("B1JDJ", "CE"),
    "HEXJ, CE": ("HEXJ", "CE"),
}


def run(context: Context) -> Report:
    """The study."""
    points = [
        Point(name, "none" if theta is None else str(theta), bel_options(code, loss, theta=theta))
        for name, (code, loss) in SERIES.items()
        for theta in THETAS
    ]
    results = sweep(context, points)
    table = table_of(
        results, "Test error by theta (Fig. 6)", "theta",
        "Degrees (95 % interval); 'none' is one linear layer from the features to the bits. The "
        "published figure is of other data and not comparable.",
    )  # fmt: skip
    return Report(
        tables=(table,),
        findings=tuple(_finding(results, name) for name in SERIES),
        method=f"{described(context)} Read by GEN-EX.",
        plot=plot_of(results, "Head pose by the width of the bottleneck", "theta"),
    )


def _finding(results: list[Result], name: str) -> str:
    best, others = best_of(results, name)
    against = [f"than with {r.point.x}: {compared(best, r)}" for r in others]
    return (
        f"{name}: least error with theta {best.point.x}, {best.error.text()} degrees; "
        f"{'; '.join(against)}."
    )
