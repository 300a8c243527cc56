"""What cameras and files do to a picture: colour, blur, noise, JPEG, palettes, low resolution."""

from __future__ import annotations

import cv2
import numpy as np

from edgereg_training.render.geometry import Array


def develop(rng: np.random.Generator, linear: Array) -> Array:
    """Linear light float32 [H,W,3] to an sRGB picture uint8 [H,W,3] with random camera faults."""
    image = np.sqrt(np.clip(linear, 0, None))
    image = tone(rng, image)
    image = blur(rng, image)
    image = noise(rng, image)
    picture = (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
    return file(rng, picture)


def tone(rng: np.random.Generator, image: Array) -> Array:
    """Exposure, contrast and gamma."""
    gain = np.float32(np.exp(rng.normal(0, 0.1)))
    if rng.random() < 0.8:
        # Automatic exposure, as every camera has, brings most pictures half way to middle grey.
        wanted = rng.uniform(0.38, 0.62) / (float(image.mean()) + 0.02)
        gain *= np.float32(np.clip(wanted, 0.3, 4.0) ** 0.6)
    balance = (1 + rng.normal(0, 0.03, 3)).astype(np.float32)
    if rng.random() < 0.08:
        balance *= (1 + rng.normal(0, 0.1, 3)).astype(np.float32)
    image = image * (gain * balance)
    # A soft shoulder instead of hard clipping, as cameras have.
    image = np.where(image > 0.8, 0.8 + 0.2 * np.tanh((image - 0.8) / 0.2), image)
    if rng.random() < 0.5:
        image = np.clip(image, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.15)))
    if rng.random() < 0.25:
        # Haze and flare lift the blacks.
        low = np.float32(rng.uniform(0, 0.3) * rng.random())
        image = low * rng.uniform(0.7, 1.0, 3).astype(np.float32) + (1 - low) * image
    if rng.random() < 0.5:
        grey = image.mean(2, keepdims=True)
        image = grey + (image - grey) * np.float32(rng.uniform(0.5, 1.25))
    if rng.random() < 0.07:
        image = np.repeat(image @ np.array([[0.3], [0.59], [0.11]], np.float32), 3, 2)
    return np.asarray(image, np.float32)


def blur(rng: np.random.Generator, image: Array) -> Array:
    """Defocus."""
    size = image.shape[0]
    kind = rng.random()
    if kind < 0.35:
        sigma = float(rng.uniform(0.3, 0.9)) * size / 80
        image = cv2.GaussianBlur(image, (0, 0), max(0.2, min(sigma, 2.5)))
    elif kind < 0.45:
        image = cv2.filter2D(image, -1, motion_kernel(rng, max(3, size // 16)))
    elif kind < 0.6:
        image = low_resolution(rng, image)
    elif kind < 0.7:
        soft = cv2.GaussianBlur(image, (0, 0), 1.0)
        image = image + np.float32(rng.uniform(0.2, 1.0)) * (image - soft)
    return np.asarray(image, np.float32)


def motion_kernel(rng: np.random.Generator, length: int) -> Array:
    """A streak float32 [n,n] of up to `length` px in a random direction, of sum one."""
    n = 2 * (int(rng.integers(3, max(4, length + 1))) // 2) + 1
    kernel = np.zeros((n, n), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * (n // 2)
    a, b = (n // 2 - reach).round().astype(int), (n // 2 + reach).round().astype(int)
    cv2.line(kernel, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), 1.0)
    return np.asarray(kernel / kernel.sum())


def low_resolution(rng: np.random.Generator, image: Array) -> Array:
    """As from few pixels."""
    height, width = image.shape[:2]
    scale = rng.uniform(0.3, 0.8)
    small = (max(8, int(width * scale)), max(8, int(height * scale)))
    method = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST],
                            p=[0.5, 0.4, 0.1]))  # fmt: skip
    reduced = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(reduced, (width, height), interpolation=method))


def noise(rng: np.random.Generator, image: Array) -> Array:
    """The noise of the features, by the kind of covariance."""
    if rng.random() < 0.7:
        strength = np.float32(rng.exponential(0.012))
        grain = rng.standard_normal(image.shape, np.float32)
        if rng.random() < 0.5:
            grain = np.repeat(grain[..., :1], 3, 2)
        image = image + strength * grain
    return image


def file(rng: np.random.Generator, picture: Array) -> Array:
    """As after a lossy file."""
    if rng.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 96))]
        data = cv2.imencode(".jpg", picture[..., ::-1], quality)[1]
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]
    if rng.random() < 0.08:
        picture = palette(rng, picture)
    return np.ascontiguousarray(picture)


def palette(rng: np.random.Generator, picture: Array) -> Array:
    """Few colours with ordered dithering, as GIFs have: uint8 [H,W,3]."""
    levels = float(rng.integers(5, 12))
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32)
    height, width = picture.shape[:2]
    tiled = np.tile((bayer + 0.5) / 16 - 0.5, (height // 4 + 1, width // 4 + 1))[:height, :width]
    steps = picture.astype(np.float32) / 255 * levels
    steps = np.round(steps + rng.uniform(0, 1) * tiled[..., None])
    return np.asarray(np.clip(steps / levels * 255, 0, 255), np.uint8)
