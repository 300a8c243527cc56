"""Text files that only ever hold whole lines."""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path
from typing import IO

from edgereg.core.errors import SinkError


def reason(error: OSError) -> str:
    """What the system said, and what to do where that is clear."""
    text = error.strerror or str(error)
    return f"{text}; free some space or write elsewhere" if error.errno == errno.ENOSPC else text


class LineFile:
    """An output of lines: unbuffered, and cut back to the last whole line when a write fails."""

    def __init__(self, path: Path) -> None:
        """Create or overwrite. Raises SinkError where the path can't be written."""
        self._path = path
        self._whole = 0
        self._file: IO[bytes] | None = None
        if path.is_dir():
            raise SinkError(f"{path}: is a folder; name a file")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise SinkError(f"{path}: can't be written: {reason(error)}") from error

    def write(self, text: str) -> None:
        """Append whole lines, or nothing. Raises SinkError where they don't fit or it is closed."""
        if self._file is None:
            raise SinkError(f"{self._path}: is closed")
        data = memoryview(text.encode())
        try:
            done = 0
            while done < len(data):
                done += self._file.write(data[done:])
            self._whole += done
        except OSError as error:
            self._cut()
            raise SinkError(f"{self._path}: can't be written: {reason(error)}") from error

    def close(self) -> None:
        """Close; may be called twice."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._file = None

    def _cut(self) -> None:
        """Leave only whole lines; what is no ordinary file can't be cut."""
        if self._file is not None:
            with suppress(OSError):
                self._file.seek(self._whole)
                self._file.truncate()
