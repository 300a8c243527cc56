"""What the studies of one quantity share: points of named series, their table, their plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgereg_training.reproduce.bel.training import VALUE, Options, size_of, train_all
from edgereg_training.reproduce.report import Table
from edgereg_training.reproduce.statistics import Interval, over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgereg_training.reproduce.context import Context
    from edgereg_training.reproduce.report import Plot

EXPECTED = "GEN-EX"


@dataclass(frozen=True)
class Point:
    """One configuration: the series it belongs to, the quantity that is varied (as text in
    tables), the method, and how many training heads it gets (None: all)."""

    series: str
    x: str
    options: Options
    count: int | None = None


@dataclass(frozen=True)
class Result:
    """A point and its test error in degrees with each seed; BEL is read by GEN-EX."""

    point: Point
    errors: tuple[float, ...]

    @property
    def error(self) -> Interval:
        """Over seeds."""
        return over_seeds(self.errors)


def sweep(context: Context, points: Sequence[Point]) -> list[Result]:
    """Train and test every point."""
    size = size_of(context)
    counts = [size.train if point.count is None else point.count for point in points]
    outcomes = train_all(context, [point.options for point in points], counts)
    return [
        Result(point, tuple(outcome.errors[EXPECTED if EXPECTED in outcome.errors else VALUE]))
        for point, outcome in zip(points, outcomes, strict=True)
    ]


def table_of(results: Sequence[Result], title: str, quantity: str, note: str) -> Table:
    """A row for each value of the quantity, a column for each series."""
    series, values = _names(results)
    cells = {(r.point.series, r.point.x): r.error.text() for r in results}
    rows = [(x, *(cells.get((name, x)) for name in series)) for x in values]
    return Table(title, (quantity, *series), tuple(rows), note)


def plot_of(results: Sequence[Result], title: str, quantity: str) -> Plot:
    """A curve with 95 % bars for each series."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        series, values = _names(results)
        for index, name in enumerate(series):
            own = [r for r in results if r.point.series == name]
            # A little apart, so that the bars of series don't cover each other.
            place = [values.index(r.point.x) + 0.06 * (index - len(series) / 2) for r in own]
            means = [r.error.mean for r in own]
            bars = [r.error.high - r.error.mean for r in own]
            axes.errorbar(place, means, bars, fmt="o-", capsize=3, label=name)
        axes.set_xticks(range(len(values)), values)
        axes.set_xlabel(quantity)
        axes.set_ylabel("mean absolute error, degrees")
        axes.set_title(title)
        axes.legend()

    return draw


def at(results: Sequence[Result], series: str, x: str) -> Result:
    """The result of one point."""
    return next(r for r in results if (r.point.series, r.point.x) == (series, x))


def best_of(results: Sequence[Result], series: str) -> tuple[Result, list[Result]]:
    """The point of a series with the least mean error, and the series' others, in order."""
    own = [r for r in results if r.point.series == series]
    best = min(own, key=lambda r: r.error.mean)
    return best, [r for r in own if r is not best]


def compared(first: Result, second: Result) -> str:
    """How the first error stands to the second, with the same seeds, in words.

    Trainings of one seed share the backbone's start and the order of examples, so that their
    difference varies less than either.
    """
    difference = over_seeds([a - b for a, b in zip(first.errors, second.errors, strict=True)])
    if difference.high < 0:
        verdict = "lower"
    elif difference.low > 0:
        verdict = "higher"
    else:
        verdict = "not distinguishable"
    return f"{verdict}, by seed {difference.text()}"


def _names(results: Sequence[Result]) -> tuple[list[str], list[str]]:
    """Series and values, each once, in order."""
    series = list(dict.fromkeys(r.point.series for r in results))
    return series, list(dict.fromkeys(r.point.x for r in results))
