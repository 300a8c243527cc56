"""Geometric augmentation: crops at random scale round a head, flips and mosaics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edgereg.core.arrays import Image
from edgereg.core.geometry import PADDING
from edgereg_training.detection.scene import Boxes, Scene


@dataclass(frozen=True)
class CropSettings:
    """smallest, largest: range of the picked head's size (root of its area) in pixels, log-uniform.
    stretch: largest relative change of the aspect. visible: a head of which less is left is
    ignored. least: a head whose shorter side is less, in pixels, is ignored. cover: least share of
    the crop's side that the scene's shorter side shall fill. fill: most of the crop's side that a
    head is scaled to, whatever `largest` says. mosaic: probability of a mosaic."""

    smallest: float = 10.0
    largest: float = 200.0
    stretch: float = 0.12
    visible: float = 0.4
    least: float = 7.0
    cover: float = 0.5
    fill: float = 0.85
    mosaic: float = 0.25


def random_crop(
    scene: Scene,
    size: int,
    settings: CropSettings,
    rng: np.random.Generator,
    backdrop: Image | None = None,
) -> Scene:
    """A square crop of `size` pixels that shows one of the scene's heads at a random scale.

    What reaches outside the scene is grey, as a letterbox pads, replicates the border, or shows
    `backdrop` (uint8, at least size x size).
    """
    zoom = random_zoom(scene, size, settings, rng)
    window = size / zoom
    height, width = scene.image.shape[:2]
    centre = random_centre(scene, rng)
    origin = centre - rng.uniform(0.02, 0.98, 2) * window
    if rng.random() < 0.85:  # mostly keep the window inside the scene
        limit = np.array([width, height]) - window
        origin = np.clip(origin, np.minimum(0, limit), np.maximum(0, limit))
    cropped = cut(scene, origin, zoom, size, _surround(size, backdrop, rng))
    if rng.random() < 0.5:
        cropped = flipped(cropped)
    return bounded(cropped, settings)


def mosaic(tiles: Sequence[Scene]) -> Scene:
    """Four scenes of one size as the quarters of one picture."""
    size = tiles[0].image.shape[0]
    top = np.concatenate([tiles[0].image, tiles[1].image], axis=1)
    bottom = np.concatenate([tiles[2].image, tiles[3].image], axis=1)
    shifts = [np.array([x, y, x, y], np.float32) for y in (0, size) for x in (0, size)]
    boxes = [tile.boxes + shift for tile, shift in zip(tiles, shifts, strict=True)]
    ignored = np.concatenate([tile.ignored for tile in tiles])
    return Scene(np.concatenate([top, bottom]), np.concatenate(boxes), ignored)


def random_view(
    pick: Callable[[], Scene],
    backdrop: Callable[[], Image],
    size: int,
    settings: CropSettings,
    rng: np.random.Generator,
) -> Scene:
    """One training picture: a crop of a picked scene, or a mosaic of four."""
    if rng.random() >= settings.mosaic:
        return random_crop(pick(), size, settings, rng, backdrop())
    half = size // 2
    return mosaic([random_crop(pick(), half, settings, rng, backdrop()) for _ in range(4)])


def flipped(scene: Scene) -> Scene:
    """The mirror image."""
    width = scene.image.shape[1]
    boxes = scene.boxes.copy()
    boxes[:, [0, 2]] = width - scene.boxes[:, [2, 0]]
    return Scene(np.ascontiguousarray(scene.image[:, ::-1]), boxes, scene.ignored)


def bounded(scene: Scene, settings: CropSettings) -> Scene:
    """Boxes clipped to the picture; those of which too little is left are ignored or dropped."""
    height, width = scene.image.shape[:2]
    limit = np.array([width, height, width, height], np.float32)
    clipped = np.clip(scene.boxes, 0, limit).astype(np.float32)
    sides = clipped[:, 2:] - clipped[:, :2]
    whole = np.prod(scene.boxes[:, 2:] - scene.boxes[:, :2], axis=1)
    part = np.prod(sides, axis=1) / np.maximum(whole, 1e-6)
    small = (part < settings.visible) | (sides.min(axis=1, initial=np.inf) < settings.least)
    keep = (sides > 1).all(axis=1)
    return Scene(scene.image, clipped[keep], (scene.ignored | small)[keep])


def random_zoom(
    scene: Scene, size: int, settings: CropSettings, rng: np.random.Generator
) -> np.ndarray:
    """Crop pixels per scene pixel (x, y)."""
    real = scene.boxes[~scene.ignored]
    if len(real):
        sides = np.sqrt(np.prod(real[:, 2:] - real[:, :2], axis=1))
        largest = min(settings.largest, settings.fill * size)
        target = np.exp(rng.uniform(np.log(settings.smallest), np.log(largest)))
        least = settings.cover * size / min(scene.image.shape[:2])
        zoom = float(np.clip(target / rng.choice(sides), min(least, 1.0), 3.0))
    else:
        zoom = float(np.exp(rng.uniform(np.log(0.4), np.log(2.5))))
    return zoom * np.exp(rng.uniform(-settings.stretch, settings.stretch, 2) / 2)


def random_centre(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """A point that the crop shall hold: the middle of a head, or any point."""
    real: Boxes = scene.boxes[~scene.ignored]
    if len(real):
        box = real[rng.integers(len(real))]
        return np.asarray((box[:2] + box[2:]) / 2, np.float64)
    height, width = scene.image.shape[:2]
    return rng.uniform(0, 1, 2) * (width, height)


def cut(
    scene: Scene, origin: np.ndarray, zoom: np.ndarray, size: int, surround: Image | None
) -> Scene:
    """The window of `size` / `zoom` scene pixels at `origin`, scaled to `size` pixels."""
    height, width = scene.image.shape[:2]
    low = np.maximum(np.floor(origin), 0).astype(int)
    high = np.minimum(np.ceil(origin + size / zoom), (width, height)).astype(int)
    part = scene.image[low[1] : high[1], low[0] : high[0]]
    start = np.round((low - origin) * zoom).astype(int)
    target = np.maximum(np.round((high - low) * zoom).astype(int), 1)
    exact = target / (high - low)
    method = cv2.INTER_AREA if exact.min() < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(part, (int(target[0]), int(target[1])), interpolation=method)
    image = placed(np.asarray(scaled, np.uint8), start, size, surround)
    mapped = (scene.boxes.reshape(-1, 2, 2) - low) * exact + start
    return Scene(image, mapped.reshape(-1, 4).astype(np.float32), scene.ignored)


def _surround(size: int, backdrop: Image | None, rng: np.random.Generator) -> Image | None:
    """What lies outside the scene: a picture of the crop's size, or None for its border's
    pixels."""
    lot = rng.random()
    if lot < 0.2:
        return None
    if lot < 0.5 or backdrop is None:
        return np.full((size, size, 3), PADDING, np.uint8)
    x, y = rng.integers(0, np.array(backdrop.shape[1::-1]) - size + 1)
    return backdrop[y : y + size, x : x + size].copy()


def placed(picture: Image, start: np.ndarray, size: int, surround: Image | None) -> Image:
    """`picture` with its upper left corner at `start` (x, y) of a square of `size` pixels."""
    left, top = (int(v) for v in np.maximum(start, 0))
    visible = picture[max(0, -start[1]) :, max(0, -start[0]) :][: size - top, : size - left]
    height, width = visible.shape[:2]
    if surround is not None:
        surround[top : top + height, left : left + width] = visible
        return surround
    edges = (top, size - top - height, left, size - left - width)
    return np.asarray(cv2.copyMakeBorder(visible, *edges, cv2.BORDER_REPLICATE), np.uint8)
