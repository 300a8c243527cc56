"""What a tracked object looks like: its colours, by which two people are told apart."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray, Image

HUES, TONES = 8, 4
SIDE = 16
SIZE = 2 * (HUES * TONES + TONES)


def colours_of(image: Image, boxes: FloatArray) -> npt.NDArray[np.float32]:
    """Square roots of the shares of colours in boxes [N, 4]: float32 [N, SIZE].

    Upper and lower half of a box are counted by themselves (hair and face, or hat and mask). Dots
    of two such vectors are Bhattacharyya coefficients, between 0 and 1.
    """
    found = np.zeros((len(boxes), SIZE), np.float32)
    height, width = image.shape[:2]
    for row, (x1, y1, x2, y2) in zip(found, boxes, strict=True):
        left, top = int(np.clip(x1, 0, width - 1)), int(np.clip(y1, 0, height - 1))
        right, bottom = int(np.clip(x2, left + 1, width)), int(np.clip(y2, top + 1, height))
        part = image[top:bottom, left:right]
        # Averaged down: noise and compression must not look like colour.
        small = cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        row[:] = _shares(np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2HSV), np.uint8))
    return found


def _shares(hsv: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    hue, saturation, value = (hsv[..., channel].astype(np.int64) for channel in range(3))
    tone = value * TONES // 256
    # Grey has no hue: it is counted by its tone alone.
    colour = np.where(saturation < 40, HUES * TONES + tone, hue * HUES // 180 * TONES + tone)
    bins = HUES * TONES + TONES
    halves = [np.bincount(half.ravel(), minlength=bins) for half in np.split(colour, 2)]
    counts = np.concatenate(halves).astype(np.float32)
    return np.asarray(np.sqrt(counts / counts.sum()), np.float32)
