"""Things to track, cut from photographs or drawn: pictures with an alpha channel.

Sources: objects that GrabCut separates in a random window of a photograph, patches of photographs
in random shapes, portraits before a plain wall, shapes with drawn textures, and figures and
vehicles put together of parts (`bodies`). A sprite has the colour of its own edge under the
transparent part, so that scaling leaves no seam.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import Image
from edgereg_training.tracking.bodies import Part, figure_parts, vehicle_parts

# Longer side of a sprite in pixels.
SIDE = 160
# A part of a sprite smaller than this share of the whole is dropped with what GrabCut left behind.
LEAST_PART = 0.15


@dataclass(frozen=True)
class Material:
    """What sprites are made of: photographs and portraits, uint8 RGB [H, W, 3] each."""

    photographs: Sequence[Image]
    portraits: Sequence[Image] = ()


def random_sprite(material: Material, rng: np.random.Generator) -> Image:
    """One sprite uint8 [h, w, 4], cut close to its alpha, longer side at most SIDE."""
    makers: list[tuple[float, Callable[[], Image | None]]] = [
        (0.25, lambda: drawn_shape(rng)),
        (1.0, lambda: _separated(_pick(material.photographs, rng), rng)),
        (0.8, lambda: _patch(_pick(material.photographs, rng), rng)),
        (0.6, lambda: _assembled(figure_parts(rng), material, rng)),
        (0.35, lambda: drawn_vehicle(material, rng)),
    ]
    if len(material.portraits):
        makers.append((0.5, lambda: _portrait(_pick(material.portraits, rng), rng)))
    weights = np.array([weight for weight, _ in makers])
    while True:
        _, make = makers[int(rng.choice(len(makers), p=weights / weights.sum()))]
        sprite = make()
        if sprite is not None and min(sprite.shape[:2]) >= 16:
            return _with_parts(sprite, material, rng) if rng.random() < 0.3 else sprite


def _pick(images: Sequence[Image], rng: np.random.Generator) -> Image:
    return images[int(rng.integers(len(images)))]


def _window(image: Image, rng: np.random.Generator) -> Image:
    """A random part of an image with an aspect of up to 3, scaled to SIDE."""
    height, width = image.shape[:2]
    long = min(height, width) * rng.uniform(0.25, 1.0)
    sides = long * np.array([1.0, rng.uniform(0.33, 1.0)])
    w, h = (int(side) for side in (sides if rng.random() < 0.4 else sides[::-1]))
    x, y = int(rng.integers(width - w + 1)), int(rng.integers(height - h + 1))
    zoom = SIDE / max(w, h)
    size = (max(16, round(w * zoom)), max(16, round(h * zoom)))
    return np.asarray(cv2.resize(image[y : y + h, x : x + w], size, interpolation=cv2.INTER_AREA))


def _separated(image: Image, rng: np.random.Generator) -> Image | None:
    """What GrabCut finds inside a window; None where that is nearly nothing or nearly all."""
    window = _window(image, rng)
    height, width = window.shape[:2]
    edge = (round(0.06 * width) + 1, round(0.06 * height) + 1)
    inner = (*edge, width - 2 * edge[0], height - 2 * edge[1])
    mask = _grab_cut(window, np.zeros((height, width), np.uint8), inner, rng)
    alpha = ((mask & 1) * 255).astype(np.uint8)
    opened = cv2.morphologyEx(alpha, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    alpha = _largest(np.asarray(opened, np.uint8))
    return _cut(window, alpha) if 0.2 < (alpha > 0).mean() < 0.75 else None


def _grab_cut(
    image: Image, mask: Image, inner: tuple[int, ...] | None, rng: np.random.Generator
) -> Image:
    """GrabCut's labels, from a mask of labels or from the box `inner` (x, y, w, h)."""
    # OpenCV starts its mixtures by chance.
    cv2.setRNGSeed(int(rng.integers(2**31)))
    how = cv2.GC_INIT_WITH_MASK if inner is None else cv2.GC_INIT_WITH_RECT
    cv2.grabCut(image, mask, inner or (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 3, how)
    return mask


def _largest(alpha: Image) -> Image:
    """The largest connected part of a mask and those at least LEAST_PART as large."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((alpha > 0).astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    if not len(areas):
        return alpha
    kept = 1 + np.flatnonzero(areas >= LEAST_PART * areas.max())
    return (np.isin(labels, kept) * 255).astype(np.uint8)


def _patch(image: Image, rng: np.random.Generator) -> Image | None:
    """A part of a photograph in a random shape."""
    window = _window(image, rng)
    return _cut(window, random_shape(window.shape[1], window.shape[0], rng))


def _portrait(image: Image, rng: np.random.Generator) -> Image | None:
    """A person before a plain wall: what differs from the wall, at times only the head of it."""
    height, width = image.shape[:2]
    size = (SIDE, round(SIDE * height / width))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    smooth = cv2.GaussianBlur(small, (0, 0), 1.0).astype(np.float32)
    wall = smooth[:6].mean(axis=(0, 1))
    far = np.abs(smooth - wall).max(axis=2)
    mask = np.where(far > 60, cv2.GC_FGD, np.where(far > 35, cv2.GC_PR_FGD, cv2.GC_PR_BGD))
    mask[:4] = mask[: len(mask) // 3, :4] = mask[: len(mask) // 3, -4:] = cv2.GC_BGD
    alpha = ((_grab_cut(small, mask.astype(np.uint8), None, rng) & 1) * 255).astype(np.uint8)
    opened = cv2.morphologyEx(alpha, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    alpha = _filled(_largest(np.asarray(opened, np.uint8)))
    if rng.random() < 0.6:
        alpha[int(len(alpha) * rng.uniform(0.6, 0.85)) :] = 0
    return _cut(small, alpha) if (alpha > 0).mean() > 0.1 else None


def _filled(alpha: Image) -> Image:
    """A mask without holes."""
    outlines, _ = cv2.findContours(alpha, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(alpha)
    cv2.drawContours(filled, outlines, -1, 255, cv2.FILLED)
    return filled


def drawn_vehicle(material: Material, rng: np.random.Generator) -> Image | None:
    """A vehicle put together of parts, as a sprite."""
    return _assembled(vehicle_parts(rng), material, rng)


def drawn_shape(rng: np.random.Generator) -> Image | None:
    """A shape with stripes, checks, blobs or noise in two or three colours."""
    width, height = SIDE, round(SIDE * rng.uniform(0.4, 1.0))
    if rng.random() < 0.5:
        width, height = height, width
    field = drawn_field(width, height, rng)
    low, high, third = rng.uniform(0, 255, (3, 3))
    colour = low + (high - low) * field[..., None]
    if rng.random() < 0.4:
        colour = np.where(drawn_field(width, height, rng)[..., None] > 0.6, third, colour)
    return _cut(np.clip(colour, 0, 255).astype(np.uint8), random_shape(width, height, rng))


def drawn_field(width: int, height: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Stripes, checks, or noise of some roughness: float32 [height, width] in [0, 1]."""
    kind = int(rng.integers(3))
    if kind == 2:
        cells = int(2 ** rng.uniform(1, 4.5))
        noise = rng.random((cells, cells), np.float32)
        field = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.clip(field, 0, 1)
    y, x = np.mgrid[:height, :width].astype(np.float32) / SIDE
    turn, bands = rng.uniform(0, np.pi), rng.uniform(6, 40)
    waves = np.sin(bands * (np.cos(turn) * x + np.sin(turn) * y) + rng.uniform(0, 6))
    if kind == 1:
        waves = waves * np.sin(bands * (np.cos(turn) * y - np.sin(turn) * x))
    return np.asarray(np.clip(0.5 + waves * rng.uniform(0.5, 4), 0, 1), np.float32)


def random_shape(width: int, height: int, rng: np.random.Generator) -> Image:
    """An outline that fills the picture: a rounded box, a polygon or a wavy round, uint8 alpha."""
    if rng.random() < 0.35:
        exponent = float(rng.choice([2.0, 2.5, 4.0, 12.0]))
        angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
        cosine, sine = np.cos(angle), np.sin(angle)
        power = 2 / exponent
        outline = np.stack(
            [np.sign(cosine) * np.abs(cosine) ** power, np.sign(sine) * np.abs(sine) ** power], 1
        )
    else:
        corners = int(rng.integers(3, 12))
        angle = (
            np.sort(rng.uniform(0, 2 * np.pi, corners))
            if rng.random() < 0.5
            else (np.arange(corners) / corners * 2 * np.pi + rng.uniform(0, 6))
        )
        radius = rng.uniform(0.45, 1.0, corners)
        if rng.random() < 0.6:
            fine = np.linspace(0, 2 * np.pi, 96, endpoint=False)
            wide = np.concatenate([angle - 2 * np.pi, angle, angle + 2 * np.pi])
            radius = np.interp(fine, wide, np.tile(radius, 3))
            radius = np.convolve(np.tile(radius, 3), np.ones(13) / 13, "same")[96:192]
            angle = fine
        outline = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    low, high = outline.min(axis=0), outline.max(axis=0)
    points = (outline - low) / np.maximum(high - low, 1e-3) * (width - 3, height - 3) + 1
    alpha = np.zeros((height, width), np.uint8)
    cv2.fillPoly(alpha, [np.round(points).astype(np.int32)], 255, cv2.LINE_AA)
    return alpha


def _assembled(parts: Sequence[Part], material: Material, rng: np.random.Generator) -> Image | None:
    """Parts with textures of their own, one over the other; those of one `cloth` share it."""
    picture, alpha = np.zeros((SIDE, SIDE, 3), np.uint8), np.zeros((SIDE, SIDE), np.uint8)
    cloths: dict[int, Image] = {}
    for part in parts:
        if part.cloth not in cloths:
            cloths[part.cloth] = _cloth(part, material, rng)
        cloth = cloths[part.cloth]
        mask = np.zeros((SIDE, SIDE), np.uint8)
        cv2.fillPoly(mask, [np.round(part.outline * SIDE).astype(np.int32)], 255, cv2.LINE_AA)
        share = mask[..., None] / 255.0
        shaded = np.clip(cloth * part.shade, 0, 255)
        picture = (picture * (1 - share) + shaded * share).astype(np.uint8)
        alpha = np.maximum(alpha, mask)
    return _cut(picture, alpha)


def _cloth(part: Part, material: Material, rng: np.random.Generator) -> Image:
    """One colour with soft shading, a drawn pattern, or a part of a photograph: [SIDE, SIDE, 3]."""
    kind = rng.random()
    if kind < 0.3 and part.colour is None:
        window = _window(_pick(material.photographs, rng), rng)
        return np.asarray(cv2.resize(window, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    colour = rng.uniform(10, 240, 3) if part.colour is None else np.array(part.colour)
    field = drawn_field(SIDE, SIDE, rng)[..., None] - 0.5
    strength = rng.uniform(60, 160) if kind > 0.75 and part.colour is None else rng.uniform(0, 40)
    return np.clip(colour + strength * field, 0, 255).astype(np.uint8)


def _with_parts(sprite: Image, material: Material, rng: np.random.Generator) -> Image:
    """A sprite with up to three smaller ones grown onto it: things have parts unlike each other."""
    height, width = sprite.shape[:2]
    canvas = np.zeros((2 * height, 2 * width, 4), np.uint8)
    canvas[height // 2 : height // 2 + height, width // 2 : width // 2 + width] = sprite
    for _ in range(int(rng.integers(1, 4))):
        part = (
            drawn_shape(rng)
            if rng.random() < 0.4
            else _patch(_pick(material.photographs, rng), rng)
        )
        if part is None:
            continue
        zoom = rng.uniform(0.2, 0.5) * max(height, width) / max(part.shape[:2])
        size = tuple(
            int(np.clip(side * zoom, 4, most))
            for side, most in zip(part.shape[1::-1], (2 * width, 2 * height), strict=True)
        )
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        ys, xs = np.nonzero(sprite[..., 3] > 127)
        if not len(ys):
            break
        place = int(rng.integers(len(ys)))
        top = int(np.clip(ys[place] + height // 2 - size[1] // 2, 0, 2 * height - size[1]))
        left = int(np.clip(xs[place] + width // 2 - size[0] // 2, 0, 2 * width - size[0]))
        spot = canvas[top : top + size[1], left : left + size[0]]
        share = part[..., 3:] / 255.0
        spot[..., :3] = spot[..., :3] * (1 - share) + part[..., :3] * share
        spot[..., 3] = np.maximum(spot[..., 3], part[..., 3])
    grown = _cut(canvas[..., :3].copy(), canvas[..., 3].copy())
    return sprite if grown is None else grown


def _cut(picture: Image, alpha: Image) -> Image | None:
    """Picture and alpha, cut close and scaled to SIDE; the edge's colour goes on outside it."""
    ys, xs = np.nonzero(alpha > 127)
    if not len(ys):
        return None
    window = np.s_[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    picture, alpha = picture[window].copy(), alpha[window].copy()
    inside = (alpha > 200).astype(np.float32)
    weight = cv2.GaussianBlur(inside, (0, 0), 4.0)[..., None]
    spread = cv2.GaussianBlur(picture.astype(np.float32) * inside[..., None], (0, 0), 4.0)
    outside = spread / np.maximum(weight, 1e-3)
    picture = np.where(inside[..., None] > 0, picture, np.clip(outside, 0, 255)).astype(np.uint8)
    sprite = np.dstack([picture, alpha])
    zoom = SIDE / max(sprite.shape[:2])
    size = (max(1, round(sprite.shape[1] * zoom)), max(1, round(sprite.shape[0] * zoom)))
    return np.asarray(cv2.resize(sprite, size, interpolation=cv2.INTER_AREA), np.uint8)
