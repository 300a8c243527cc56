"""IDF1, HOTA and identity switches: whether everybody keeps their number.

IDF1 after Ristani et al. (ECCVW 2016), switches after CLEAR MOT (Bernardin and Stiefelhagen, 2008),
HOTA after Luiten et al. (IJCV 2021), each as MOTChallenge computes it. The published
implementations demand a second OpenCV, or lack HOTA.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from edgereg.core.geometry import box_iou

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

# Least IoU of a match, for IDF1 and switches.
MATCH = 0.5
# The thresholds over which HOTA is a mean.
ALPHAS = np.arange(0.05, 0.99, 0.05)


@dataclass(frozen=True)
class Numbered:
    """The boxes of one frame: float32 [N, 4] (x1, y1, x2, y2), with the numbers int64 [N] of whom
    they are; no number twice."""

    numbers: Numbers
    boxes: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Identity:
    """Measures of one clip.

    idf1, hota, detection (DetA), association (AssA): in [0, 1]. switches: how often a true track's
    number changed. boxes: true ones; found: of them matched. overlap: mean IoU of matched boxes.
    """

    name: str
    idf1: float
    hota: float
    detection: float
    association: float
    switches: int
    boxes: int
    found: int
    overlap: float

    @property
    def switches_per_1000(self) -> float:
        """Identity switches in a thousand true boxes."""
        return 1000 * self.switches / max(self.boxes, 1)


def measure_identities(name: str, truth: Sequence[Numbered], given: Sequence[Numbered]) -> Identity:
    """Compare the boxes of a clip's frames with the true ones.

    Raises ValueError where there are not as many frames of the one as of the other.
    """
    if len(truth) != len(given):
        raise ValueError(f"{name}: {len(given)} frames for {len(truth)} true ones")
    true_ids = np.unique(np.concatenate([np.zeros(0, np.int64), *(f.numbers for f in truth)]))
    given_ids = np.unique(np.concatenate([np.zeros(0, np.int64), *(f.numbers for f in given)]))
    frames = [
        _Frame(
            np.searchsorted(true_ids, true.numbers),
            np.searchsorted(given_ids, mine.numbers),
            box_iou(true.boxes, mine.boxes),
        )
        for true, mine in zip(truth, given, strict=True)
    ]
    shape = (len(true_ids), len(given_ids))
    switches, overlaps = _switches(frames, len(true_ids))
    hota, detection, association = _hota(frames, shape)
    return Identity(
        name,
        _idf1(frames, shape),
        hota,
        detection,
        association,
        switches,
        sum(len(frame.true) for frame in frames),
        len(overlaps),
        float(np.mean(overlaps)) if overlaps else 0.0,
    )


@dataclass(frozen=True)
class _Frame:
    """Rows of the true and of the given numbers, and the IoU [N, M] of their boxes."""

    true: npt.NDArray[np.intp]
    given: npt.NDArray[np.intp]
    overlap: Array


def _counts(frames: Sequence[_Frame], shape: tuple[int, int]) -> tuple[Array, Array]:
    """In how many frames each true [T, 1] and each given number [1, G] is."""
    true, given = np.zeros(shape[0]), np.zeros(shape[1])
    for frame in frames:
        true[frame.true] += 1
        given[frame.given] += 1
    return true[:, None], given[None]


def _idf1(frames: Sequence[_Frame], shape: tuple[int, int]) -> float:
    """Each true number has one given number for the whole clip: those that agree most."""
    together = np.zeros(shape)
    for frame in frames:
        together[np.ix_(frame.true, frame.given)] += frame.overlap >= MATCH
    agreed = together[linear_sum_assignment(together, maximize=True)].sum()
    total = sum(len(frame.true) + len(frame.given) for frame in frames)
    return float(2 * agreed / total) if total else 1.0


def _switches(frames: Sequence[_Frame], count: int) -> tuple[int, list[float]]:
    """Switches, and the IoU of every match; a match of the frame before goes on where it can."""
    last, before = np.full(count, -1), np.full(count, -1)
    switches, overlaps = 0, list[float]()
    for frame in frames:
        goes_on = before[frame.true][:, None] == frame.given[None]
        worth = np.where(frame.overlap >= MATCH, frame.overlap + 1000.0 * goes_on, 0.0)
        rows, columns = linear_sum_assignment(worth, maximize=True)
        good = worth[rows, columns] > 0
        rows, columns = rows[good], columns[good]
        true, given = frame.true[rows], frame.given[columns]
        switches += int(((last[true] >= 0) & (last[true] != given)).sum())
        overlaps += frame.overlap[rows, columns].tolist()
        before[:] = -1
        last[true] = before[true] = given
    return switches, overlaps


def _hota(frames: Sequence[_Frame], shape: tuple[int, int]) -> tuple[float, float, float]:
    """HOTA, DetA and AssA, means over ALPHAS."""
    true_count, given_count = _counts(frames, shape)
    together = np.zeros(shape)
    for frame in frames:
        sums = frame.overlap.sum(0)[None] + frame.overlap.sum(1)[:, None] - frame.overlap
        share = np.divide(frame.overlap, sums, out=np.zeros_like(sums), where=sums > 0)
        together[np.ix_(frame.true, frame.given)] += share
    alike = together / np.maximum(true_count + given_count - together, 1e-12)
    matches = np.zeros((len(ALPHAS), *shape))
    for frame in frames:
        worth = alike[np.ix_(frame.true, frame.given)] * frame.overlap
        rows, columns = linear_sum_assignment(worth, maximize=True)
        hits = frame.overlap[rows, columns][None] >= ALPHAS[:, None] - 1e-9
        matches[:, frame.true[rows], frame.given[columns]] += hits
    hit = matches.sum(axis=(1, 2))
    every = true_count.sum() + given_count.sum() - hit
    detection = hit / np.maximum(every, 1)
    joint = matches / np.maximum(true_count + given_count - matches, 1)
    association = (matches * joint).sum(axis=(1, 2)) / np.maximum(hit, 1)
    return (
        float(np.sqrt(detection * association).mean()),
        float(detection.mean()),
        float(association.mean()),
    )
