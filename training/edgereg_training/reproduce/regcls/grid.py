"""Finished cells of the 1-D study as arrays, and the numbers that the papers' plots are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.regcls.fits import compute_pairs
from edgereg_training.reproduce.statistics import Interval, over_seeds

Array = NDArray[np.float64]
Part = TypeVar("Part")

ARM_NAMES = {"reg": "reg", "weighted": "weight x MSE, no classes", "regcls": "reg+cls"}
ARM_COLOURS = {"reg": "C3", "weighted": "C0", "regcls": "C2"}


@dataclass(frozen=True)
class Grid:
    """errors, validation: MSE on the two held-out splits by arm, [functions, cells of each
    function, classes]; `classes` the numbers of classes asked for."""

    errors: dict[str, Array]
    validation: dict[str, Array]
    classes: tuple[int, ...]

    def mean(self, arm: str) -> float:
        """Over functions, seeds and numbers of classes."""
        return float(self.errors[arm].mean())

    def by_classes(self, arm: str) -> Array:
        """The mean over functions and seeds, of every number of classes."""
        means: Array = self.errors[arm].mean(axis=(0, 1))
        return means

    def gap(self, before: str = "reg", after: str = "regcls") -> float:
        """Mean over numbers of classes of |difference of the means|, as the published plots."""
        return float(np.abs(self.by_classes(before) - self.by_classes(after)).mean())

    def gap_between_seeds(self, repeats: int = 1000) -> tuple[float, float]:
        """95 % of the gaps that other data and training seeds would give: each function's cells
        are drawn again, with replacement."""
        difference = self.errors["reg"] - self.errors["regcls"]
        functions, cells, _ = difference.shape
        chosen = np.random.default_rng(0).integers(0, cells, (repeats, functions, cells))
        drawn = difference[np.arange(functions)[:, None], chosen]
        gaps = np.abs(drawn.mean(axis=(1, 2))).mean(axis=-1)
        low, high = np.quantile(gaps, (0.025, 0.975))
        return float(low), float(high)

    def gain(self, before: str = "reg", after: str = "regcls") -> Interval:
        """Mean of `before` - `after` (above 0: better), its interval over the functions."""
        each = (self.errors[before] - self.errors[after]).mean(axis=(1, 2))
        return over_seeds(list(each))

    def wins(self, before: str = "reg", after: str = "regcls") -> float:
        """Share of pairs in which `after` has the smaller error."""
        return float((self.errors[after] < self.errors[before]).mean())

    def spread(self, arm: str) -> Array:
        """The published plots' band: deviation over functions of the deviation over seeds."""
        bands: Array = self.errors[arm].std(axis=1).std(axis=0)
        return bands


def compute_grids(
    context: Context, keys: Mapping[Part, Sequence[dict[str, Any]]], functions: int
) -> dict[Part, Grid]:
    """The grid of every part of a study, from its keys in the order of the functions."""
    cells = iter(context.map(compute_pairs, [key for part in keys.values() for key in part]))
    return {
        part: grid_of([next(cells) for _ in of_part], functions) for part, of_part in keys.items()
    }


def grid_of(cells: Sequence[dict[str, Any]], functions: int) -> Grid:
    """From cells in the order of the functions, as many for each."""
    classes = tuple(int(pair["classes"]) for pair in cells[0]["pairs"])

    def errors_on(split: str) -> dict[str, Array]:
        return {
            arm: np.array([[p[split][arm] for p in cell["pairs"]] for cell in cells]).reshape(
                functions, -1, len(classes)
            )
            for arm in cells[0]["pairs"][0][split]
        }

    return Grid(errors_on("test"), errors_on("validation"), classes)


def joined(parts: Sequence[str]) -> str:
    """'a, b and c'."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def percent(share: float) -> float:
    """A share as a percentage to one decimal."""
    return round(100 * share, 1)
