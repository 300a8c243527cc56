"""Folders that appear whole or not at all, and never in the place of something else."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from edgereg_exporters.errors import ExportError


def check_place(out: Path, force: bool, mark: str, what: str) -> None:
    """Raise ExportError where `out` exists and may not be replaced.

    mark: the file that makes a folder `what`, which `force` replaces.
    """
    if out.exists() and not force:
        raise ExportError(f"{out}: is there already; give --force to replace it")
    if out.exists() and not (out / mark).is_file() and (out.is_file() or any(out.iterdir())):
        raise ExportError(f"{out}: is not a {what}; nothing there is replaced")


def put_folder(out: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a folder beside `out`, then move it there; a failure leaves what was there.

    Raises ExportError where the place can't be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as parent:
            made = Path(parent) / out.name
            write(made)
            move(made, out, Path(parent) / "former")
    except OSError as error:
        raise ExportError(f"{out}: can't be written: {error.strerror or error}") from error


def move(made: Path, out: Path, former: Path) -> None:
    """Put `made` at `out`; what was there goes to `former`, and back if that fails."""
    if not out.exists():
        shutil.move(made, out)
        return
    out.rename(former)
    try:
        made.rename(out)
    except OSError:
        former.rename(out)
        raise
