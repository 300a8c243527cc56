"""Training pictures from labelled photographs: as they are, at any size, or many side by side."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from edgereg.core.arrays import Image
from edgereg.core.geometry import PADDING
from edgereg_training.detection.photographs.turning import random_angle, similarity, turned_boxes
from edgereg_training.detection.scene import Scene

# Never a mirrored border: it would show a second head that no label knows.
BORDERS = (cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT)


def view_of(
    scene: Scene,
    size: int,
    share: float,
    rng: np.random.Generator,
    backdrop: Image | None = None,
    tilted: bool = True,
) -> Scene:
    """A square view of `size` pixels in which one head's longer side is `share` of it.

    The picture is turned, moved and scaled, and what lies outside it is the backdrop
    (uint8 [size, size, 3]), grey, or its own border carried on. Without a head the scale is free.
    """
    height, width = scene.image.shape[:2]
    real = scene.boxes[~scene.ignored]
    if len(real):
        box = real[int(rng.integers(len(real)))]
        centre, side = (box[:2] + box[2:]) / 2, float((box[2:] - box[:2]).max())
        zoom = float(np.clip(share * size / side, 0.05, 6.0))
    else:
        centre = rng.uniform(0.2, 0.8, 2) * (width, height)
        zoom = size / min(width, height) * float(np.exp(rng.uniform(-0.3, 0.9)))
    spread = np.clip(0.5 - 0.3 * share, 0.1, 0.5)
    to = (0.5 + rng.uniform(-1, 1, 2) * spread) * size
    matrix = similarity(centre, random_angle(rng) if tilted else 0.0, zoom, to)
    return _mapped(scene, matrix, size, backdrop, rng)


def whole_view(scene: Scene, size: int, rng: np.random.Generator) -> Scene:
    """The whole picture as a program would look at it: fitted, with grey to the right and below."""
    height, width = scene.image.shape[:2]
    zoom = size / max(height, width) * float(np.exp(rng.uniform(-0.25, 0.0)))
    matrix = np.array([[zoom, 0, 0], [0, zoom, 0.0]])
    return _mapped(scene, matrix, size, np.full((size, size, 3), PADDING, np.uint8), rng)


def cut_view(scene: Scene, size: int, rng: np.random.Generator) -> Scene:
    """The picture of one head with 35 to 80 % of the head left, cut from any side, as a program
    would look at it."""
    height, width = scene.image.shape[:2]
    x1, y1, x2, y2 = np.clip(scene.boxes[0], 0, (width, height, width, height))
    low, high = np.zeros(2), np.array([width, height], np.float64)
    side, left = int(rng.integers(4)), rng.uniform(0.35, 0.8)
    axis = side % 2
    start, end = ((x1, x2), (y1, y2))[axis]
    if side < 2:
        high[axis] = max(start + left * (end - start), 2)
    else:
        low[axis] = min(end - left * (end - start), high[axis] - 2)
    (x, y), (right, bottom) = low.astype(int), high.astype(int)
    shift = np.array([x, y, x, y], np.float32)
    limit = np.array([right - x, bottom - y] * 2, np.float32)
    boxes = np.clip(scene.boxes - shift, 0, limit).astype(np.float32)
    return whole_view(Scene(scene.image[y:bottom, x:right], boxes, scene.ignored), size, rng)


def tiled(pick: Callable[[], Scene], size: int, rng: np.random.Generator) -> Scene:
    """Many pictures side by side, each filled by its own: small heads of large photographs."""
    across = int(rng.choice([2, 3, 4, 5, 6, 8]))
    side = -(-size // across)
    image = np.zeros((side * across, side * across, 3), np.uint8)
    boxes, ignored = [np.zeros((0, 4), np.float32)], [np.zeros(0, bool)]
    for row in range(across):
        for column in range(across):
            tile = view_of(pick(), side, float(rng.uniform(0.5, 1.0)), rng)
            low = np.array([column, row]) * side
            image[low[1] : low[1] + side, low[0] : low[0] + side] = tile.image
            inside = np.clip(tile.boxes, 0, side)
            boxes.append(inside + np.tile(low, 2).astype(np.float32))
            ignored.append(tile.ignored)
    return Scene(image[:size, :size].copy(), np.concatenate(boxes), np.concatenate(ignored))


def _mapped(
    scene: Scene, matrix: np.ndarray, size: int, backdrop: Image | None, rng: np.random.Generator
) -> Scene:
    image, zoom = scene.image, float(np.hypot(*matrix[:, 0]))
    warp = matrix.copy()
    if zoom < 0.6:  # average first: the warp samples
        factor = max(zoom * 1.2, 2 / min(image.shape[:2]))
        image = np.asarray(
            cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        )
        exact = np.array(image.shape[1::-1]) / scene.image.shape[1::-1]
        warp[:, :2] = matrix[:, :2] / exact
    warp[:, 2] += warp[:, :2].sum(axis=1) / 2 - 0.5
    if backdrop is not None and rng.random() < 0.5:
        drawn: Image = backdrop.copy()
        cv2.warpAffine(image, warp, (size, size), dst=drawn, borderMode=cv2.BORDER_TRANSPARENT)
    else:
        border = BORDERS[int(rng.integers(len(BORDERS)))]
        grey = (PADDING,) * 3
        covered = cv2.warpAffine(image, warp, (size, size), borderMode=border, borderValue=grey)
        drawn = np.asarray(covered, np.uint8)
    return Scene(drawn, turned_boxes(scene.boxes, matrix), scene.ignored)
