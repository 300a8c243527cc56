"""Clothes: colours, prints, sleeves, collars, and how the arms hang."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgereg_training.render.geometry import Array
from edgereg_training.render.headwear import draw_kind
from edgereg_training.render.noise import fractal
from edgereg_training.render.traits import Traits


@dataclass(frozen=True, eq=False)
class Outfit:
    """Colours are sRGB [3] in [0,1]; print uint8 [128,256,3] multiplies the top (128 = as it is).

    sleeve: rest |x| in dm where it ends (4.6 = long). collar: depth of the neckline in dm below
    the throat, negative for a high collar. v_neck: 0 round to 1 pointed. thickness: dm of cloth
    over the skin. headwear: see `headwear.KINDS`, empty for none. arms [2,4] degrees of
    left and right: lift off the body, forward swing, bend of the elbow, turn of the forearm.
    """

    top: Array
    bottom: Array
    hat: Array
    frame: Array
    print: Array
    sleeve: float
    collar: float
    v_neck: float
    thickness: float
    skirt: bool
    glasses: bool
    headwear: str
    arms: Array


def cloth_colour(rng: np.random.Generator) -> Array:
    """sRGB of a garment: many blacks, whites, greys and blues, some of any colour."""
    kind = rng.random()
    if kind < 0.28:
        return rng.uniform(0.04, 0.22) * (1 + rng.normal(0, 0.08, 3))
    if kind < 0.44:
        return np.clip(rng.uniform(0.75, 0.97) * (1 + rng.normal(0, 0.02, 3)), 0, 0.97)
    if kind < 0.58:
        return np.clip(rng.uniform(0.25, 0.7) * (1 + rng.normal(0, 0.03, 3)), 0, 1)
    if kind < 0.74:
        return np.array([0.16, 0.26, 0.45]) * rng.uniform(0.4, 1.7)
    hue, saturation, value = rng.integers(180), rng.integers(60, 230), rng.integers(60, 245)
    pixel = np.array([[[hue, saturation, value]]], np.uint8)
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0] / 255.0)


def draw_outfit(rng: np.random.Generator, traits: Traits) -> Outfit:
    """Clothes of one person."""
    kind = rng.random()
    collar = rng.uniform(-0.45, 0.15) if kind < 0.5 else rng.uniform(0.15, 0.75)
    dark = np.array([0.15, 0.17, 0.22]) * rng.uniform(0.4, 2.0)
    return Outfit(
        top=cloth_colour(rng),
        bottom=np.clip(dark if rng.random() < 0.7 else cloth_colour(rng), 0.02, 0.95),
        hat=cloth_colour(rng),
        frame=np.clip(rng.uniform(0.02, 0.25) * (1 + rng.normal(0, 0.3, 3)), 0.01, 0.8),
        print=cloth_print(rng),
        sleeve=float(rng.choice([4.6, rng.uniform(2.5, 3.0), 1.7], p=[0.55, 0.38, 0.07])),
        collar=float(collar),
        v_neck=float(rng.random() if rng.random() < 0.4 else 0.0),
        thickness=float(rng.uniform(0.02, 0.2)),
        glasses=bool(rng.random() < (0.24 if traits.age > 14 else 0.08)),
        headwear=draw_kind(rng) if rng.random() < 0.14 else "",
        skirt=bool(traits.male < 0.5 and rng.random() < 0.3),
        arms=_arms(rng),
    )


def _arms(rng: np.random.Generator) -> Array:
    out = np.zeros((2, 4))
    both = rng.random() < 0.4
    raised = rng.random()
    for k in range(2):
        out[k] = (rng.uniform(4, 20), rng.uniform(-8, 12), rng.uniform(5, 35), rng.uniform(-20, 20))
        if rng.random() < 0.2:
            out[k] = (
                rng.uniform(5, 35),
                rng.uniform(0, 30),
                rng.uniform(60, 120),
                rng.uniform(-40, 60),
            )
        elif raised < 0.22 and (both or k == 0):
            # A hand before the chin or mouth, or a fist beside the head.
            out[k] = (
                rng.uniform(5, 45),
                rng.uniform(15, 60),
                rng.uniform(130, 160),
                rng.uniform(-10, 45),
            )
    return out[:: rng.choice([-1, 1])]


def cloth_print(rng: np.random.Generator) -> Array:
    """A multiplicative pattern uint8 [128,256,3], front and back beside each other.

    Plain, stripes, checks, a motif on the chest (also faces and skulls: they are no heads),
    camouflage; sometimes an open jacket, buttons or a lanyard with a badge.
    """
    out = np.full((128, 256, 3), 128.0, np.float32)
    kind = rng.random()
    if kind < 0.1:
        _stripes(rng, out)
    elif kind < 0.17:
        period = int(rng.integers(4, 14))
        row, column = np.mgrid[0:128, 0:256] // period % 2
        out -= ((row + column) * rng.uniform(15, 40))[..., None]
    elif kind < 0.42:
        _motif(rng, out)
    elif kind < 0.48:
        motif = fractal(rng, 128, 256, 0.6, int(rng.integers(6, 30)))
        out[motif > rng.uniform(0, 1)] = rng.uniform(40, 255, 3)
    if rng.random() < 0.12:
        opening(rng, out)
    if rng.random() < 0.1:
        _lanyard(rng, out)
    # Folds and weave: no cloth is of one even colour.
    folds = fractal(rng, 128, 256, 0.65, 5)
    out *= 1 + 0.06 * folds[..., None]
    return np.clip(out, 0, 255).astype(np.uint8)


def _stripes(rng: np.random.Generator, out: Array) -> None:
    period = int(rng.integers(3, 14))
    colour = rng.uniform(20, 250) * (1 + rng.normal(0, 0.1, 3))
    if rng.random() < 0.7:
        out[(np.arange(128) // period) % 2 == 0] = colour
    else:
        out[:, (np.arange(256) // period) % 2 == 0] = colour


def _motif(rng: np.random.Generator, out: Array) -> None:
    """Letters, a blot, or a face on the chest, at times on the back too."""
    shift = int(rng.integers(-6, 7))
    low = int(rng.integers(24, 46))
    ink = tuple(float(v) for v in rng.uniform(5, 255) * (1 + rng.normal(0, 0.2, 3)))
    kind = rng.random()
    for centre in (64, 192) if rng.random() < 0.3 else (64,):
        if kind < 0.4:
            face(rng, out, centre, low + 16, ink)
        elif kind < 0.7:
            for row in range(int(rng.integers(1, 4))):
                for x in range(centre - 26, centre + 24, int(rng.integers(5, 11))):
                    size = (int(rng.integers(2, 7)), int(rng.integers(4, 9)))
                    top = low + 12 * row
                    cv2.rectangle(out, (x, top), (x + size[0], top + size[1]), ink, -1)
        else:
            blot = fractal(rng, 44, 48, 0.7, 5) > rng.uniform(-0.3, 0.5)
            out[low : low + 44, centre - 24 + shift : centre + 24 + shift][blot] = ink


def face(rng: np.random.Generator, out: Array, x: int, y: int, ink: tuple[float, ...]) -> None:
    """A pale oval with eyes, a nose and a grin."""
    pale = tuple(float(v) for v in rng.uniform(150, 255) * np.ones(3))
    width, height = int(rng.integers(10, 24)), int(rng.integers(12, 22))
    cv2.ellipse(out, (x, y), (width, height), 0, 0, 360, pale, -1, cv2.LINE_AA)
    for sign in (-1, 1):
        eye = (x + sign * width * 2 // 5, y - height // 5)
        cv2.ellipse(out, eye, (max(1, width // 4), max(1, height // 5)), 0, 0, 360, ink, -1)
    cv2.ellipse(out, (x, y + height // 5), (max(1, width // 10), height // 8), 0, 0, 360, ink, -1)
    cv2.ellipse(out, (x, y + height // 2), (width // 2, height // 6), 0, 0, 180, ink,
                int(rng.choice([-1, 2])))  # fmt: skip


def opening(rng: np.random.Generator, out: Array) -> None:
    """A jacket left open over a shirt, or a row of buttons."""
    if rng.random() < 0.5:
        half = int(rng.integers(4, 22))
        out[:, 64 - half : 64 + half] = rng.uniform(10, 255) * (1 + rng.normal(0, 0.05, 3))
        return
    for y in range(24, 128, 10):
        cv2.circle(out, (64, y), 1, (230.0, 230.0, 225.0), -1)
    out[:, 63:64] *= 0.7


def _lanyard(rng: np.random.Generator, out: Array) -> None:
    colour = tuple(float(v) for v in rng.uniform(10, 220, 3))
    low = int(rng.integers(64, 96))
    for x in (44, 84):
        cv2.line(out, (x, 8), (64, low), colour, 2, cv2.LINE_AA)
    cv2.rectangle(out, (58, low), (70, low + 14), (245.0, 245.0, 245.0), -1)
    cv2.rectangle(out, (60, low + 3), (64, low + 8), colour, -1)
