"""How far eyes and mouth are open, from the 68 points: ratios that do not depend on the size.

`eye`: the mean distance of the upper from the lower lid (points 37-41 and 38-40 of the right eye)
over the distance of the eye's corners (36-39), the eye aspect ratio of Soukupova and Cech (2016):
about 0.3 open, below 0.15 closed. `mouth`: the mean distance of the inner lips (61-67, 62-66,
63-65) over that of the inner corners (60-64): about 0 closed, above 0.5 wide open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgereg.api import FloatArray, Target


@dataclass(frozen=True)
class Opening:
    """lids: pairs of points across the opening; corners: the pair along it."""

    name: str
    lids: tuple[tuple[int, int], ...]
    corners: tuple[int, int]


OPENINGS = (
    Opening("right_eye_open", ((37, 41), (38, 40)), (36, 39)),
    Opening("left_eye_open", ((43, 47), (44, 46)), (42, 45)),
    Opening("mouth_open", ((61, 67), (62, 66), (63, 65)), (60, 64)),
)
NUMBERS = tuple(Target(name=opening.name, unit="", low=0, high=1.5) for opening in OPENINGS)


def openness(points: FloatArray, std: FloatArray | None) -> tuple[FloatArray, FloatArray | None]:
    """Ratios [N, 3] of OPENINGS of points [N, 68, 2], and their standard deviations.

    std: of the points, [N, 68, 2], taken as independent; to first order in them, and of the lids
    only, because the corners' distance is many times larger.
    """
    ratios, spreads = [], []
    for opening in OPENINGS:
        upper, lower = (list(ends) for ends in zip(*opening.lids, strict=True))
        a, b = opening.corners
        width = np.maximum(np.linalg.norm(points[:, a] - points[:, b], axis=1), 1e-6)
        ratios.append(_length(points[:, upper] - points[:, lower]).mean(1) / width)
        if std is not None:
            # Across the opening the points' own spread counts, about equal in x and y.
            variance = (std[:, upper] ** 2 + std[:, lower] ** 2).mean(2).sum(1)
            spreads.append(np.sqrt(variance) / (len(opening.lids) * width))
    spread = None if std is None else np.stack(spreads, 1).astype(np.float32)
    return np.stack(ratios, 1).astype(np.float32), spread


def _length(vectors: FloatArray) -> FloatArray:
    length: FloatArray = np.linalg.norm(vectors, axis=-1)
    return length
