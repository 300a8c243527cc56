"""Where a score map says that the object is, and how sure that is.

ATOM's rules (CVPR 2019, section 3.4 and the authors' settings): a second peak far from the first
makes a place doubtful, unless only one of the two is near the last place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgereg.api import FloatArray
from edgereg_tracking.classifier import STRIDE

Certainty = Literal["found", "hard", "uncertain", "lost"]
# Below LOWEST nothing was found. A second peak above these shares of the first is a rival.
LOWEST = 0.25
RIVAL, WEAK_RIVAL = 0.8, 0.5
# What belongs to the first peak, in sides of the object, and how far it may jump, of the crop.
OWN = 2.2
JUMP = 0.4


@dataclass(frozen=True)
class Place:
    """centre: (x, y) in crop pixels; score: of the peak; certainty: 'hard' is found, beside
    something alike, from which the classifier should learn at once."""

    centre: FloatArray
    score: float
    certainty: Certainty


def locate(scores: FloatArray, size: FloatArray) -> Place:
    """The object's place in a score map [H, W] of a crop about its last place.

    size: (w, h) of the object in crop pixels.
    """
    first, best = peak(scores)
    if best < LOWEST:
        return Place(first, best, "lost")
    rest = scores.copy()
    reach = OWN * size / 2 / STRIDE
    low = np.maximum(np.round(first / STRIDE - reach), 0).astype(int)
    high = np.round(first / STRIDE + reach).astype(int) + 1
    rest[low[1] : high[1], low[0] : high[0]] = -np.inf
    second, other = peak(rest)
    if not other > WEAK_RIVAL * best:
        return Place(first, best, "found")
    if other > RIVAL * best:
        middle = (np.array(scores.shape[::-1]) - 1) * STRIDE / 2
        near = [
            float(np.hypot(*(place - middle))) < JUMP * 2 * middle[0] for place in (first, second)
        ]
        if near == [False, True]:
            return Place(second, other, "hard")
        return Place(first, best, "hard" if near == [True, False] else "uncertain")
    return Place(first, best, "hard" if other > LOWEST else "found")


def peak(scores: FloatArray) -> tuple[FloatArray, float]:
    """The greatest score of a map [H, W] and its place (x, y) in crop pixels, between the cells by
    a parabola in each direction."""
    row, column = np.unravel_index(int(np.argmax(scores)), scores.shape)
    place = [
        column + _between(scores[row], int(column)),
        row + _between(scores[:, column], int(row)),
    ]
    return np.array(place, np.float32) * STRIDE, float(scores[row, column])


def _between(line: FloatArray, index: int) -> float:
    """Offset of a parabola's top through the greatest value and its two neighbours."""
    if not 0 < index < len(line) - 1:
        return 0.0
    left, top, right = (float(value) for value in line[index - 1 : index + 2])
    bend = left - 2 * top + right
    if not np.isfinite(bend) or bend >= 0:
        return 0.0
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))
