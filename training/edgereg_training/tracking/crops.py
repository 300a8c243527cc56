"""The square search region round an object, as training and the tracker cut it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray, Image
from edgereg.core.geometry import square_crops


def search_crop(
    frame: Image, centre: npt.ArrayLike, side: float, size: int
) -> tuple[Image, FloatArray, float]:
    """A square of `side` frame pixels about `centre`, scaled to `size`: uint8 [size, size, 3].

    Also its origin [2] in the frame and its zoom: crop = (frame - origin) * zoom.
    """
    x, y = np.asarray(centre, np.float64)
    box = np.array([[x - side / 2, y - side / 2, x + side / 2, y + side / 2]])
    images, origin, scale = square_crops(frame, box, size, 1.0)
    return images[0], origin[0], float(scale[0, 0])


def area_side(box: npt.NDArray[np.floating]) -> float:
    """sqrt(w h) of a box [4], at least one pixel."""
    return float(np.sqrt(max(1.0, (box[2] - box[0]) * (box[3] - box[1]))))
