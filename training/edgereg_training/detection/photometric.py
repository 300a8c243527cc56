"""Photometric augmentation: what cameras, light and compression do to a picture."""

from __future__ import annotations

import cv2
import numpy as np

from edgereg.core.arrays import Image


def distort(image: Image, rng: np.random.Generator) -> Image:
    """A randomly relit, recoloured, blurred, noisy and compressed version of uint8 [H, W, 3]."""
    image = tone(_saturation(image, rng), rng)
    for share, change in (
        (0.25, light_gradient),
        (0.15, coarse),
        (0.25, blur),
        (0.10, motion_blur),
        (0.35, _noise),
        (0.08, few_colours),
        (0.45, jpeg),
    ):
        if rng.random() < share:
            image = change(image, rng)
    return image


def tone(image: Image, rng: np.random.Generator) -> Image:
    """Gain per channel, contrast, brightness, gamma and haze, as one table per channel."""
    level = np.linspace(0, 1, 256)[:, None] ** np.exp(rng.uniform(-0.4, 0.4))
    level = (level - 0.5) * rng.uniform(0.55, 1.35) + 0.5 + rng.uniform(-0.15, 0.15)
    level = level * np.exp(rng.normal(0, 0.07, 3))
    haze = rng.uniform(0, 0.35) if rng.random() < 0.15 else 0.0
    level = level * (1 - haze) + haze * rng.uniform(0.5, 0.9)
    table = np.clip(np.round(level * 255), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table.reshape(1, 256, 3)))


def _saturation(image: Image, rng: np.random.Generator) -> Image:
    share = 0.0 if rng.random() < 0.08 else rng.uniform(0.4, 1.35)
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(image, share, grey, 1 - share, 0))


def light_gradient(image: Image, rng: np.random.Generator) -> Image:
    """Light that falls off linearly across the picture, slightly coloured."""
    height, width = image.shape[:2]
    corners = rng.uniform(0.6, 1.3, (2, 2, 1)) * np.exp(rng.normal(0, 0.05, (2, 2, 3)))
    plane = cv2.resize(corners.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(image, plane, dtype=cv2.CV_8U))


def coarse(image: Image, rng: np.random.Generator) -> Image:
    """A picture of lower resolution, enlarged."""
    height, width = image.shape[:2]
    factor = rng.uniform(1.2, 2.2)
    small = cv2.resize(
        image, (int(width / factor), int(height / factor)), interpolation=cv2.INTER_AREA
    )
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def blur(image: Image, rng: np.random.Generator) -> Image:
    """Defocus."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.5)))


def motion_blur(image: Image, rng: np.random.Generator) -> Image:
    """Blur along a line."""
    length, angle = rng.uniform(2, 7), rng.uniform(0, np.pi)
    kernel = np.zeros((9, 9), np.float32)
    half = length / 2 * np.array([np.cos(angle), np.sin(angle)])
    ends = [tuple(int(v) for v in np.round((4 + sign * half) * 16)) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, shift=4)
    return np.asarray(cv2.filter2D(image, -1, kernel / max(float(kernel.sum()), 1e-6)))


def _noise(image: Image, rng: np.random.Generator) -> Image:
    """Gaussian noise; the channels share one field, shifted, which costs a third of the draws."""
    strength = np.float32(rng.uniform(1, 12))
    field = rng.standard_normal(image.shape[:2], np.float32) * strength
    noise = np.stack([field, np.roll(field, 31, axis=0), np.roll(field, 17, axis=1)], axis=2)
    return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U))


def few_colours(image: Image, rng: np.random.Generator) -> Image:
    """Coarse levels with dither, as an animated GIF has."""
    step = rng.uniform(6, 28)
    dithered = image + rng.uniform(-0.5, 0.5, image.shape[:2])[..., None] * step * 0.7
    return np.clip(np.round(dithered / step) * step, 0, 255).astype(np.uint8)


def jpeg(image: Image, rng: np.random.Generator) -> Image:
    """JPEG at low quality."""
    quality = int(rng.integers(25, 95))
    _, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_UNCHANGED), np.uint8)
