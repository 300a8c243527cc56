"""What every method promises, on a small regression problem with one, two and three targets."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import pytest
import torch
from edgereg_training.loop.errors import RecipeError, TrainingError
from edgereg_training.methods.method import FeatureShape, Head
from edgereg_training.methods.registry import METHODS, parse_method
from torch import Tensor

from edgereg.core.model_spec import Target

# Of very different ranges and units, on purpose.
TARGETS = {
    1: (Target(name="age", unit="year", low=0, high=100),),
    2: (
        Target(name="x", unit="px", low=-20, high=620),
        Target(name="y", unit="m", low=0.002, high=0.004),
    ),
    3: (
        Target(name="yaw", unit="degree", low=-75, high=75),
        Target(name="gap", unit="m", low=-1e-3, high=1e-3),
        Target(name="mass", unit="kg", low=500, high=5000),
    ),
}
SHAPES = {"vector": FeatureShape(16), "map": FeatureShape(10, 8, 8)}
NOISE = 0.05
STEPS = 80
CASES = [
    (name, size)
    for name in METHODS
    for size in TARGETS
    if name not in ("heatmap", "bel-h") or size == 2
]
# Those whose family holds the data's noise, Gaussian of one width, at the settings below.
CALIBRATED = ("direct", "gaussian", "mixture", "cvae")
OPTIONS = {
    "direct": {"loss": "l2"},
    "multiclass": {"levels": 32},
    "heatmap": {"sigma": 0.7},
    "bel-h": {"sigma": 0.7},
    "ebm": {"samples": 16, "density_samples": 512},
}
QUANTISING = (
    *("softmax", "multiclass", "hopenet", "or-cnn", "coral", "heatmap"),
    *("bel", "bel-coordinate", "bel-h", "regcls"),
)

every_case = pytest.mark.parametrize(("name", "size"), CASES)


class Examples(NamedTuple):
    features: Tensor
    targets: Tensor


class Trained(NamedTuple):
    head: Head
    before: float
    after: float


def make_head(name: str, size: int) -> Head:
    torch.manual_seed(3)
    settings = parse_method({"name": name, **OPTIONS.get(name, {})})
    takes = "map" if name in ("heatmap", "bel-coordinate", "bel-h") else "vector"
    head = settings.head(SHAPES[takes], TARGETS[size])
    assert head.takes == takes
    return head


@lru_cache
def examples(size: int, takes: str, count: int = 192) -> Examples:
    """Targets in the inner 80 % of their ranges, and features that tell them but for noise."""
    generator = torch.Generator().manual_seed(size)
    place = torch.rand(count, size, generator=generator) * 1.6 - 0.8
    noisy = place + NOISE * torch.randn(place.shape, generator=generator)
    low = torch.tensor([target.low for target in TARGETS[size]])
    high = torch.tensor([target.high for target in TARGETS[size]])
    targets = (low + high) / 2 + (high - low) / 2 * noisy
    weights = torch.randn(size, 16, generator=generator)
    shift = torch.rand(16, generator=generator) * 6
    features = torch.sin(1.5 * place @ weights + shift) * 1.4
    if takes == "vector":
        return Examples(features, targets)
    cells = (torch.arange(8) + 0.5) / 4 - 1
    x, y = place[:, 0], place[:, size - 1]
    across = (-8 * (cells - x[:, None]).square()).exp()
    down = (-8 * (cells - y[:, None]).square()).exp()
    blob = (down[:, :, None] * across[:, None])[:, None]
    rest = features[:, :9, None, None] * torch.ones(8, 8)
    return Examples(torch.cat([blob, rest], dim=1), targets)


@lru_cache
def trained(name: str, size: int) -> Trained:
    """The head after a short training, with its loss on all examples before and after."""
    head = make_head(name, size)
    features, targets = examples(size, head.takes)
    head.fit(features, targets)
    before = loss_of(head, size)
    optimiser = torch.optim.Adam(head.parameters(), lr=0.02)
    generator = torch.Generator().manual_seed(5)
    head.train()
    for step in range(STEPS):
        if step == STEPS * 3 // 4:
            optimiser.param_groups[0]["lr"] = 0.005
        optimiser.zero_grad()
        head.loss(features, targets, generator)["loss"].backward()
        optimiser.step()
    head.eval()
    after = loss_of(head, size)
    head.fit(features, targets)
    return Trained(head, before, after)


def loss_of(head: Head, size: int) -> float:
    features, targets = examples(size, head.takes)
    with torch.no_grad():
        return float(head.loss(features, targets, torch.Generator().manual_seed(1))["loss"])


def reach(size: int) -> Tensor:
    return torch.tensor([(target.high - target.low) / 2 for target in TARGETS[size]])


def middle(size: int) -> Tensor:
    return torch.tensor([(target.high + target.low) / 2 for target in TARGETS[size]])


@every_case
def test_training_lowers_the_loss_and_every_targets_error(name: str, size: int) -> None:
    head, before, after = trained(name, size)
    features, targets = examples(size, head.takes)
    assert after < before - 0.05 * abs(before)
    with torch.no_grad():
        error = ((head.value(features) - targets) / reach(size)).abs().mean(0)
    constant = ((targets - targets.mean(0)) / reach(size)).abs().mean(0)
    assert (error < 0.7 * constant).all()


@every_case
def test_a_new_head_answers_near_the_middle_of_the_range(name: str, size: int) -> None:
    head = make_head(name, size).eval()
    features = examples(size, head.takes).features
    with torch.no_grad():
        # The argmax of a new classifier is arbitrary, its mean is not; of an energy it is the
        # estimate beside it that starts in the middle.
        found = head.value(features) if name == "ebm" else head.density(features).mean()
    assert found.shape == (192, size)
    assert ((found - middle(size)).abs() < 0.4 * reach(size)).all()


@every_case
def test_density_describes_the_targets(name: str, size: int) -> None:
    head = trained(name, size).head
    features, targets = examples(size, head.takes)
    with torch.no_grad():
        density = head.density(features)
        mean, mode, std = density.mean(), density.mode(), density.std()
        logs = density.log_prob(torch.stack([targets, mean], dim=1))
        low, high = density.interval(0.9)
        inner_low, inner_high = density.interval(0.5)
    for found in (mean, mode, std, low, high):
        assert found.shape == targets.shape
        assert found.isfinite().all()
    assert (std > 0).all()
    assert ((mean - middle(size)).abs() < 1.1 * reach(size)).all()
    assert logs.shape == (len(targets), 2)
    assert logs.isfinite().all()
    slack = 1e-5 * reach(size)
    # The mean of a skewed density may lie outside, of few images.
    inside = (low <= mean + slack) & (mean <= high + slack)
    assert (inside.float().mean(0) > (0.95 if name == "ebm" else 0.999)).all()
    assert (low <= inner_low + slack).all()
    assert (inner_high <= high + slack).all()
    covered = ((low <= targets) & (targets <= high)).float().mean(0)
    assert (covered > (0.8 if name in CALIBRATED else 0.5)).all()


@pytest.mark.parametrize("name", [name for name, size in CASES if size == 1])
def test_density_of_one_target_integrates_to_one(name: str) -> None:
    head = trained(name, 1).head
    features = examples(1, head.takes).features[:16]
    # Midpoints of a grid over the range and half a range beyond on both sides, in years.
    width = 200 / 8000
    points = torch.arange(8000, dtype=torch.float32) * width - 50 + width / 2
    with torch.no_grad():
        logs = head.density(features).log_prob(points[None, :, None].expand(16, -1, 1))
    torch.testing.assert_close(logs.exp().sum(1) * width, torch.ones(16), atol=0.01, rtol=0)


@every_case
def test_nan_targets_are_refused_or_seen_in_the_loss(name: str, size: int) -> None:
    head = trained(name, size).head
    features, targets = examples(size, head.takes)
    targets = targets.clone()
    targets[7, size - 1] = float("nan")
    generator = torch.Generator().manual_seed(1)
    if name in QUANTISING:
        with pytest.raises(TrainingError, match="not a finite number"):
            head.loss(features, targets, generator)
    else:
        assert not head.loss(features, targets, generator)["loss"].isfinite()


@every_case
def test_state_round_trip(name: str, size: int) -> None:
    head = trained(name, size).head
    other = make_head(name, size).eval()
    other.load_state_dict(head.state_dict())
    features = examples(size, head.takes).features
    with torch.no_grad():
        torch.testing.assert_close(other.value(features), head.value(features), rtol=0, atol=0)
        mean, again = head.density(features).mean(), other.density(features).mean()
    torch.testing.assert_close(again, mean, rtol=0, atol=0)


@every_case
def test_random_numbers_come_from_the_generator_only(name: str, size: int) -> None:
    head = trained(name, size).head
    torch.manual_seed(11)
    first = loss_of(head, size)
    torch.manual_seed(12)
    assert loss_of(head, size) == first


class ValueOf(torch.nn.Module):
    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head

    def forward(self, features: Tensor) -> Tensor:
        return self.head.value(features)


@pytest.mark.parametrize("name", METHODS)
def test_value_exports_with_a_free_batch_size(name: str) -> None:
    head = trained(name, 2).head
    features = examples(2, head.takes).features
    batch = torch.export.Dim("batch", min=1, max=512)
    # Of the whole, a value that asks for a number of the data can't be exported.
    program = torch.export.export(
        ValueOf(head), (features[:3],), dynamic_shapes={"features": {0: batch}}
    )
    with torch.no_grad():
        expected = head.value(features[:7])
    slack = 1e-4 * reach(2)
    assert ((program.module()(features[:7]) - expected).abs() <= slack).all()


@pytest.mark.parametrize("name", METHODS)
def test_an_unknown_key_is_named(name: str) -> None:
    with pytest.raises(RecipeError, match=f"method '{name}': 'colour'"):
        parse_method({"name": name, "colour": "red"})


@pytest.mark.parametrize("name", METHODS)
def test_an_empty_range_is_refused(name: str) -> None:
    flat = (Target(name="x", unit="px", low=1, high=1), Target(name="y", unit="px", low=0, high=1))
    shape = SHAPES["map" if name in ("heatmap", "bel-coordinate", "bel-h") else "vector"]
    with pytest.raises(ValueError, match="'x' has an empty range"):
        parse_method({"name": name}).head(shape, flat)
