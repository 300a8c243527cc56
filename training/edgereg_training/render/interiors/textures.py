"""What surfaces of a room look like: small pictures that are repeated over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from edgereg_training.render.colours import tint, wall_tint
from edgereg_training.render.geometry import Array
from edgereg_training.render.noise import fractal, streaks

SIDE = 96


@dataclass(frozen=True)
class Texture:
    """picture: float32 [SIDE, SIDE, 3], linear light 0..1, repeated every `size` m; glow: light
    that it gives off by itself, as windows and lamps do."""

    picture: Array
    size: float
    glow: float = 0.0

    def at(self, places: Array) -> Array:
        """Colours [N, 3] at places [N, 2] in m."""
        cells = np.floor(places * (SIDE / self.size)).astype(np.int64) % SIDE
        return np.asarray(self.picture[-1 - cells[:, 1], cells[:, 0]])


def _coloured(colour: tuple[float, float, float], amount: Array) -> Array:
    return np.asarray(np.clip(np.array(colour, np.float32) * amount[..., None], 0.01, 1))


def plain(rng: np.random.Generator) -> Texture:
    """Paint or plaster."""
    rough = 1 + rng.uniform(0, 0.06) * fractal(rng, SIDE, SIDE, 0.8, 8)
    return Texture(_coloured(wall_tint(rng), rough), rng.uniform(0.5, 3))


def wood(rng: np.random.Generator) -> Texture:
    """Boards with grain, some of them with joints."""
    grain = streaks(rng, SIDE, rng.uniform(6, 20), rng.uniform(0.5, 1.5))
    brown = np.array([0.55, 0.36, 0.2]) * np.exp(rng.normal(0, 0.5)) + rng.normal(0, 0.03, 3)
    picture = _coloured(tuple(np.clip(brown, 0.03, 0.9)), 1 + rng.uniform(0.03, 0.2) * grain)
    if rng.random() < 0.6:
        boards = int(rng.integers(3, 9))
        shade = np.repeat(1 + rng.normal(0, 0.08, boards), -(-SIDE // boards))[:SIDE]
        picture *= shade[None, :, None].astype(np.float32)
        picture[:, :: SIDE // boards] *= 0.6
    if rng.random() < 0.5:
        picture = np.ascontiguousarray(picture.transpose(1, 0, 2))
    return Texture(np.clip(picture, 0.01, 1), rng.uniform(0.6, 1.6))


def tiles(rng: np.random.Generator) -> Texture:
    """Square tiles or checks with joints."""
    count = int(rng.integers(2, 7))
    cells = (np.mgrid[:SIDE, :SIDE] * count // SIDE).sum(axis=0)
    two = np.array([tint(rng), tint(rng) if rng.random() < 0.5 else wall_tint(rng)], np.float32)
    picture = two[cells % 2 if rng.random() < 0.5 else cells * 0]
    picture = picture * (1 + 0.05 * fractal(rng, SIDE, SIDE, 0.7, 8))[..., None]
    step, dark = SIDE // count, np.float32(rng.uniform(0.4, 1.2))
    picture[::step] *= dark
    picture[:, ::step] *= dark
    return Texture(np.clip(picture, 0.01, 1).astype(np.float32), rng.uniform(0.4, 1.5))


def cloth(rng: np.random.Generator) -> Texture:
    """Carpets, covers and clothes: one colour, stripes or blots."""
    kind = rng.random()
    rough = 1 + rng.uniform(0.03, 0.15) * fractal(rng, SIDE, SIDE, 1.0, 24)
    if kind < 0.5:
        return Texture(_coloured(tint(rng, 0.2), rough), rng.uniform(0.3, 1.5))
    first, second = (np.array(tint(rng, 0.25), np.float32) for _ in range(2))
    if kind < 0.75:
        share = (np.sin(np.arange(SIDE) / SIDE * 2 * np.pi * rng.integers(2, 12)) > 0)[None, :]
        share = np.broadcast_to(share, (SIDE, SIDE))
    else:
        share = fractal(rng, SIDE, SIDE, 0.5, int(rng.integers(3, 10))) > 0
    picture = np.where(share[..., None], first, second) * rough[..., None]
    return Texture(np.clip(picture, 0.01, 1).astype(np.float32), rng.uniform(0.3, 1.5))


def image(rng: np.random.Generator) -> Texture:
    """A picture on the wall, a poster, the backs of books."""
    blots = [fractal(rng, SIDE, SIDE, 0.6, int(rng.integers(2, 9))) for _ in range(3)]
    colour = np.array(tint(rng, 0.3), np.float32)
    picture = colour * np.exp(rng.uniform(0.2, 0.7) * np.stack(blots, axis=-1))
    if rng.random() < 0.5:
        cv2.rectangle(picture, (0, 0), (SIDE - 1, SIDE - 1), tint(rng), int(rng.integers(2, 8)))
    return Texture(np.clip(picture, 0.01, 1).astype(np.float32), rng.uniform(0.4, 1.2))


def books(rng: np.random.Generator) -> Texture:
    """Backs of books between boards."""
    edges = np.cumsum(rng.uniform(2, 8, SIDE)).astype(int)
    picture = np.empty((SIDE, SIDE, 3), np.float32)
    for start, end in zip(np.r_[0, edges], edges, strict=False):
        picture[:, start:end] = tint(rng, 0.3)
    shelves = int(rng.integers(2, 4))
    for row in range(shelves):
        top = row * SIDE // shelves
        picture[top : top + int(rng.integers(4, 16))] *= 0.25
        picture[top : top + 4] = tint(rng)
    return Texture(picture, rng.uniform(0.7, 1.3))


def bright(rng: np.random.Generator) -> Texture:
    """A window with its frame, or a lamp: it shines."""
    picture = np.full((SIDE, SIDE, 3), 0.9, np.float32)
    outside = fractal(rng, SIDE, SIDE, 0.6, 3)[..., None]
    picture *= np.array([0.85, 0.95, 1.0], np.float32) * (1 + rng.uniform(0, 0.3) * outside)
    bars = SIDE // int(rng.integers(1, 4))
    picture[:, ::bars] = picture[::bars] = 0.5
    picture[:, 1::bars] = picture[1::bars] = 0.5
    return Texture(np.clip(picture, 0.05, 1), rng.uniform(0.6, 1.2), rng.uniform(0.5, 1.1))


def skin(rng: np.random.Generator) -> Texture:
    """Of people."""
    tone = np.array([0.8, 0.58, 0.46]) * rng.uniform(0.25, 1.1)
    rough = 1 + 0.08 * fractal(rng, SIDE, SIDE, 0.6, 4)
    return Texture(_coloured(tuple(np.clip(tone, 0.03, 1)), rough), 0.4)


KINDS: dict[str, tuple[Callable[[np.random.Generator], Texture], ...]] = {
    "wall": (*(plain,) * 9, cloth, wood, tiles),
    "floor": (wood, wood, tiles, cloth, plain),
    "ceiling": (plain, plain, plain, wood),
    "furniture": (wood, wood, plain, cloth),
    "soft": (cloth, cloth, plain),
    "picture": (image,),
    "books": (books,),
    "window": (bright,),
    "skin": (skin,),
}


def texture(rng: np.random.Generator, kind: str) -> Texture:
    """One of the textures of a kind of surface."""
    choices = KINDS[kind]
    return choices[int(rng.integers(len(choices)))](rng)
