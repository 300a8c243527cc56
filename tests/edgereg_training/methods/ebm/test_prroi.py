"""PrRoIPool against numerical integration of the bilinear surface, and its properties."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.methods.ebm.prroi import prroi_pool  # noqa: E402

SIZE = 3
SCALE = 0.5


def _hat(t: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1.0 - np.abs(t))


def _surface_mean(feature: np.ndarray, x0: float, x1: float, y0: float, y1: float) -> float:
    """Mean over a rectangle by Gauss-Legendre between the integer kinks of the surface."""
    nodes, weights = np.polynomial.legendre.leggauss(4)

    def axis(low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
        inner = [float(k) for k in range(int(np.ceil(low)), int(np.floor(high)) + 1)]
        kinks = np.array([low, *inner, high])
        half = (kinks[1:] - kinks[:-1])[:, None] / 2
        points = (kinks[1:] + kinks[:-1])[:, None] / 2 + half * nodes
        return points.ravel(), (half * weights).ravel()

    xs, wx = axis(x0, x1)
    ys, wy = axis(y0, y1)
    values = (
        _hat(ys[:, None] - np.arange(feature.shape[0]))
        @ feature
        @ _hat(xs[:, None] - np.arange(feature.shape[1])).T
    )
    return float(wy @ values @ wx) / ((x1 - x0) * (y1 - y0))


def _reference(features: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    out = np.zeros((*boxes.shape[:2], features.shape[1], SIZE, SIZE))
    for b, n in np.ndindex(*boxes.shape[:2]):
        x1, y1, x2, y2 = boxes[b, n] * SCALE
        xs, ys = np.linspace(x1, x2, SIZE + 1), np.linspace(y1, y2, SIZE + 1)
        for c, i, j in np.ndindex(features.shape[1], SIZE, SIZE):
            out[b, n, c, i, j] = _surface_mean(features[b, c], xs[j], xs[j + 1], ys[i], ys[i + 1])
    return out


@pytest.fixture
def case() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    features = rng.normal(size=(2, 2, 6, 7))
    corner = rng.uniform(-3, 8, (2, 3, 2))  # some boxes reach outside the map
    return features, np.concatenate([corner, corner + rng.uniform(0.5, 9, (2, 3, 2))], axis=-1)


def test_output_is_the_integral_of_the_bilinear_surface(
    case: tuple[np.ndarray, np.ndarray],
) -> None:
    features, boxes = case
    got = prroi_pool(torch.from_numpy(features), torch.from_numpy(boxes), SIZE, SCALE)
    np.testing.assert_allclose(got.numpy(), _reference(features, boxes), atol=1e-9)


def test_box_gradient_is_that_of_the_integral(case: tuple[np.ndarray, np.ndarray]) -> None:
    features, boxes = case
    weight = np.random.default_rng(4).normal(size=(2, 3, 2, SIZE, SIZE))
    leaf = torch.from_numpy(boxes).requires_grad_()
    (
        prroi_pool(torch.from_numpy(features), leaf, SIZE, SCALE) * torch.from_numpy(weight)
    ).sum().backward()
    step = 1e-5
    for index in np.ndindex(*boxes.shape):
        moved = [boxes.copy(), boxes.copy()]
        moved[0][index] += step
        moved[1][index] -= step
        high, low = ((_reference(features, m) * weight).sum() for m in moved)
        assert leaf.grad[index].item() == pytest.approx((high - low) / (2 * step), abs=1e-6)


def test_feature_gradient_is_that_of_the_integral(case: tuple[np.ndarray, np.ndarray]) -> None:
    features, boxes = case
    leaf = torch.from_numpy(features).requires_grad_()
    prroi_pool(leaf, torch.from_numpy(boxes), SIZE, SCALE)[1, 2, 1].sum().backward()
    for index in [(1, 1, 0, 0), (1, 1, 3, 4), (1, 1, 5, 6), (1, 0, 2, 2), (0, 1, 2, 2)]:
        unit = np.zeros_like(features)
        unit[index] = 1  # the pooling is linear in the features
        assert leaf.grad[index].item() == pytest.approx(
            _reference(unit, boxes)[1, 2, 1].sum(), abs=1e-6
        )


def test_unit_bins_are_the_means_of_their_corners() -> None:
    """Seven bins of one cell each: the same as averaging 2 x 2 pixels at stride 1."""
    features = torch.randn(1, 2, 14, 14, dtype=torch.float64)
    boxes = torch.tensor([[[0.0, 0.0, 14.0, 14.0], [14.0, 14.0, 28.0, 28.0]]], dtype=torch.float64)
    got = prroi_pool(features, boxes, 7, 0.5)
    padded = torch.nn.functional.pad(features, (0, 1, 0, 1))
    cells = torch.nn.functional.avg_pool2d(padded, 2, 1)  # a unit bin = mean of its four corners
    torch.testing.assert_close(got[0, 0], cells[0, :, :7, :7])
    torch.testing.assert_close(got[0, 1], cells[0, :, 7:, 7:])


def test_a_box_without_area_gives_zero_and_finite_gradients() -> None:
    boxes = torch.tensor([[[2.0, 2.0, 2.0, 5.0]]], requires_grad=True)
    out = prroi_pool(torch.ones(1, 1, 4, 4), boxes, 2, 1.0)
    out.sum().backward()
    assert torch.equal(out, torch.zeros(1, 1, 1, 2, 2))
    assert torch.isfinite(boxes.grad).all()


def test_a_box_outside_the_map_sees_the_zero_padding() -> None:
    out = prroi_pool(torch.ones(1, 1, 4, 4), torch.tensor([[[50.0, 50.0, 60.0, 60.0]]]), 2, 1.0)
    assert out.abs().max() == 0
