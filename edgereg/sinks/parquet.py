"""Results as Apache Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgereg.core.conversions import arrow_schema, to_arrow
from edgereg.core.errors import SinkError
from edgereg.core.files import reason
from edgereg.core.records import Record, records
from edgereg.core.result import FrameResult
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
            import pyarrow.parquet as pq
        except ImportError as error:
            raise SinkError(f"{path}: Parquet needs pyarrow; install edgereg[results]") from error
        if path.is_dir():
            raise SinkError(f"{path}: is a folder; name a file")
        self._path = path
        self._rows: list[Record] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer: Any = pq.ParquetWriter(str(path), arrow_schema())
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
        try:
            self._writer.write_table(to_arrow(rows))
        except OSError as error:
            raise SinkError(f"{self._path}: can't be written: {reason(error)}") from error
