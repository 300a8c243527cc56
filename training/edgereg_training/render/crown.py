"""What is on a head: hair of all kinds, and headwear over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgereg_training.render import materials as m
from edgereg_training.render.assets import HAIR_STYLES, Assets
from edgereg_training.render.atlas import above_hairline, average_points
from edgereg_training.render.geometry import Array
from edgereg_training.render.hair import alpha_texture
from edgereg_training.render.headwear import add_headwear, tucked
from edgereg_training.render.mesh_builder import MeshBuilder
from edgereg_training.render.natural_hair import STYLES, add_cap, add_natural_hair
from edgereg_training.render.parts import add_part
from edgereg_training.render.photographed import Photographed
from edgereg_training.render.shells import Skull, measure_skull
from edgereg_training.render.traits import Traits
from edgereg_training.render.wardrobe import Outfit


@dataclass(frozen=True, eq=False)
class CrownRest:
    """head [n]: base vertices of the head's skin; ears bool [n]; hairline [n]: dm above it."""

    head: Array
    ears: Array
    hairline: Array


def crown_rest(assets: Assets) -> CrownRest:
    """Find scalp and ears in the base mesh."""
    head = np.unique(assets.base.faces[assets.islands["head"]])
    touched = np.unique(np.concatenate([assets.targets[n][0] for n in assets.names("ears")]))
    average = average_points(assets)[head]
    # Ear targets also tug at the skin around: only what stands out counts.
    ears = np.isin(head, touched) & (np.abs(average[:, 0]) > 0.72)
    return CrownRest(head, ears, above_hairline(average[:, 1], average[:, 2]))


def find_skull(rest: CrownRest, shape: Array, landmarks: Array) -> Skull:
    """The skull of a morphed base mesh [V,3]; landmarks [68] are base vertices."""
    skin = shape[rest.head]
    marks = shape[landmarks]
    depth = (skin[:, 2].min() + marks[27, 2]) / 2
    centre = np.array([0.0, marks[36:48, 1].mean() + 0.1, depth])
    return measure_skull(skin, rest.hairline, centre, rest.ears)


def dress_head(
    rng: np.random.Generator, builder: MeshBuilder, assets: Assets, rest: CrownRest,
    shape: Array, neck: Array, traits: Traits, outfit: Outfit,
    photographed: Photographed | None = None,
) -> tuple[Array, Array]:  # fmt: skip
    """Append hair and headwear; returns the point numbers of hanging hair and of shells."""
    skull = find_skull(rest, shape, assets.landmarks)
    if not outfit.headwear:
        return _hair(rng, builder, assets, skull, shape, neck, traits, photographed)
    worn, limit = add_headwear(rng, builder, skull, outfit.headwear)
    if outfit.headwear in ("cap", "beanie") and traits.hair_style in HAIR_STYLES:
        first = len(builder.points)
        hair = _sheet(builder, assets, shape, neck, traits.hair_style, photographed)
        builder.points[first] = tucked(builder.points[first], skull, limit)
        return hair, worn
    return np.zeros(0, int), worn


def _sheet(
    builder: MeshBuilder, assets: Assets, shape: Array, neck: Array, style: str,
    photographed: Photographed | None,
) -> Array:  # fmt: skip
    alpha = alpha_texture(assets, style)
    if photographed is not None and style in photographed.hair:
        alpha = np.ascontiguousarray(photographed.hair[style][..., 3])
    layer = builder.add_alpha(alpha)
    return add_part(builder, assets, shape, neck, style, m.HAIR, layer)


def _hair(
    rng: np.random.Generator, builder: MeshBuilder, assets: Assets, skull: Skull,
    shape: Array, neck: Array, traits: Traits, photographed: Photographed | None,
) -> tuple[Array, Array]:  # fmt: skip
    style, none = traits.hair_style, np.zeros(0, int)
    if style in STYLES:
        return none, add_natural_hair(rng, builder, skull, style, traits.recession)
    if style in HAIR_STYLES:
        hair = _sheet(builder, assets, shape, neck, style, photographed)
        add_cap(builder, skull, builder.points[-1])
        return hair, none
    return none, none
