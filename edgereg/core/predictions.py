"""Predictions: what a task found in one frame, as frozen arrays, and each of them by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray, Value
from edgereg.core.geometry import rotation_matrix
from edgereg.core.kinds import Boxes, Kinds, Map, Points, ValueSpec, columns_of, specs_of
from edgereg.core.regions import Regions
from edgereg.core.rotation import quaternions_of

# Half the width of the central 90 % of a normal distribution, in standard deviations.
NORMAL_90 = 1.6448536


def normal_interval(mean: FloatArray | float, std: FloatArray | float) -> npt.NDArray[Any]:
    """Low and high end [..., 2] of the central 90 % of normal distributions, in their units."""
    reach = NORMAL_90 * std
    return np.stack([mean - reach, mean + reach], axis=-1)


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

    kinds: what the values are; the sizes of their values add up to D.
    values: float32 [N, D], final values (refined where the model refines).
    scores: float32 [N] in [0, 1].
    regions: float32 [N, 4] (x1, y1, x2, y2) in frame pixels, or None where the task looks at the
        whole frame.
    std: float32 [N, D] in the values' units, or None where the model gives none.
    refinement: the trajectory and energies, or None where nothing was refined.
    tracks: int64 [N], the identity of each through the clip (negative: not known), or None. The
        runner gives them to the boxes of detectors and hands them on with the regions; a task that
        tracks sets its own.
    features: what the density graph takes, with leading dimension N, or 1 where all predictions
        stand on the same image; may be on the engine's device. Empty if there is no such graph.
    to_graph: (scale, offset), each float32 [N, D], where the density graph takes other units than
        the values have: what it takes is values * scale + offset. None: the same units.
    intervals: float32 [N, D, 2], low and high end of the central 90 % of the final density, or
        None where the model gives none.
    labels: int64 [N], index into the `classes` of `Boxes`, or None.
    states: one word for each prediction, such as 'found' or 'lost', or None.
    smoothed: float32 [N, D], the values steadied over time, where a filter did that; drawn and
        shown in their place.
    """

    task: str
    model: str
    kinds: Kinds
    values: FloatArray
    scores: FloatArray
    regions: FloatArray | None = None
    std: FloatArray | None = None
    refinement: Refinement | None = None
    tracks: npt.NDArray[np.int64] | None = None
    features: Mapping[str, Value] = field(default_factory=dict)
    to_graph: tuple[FloatArray, FloatArray] | None = None
    intervals: FloatArray | None = None
    labels: npt.NDArray[np.int64] | None = None
    states: tuple[str, ...] | None = None
    smoothed: FloatArray | None = None

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
            "intervals": (self.intervals, (n, width, 2)),
            "labels": (self.labels, (n,)),
            "smoothed": (self.smoothed, (n, width)),
        }
        for name, (array, shape) in expected.items():
            if array is not None and array.shape != shape:
                raise ValueError(f"{self.task}: {name} must be {list(shape)}, got {array.shape}")
        if self.refinement is not None and self.refinement.final.shape != (n, width):
            raise ValueError(f"{self.task}: refinement is of another shape than the values")
        if self.states is not None and len(self.states) != n:
            raise ValueError(f"{self.task}: {n} predictions need {n} states")

    @classmethod
    def none(cls, task: str, model: str, kinds: Kinds) -> Predictions:
        """The empty result of a task, with the columns that it always has."""
        width = sum(spec.size for spec in specs_of(kinds))
        empty = np.zeros((0, width), np.float32)
        return cls(task, model, kinds, empty, np.zeros(0, np.float32), np.zeros((0, 4), np.float32))

    @property
    def specs(self) -> tuple[ValueSpec, ...]:
        """Names, units and sizes of the values, in the order of the columns."""
        return specs_of(self.kinds)

    @property
    def unrefined(self) -> Predictions | None:
        """The same as they were before refinement, or None where nothing was refined."""
        if self.refinement is None:
            return None
        before = self.refinement.initial
        return replace(
            self, values=before, refinement=None, std=None, intervals=None, smoothed=None
        )

    @property
    def boxes(self) -> FloatArray | None:
        """float32 [N, 4] in frame pixels: the boxes found, else the regions, else None."""
        if any(isinstance(kind, Boxes) for kind in self.kinds):
            start = columns_of(self.kinds, "x1").start
            return self.values[:, start : start + 4]
        return self.regions

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """bool [N, P]: which of the P points of `Points` can be seen, as far as their standard
        deviations tell (the mean of x's and y's, against `Points.sure`); KeyError without points.
        """
        columns = self.columns("points")
        kind = next(kind for kind in self.kinds if isinstance(kind, Points))
        if kind.sure is None or self.std is None or self.regions is None:
            return np.ones((len(self), len(kind.names)), bool)
        spread = self.std[:, columns].reshape(len(self), len(kind.names), 2).mean(2)
        side = (self.regions[:, 2:] - self.regions[:, :2]).max(1)
        return np.asarray(spread <= kind.sure * side[:, None])

    def columns(self, name: str) -> slice:
        """Columns of the value called `name`. Raises KeyError where there is none."""
        return columns_of(self.kinds, name)

    def select(self, keep: npt.NDArray[Any]) -> Predictions:
        """Some of the predictions; keep: a mask [N] or indices [M]."""
        rows = np.flatnonzero(keep) if keep.dtype == bool else keep
        n, climb = len(self), self.refinement

        def chosen(array: Any) -> Any:
            return None if array is None else array[rows]

        return replace(
            self,
            values=self.values[rows],
            scores=self.scores[rows],
            regions=chosen(self.regions),
            std=chosen(self.std),
            refinement=climb and Refinement(climb.trajectory[rows], climb.energy[rows]),
            tracks=chosen(self.tracks),
            # With one image for all, the features have a single row, which stays.
            features={
                name: array[rows] if len(array) == n and n != 1 else array
                for name, array in self.features.items()
            },
            to_graph=self.to_graph and (self.to_graph[0][rows], self.to_graph[1][rows]),
            intervals=chosen(self.intervals),
            labels=chosen(self.labels),
            states=self.states and tuple(self.states[row] for row in rows),
            smoothed=chosen(self.smoothed),
        )

    def to_records(self) -> list[dict[str, Any]]:
        """Plain Python values, one dict a prediction (docs/results.md)."""
        from edgereg.core.records import records_of

        return records_of(self)

    def to_arrow(self) -> Any:
        """The records as a `pyarrow.Table`."""
        from edgereg.core.conversions import to_arrow

        return to_arrow(self.to_records())

    def to_pandas(self) -> Any:
        """The records as a flat `pandas.DataFrame`, a column for each number."""
        from edgereg.core.conversions import to_pandas

        return to_pandas(self.to_records(), {self.task: self.kinds})

    def to_supervision(self) -> Any:
        """The boxes or regions as `supervision.Detections`, values in its `data`."""
        from edgereg.core.conversions import to_supervision

        return to_supervision(self)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Prediction]:
        return (Prediction(self, row) for row in range(len(self)))

    def __getitem__(self, row: int) -> Prediction:
        if not -len(self) <= row < len(self):
            raise IndexError(f"{self.task}: no prediction {row}; there are {len(self)}")
        return Prediction(self, row % len(self))


