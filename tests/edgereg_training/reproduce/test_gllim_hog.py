"""Support vectors on gradients: a made-up angle is found in pictures of it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("skimage")
pytest.importorskip("sklearn")

from edgereg_training.reproduce.gllim.hog import gradients, support_vectors


def edges(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """An edge through the middle of 24 px, and its angle with noise in the second target."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-60, 60, count)
    rows, columns = np.mgrid[-12:12, -12:12]
    slope = np.radians(angle)[:, None, None]
    side = columns * np.cos(slope) + rows * np.sin(slope) > 0
    images = np.where(side[..., None], 200, 40) + rng.integers(0, 20, (count, 24, 24, 3))
    targets = np.stack([angle, 30 - 2 * angle], axis=1)
    return images.astype(np.uint8), targets.astype(np.float32)


def test_gradients_tell_edges_apart_and_not_brightness() -> None:
    images, _ = edges(3, 0)
    found = gradients(images)
    assert found.shape == (3, 2 * 2 * 4 * 9)
    assert found.dtype == np.float32
    np.testing.assert_allclose(gradients(images // 2), found, atol=0.08)
    assert np.abs(found[0] - found[1]).max() > 0.3


def test_angles_are_learnt_in_the_units_of_each_target() -> None:
    train, validation, (images, targets) = edges(200, 1), edges(50, 2), edges(60, 3)
    predicted = support_vectors(train, validation, images)
    assert predicted.shape == targets.shape
    error = np.abs(predicted - targets).mean(0)
    assert error[0] < 6
    assert error[1] < 12
