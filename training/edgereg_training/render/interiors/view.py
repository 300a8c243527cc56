"""One picture of a room, with the depth of every pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from edgereg_training.render.geometry import Array
from edgereg_training.render.interiors.furniture import Place, along_walls, person, scattered
from edgereg_training.render.interiors.solids import Meeting, Solid, dot, leave, meet, surface
from edgereg_training.render.interiors.textures import Texture

# Nothing comes nearer to the camera than this, m.
NEAREST = 0.35


@dataclass(frozen=True)
class RoomView:
    """image: uint8 [H, W, 3] RGB; depth: float32 [H, W], m along the optical axis."""

    image: npt.NDArray[np.uint8]
    depth: Array


@dataclass(frozen=True)
class _Scene:
    walls: Solid
    surfaces: tuple[int, int, int]
    solids: list[Solid]
    materials: list[Texture]
    lights: list[tuple[Array, Array]]


def draw_interior(rng: np.random.Generator, height: int, width: int) -> RoomView:
    """A random room with furniture, now and then people, seen from eye height."""
    room = np.array([rng.uniform(2.4, 8), rng.uniform(2.3, 3.3), rng.uniform(2.6, 10)], np.float32)
    eye = np.array([rng.uniform(-0.42, 0.42) * room[0], rng.uniform(1.1, 1.7),
                    rng.uniform(-0.47, -0.1) * room[2]], np.float32)  # fmt: skip
    turn = _looking(rng)
    scene = _furnished(rng, room, eye, turn)
    rays = _rays(rng, height, width) @ turn.T
    meetings = [leave(scene.walls, eye, rays)]
    meetings += [meet(solid, eye, rays) for solid in scene.solids]
    t = np.stack([meeting.t for meeting in meetings])
    first = t.argmin(axis=0)
    depth = t.min(axis=0)
    points = eye + rays * depth[:, None]
    colour = _shaded(rng, scene, meetings, first, points)
    image = _photographed(rng, colour.reshape(height, width, 3))
    return RoomView(image, np.ascontiguousarray(depth.reshape(height, width), np.float32))


def _looking(rng: np.random.Generator) -> Array:
    """The camera's turn [3, 3]: mostly along the room, level or a little down."""
    yaw = rng.normal(0, 0.4) if rng.random() < 0.95 else rng.uniform(-np.pi, np.pi)
    pitch, roll = rng.normal(0.1, 0.08), rng.normal(0, 0.02)
    turn = Rotation.from_euler("yxz", [yaw, pitch, roll]).as_matrix()
    return np.asarray(turn, np.float32)


def _rays(rng: np.random.Generator, height: int, width: int) -> Array:
    """Directions [H * W, 3] whose forward part is 1; pixels of frames from 4:3 to 16:9, squeezed
    into this picture."""
    half = np.tan(np.radians(rng.uniform(56, 68)) / 2)
    aspect = rng.uniform(4 / 3, 16 / 9)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    right = ((x + 0.5) / width * 2 - 1) * half
    up = (1 - (y + 0.5) / height * 2) * half / aspect
    return np.stack([right, up, np.ones_like(right)], axis=-1).reshape(-1, 3).astype(np.float32)


def _furnished(rng: np.random.Generator, room: Array, eye: Array, turn: Array) -> _Scene:
    place = Place(rng, [], [])
    surfaces = place.material("wall"), place.material("floor"), place.material("ceiling")
    along_walls(place, room)
    scattered(place, room, int(rng.integers(0, 9)))
    if rng.random() < 0.45:
        for _ in range(int(rng.integers(1, 4))):
            # Ahead of the camera, where people in front of one are.
            ahead = turn[:, 2] * rng.uniform(0.6, 3.5) + turn[:, 0] * rng.normal(0, 0.6)
            x, z = np.clip(eye[[0, 2]] + ahead[[0, 2]], -room[[0, 2]] / 2, room[[0, 2]] / 2)
            facing = np.arctan2(x - eye[0], z - eye[2]) + rng.normal(0, 0.8)
            person(place.at(float(x), float(z), float(facing)))
    walls = Solid("box", np.array([0, room[1] / 2, 0], np.float32), room / 2, 0.0, surfaces[0])
    kept = [solid for solid in place.solids if _clear(solid, eye)]
    lights = [_light(rng, room) for _ in range(int(rng.integers(1, 4)))]
    return _Scene(walls, surfaces, kept, place.materials, lights)


