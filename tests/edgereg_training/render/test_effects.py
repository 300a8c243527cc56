"""Backgrounds, light and camera faults."""

from __future__ import annotations

import numpy as np
from edgereg_training.render.background import background_pool, crop_background
from edgereg_training.render.effects import develop, motion_kernel, palette
from edgereg_training.render.lighting import draw_light


def test_pool_is_decided_by_its_seed() -> None:
    a, b = background_pool(3, 2, 48), background_pool(3, 2, 48)
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert not np.array_equal(a[0], background_pool(4, 1, 48)[0])
    assert a[0].shape == (48, 48, 3)


def test_crops_are_linear_light() -> None:
    rng = np.random.default_rng(0)
    crop = crop_background(rng, [np.full((64, 64, 3), 128, np.uint8)], 24)
    assert crop.shape == (24, 24, 3)
    assert 0.08 < crop.mean() < 0.5


def test_developed_pictures_are_bytes_of_the_same_size() -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        picture = develop(rng, rng.random((40, 40, 3), np.float32))
        assert picture.shape == (40, 40, 3)
        assert picture.dtype == np.uint8
        assert picture.flags.c_contiguous


def test_palette_has_few_colours() -> None:
    rng = np.random.default_rng(0)
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2).repeat(8, 0)
    assert len(np.unique(palette(rng, ramp))) <= 13


def test_motion_kernel_keeps_brightness() -> None:
    for seed in range(10):
        assert np.isclose(motion_kernel(np.random.default_rng(seed), 9).sum(), 1)


def test_lights_are_unit_directions() -> None:
    for seed in range(30):
        light = draw_light(np.random.default_rng(seed))
        assert np.allclose(np.linalg.norm(light.directions, axis=1), 1, atol=1e-5)
        assert (light.colours >= 0).all()
        assert light.exposure > 0