@dataclass(frozen=True)
class Prediction:
    """One of the predictions of a task on a frame: `head["yaw"]`, `head.track`, `head.box`."""

    all: Predictions
    row: int

    @property
    def track(self) -> int | None:
        """The identity through the clip, or None where nobody tracks."""
        if self.all.tracks is None or self.all.tracks[self.row] < 0:
            return None
        return int(self.all.tracks[self.row])

    @property
    def score(self) -> float:
        """In [0, 1]."""
        return float(self.all.scores[self.row])

    @property
    def box(self) -> FloatArray | None:
        """float32 [4] (x1, y1, x2, y2) in frame pixels: the box found, or the region looked at."""
        return None if self.all.boxes is None else self.all.boxes[self.row]

    @property
    def label(self) -> str | None:
        """Name of the class of a box, or None."""
        if self.all.labels is None:
            return None
        classes = next(kind.classes for kind in self.all.kinds if isinstance(kind, Boxes))
        return classes[int(self.all.labels[self.row])]

    @property
    def state(self) -> str | None:
        """What the task says of itself, such as 'lost'."""
        return None if self.all.states is None else self.all.states[self.row]

    def matrix(self) -> npt.NDArray[np.float64]:
        """The rotation [3, 3] of its yaw, pitch and roll; KeyError where it has none."""
        return rotation_matrix(self._angles())

    def quaternion(self) -> npt.NDArray[np.float64]:
        """The same as a unit quaternion [4], (w, x, y, z)."""
        return quaternions_of(self._angles())

    def _angles(self) -> list[float]:
        return [self["yaw"], self["pitch"], self["roll"]]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its values."""
        return tuple(spec.name for spec in self.all.specs)

    def __getitem__(self, name: str) -> Any:
        """The value: a float; points float32 [P, 2]; a map float32 [h, w]. Raises KeyError."""
        return self._shaped(name, self.all.values[self.row])

    def std(self, name: str) -> Any:
        """Standard deviation, shaped as the value, or None where the model gives none."""
        return None if self.all.std is None else self._shaped(name, self.all.std[self.row])

    def initial(self, name: str) -> Any:
        """The value before refinement, or None where nothing was refined."""
        climb = self.all.refinement
        return None if climb is None else self._shaped(name, climb.initial[self.row])

    def smoothed(self, name: str) -> Any:
        """The value steadied over time, or the value itself where nothing was smoothed."""
        steady = self.all.values if self.all.smoothed is None else self.all.smoothed
        return self._shaped(name, steady[self.row])

    def interval(self, name: str) -> tuple[Any, Any] | None:
        """Central 90 % of the density: (low, high), each shaped as the value.

        Of the final density where the model gives it; else that of a normal distribution with the
        model's standard deviation; None where it gives neither.
        """
        ends = interval_of(self.all, self.row)
        if ends is None:
            return None
        return self._shaped(name, ends[:, 0]), self._shaped(name, ends[:, 1])

    def _shaped(self, name: str, row: FloatArray) -> Any:
        numbers = row[self.all.columns(name)]
        for kind in self.all.kinds:
            if isinstance(kind, Points) and name == "points":
                return numbers.reshape(-1, 2)
            if isinstance(kind, Map) and kind.name == name:
                return numbers.reshape(kind.height, kind.width)
        return float(numbers[0]) if len(numbers) == 1 else numbers


def regions_of(predictions: Predictions) -> Regions:
    """Where the tasks that stand on these predictions look: their boxes, with tracks and scores."""
    boxes = predictions.boxes
    if boxes is None:
        return Regions.of_boxes([])
    return Regions(boxes, predictions.scores, predictions.tracks)


def interval_of(predictions: Predictions, row: int) -> FloatArray | None:
    """Low and high end [D, 2] of the central 90 % of one prediction: the model's own, else those of
    normal densities with its `std`, else None."""
    ends: FloatArray | None = None
    if predictions.intervals is not None:
        ends = predictions.intervals[row]
    elif predictions.std is not None:
        ends = normal_interval(predictions.values[row], predictions.std[row])
    return ends


def with_tracks(predictions: Predictions, regions: Regions) -> Predictions:
    """Predictions with the tracks of the regions that they stand on.

    A prediction stands on the region whose box it carries. What a task set itself stays.
    """
    found = predictions.regions
    if predictions.tracks is not None or regions.tracks is None or found is None:
        return predictions
    if found.shape == regions.boxes.shape and np.array_equal(found, regions.boxes):
        return replace(predictions, tracks=regions.tracks)
    same = (found[:, None] == regions.boxes[None]).all(axis=2)
    if not same.any(axis=1).all():
        return predictions
    return replace(predictions, tracks=regions.tracks[same.argmax(axis=1)])
