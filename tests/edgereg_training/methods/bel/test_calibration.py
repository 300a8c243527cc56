"""Calibrated densities: intervals that hold their share on examples of both kinds."""

from __future__ import annotations

import torch
from edgereg_training.methods.bel.calibrated import CalibratedHead, calibrated, kernels
from edgereg_training.methods.bel.calibration import (
    Held,
    calibrate,
    coverage,
    covered,
    fit_blur,
    temperatures,
)
from edgereg_training.methods.bel.head import BelSettings
from edgereg_training.methods.method import FeatureShape

from edgereg.core.model_spec import Target

LEVELS = 81


def gaussians(count: int, claimed: float, true: float, seed: int) -> Held:
    """Densities of one number, `claimed` levels wide, about labels that err by `true` levels."""
    rng = torch.Generator().manual_seed(seed)
    middle = 40 + 4 * torch.randn(count, 1, generator=rng)
    levels = torch.arange(LEVELS, dtype=torch.float32)
    scores = -0.5 * ((levels - middle) / claimed).square()
    labels = middle + true * torch.randn(count, 1, generator=rng)
    return Held(scores[:, None], labels[..., None].expand(-1, -1, 2))


def share(held: Held, numbers: dict[str, torch.Tensor]) -> float:
    p = calibrated(held.scores, numbers["temperature"], numbers["slope"], None)
    return float(coverage(p, held.labels))


def test_one_kind_is_calibrated_by_its_temperature() -> None:
    held = gaussians(2000, claimed=2.0, true=4.0, seed=0)
    found = temperatures([held])
    assert found["slope"] == 0
    assert abs(float(found["temperature"]) - 4.0) < 0.5  # a variance four times as large
    assert abs(share(held, found) - 0.9) < 0.01


def test_two_kinds_are_calibrated_together_where_one_temperature_can_not() -> None:
    sharp, wide = gaussians(1500, 2.0, 1.4, seed=1), gaussians(1500, 6.0, 7.5, seed=2)
    for kinds in ([sharp, wide], [wide, sharp]):
        found = temperatures(kinds)
        assert found["slope"] > 0.5
        for kind in kinds:
            assert abs(share(kind, found) - 0.9) < 0.02
    alone = temperatures([sharp])
    assert share(wide, alone) < 0.7


def test_unknown_labels_leave_the_numbers_alone() -> None:
    held = gaussians(50, 2.0, 2.0, seed=3)
    unknown = Held(held.scores, torch.full_like(held.labels, torch.nan))
    found = temperatures([unknown, unknown])
    assert found["temperature"] == 1
    assert found["slope"] == 0
    one = temperatures([held, unknown])
    assert one["slope"] == 0
    assert one["temperature"] == temperatures([held])["temperature"]


def test_a_kernel_widens_narrow_densities_most() -> None:
    held = gaussians(2000, claimed=1.0, true=3.0, seed=4)
    blur = fit_blur(held, torch.ones(1))
    assert abs(float(blur) - 8**0.5) < 0.3  # variances add: 1 + 8 = 9
    p = calibrated(held.scores, torch.ones(1), torch.zeros(1), blur)
    assert abs(float(coverage(p, held.labels)) - 0.9) < 0.01
    assert torch.allclose(p.sum(-1), torch.ones(1))
    assert torch.allclose(kernels(torch.zeros(2), 7), torch.eye(7).expand(2, 7, 7), atol=1e-6)


def test_of_an_interval_as_label_a_part_can_be_covered() -> None:
    low, high = torch.zeros(2), torch.full((2,), 5.0)
    exact = torch.tensor([[2.0, 2.0], [7.0, 7.0]])
    assert covered(low, high, exact).tolist() == [1, 0]
    parts = covered(low, high, torch.tensor([[0.0, 10.0], [6.0, 8.0]]))
    assert parts.tolist() == [0.5, 0]
    assert covered(low, high, torch.full((2, 2), torch.nan)).isnan().all()


def test_targets_of_different_levels_are_calibrated_each() -> None:
    targets = tuple(
        Target(name=name, unit="", low=0.0, high=high) for name, high in (("a", 40.0), ("b", 90.0))
    )
    torch.manual_seed(0)
    plain = BelSettings(code="U", step=1.0, theta=None).head(FeatureShape(8), targets)
    head, features = CalibratedHead(plain).eval(), torch.randn(200, 8)
    with torch.no_grad():
        before = head.density(features)
        assert all(
            torch.allclose(a, b)
            for a, b in zip(
                before.probabilities, plain.density(features).probabilities, strict=True
            )
        )
        low, high = before.interval(0.5)
        labels = torch.rand(200, 2) * (high - low) + low
        calibrate(head, [features], [labels[..., None].expand(-1, -1, 2)], temperatures)
        assert (head.temperature < 1).all()
        low, high = head.density(features).interval(0.9)
        assert torch.equal(head.value(features), plain.value(features))
    held = ((low <= labels) & (labels <= high)).float().mean(0)
    assert (held - 0.9).abs().max() < 0.03
