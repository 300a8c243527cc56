"""People cut from a plain background: their coverage, and the box of the head."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import Image

Coverage = npt.NDArray[np.uint8]

# Differences of a pixel's colour from the background, in levels, where coverage starts and is full.
FAINT, CLEAR = 12.0, 30.0
# Least share of the picture that a part of the person fills.
SPECK = 0.004


def coverage_on_plain(image: Image) -> Coverage:
    """How much of each pixel is person, uint8 [H, W], of someone on a plain, softly lit background.

    The background is a quadratic in x and y fitted to the upper corners and sides; what differs
    from it, specks aside, is the person. Holes are filled, and the lowest fifth from side to side:
    a light shirt may look like the background.
    """
    height, width = image.shape[:2]
    difference = np.abs(image.astype(np.float32) - _background(image)).max(axis=2)
    difference = cv2.GaussianBlur(difference, (0, 0), 0.7)
    solid = (difference > (FAINT + CLEAR) / 2).astype(np.uint8)
    solid[-2:, width // 5 : -width // 5] = 1
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    large = stats[:, cv2.CC_STAT_AREA] > SPECK * height * width
    large[0] = False
    person = large[labels].astype(np.uint8)
    outline, _ = cv2.findContours(person, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(person, outline, -1, 1, cv2.FILLED)
    _fill_shoulders(person)
    inner = cv2.erode(person, np.ones((3, 3), np.uint8))
    near = cv2.dilate(person, np.ones((3, 3), np.uint8))
    soft = np.clip((difference - FAINT) / (CLEAR - FAINT), 0, 1) * near
    return np.asarray(np.maximum(soft, inner) * 255, np.uint8)


def _fill_shoulders(person: npt.NDArray[np.uint8]) -> None:
    height = person.shape[0]
    for y in range(height - height // 5, height):
        row = np.asarray(person[y])
        columns = np.flatnonzero(row)
        if len(columns):
            row[columns[0] : columns[-1] + 1] = 1


def _background(image: Image) -> npt.NDArray[np.float32]:
    """The fitted background, float32 [H, W, 3]."""
    height, width = image.shape[:2]
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1) - 0.5
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1).reshape(-1, 6)
    seen = np.zeros((height, width), bool)
    seen[: height // 20] = True
    seen[: height // 2, : width // 12] = seen[: height // 2, -width // 12 :] = True
    chosen, levels = seen.ravel(), image.reshape(-1, 3).astype(np.float64)
    for _ in range(3):  # hair that reaches the border leaves the fit again
        weights, *_ = np.linalg.lstsq(terms[chosen], levels[chosen], rcond=None)
        fitted = terms @ weights
        chosen = seen.ravel() & (np.abs(levels - fitted).max(axis=1) < CLEAR)
    return np.asarray(fitted.reshape(height, width, 3), np.float32)


def head_of_outline(
    coverage: Coverage, chin: float, facing: int, aspect: tuple[float, float]
) -> npt.NDArray[np.float32]:
    """The box (x1, y1, x2, y2) of the head above `chin` (y in pixels) of an upright person.

    facing: where the nose points in the picture, -1 left, 1 right, 0 to the camera. aspect: widest
    the box may be over its height, for a face seen from the front and from the side: long hair and
    tails beyond that do not count, as in rendered heads.
    """
    solid = coverage > 127
    top = float(np.argmax(np.asarray(solid.any(axis=1))))
    height = chin - top
    skull = solid[int(top) : int(chin - 0.3 * height)].any(axis=0)
    lower = np.asarray(solid[int(top) : int(chin)].any(axis=0))
    columns = np.flatnonzero(skull)
    left, right = float(columns[0]), float(columns[-1] + 1)
    widest = (aspect[1] if facing else aspect[0]) * height
    if facing < 0:
        left = min(left, float(np.argmax(lower)))
        right = min(right, left + widest)
    elif facing > 0:
        right = max(right, float(len(lower) - np.argmax(lower[::-1])))
        left = max(left, right - widest)
    elif right - left > widest:
        face = solid[int(top + 0.15 * height) : int(top + 0.4 * height)].any(axis=0)
        middle = float(np.flatnonzero(face).mean())
        left, right = max(left, middle - widest / 2), min(right, middle + widest / 2)
    return np.array([left, top, right, chin], np.float32)
