"""Results as JSONL and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from edgereg.core.errors import SinkError
from edgereg.core.flat import FlatTable
from edgereg.core.records import records
from edgereg.core.result import FrameResult
from edgereg.sinks.base import RunInfo
from edgereg.sinks.files import LineFile, lines_before


class JsonlSink:
    """One JSON object a line, one line a prediction; the fields are those of `records`."""

    def __init__(self, path: Path, run: RunInfo) -> None:
        self._file = LineFile(path, append=run.continues == path)
        for line in lines_before(path, run, lambda line: int(json.loads(line)["frame"])):
            self._file.write(line)

    def write(self, result: FrameResult) -> None:
        """Append the frame's records."""
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records(result)]
        if lines:
            self._file.write("".join(lines))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class CsvSink:
    """A flat table, one row a prediction, with the columns of `FlatTable`.

    What is missing is empty; a map is a JSON list.
    """

    def __init__(self, path: Path, run: RunInfo) -> None:
        """Raises SinkError where it can't be written, or what it continues has other columns."""
        self._table = FlatTable(run.kinds)
        header = _text([self._table.columns])
        if run.continues is not None:
            _check_header(run.continues, header)
        self._file = LineFile(path, append=run.continues == path)
        if run.continues != path:
            self._file.write(header)
        for line in lines_before(path, run, lambda line: int(line.split(",", 1)[0]), header=1):
            self._file.write(line)

    def write(self, result: FrameResult) -> None:
        """Append the frame's rows."""
        rows = [self._table.row(record).values() for record in records(result)]
        if rows:
            self._file.write(_text(rows))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _check_header(path: Path, header: str) -> None:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = file.readline(10 * len(header))
    except (OSError, UnicodeDecodeError) as error:
        raise SinkError(f"{path}: can't be appended to: {error}") from error
    if found.rstrip("\r\n") != header.rstrip("\n"):
        raise SinkError(
            f"{path}: has other columns than these tasks give; name another output, or the tasks "
            "that it was written with"
        )


def _text(rows: Iterable[Iterable[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(
        [json.dumps(cell) if isinstance(cell, list) else cell for cell in row] for row in rows
    )
    return buffer.getvalue()
