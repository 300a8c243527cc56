"""Building an identity from the MakeHuman assets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

from edgereg_training.render import materials as m
from edgereg_training.render.assets import HAIR_STYLES, Assets
from edgereg_training.render.atlas import Atlas, build_atlas
from edgereg_training.render.body import BodyRest, add_body, body_rest, pose_arms
from edgereg_training.render.geometry import Array, smoothstep, triangulate
from edgereg_training.render.hair import alpha_texture, streak_pool
from edgereg_training.render.identity import Identity, finish, linear
from edgereg_training.render.mesh_builder import MeshBuilder
from edgereg_training.render.morph import (
    apply_targets,
    expression_weights,
    fit_binding,
    macro_weights,
)
from edgereg_training.render.paint import paint_skin, skin_colour
from edgereg_training.render.traits import Traits, detail_weights, draw_expression, draw_traits
from edgereg_training.render.wardrobe import Outfit, draw_outfit

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


@lru_cache(maxsize=2)
def _skeleton(assets: Assets) -> Skeleton:
    base = assets.base.points
    # The bend runs through the neck, lower at the nape than under the chin.
    height = base[:, 1] + 0.33 * np.clip(base[:, 2] - 0.2, -0.3, 1.2)
    details = [
        name for folder in _DETAIL_FOLDERS for name in assets.names(folder)
        if "head-trans" not in name and "head-age" not in name and "neck-trans" not in name
    ]  # fmt: skip
    asymmetries = [name for name in assets.names("asym")]
    neck = smoothstep(5.62, 6.4, height)
    return Skeleton(build_atlas(assets), neck, details, asymmetries, body_rest(assets))


def build_identity(assets: Assets, seed: int) -> Identity:
    """The person number `seed`: the same seed gives the same arrays."""
    rng = np.random.default_rng([0xFACE, seed])
    skeleton = _skeleton(assets)
    traits = draw_traits(rng)
    shape = _shape(rng, assets, skeleton, traits)
    outfit = draw_outfit(rng, traits)
    shape = pose_arms(skeleton.body, shape, outfit.arms)
    base_colour = skin_colour(rng, traits.tone)
    skin, bump = paint_skin(rng, skeleton.atlas, traits, base_colour)
    builder = MeshBuilder()
    index = _add_skin(builder, assets, skeleton, shape)
    eyes = _add_eyes(builder, assets, shape, skeleton)
    _add_sheet(builder, assets, shape, skeleton, traits.brow, m.BROW)
    _add_sheet(builder, assets, shape, skeleton, traits.lash, m.LASH)
    _add_teeth(builder, assets, shape, skeleton)
    hair = np.zeros(0, int)
    if traits.hair_style in HAIR_STYLES:
        hair = _add_sheet(builder, assets, shape, skeleton, traits.hair_style, m.HAIR)
    close = add_body(builder, skeleton.body, shape, outfit, skeleton.neck)
    return _assemble(
        seed, rng, assets, traits, outfit, builder, shape, index, eyes, hair, close,
        skin, bump, base_colour,
    )  # fmt: skip


def _shape(
    rng: np.random.Generator, assets: Assets, skeleton: Skeleton, traits: Traits
) -> Array:
    weights = macro_weights(
        traits.age, traits.male, traits.ethnicity, traits.weight, traits.muscle
    )
    weights.update(detail_weights(rng, skeleton.details))
    for name in rng.choice(np.array(skeleton.asymmetries), 6, replace=False):
        weights[str(name)] = float(rng.uniform(0, 0.4))
    weights.update(expression_weights(draw_expression(rng), traits.ethnicity))
    return apply_targets(assets.base.points, assets, weights)


def _add_skin(
    builder: MeshBuilder, assets: Assets, skeleton: Skeleton, shape: Array
) -> Array:
    """Head, neck, mouth and sockets; returns base vertex -> point number [V], -1 unused."""
    islands = {name: assets.base.faces[faces] for name, faces in assets.islands.items()}
    used = np.unique(np.concatenate([quads.ravel() for quads in islands.values()]))
    index = np.full(len(shape), -1)
    index[used] = np.arange(len(used))
    builder.add_points(shape[used], skeleton.neck[used])
    atlas = skeleton.atlas
    builder.add_triangles(index[atlas.triangles], m.SKIN, atlas.uv, one_sided=True)
    for name, material in (
        ("neck_shoulders", m.NECK), ("mouth_interior", m.MOUTH),
        ("eye_socket_left", m.SOCKET), ("eye_socket_right", m.SOCKET),
    ):  # fmt: skip
        builder.add_triangles(index[triangulate(islands[name])], material, one_sided=True)
    return index


def _add_part(
    builder: MeshBuilder, assets: Assets, shape: Array, skeleton: Skeleton,
    name: str, material: int, layer: int,
) -> Array:  # fmt: skip
    part = assets.parts[name]
    points = fit_binding(shape, part.binding)
    neck = (skeleton.neck[part.binding.references] * part.binding.weights).sum(1)
    uv = triangulate(part.mesh.uv[part.mesh.uv_faces]).astype(np.float32)
    first = builder.add_mesh(
        points, triangulate(part.mesh.faces), neck, material, uv, layer, material == m.EYE
    )
    return np.arange(first, first + len(points))


def _add_eyes(builder: MeshBuilder, assets: Assets, shape: Array, skeleton: Skeleton) -> Array:
    return _add_part(builder, assets, shape, skeleton, "eyes", m.EYE, -1)


def _add_sheet(
    builder: MeshBuilder, assets: Assets, shape: Array, skeleton: Skeleton,
    name: str, material: int,
) -> Array:  # fmt: skip
    layer = builder.add_alpha(alpha_texture(assets, name))
    return _add_part(builder, assets, shape, skeleton, name, material, layer)


def _add_teeth(builder: MeshBuilder, assets: Assets, shape: Array, skeleton: Skeleton) -> None:
    """The base mesh's own coarse teeth and tongue, which move with the mouth."""
    for group, material in (
        ("helper-upper-teeth", m.TEETH), ("helper-lower-teeth", m.TEETH),
        ("helper-tongue", m.TONGUE),
    ):  # fmt: skip
        quads = assets.base.faces[assets.base.groups == group]
        used, local = np.unique(quads, return_inverse=True)
        triangles = triangulate(local.reshape(quads.shape))
        builder.add_mesh(shape[used], triangles, skeleton.neck[used], material)


