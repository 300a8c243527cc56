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
    """Colours are sRGB [3] in [0,1]; print uint8 [128,128,3] multiplies the top (128 = as it is).

    sleeve: rest |x| in dm where it ends (4.6 = long). collar: depth of the neckline in dm below
    the throat, negative for a high collar. v_neck: 0 round to 1 pointed. thickness: dm of cloth
    over the skin. headwear: see `headwear.KINDS`, empty for none. arms [2,3] degrees of
    left and right: lift off the body, bend of the elbow, turn of the forearm.
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
    out = np.zeros((2, 3))
    for k in range(2):
        out[k] = (rng.uniform(4, 22), rng.uniform(5, 35), rng.uniform(-20, 20))
        if rng.random() < 0.3:
            out[k] = (rng.uniform(5, 35), rng.uniform(60, 135), rng.uniform(-60, 60))
    return out


def cloth_print(rng: np.random.Generator) -> Array:
    """A multiplicative pattern uint8 [128,128,3]: plain, stripes, checks, a motif or camouflage."""
    out = np.full((128, 128, 3), 128.0, np.float32)
    kind = rng.random()
    if kind < 0.12:
        period = int(rng.integers(4, 20))
        rows = (np.arange(128) // period) % 2
        band = np.where(rows == 0, 128.0, rng.uniform(30, 250))
        out[:] = band[:, None, None] if rng.random() < 0.7 else band[None, :, None]
    elif kind < 0.2:
        period = int(rng.integers(6, 16))
        lines = ((np.arange(128) // period) % 2) * rng.uniform(30, 80)
        out -= lines[:, None, None] / 2 + lines[None, :, None] / 2
    elif kind < 0.36:
        motif = fractal(rng, 128, 128, 0.7, 6)
        patch = np.zeros((128, 128), bool)
        patch[36:92, 40:88] = True
        out[patch & (motif > 0.1)] = rng.uniform(10, 255, 3)
    elif kind < 0.44:
        motif = fractal(rng, 128, 128, 0.6, int(rng.integers(6, 30)))
        out[motif > rng.uniform(0, 1)] = rng.uniform(40, 255, 3)
    # Folds and weave: no cloth is of one even colour.
    folds = fractal(rng, 128, 128, 0.65, 3)
    out *= 1 + 0.06 * folds[..., None]
    return np.clip(out, 0, 255).astype(np.uint8)
