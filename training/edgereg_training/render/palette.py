"""Colours of a person's materials."""

from __future__ import annotations

import numpy as np

from edgereg_training.render import materials as m
from edgereg_training.render.atlas import Atlas
from edgereg_training.render.geometry import Array
from edgereg_training.render.identity import linear
from edgereg_training.render.traits import Traits
from edgereg_training.render.wardrobe import Outfit


def person_palette(
    rng: np.random.Generator, traits: Traits, outfit: Outfit, base: Array, skin: Array,
    atlas: Atlas,
) -> Array:  # fmt: skip
    out = np.zeros((m.COUNT, 3), np.float32)
    neck = (atlas.y > 6.45) & (atlas.y < 6.75) & (atlas.valid > 0) & (atlas.z < 0.3)
    neck &= atlas.hairline < -0.1
    tone = skin[neck].mean(0) / 255.0 if neck.any() else base
    hair = traits.hair_colour
    child = float(np.clip((14 - traits.age) / 10, 0, 1))
    out[m.BROW] = linear(np.minimum(hair * 0.8 * (1 - 0.35 * child) + 0.35 * child * base, base))
    out[m.HAIR] = linear(hair)
    out[m.SCALP] = linear(hair * 0.8)
    out[m.NECK] = linear(tone * 0.97)
    out[m.MOUTH] = (0.12, 0.03, 0.028)
    out[m.SOCKET] = linear(base * [0.8, 0.55, 0.5])
    out[m.LASH] = (0.006, 0.005, 0.005)
    out[m.TEETH] = linear(np.array([0.88, 0.84, 0.76]) * rng.uniform(0.8, 1.0))
    out[m.TONGUE] = (0.35, 0.1, 0.09)
    out[m.TOP] = linear(outfit.top)
    out[m.BOTTOM] = linear(outfit.bottom)
    out[m.HAT] = linear(outfit.hat)
    out[m.FRAME] = linear(outfit.frame)
    out[m.LENS] = (0.01, 0.01, 0.012)
    return out