def _box_points(
    points: Array, index: Array, landmarks: Array, atlas: Atlas, hair: Array
) -> Array:
    """Head skin above the plane from chin to nape, and the hair within 0.4 dm of it.

    The plane rises backwards from just below the chin to the height of the nose's base; so neither
    the neck nor long hair counts.
    """
    head = np.unique(index[atlas.triangles])
    chin, nose = points[landmarks[8]], points[landmarks[33]]
    back = points[head, 2].min()
    slope = 0.9 * (nose[1] - chin[1]) / (chin[2] - back)

    def above(rows: Array, lift: float) -> Array:
        p = points[rows]
        kept: Array = rows[p[:, 1] > chin[1] - 0.03 + lift + slope * (chin[2] - p[:, 2])]
        return kept

    skull = above(head, 0.0)
    if not len(hair):
        return skull
    near = above(hair, 0.1)
    distance, _ = cKDTree(points[skull]).query(points[near])
    return np.concatenate([skull, near[distance < 0.4]])


def _assemble(
    seed: int, rng: np.random.Generator, assets: Assets, traits: Traits, outfit: Outfit,
    builder: MeshBuilder, shape: Array, index: Array, eyes: Array, hair: Array,
    close: tuple[int, int], skin: Array, bump: Array, base_colour: Array,
) -> Identity:  # fmt: skip
    arrays = builder.joined()
    points = arrays["points"]
    landmarks = index[assets.landmarks]
    box = _box_points(points, index, landmarks, _skeleton(assets).atlas, hair)
    skull = points[box]
    size = float(np.ptp(skull[:, 1]))
    centre = (skull.min(0) + skull.max(0)) / 2
    pivot = np.array([0.0, points[landmarks[8], 1] - 0.12 * size, centre[2] - 0.12 * size])
    arrays["points"] = (points - pivot).astype(np.float32)
    centre = centre - pivot
    finish(arrays, close[0], size, centre)
    eye_centres = _round_eyes(arrays, eyes)
    gaze = np.array([np.sin(traits.gaze[0]), np.sin(traits.gaze[1]), np.cos(traits.gaze[0])])
    return Identity(
        number=seed,
        age=traits.age,
        close_triangles=close[0],
        close_points=close[1],
        skin=skin,
        bump=bump,
        palette=_palette(rng, traits, outfit, base_colour, skin, _skeleton(assets).atlas),
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
    )  # type: ignore[arg-type]


def _round_eyes(arrays: dict[str, Array], eyes: Array) -> Array:
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


def _palette(
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
