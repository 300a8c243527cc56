"""The number of GLLiM's components on three distributions of poses (S4 Table 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgereg_training.reproduce.gllim.features import DISTRIBUTIONS, examples
from edgereg_training.reproduce.gllim.fits import Trial, run_trials
from edgereg_training.reproduce.gllim.tables import described, plot_panels
from edgereg_training.reproduce.report import Report, Table
from edgereg_training.reproduce.statistics import difference, over_seeds

if TYPE_CHECKING:
    from edgereg_training.reproduce.context import Context

COMPONENTS = (1, 2, 5, 10)
# title -> (fine-tuned, covariance, distributions)
ARMS: dict[str, tuple[bool, str, tuple[str, ...]]] = {
    "fixed features, equal covariances": (False, "equal", tuple(DISTRIBUTIONS)),
    "fixed features, full covariances": (False, "full", tuple(DISTRIBUTIONS)),
    "fine-tuned, equal covariances": (True, "equal", ("biwi",)),
    "fine-tuned, full covariances": (True, "full", tuple(DISTRIBUTIONS)),
}
# (arm, distribution, K) -> test error of each seed
Errors = dict[tuple[str, str, int], list[float]]


def run(context: Context) -> Report:
    """The study."""
    trials = {
        (arm, distribution, k): Trial(k, distribution, examples(context), deep, covariance)
        for arm, (deep, covariance, distributions) in ARMS.items()
        for distribution in distributions
        for k in COMPONENTS
    }
    found = run_trials(context, list(trials.values()))
    errors = {place: found[trial] for place, trial in trials.items()}
    panels = {
        arm: {DISTRIBUTIONS[d]: [over_seeds(errors[arm, d, k]) for k in COMPONENTS] for d in places}
        for arm, (_, _, places) in ARMS.items()
    }
    return Report(
        tables=tuple(_table(errors, arm) for arm in ARMS),
        findings=(
            *(finding(errors, arm, d) for arm, (_, _, places) in ARMS.items() for d in places),
            *_verdicts(errors),
        ),
        method=described(context),
        plot=plot_panels("components K", COMPONENTS, panels),
        plot_size=(9.0, 8.0),
    )


def _table(errors: Errors, arm: str) -> Table:
    places = ARMS[arm][2]
    rows = tuple(
        (str(k), *(over_seeds(errors[arm, d, k]).text() for d in places)) for k in COMPONENTS
    )
    columns = ("K", *(DISTRIBUTIONS[d] for d in places))
    return Table(f"Test error by K: {arm}", columns, rows, "Degrees.")


def _best(errors: Errors, arm: str, distribution: str) -> int:
    return min(COMPONENTS, key=lambda k: over_seeds(errors[arm, distribution, k]).mean)


def finding(errors: Errors, arm: str, distribution: str) -> str:
    """What the figures say, as a sentence."""
    best = _best(errors, arm, distribution)
    least = over_seeds(errors[arm, distribution, best])
    where = f"{arm.capitalize()}, {DISTRIBUTIONS[distribution]}"
    text = f"{where}: K = {best} has the least error, {least.text()}"
    if best == 1:
        return f"{text} degrees."
    gain = difference(errors[arm, distribution, 1], errors[arm, distribution, best])
    sure = "less than K = 1" if gain.low > 0 else "not less than K = 1 for certain"
    return f"{text} degrees: {sure} (by {gain.text()}, seed by seed)."


def _verdicts(errors: Errors) -> list[str]:
    """The paper's two claims, by the networks that are fine-tuned."""
    verdicts = []
    for arm, (deep, _, places) in ARMS.items():
        if not deep:
            continue
        gain = difference(errors[arm, "biwi", 1], errors[arm, "biwi", 2])
        holds = "does" if gain.low > 0 else "does not"
        best = {DISTRIBUTIONS[d]: _best(errors, arm, d) for d in places}
        chosen = ", ".join(f"{k} ({label})" for label, k in best.items())
        verdicts.append(
            f"The paper finds K = 2 best on BIWI and recommends K = 1. {arm.capitalize()}: K = 2 "
            f"{holds} beat K = 1 on near-Gaussian poses (by {gain.text()}); the best K by test "
            f"error: {chosen}."
        )
    return verdicts
