"""Shading of visible pixels only, from triangle numbers and barycentrics."""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from edgereg_training.render import materials as m
from edgereg_training.render.geometry import Array

# numba reads module constants as they are at compile time.
_SKIN, _EYE, _BROW, _HAIR, _NECK, _LASH = m.SKIN, m.EYE, m.BROW, m.HAIR, m.NECK, m.LASH
_TOP, _BOTTOM, _HAT, _SCALP = m.TOP, m.BOTTOM, m.HAT, m.SCALP


class Looks(NamedTuple):
    """A person's arrays, as `Identity` has them; rest are the points in rest pose."""

    rest: Array
    occlusion: Array
    triangles: Array
    uv: Array
    material: Array
    tangents: Array
    skin: Array
    bump: Array
    palette: Array
    gloss: Array
    streaks: Array
    cloth: Array
    eye_centres: Array
    gaze: Array
    iris: Array


class Lamps(NamedTuple):
    """directions, colours, ambient, gloss: see `Light`. points [V,3]: see `raster.light_view`;
    shadow [S,S]: depth seen by the first lamp; bias: its tolerance."""

    directions: Array
    colours: Array
    ambient: Array
    gloss: float
    points: Array
    shadow: Array
    bias: float


@nb.njit(cache=True, fastmath=True, inline="always")
def _mix(values, corners, share):  # type: ignore[no-untyped-def]
    """Three values [V,3] of a triangle's corners, mixed by barycentrics."""
    (a, b, c), (p, q, r) = corners, share
    return (
        values[a, 0] * p + values[b, 0] * q + values[c, 0] * r,
        values[a, 1] * p + values[b, 1] * q + values[c, 1] * r,
        values[a, 2] * p + values[b, 2] * q + values[c, 2] * r,
    )


@nb.njit(cache=True, fastmath=True, inline="always")
def _unit(x, y, z):  # type: ignore[no-untyped-def]
    scale = 1 / math.sqrt(x * x + y * y + z * z + 1e-12)
    return x * scale, y * scale, z * scale


@nb.njit(cache=True, fastmath=True, inline="always")
def atlas(skin, u, v):  # type: ignore[no-untyped-def]
    """Bilinear linear-light colour at texel (u,v) of a uint8 gamma-2 atlas."""
    u = min(max(u - 0.5, 0.0), skin.shape[1] - 1.001)
    v = min(max(v - 0.5, 0.0), skin.shape[0] - 1.001)
    i, j = int(u), int(v)
    f, g = u - i, v - j
    a, b, c, d = (1 - f) * (1 - g), f * (1 - g), (1 - f) * g, f * g
    red = (a * skin[j, i, 0] + b * skin[j, i + 1, 0]
           + c * skin[j + 1, i, 0] + d * skin[j + 1, i + 1, 0]) / 255.0  # fmt: skip
    green = (a * skin[j, i, 1] + b * skin[j, i + 1, 1]
             + c * skin[j + 1, i, 1] + d * skin[j + 1, i + 1, 1]) / 255.0  # fmt: skip
    blue = (a * skin[j, i, 2] + b * skin[j, i + 1, 2]
            + c * skin[j + 1, i, 2] + d * skin[j + 1, i + 1, 2]) / 255.0  # fmt: skip
    return red * red, green * green, blue * blue


@nb.njit(cache=True, fastmath=True, inline="always")
def tilted(bump, tangents, t, u, v, head, normal):  # type: ignore[no-untyped-def]
    """The normal of a skin pixel, tilted by the atlas's bumps, which turn with `head` [3,3]."""
    i = min(max(int(u), 0), bump.shape[1] - 1)
    j = min(max(int(v), 0), bump.shape[0] - 1)
    su, sv = bump[j, i, 0], bump[j, i, 1]
    x = su * tangents[t, 0, 0] + sv * tangents[t, 1, 0]
    y = su * tangents[t, 0, 1] + sv * tangents[t, 1, 1]
    z = su * tangents[t, 0, 2] + sv * tangents[t, 1, 2]
    return (
        normal[0] - head[0, 0] * x - head[0, 1] * y - head[0, 2] * z,
        normal[1] - head[1, 0] * x - head[1, 1] * y - head[1, 2] * z,
        normal[2] - head[2, 0] * x - head[2, 1] * y - head[2, 2] * z,
    )


@nb.njit(cache=True, fastmath=True, inline="always")
def eyeball(rest, eye_centres, gaze, iris, corners, share):  # type: ignore[no-untyped-def]
    """Colour of sclera, iris or pupil by the angle from the gaze."""
    x, y, z = _mix(rest, corners, share)
    k = 0 if x > 0 else 1
    x -= eye_centres[k, 0]
    y -= eye_centres[k, 1]
    z -= eye_centres[k, 2]
    x, y, z = _unit(x, y, z)
    cosine = x * gaze[0] + y * gaze[1] + z * gaze[2]
    if cosine > 0.955:
        return 0.006, 0.006, 0.006
    if cosine > 0.83:
        glow = 0.55 + 4.5 * (cosine - 0.83)
        return iris[0] * glow, iris[1] * glow, iris[2] * glow
    if cosine > 0.81:
        return 0.08, 0.07, 0.07
    return 0.6, 0.56, 0.53


