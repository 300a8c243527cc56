"""Inverse against forward regression on the same features, fixed and fine-tuned (S4 Table 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgereg_training.reproduce.gllim_cells import Trial, difference, run_trials
from edgereg_training.reproduce.gllim_features import DISTRIBUTIONS, examples
from edgereg_training.reproduce.gllim_tables import described, plot_bars
from edgereg_training.reproduce.report import Report, Table
from edgereg_training.reproduce.statistics import over_seeds

if TYPE_CHECKING:
    from edgereg_training.reproduce.context import Context

# label -> (components, covariance)
FIXED: dict[str, tuple[int | None, str]] = {
    "forward: least squares with a ridge": (None, "equal"),
    "inverse: GLLiM, K = 1, equal": (1, "equal"),
    "inverse: GLLiM, K = 1, diagonal": (1, "diagonal"),
    "inverse: GLLiM, K = 1, full": (1, "full"),
    "inverse: GLLiM, K = 5, equal": (5, "equal"),
    "inverse: GLLiM, K = 5, full": (5, "full"),
}
DEEP: dict[str, tuple[int | None, str]] = {
    "forward: direct regression, fine-tuned": (None, "equal"),
    "inverse: GLLiM, K = 1, full, fine-tuned": (1, "full"),
    "inverse: GLLiM, K = 5, full, fine-tuned": (5, "full"),
}
FORWARD, FORWARD_DEEP = next(iter(FIXED)), next(iter(DEEP))


def run(context: Context) -> Report:
    """The study."""
    count = examples(context)
    trials = {
        (label, d): Trial(k, d, count, deep, covariance)
        for methods, deep in ((FIXED, False), (DEEP, True))
        for label, (k, covariance) in methods.items()
        for d in DISTRIBUTIONS
    }
    errors = run_trials(context, list(trials.values()))
    of = {place: errors[trial] for place, trial in trials.items()}
    intervals = {
        label: [over_seeds(of[label, d]) for d in DISTRIBUTIONS] for label in {**FIXED, **DEEP}
    }
    rows = tuple((label, *(one.text() for one in row)) for label, row in intervals.items())
    columns = ("method", *DISTRIBUTIONS.values())
    return Report(
        tables=(Table("Test error on the same features", columns, rows, "Degrees."),),
        findings=(
            *(_compared(of, d, FIXED, FORWARD) for d in DISTRIBUTIONS),
            *(_compared(of, d, DEEP, FORWARD_DEEP) for d in DISTRIBUTIONS),
            "GLLiM with one full covariance is least squares without a ridge: what inverse "
            "regression adds are the constraints on the covariance and the components.",
        ),
        method=described(context),
        plot=plot_bars(tuple(DISTRIBUTIONS.values()), intervals),
        plot_size=(9.0, 4.5),
    )


def _compared(
    of: dict[tuple[str, str], list[float]],
    distribution: str,
    methods: dict[str, tuple[int | None, str]],
    forward: str,
) -> str:
    inverse = [label for label in methods if label != forward]
    best = min(inverse, key=lambda label: over_seeds(of[label, distribution]).mean)
    gain = difference(of[forward, distribution], of[best, distribution])
    found = "no certain difference"
    if gain.low > 0:
        found = "inverse regression is better"
    elif gain.high < 0:
        found = "forward regression is better"
    return (
        f"{DISTRIBUTIONS[distribution]}: {best} "
        f"{over_seeds(of[best, distribution]).text()} against {forward} "
        f"{over_seeds(of[forward, distribution]).text()} degrees: {found} "
        f"(by {gain.text()}, seed by seed)."
    )
