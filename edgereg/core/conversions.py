"""Results as objects of other libraries, each imported when it is first wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from edgereg.core.arrays import FloatArray
from edgereg.core.errors import EdgeregError
from edgereg.core.flat import FlatTable
from edgereg.core.kinds import Kinds
from edgereg.core.predictions import Predictions
from edgereg.core.records import Record


def to_supervision(predictions: Predictions) -> Any:
    """The N predictions of one task on one frame as `supervision.Detections`.

    xyxy: float32 [N, 4] in frame pixels: the boxes found, else the regions. confidence: the scores.
    class_id: the labels, tracker_id: the tracks, or None. data: per value name an array
    [N], or [N, size] for a list; the same as <name>_std and <name>_initial where there are such.

    Raises EdgeregError where supervision is not installed, or the task looks at whole frames.
    """
    boxes = predictions.boxes
    if boxes is None:
        raise EdgeregError(
            f"task '{predictions.task}' looks at the whole frame; supervision wants boxes"
        )
    return _imported("supervision").Detections(
        xyxy=boxes,
        confidence=predictions.scores,
        class_id=predictions.labels,
        tracker_id=predictions.tracks,
        data=_data(predictions),
    )


def _data(p: Predictions) -> dict[str, Any]:
    data: dict[str, Any] = {spec.name: _column(p.values, p, spec.name) for spec in p.specs}
    initial = None if p.refinement is None else p.refinement.initial
    for ending, numbers in (("std", p.std), ("initial", initial)):
        if numbers is not None:
            data |= {f"{s.name}_{ending}": _column(numbers, p, s.name) for s in p.specs}
    if p.labels is not None:
        data["class_name"] = np.array([one.label for one in p])
    return data


def _column(numbers: FloatArray, p: Predictions, name: str) -> FloatArray:
    """[N] of a number, [N, size] of a list."""
    part = numbers[:, p.columns(name)]
    return part[:, 0] if part.shape[1] == 1 else part


def to_arrow(rows: Sequence[Record]) -> Any:
    """Records as a `pyarrow.Table`. Raises EdgeregError without pyarrow."""
    schema = arrow_schema()
    columns = {
        field.name: [_plain(field.name, row[field.name]) for row in rows] for field in schema
    }
    return _imported("pyarrow").table(columns, schema=schema)


def to_pandas(rows: Sequence[Record], kinds: Mapping[str, Kinds]) -> Any:
    """Records as a flat `pandas.DataFrame` with the columns of `FlatTable`.

    Raises EdgeregError without pandas.
    """
    table = FlatTable(kinds)
    data = [table.row(record) for record in rows]
    return _imported("pandas").DataFrame(data, columns=list(table.columns))


def arrow_schema() -> Any:
    """The columns of a table of records: `values`, `std` and `initial` are maps of name to list,
    a single number being a list of one. Raises EdgeregError without pyarrow.
    """
    pa = _imported("pyarrow")
    numbers = pa.map_(pa.string(), pa.list_(pa.float32()))
    energy = pa.struct([("initial", pa.float32()), ("final", pa.float32())])
    return pa.schema(
        [
            ("frame", pa.int64()),
            ("time_s", pa.float64()),
            ("source", pa.string()),
            ("task", pa.string()),
            ("model", pa.string()),
            ("track", pa.int64()),
            ("label", pa.string()),
            ("state", pa.string()),
            ("region", pa.list_(pa.float32())),
            ("score", pa.float32()),
            ("values", numbers),
            ("units", pa.map_(pa.string(), pa.string())),
            ("std", numbers),
            ("interval", pa.map_(pa.string(), pa.list_(pa.list_(pa.float32())))),
            ("initial", numbers),
            ("smoothed", numbers),
            ("energy", energy),
        ]
    )


def _plain(name: str, cell: Any) -> Any:
    """Maps as pairs with list values; everything else as it is."""
    if not isinstance(cell, dict) or name == "energy":
        return cell
    if name == "interval":
        return [(key, [_listed(end) for end in ends]) for key, ends in cell.items()]
    return [(key, value if name == "units" else _listed(value)) for key, value in cell.items()]


def _listed(value: Any) -> list[float]:
    return value if isinstance(value, list) else [value]


def _imported(library: str) -> Any:
    try:
        return import_module(library)
    except ImportError as error:
        raise EdgeregError(
            f"{library} can't be imported ({error}); run: pip install {library}"
        ) from error
