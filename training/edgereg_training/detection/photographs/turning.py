"""Turning pictures and the boxes of heads in them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from edgereg_training.detection.scene import Boxes, Scene

Matrix = npt.NDArray[np.float64]


def random_angle(rng: np.random.Generator) -> float:
    """Degrees: mostly nearly upright, a quarter tilted up to 75 either way, some anyhow."""
    lot = rng.random()
    if lot < 0.62:
        return float(rng.normal(0, 9))
    return float(rng.uniform(-75, 75) if lot < 0.88 else rng.uniform(-180, 180))


def similarity(centre: npt.ArrayLike, angle: float, zoom: float, to: npt.ArrayLike) -> Matrix:
    """The map [2, 3] that turns by `angle` degrees and scales about `centre`, which goes `to`."""
    x, y = (float(v) for v in np.asarray(centre, np.float64))
    matrix = np.asarray(cv2.getRotationMatrix2D((x, y), angle, zoom), np.float64)
    matrix[:, 2] += np.asarray(to, np.float64) - np.asarray(centre, np.float64)
    return matrix


def turned_boxes(boxes: Boxes, matrix: Matrix) -> Boxes:
    """Boxes of the ellipses in `boxes` [N, 4] after a similarity [2, 3].

    A head fills its box about as an ellipse does; the box of the turned corners would be too large.
    """
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2 @ matrix[:, :2].T + matrix[:, 2]
    halves = (boxes[:, 2:] - boxes[:, :2]) / 2
    reach = np.sqrt(np.square(halves) @ np.square(matrix[:, :2]).T)
    return np.concatenate([centres - reach, centres + reach], axis=1).astype(np.float32)


def turned(scene: Scene, angle: float, border: int) -> Scene:
    """The scene turned about its middle; `border` is OpenCV's rule for what lies outside."""
    height, width = scene.image.shape[:2]
    middle = np.array([width, height]) / 2
    matrix = similarity(middle, angle, 1.0, middle)
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5  # OpenCV's pixel centres are integers
    image = cv2.warpAffine(scene.image, shifted, (width, height), borderMode=border)
    return Scene(np.asarray(image, np.uint8), turned_boxes(scene.boxes, matrix), scene.ignored)
