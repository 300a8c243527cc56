"""Density curves on demand: the marginal of p(y|x) along each target of a prediction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgereg import marginals
from edgereg.core.arrays import FloatArray
from edgereg.core.errors import EngineError
from edgereg.core.kinds import Boxes, Kind, Points
from edgereg.core.model_spec import ModelSpec, Target
from edgereg.core.predictions import Predictions
from edgereg.engines.base import Engine


@dataclass(frozen=True)
class DensityCurve:
    """The density of one target, whatever the others are (of many targets that depend on each
    other: given the others at their final values).

    x: float32 [G], the target's values, ascending. density: float32 [G] per unit of the target,
    integrating to 1 over x. initial (None if not refined) and final: the prediction's own values.
    """

    name: str
    unit: str
    x: FloatArray
    density: FloatArray
    initial: float | None
    final: float


def density_curves(
    engine: Engine,
    spec: ModelSpec,
    predictions: Predictions,
    row: int,
    *,
    points: int = 181,
    samples: int = marginals.SAMPLES,
) -> tuple[DensityCurve, ...]:
    """The marginals of prediction `row`, one for each of the model's D targets.

    Where the density is a product over the targets they are its slices, in one engine call; of up
    to `marginals.MOST_TARGETS` targets that depend on each other they are made of weighted samples,
    in a few calls; of more such targets slices are shown.
    engine: of the model's `density` graph. points: G, over the whole range of each target; a
    target in pixels is looked at as far as half its region's longer side, since its range is the
    whole picture. samples: of each round, where samples are taken; half as many move 3 % of the
    mass of head poses, in 0.6 of the time. Energies are unnormalised, so each curve is normalised
    over what it covers (trapezoid rule). The curves of boxes are stretched to the deviations that
    the predictions say, which are calibrated; the graph's are not.
    Raises EngineError where the predictions came without the features that the graph takes, or
    the density is not finite anywhere on a slice.
    """
    final = predictions.values[row]
    if len(spec.targets) != len(final):
        raise EngineError(
            f"model '{spec.name}' has {len(spec.targets)} targets and its predictions "
            f"{len(final)} values; no curves can be drawn"
        )
    axes = [
        np.linspace(*_range(target, predictions, row, d), points, dtype=np.float32)
        for d, target in enumerate(spec.targets)
    ]
    log_density = _sampled(engine, predictions, row, axes, samples)
    if log_density is None:
        found = _evaluate(engine, predictions, row, _slices(final, axes))
        log_density = found.reshape(-1, points)
    climb = predictions.refinement
    return tuple(
        DensityCurve(
            target.name,
            target.unit,
            x,
            _calibrated(x, _normalised(x, log_density[d], target.name), predictions, row, d),
            None if climb is None else float(climb.initial[row, d]),
            float(final[d]),
        )
        for d, (target, x) in enumerate(zip(spec.targets, axes, strict=True))
    )


@dataclass(frozen=True)
class DensityMap:
    """The density over two targets, given the others at their final values.

    names, units: of both. x, y: float32 [G], their values, ascending. density: float32 [G, G], a
    row for each y, 1 where it is highest. path: float32 [T+1, 2], the iterates, or None where
    nothing was refined. final: float32 [2].
    """

    names: tuple[str, str]
    units: tuple[str, str]
    x: FloatArray
    y: FloatArray
    density: FloatArray
    path: FloatArray | None
    final: FloatArray


def density_map(
    engine: Engine,
    spec: ModelSpec,
    predictions: Predictions,
    row: int,
    pair: tuple[int, int],
    *,
    points: int = 41,
) -> DensityMap:
    """The density of prediction `row` over a pair of the model's targets, about its ascent.

    points: G. Raises EngineError as `density_curves`.
    """
    final = predictions.values[row]
    climb = predictions.refinement
    path = None if climb is None else climb.trajectory[row]
    axes = []
    for d in pair:
        low, high = _range(spec.targets[d], predictions, row, d)
        known = predictions.std
        spread = (high - low) / 24 if known is None else max(float(known[row, d]), 1e-6)
        ends = final[d : d + 1] if path is None else path[:, d]
        near = float(ends.min()) - 4 * spread, float(ends.max()) + 4 * spread
        axes.append(np.linspace(max(low, near[0]), min(high, near[1]), points, dtype=np.float32))
    grid = np.tile(final.astype(np.float32), (points * points, 1))
    across, down = np.meshgrid(*axes)
    grid[:, pair[0]], grid[:, pair[1]] = across.ravel(), down.ravel()
    found = _evaluate(engine, predictions, row, grid[None]).reshape(points, points)
    heights = np.where(np.isnan(found), -np.inf, found)
    if not np.isfinite(heights.max()):
        raise EngineError(f"the density of '{spec.targets[pair[0]].name}' is not finite")
    names = spec.targets[pair[0]].name, spec.targets[pair[1]].name
    units = spec.targets[pair[0]].unit, spec.targets[pair[1]].unit
    density = np.asarray(np.exp(heights - heights.max()), np.float32)
    steps = None if path is None else path[:, list(pair)]
    return DensityMap(names, units, axes[0], axes[1], density, steps, final[list(pair)])


def _sampled(
    engine: Engine, predictions: Predictions, row: int, axes: list[FloatArray], samples: int
) -> FloatArray | None:
    """Log-densities [D, G] of the marginals of targets that depend on each other, else None."""
    final = predictions.values[row].astype(np.float64)
    if not 1 < len(final) <= marginals.MOST_TARGETS:
        return None
    reach = np.array([float(axis[-1] - axis[0]) / 12 for axis in axes])
    spread = reach if predictions.std is None else predictions.std[row].astype(np.float64)

    def log_density(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        grid = points.astype(np.float32)[None]
        return _evaluate(engine, predictions, row, grid).astype(np.float64)

    if marginals.is_product(log_density, final, spread):
        return None
    found = marginals.marginals(log_density, final, spread, axes, samples)
    with np.errstate(divide="ignore"):
        return None if found is None else np.log(np.array(found, np.float32))


def _range(target: Target, predictions: Predictions, row: int, d: int) -> tuple[float, float]:
    """The first and last value of a target's slice."""
    boxes = predictions.boxes
    if not isinstance(_kind_of(predictions, d), Boxes | Points) or boxes is None:
        return target.low, target.high
    box, final = boxes[row], float(predictions.values[row, d])
    reach = max(float((box[2:] - box[:2]).max()) / 2, 1.0)
    return final - reach, final + reach


