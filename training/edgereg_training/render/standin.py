"""A plain head made in code, for tests and for use without the asset folder."""

from __future__ import annotations

import numpy as np

from edgereg_training.render import materials as m
from edgereg_training.render.geometry import Array, smoothstep
from edgereg_training.render.hair import streak_pool
from edgereg_training.render.identity import Identity, finish, linear
from edgereg_training.render.mesh_builder import MeshBuilder
from edgereg_training.render.noise import fractal
from edgereg_training.render.paint import skin_colour
from edgereg_training.render.traits import Traits, draw_traits
from edgereg_training.render.wardrobe import Outfit, draw_outfit

_ROWS, _COLUMNS = 33, 48
# Profiles of the head over its height (bottom to crown): half width and depth front and back, dm.
_LEVEL = (-1.15, -1.05, -0.8, -0.5, -0.1, 0.3, 0.7, 0.95, 1.1, 1.15)
_WIDTH = (0.12, 0.3, 0.52, 0.64, 0.72, 0.76, 0.7, 0.5, 0.25, 0.02)
_FRONT = (0.35, 0.72, 0.86, 0.88, 0.9, 0.94, 0.85, 0.6, 0.3, 0.02)
_BACK = (0.1, 0.2, 0.3, 0.55, 0.85, 0.98, 0.9, 0.62, 0.3, 0.02)


def standin_identity(seed: int) -> Identity:
    """The stand-in number `seed`: a head of smooth surfaces with 68 landmarks."""
    rng = np.random.default_rng([0x57A4D, seed])
    traits = draw_traits(rng)
    outfit = draw_outfit(rng, traits)
    scale = np.array([1, 1, 1]) * (0.75 + 0.25 * min(traits.age, 18) / 18) * rng.uniform(0.94, 1.06)
    scale = scale * (1 + rng.normal(0, 0.04, 3))
    tone = skin_colour(rng, traits.tone)
    builder = MeshBuilder()
    points, triangles, uv = head()
    points = points * scale
    builder.add_mesh(points, triangles, 1.0, m.SKIN, uv, one_sided=True)
    surface = len(points)
    landmarks, features = _landmarks()
    placed = np.array([_on_surface(points, p * scale) for p in landmarks])
    eyes = add_features(builder, points, scale, features)
    if traits.hair_style != "bald":
        add_hair(builder, points, triangles, traits.hair_style)
    add_trunk(builder, scale)
    return assemble(seed, rng, builder, traits, outfit, tone, scale, placed, eyes, surface)


def head() -> tuple[Array, Array, Array]:
    """Points [n,3] dm, triangles, uv texels [T,3,2] of a skull with a nose and brows."""
    row, column = np.mgrid[0:_ROWS, 0 : _COLUMNS + 1]
    level = np.interp(row / (_ROWS - 1), np.linspace(0, 1, 60),
                      1.15 * -np.cos(np.linspace(0, np.pi, 60)))  # fmt: skip
    angle = 2 * np.pi * column / _COLUMNS
    wide = np.interp(level, _LEVEL, _WIDTH)
    front, back = np.interp(level, _LEVEL, _FRONT), np.interp(level, _LEVEL, _BACK)
    x = wide * np.sin(angle)
    z = np.where(np.cos(angle) > 0, front, back) * np.cos(angle)
    z = z + relief(x, level) * (np.cos(angle) > 0)
    points = np.stack([x, level, z], -1).reshape(-1, 3)
    base = (row[:-1, :-1] * (_COLUMNS + 1) + column[:-1, :-1]).ravel()
    right, up = base + 1, base + _COLUMNS + 1
    triangles = np.concatenate([np.stack([base, right, up + 1], 1),
                                np.stack([base, up + 1, up], 1)])  # fmt: skip
    texture = np.stack([column * 128 / _COLUMNS, 128 - row * 128 / (_ROWS - 1)], -1)
    return points, triangles, texture.reshape(-1, 2)[triangles].astype(np.float32)


def relief(x: Array, y: Array) -> Array:
    """Bumps of nose, brows, cheeks and lips, dm, and the hollows of the eyes."""
    slope = np.clip((0.1 - y) / 0.5, 0, 1)
    nose = 0.3 * slope * np.exp(-((x / (0.09 + 0.06 * slope)) ** 2)) * smoothstep(-0.5, -0.38, y)
    eye = -0.1 * np.exp(-(((np.abs(x) - 0.3) / 0.16) ** 2) - ((y - 0.06) / 0.1) ** 2)
    lips = 0.06 * np.exp(-((x / 0.22) ** 2) - ((y + 0.62) / 0.09) ** 2)
    chin = 0.06 * np.exp(-((x / 0.2) ** 2) - ((y + 0.98) / 0.12) ** 2)
    return np.asarray(nose + eye + lips + chin)


