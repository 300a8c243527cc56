"""Shading of visible pixels only, from triangle numbers and barycentrics."""

from __future__ import annotations

import math

import numba as nb

from edgereg_training.render import materials as m

# numba reads module constants as they are at compile time.
_EYE, _BROW, _HAIR, _NECK, _LASH = m.EYE, m.BROW, m.HAIR, m.NECK, m.LASH
_TOP, _BOTTOM, _HAT, _SCALP = m.TOP, m.BOTTOM, m.HAT, m.SCALP


@nb.njit(cache=True, fastmath=True, inline="always")
def _atlas(skin, u, v):  # type: ignore[no-untyped-def]
    """Bilinear linear-light colour at texel (u,v) of a uint8 gamma-2 atlas."""
    u = min(max(u - 0.5, 0.0), skin.shape[1] - 1.001)
    v = min(max(v - 0.5, 0.0), skin.shape[0] - 1.001)
    i, j = int(u), int(v)
    f, g = u - i, v - j
    a, b, c, d = (1 - f) * (1 - g), f * (1 - g), (1 - f) * g, f * g
    scale = 1.0 / 255.0
    red = (a * skin[j, i, 0] + b * skin[j, i + 1, 0] + c * skin[j + 1, i, 0]
           + d * skin[j + 1, i + 1, 0]) * scale  # fmt: skip
    green = (a * skin[j, i, 1] + b * skin[j, i + 1, 1] + c * skin[j + 1, i, 1]
             + d * skin[j + 1, i + 1, 1]) * scale  # fmt: skip
    blue = (a * skin[j, i, 2] + b * skin[j, i + 1, 2] + c * skin[j + 1, i, 2]
            + d * skin[j + 1, i + 1, 2]) * scale  # fmt: skip
    return red * red, green * green, blue * blue


@nb.njit(cache=True, fastmath=True, inline="always")
def _iris(cosine, iris):  # type: ignore[no-untyped-def]
    """Colour of the eyeball at an angle from the gaze."""
    if cosine > 0.955:
        return 0.006, 0.006, 0.006
    if cosine > 0.83:
        glow = 0.55 + 4.5 * (cosine - 0.83)
        return iris[0] * glow, iris[1] * glow, iris[2] * glow
    if cosine > 0.81:
        return 0.08, 0.07, 0.07
    return 0.6, 0.56, 0.53


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


