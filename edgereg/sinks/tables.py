"""Results as JSONL and CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from edgereg.core.result import FrameResult
from edgereg.sinks.files import LineFile
from edgereg.sinks.records import Record, records


class JsonlSink:
    """One JSON object a line, one line a prediction; the fields are those of `records`."""

    def __init__(self, path: Path) -> None:
        self._file = LineFile(path)

    def write(self, result: FrameResult) -> None:
        """Append the frame's records."""
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records(result)]
        if lines:
            self._file.write("".join(lines))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


REGION = ("region_x1", "region_y1", "region_x2", "region_y2")
FIXED = ("frame", "time_s", "task", "model", "track", *REGION, "score")
ENERGY = ("energy_initial", "energy_final")


class CsvSink:
    """A flat table, one row a prediction.

    Columns: FIXED; for each value of the first frame's tasks <name>, <name>_std, <name>_initial;
    ENERGY; and `other`, a JSON object of values that have no column because the first frame did
    not announce them or a fixed column has their name. The names are those of `records`, the
    region is in four columns, what is missing is empty, and a value that is a list is a JSON list.
    """

    def __init__(self, path: Path) -> None:
        self._file = LineFile(path)
        self._names: tuple[str, ...] | None = None

    def write(self, result: FrameResult) -> None:
        """Append the frame's rows, after the header where it is the first frame."""
        rows: list[list[Any]] = []
        if self._names is None:
            self._names = _names(result)
            rows.append(_header(self._names))
        rows += [_row(record, self._names) for record in records(result)]
        if rows:
            self._file.write(_text(rows))

    def close(self) -> None:
        """Close the file; one without a frame still gets its header."""
        if self._names is None:
            self._names = ()
            self._file.write(_text([_header(())]))
        self._file.close()


def _names(result: FrameResult) -> tuple[str, ...]:
    """Names of the values that get columns, in order, each once."""
    found = (spec.name for p in result.predictions.values() for spec in p.specs)
    taken = {*FIXED, *ENERGY, "other"}
    return tuple(name for name in dict.fromkeys(found) if name not in taken)


def _header(names: tuple[str, ...]) -> list[str]:
    values = [column for name in names for column in (name, f"{name}_std", f"{name}_initial")]
    return [*FIXED, *values, *ENERGY, "other"]


def _row(record: Record, names: tuple[str, ...]) -> list[Any]:
    fixed = [record[name] for name in ("frame", "time_s", "task", "model", "track")]
    fixed += [*(record["region"] or [None] * 4), record["score"]]
    kinds = [record[kind] or {} for kind in ("values", "std", "initial")]
    values = [_cell(kind.get(name)) for name in names for kind in kinds]
    energy = record["energy"] or {}
    other = {name: value for name, value in record["values"].items() if name not in names}
    ends = [energy.get("initial"), energy.get("final")]
    return [*fixed, *values, *ends, json.dumps(other) if other else None]


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list) else value


def _text(rows: list[list[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
