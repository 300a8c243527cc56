"""The method ebm: every trainer learns, densities are normalised, refinement climbs, faults."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from edgereg_training.loop.errors import RecipeError  # noqa: E402
from edgereg_training.methods.ebm.energy import Ascent  # noqa: E402
from edgereg_training.methods.ebm.head import EnergyHead, EnergySettings  # noqa: E402
from edgereg_training.methods.method import FeatureShape  # noqa: E402
from edgereg_training.methods.registry import parse_method  # noqa: E402

from edgereg.core.model_spec import Target  # noqa: E402

AGE = (Target(name="age", unit="year", low=0.0, high=100.0),)
POSE = (
    Target(name="yaw", unit="degree", low=-80.0, high=80.0),
    Target(name="pitch", unit="degree", low=-40.0, high=40.0),
)
BEL = {"name": "bel", "levels": 21}


def head_of(targets: tuple[Target, ...], **options: Any) -> EnergyHead:
    torch.manual_seed(0)
    small = {"target_widths": [8, 8], "hidden": 16, "samples": 32, "density_samples": 256}
    options = {"estimate": None, **small, **options}
    head = parse_method({"name": "ebm", **options}).head(FeatureShape(4), targets)
    assert isinstance(head, EnergyHead)
    return head


def examples(targets: tuple[Target, ...], count: int = 60) -> tuple[Any, Any]:
    """Features [N, 4] whose first two columns tell the targets, within 2 % of the range."""
    generator = torch.Generator().manual_seed(3)
    features = 2 * torch.rand(count, 4, generator=generator) - 1
    low = torch.tensor([target.low for target in targets])
    high = torch.tensor([target.high for target in targets])
    middle = (low + high) / 2 + 0.4 * (high - low) * features[:, : len(targets)]
    noise = 0.02 * torch.randn(middle.shape, generator=generator)
    return features, middle + noise * (high - low)


def trained(head: EnergyHead, steps: int, rate: float = 1e-2) -> tuple[Any, Any]:
    features, wanted = examples(head.targets)
    optimiser = torch.optim.Adam(head.parameters(), rate)
    generator = torch.Generator().manual_seed(5)
    for _ in range(steps):
        loss = head.loss(features, wanted, generator)["loss"]
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return features, wanted


@pytest.mark.parametrize(
    ("trainer", "steps"),
    [("ml-is", 80), ("nce", 80), ("nce+", 80), ("kldis", 80), ("mcmc", 5), ("dsm", 40), ("sm", 40)],
)
def test_every_trainer_pulls_the_energy_s_best_point_to_the_targets(
    trainer: str, steps: int
) -> None:
    # Score matching and short chains see the energy about the targets only.
    wide = trainer in ("dsm", "sm", "mcmc")
    options = {"noise": 4.0, "langevin_length": 4.0, "langevin_steps": 8, "samples": 16}
    head = head_of(AGE, trainer=trainer, sigmas=(0.05, 0.3), **(options if wide else {}))
    before = head.loss(*examples(AGE), torch.Generator().manual_seed(9))["energy"].item()
    features, wanted = trained(head, steps)
    after = head.loss(*examples(AGE), torch.Generator().manual_seed(9))["energy"].item()
    if trainer != "mcmc":  # its value is no loss
        assert after < before
    if trainer in ("ml-is", "nce", "nce+", "kldis"):
        assert (head.value(features) - wanted).abs().mean() < 8


def test_density_of_one_target_is_normalised_and_about_right() -> None:
    head = head_of(AGE)
    features, wanted = trained(head, 150)
    density = head.density(features[:20])
    grid = torch.linspace(0, 100, 2001)[None, :, None].expand(20, -1, -1)
    mass = density.log_prob(grid).exp().sum(1) * 0.05
    assert mass.tolist() == pytest.approx([1.0] * 20, abs=0.01)
    assert (density.mean() - wanted[:20]).abs().mean() < 4
    low, high = density.interval(0.95)
    inside = ((low <= wanted[:20]) & (wanted[:20] <= high)).float().mean()
    assert inside > 0.7
    assert (density.mode() - head.value(features[:20])).abs().max() < 0.2


def test_density_of_two_targets_integrates_to_one() -> None:
    head = head_of(POSE, estimate=BEL, sigmas=(0.05, 0.2), density_samples=1024)
    features, wanted = trained(head, 100)
    density = head.density(features[:4])
    yaw, pitch = torch.arange(-160.0, 161.0, 4.0), torch.arange(-80.0, 81.0, 2.0)
    grid = torch.cartesian_prod(yaw, pitch)[None].expand(4, -1, -1)
    mass = density.log_prob(grid).exp().sum(1) * 8
    assert mass.tolist() == pytest.approx([1.0] * 4, abs=0.1)
    assert (density.mean() - wanted[:4]).abs().mean() < 8
    assert (density.std() > 0).all()
    assert (density.effective() > 0.1).all()


def test_refinement_starts_at_any_estimate_and_never_falls() -> None:
    head = head_of(POSE)
    features, wanted = trained(head, 120)
    generator = torch.Generator().manual_seed(1)
    start = wanted + 6 * torch.randn(wanted.shape, generator=generator)
    found = head.refine(features, start)
    assert found.trajectory.shape == (60, 11, 2)
    assert torch.allclose(found.trajectory[:, 0], start, atol=1e-4)
    assert (found.energy.diff(dim=1) >= 0).all()
    assert not found.trajectory.requires_grad
    how = Ascent(rule="plain", steps=20, step_length=0.05, decay=1.0, best=True)
    better = head.energy().climb(features, start[:, None], how).trajectory[:, 0, -1]
    error, after = (start - wanted).abs().mean(), (better - wanted).abs().mean()
    assert after < 0.9 * error


def test_search_in_two_dimensions_finds_the_peak() -> None:
    head = head_of(POSE)
    features, wanted = trained(head, 120)
    assert (head.value(features) - wanted).abs().mean() < 8


def test_estimate_is_trained_with_the_energy() -> None:
    head = head_of(POSE, estimate=BEL)
    features, wanted = examples(POSE)
    parts = head.loss(features, wanted, torch.Generator())
    assert {"loss", "energy", "estimate"} <= parts.keys()
    assert parts["loss"].item() == pytest.approx((parts["energy"] + parts["estimate"]).item())
    assert head.estimate is not None
    assert torch.equal(head.value(features), head.estimate.value(features))


@pytest.mark.parametrize("to_features", [True, False])
def test_gradient_reaches_the_features_only_if_asked(to_features: bool) -> None:
    head = head_of(AGE, to_features=to_features)
    features, wanted = examples(AGE)
    features.requires_grad_(True)
    loss = head.loss(features, wanted, torch.Generator())["loss"]
    (gradient,) = torch.autograd.grad(loss, features, allow_unused=True)
    assert (gradient is not None) == to_features


def test_maps_are_seen_by_their_mean() -> None:
    head = EnergySettings(estimate=None).head(FeatureShape(4, 3, 3), AGE)
    maps = torch.randn(5, 4, 3, 3)
    assert torch.equal(head.value(maps), head.value(maps.mean((2, 3))))


def test_sigmas_in_units_are_the_same_for_every_target() -> None:
    settings = EnergySettings(sigmas=(1.0, 20.0), in_units=True)
    assert settings.proposal(POSE).sigmas == [[10 / 160, 10 / 80], [200 / 160, 200 / 80]]
    relative = EnergySettings(sigmas=(0.1,))
    assert relative.proposal(POSE).sigmas == [[1.0, 1.0]]


def test_coordinates_in_units_of_the_targets() -> None:
    head = head_of(POSE, unit=20.0, sigmas=[10.0], in_units=True)
    assert head.network.scale.tolist() == [20, 20]
    assert head.proposal.sigmas == [[0.5, 0.5]]
    points = head.scattered[0]
    assert points.abs().amax(0).tolist() == pytest.approx([4, 2], rel=0.01)
    features, wanted = trained(head, 150)
    assert (head.value(features) - wanted).abs().mean() < 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimate": {"name": "ebm"}}, "ebm can't be the estimate of ebm"),
        ({"estimate": {"name": "nothing"}}, "unknown method 'nothing'"),
        ({"sigmas": [0.1, 0.0]}, "sigmas must be positive, not 0"),
        ({"trainer": "magic"}, "'trainer'"),
        ({"refinement": {"rule": "newton"}}, "'refinement.rule'"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse_method({"name": "ebm", **options})


def test_targets_of_another_number_are_refused() -> None:
    head = head_of(AGE)
    with pytest.raises((RuntimeError, ValueError)):
        head.loss(torch.zeros(3, 4), torch.zeros(3, 2), torch.Generator())
