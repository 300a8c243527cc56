"""Results as MOTChallenge lines."""

from __future__ import annotations

from pathlib import Path

from edgereg.core.result import FrameResult
from edgereg.sinks.base import RunInfo
from edgereg.sinks.boxes import Found, boxes_of, size_of
from edgereg.sinks.files import LineFile, lines_before


class MotSink:
    """frame,id,left,top,width,height,score,-1,-1,-1: a line for each box of `boxes_of`.

    As MOTChallenge counts from 1, so do frames and pixels here: 1 is added to index, left and
    top. id is the track, or -1.
    """

    def __init__(self, path: Path, run: RunInfo) -> None:
        """Create, overwrite or continue. Raises SinkError where it can't be written."""
        self._file = LineFile(path, append=run.continues == path)
        for line in lines_before(path, run, lambda line: int(line.split(",", 1)[0]) - 1):
            self._file.write(line)

    def write(self, result: FrameResult) -> None:
        """Append the frame's boxes."""
        lines = [_line(result.index + 1, each) for each in boxes_of(result)]
        self._file.write("".join(lines))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _line(frame: int, found: Found) -> str:
    track = -1 if found.track is None else found.track
    left, top = (round(corner + 1, 3) for corner in found.box[:2])
    width, height = size_of(found.box)
    return f"{frame},{track},{left},{top},{width},{height},{found.score},-1,-1,-1\n"
