"""Reflected against plain codes (S1 Table 16), on rendered head pose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgereg_training.methods.bel import code_words as bel
from edgereg_training.reproduce.bel.sweep import (
    Point,
    Result,
    at,
    compared,
    plot_of,
    sweep,
    table_of,
)
from edgereg_training.reproduce.bel.training import bel_options, described
from edgereg_training.reproduce.report import Report

if TYPE_CHECKING:
    from edgereg_training.reproduce.context import Context

LOSSES: tuple[bel.Loss, ...] = ("BCE", "CE")
FORMS = {"reflected": True, "plain": False}
PLAIN: dict[bool, dict[str, bool]] = {True: {}, False: {"reflected": False}}


def run(context: Context) -> Report:
    """The study."""
    points = [
        # A reflected code's key is that of the ablation's training, which does not name the form.
        Point(form, f"{code}, {loss}", bel_options(code, loss, **PLAIN[reflected]))
        for form, reflected in FORMS.items()
        for code in bel.SEGMENTED
        for loss in LOSSES
    ]
    results = sweep(context, points)
    table = table_of(
        results, "Test error of reflected and plain codes (Table 16)", "code, loss",
        "Degrees (95 % interval). The published table is of other data and not comparable.",
    )  # fmt: skip
    return Report(
        tables=(table,),
        findings=findings(results),
        method=f"{described(context)} Read by GEN-EX. In a reflected code "
        "every second segment runs backwards, so that neighbouring words differ in one bit; in a "
        "plain one they differ in two at the segments' borders.",
        plot=plot_of(results, "Reflected and plain codes", "code, loss"),
    )


def findings(results: list[Result]) -> tuple[str, ...]:
    """What the figures say, as sentences."""
    names = list(dict.fromkeys(r.point.x for r in results))
    pairs = [(at(results, "reflected", name), at(results, "plain", name)) for name in names]
    better = sum(reflected.error.mean < plain.error.mean for reflected, plain in pairs)
    lines = [f"The reflected form has the lower mean error in {better} of {len(names)} cases."]
    for reflected, plain in pairs:
        lines.append(
            f"{reflected.point.x}: reflected {reflected.error.text()}, plain "
            f"{plain.error.text()} degrees; the reflected one is {compared(reflected, plain)}."
        )
    return tuple(lines)
