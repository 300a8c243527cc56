"""Points as 300-W .pts files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgereg.core.arrays import FloatArray
from edgereg.core.errors import SinkError
from edgereg.core.files import reason, replace_file
from edgereg.core.kinds import Points
from edgereg.core.result import FrameResult
from edgereg.sinks.base import RunInfo
from edgereg.sinks.space import ensure_space

# From pixels whose first centre is at 0.5 to those of 300-W, whose first centre is at 1.
TO_300W = 0.5


class PtsSink:
    """A file for each prediction of a task that gives points.

    The one face of a still image goes to OUTPUT.pts; everything else beside it, to
    OUTPUT-<frame>-<face>.pts, both from 0. Each file is whole at once.
    """

    def __init__(self, path: Path, run: RunInfo) -> None:
        """Try the path. Raises SinkError where it can't be written, or no task gives points."""
        if not any(isinstance(kind, Points) for kinds in run.kinds.values() for kind in kinds):
            raise SinkError(
                f"{path}: no task gives points, only {', '.join(run.kinds) or 'none'} run; "
                "name a --task that does, or another kind of output"
            )
        if path.is_dir():
            raise SinkError(f"{path}: is a folder; name a file")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"{path}: can't be written: {reason(error)}") from error
        self._path = path
        self._still = run.source.frame_count == 1 and not run.source.live
        self._closed = False

    def write(self, result: FrameResult) -> None:
        """Write the frame's files."""
        if self._closed:
            raise SinkError(f"{self._path}: is closed")
        faces = [
            one["points"]
            for predictions in result.predictions.values()
            if any(isinstance(kind, Points) for kind in predictions.kinds)
            for one in predictions
        ]
        if faces:
            ensure_space(self._path)
        for number, points in enumerate(faces):
            place = self._place(result.index, number, len(faces))
            try:
                replace_file(place, (part.encode() for part in _parts(points)), sync=False)
            except OSError as error:
                raise SinkError(f"{place}: can't be written: {reason(error)}") from error

    def close(self) -> None:
        """Nothing is left to finish."""
        self._closed = True

    def _place(self, frame: int, number: int, count: int) -> Path:
        if self._still and count == 1:
            return self._path
        return self._path.with_name(f"{self._path.stem}-{frame:06d}-{number}{self._path.suffix}")


def _parts(points: FloatArray) -> Iterator[str]:
    yield f"version: 1\nn_points: {len(points)}\n{{\n"
    for x, y in (points.astype(np.float64) + TO_300W).round(3):
        yield f"{x:.3f} {y:.3f}\n"
    yield "}\n"
