"""The z-buffer: triangle numbers and perspective-correct barycentrics of visible pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba as nb
import numpy as np

from edgereg_training.render.geometry import Array


@dataclass(frozen=True)
class Buffers:
    """depth [H,W] float32 (1/z, larger is nearer, 0 empty), face [H,W] int32 (-1 empty),
    bary [H,W,2] float32 weights of the first two corners."""

    depth: Array
    face: Array
    bary: Array


def make_buffers(height: int, width: int) -> Buffers:
    """Empty buffers of a size in pixels."""
    return Buffers(
        np.zeros((height, width), np.float32),
        np.full((height, width), -1, np.int32),
        np.zeros((height, width, 2), np.float32),
    )


@nb.njit(cache=True, fastmath=True)
def _opaque(layer, uv, t, q0, q1, alphas):  # type: ignore[no-untyped-def]
    q2 = 1.0 - q0 - q1
    u = uv[t, 0, 0] * q0 + uv[t, 1, 0] * q1 + uv[t, 2, 0] * q2
    v = uv[t, 0, 1] * q0 + uv[t, 1, 1] * q1 + uv[t, 2, 1] * q2
    height, width = alphas.shape[1], alphas.shape[2]
    column = int(u * width) % width
    row = int((1.0 - v) * height) % height
    return alphas[layer, row, column] > 127


@nb.njit(cache=True, fastmath=True)
def rasterise(  # type: ignore[no-untyped-def]  # noqa: C901
    screen, triangles, count, one_sided, layer, uv, alphas, depth, face, bary
):
    """Draw the first `count` triangles into the buffers, which it clears.

    screen [V,3] float32 (x, y in px, 1/z); triangles [T,3]; one_sided [T] uint8: drop faces
    seen from behind; layer [T] int16: alpha texture to test, -1 for none; uv [T,3,2];
    alphas [A,h,w] uint8, opaque above 127.
    """
    height, width = depth.shape
    depth[:] = 0.0
    face[:] = -1
    for t in range(count):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, y0, z0 = screen[a, 0], screen[a, 1], screen[a, 2]
        x1, y1, z1 = screen[b, 0], screen[b, 1], screen[b, 2]
        x2, y2, z2 = screen[c, 0], screen[c, 1], screen[c, 2]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if one_sided[t]:
            # y points down on the screen, so a face seen from the front has negative area.
            if area >= -1e-9:
                continue
        elif abs(area) < 1e-9:
            continue
        left = max(0, math.ceil(min(x0, x1, x2) - 0.5))
        right = min(width - 1, math.floor(max(x0, x1, x2) - 0.5))
        top = max(0, math.ceil(min(y0, y1, y2) - 0.5))
        bottom = min(height - 1, math.floor(max(y0, y1, y2) - 0.5))
        if left > right or top > bottom or z0 <= 0.0 or z1 <= 0.0 or z2 <= 0.0:
            continue
        inverse = 1.0 / area
        step0 = (y1 - y2) * inverse
        step1 = (y2 - y0) * inverse
        px = left + 0.5
        for y in range(top, bottom + 1):
            py = y + 0.5
            w0 = ((x1 - px) * (y2 - py) - (x2 - px) * (y1 - py)) * inverse
            w1 = ((x2 - px) * (y0 - py) - (x0 - px) * (y2 - py)) * inverse
            for x in range(left, right + 1):
                w2 = 1.0 - w0 - w1
                if w0 >= 0.0 and w1 >= 0.0 and w2 >= 0.0:
                    z = w0 * z0 + w1 * z1 + w2 * z2
                    if z > depth[y, x]:
                        q0, q1 = w0 * z0 / z, w1 * z1 / z
                        if layer[t] < 0 or _opaque(layer[t], uv, t, q0, q1, alphas):
                            depth[y, x] = z
                            face[y, x] = t
                            bary[y, x, 0] = q0
                            bary[y, x, 1] = q1
                w0 += step0
                w1 += step1


@nb.njit(cache=True, fastmath=True)
def rasterise_depth(  # type: ignore[no-untyped-def]
    screen, triangles, count, one_sided, layer, uv, alphas, depth
):
    """As `rasterise`, of an orthographic view, and only the depth: shadow maps and occlusion."""
    height, width = depth.shape
    depth[:] = 0.0
    for t in range(count):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, y0, z0 = screen[a, 0], screen[a, 1], screen[a, 2]
        x1, y1, z1 = screen[b, 0], screen[b, 1], screen[b, 2]
        x2, y2, z2 = screen[c, 0], screen[c, 1], screen[c, 2]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area > -1e-9 and (one_sided[t] or area < 1e-9):
            continue
        left = max(0, math.ceil(min(x0, x1, x2) - 0.5))
        right = min(width - 1, math.floor(max(x0, x1, x2) - 0.5))
        top = max(0, math.ceil(min(y0, y1, y2) - 0.5))
        bottom = min(height - 1, math.floor(max(y0, y1, y2) - 0.5))
        if left > right or top > bottom:
            continue
        inverse = 1.0 / area
        step0 = (y1 - y2) * inverse
        step1 = (y2 - y0) * inverse
        for y in range(top, bottom + 1):
            w0 = ((x1 - left - 0.5) * (y2 - y - 0.5) - (x2 - left - 0.5) * (y1 - y - 0.5)) * inverse
            w1 = ((x2 - left - 0.5) * (y0 - y - 0.5) - (x0 - left - 0.5) * (y2 - y - 0.5)) * inverse
            for x in range(left, right + 1):
                w2 = 1.0 - w0 - w1
                if w0 >= 0.0 and w1 >= 0.0 and w2 >= 0.0:
                    z = w0 * z0 + w1 * z1 + w2 * z2
                    if z > depth[y, x] and (
                        layer[t] < 0 or _opaque(layer[t], uv, t, w0, w1, alphas)
                    ):
                        depth[y, x] = z
                w0 += step0
                w1 += step1


@nb.njit(cache=True, fastmath=True)
def bounds(screen, index):  # type: ignore[no-untyped-def]
    """x1, y1, x2, y2 of the points [n] of screen [V,3]."""
    x1 = y1 = np.inf
    x2 = y2 = -np.inf
    for k in range(len(index)):
        x, y = screen[index[k], 0], screen[index[k], 1]
        x1, x2 = min(x1, x), max(x2, x)
        y1, y2 = min(y1, y), max(y2, y)
    return x1, y1, x2, y2


@nb.njit(cache=True, fastmath=True)
def transform(points, normals, weights, rotations, count, out_points, out_normals):  # type: ignore[no-untyped-def]
    """Rotate the first `count` points and normals by the rotation their weight selects.

    weights [V] in [0,1] run along rotations [K,3,3]; between two entries they are mixed.
    """
    last = rotations.shape[0] - 1
    for i in range(count):
        t = weights[i] * last
        k = min(int(t), last - 1)
        f = t - k
        for row in range(3):
            p = np.float32(0.0)
            n = np.float32(0.0)
            for col in range(3):
                m = rotations[k, row, col] * (1 - f) + rotations[k + 1, row, col] * f
                p += m * points[i, col]
                n += m * normals[i, col]
            out_points[i, row] = p
            out_normals[i, row] = n


@nb.njit(cache=True, fastmath=True)
def project(points, count, distance, focal, centre_x, centre_y, screen):  # type: ignore[no-untyped-def]
    """Perspective: screen (x px, y px, 1/z) of the first `count` points in view space.

    The camera sits on the z axis at `distance` (dm), looking back to the origin, which lands on
    (centre_x, centre_y); `focal` is in px.
    """
    for i in range(count):
        z = distance - points[i, 2]
        if z < 0.05 * distance:
            # Behind or too near the camera: marked, and such triangles are dropped.
            screen[i, 2] = 0.0
            continue
        inverse = 1.0 / z
        screen[i, 0] = centre_x + focal * points[i, 0] * inverse
        screen[i, 1] = centre_y - focal * points[i, 1] * inverse
        screen[i, 2] = inverse


@nb.njit(cache=True, fastmath=True)
def light_view(points, count, direction, half, size, screen):  # type: ignore[no-untyped-def]
    """Orthographic view along a light: screen (x px, y px, depth with larger nearer to it).

    The cube of half side `half` dm about the origin fills `size` px; the depth is 1 at the
    origin and grows by 0.4 per `half`.
    """
    dx, dy, dz = direction[0], direction[1], direction[2]
    # u = (0,1,0.01) x d keeps clear of a vertical light.
    ux, uy, uz = dz - 0.01 * dy, 0.01 * dx, -dx
    length = 1.0 / math.sqrt(ux * ux + uy * uy + uz * uz + 1e-12)
    ux, uy, uz = ux * length, uy * length, uz * length
    wx, wy, wz = dy * uz - dz * uy, dz * ux - dx * uz, dx * uy - dy * ux
    scale = size / (2.0 * half)
    for i in range(count):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        screen[i, 0] = size / 2 + (x * ux + y * uy + z * uz) * scale
        screen[i, 1] = size / 2 - (x * wx + y * wy + z * wz) * scale
        screen[i, 2] = 1.0 + 0.4 * (x * dx + y * dy + z * dz) / half
