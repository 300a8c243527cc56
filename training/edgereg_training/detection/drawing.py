"""Drawing of shapes into pictures uint8 [H, W, 3], in place, for things that are no heads."""

from __future__ import annotations

import cv2
import numpy as np

from edgereg.core.arrays import Image

# A few skin tones (RGB), from light to dark; a drawn hand takes a blend of two.
_SKIN = np.array([[236, 196, 172], [212, 160, 128], [176, 120, 90], [120, 78, 56], [78, 50, 38]])


def skin_tone(rng: np.random.Generator) -> np.ndarray:
    """A random colour of skin, RGB in [0, 255]."""
    a, b = _SKIN[rng.integers(0, len(_SKIN), 2)]
    colour: np.ndarray = (a + (b - a) * rng.random()) * rng.uniform(0.75, 1.1)
    return np.asarray(np.clip(colour, 0, 255))


def shaded(image: Image, mask: np.ndarray, colour: np.ndarray, rng: np.random.Generator) -> None:
    """Paint where mask (uint8, 0 to 255) is set, darker towards the mask's border and one side."""
    thick = np.minimum(cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3), 12)
    light = 0.7 + 0.3 * thick / max(float(thick.max()), 1.0)
    side = np.linspace(rng.uniform(0.75, 1.1), rng.uniform(0.75, 1.1), mask.shape[1])
    paint = colour * (light * side)[..., None]
    alpha = (mask / 255.0)[..., None]
    image[:] = np.clip(image * (1 - alpha) + paint * alpha, 0, 255).astype(np.uint8)


def flat(image: Image, mask: np.ndarray, colour: np.ndarray) -> None:
    """Paint one colour where mask is set."""
    image[mask > 127] = np.clip(colour, 0, 255).astype(np.uint8)


def rectangle(image: Image, x1: float, y1: float, x2: float, y2: float, colour: np.ndarray) -> None:
    """A filled rectangle."""
    cv2.rectangle(image, (int(x1), int(y1)), (int(x2), int(y2)), rgb(colour), -1)


def rgb(colour: np.ndarray) -> tuple[int, int, int]:
    """A colour as OpenCV takes it."""
    r, g, b = (int(v) for v in np.clip(colour, 0, 255))
    return r, g, b


def pixel(xy: np.ndarray) -> tuple[int, int]:
    """A point as OpenCV takes it."""
    return int(xy[0]), int(xy[1])


def direction(angle: float) -> np.ndarray:
    """Unit vector (x, y) at an angle in radians."""
    return np.array([np.cos(angle), np.sin(angle)])


def ellipse(
    mask: np.ndarray, centre: np.ndarray, axes: tuple[float, float] | np.ndarray, angle: float
) -> None:
    """A filled ellipse in a mask, value 255; half axes in pixels, angle in degrees."""
    whole = (max(1, int(axes[0])), max(1, int(axes[1])))
    cv2.ellipse(mask, (int(centre[0]), int(centre[1])), whole, angle, 0, 360, 255, -1, cv2.LINE_AA)


def line(mask: np.ndarray, start: np.ndarray, end: np.ndarray, width: float) -> None:
    """A thick line with round ends in a mask, value 255."""
    a, b = (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))
    cv2.line(mask, a, b, 255, max(1, int(width)), cv2.LINE_AA)
