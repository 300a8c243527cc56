"""The scores that the settings of a detector's model ask of its boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt


def asked_scores(
    boxes: npt.NDArray[Any], longer_side: float, settings: Mapping[str, float], otherwise: float
) -> npt.NDArray[np.float64]:
    """The score [N] that each of boxes [N, 4] must reach to count.

    `score_threshold`, or `otherwise` where the settings have none; of boxes higher than
    `large_height`, a share of the picture's longer side, `large_score_threshold`. longer_side: of
    the picture, in the units of the boxes.
    """
    usual = settings.get("score_threshold", otherwise)
    heights = (boxes[:, 3] - boxes[:, 1]) / longer_side
    large = heights > settings.get("large_height", np.inf)
    return np.where(large, settings.get("large_score_threshold", usual), usual)
