"""Results as Apache Parquet."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgereg.core.conversions import arrow_schema, to_arrow
from edgereg.core.errors import SinkError
from edgereg.core.files import put_in_place, reason
from edgereg.core.records import Record, records
from edgereg.core.result import FrameResult
from edgereg.sinks.base import RunInfo
from edgereg.sinks.files import UnbufferedFile
from edgereg.sinks.recovery import journal_of, rewritten_of
from edgereg.sinks.space import ensure_space

ROW_GROUP = 5000
# Rows wait at most so long for the journal, by the clock and by the times of their frames.
WAIT_S = 0.5


class ParquetSink:
    """The records of results as Parquet."""

    def __init__(self, path: Path, run: RunInfo) -> None:
        """Raises SinkError, as `ParquetRecords` does."""
        self._table = ParquetRecords(path, run.continues, run.before)

    def write(self, result: FrameResult) -> None:
        """Keep the frame's records. Raises SinkError where they can't be written."""
        self._table.write(records(result), result.time_s)

    def close(self) -> None:
        """Make the file. Raises SinkError where it can't be made."""
        self._table.close()


class ParquetRecords:
    """The fields of `records` in columns.

    `values`, `std` and `initial` are maps of name to list, a single number being a list of one.
    A Parquet file is readable only once its end is written. Until then the rows are kept in a
    journal beside it, a stream of Arrow's, from which `finish` makes the file.
    """

    def __init__(
        self, path: Path, continues: Path | None = None, before: int | None = None
    ) -> None:
        """Open the journal; continues, before: as in `RunInfo`.

        Raises SinkError without pyarrow, where it can't be written, or where the rows of the file
        that it continues have other columns.
        """
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise SinkError(f"{path}: Parquet needs pyarrow; install edgereg[results]") from error
        self._path = path
        self._continues = continues
        self._before = before
        self._rows: list[Record] = []
        self._written_s = time.monotonic()
        self._reached_s = 0.0
        self._closed = False
        if path.is_dir():
            raise SinkError(f"{path}: is a folder; name a file")
        if continues is not None:
            _check_columns(continues, pa, pq)
        self._journal = UnbufferedFile(journal_of(path))
        self._stream: Any = pa.ipc.new_stream(pa.PythonFile(self._journal, "w"), arrow_schema())
        self._journal.keep()

    @property
    def size(self) -> int:
        """Bytes in the journal."""
        return self._journal.size

    def write(self, rows: list[Record], time_s: float) -> None:
        """Keep a frame's records; they are in the journal within half a second.

        Raises SinkError where it can't be written.
        """
        if self._closed:
            raise SinkError(f"{self._path}: is closed")
        self._rows += rows
        waited = max(time.monotonic() - self._written_s, abs(time_s - self._reached_s))
        if len(self._rows) >= ROW_GROUP or waited >= WAIT_S:
            self._reached_s = time_s
            ensure_space(self._path, self._journal.size)
            self._write_rows()

    def close(self) -> None:
        """Make the file of the journal. Raises SinkError where it can't; the journal then stays."""
        if self._closed:
            return
        self._closed = True
        try:
            self._write_rows()
        finally:
            self._journal.close()
            try:
                finish(self._path, self._continues, self._before)
            except OSError as error:
                raise SinkError(
                    f"{self._path}: can't be finished: {reason(error)}; the rows are in "
                    f"{journal_of(self._path)}"
                ) from error

    def _write_rows(self) -> None:
        rows, self._rows = self._rows, []
        self._written_s = time.monotonic()
        if not rows:
            return
        try:
            self._stream.write_table(to_arrow(rows))
        except OSError as error:
            self._journal.cut_for_good()
            raise SinkError(f"{self._path}: can't be written: {reason(error)}") from error
        self._journal.keep()


def finish(path: Path, continues: Path | None = None, before: int | None = None) -> None:
    """Make the Parquet file at `path` of its journal, behind the rows of the file `continues`;
    of these only frames before `before`, where it is not None.

    The journal goes, once that is done. Raises OSError; the journal then stays.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    journal, beside = journal_of(path), rewritten_of(path)
    if not journal.exists():
        return
    try:
        with beside.open("wb") as file, pq.ParquetWriter(file, arrow_schema()) as writer:
            for batches in _groups(_batches(continues, before, journal)):
                writer.write_table(pa.Table.from_batches(batches, arrow_schema()))
        put_in_place(beside, path)
        journal.unlink()
    finally:
        beside.unlink(missing_ok=True)


def _groups(batches: Iterator[Any]) -> Iterator[list[Any]]:
    """Batches of rows, so many together as a row group is to have."""
    waiting: list[Any] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= ROW_GROUP:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _batches(continues: Path | None, before: int | None, journal: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if continues is not None:
        with continues.open("rb") as file, pq.ParquetFile(file) as table:
            for batch in table.iter_batches(ROW_GROUP):
                early = None if before is None else pc.less(batch["frame"], before)
                yield batch if early is None else batch.filter(early)
    with journal.open("rb") as file:
        try:
            stream = pa.ipc.open_stream(file)
            while True:
                yield stream.read_next_batch()
        except (StopIteration, pa.ArrowInvalid, OSError):
            return  # the end, or the place where a kill has torn it


def _check_columns(path: Path, pa: Any, pq: Any) -> None:
    try:
        with path.open("rb") as file:
            found = pq.read_schema(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise SinkError(f"{path}: is no Parquet file that can be appended to: {error}") from error
    if not found.equals(arrow_schema()):
        raise SinkError(
            f"{path}: has other columns than this edgereg writes; name another output to start anew"
        )