def _clear(solid: Solid, eye: Array) -> bool:
    """Whether the camera is outside a solid, and not too near."""
    c, s = np.cos(solid.turn), np.sin(solid.turn)
    x, y, z = eye - solid.middle
    off = np.abs([c * x - s * z, y, s * x + c * z]) - solid.half
    return bool(np.linalg.norm(np.maximum(off, 0)) > NEAREST)


def _light(rng: np.random.Generator, room: Array) -> tuple[Array, Array]:
    """A lamp under the ceiling, or a window's light from a wall: its place and colour."""
    at = rng.uniform(-0.45, 0.45, 3) * room
    at[1] = room[1] - 0.15 if rng.random() < 0.65 else rng.uniform(1.2, 2.0)
    colour = np.exp(rng.normal(0, 0.4)) * (1 + np.array([0.08, 0, -0.12]) * rng.normal(0.3, 1))
    return at.astype(np.float32), np.clip(colour, 0.05, 4).astype(np.float32)


def _shaded(
    rng: np.random.Generator,
    scene: _Scene,
    meetings: list[Meeting],
    first: npt.NDArray[np.int64],
    points: Array,
) -> Array:
    """The light that comes from every point."""
    albedo, normals = np.zeros_like(points), np.zeros_like(points)
    glow = np.zeros((len(points), 1), np.float32)
    for index in np.unique(first):
        meeting, seen = meetings[index], first == index
        normals[seen], places = surface(meeting, points[seen], seen, inward=index == 0)
        if index > 0:
            texture = scene.materials[meeting.solid.material]
            albedo[seen], glow[seen] = texture.at(places), texture.glow
            continue
        wall, floor, ceiling = (scene.materials[each] for each in scene.surfaces)
        flat, low = meeting.side[seen] == 1, points[seen][:, 1] < 0.5
        colours = wall.at(places)
        colours[flat & low] = floor.at(places[flat & low])
        colours[flat & ~low] = ceiling.at(places[flat & ~low])
        albedo[seen] = colours
    light = np.full_like(points, rng.uniform(0.15, 0.5)) * _open(scene.walls, points)
    shadows = rng.random() < 0.7
    for number, (at, colour) in enumerate(scene.lights):
        towards = at - points
        square = dot(towards, towards)
        facing = np.maximum(dot(normals, towards), 0) / (np.sqrt(square) + 1e-6)
        falloff = facing / (0.6 + 0.25 * square)
        if shadows and number == 0:
            falloff *= _lit(scene.solids, points + 0.01 * normals, at)
        light += falloff[:, None] * colour
    return np.asarray(albedo * (light + glow))


def _open(walls: Solid, points: Array) -> Array:
    """Less light comes into corners: [N, 1]."""
    gaps = np.sort(walls.half - np.abs(points - walls.middle), axis=-1)[:, :2].clip(0)
    return np.asarray(1 - 0.25 * np.exp(-gaps / 0.25).sum(axis=-1, keepdims=True) / 2)


def _lit(solids: list[Solid], points: Array, light: Array) -> Array:
    """1 where a lamp is seen from points [N, 3], 0.25 where something stands between."""
    rays = light - points
    hidden = np.zeros(len(points), np.bool_)
    for solid in solids:
        hidden |= meet(solid, points, rays).t < 1
    return np.where(hidden, np.float32(0.25), np.float32(1))


def _photographed(rng: np.random.Generator, light: Array) -> npt.NDArray[np.uint8]:
    """Exposure, colour of the light, blur and noise of a camera."""
    exposed = light * (rng.uniform(0.3, 0.55) / (np.median(light) + 1e-3))
    tinted = exposed * np.exp(rng.normal(0, 0.05, 3))
    picture = np.clip(tinted, 0, 1) ** (1 / 2.2 * np.exp(rng.normal(0, 0.12)))
    picture = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), rng.uniform(0.4, 0.9))
    noisy = picture + rng.normal(0, rng.uniform(0, 0.03), picture.shape)
    return np.asarray(np.clip(noisy * 255 + 0.5, 0, 255), np.uint8)