@nb.njit(cache=True, fastmath=True)
def shade(  # type: ignore[no-untyped-def]  # noqa: C901
    face, bary, points, normals, occlusion, rest, triangles, uv, material, tangents, skin, bump,
    palette, gloss, streaks, cloth, eye_centres, gaze, iris, head, eye, directions, colours,
    ambient, gloss_scale, light_points, shadow, bias, out,
):  # fmt: skip
    """Write linear colour and coverage float32 [H,W,4] of each covered pixel to `out`.

    Empty pixels become zero. points, normals: view space; rest: rest pose; head [3,3]: the
    head's rotation; eye [3]: the camera; light_points [V,3]: see `raster.light_view`; shadow
    [S,S] depth seen by the first lamp; bias: its tolerance.
    """
    height, width = face.shape
    lamps = directions.shape[0]
    for y in range(height):
        for x in range(width):
            t = face[y, x]
            if t < 0:
                out[y, x, 0] = 0.0
                out[y, x, 1] = 0.0
                out[y, x, 2] = 0.0
                out[y, x, 3] = 0.0
                continue
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            q0, q1 = bary[y, x, 0], bary[y, x, 1]
            q2 = 1 - q0 - q1
            kind = material[t]
            nx = normals[a, 0] * q0 + normals[b, 0] * q1 + normals[c, 0] * q2
            ny = normals[a, 1] * q0 + normals[b, 1] * q1 + normals[c, 1] * q2
            nz = normals[a, 2] * q0 + normals[b, 2] * q1 + normals[c, 2] * q2
            vx = eye[0] - (points[a, 0] * q0 + points[b, 0] * q1 + points[c, 0] * q2)
            vy = eye[1] - (points[a, 1] * q0 + points[b, 1] * q1 + points[c, 1] * q2)
            vz = eye[2] - (points[a, 2] * q0 + points[b, 2] * q1 + points[c, 2] * q2)
            view = 1 / math.sqrt(vx * vx + vy * vy + vz * vz)
            vx *= view
            vy *= view
            vz *= view
            open_sky = occlusion[a] * q0 + occlusion[b] * q1 + occlusion[c] * q2
            red, green, blue = palette[kind, 0], palette[kind, 1], palette[kind, 2]
            strength, power = gloss[kind, 0] * gloss_scale, gloss[kind, 1]
            u = uv[t, 0, 0] * q0 + uv[t, 1, 0] * q1 + uv[t, 2, 0] * q2
            v = uv[t, 0, 1] * q0 + uv[t, 1, 1] * q1 + uv[t, 2, 1] * q2
            wrap = 0.0
            if kind == 0:
                red, green, blue = _atlas(skin, u, v)
                i = min(max(int(u), 0), bump.shape[1] - 1)
                j = min(max(int(v), 0), bump.shape[0] - 1)
                su, sv = bump[j, i, 0], bump[j, i, 1]
                hx = su * tangents[t, 0, 0] + sv * tangents[t, 1, 0]
                hy = su * tangents[t, 0, 1] + sv * tangents[t, 1, 1]
                hz = su * tangents[t, 0, 2] + sv * tangents[t, 1, 2]
                nx -= head[0, 0] * hx + head[0, 1] * hy + head[0, 2] * hz
                ny -= head[1, 0] * hx + head[1, 1] * hy + head[1, 2] * hz
                nz -= head[2, 0] * hx + head[2, 1] * hy + head[2, 2] * hz
                wrap = 0.3
            elif kind == _EYE:
                rx = rest[a, 0] * q0 + rest[b, 0] * q1 + rest[c, 0] * q2
                k = 0 if rx > 0 else 1
                rx -= eye_centres[k, 0]
                ry = rest[a, 1] * q0 + rest[b, 1] * q1 + rest[c, 1] * q2 - eye_centres[k, 1]
                rz = rest[a, 2] * q0 + rest[b, 2] * q1 + rest[c, 2] * q2 - eye_centres[k, 2]
                cosine = rx * gaze[0] + ry * gaze[1] + rz * gaze[2]
                cosine /= math.sqrt(rx * rx + ry * ry + rz * rz + 1e-12)
                red, green, blue = _iris(cosine, iris)
                open_sky *= 0.8
            elif kind in (_BROW, _HAIR, _LASH, _SCALP):
                s = streaks[int(v * 256) % 256, int(u * 256) % 256]
                red *= s
                green *= s
                blue *= s
                strength *= s
                wrap = 0.25
            elif kind in (_TOP, _BOTTOM, _HAT):
                i, j = int(u * 256) % 256, int((1 - v) * 128) % 128
                red *= cloth[j, i, 0] * cloth[j, i, 0] / 16384.0
                green *= cloth[j, i, 1] * cloth[j, i, 1] / 16384.0
                blue *= cloth[j, i, 2] * cloth[j, i, 2] / 16384.0
                red, green, blue = min(red, 0.95), min(green, 0.95), min(blue, 0.95)
                wrap = 0.1
            elif kind == _NECK:
                wrap = 0.3
            scale = 1 / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
            nx *= scale
            ny *= scale
            nz *= scale
            facing = nx * vx + ny * vy + nz * vz
            if facing < 0 and kind != 0:
                nx, ny, nz, facing = -nx, -ny, -nz, -facing
            lr = ambient[0, 0] + ambient[0, 1] * nx + ambient[0, 2] * ny + ambient[0, 3] * nz
            lg = ambient[1, 0] + ambient[1, 1] * nx + ambient[1, 2] * ny + ambient[1, 3] * nz
            lb = ambient[2, 0] + ambient[2, 1] * nx + ambient[2, 2] * ny + ambient[2, 3] * nz
            lr = max(lr, 0.0) * open_sky
            lg = max(lg, 0.0) * open_sky
            lb = max(lb, 0.0) * open_sky
            # Grazing skin and cloth reflect more of their surroundings: less like plastic.
            rim = (1 - max(facing, 0.0)) ** 4 * 0.12 * open_sky * strength * 8
            sr = rim * ambient[0, 0]
            sg = rim * ambient[1, 0]
            sb = rim * ambient[2, 0]
            soft = math.sqrt(open_sky)
            for k in range(lamps):
                dx, dy, dz = directions[k, 0], directions[k, 1], directions[k, 2]
                dot = nx * dx + ny * dy + nz * dz
                if dot < -wrap:
                    continue
                lit = soft
                if k == 0:
                    px = light_points[a, 0] * q0 + light_points[b, 0] * q1 + light_points[c, 0] * q2
                    py = light_points[a, 1] * q0 + light_points[b, 1] * q1 + light_points[c, 1] * q2
                    pz = light_points[a, 2] * q0 + light_points[b, 2] * q1 + light_points[c, 2] * q2
                    lit *= _lit(shadow, px, py, pz + bias)
                # Light seeps through skin past the terminator, red the farthest.
                dr = max(0.0, (dot + wrap) / (1 + wrap)) * lit
                dg = max(0.0, (dot + wrap * 0.45) / (1 + wrap * 0.45)) * lit
                db = max(0.0, (dot + wrap * 0.35) / (1 + wrap * 0.35)) * lit
                lr += colours[k, 0] * dr
                lg += colours[k, 1] * dg
                lb += colours[k, 2] * db
                if dot > 0 and strength > 0:
                    hx, hy, hz = dx + vx, dy + vy, dz + vz
                    half = 1 / math.sqrt(hx * hx + hy * hy + hz * hz + 1e-9)
                    near = max(0.0, (nx * hx + ny * hy + nz * hz) * half)
                    spot = strength * near**power * lit
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
