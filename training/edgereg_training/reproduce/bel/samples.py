"""Which code at smaller training sets, beside direct regression and multiclass (S1 Table 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgereg_training.methods.bel.codes import Code
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
# The paper's claim is about which code: simple ones (U, J) win where there is little data.
SIMPLE: tuple[Code, ...] = ("U", "J")
CODES: tuple[Code, ...] = (*SIMPLE, "B1JDJ", "HEXJ")
METHODS = {
    "direct L1": DIRECT["direct L1"],
    "multiclass": MULTICLASS["multiclass"],
    **{f"BEL {code}, CE": bel_options(code, "CE") for code in CODES},
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
    own = {code: at(results, f"BEL {code}, CE", count) for code in CODES}
    best = min(CODES, key=lambda code: own[code].error.mean)
    kind = "a simple code" if best in SIMPLE else "a complex code"
    names = [name for name in METHODS if name != f"BEL {best}, CE"]
    parts = [f"than {name}: {compared(own[best], at(results, name, count))}" for name in names]
    return (
        f"{count} heads: {best}, {kind}, has the least error, {own[best].error.text()} degrees; "
        f"{'; '.join(parts)}."
    )
