"""Average precision of detections, as COCO defines it, over pictures that may be resampled.

AP is the mean of the interpolated precision at the 101 recalls 0, 0.01 ... 1, over detections of
any score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgereg.core.geometry import box_iou

RECALLS = np.linspace(0, 1, 101)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Matches:
    """Detections of all pictures at one IoU threshold, best score first.

    hit: bool [D], whether each found a head of its own. picture: int [D], where it is. heads: int
    [P], heads to find per picture.
    """

    hit: npt.NDArray[np.bool_]
    picture: npt.NDArray[np.int64]
    heads: npt.NDArray[np.int64]


@dataclass(frozen=True)
class PictureResult:
    """Detections of one picture: boxes [D, 4], scores [D]; and its heads: truth [G, 4].

    ignored: bool [G]; a detection that overlaps only such a head counts neither way.
    """

    boxes: npt.NDArray[np.floating]
    scores: npt.NDArray[np.floating]
    truth: npt.NDArray[np.floating]
    ignored: npt.NDArray[np.bool_]


def match(results: list[PictureResult], iou: float) -> Matches:
    """Greedy matching: a detection takes the free head that it overlaps most, by at least `iou`."""
    hits, scores, pictures = [], [], []
    for number, result in enumerate(results):
        order = np.argsort(-result.scores, kind="stable")
        overlaps = box_iou(result.boxes[order], result.truth)
        hit = greedy(overlaps[:, ~result.ignored], iou)
        # COCO's rule for what is not to be judged: an unmatched detection on it is left out.
        counts = hit | ~(overlaps[:, result.ignored] >= iou).any(axis=1)
        hits.append(hit[counts])
        scores.append(result.scores[order][counts])
        pictures.append(np.full(int(counts.sum()), number))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    heads = np.array([(~result.ignored).sum() for result in results], np.int64)
    return Matches(np.concatenate(hits)[order], np.concatenate(pictures)[order], heads)


def greedy(overlaps: Floats, iou: float) -> npt.NDArray[np.bool_]:
    """Which detections hit a free head, best score first."""
    hit = np.zeros(len(overlaps), bool)
    free = np.ones(overlaps.shape[1], bool)
    for row, overlap in enumerate(overlaps):
        candidates = np.where(free, overlap, -1.0)
        if len(candidates) and candidates.max() >= min(iou, 1 - 1e-10):
            free[candidates.argmax()] = False
            hit[row] = True
    return hit


def average_precision(matches: Matches, counts: Floats | None = None) -> float:
    """AP in [0, 1]; nan without heads.

    counts: float [P], how often each picture is drawn (bootstrap); None: once each.
    """
    weights = np.ones(len(matches.heads)) if counts is None else counts
    heads = float(matches.heads @ weights)
    if heads == 0:
        return float("nan")
    drawn = weights[matches.picture]
    hits = np.cumsum(drawn * matches.hit)
    total = np.cumsum(drawn)
    if not len(total) or total[-1] == 0:
        return 0.0
    precision = np.divide(hits, total, out=np.zeros_like(hits), where=total > 0)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    # The tolerance keeps a recall of exactly r, computed as a quotient, from falling short of r.
    place = np.searchsorted(hits / heads + 1e-12, RECALLS, side="left")
    padded = np.append(envelope, 0.0)
    return float(padded[place].mean())
