"""Files one after the other, which together never outgrow a bound on the disk."""

from __future__ import annotations

import json
import logging
import re
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edgereg.core.files import reason
from edgereg.serve.delivery.base import Progress
from edgereg.serve.delivery.config import FilesConfig
from edgereg.serve.delivery.message import Message
from edgereg.serve.pulse import Pulse
from edgereg.sinks.files import LineFile
from edgereg.sinks.parquet import ParquetRecords, finish
from edgereg.sinks.recovery import journal_of, rewritten_of

log = logging.getLogger(__name__)

MEGABYTE = 1_000_000


class Writer(Protocol):
    """A file that takes messages until it is closed."""

    @property
    def size(self) -> int:
        """Bytes so far."""
        ...

    def write(self, message: Message) -> None:
        """Write it. Raises SinkError."""
        ...

    def close(self) -> None:
        """Finish. Raises SinkError."""
        ...


class Lines:
    """Records or whole messages as JSON, one a line."""

    def __init__(self, path: Path, *, whole: bool) -> None:
        self._whole = whole
        self._file = LineFile(path)

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._file.size

    def write(self, message: Message) -> None:
        """Write its lines at once. Raises SinkError."""
        if self._whole:
            lines = [message.body()]
        else:
            lines = [json.dumps(record, ensure_ascii=False) for record in message.records]
        if lines:
            self._file.write("".join(f"{line}\n" for line in lines))

    def close(self) -> None:
        """Close."""
        self._file.close()


class Table:
    """Records as Parquet."""

    def __init__(self, path: Path) -> None:
        self._records = ParquetRecords(path)

    @property
    def size(self) -> int:
        """Bytes so far, before they are packed."""
        return self._records.size

    def write(self, message: Message) -> None:
        """Write its records. Raises SinkError."""
        self._records.write(message.records, message.at)

    def close(self) -> None:
        """Make the file. Raises SinkError."""
        self._records.close()


@dataclass
class Open:
    """The file that a source's messages go to now."""

    path: Path
    writer: Writer
    since: float


class Archive:
    """A handler that writes `FOLDER/SOURCE/SOURCE-000017-20260101T120000Z.jsonl` and so on.

    The numbers tell the order, whatever the device's clock says. A file is closed after some
    minutes, or when it is large enough; the oldest are deleted before a new one is opened, so that
    all of a source's files, the open one as well, stay within the bound.
    """

    pause_s = 0.1
    pulses: tuple[Pulse, ...] = ()

    def __init__(self, config: FilesConfig) -> None:
        self._config = config
        self._ending = ".parquet" if config.format == "parquet" else ".jsonl"
        self._open: dict[str, Open] = {}
        self._known: set[str] = set()
        self._sent = 0

    @property
    def progress(self) -> Progress:
        """Messages written."""
        return Progress(self._sent)

    def handle(self, messages: deque[Message]) -> None:
        """Write them. Raises SinkError, OSError."""
        while messages:
            message = messages[0]
            current = self._current(message.source)
            try:
                current.writer.write(message)
            except Exception:
                self._close(message.source)
                raise
            messages.popleft()
            self._sent += 1

    def close(self) -> None:
        """Close all files. Raises SinkError."""
        for source in list(self._open):
            self._close(source)

    def _current(self, source: str) -> Open:
        found = self._open.get(source)
        if found is not None and self._is_full(found):
            self._close(source)
            found = None
        if found is None:
            if source not in self._known:
                self._mend(source)
                self._known.add(source)
            path = self._next_place(source)
            path.parent.mkdir(parents=True, exist_ok=True)
            found = self._open[source] = Open(path, self._writer(path), time.monotonic())
        return found

    def _is_full(self, found: Open) -> bool:
        config = self._config
        old = time.monotonic() - found.since >= 60 * config.minutes
        return old or found.writer.size >= MEGABYTE * config.megabytes

    def _close(self, source: str) -> None:
        self._open.pop(source).writer.close()

    def _writer(self, path: Path) -> Writer:
        if self._config.format == "parquet":
            return Table(path)
        return Lines(path, whole=self._config.format == "messages")

    def _next_place(self, source: str) -> Path:
        """Where the next file goes, after the oldest have made room for it. Raises OSError."""
        files = self._files(source)
        room = MEGABYTE * (self._config.keep_megabytes - self._config.megabytes)
        sizes = {number: path.stat().st_size for number, path in files.items()}
        for number in sorted(files):
            if sum(sizes.values()) <= room:
                break
            files[number].unlink()
            del sizes[number]
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        number = max(files, default=0) + 1
        return self._folder(source) / f"{source}-{number:06d}-{stamp}{self._ending}"

    def _folder(self, source: str) -> Path:
        return self._config.folder / source

    def _files(self, source: str) -> dict[int, Path]:
        """The source's files by number; nothing else in the folder is ever touched."""
        name = re.compile(rf"{re.escape(source)}-(\d{{6,}})-\d{{8}}T\d{{6}}Z{self._ending}")
        found = {}
        with suppress(FileNotFoundError):
            for path in self._folder(source).iterdir():
                if match := name.fullmatch(path.name):
                    found[int(match[1])] = path
        return found

    def _mend(self, source: str) -> None:
        """Make whole what a kill or a power cut left: a torn last line, a table not yet made."""
        folder = self._folder(source)
        if self._ending == ".jsonl":
            newest = max(self._files(source).items(), default=None)
            if newest is not None:
                cut_torn_line(newest[1])
            return
        for journal in folder.glob(f"{source}-*.parquet.journal"):
            path = journal.with_name(journal.name.removesuffix(".journal"))
            try:
                rewritten_of(path).unlink(missing_ok=True)
                finish(path)
            except OSError as error:
                log.warning("%s: can't be recovered: %s", journal_of(path), reason(error))


def cut_torn_line(path: Path) -> None:
    """Let a file end with the end of a line. Raises OSError."""
    with path.open("r+b") as file:
        end = file.seek(0, 2)
        while end:
            start = max(0, end - (1 << 16))
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                file.truncate(start + newline + 1)
                return
            end = start
        file.truncate(0)