def _kind_of(predictions: Predictions, d: int) -> Kind:
    """What the value in column d belongs to."""
    of_column = [kind for kind in predictions.kinds for v in kind.values for _ in range(v.size)]
    return of_column[d]


def _calibrated(
    x: FloatArray, density: FloatArray, predictions: Predictions, row: int, d: int
) -> FloatArray:
    """The density [G] of an edge of a box, stretched about the answer to its standard deviation."""
    if predictions.std is None or not isinstance(_kind_of(predictions, d), Boxes):
        return density
    offset = x.astype(np.float64) - float(predictions.values[row, d])
    own = np.sqrt(_integral(density * np.square(offset), offset))
    wanted = float(predictions.std[row, d])
    if not own > 0 or not wanted > 0:
        return density
    stretched = np.interp(offset * own / wanted, offset, density, left=0.0, right=0.0)
    area = max(_integral(stretched, offset), 1e-300)
    return np.asarray(stretched / area, np.float32)


def _slices(final: FloatArray, axes: list[FloatArray]) -> FloatArray:
    """Points [1, D*G, D]: along each axis in turn, the other coordinates at `final` [D]."""
    grid = np.tile(final.astype(np.float32), (len(axes), len(axes[0]), 1))
    for d, axis in enumerate(axes):
        grid[d, :, d] = axis
    return grid.reshape(1, -1, len(final))


def _evaluate(engine: Engine, predictions: Predictions, row: int, grid: FloatArray) -> FloatArray:
    """Unnormalised log-densities [D*G] at a grid [1, D*G, D]."""
    inputs = {
        name: array if len(array) == 1 else array[row : row + 1]
        for name, array in predictions.features.items()
        if name in engine.inputs
    }
    missing = set(engine.inputs) - set(inputs) - {"grid"}
    if missing:
        raise EngineError(
            f"task '{predictions.task}' gave no '{sorted(missing)[0]}' for the density graph"
        )
    if predictions.to_graph is not None:
        scale, offset = predictions.to_graph
        grid = grid * scale[row] + offset[row]
    return np.asarray(engine.run({**inputs, "grid": grid})["log_density"][0], np.float32)


def _normalised(x: FloatArray, log_density: FloatArray, name: str) -> FloatArray:
    """Density [G] that integrates to 1 over x [G]; what is not finite counts as impossible."""
    finite = np.where(np.isnan(log_density), -np.inf, log_density).astype(np.float64)
    peak = finite.max()
    if not np.isfinite(peak):
        raise EngineError(f"the density of '{name}' is not finite")
    weights = np.exp(finite - peak)
    area = _integral(weights, x.astype(np.float64))
    return np.asarray(weights / max(area, 1e-300), np.float32)


def _integral(y: npt.NDArray[np.floating], x: npt.NDArray[np.floating]) -> float:
    """Of y over x, by the trapezoid rule."""
    return float(((y[1:] + y[:-1]) / 2 * np.diff(x)).sum())
