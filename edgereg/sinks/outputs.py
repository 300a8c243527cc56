"""The outputs of a run: checked before any is opened, put in their places when they are whole.

`check_outputs` comes first and touches nothing. `open_outputs` opens all or none: what exists stays
as it is, and a sink writes beside it, to `poses.part.csv`. After the run `settle` puts what is
whole in its place. What a killed run left is found, and kept, by the next one (`recover`).
"""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from edgereg.core.errors import EdgeregError, SinkError, one_line
from edgereg.core.files import part_of, put_in_place, reason
from edgereg.core.result import FrameResult
from edgereg.core.shown import harmless
from edgereg.sinks.base import RunInfo, Sink, SinkFormat
from edgereg.sinks.clips_table import ClipRow, clips_table_of, move_clips_table, read_clips
from edgereg.sinks.open import format_of, open_sink
from edgereg.sinks.pictures import matches
from edgereg.sinks.recovery import Lock, journal_of, left_behind, recover

log = logging.getLogger(__name__)

# How often a running output makes sure that its folder is still there.
LOOK_S = 1.0


@dataclass(frozen=True)
class Resume:
    """A run that was stopped and is to go on.

    bases: for each output the file with its rows so far, or None where it has none. done: the clips
    that need not be read again; frame, time_s: with which the next one begins.
    """

    bases: Mapping[Path, Path | None]
    done: tuple[ClipRow, ...] = ()

    @property
    def frame(self) -> int:
        """Index of the next frame."""
        return self.done[-1].next_frame if self.done else 0

    @property
    def time_s(self) -> float:
        """Time of the next frame."""
        return self.done[-1].next_time_s if self.done else 0.0


@dataclass
class Output:
    """One output of a run: a sink, and where what it writes is to be in the end.

    path: as the user named it. place: the file that is meant, links followed. written: where the
    sink writes, `place` itself or a file beside it. made: whether that is a new file. frames,
    time_s: of what was written so far.
    """

    path: Path
    place: Path
    written: Path
    sink: Sink
    lock: Lock
    made: bool = True
    frames: int = 0
    time_s: float = 0.0
    _looked: float = 0.0

    def write(self, result: FrameResult) -> None:
        """Write one frame's result. Raises SinkError, also where the folder is gone."""
        if time.monotonic() - self._looked >= LOOK_S:
            self._looked = time.monotonic()
            if not self.place.parent.is_dir():
                raise SinkError(f"{self.path}: its folder is gone; was it deleted or unplugged?")
        with self._named():
            self.sink.write(result)
        self.frames += 1
        self.time_s = result.time_s

    def close(self) -> None:
        """Finish what was written; it stays where it is until `settle`."""
        with self._named():
            self.sink.close()

    @contextmanager
    def _named(self) -> Iterator[None]:
        """A plugin's sink may raise anything: the user is told which output it was."""
        try:
            yield
        except EdgeregError:
            raise
        except BaseException as error:
            raise SinkError(f"{self.path}: can't be written: {one_line(error)}") from error

    @property
    def extent(self) -> str:
        """How much was written, in words."""
        return f"{self.frames} frames, up to {self.time_s:.1f} s"


def check_outputs(
    outputs: Sequence[Path], formats: Mapping[str, SinkFormat], *, append: bool = False
) -> None:
    """Raise SinkError for an output that can't be meant: of an unknown ending, a folder, an
    address, named twice, or to be appended to though its format can't. Opens nothing."""
    seen: dict[str, Path] = {}
    for output in outputs:
        _check_name(output)
        if "://" in output.as_posix() or output.as_posix().startswith("file:"):
            raise SinkError(f"{output}: is an address; name a file")
        chosen = format_of(output, formats)
        if append and not chosen.appends:
            known = ", ".join(each.ending for each in formats.values() if each.appends)
            raise SinkError(f"{output}: can't be appended to; --append continues {known}")
        if output.is_dir():
            raise SinkError(f"{output}: is a folder; name a file")
        # On disks that know no difference between A.csv and a.csv the two are one file.
        place = os.path.realpath(output).casefold()
        if place in seen or any(_same(output, other) for other in seen.values()):
            raise SinkError(f"{output}: is named twice; name each output once")
        seen[place] = output


def check_inputs(outputs: Sequence[Path], inputs: Sequence[Path]) -> None:
    """Raise SinkError where an output is one of the files that are read, by whatever name."""
    for output in outputs:
        _check_name(output)
    read = {(found.st_dev, found.st_ino): path for path in inputs if (found := _stat(path))}
    names = {os.path.realpath(path) for path in inputs}
    for output in outputs:
        found = _stat(output)
        known = read.get((found.st_dev, found.st_ino)) if found is not None else None
        picture = "%" in output.name and any(matches(output, path) for path in inputs)
        if known is not None or picture or os.path.realpath(output) in names:
            raise SinkError(f"{output}: is the source itself, or a file of it; name another output")


