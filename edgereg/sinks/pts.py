"""Points as 300-W .pts files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgereg.core.errors import SinkError
from edgereg.core.predictions import FloatArray, Predictions
from edgereg.core.result import FrameResult
from edgereg.sinks.space import ensure_space
from edgereg.sinks.whole import reserve, write_whole
from edgereg.sources.base import SourceInfo

# From pixels whose first centre is at 0.5 to those of 300-W, whose first centre is at 1.
TO_300W = 0.5


class PtsSink:
    """A file for each prediction whose values are points: lists of x, y, x, y, ... in px.

    The one face of a still image goes to OUTPUT.pts; everything else beside it, to
    OUTPUT-<frame>-<face>.pts, both from 0. Each file is whole at once.
    """

    def __init__(self, path: Path, info: SourceInfo) -> None:
        """Try the path. Raises SinkError where it can't be written."""
        reserve(path)
        self._path = path
        self._still = info.frame_count == 1 and not info.live
        self._closed = False
        self._met_points = False

    def write(self, result: FrameResult) -> None:
        """Write the frame's files. Raises SinkError where no task gives points."""
        if self._closed:
            raise SinkError(f"{self._path}: is closed")
        faces = [face for p in result.predictions.values() for face in _faces(p)]
        self._met_points = self._met_points or bool(faces)
        if not self._met_points:
            self._complain(result)
        if faces:
            ensure_space(self._path)
        for number, points in enumerate(faces):
            write_whole(self._place(result.index, number, len(faces)), _parts(points))

    def close(self) -> None:
        """Nothing is left to finish."""
        self._closed = True

    def _place(self, frame: int, number: int, count: int) -> Path:
        if self._still and count == 1:
            return self._path
        return self._path.with_name(f"{self._path.stem}-{frame:06d}-{number}{self._path.suffix}")

    def _complain(self, result: FrameResult) -> None:
        """Only where every task had something to say: a task that found nothing may have points."""
        found = result.predictions
        if found and not result.faults and all(len(p) for p in found.values()):
            raise SinkError(
                f"{self._path}: no task gives points, only {', '.join(found)} ran; "
                "name a --task that does, or another kind of output"
            )


def _faces(predictions: Predictions) -> Iterator[FloatArray]:
    """The points [M, 2] of each prediction, of all its values that are points."""
    ends = np.cumsum([spec.size for spec in predictions.specs])
    columns = [
        np.arange(end - spec.size, end)
        for spec, end in zip(predictions.specs, ends, strict=True)
        if spec.unit == "px" and spec.size > 1 and spec.size % 2 == 0
    ]
    if columns:
        chosen = predictions.values[:, np.concatenate(columns)]
        yield from chosen.reshape(len(chosen), chosen.shape[1] // 2, 2)


def _parts(points: FloatArray) -> Iterator[str]:
    yield f"version: 1\nn_points: {len(points)}\n{{\n"
    for x, y in (points.astype(np.float64) + TO_300W).round(3):
        yield f"{x:.3f} {y:.3f}\n"
    yield "}\n"
