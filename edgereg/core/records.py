"""The one schema of results: a record for each prediction, as every table holds it."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgereg.core.predictions import Predictions, interval_of
from edgereg.core.result import FrameResult

Record: TypeAlias = dict[str, Any]

FIELDS = (
    "frame",
    "time_s",
    "source",
    "task",
    "model",
    "track",
    "label",
    "state",
    "region",
    "score",
    "values",
    "units",
    "std",
    "interval",
    "initial",
    "smoothed",
    "energy",
)


def records(result: FrameResult) -> list[Record]:
    """One record for each prediction of a frame, of plain Python values, in task order.

    frame: int, from 0. time_s: seconds from the source's start. source: its name; in a folder of
    photographs, the file's. task, model: names. track: int or None. label: class of a box, or None.
    state: what the task says of it, or None.
    region: [x1, y1, x2, y2] in frame pixels, None for the whole frame. score: in [0, 1].
    values: {name: number, or list for points and maps}, final. units: {name: unit}.
    std: as values, or None. interval: {name: [low, high]}, the central 90 % (`Prediction.interval`
    says of what), or None. initial: as values, before refinement, None where nothing was refined.
    smoothed: as values, steadied over time, None where no filter ran.
    energy: {"initial": f, "final": f}, the unnormalised log-density, or None.
    """
    return [
        record
        for predictions in result.predictions.values()
        for record in records_of(predictions, result.index, result.time_s, result.source)
    ]


def records_of(
    predictions: Predictions, frame: int = 0, time_s: float = 0.0, source: str = ""
) -> list[Record]:
    """The records of one task on one frame; see `records`."""
    place = {"frame": frame, "time_s": round(time_s, 6), "source": source}
    return [{**place, **_record(predictions, row)} for row in range(len(predictions))]


def _record(p: Predictions, row: int) -> Record:
    climb, one = p.refinement, p[row]
    return {
        "task": p.task,
        "model": p.model,
        "track": one.track,
        "label": one.label,
        "state": one.state,
        "region": None if p.regions is None else [number(x) for x in p.regions[row]],
        "score": number(p.scores[row]),
        "values": named(p, p.values[row]),
        "units": {spec.name: spec.unit for spec in p.specs},
        "std": None if p.std is None else named(p, p.std[row]),
        "interval": _interval(p, row),
        "initial": None if climb is None else named(p, climb.initial[row]),
        "smoothed": None if p.smoothed is None else named(p, p.smoothed[row]),
        "energy": None
        if climb is None
        else {"initial": number(climb.energy[row, 0]), "final": number(climb.energy[row, -1])},
    }


def _interval(p: Predictions, row: int) -> dict[str, list[Any]] | None:
    """{name: [low, high]}; the ends of a list are lists."""
    ends = interval_of(p, row)
    if ends is None:
        return None
    lows, highs = named(p, ends[:, 0]), named(p, ends[:, 1])
    return {name: [lows[name], highs[name]] for name in lows}


def named(p: Predictions, numbers: npt.NDArray[Any]) -> dict[str, float | list[float]]:
    """{name: number, or list} of one row [D] of numbers that stand in the columns of `p`."""
    given: dict[str, float | list[float]] = {}
    start = 0
    for spec in p.specs:
        part = [number(x) for x in numbers[start : start + spec.size]]
        given[spec.name] = part[0] if spec.size == 1 else part
        start += spec.size
    return given


def number(x: Any) -> float:
    """The shortest decimal that still is this float32."""
    return float(str(np.float32(x)))