def _on_surface(points: Array, wanted: Array) -> int:
    """The vertex nearest to x and y of `wanted` on the front of the head."""
    front = points[:, 2] > 0
    distance = np.where(front, np.hypot(*(points[:, :2] - wanted[:2]).T), 1e9)
    return int(distance.argmin())


def _landmarks() -> tuple[Array, dict[str, Array]]:
    """Where the 68 points lie, [68,3] dm before scaling (z unused)."""
    turn = np.linspace(np.pi / 2 + 1.45, np.pi / 2 - 1.45, 17) - np.pi / 2
    jaw = np.stack([-0.72 * np.sin(turn), 0.1 - 1.15 * np.cos(turn)], 1)
    arch = np.array([[0.12, 0.22], [0.2, 0.28], [0.3, 0.3], [0.4, 0.28], [0.5, 0.2]])
    bridge = np.array([[0, 0.06], [0, -0.08], [0, -0.22], [0, -0.36]])
    base = np.array([[-0.14, -0.44], [-0.07, -0.47], [0, -0.48], [0.07, -0.47], [0.14, -0.44]])
    ring = np.array([[-0.11, 0], [-0.05, 0.05], [0.05, 0.05], [0.11, 0], [0.05, -0.04],
                     [-0.05, -0.04]]) + np.array([0, 0.06])  # fmt: skip
    aside = np.array([0.3, 0])
    angle = np.pi - np.arange(12) * np.pi / 6
    outer = np.stack([0.26 * np.cos(angle), -0.64 + 0.1 * np.sin(angle)], 1)
    inner_angle = np.pi - np.arange(8) * np.pi / 4
    inner = np.stack([0.2 * np.cos(inner_angle), -0.64 + 0.03 * np.sin(inner_angle)], 1)
    flat = np.concatenate(
        [jaw, arch[::-1] * [-1, 1], arch, bridge, base, ring - aside, ring + aside, outer,
         inner]
    )  # fmt: skip
    points = np.concatenate([flat, np.zeros((68, 1))], 1)
    return points, {"brow": arch, "lips": outer}


def _sphere(centre: Array, radius: Array, rows: int = 9, columns: int = 14) -> tuple[Array, Array]:
    row, column = np.mgrid[0:rows, 0:columns]
    polar, turn = np.pi * row / (rows - 1), 2 * np.pi * column / columns
    unit = np.stack([np.sin(polar) * np.sin(turn), -np.cos(polar), np.sin(polar) * np.cos(turn)],
                    -1).reshape(-1, 3)  # fmt: skip
    first = row[:-1] * columns + column[:-1]
    right = row[:-1] * columns + (column[:-1] + 1) % columns
    a, b = first.ravel(), right.ravel()
    triangles = np.concatenate([np.stack([a, b, b + columns], 1),
                                np.stack([a, b + columns, a + columns], 1)])  # fmt: skip
    return unit * radius + centre, triangles


def add_features(
    builder: MeshBuilder, points: Array, scale: Array, features: dict[str, Array]
) -> Array:
    """Eyes, brows, lips and ears; returns the eyeballs' point numbers."""
    eyes = []
    for sign in (1, -1):
        at = points[_on_surface(points, np.array([0.3 * sign, 0.06, 0]) * scale)]
        ball, triangles = _sphere(at - [0, 0, 0.08], np.array([0.12, 0.075, 0.12]))
        first = builder.add_mesh(ball, triangles, 1.0, m.EYE, one_sided=True)
        eyes.append(np.arange(first, first + len(ball)))
        brow = [points[_on_surface(points, np.array([x * sign, y, 0]) * scale)]
                for x, y in features["brow"]]  # fmt: skip
        for p in brow:
            builder.add_mesh(*_sphere(p, np.array([0.09, 0.035, 0.03]), 5, 8), 1.0, m.BROW)
        ear, triangles = _sphere(np.array([0.76 * sign, -0.05, -0.05]) * scale,
                                 np.array([0.07, 0.26, 0.15]))  # fmt: skip
        builder.add_mesh(ear, triangles, 1.0, m.NECK, one_sided=True)
    lip = points[_on_surface(points, np.array([0, -0.64, 0]) * scale)]
    ball, triangles = _sphere(lip - [0, 0, 0.01], np.array([0.24, 0.08, 0.05]) * scale)
    builder.add_mesh(ball, triangles, 1.0, m.MOUTH)
    return np.concatenate(eyes)


