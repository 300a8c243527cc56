"""Files that are there as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from edgereg.core.errors import SinkError
from edgereg.core.files import reason


def reserve(path: Path) -> None:
    """Make sure that a file can be made beside `path`; one that is there stays as it is.

    Raises SinkError where it can't, or where the path is a folder.
    """
    if path.is_dir():
        raise SinkError(f"{path}: is a folder; name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _unfinished(path).write_bytes(b"")
        _unfinished(path).unlink()
    except OSError as error:
        raise SinkError(f"{path}: can't be written: {reason(error)}") from error


def write_whole(path: Path, parts: Iterable[str]) -> None:
    """Write the parts, UTF-8, to a file of another name, which then takes the place of `path`.

    Raises SinkError where that fails; `path` is then as it was before.
    """
    unfinished = _unfinished(path)
    try:
        with unfinished.open("wb") as file:
            file.writelines(part.encode() for part in parts)
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise SinkError(f"{path}: can't be written: {reason(error)}") from error


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")
