"""Cuts: where a picture has nothing to do with the one before."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import Image

SIZE = (32, 18)
# Mean change of the small picture's tones, of 255, and how many times the usual change it must be.
LEAST, TIMES = 25.0, 4.0


class Cuts:
    """Tells of each frame in turn whether it follows a cut."""

    def __init__(self) -> None:
        self._before: npt.NDArray[np.float32] | None = None
        self._usual = 0.0

    def is_cut(self, image: Image) -> bool:
        """Whether the frame shows something else than the last one did."""
        small = cv2.resize(image, SIZE, interpolation=cv2.INTER_AREA).astype(np.float32)
        before, self._before = self._before, small
        if before is None:
            return False
        # A flash or a lamp that goes on changes all tones alike, and is no cut.
        change = float(np.abs((small - small.mean()) - (before - before.mean())).mean())
        cut = change > max(LEAST, TIMES * self._usual)
        if not cut:
            self._usual = 0.9 * self._usual + 0.1 * change
        return cut
