"""The one-dimensional data sets of Reg+Cls (ICCV 2023).

Ten sums of two sines on [-1, 1], five data seeds each, four samplings of the targets (uniform,
and three that crowd ever more around one target) and three settings:

    clean   y = f(x)
    noisy   y = f(x) + Normal(0, 0.1), in all three splits
    ood     training, validation and test inputs come from different intervals

The random numbers are drawn from numpy's legacy generator in the order of the authors' published
generator, so the data are theirs bit for bit (clean and noisy). Their `ood` peak also depends on
where the generator stood after drawing the plots of the data set before, which is not reproduced:
there the range of the targets comes from a dense grid instead.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

Array = NDArray[np.float64]
Setting = Literal["clean", "noisy", "ood"]
Sampling = Literal["uniform", "mild", "moderate", "severe"]

SETTINGS: tuple[Setting, ...] = ("clean", "noisy", "ood")
SAMPLINGS: tuple[Sampling, ...] = ("uniform", "mild", "moderate", "severe")
DATA_SEEDS = (2732, 9845, 3264, 4859, 9225)
FUNCTIONS = 10
NOISE = 0.1

# Half the width of the crowded band, as a share of the range of the targets.
BAND = {"mild": 0.3, "moderate": 0.1, "severe": 0.03}

BINS = 1024
SAMPLES = 60_000
LEAST = 5
POOL = 100_000
INTERVALS = 9


@dataclass(frozen=True)
class Sines:
    """f(x) = a sin(c x) + (1.5 - a) sin(d x)."""

    a: float
    c: int
    d: int

    def __call__(self, x: Array) -> Array:
        return self.a * np.sin(self.c * x) + (1.5 - self.a) * np.sin(self.d * x)


@dataclass(frozen=True)
class Split:
    """Inputs and targets [n] of one split."""

    x: Array
    y: Array


@dataclass(frozen=True)
class Dataset:
    """The three splits of one sampling of one function."""

    train: Split
    validation: Split
    test: Split


def sine_functions() -> tuple[Sines, ...]:
    """The ten functions of the paper."""
    generator = random.Random(0)  # noqa: S311 - not cryptography
    functions = []
    for _ in range(FUNCTIONS):
        a = generator.random()
        c = generator.randint(9, 30)
        functions.append(Sines(a, c, c // 3))
    return tuple(functions)


@lru_cache(maxsize=32)
def dataset(
    setting: Setting, sampling: Sampling, function: int, index: int, noise: float = NOISE
) -> Dataset:
    """Function 0..9 under data seed 0..4; `noise` is the deviation of the setting 'noisy'.

    The last ones are kept and shared: don't write into them.
    """
    sines = sine_functions()[function]
    seed = DATA_SEEDS[index]
    if setting == "ood":
        return shifted(sines, sampling, seed)
    return shared_inputs(sines, sampling, seed, noise if setting == "noisy" else 0.0)


def shared_inputs(sines: Sines, sampling: Sampling, seed: int, noise: float) -> Dataset:
    """Clean and noisy data: one draw of inputs, shuffled and cut into thirds."""
    rng = RandomState(seed)
    if sampling == "uniform":
        x = _uniform(sines, rng, SAMPLES, (-1.0, 1.0), noise)
    else:
        x = _crowded(sines, rng, BAND[sampling], SAMPLES, LEAST, (-1.0, 1.0), None)
    order = np.arange(len(x))
    rng.shuffle(order)
    third, two_thirds = len(x) // 3, 2 * len(x) // 3
    inputs = (x[order[:third]], x[order[third:two_thirds]], x[order[two_thirds:]])
    return Dataset(*[Split(part, _noisy(sines(part), rng, noise)) for part in inputs])


def _noisy(y: Array, rng: RandomState, noise: float) -> Array:
    return y + rng.normal(0.0, noise, len(y)) if noise > 0 else y


def _uniform(
    sines: Sines, rng: RandomState, samples: int, between: tuple[float, float], noise: float = 0.0
) -> Array:
    """Inputs whose targets are spread evenly over the bins of their range."""
    x = rng.uniform(*between, POOL)
    y = _noisy(sines(x), rng, noise)
    edges = np.linspace(y.min(), y.max(), BINS + 1)
    return x[_draw(y, edges, samples // BINS + 1, rng)]


def _crowded(
    sines: Sines,
    rng: RandomState,
    band: float,
    samples: int,
    least: int,
    between: tuple[float, float],
    peak: float | None,
) -> Array:
    """Inputs whose targets crowd within +-band of the range around a peak, drawn where None."""
    x = rng.uniform(*between, POOL)
    y = sines(x)
    low, high = y.min(), y.max()
    if peak is None:
        peak = float(rng.uniform(low, high))
    kept = []
    if low < peak < high:
        width = band * (high - low)
        edges = np.linspace(peak - width, peak + width, BINS + 1)
        crowd = _draw(y, edges, (samples - BINS * least) // BINS * 2, rng)
        order = np.arange(len(crowd))
        rng.shuffle(order)
        kept.append(crowd[order[: samples - BINS - least]])
    kept.append(_draw(y, np.linspace(low, high, BINS + 1), least + 1, rng))
    return x[np.concatenate(kept)]


def _draw(y: Array, edges: Array, count: int, rng: RandomState) -> NDArray[np.int64]:
    """`count` positions of y, with replacement, for every bin (edges inclusive) that has any."""
    by_value = np.argsort(y, kind="stable")
    ordered = y[by_value]
    first = np.searchsorted(ordered, edges[:-1], side="left")
    last = np.searchsorted(ordered, edges[1:], side="right")
    drawn = []
    for begin, end in zip(first, last, strict=True):
        if end > begin:
            members = np.sort(by_value[begin:end])
            drawn.append(members[rng.randint(0, len(members), count)])
    return np.concatenate(drawn)


def shifted(sines: Sines, sampling: Sampling, seed: int) -> Dataset:
    """Out-of-distribution data: nine intervals, dealt in turn to the three splits."""
    intervals = _intervals(RandomState(seed))
    shares = (intervals[0::3], intervals[1::3], intervals[2::3])
    rng = RandomState(seed)
    if sampling == "uniform":
        return shifted_uniform(sines, shares, rng)
    peak, holding = common_peak(sines, shares, rng)
    rounds = len(shares[0])
    parts: tuple[list[Array], ...] = ([], [], [])
    for turn in range(rounds):
        for split in range(3):
            samples = SAMPLES // (3 * holding[split])
            parts[split].append(
                _crowded(
                    sines,
                    rng,
                    BAND[sampling],
                    samples,
                    LEAST // rounds,
                    shares[split][turn],
                    peak,
                )
            )
    return _joined(sines, parts)


def shifted_uniform(
    sines: Sines, shares: tuple[list[tuple[float, float]], ...], rng: RandomState
) -> Dataset:
    """Inputs of shifted uniform distributions."""
    rounds = len(shares[0])
    parts: tuple[list[Array], ...] = ([], [], [])
    for turn in range(rounds):
        for split in (0, 2, 1):
            between = shares[split][turn]
            parts[split].append(_uniform(sines, rng, SAMPLES // (3 * rounds), between))
    return _joined(sines, parts)


def _joined(sines: Sines, parts: tuple[list[Array], ...]) -> Dataset:
    inputs = [np.concatenate(part) for part in parts]
    return Dataset(*[Split(x, sines(x)) for x in inputs])


def _intervals(rng: RandomState) -> list[tuple[float, float]]:
    """Nine intervals of [-1, 1], the right ends pushed outward by |Normal| of a quarter width."""
    width = 2.0 / INTERVALS
    ends = np.arange(-1.0, 1.0 + width / 4, width)
    right = np.minimum(ends[1:] + np.abs(rng.normal(0, width / 4, INTERVALS)), 1.0)
    return [(float(low), float(high)) for low, high in zip(ends[:-1], right, strict=True)]


def common_peak(
    sines: Sines, shares: tuple[list[tuple[float, float]], ...], rng: RandomState
) -> tuple[float, tuple[int, ...]]:
    """A target that every split reaches, and in how many of its intervals each does."""
    grid = sines(np.linspace(-1, 1, SAMPLES))
    while True:
        peak = float(rng.uniform(grid.min(), grid.max()))
        holding = [0, 0, 0]
        for turn in range(len(shares[0])):
            for split in (0, 2, 1):
                y = sines(rng.uniform(*shares[split][turn], POOL))
                holding[split] += int(y.min() <= peak <= y.max())
        if all(holding):
            return peak, tuple(holding)
