"""BEL, direct regression and multiclass at smaller training sets (S1 Table 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgereg_training.reproduce.bel.sweep import (
    Point,
    Result,
    at,
    compared,
    plot_of,
    sweep,
    table_of,
)
from edgereg_training.reproduce.bel.training import (
    DIRECT,
    MULTICLASS,
    bel_options,
    described,
    size_of,
)
from edgereg_training.reproduce.report import Report

if TYPE_CHECKING:
    from edgereg_training.reproduce.context import Context

SHARES = (1.0, 0.5, 0.25)
BEL = "BEL B1JDJ, CE"
METHODS = {
    "direct L1": DIRECT["direct L1"],
    "multiclass": MULTICLASS["multiclass"],
    BEL: bel_options("B1JDJ", "CE"),
}


def run(context: Context) -> Report:
    """The study."""
    size = size_of(context)
    counts = [round(share * size.train) for share in SHARES]
    points = [
        Point(name, str(count), options, count)
        for name, options in METHODS.items()
        for count in counts
    ]
    results = sweep(context, points)
    table = table_of(
        results, "Test error by training heads (Table 15)", "training heads",
        "Degrees (95 % interval). The published table is of other data and not comparable.",
    )  # fmt: skip
    return Report(
        tables=(table,),
        findings=tuple(_finding(results, str(count)) for count in counts),
        method=f"{described(context)} Smaller sets get as many gradient steps as the whole "
        "one; the epoch is chosen on the same validation heads.",
        plot=plot_of(results, "Head pose with fewer training heads", "training heads"),
    )


def _finding(results: list[Result], count: str) -> str:
    own = at(results, BEL, count)
    others = [at(results, name, count) for name in METHODS if name != BEL]
    parts = [f"than {r.point.series}: {compared(own, r)}" for r in others]
    return f"{count} heads: {BEL} {own.error.text()} degrees; {'; '.join(parts)}."
