"""Errors of depth maps, over all cells and over those of frequent and rare depths.

As the benchmark of imbalanced regression has them for NYUD2-DIR (ICML 2021): depths are counted in
bins of 0.1 m; those of many shots hold more than 26 of its 878 million training pixels, of few
shots less than 10 million. Here these are the same shares of whatever is counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray

BIN, BINS = 0.1, 100
MANY, FEW = 2.6e7 / 8.78e8, 1e7 / 8.78e8
# Of the ratio between told and true depth, either way round.
DELTA1 = 1.25
SHOTS = ("many", "medium", "few")


@dataclass(frozen=True)
class Sums:
    """Of each of N pictures, over its cells of one kind: how many, squared errors in m^2, absolute
    errors in m, and how many are within a factor of 1.25; float64 [N]."""

    cells: npt.NDArray[np.float64]
    squared: npt.NDArray[np.float64]
    absolute: npt.NDArray[np.float64]
    within: npt.NDArray[np.float64]

    def rmse(self, chosen: npt.NDArray[np.integer]) -> float:
        """Root of the mean squared error over all cells of the chosen pictures, m."""
        return float(np.sqrt(self.squared[chosen].sum() / max(self.cells[chosen].sum(), 1)))

    def mae(self, chosen: npt.NDArray[np.integer]) -> float:
        """Mean absolute error, m."""
        return float(self.absolute[chosen].sum() / max(self.cells[chosen].sum(), 1))

    def delta1(self, chosen: npt.NDArray[np.integer]) -> float:
        """The share of cells within a factor of 1.25 of the truth."""
        return float(self.within[chosen].sum() / max(self.cells[chosen].sum(), 1))


def bin_of(depth: FloatArray) -> npt.NDArray[np.int64]:
    """The bin of 0.1 m of each depth."""
    return np.asarray(np.clip(depth / BIN, 0, BINS - 1), np.int64)


def shots_of(depth: FloatArray) -> npt.NDArray[np.int64]:
    """The index into SHOTS of each bin, by how many of these depths (0: unknown) lie in it."""
    counts = np.bincount(bin_of(depth[depth > 0]), minlength=BINS)
    share = counts / max(int(counts.sum()), 1)
    return np.where(share > MANY, 0, np.where(share < FEW, 2, 1))


def sums(told: FloatArray, truth: FloatArray, counted: npt.NDArray[np.bool_]) -> Sums:
    """Errors of maps [N, h, w] where `counted`, by picture."""
    error = (told - truth).astype(np.float64)
    near, far = np.maximum(told, 1e-6), np.maximum(truth, 1e-6)
    ratio = np.maximum(near / far, far / near)

    def total(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
        return np.asarray(np.where(counted, values, 0).sum(axis=(1, 2)), np.float64)

    return Sums(total(counted), total(error**2), total(np.abs(error)), total(ratio < DELTA1))


def by_shots(told: FloatArray, truth: FloatArray, shots: npt.NDArray[np.int64]) -> dict[str, Sums]:
    """Under '' the errors over all cells whose depth is known, under '_many' ... those of the
    kinds that occur; shots: of every bin, see `shots_of`."""
    known = truth > 0
    kind = shots[bin_of(truth)]
    found = {"": sums(told, truth, known)}
    for index, name in enumerate(SHOTS):
        counted = known & (kind == index)
        if counted.any():
            found[f"_{name}"] = sums(told, truth, counted)
    return found
