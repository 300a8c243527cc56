"""Parts of a person taken from the asset folder: skin, eyes, teeth and bound meshes."""

from __future__ import annotations

import numpy as np

from edgereg_training.render import materials as m
from edgereg_training.render.assets import Assets
from edgereg_training.render.atlas import Atlas
from edgereg_training.render.geometry import Array, triangulate
from edgereg_training.render.mesh_builder import MeshBuilder
from edgereg_training.render.morph import fit_binding


def add_skin(
    builder: MeshBuilder, assets: Assets, atlas: Atlas, shape: Array, neck: Array
) -> Array:
    """Head, neck, mouth and sockets; returns base vertex -> point number [V], -1 unused."""
    islands = {name: assets.base.faces[faces] for name, faces in assets.islands.items()}
    used = np.unique(np.concatenate([quads.ravel() for quads in islands.values()]))
    index = np.full(len(shape), -1)
    index[used] = np.arange(len(used))
    builder.add_points(shape[used], neck[used])
    builder.add_triangles(index[atlas.triangles], m.SKIN, atlas.uv, one_sided=True)
    for name, material in (
        ("neck_shoulders", m.NECK), ("mouth_interior", m.MOUTH),
        ("eye_socket_left", m.SOCKET), ("eye_socket_right", m.SOCKET),
    ):  # fmt: skip
        builder.add_triangles(index[triangulate(islands[name])], material, one_sided=True)
    return index


def add_part(
    builder: MeshBuilder, assets: Assets, shape: Array, neck: Array,
    name: str, material: int, layer: int,
) -> Array:  # fmt: skip
    part = assets.parts[name]
    points = fit_binding(shape, part.binding)
    follow = (neck[part.binding.references] * part.binding.weights).sum(1)
    uv = triangulate(part.mesh.uv[part.mesh.uv_faces]).astype(np.float32)
    first = builder.add_mesh(
        points, triangulate(part.mesh.faces), follow, material, uv, layer, material == m.EYE
    )
    return np.arange(first, first + len(points))


def add_teeth(builder: MeshBuilder, assets: Assets, shape: Array, neck: Array) -> None:
    """The base mesh's own coarse teeth and tongue, which move with the mouth."""
    for group, material in (
        ("helper-upper-teeth", m.TEETH), ("helper-lower-teeth", m.TEETH),
        ("helper-tongue", m.TONGUE),
    ):  # fmt: skip
        quads = assets.base.faces[assets.base.groups == group]
        used, local = np.unique(quads, return_inverse=True)
        triangles = triangulate(local.reshape(quads.shape))
        builder.add_mesh(shape[used], triangles, neck[used], material)