@nb.njit(cache=True, fastmath=True, inline="always")
def _strands(palette, streaks, kind, u, v):  # type: ignore[no-untyped-def]
    """Colour of hair, and how it scales the gloss."""
    s = streaks[int(v * 256) % 256, int(u * 256) % 256]
    return palette[kind, 0] * s, palette[kind, 1] * s, palette[kind, 2] * s, s


@nb.njit(cache=True, fastmath=True, inline="always")
def _fabric(palette, cloth, kind, u, v):  # type: ignore[no-untyped-def]
    """Colour of cloth with its print."""
    j, i = int((1 - v) * 128) % 128, int(u * 256) % 256
    red = palette[kind, 0] * (cloth[j, i, 0] / 128.0) ** 2
    green = palette[kind, 1] * (cloth[j, i, 1] / 128.0) ** 2
    blue = palette[kind, 2] * (cloth[j, i, 2] / 128.0) ** 2
    return min(red, 0.95), min(green, 0.95), min(blue, 0.95)


@nb.njit(cache=True, fastmath=True, inline="always")
def _lit(shadow, x, y, depth):  # type: ignore[no-untyped-def]
    """Share in [0,1] of the four shadow-map texels about (x,y) that the light reaches."""
    size = shadow.shape[0]
    x -= 0.5
    y -= 0.5
    if x < 0.0 or y < 0.0 or x >= size - 1.0 or y >= size - 1.0:
        return 1.0
    i, j = int(x), int(y)
    f, g = x - i, y - j
    out = 0.0
    if depth >= shadow[j, i]:
        out += (1 - f) * (1 - g)
    if depth >= shadow[j, i + 1]:
        out += f * (1 - g)
    if depth >= shadow[j + 1, i]:
        out += (1 - f) * g
    if depth >= shadow[j + 1, i + 1]:
        out += f * g
    return out


@nb.njit(cache=True, fastmath=True, inline="always")
def _surroundings(ambient, normal, sky):  # type: ignore[no-untyped-def]
    """Soft light from all around on a surface that sees the share `sky` of it."""
    x, y, z = normal
    red = ambient[0, 0] + ambient[0, 1] * x + ambient[0, 2] * y + ambient[0, 3] * z
    green = ambient[1, 0] + ambient[1, 1] * x + ambient[1, 2] * y + ambient[1, 3] * z
    blue = ambient[2, 0] + ambient[2, 1] * x + ambient[2, 2] * y + ambient[2, 3] * z
    return max(red, 0.0) * sky, max(green, 0.0) * sky, max(blue, 0.0) * sky


@nb.njit(cache=True, fastmath=True, inline="always")
def lamp(  # type: ignore[no-untyped-def]
    directions, light_points, shadow, bias, k, normal, view, wrap, sheen, corners, share, soft
):
    """Diffuse red, green, blue factors and the highlight of lamp k; sheen: (strength, power)."""
    dx, dy, dz = directions[k, 0], directions[k, 1], directions[k, 2]
    dot = normal[0] * dx + normal[1] * dy + normal[2] * dz
    if dot < -wrap:
        return 0.0, 0.0, 0.0, 0.0
    lit = soft
    if k == 0:
        x, y, z = _mix(light_points, corners, share)
        lit *= _lit(shadow, x, y, z + bias)
    # Red light goes farthest through skin: shadows on faces have warm borders.
    red = max(0.0, (dot + wrap) / (1 + wrap)) * lit
    green = max(0.0, (dot + wrap * 0.45) / (1 + wrap * 0.45)) * lit
    blue = max(0.0, (dot + wrap * 0.35) / (1 + wrap * 0.35)) * lit
    if dot <= 0 or sheen[0] <= 0:
        return red, green, blue, 0.0
    x, y, z = _unit(dx + view[0], dy + view[1], dz + view[2])
    near = max(0.0, normal[0] * x + normal[1] * y + normal[2] * z)
    return red, green, blue, sheen[0] * near ** sheen[1] * lit


@nb.njit(cache=True, fastmath=True, inline="always")
def stuff(palette, streaks, cloth, kind, u, v):  # type: ignore[no-untyped-def]
    """Colour of hair, cloth and plain materials, the scale of their gloss, and how far light
    seeps past the terminator."""
    red, green, blue = palette[kind, 0], palette[kind, 1], palette[kind, 2]
    shine, wrap = np.float32(1.0), 0.0
    if kind == _NECK:
        wrap = 0.3
    elif kind in (_BROW, _HAIR, _LASH, _SCALP):
        red, green, blue, shine = _strands(palette, streaks, kind, u, v)
        wrap = 0.25
    elif kind in (_TOP, _BOTTOM, _HAT):
        red, green, blue = _fabric(palette, cloth, kind, u, v)
        wrap = 0.1
    return red, green, blue, shine, wrap


