"""Which frames of an output are of which clip: `poses.jsonl.clips.csv`, a line for each clip that
is done. A run that was stopped goes on after the last of them."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from edgereg.core.errors import SinkError
from edgereg.core.files import put_in_place
from edgereg.core.result import FrameResult
from edgereg.sinks.files import LineFile

# A clip counts as done only once its last rows are certainly in every output.
SETTLED_S = 1.0


@dataclass(frozen=True)
class ClipRow:
    """A clip: index and time of its first frame among those of all clips, how many frames it has,
    and index and time with which the next clip begins."""

    clip: str
    first_frame: int
    first_time_s: float
    frames: int
    next_frame: int
    next_time_s: float


def clips_table_of(output: Path) -> Path:
    """Where the table of an output is."""
    return output.with_name(f"{output.name}.clips.csv")


def move_clips_table(output: Path, target: Path) -> None:
    """Let the table of an output go where the output went. Raises OSError."""
    if clips_table_of(output).exists():
        put_in_place(clips_table_of(output), clips_table_of(target))


class ClipsTable:
    """A sink that adds a line whenever a clip is done."""

    def __init__(
        self, output: Path, files: Sequence[Path], interval_s: float, done: Sequence[ClipRow] = ()
    ) -> None:
        """For the output that is written at `output`.

        files: the clips, `FrameResult.clip` counts in them. interval_s: from the last frame to the
        end. done: lines of the run that this one continues. Raises SinkError.
        """
        self._files = files
        self._interval_s = interval_s
        self._path = clips_table_of(output)
        self._file = LineFile(self._path)
        self._file.write(_line([field.name for field in fields(ClipRow)]))
        self._file.write("".join(_line(astuple(row)) for row in done))
        self._number: int | None = None
        self._first = self._last = (0, 0.0)
        self._frames = 0
        self._waiting: list[tuple[float, ClipRow]] = []

    def write(self, result: FrameResult) -> None:
        """Count the frame; the first one of another clip tells that the last clip is done."""
        here = (result.index, result.time_s)
        if result.clip != self._number:
            if self._number is not None:
                self._waiting.append((time.monotonic(), self._row(here)))
            self._number, self._first, self._frames = result.clip, here, 0
        self._frames += 1
        self._last = here
        settled = [row for since, row in self._waiting if time.monotonic() - since > SETTLED_S]
        if settled:
            self._file.write("".join(_line(astuple(row)) for row in settled))
            self._waiting = self._waiting[len(settled) :]

    def close(self) -> None:
        """The clip that was read last may not be done; see `complete`."""
        self._file.write("".join(_line(astuple(row)) for _, row in self._waiting))
        self._waiting = []
        self._file.close()

    def complete(self) -> None:
        """The run came to its end: the last clip is done as well. Raises SinkError."""
        if self._number is not None:
            end = (self._last[0] + 1, self._last[1] + self._interval_s)
            with_end = LineFile(self._path, append=True)
            with_end.write(_line(astuple(self._row(end))))
            with_end.close()

    def _row(self, following: tuple[int, float]) -> ClipRow:
        clip = str(self._files[self._number or 0])
        (first, first_s), (behind, behind_s) = self._first, following
        return ClipRow(clip, first, round(first_s, 6), self._frames, behind, round(behind_s, 6))


def read_clips(output: Path) -> list[ClipRow]:
    """The clips that are done in an output; none where there is no table. Raises SinkError."""
    path = clips_table_of(output)
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            return [
                ClipRow(
                    row["clip"],
                    int(row["first_frame"]),
                    float(row["first_time_s"]),
                    int(row["frames"]),
                    int(row["next_frame"]),
                    float(row["next_time_s"]),
                )
                for row in csv.DictReader(file)
            ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SinkError(
            f"{path}: is damaged, so that the run can't go on after it ({error}); run without "
            "--resume"
        ) from error


def _line(cells: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