def _check_name(output: Path) -> None:
    if "\0" in str(output):
        raise SinkError(f"{harmless(str(output))}: no file can have this name; name another")


def open_outputs(
    outputs: Sequence[Path],
    run: RunInfo,
    formats: Mapping[str, SinkFormat],
    *,
    append: bool = False,
    resume: Resume | None = None,
) -> list[Output]:
    """Open all outputs, or none where one of them can't be opened.

    append: to the tables that are there; resume: a run that was stopped.
    Raises SinkError, also where an output is a file that the source reads, or where another run
    is writing it.
    """
    check_outputs(outputs, formats, append=append or resume is not None)
    check_inputs(outputs, run.source.files)
    if resume is not None:
        run = replace(run, before=resume.frame)
    opened: list[Output] = []
    try:
        for output in outputs:
            base = None if resume is None else resume.bases[output]
            opened.append(_open(output, run, formats, append, base))
    except BaseException:
        for each in opened:
            with suppress(Exception):
                each.close()
            _discard(each)
        raise
    return opened


def _open(
    path: Path,
    run: RunInfo,
    formats: Mapping[str, SinkFormat],
    append: bool,
    base: Path | None = None,
) -> Output:
    """Open one output. base: the rows so far of a run that goes on, None where it begins.

    Pictures and pipes are written where they are meant. Lines are, too, where no file is there or
    it is appended to: each line is whole. All else grows beside its place until it is whole.
    """
    chosen = format_of(path, formats)
    place = Path(os.path.realpath(path))
    if chosen.writes == "files" or (place.exists() and not place.is_file()):
        sink = open_sink(path, run, formats)
        return Output(path, place, place, sink, Lock.none(), made=False)
    if base is None and left_behind(place) and (found := recover(place, chosen)) is not None:
        log.warning("%s: is what a run that was cut off has left", found)
    written = part_of(place)
    if chosen.writes == "lines" and (append or not place.exists()):
        written = place
    if base is not None or (append and place.exists()):
        run = replace(run, continues=base or place)
    made = not written.exists()
    lock = Lock.of(place, written)
    try:
        return Output(path, place, written, open_sink(written, run, formats), lock, made)
    except BaseException:
        if made:
            written.unlink(missing_ok=True)
        lock.release()
        raise


def stopped_run(outputs: Sequence[Path], formats: Mapping[str, SinkFormat]) -> Resume:
    """How far the last run of these outputs came. Raises SinkError."""
    bases: dict[Path, Path | None] = {}
    for output in outputs:
        place = Path(os.path.realpath(output))
        rest = recover(place, format_of(output, formats)) if left_behind(place) else None
        bases[output] = rest or (place if place.exists() else None)
    first = bases[outputs[0]] if outputs else None
    done = [] if first is None else read_clips(first)
    lacking = [output for output, base in bases.items() if base is None]
    if done and lacking:
        raise SinkError(
            f"{lacking[0]}: was no output of the run that was stopped; leave it out, or run "
            "without --resume"
        )
    return Resume(bases, tuple(done))


def settle(outputs: Sequence[Output], *, whole: bool) -> list[str]:
    """After a run, when all outputs are closed: put them in their places.

    whole: the run came to its end. One that did not replaces no file that was there before.
    Returns a line for each output that is not where it was wanted, or not all that was wanted.
    """
    return [harmless(line) for output in outputs if (line := _settle(output, whole))]


def _settle(output: Output, whole: bool) -> str | None:
    """Put one output in its place; what there is to say of it."""
    try:
        return _placed(output, whole)
    finally:
        output.lock.release()


def _placed(output: Output, whole: bool) -> str | None:
    path, written = output.path, output.written
    if not whole and not output.frames:
        _discard(output)
        return None
    if written == output.place:
        return None if whole else f"{path}: holds {output.extent}"
    journal = journal_of(written)
    if journal.exists():
        return (
            f"{journal}: holds {output.extent}, not yet as {path.suffix}; free some space, then: "
            f"edgereg recover {path}"
        )
    if not whole and output.place.exists():
        return f"{path}: is the one of before; this run's {output.extent}, are in {written}"
    try:
        put_in_place(written, output.place)
        move_clips_table(written, output.place)
    except OSError as error:
        return f"{path}: can't be put in its place: {reason(error)}; it is in {written}"
    return None if whole else f"{path}: holds {output.extent}"


def _discard(output: Output) -> None:
    """Remove the file of a run that never began."""
    if output.made:
        for path in (output.written, clips_table_of(output.written)):
            with suppress(OSError):
                path.unlink()
    output.lock.release()


def _same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one.samefile(other)
    return False


def _stat(path: Path) -> os.stat_result | None:
    """Of a regular file; None where there is none."""
    with suppress(OSError, ValueError):
        found = path.stat()
        return found if stat.S_ISREG(found.st_mode) else None
    return None
