"""Files that grow while a run goes on and are readable up to its last word at any moment."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO

from edgereg.core.errors import SinkError, one_line
from edgereg.core.files import reason
from edgereg.sinks.base import RunInfo

log = logging.getLogger(__name__)

# A power cut costs no more than what was written in this time.
SYNC_S = 1.0


class UnbufferedFile:
    """A binary file whose every write is with the system at once, and on the disk a second later.

    `keep` says that what was written so far is whole; `cut` goes back to there.
    """

    def __init__(self, path: Path, *, append: bool = False) -> None:
        """Create or overwrite, or append. Raises SinkError where the path can't be written."""
        if path.is_dir():
            raise SinkError(f"{path}: is a folder; name a file")
        self._path = path
        self._deaf = False
        self._synced = time.monotonic()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = "r+b" if append and path.is_file() else "w+b" if _is_plain(path) else "wb"
            self._file: IO[bytes] = path.open(mode, buffering=0)
            self._whole = self._file.seek(0, os.SEEK_END) if append and self._file.seekable() else 0
        except OSError as error:
            raise SinkError(f"{path}: can't be written: {reason(error)}") from error

    def write(self, data: bytes | memoryview) -> int:
        """Write all of it. Raises OSError."""
        rest = memoryview(data)
        while len(rest) and not self._deaf:
            rest = rest[self._file.write(rest) :]
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Read from the current place."""
        return self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The current place."""
        return self._file.tell()

    def flush(self) -> None:
        """Nothing waits."""

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._file.closed

    @property
    def size(self) -> int:
        """Bytes that are whole."""
        return self._whole

    def keep(self) -> None:
        """What stands in the file now is whole."""
        with suppress(OSError):  # a pipe has no place
            self._whole = self._file.tell()
        if time.monotonic() - self._synced >= SYNC_S:
            self._synced = time.monotonic()
            with suppress(OSError):
                os.fsync(self._file.fileno())

    def cut(self) -> None:
        """Go back to what was whole; what is no ordinary file can't be cut."""
        with suppress(OSError, ValueError):
            self._file.seek(self._whole)
            self._file.truncate()

    def cut_for_good(self) -> None:
        """Go back to what was whole, and ignore whatever is written from now on."""
        self.cut()
        self._deaf = True

    def close(self) -> None:
        """Close; may be called twice. Where its folder was deleted meanwhile, put it back there."""
        if not self._file.closed and not self._path.exists():
            self._put_back()
        with suppress(OSError):
            self._file.close()

    def _put_back(self) -> None:
        """The bytes are still there as long as the file is open; else they would be lost now."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file.seek(0)
            with self._path.open("wb") as copy:
                shutil.copyfileobj(self._file, copy)
        except OSError as error:
            log.warning("%s: is gone, and can't be put back: %s", self._path, reason(error))
        else:
            log.warning("%s: was gone; it is put back as far as it was written", self._path)


class LineFile:
    """An output of lines: only ever whole ones, also where a write fails."""

    def __init__(self, path: Path, *, append: bool = False) -> None:
        """Create or overwrite, or append. Raises SinkError where the path can't be written."""
        self._path = path
        self._file: UnbufferedFile | None = UnbufferedFile(path, append=append)
        if append and not _ends_with_line(path):
            self.write("\n")

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return 0 if self._file is None else self._file.size

    def write(self, text: str) -> None:
        """Append whole lines, or nothing. Raises SinkError where they don't fit or it is closed."""
        if self._file is None:
            raise SinkError(f"{self._path}: is closed")
        try:
            self._file.write(text.encode(errors="surrogateescape"))
        except OSError as error:
            self._file.cut()
            raise SinkError(f"{self._path}: can't be written: {reason(error)}") from error
        self._file.keep()

    def close(self) -> None:
        """Close; may be called twice."""
        if self._file is not None:
            self._file.close()
        self._file = None


def lines_before(
    path: Path, run: RunInfo, frame_of: Callable[[str], int], header: int = 0
) -> Iterator[str]:
    """The lines that a sink at `path` is to copy first: those of `RunInfo.continues`, behind so
    many lines of `header`, up to frame `RunInfo.before`. Raises SinkError."""
    if run.continues is None or run.continues == path:
        return
    try:
        with run.continues.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            for line in islice(file, header, None):
                if run.before is not None and frame_of(line) >= run.before:
                    return
                yield line
    except (OSError, ValueError, KeyError) as error:
        raise SinkError(f"{run.continues}: can't be continued: {one_line(error)}") from error


def _ends_with_line(path: Path) -> bool:
    """Whether the last line of a file has its end; what a person wrote may lack it."""
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def _is_plain(path: Path) -> bool:
    """Whether it is a file, or will be one; a pipe can't be opened for both ways."""
    return path.is_file() or not path.exists()
