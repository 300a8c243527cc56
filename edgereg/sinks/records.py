"""The one schema of results: a record for each prediction, as JSONL, CSV and Parquet hold it."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult

Record: TypeAlias = dict[str, Any]

FIELDS = (
    "frame",
    "time_s",
    "task",
    "model",
    "track",
    "region",
    "score",
    "values",
    "units",
    "std",
    "initial",
    "energy",
)


def records(result: FrameResult) -> list[Record]:
    """One record for each prediction of a frame, of plain Python values, in task order.

    frame: int, from 0. time_s: seconds from the source's start. task, model: names.
    track: int or None. region: [x1, y1, x2, y2] in frame pixels, None for the whole frame.
    score: in [0, 1]. values: {name: number, or list for points}, final. units: {name: unit}.
    std: as values, or None. initial: as values, before refinement, None where nothing was refined.
    energy: {"initial": f, "final": f}, the unnormalised log-density, or None.
    """
    found = result.predictions.values()
    return [_record(result, p, row) for p in found for row in range(len(p))]


def _record(result: FrameResult, p: Predictions, row: int) -> Record:
    climb = p.refinement
    return {
        "frame": result.index,
        "time_s": round(result.time_s, 6),
        "task": p.task,
        "model": p.model,
        "track": None if p.tracks is None else int(p.tracks[row]),
        "region": None if p.regions is None else [_number(x) for x in p.regions[row]],
        "score": _number(p.scores[row]),
        "values": _named(p, p.values[row]),
        "units": {spec.name: spec.unit for spec in p.specs},
        "std": None if p.std is None else _named(p, p.std[row]),
        "initial": None if climb is None else _named(p, climb.initial[row]),
        "energy": None if climb is None else _ends(climb.energy[row]),
    }


def _named(p: Predictions, numbers: npt.NDArray[Any]) -> dict[str, float | list[float]]:
    """{name: number or list} of one row [D]."""
    named: dict[str, float | list[float]] = {}
    start = 0
    for spec in p.specs:
        part = [_number(x) for x in numbers[start : start + spec.size]]
        named[spec.name] = part[0] if spec.size == 1 else part
        start += spec.size
    return named


def _ends(energy: npt.NDArray[Any]) -> dict[str, float]:
    return {"initial": _number(energy[0]), "final": _number(energy[-1])}


def _number(x: Any) -> float:
    """The shortest decimal that still is this float32."""
    return float(str(np.float32(x)))
