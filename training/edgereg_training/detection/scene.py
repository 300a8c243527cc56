"""A picture with its heads, as training and evaluation see it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import Image

Boxes = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Scene:
    """image: uint8 [H, W, 3] RGB. boxes: float32 [N, 4] (x1, y1, x2, y2) in pixels. ignored: bool
    [N]; such a box is neither a head to find nor background."""

    image: Image
    boxes: Boxes
    ignored: npt.NDArray[np.bool_]


def scene_of(image: Image, boxes: npt.NDArray[np.floating] | None = None) -> Scene:
    """A scene in which every given box [N, 4] counts (None: no heads)."""
    found = np.zeros((0, 4)) if boxes is None else boxes
    found = np.asarray(found, np.float32).reshape(-1, 4)
    return Scene(image, found, np.zeros(len(found), bool))
