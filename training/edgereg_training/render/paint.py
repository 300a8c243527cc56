"""Painting the skin atlas: complexion, lips, lids, stubble, scalp, wrinkles and spots."""

from __future__ import annotations

import cv2
import numpy as np

from edgereg_training.render.atlas import Atlas
from edgereg_training.render.geometry import Array, smoothstep
from edgereg_training.render.traits import SKIN_TONES, Traits


def skin_colour(rng: np.random.Generator, tone: float) -> Array:
    """sRGB [3] of a skin tone between 0 and 8, slightly varied."""
    low = int(min(7, tone))
    mixed = SKIN_TONES[low] + (SKIN_TONES[low + 1] - SKIN_TONES[low]) * (tone - low)
    return np.asarray(np.clip(mixed * (1 + rng.normal(0, 0.025, 3)), 0.05, 0.97))


def paint_skin(
    rng: np.random.Generator,
    atlas: Atlas,
    traits: Traits,
    base: Array,
    photograph: Array | None = None,
) -> tuple[Array, Array]:
    """Colour uint8 [H,W,3] (sRGB with gamma 2) and bump gradient float32 [H,W,2] (dm per texel).

    photograph: uint8 [H,W,3] sRGB, a skin to paint on; without it the skin is painted too.
    """
    coarse = atlas.coarse[rng.integers(len(atlas.coarse))]
    fine = atlas.fine[rng.integers(len(atlas.fine))]
    soft = cv2.GaussianBlur(fine, (0, 0), 1.3) * 4.0
    age = float(np.clip((traits.age - 25) / 65, 0, 1))
    colour = np.empty((*coarse.shape, 3), np.float32)
    colour[:] = base
    colour *= (1 + (0.02 + 0.03 * age) * coarse + (0.01 + 0.01 * age) * fine)[..., None]
    _flush(rng, colour, atlas, traits)
    _spots(colour, atlas, traits, coarse, soft, age)
    mouth(rng, colour, atlas, traits, base, age)
    if photograph is not None:
        colour = _toned(photograph, atlas, base)
    eyes(rng, colour, atlas, traits, age)
    brows(rng, colour, atlas, traits, fine)
    _beard(colour, atlas, traits, coarse, fine)
    scalp(colour, atlas, traits, coarse, fine)
    wrinkled = float(np.clip((traits.age - 24) / 50, 0, 1.1)) * rng.uniform(0.5, 1.0)
    grooves = atlas.wrinkles[rng.integers(len(atlas.wrinkles))]
    if wrinkled > 0 and photograph is None:
        shade = 1 + 0.3 * wrinkled * np.clip(grooves, -1, 0)
        colour *= shade[..., None] ** np.array([0.8, 1.0, 1.05], np.float32)
    height = 0.0007 * soft * (1 + 0.5 * age) + 0.012 * wrinkled * grooves
    gradient = np.stack(np.gradient(height)[::-1], -1).astype(np.float32)
    return (np.clip(colour, 0.01, 1) * 255).astype(np.uint8), gradient


def _toned(photograph: Array, atlas: Atlas, base: Array) -> Array:
    """The photographed skin, half way to the person's own tone."""
    colour = photograph.astype(np.float32) / 255
    mean = colour[atlas.forehead > 0.5].mean(axis=0)
    return np.asarray(colour * np.clip(base / mean, 0.4, 1.8) ** 0.5, np.float32)


def _mix(colour: Array, target: Array, share: Array) -> None:
    colour += (np.asarray(target, np.float32) - colour) * share[..., None]


def _flush(rng: np.random.Generator, colour: Array, atlas: Atlas, traits: Traits) -> None:
    pale = 1 - traits.tone / 10
    red = atlas.cheeks * rng.uniform(0, 0.9) + atlas.nose * rng.uniform(0.1, 0.8)
    colour *= 1 - (red * traits.redness * pale)[..., None] * np.array([0, 0.14, 0.13], np.float32)
    # The forehead is a little yellower and the lower face a little greyer, as skin is.
    colour *= 1 - 0.05 * atlas.forehead[..., None] * np.array([0, 0.2, 1.0], np.float32)


