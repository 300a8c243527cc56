"""How depth is drawn: a map over the frame, bright where it is near, with numbers on it."""

from __future__ import annotations

import numpy as np

from edgereg.api import FloatArray, HeatmapMark, Map, Mark, PointsMark, Predictions, TextMark

OPACITY = 0.55
# Places, as shares of the frame's width and height, whose depth is written.
PLACES = ((0.2, 0.5), (0.5, 0.5), (0.8, 0.5), (0.5, 0.85))


def depth_marks(predictions: Predictions, size: tuple[int, int]) -> list[Mark]:
    """Marks over a frame of `size` (width, height)."""
    kind = predictions.kinds[0]
    if not len(predictions) or not isinstance(kind, Map):
        return []
    depth = predictions[0].smoothed(kind.name)
    width, height = size
    frame = np.array([0, 0, width, height], np.float32)
    marks: list[Mark] = [HeatmapMark(nearness(depth), frame, OPACITY)]
    for across, down in PLACES:
        place = np.array([across * width, down * height], np.float32)
        metres = at(depth, across, down)
        marks.append(PointsMark(place[None], radius=max(2.0, 0.006 * min(size))))
        beside = place + np.array([0.02, -0.01], np.float32) * min(size)
        marks.append(TextMark(f"{metres:.1f} {kind.unit}", beside))
    return marks


def at(depth: FloatArray, across: float, down: float) -> float:
    """The depth at a place, in shares of the map's sides: the median of the cells about it."""
    height, width = depth.shape
    row, column = int(down * height), int(across * width)
    around = depth[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    return float(np.median(around))


def nearness(depth: FloatArray) -> FloatArray:
    """1 where the map is nearest, 0 where it is farthest: what a frame shows is spread over all
    colours, evenly in 1 / depth, so that what is near is told apart."""
    inverse = 1 / np.maximum(depth, 0.1)
    low, high = float(inverse.min()), float(inverse.max())
    return np.asarray((inverse - low) / max(high - low, 1e-6), np.float32)
