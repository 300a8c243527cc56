"""Results as Apache Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgereg.core.errors import SinkError
from edgereg.core.files import reason
from edgereg.core.result import FrameResult
from edgereg.sinks.records import Record, records
from edgereg.sinks.space import ensure_space

ROW_GROUP = 5000


class ParquetSink:
    """The fields of `records` in columns.

    `values`, `std` and `initial` are maps of name to list, a single number being a list of one.
    Rows are written in groups; the file is readable once closed.
    """

    def __init__(self, path: Path) -> None:
        """Create or overwrite. Raises SinkError without pyarrow or where it can't be written."""
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise SinkError(f"{path}: Parquet needs pyarrow; install edgereg[results]") from error
        if path.is_dir():
            raise SinkError(f"{path}: is a folder; name a file")
        self._path = path
        self._arrow = pa
        self._schema = _schema(pa)
        self._rows: list[Record] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer: Any = pq.ParquetWriter(str(path), self._schema)
        except OSError as error:
            raise SinkError(f"{path}: can't be written: {reason(error)}") from error

    def write(self, result: FrameResult) -> None:
        """Keep the frame's records; write them out whenever a row group is full."""
        if self._writer is None:
            raise SinkError(f"{self._path}: is closed")
        self._rows += records(result)
        if len(self._rows) >= ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Write the remaining rows and the footer that makes the file readable."""
        if self._writer is None:
            return
        writer = self._writer
        try:
            self._flush()
        finally:
            self._writer = None
            try:
                writer.close()
            except OSError as error:
                raise SinkError(f"{self._path}: can't be written: {reason(error)}") from error

    def _flush(self) -> None:
        if not self._rows:
            return
        rows, self._rows = self._rows, []
        ensure_space(self._path)
        columns = {field.name: [_plain(row[field.name]) for row in rows] for field in self._schema}
        try:
            self._writer.write_table(self._arrow.table(columns, schema=self._schema))
        except OSError as error:
            raise SinkError(f"{self._path}: can't be written: {reason(error)}") from error


def _plain(cell: Any) -> Any:
    """Maps as pairs with list values; everything else as it is."""
    if not isinstance(cell, dict) or set(cell) == {"initial", "final"}:
        return cell
    return [
        (name, value if isinstance(value, list | str) else [value]) for name, value in cell.items()
    ]


def _schema(pa: Any) -> Any:
    numbers = pa.map_(pa.string(), pa.list_(pa.float32()))
    energy = pa.struct([("initial", pa.float32()), ("final", pa.float32())])
    return pa.schema(
        [
            ("frame", pa.int64()),
            ("time_s", pa.float64()),
            ("task", pa.string()),
            ("model", pa.string()),
            ("track", pa.int64()),
            ("region", pa.list_(pa.float32())),
            ("score", pa.float32()),
            ("values", numbers),
            ("units", pa.map_(pa.string(), pa.string())),
            ("std", numbers),
            ("initial", numbers),
            ("energy", energy),
        ]
    )
