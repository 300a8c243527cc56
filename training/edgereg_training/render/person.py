"""Building an identity from the MakeHuman assets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

from edgereg_training.render import materials as m
from edgereg_training.render.assets import Assets
from edgereg_training.render.atlas import Atlas, build_atlas
from edgereg_training.render.body import BodyRest, add_body, body_rest, pose_arms
from edgereg_training.render.crown import CrownRest, crown_rest, dress_head
from edgereg_training.render.geometry import Array, smoothstep
from edgereg_training.render.glasses import add_glasses
from edgereg_training.render.hair import streak_pool
from edgereg_training.render.identity import Identity, finish, linear
from edgereg_training.render.mesh_builder import MeshBuilder
from edgereg_training.render.morph import (
    apply_targets,
    expression_weights,
    macro_weights,
)
from edgereg_training.render.paint import paint_skin, skin_colour
from edgereg_training.render.palette import person_palette
from edgereg_training.render.parts import add_part, add_skin, add_teeth
from edgereg_training.render.photographed import Photographed
from edgereg_training.render.traits import (
    Traits,
    detail_weights,
    draw_expression,
    draw_face_units,
    draw_traits,
)
from edgereg_training.render.wardrobe import draw_outfit

_DETAIL_FOLDERS = (
    "cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "neck", "nose",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Skeleton:
    """What all identities share: skin faces, neck weights of all base vertices, target names."""

    atlas: Atlas
    neck: Array
    details: list[str]
    asymmetries: list[str]
    body: BodyRest
    crown: CrownRest


@lru_cache(maxsize=2)
def _skeleton(assets: Assets) -> Skeleton:
    base = assets.base.points
    # The bend runs through the neck, lower at the nape than under the chin.
    height = base[:, 1] + 0.33 * np.clip(base[:, 2] - 0.2, -0.3, 1.2)
    details = [
        name for folder in _DETAIL_FOLDERS for name in assets.names(folder)
        if "head-trans" not in name and "head-age" not in name and "neck-trans" not in name
    ]  # fmt: skip
    asymmetries = assets.names("asym")
    neck = smoothstep(5.62, 6.4, height)
    body, crown = body_rest(assets), crown_rest(assets)
    return Skeleton(build_atlas(assets), neck, details, asymmetries, body, crown)


def build_identity(assets: Assets, seed: int, photographed: Photographed | None = None) -> Identity:
    """The person number `seed`: the same seed and materials give the same arrays."""
    rng = np.random.default_rng([0xFACE, seed])
    skeleton = _skeleton(assets)
    traits = draw_traits(rng)
    shape = _shape(rng, assets, skeleton, traits)
    if photographed is not None:
        shape = with_units(shape, photographed, seed)
    outfit = draw_outfit(rng, traits)
    shape = pose_arms(skeleton.body, shape, outfit.arms)
    base_colour = skin_colour(rng, traits.tone)
    worn_skin = None if photographed is None else photographed.skin_of(seed, traits)
    skin, bump = paint_skin(rng, skeleton.atlas, traits, base_colour, worn_skin)
    builder = MeshBuilder()
    index = add_skin(builder, assets, skeleton.atlas, shape, skeleton.neck)
    eyes = add_part(builder, assets, shape, skeleton.neck, "eyes", m.EYE, -1)
    add_teeth(builder, assets, shape, skeleton.neck)
    if outfit.glasses:
        add_glasses(rng, builder, shape[assets.landmarks])
    hair, shell = dress_head(
        rng, builder, assets, skeleton.crown, shape, skeleton.neck, traits, outfit, photographed
    )
    close = add_body(builder, skeleton.body, shape, outfit, skeleton.neck)
    arrays = builder.joined()
    points = arrays["points"]
    landmarks = index[assets.landmarks]
    box = box_points(points, index[skeleton.crown.head], landmarks, hair, shell)
    # The bare head, not hair or hats, says how large a head is and where its middle is.
    bare = points[np.intersect1d(box, index[skeleton.crown.head])]
    size = float(np.ptp(bare[:, 1]))
    centre = (bare.min(0) + bare.max(0)) / 2
    pivot = np.array([0.0, points[landmarks[8], 1] - 0.12 * size, centre[2] - 0.12 * size])
    arrays["points"] = (points - pivot).astype(np.float32)
    centre = centre - pivot
    finish(arrays, close[0], size, centre)
    eye_centres = round_eyes(arrays, eyes)
    gaze = np.array([np.sin(traits.gaze[0]), np.sin(traits.gaze[1]), np.cos(traits.gaze[0])])
    return Identity(
        number=seed,
        age=traits.age,
        close_triangles=close[0],
        close_points=close[1],
        skin=skin,
        bump=bump,
        palette=person_palette(rng, traits, outfit, base_colour, skin, skeleton.atlas),
        gloss=_gloss(rng),
        streaks=(1 + rng.uniform(0.14, 0.26) * streak_pool()[rng.integers(6)]).astype(np.float32),
        cloth=outfit.print,
        landmarks=landmarks.astype(np.int32),
        box_points=box.astype(np.int32),
        centre=centre.astype(np.float32),
        size=size,
        eye_centres=eye_centres,
        gaze=(gaze / np.linalg.norm(gaze)).astype(np.float32),
        iris=linear(traits.eye_colour),
        **arrays,
    )


def _shape(rng: np.random.Generator, assets: Assets, skeleton: Skeleton, traits: Traits) -> Array:
    weights = macro_weights(traits.age, traits.male, traits.ethnicity, traits.weight, traits.muscle)
    weights.update(detail_weights(rng, skeleton.details))
    for name in rng.choice(np.array(skeleton.asymmetries), 6, replace=False):
        weights[str(name)] = float(rng.uniform(0, 0.4))
    weights.update(expression_weights(draw_expression(rng), traits.ethnicity))
    return apply_targets(assets.base.points, assets, weights)


def with_units(shape: Array, photographed: Photographed, seed: int) -> Array:
    """The shape with an expression of face units; half of all people have one."""
    rng = np.random.default_rng([0xFACE, seed, 52])
    if rng.random() < 0.5:
        return shape
    out = shape.copy()
    for name, strength in draw_face_units(rng).items():
        if name in photographed.units:
            vertices, offsets = photographed.units[name]
            out[vertices] += strength * offsets
    return out


def box_points(points: Array, head: Array, landmarks: Array, hanging: Array, shell: Array) -> Array:
    """Head skin, shells, and hanging hair within 0.4 dm of the skin, above one plane.

    The plane rises backwards from just below the chin to near the height of the nose's base; so
    neither the neck nor long hair counts. Shells are natural hair and headwear without its brim.
    """
    chin, nose = points[landmarks[8]], points[landmarks[33]]
    slope = 0.9 * (nose[1] - chin[1]) / (chin[2] - points[head, 2].min())

    def above(rows: Array, lift: float) -> Array:
        p = points[rows]
        kept: Array = rows[p[:, 1] > chin[1] - 0.03 + lift + slope * (chin[2] - p[:, 2])]
        return kept

    skull, hair = above(head, 0.0), above(hanging, 0.1)
    distance, _ = cKDTree(points[skull]).query(points[hair])
    return np.concatenate([skull, above(shell, 0.0), hair[np.asarray(distance) < 0.4]])


def round_eyes(arrays: dict[str, Array], eyes: Array) -> Array:
    """Give the eyeballs a sphere's normals; returns their centres [2,3], left (+x) first."""
    points = arrays["points"][eyes]
    centres = np.zeros((2, 3), np.float32)
    for k, sign in enumerate((1, -1)):
        side = points[:, 0] * sign > 0
        centres[k] = (points[side].min(0) + points[side].max(0)) / 2
        away = points[side] - centres[k]
        arrays["normals"][eyes[side]] = away / np.linalg.norm(away, axis=1, keepdims=True)
    return centres


def _gloss(rng: np.random.Generator) -> Array:
    gloss = m.default_gloss()
    gloss[m.SKIN, 0] *= rng.uniform(0.3, 1.6)
    gloss[m.SKIN, 1] *= rng.uniform(0.7, 1.6)
    gloss[m.HAIR, 0] *= rng.uniform(0.4, 1.5)
    return gloss