def _spots(
    colour: Array, atlas: Atlas, traits: Traits, coarse: Array, soft: Array, age: float
) -> None:
    if not traits.freckles:
        return
    spots = smoothstep(1.3, 2.0, 0.5 * coarse + 0.9 * soft) * atlas.valid
    strength = traits.freckles * (0.08 + 0.14 * age)
    colour *= 1 - (strength * spots)[..., None] * np.array([0.5, 0.8, 0.9], np.float32)


def mouth(
    rng: np.random.Generator, colour: Array, atlas: Atlas, traits: Traits, base: Array, age: float
) -> None:
    """Lips and mouth."""
    lip = base * np.array([0.88, 0.64, 0.64]) * rng.uniform(0.9, 1.05)
    if traits.makeup:
        stick = np.array([rng.uniform(0.5, 0.8), rng.uniform(0.1, 0.32), rng.uniform(0.15, 0.36)])
        lip = lip + (stick - lip) * 0.7 * traits.makeup
    _mix(colour, lip, atlas.lips * rng.uniform(0.55, 0.95) * (1 - 0.3 * age))
    line = np.exp(-(((atlas.mouth - 1.6) / 1.5) ** 2))
    colour *= 1 - 0.55 * line[..., None]


def eyes(rng: np.random.Generator, colour: Array, atlas: Atlas, traits: Traits, age: float) -> None:
    """Eyes and lashes."""
    shade = atlas.lids * (0.08 + 0.12 * rng.random() + 0.1 * age)
    colour *= 1 - shade[..., None] * np.array([0.8, 1, 0.9], np.float32)
    if traits.makeup > 0.5:
        shadow = np.array([rng.uniform(0.2, 0.5), rng.uniform(0.15, 0.35), rng.uniform(0.2, 0.45)])
        _mix(colour, shadow, 0.35 * traits.makeup * atlas.lids * (atlas.y > 7.28))
    upper = np.where(atlas.y > 7.27, 1.0, 0.45).astype(np.float32)
    dark = np.clip(atlas.lashes * upper * (rng.uniform(0.2, 0.6) + 0.35 * traits.makeup), 0, 0.9)
    _mix(colour, np.array([0.06, 0.045, 0.04]), dark)


def brows(
    rng: np.random.Generator, colour: Array, atlas: Atlas, traits: Traits, fine: Array
) -> None:
    """Brows."""
    # The atlas turns faces by 90 degrees: smearing noise along its columns draws hairs.
    hairs = cv2.GaussianBlur(fine, (0, 0), sigmaX=0.5, sigmaY=2.0) * 2.0
    child = float(np.clip((14 - traits.age) / 10, 0, 1))
    strength = (
        rng.uniform(0.45, 0.95)
        * (0.75 + 0.25 * traits.male)
        * (1 - 0.45 * child)
        * (1 - 0.35 * traits.grey)
    )
    mask = atlas.brows[traits.brow] * np.clip(0.85 + 0.3 * hairs, 0, 1.1)
    _mix(colour, traits.hair_colour * 0.75, np.clip(strength * mask, 0, 0.95))


def _beard(colour: Array, atlas: Atlas, traits: Traits, coarse: Array, fine: Array) -> None:
    if traits.beard:
        patchy = np.clip(0.85 + 0.2 * fine + 0.12 * coarse, 0, 1.2)
        _mix(colour, traits.hair_colour * 1.05, np.clip(0.9 * traits.beard * atlas.beard * patchy,
                                                        0, 0.95))  # fmt: skip


def scalp(colour: Array, atlas: Atlas, traits: Traits, coarse: Array, fine: Array) -> None:
    """The scalp under the hair."""
    front = smoothstep(0.7, 1.0, atlas.z)
    receded = atlas.hairline - 0.45 * traits.recession**2 * front + 0.03 * coarse
    edge = smoothstep(-0.05, 0.09, receded + 0.015 * fine) * atlas.valid
    cover = {"bald": 0.0, "buzz": 0.82}.get(traits.hair_style, 0.97)
    if traits.hair_style == "bald":
        # Bald people keep a shaved shadow, stronger at the sides and the nape.
        cover = 0.25 if traits.age < 60 else 0.12
    _mix(colour, traits.hair_colour * 0.85, np.clip(edge * cover * (0.95 + 0.1 * fine), 0, 0.98))
