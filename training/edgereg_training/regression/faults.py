"""What lies between a crop of a rendered head and one of a photographed head.

All functions take and return uint8 [S, S, 3] RGB and draw from a numpy generator; none moves what
the picture shows.
"""

from __future__ import annotations

import cv2
import numpy as np

from edgereg.core.arrays import Image

_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16


def degrade(crop: Image, other: Image, strength: float, rng: np.random.Generator) -> Image:
    """Background, occlusion, light, colour, blur, resolution, noise and compression faults.

    other: another crop of the same size, a source of foreign texture.
    """
    chance = rng.random(10) / max(strength, 1e-6)
    if chance[0] < 0.1:
        crop = replace_background(crop, other, rng)
    if chance[1] < 0.25:
        crop = cut_out(crop, other, rng)
    if chance[2] < 0.2:
        crop = shade(crop, rng)
    if chance[3] < 0.9:
        crop = recolour(crop, rng)
    if chance[4] < 0.3:
        crop = blur(crop, rng)
    if chance[5] < 0.35:
        crop = lower_resolution(crop, rng)
    if chance[6] < 0.45:
        crop = add_noise(crop, rng)
    if chance[7] < 0.1:
        crop = dither(crop, rng)
    if chance[8] < 0.25:
        crop = compress(crop, rng)
    return crop


def replace_background(crop: Image, other: Image, rng: np.random.Generator) -> Image:
    """Foreign texture or a plain colour outside a soft ellipse about the head."""
    size = len(crop)
    mask = np.zeros((size, size), np.uint8)
    axes = (size * rng.uniform(0.41, 0.5, 2)).astype(int)
    centre = (size // 2, size // 2)
    cv2.ellipse(mask, centre, (int(axes[0]), int(axes[1])), 0, 0, 360, 255, -1)
    share = cv2.GaussianBlur(mask, (0, 0), size / 40).astype(np.float32)[..., None] / 255
    if rng.random() < 0.5:
        back = cv2.GaussianBlur(np.roll(other, size // 2, axis=1), (0, 0), size / 16)
    else:
        back = np.broadcast_to(rng.integers(0, 256, 3).astype(np.uint8), crop.shape)
    return np.asarray(crop * share + back * (1 - share), np.uint8)


def cut_out(crop: Image, other: Image, rng: np.random.Generator) -> Image:
    """One or two rectangles or ellipses of plain colour or of foreign texture."""
    result, size = crop.copy(), len(crop)
    for _ in range(rng.integers(1, 3)):
        x, y = (int(v) for v in rng.integers(0, size, 2))
        w, h = (int(v) for v in (size * rng.uniform(0.08, 0.4, 2)))
        colour = [int(c) for c in rng.integers(0, 256, 3)]
        kind = rng.random()
        if kind < 0.4:
            part = (slice(max(0, y - h // 2), y + h // 2), slice(max(0, x - w // 2), x + w // 2))
            result[part] = other[part]
        elif kind < 0.7:
            cv2.rectangle(result, (x - w // 2, y - h // 2), (x + w // 2, y + h // 2), colour, -1)
        else:
            angle = float(rng.uniform(0, 180))
            cv2.ellipse(result, (x, y), (w // 2, h // 2), angle, 0, 360, colour, -1)
    return result


def shade(crop: Image, rng: np.random.Generator) -> Image:
    """A linear ramp of light in a random direction."""
    line = np.linspace(-1, 1, len(crop), dtype=np.float32)
    direction = rng.uniform(0, 2 * np.pi)
    ramp = np.cos(direction) * line[None] + np.sin(direction) * line[:, None]
    gain = 1 + float(rng.uniform(0.15, 0.6)) * ramp
    return np.asarray(np.clip(crop * gain[..., None], 0, 255), np.uint8)


def recolour(crop: Image, rng: np.random.Generator) -> Image:
    """Saturation (grey for a part), white balance, exposure, contrast and gamma."""
    saturation = 0.0 if rng.random() < 0.2 else float(rng.uniform(0.3, 1.6))
    grey = np.tile(np.array([0.299, 0.587, 0.114]), (3, 1))
    mixed = cv2.transform(crop, saturation * np.eye(3) + (1 - saturation) * grey)
    x = np.arange(256) / 255.0
    gamma = np.exp(rng.uniform(-0.45, 0.45))
    contrast, lift = rng.uniform(0.6, 1.3), rng.uniform(-0.15, 0.15)
    balance = np.exp(rng.normal(0, 0.08, 3)) if saturation else np.ones(3)
    curve = (np.power(x, gamma) - 0.5) * contrast + 0.5 + lift
    table = np.clip(curve[:, None] * balance * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(mixed, table[None]), np.uint8)


def blur(crop: Image, rng: np.random.Generator) -> Image:
    """Defocus, or motion along a line."""
    if rng.random() < 0.65:
        return np.asarray(cv2.GaussianBlur(crop, (0, 0), float(rng.uniform(0.4, 1.8))), np.uint8)
    length = int(rng.integers(3, 9))
    kernel = np.zeros((length, length), np.float32)
    reach = (length - 1) / 2
    angle = rng.uniform(0, np.pi)
    step = reach * np.array([np.cos(angle), np.sin(angle)])
    a, b = np.round(reach - step).astype(int), np.round(reach + step).astype(int)
    cv2.line(kernel, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), 1.0)
    return np.asarray(cv2.filter2D(crop, -1, kernel / kernel.sum()), np.uint8)


def lower_resolution(crop: Image, rng: np.random.Generator) -> Image:
    """As from a head of a few pixels: shrunk, then enlarged."""
    size = len(crop)
    small = int(size * rng.uniform(0.28, 0.85))
    shrunk = cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA)
    way = cv2.INTER_LINEAR if rng.random() < 0.6 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(shrunk, (size, size), interpolation=way), np.uint8)


def add_noise(crop: Image, rng: np.random.Generator) -> Image:
    """Gaussian noise, white or a little correlated, coloured or grey."""
    channels = 3 if rng.random() < 0.6 else 1
    noise = rng.standard_normal((*crop.shape[:2], channels), dtype=np.float32)
    if rng.random() < 0.4:
        noise = (
            np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.8), np.float32).reshape(noise.shape) * 2
        )
    return np.asarray(np.clip(crop + noise * float(rng.uniform(2, 12)), 0, 255), np.uint8)


def dither(crop: Image, rng: np.random.Generator) -> Image:
    """Few levels with ordered dithering, as in palette images."""
    step = 255.0 / float(rng.integers(5, 14))
    pattern = np.tile(_BAYER, (-(-len(crop) // 4), -(-len(crop) // 4)))[: len(crop), : len(crop)]
    levels = np.floor(crop / step + pattern[..., None])
    return np.asarray(np.clip(levels * step, 0, 255), np.uint8)


def compress(crop: Image, rng: np.random.Generator) -> Image:
    """JPEG at low quality."""
    quality = int(rng.integers(12, 80))
    _, data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