@nb.njit(cache=True, fastmath=True)
def shade(face, bary, points, normals, looks, lamps, head, eye, out):  # type: ignore[no-untyped-def]
    """Write linear colour and coverage float32 [H,W,4] of each covered pixel to `out`.

    Empty pixels become zero. points, normals [V,3]: view space; looks: `Looks`; lamps: `Lamps`;
    head [3,3]: the head's rotation; eye [3]: the camera.
    """
    # Unpacked once: reading a tuple's arrays at each pixel would count references each time.
    rest, occlusion, triangles, uv, material, tangents, skin, bump = looks[:8]
    palette, gloss, streaks, cloth, eye_centres, gaze, iris = looks[8:]
    directions, colours, ambient, gloss_scale, light_points, shadow, bias = lamps
    for y in range(face.shape[0]):
        for x in range(face.shape[1]):
            t = face[y, x]
            if t < 0:
                for channel in range(4):
                    out[y, x, channel] = 0.0
                continue
            p, q = bary[y, x, 0], bary[y, x, 1]
            r = 1 - p - q
            share = (p, q, r)
            corners = (triangles[t, 0], triangles[t, 1], triangles[t, 2])
            kind = material[t]
            u = uv[t, 0, 0] * p + uv[t, 1, 0] * q + uv[t, 2, 0] * r
            v = uv[t, 0, 1] * p + uv[t, 1, 1] * q + uv[t, 2, 1] * r
            px, py, pz = _mix(points, corners, share)
            view = _unit(eye[0] - px, eye[1] - py, eye[2] - pz)
            normal = _mix(normals, corners, share)
            if kind == _SKIN:
                normal = tilted(bump, tangents, t, u, v, head, normal)
                red, green, blue = atlas(skin, u, v)
                shine, wrap = np.float32(1.0), 0.3
            elif kind == _EYE:
                red, green, blue = eyeball(rest, eye_centres, gaze, iris, corners, share)
                shine, wrap = np.float32(1.0), 0.0
            else:
                red, green, blue, shine, wrap = stuff(palette, streaks, cloth, kind, u, v)
            nx, ny, nz = _unit(normal[0], normal[1], normal[2])
            facing = nx * view[0] + ny * view[1] + nz * view[2]
            if facing < 0 and kind != _SKIN:
                nx, ny, nz, facing = -nx, -ny, -nz, -facing
            sky = occlusion[corners[0]] * p + occlusion[corners[1]] * q + occlusion[corners[2]] * r
            sheen = (gloss[kind, 0] * gloss_scale * shine, gloss[kind, 1])
            lr, lg, lb = _surroundings(ambient, (nx, ny, nz), sky)
            # Grazing skin and cloth reflect more of their surroundings: less like plastic.
            rim = (1 - max(facing, 0.0)) ** 4 * sky * sheen[0]
            sr, sg, sb = rim * ambient[0, 0], rim * ambient[1, 0], rim * ambient[2, 0]
            soft = math.sqrt(sky)
            for k in range(directions.shape[0]):
                dr, dg, db, spot = lamp(
                    directions, light_points, shadow, bias, k, (nx, ny, nz), view, wrap, sheen,
                    corners, share, soft,
                )  # fmt: skip
                lr += colours[k, 0] * dr
                lg += colours[k, 1] * dg
                lb += colours[k, 2] * db
                sr += colours[k, 0] * spot
                sg += colours[k, 1] * spot
                sb += colours[k, 2] * spot
            out[y, x, 0] = red * lr + sr
            out[y, x, 1] = green * lg + sg
            out[y, x, 2] = blue * lb + sb
            out[y, x, 3] = 1.0


@nb.njit(cache=True, fastmath=True)
def composite(layer, factor, exposure, canvas, left, top, cover):  # type: ignore[no-untyped-def]
    """Average `factor` x `factor` samples of layer [h*f,w*f,4] and lay them on canvas [H,W,3].

    The canvas holds linear light; (left, top) is the layer's corner in it, and the layer must lie
    inside. cover [h,w] receives the coverage in [0,1].
    """
    height, width = layer.shape[0] // factor, layer.shape[1] // factor
    share = 1.0 / (factor * factor)
    for y in range(height):
        for x in range(width):
            red, green, blue, alpha = 0.0, 0.0, 0.0, 0.0
            for j in range(y * factor, (y + 1) * factor):
                for i in range(x * factor, (x + 1) * factor):
                    # Clipped before averaging, so that highlights do not make jagged edges.
                    red += min(layer[j, i, 0] * exposure, 1.5)
                    green += min(layer[j, i, 1] * exposure, 1.5)
                    blue += min(layer[j, i, 2] * exposure, 1.5)
                    alpha += layer[j, i, 3]
            alpha *= share
            cover[y, x] = alpha
            if alpha > 0:
                cy, cx = y + top, x + left
                canvas[cy, cx, 0] = canvas[cy, cx, 0] * (1 - alpha) + red * share
                canvas[cy, cx, 1] = canvas[cy, cx, 1] * (1 - alpha) + green * share
                canvas[cy, cx, 2] = canvas[cy, cx, 2] * (1 - alpha) + blue * share
