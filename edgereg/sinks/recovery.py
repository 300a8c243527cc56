"""What a run that was killed leaves of an output, and how it becomes a file again.

A sink writes to `poses.part.mp4`; formats that are readable only once they are finished keep their
rows in `poses.part.parquet.journal` until then. Both are found by the next run of the same output,
or by `edgereg recover`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgereg.core.errors import SinkError
from edgereg.core.files import part_of, put_in_place, reason
from edgereg.sinks.base import SinkFormat
from edgereg.sinks.clips_table import move_clips_table

try:
    import fcntl
except ImportError:  # Windows lets nobody rename a file that is being written
    fcntl = None  # type: ignore[assignment]


def journal_of(path: Path) -> Path:
    """Where the rows of a file are kept until it is finished."""
    return path.with_name(f"{path.name}.journal")


def left_behind(place: Path) -> Path | None:
    """What there is of an output that was not finished, or is being written now; None: nothing."""
    part = part_of(place)
    if journal_of(part).exists():
        return journal_of(part)
    return part if part.exists() else None


def recover(place: Path, chosen: SinkFormat) -> Path | None:
    """Make a file of what a run that was cut off left of the output at `place`.

    It becomes `place` where nothing is there, else `poses.recovered.csv`. Returns its path; None
    where nothing was written. Raises SinkError where another run is writing it, or the disk is
    full.
    """
    part = part_of(place)
    lock = Lock.of(place, part)
    try:
        # What a finishing that was cut off had begun.
        for begun in (rewritten_of(part), part_of(part)):
            begun.unlink(missing_ok=True)
        if chosen.recover is not None and (journal_of(part).exists() or part.stat().st_size):
            chosen.recover(part)
        if part.stat().st_size == 0:
            part.unlink()
            return None
        target = next(path for path in _names(place) if not path.exists())
        put_in_place(part, target)
        move_clips_table(part, target)
    except OSError as error:
        raise SinkError(f"{part}: can't be recovered: {reason(error)}") from error
    finally:
        lock.release()
    return target


def _names(place: Path) -> Iterator[Path]:
    yield place
    number = 1
    while True:
        count = "" if number == 1 else f"-{number}"
        yield place.with_name(f"{place.stem}.recovered{count}{place.suffix}")
        number += 1


@dataclass
class Lock:
    """Held on a file while a run writes it; the system lets go of it when the process ends."""

    descriptor: int | None

    @classmethod
    def none(cls) -> Lock:
        """For what nobody can lock."""
        return cls(None)

    @classmethod
    def of(cls, place: Path, written: Path) -> Lock:
        """A lock on `written`, which is made where it is not there.

        Raises SinkError where another run writes it, or `place`, or where it can't be made.
        """
        if fcntl is None:
            return cls.none()
        if place != written and place.is_file():
            cls(_locked(place, os.O_RDONLY)).release()
        return cls(_locked(written, os.O_RDWR | os.O_CREAT))

    def release(self) -> None:
        """Let go; may be called twice."""
        if self.descriptor is not None:
            os.close(self.descriptor)
        self.descriptor = None


def _locked(path: Path, flags: int) -> int | None:
    """A descriptor of the file that holds its lock; None where there are no locks (some network
    disks)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        raise SinkError(f"{path}: can't be written: {reason(error)}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise SinkError(f"{path}: another run is writing it; name another output") from error
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def rewritten_of(path: Path) -> Path:
    """Where a file is written once more, before it takes its own place."""
    return path.with_name(f"{path.name}.rewritten")


def places_in(folder: Path) -> list[Path]:
    """The outputs of which something was left behind in a folder."""
    found = set()
    for path in folder.iterdir():
        name = path.name.removesuffix(".journal")
        stem, dot, ending = name.rpartition(".")
        if dot and stem.endswith(".part") and not stem.endswith(".part.part"):
            found.add(folder / f"{stem.removesuffix('.part')}.{ending}")
    return sorted(found)
