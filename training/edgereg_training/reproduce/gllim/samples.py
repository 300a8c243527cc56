"""GLLiM and forward regression with fewer training examples (S4 Table 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgereg_training.reproduce.gllim.features import WHOLE, size_of
from edgereg_training.reproduce.gllim.fits import PCA, Trial, run_trials
from edgereg_training.reproduce.gllim.tables import described, plot_panels
from edgereg_training.reproduce.report import Report, Table
from edgereg_training.reproduce.statistics import Interval, difference, over_seeds

if TYPE_CHECKING:
    from edgereg_training.reproduce.context import Context

SHARES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, WHOLE)
DEEP_SHARES = (1 / 16, WHOLE)
# label -> (components, covariance)
FIXED: dict[str, tuple[int | None, str]] = {
    "least squares with a ridge": (None, "equal"),
    "GLLiM, K = 1, equal": (1, "equal"),
    "GLLiM, K = 5, equal": (5, "equal"),
    "GLLiM, K = 5, full": (5, "full"),
}
DEEP: dict[str, tuple[int | None, str]] = {
    "direct regression, fine-tuned": (None, "equal"),
    "GLLiM, K = 1, full, fine-tuned": (1, "full"),
}
# (label, training heads) -> test error of each seed
Errors = dict[tuple[str, int], list[float]]


def run(context: Context) -> Report:
    """The study."""
    size = size_of(context)
    counts = [round(share * size.train) for share in SHARES]
    deep_counts = [round(share * size.train) for share in DEEP_SHARES]
    trials = {
        (label, count): Trial(k, "biwi", count, deep, covariance)
        for methods, some, deep in ((FIXED, counts, False), (DEEP, deep_counts, True))
        for label, (k, covariance) in methods.items()
        for count in some
    }
    errors = run_trials(context, list(trials.values()))
    of = {place: errors[trial] for place, trial in trials.items()}
    return Report(
        tables=(
            _table("Test error by training heads: fixed features", of, FIXED, counts),
            _table("Test error by training heads: fine-tuned", of, DEEP, deep_counts),
        ),
        findings=(
            *(_finding(of, list(FIXED), n) for n in counts),
            *(_finding(of, list(DEEP), n) for n in deep_counts),
            full_covariances(of, counts),
        ),
        method=f"{described(context)} Near-Gaussian poses only. Smaller sets get as many "
        "gradient steps as the whole one.",
        plot=plot_panels(
            "training heads",
            tuple(counts),
            {
                "fixed features": _curves(of, FIXED, counts),
                "fine-tuned": _curves(of, DEEP, counts),
            },
        ),
        plot_size=(9.0, 4.0),
    )


def _table(
    title: str, of: Errors, methods: dict[str, tuple[int | None, str]], counts: list[int]
) -> Table:
    rows = tuple((str(n), *(over_seeds(of[label, n]).text() for label in methods)) for n in counts)
    return Table(title, ("training heads", *methods), rows, "Degrees.")


def _curves(
    of: Errors, methods: dict[str, tuple[int | None, str]], counts: list[int]
) -> dict[str, list[Interval | None]]:
    return {
        label: [over_seeds(of[label, n]) if (label, n) in of else None for n in counts]
        for label in methods
    }


def _finding(of: Errors, methods: list[str], count: int) -> str:
    forward, *rivals = methods
    inverse = min(rivals, key=lambda label: over_seeds(of[label, count]).mean)
    gain = difference(of[forward, count], of[inverse, count])
    found = "no certain difference"
    if gain.low > 0:
        found = "GLLiM is better"
    elif gain.high < 0:
        found = "GLLiM is worse"
    return (
        f"{count} heads: {inverse} {over_seeds(of[inverse, count]).text()}, {forward} "
        f"{over_seeds(of[forward, count]).text()} degrees: {found} (by {gain.text()})."
    )


def full_covariances(of: Errors, counts: list[int]) -> str:
    """What full covariances change."""
    label = "GLLiM, K = 5, full"
    worst = max(counts, key=lambda n: over_seeds(of[label, n]).mean)
    return (
        f"Full covariances need more heads in each component than there are features ({PCA}): "
        f"{label} is at its worst with {worst} heads ({worst // 5} for each component), "
        f"{over_seeds(of[label, worst]).text()} degrees."
    )
