"""The z-buffer against a brute-force test of every pixel and against closed forms."""

from __future__ import annotations

import numpy as np
from edgereg_training.render.geometry import Array
from edgereg_training.render.raster import (
    Buffers,
    light_view,
    make_buffers,
    project,
    rasterise,
    rasterise_depth,
    transform,
)

NO_TEXTURE = np.zeros((1, 1, 1), np.uint8)


def draw(
    screen: Array, triangles: Array, size: int = 32, one_sided: int = 0,
    layer: int = -1, alphas: Array = NO_TEXTURE, uv: Array | None = None,
) -> Buffers:  # fmt: skip
    n = len(triangles)
    buffers = make_buffers(size, size)
    texture = np.zeros((n, 3, 2), np.float32) if uv is None else uv
    rasterise(
        screen, triangles, n, np.full(n, one_sided, np.uint8), np.full(n, layer, np.int16),
        texture, alphas, buffers.depth, buffers.face, buffers.bary,
    )  # fmt: skip
    return buffers


def random_scene(count: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(7)
    screen = rng.uniform(-6, 38, (3 * count, 3)).astype(np.float32)
    screen[:, 2] = rng.uniform(0.1, 1.0, 3 * count)
    return screen, np.arange(3 * count, dtype=np.int32).reshape(-1, 3)


def brute_force(screen: Array, triangles: Array, size: int) -> tuple[Array, Array]:
    """The nearest triangle and its 1/z at each pixel's centre, and how near a border it is."""
    y, x = np.mgrid[0:size, 0:size] + 0.5
    best, face = np.zeros((size, size)), np.full((size, size), -1)
    for t, (a, b, c) in enumerate(screen[triangles].astype(np.float64)):
        area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        w0 = ((b[0] - x) * (c[1] - y) - (c[0] - x) * (b[1] - y)) / area
        w1 = ((c[0] - x) * (a[1] - y) - (a[0] - x) * (c[1] - y)) / area
        w2 = 1 - w0 - w1
        z = w0 * a[2] + w1 * b[2] + w2 * c[2]
        nearer = (w0 >= 0) & (w1 >= 0) & (w2 >= 0) & (z > best)
        best[nearer], face[nearer] = z[nearer], t
    return best, face


def test_agrees_with_brute_force() -> None:
    screen, triangles = random_scene(25)
    buffers = draw(screen, triangles)
    depth, face = brute_force(screen, triangles, 32)
    same = buffers.face == face
    # Rounding may decide a pixel whose centre lies on an edge.
    assert same.mean() > 0.995
    assert np.allclose(buffers.depth[same], depth[same], atol=1e-4)


def test_depth_only_gives_the_same_depth() -> None:
    screen, triangles = random_scene(25)
    depth = np.empty((32, 32), np.float32)
    rasterise_depth(
        screen, triangles, 25, np.zeros(25, np.uint8), np.full(25, -1, np.int16),
        np.zeros((25, 3, 2), np.float32), NO_TEXTURE, depth,
    )  # fmt: skip
    difference = np.abs(depth - draw(screen, triangles).depth)
    assert (difference < 1e-4).mean() > 0.995


def test_right_triangle_covers_the_pixels_below_its_diagonal() -> None:
    screen = np.array([[0, 0, 1], [0, 8, 1], [8, 8, 1]], np.float32)
    buffers = draw(screen, np.array([[0, 1, 2]], np.int32), size=8)
    row, column = np.mgrid[0:8, 0:8]
    assert np.array_equal(buffers.face == 0, column <= row)


def test_barycentrics_are_perspective_correct() -> None:
    screen = np.array([[0, 0, 1.0], [32, 0, 0.25], [0, 32, 0.25]], np.float32)
    buffers = draw(screen, np.array([[0, 1, 2]], np.int32))
    x, y = 4.5, 4.5
    flat = np.array([1 - x / 32 - y / 32, x / 32, y / 32])
    exact = flat * screen[:, 2] / (flat @ screen[:, 2])
    assert np.allclose(buffers.bary[4, 4], exact[:2], atol=1e-5)


def test_one_sided_triangles_vanish_from_behind() -> None:
    screen = np.array([[2, 2, 1], [20, 2, 1], [2, 20, 1]], np.float32)
    front, back = np.array([[0, 2, 1]], np.int32), np.array([[0, 1, 2]], np.int32)
    assert (draw(screen, front, one_sided=1).face == 0).any()
    assert not (draw(screen, back, one_sided=1).face == 0).any()
    assert (draw(screen, back, one_sided=0).face == 0).any()


def test_alpha_texture_cuts_holes() -> None:
    screen = np.array([[0, 0, 1], [0, 64, 1], [64, 0, 1]], np.float32)
    uv = np.array([[[0, 1], [0, -1], [2, 1]]], np.float32)
    alphas = np.zeros((1, 2, 2), np.uint8)
    alphas[0, :, 0] = 255
    face = draw(screen, np.array([[0, 1, 2]], np.int32), layer=0, alphas=alphas, uv=uv).face
    assert (face[:, :15] == 0).all()
    assert (face[:, 17:] == -1).all()


def test_what_is_behind_the_camera_is_not_drawn() -> None:
    points = np.array([[0, 0, 20], [1, 0, 0], [0, 1, 0]], np.float32)
    screen = np.zeros((3, 3), np.float32)
    project(points, 3, 10.0, 100.0, 16.0, 16.0, screen)
    assert screen[0, 2] == 0
    assert (draw(screen, np.array([[0, 1, 2]], np.int32)).face == -1).all()


def test_projection_in_closed_form() -> None:
    points = np.array([[1.0, 2.0, 4.0]], np.float32)
    screen = np.zeros((1, 3), np.float32)
    project(points, 1, 10.0, 30.0, 50.0, 40.0, screen)
    assert np.allclose(screen, [[50 + 30 / 6, 40 - 60 / 6, 1 / 6]])


def test_transform_turns_by_the_neck_weight() -> None:
    points = np.tile(np.array([[1.0, 0, 0]], np.float32), (3, 1))
    turns = np.stack([np.eye(3), np.diag([-1.0, -1.0, 1.0])]).astype(np.float32)
    out, normals = np.empty_like(points), np.empty_like(points)
    weights = np.array([0, 0.5, 1], np.float32)
    transform(points, points, weights, turns, 3, out, normals)
    assert np.allclose(out[:, 0], [1, 0, -1])
    assert np.allclose(normals, out)


def test_light_sees_what_is_nearer_to_it_as_larger() -> None:
    points = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0]], np.float32)
    screen = np.empty_like(points)
    light_view(points, 3, np.array([0, 0, 1], np.float32), 2.0, 64, screen)
    assert screen[1, 2] > screen[0, 2]
    assert np.allclose(screen[0], [32, 32, 1])
    assert screen[2, 1] < screen[0, 1]
