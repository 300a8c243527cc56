"""Box arithmetic against the runtime's, and the energy's coordinates."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.detection.boxes import (  # noqa: E402
    from_relative,
    generalised_iou,
    pairwise_iou,
    to_relative,
)

from edgereg.core.geometry import box_iou  # noqa: E402


def _boxes(rng: np.random.Generator, *shape: int) -> np.ndarray:
    corner = rng.uniform(0, 50, (*shape, 2))
    return np.concatenate([corner, corner + rng.uniform(1, 40, (*shape, 2))], axis=-1)


def test_iou_equals_that_of_the_runtime() -> None:
    rng = np.random.default_rng(0)
    a, b = _boxes(rng, 2, 5), _boxes(rng, 2, 3)
    got = pairwise_iou(torch.from_numpy(a), torch.from_numpy(b)).numpy()
    for i in range(2):
        np.testing.assert_allclose(got[i], box_iou(a[i], b[i]), atol=1e-9)


def test_iou_of_empty_boxes_is_zero() -> None:
    assert pairwise_iou(torch.zeros(1, 1, 4), torch.zeros(1, 1, 4)).item() == 0


def test_generalised_iou_is_1_for_equal_boxes_and_falls_with_distance() -> None:
    a = torch.tensor([[0.0, 0.0, 10.0, 10.0]]).repeat(3, 1)
    b = a + torch.tensor([0.0, 20.0, 40.0])[:, None]
    near, far, further = generalised_iou(a, b)
    assert near.item() == pytest.approx(1)
    assert 0 > far > further > -1


def test_relative_coordinates_and_back() -> None:
    """METHODS golden check 16."""
    boxes = torch.from_numpy(_boxes(np.random.default_rng(1), 4, 6))
    size = torch.tensor([17.0, 23.0], dtype=torch.float64)
    back = from_relative(to_relative(boxes, size), size)
    torch.testing.assert_close(back, boxes, atol=1e-6, rtol=0)


def test_relative_coordinates_are_those_of_the_paper() -> None:
    y = to_relative(torch.tensor([10.0, 20.0, 30.0, 60.0]), torch.tensor([20.0, 40.0]))
    np.testing.assert_allclose(y, [1, 1, np.log(20), np.log(40)], rtol=1e-6)
