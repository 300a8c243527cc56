"""Faults of pictures: they stay pictures, and the same seed gives the same ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from edgereg_training.regression import faults

FAULTS = (
    faults.shade,
    faults.recolour,
    faults.blur,
    faults.lower_resolution,
    faults.add_noise,
    faults.dither,
    faults.compress,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
def test_faults_keep_shape_and_type_and_most_of_the_picture(fault: Any) -> None:
    base = np.zeros((64, 64, 3), np.uint8)
    base[:, 32:] = 200
    for seed in range(20):
        changed = fault(base, np.random.default_rng(seed))
        assert changed.shape == base.shape
        assert changed.dtype == np.uint8
        assert changed[:, 40:].mean() > changed[:, :24].mean()


def test_all_faults_together_are_reproducible() -> None:
    rng = np.random.default_rng(3)
    crop, other = rng.integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    first, second = (
        [faults.degrade(crop, other, 1.0, np.random.default_rng(s)) for s in range(10)]
        for _ in range(2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_no_strength_no_change() -> None:
    crop = np.full((32, 32, 3), 90, np.uint8)
    assert faults.degrade(crop, crop, 0.0, np.random.default_rng(1)) is crop
