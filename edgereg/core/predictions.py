"""Predictions: what a task found in one frame, as frozen arrays with names and units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edgereg.engines.base import Value

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ValueSpec:
    """One named value of a prediction: a number (`size` 1) or a flat list of `size` numbers."""

    name: str
    unit: str
    size: int = 1


@dataclass(frozen=True)
class Refinement:
    """The ascent of N predictions on their density, from the initial value to the final one.

    trajectory: float32 [N, T+1, D], in the units of the values; index 0 is the initial value.
    energy: float32 [N, T+1], f(x, y) of each iterate (unnormalised log-density).
    """

    trajectory: FloatArray
    energy: FloatArray

    def __post_init__(self) -> None:
        if self.trajectory.ndim != 3 or self.energy.shape != self.trajectory.shape[:2]:
            raise ValueError(
                f"trajectory must be [N, T+1, D] with energy [N, T+1]; got "
                f"{self.trajectory.shape} and {self.energy.shape}"
            )

    @property
    def initial(self) -> FloatArray:
        """float32 [N, D]: the values before refinement."""
        return self.trajectory[:, 0]

    @property
    def final(self) -> FloatArray:
        """float32 [N, D]: the values after refinement."""
        return self.trajectory[:, -1]


@dataclass(frozen=True)
class Predictions:
    """The N predictions of one task on one frame (N may be 0).

    specs: names and units of the values; their sizes add up to D.
    values: float32 [N, D], final values (refined where the model refines).
    scores: float32 [N] in [0, 1].
    regions: float32 [N, 4] (x1, y1, x2, y2) in frame pixels, or None where the task looks at the
        whole frame.
    std: float32 [N, D] in the values' units, or None where the model gives none.
    refinement: the trajectory and energies, or None where nothing was refined.
    tracks: int64 [N] or None.
    features: what the density graph takes, with leading dimension N, or 1 where all predictions
        stand on the same image; may be on the engine's device. Empty if there is no such graph.
    to_graph: (scale, offset), each float32 [N, D], where the density graph takes other units than
        the values have: what it takes is values * scale + offset. None: the same units.
    """

    task: str
    model: str
    specs: tuple[ValueSpec, ...]
    values: FloatArray
    scores: FloatArray
    regions: FloatArray | None = None
    std: FloatArray | None = None
    refinement: Refinement | None = None
    tracks: npt.NDArray[np.int64] | None = None
    features: Mapping[str, Value] = field(default_factory=dict)
    to_graph: tuple[FloatArray, FloatArray] | None = None

    def __post_init__(self) -> None:
        width = sum(spec.size for spec in self.specs)
        if self.values.ndim != 2 or self.values.shape[1] != width:
            raise ValueError(f"{self.task}: values must be [N, {width}], got {self.values.shape}")
        n = len(self.values)
        scale, offset = self.to_graph or (None, None)
        expected: dict[str, tuple[npt.NDArray[np.generic] | None, tuple[int, ...]]] = {
            "to_graph scale": (scale, (n, width)),
            "to_graph offset": (offset, (n, width)),
            "scores": (self.scores, (n,)),
            "regions": (self.regions, (n, 4)),
            "std": (self.std, (n, width)),
            "tracks": (self.tracks, (n,)),
        }
        for name, (array, shape) in expected.items():
            if array is not None and array.shape != shape:
                raise ValueError(f"{self.task}: {name} must be {list(shape)}, got {array.shape}")
        if self.refinement is not None and self.refinement.final.shape != (n, width):
            raise ValueError(f"{self.task}: refinement is of another shape than the values")

    def __len__(self) -> int:
        return len(self.values)