def add_hair(builder: MeshBuilder, points: Array, triangles: Array, style: str) -> None:
    """A cap over the scalp, and a curtain behind for the longer styles."""
    y, z = points[:, 1], points[:, 2]
    line = np.interp(z, [-1.0, -0.2, 0.1, 0.3, 0.7, 0.95], [-0.6, -0.35, 0.15, 0.3, 0.6, 0.66])
    on_scalp = (y > line)[triangles].all(1)
    thickness = 0.05 if style == "buzz" else 0.14
    grown = points * (1 + thickness / (np.linalg.norm(points, axis=1, keepdims=True) + 0.3))
    builder.add_mesh(grown, triangles[on_scalp], 1.0, m.SCALP)
    if style in ("bob01", "bob02", "long01", "braid01", "ponytail01"):
        length = 0.5 if style.startswith("bob") else 0.9
        curtain, faces = _sphere(np.array([0, -0.4, -0.35]), np.array([0.85, 0.9 + length, 0.65]))
        builder.add_mesh(curtain, faces, 0.9, m.SCALP, one_sided=True)


def add_trunk(builder: MeshBuilder, scale: Array) -> None:
    """Neck and shoulders."""
    neck, triangles = _sphere(np.array([0, -1.4, -0.1]), np.array([0.5, 0.9, 0.5]), 17, 20)
    builder.add_mesh(neck, triangles, smoothstep(-1.7, -0.9, neck[:, 1]), m.NECK, one_sided=True)
    trunk, triangles = _sphere(np.array([0, -4.0, -0.2]), np.array([2.0, 2.2, 1.1]), 17, 24)
    uv = np.stack([trunk[:, 0] / 4 + 0.5, trunk[:, 1] / 4], -1)[triangles].astype(np.float32)
    builder.add_mesh(trunk, triangles, 0.0, m.TOP, uv, one_sided=True)
    for sign in (1, -1):
        arm, triangles = _sphere(np.array([1.95 * sign, -4.4, -0.2]), np.array([0.5, 2.3, 0.55]))
        uv = np.stack([arm[:, 0] / 4 + 0.5, arm[:, 1] / 4], -1)[triangles].astype(np.float32)
        builder.add_mesh(arm, triangles, 0.0, m.TOP, uv, one_sided=True)


def assemble(
    seed: int, rng: np.random.Generator, builder: MeshBuilder, traits: Traits, outfit: Outfit,
    tone: Array, scale: Array, landmarks: Array, eyes: Array, surface: int,
) -> Identity:  # fmt: skip
    """The mesh of the whole figure."""
    pivot = np.array([0.0, -1.2, -0.15]) * scale
    arrays = builder.joined()
    arrays["points"] = (arrays["points"] - pivot).astype(np.float32)
    skull = arrays["points"][:surface]
    size = float(np.ptp(skull[:, 1]))
    centre = (skull.min(0) + skull.max(0)) / 2
    finish(arrays, len(arrays["triangles"]), size, centre)
    texture = 1 + 0.04 * fractal(rng, 130, 130)[..., None]
    skin = np.clip(tone * texture, 0.02, 1) * 255
    mine = arrays["points"][eyes]
    centres = np.stack([mine[mine[:, 0] * s > 0].mean(0) for s in (1, -1)])
    return Identity(
        number=seed,
        age=traits.age,
        close_triangles=len(arrays["triangles"]),
        close_points=len(arrays["points"]),
        skin=skin.astype(np.uint8),
        bump=np.zeros((130, 130, 2), np.float32),
        palette=palette(tone, traits, outfit),
        gloss=m.default_gloss(),
        streaks=(1 + 0.15 * streak_pool()[0]).astype(np.float32),
        cloth=outfit.print,
        landmarks=landmarks.astype(np.int32),
        box_points=np.arange(surface, dtype=np.int32),
        centre=centre.astype(np.float32),
        size=size,
        eye_centres=centres.astype(np.float32),
        gaze=np.array([0, 0, 1], np.float32),
        iris=linear(traits.eye_colour),
        **arrays,
    )


def palette(tone: Array, traits: Traits, outfit: Outfit) -> Array:
    """The colours of a person."""
    out = np.full((m.COUNT, 3), 0.02, np.float32)
    out[[m.BROW, m.HAIR, m.SCALP]] = linear(traits.hair_colour)
    out[m.NECK] = linear(tone * 0.95)
    out[m.MOUTH] = linear(tone * [0.85, 0.5, 0.5])
    out[m.TOP] = linear(outfit.top)
    out[m.BOTTOM] = linear(outfit.bottom)
    return out
