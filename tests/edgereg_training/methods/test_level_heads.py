"""Softmax, multiclass, HopeNet, OR-CNN and CORAL: losses and values by hand, proper densities."""

from __future__ import annotations

import math

import pytest
import torch
from edgereg_training.loop.errors import TrainingError
from edgereg_training.methods.baselines.hopenet import HopenetSettings
from edgereg_training.methods.baselines.multiclass import MulticlassSettings
from edgereg_training.methods.baselines.ordinal import OrdinalSettings, level_probabilities
from edgereg_training.methods.baselines.softmax import SoftmaxSettings
from edgereg_training.methods.densities.level_grid import LevelGrid, grid_over
from edgereg_training.methods.method import FeatureShape, Head
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from edgereg.core.model_spec import Target

AGE = (Target(name="age", unit="year", low=0, high=4),)
YAW = (Target(name="yaw", unit="degree", low=-75, high=75),)
ONE = FeatureShape(1)
GENERATOR = torch.Generator()
FEATURES = torch.zeros(1, 1)


def silent(head: Head, logits: list[float]) -> Head:
    """The head with these logits for any features."""
    layer = head.output
    assert isinstance(layer, nn.Linear)
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.copy_(torch.tensor(logits))
    return head


def loss(head: Head, target: float) -> dict[str, float]:
    parts = head.loss(FEATURES, torch.tensor([[target]]), GENERATOR)
    return {name: float(part.detach()) for name, part in parts.items()}


def test_a_grid_goes_from_end_to_end() -> None:
    grid = grid_over((*AGE, *YAW), 5)
    assert grid.level(torch.tensor([[0.4, 75.0], [2.6, -900.0]])).tolist() == [[0, 4], [3, 0]]
    assert grid.value(torch.tensor([4.0, 0.0])).tolist() == [4.0, -75.0]
    with pytest.raises(TrainingError, match="not a finite number"):
        grid.level(torch.tensor([[math.nan, 0.0]]))
    with pytest.raises(ValueError, match="at least 2 levels"):
        LevelGrid((0.0,), (1.0,), 1)


def test_softmax_by_hand() -> None:
    """p = (1, 2, 1, 0, 0) / 4: expectation 1, variance 1/2."""
    settings = SoftmaxSettings(levels=5, variance=0.05)
    logits = [0.0, math.log(2), 0.0, -40.0, -40.0]
    head = silent(settings.head(ONE, AGE), logits)
    assert head.value(FEATURES).item() == pytest.approx(1.0)
    parts = loss(head, 2.4)
    assert parts["cross_entropy"] == pytest.approx(math.log(4))
    assert parts["l2"] == pytest.approx(1.4**2, abs=1e-5)
    assert parts["variance"] == pytest.approx(0.5)
    expected = math.log(4) + 0.1 * 1.4**2 + 0.05 * 0.5
    assert parts["loss"] == pytest.approx(expected, abs=1e-5)


def test_multiclass_takes_the_likeliest_level() -> None:
    head = MulticlassSettings(levels=5).head(ONE, AGE)
    silent_logits = torch.tensor([0.0, 1.0, 3.0, 0.0, 2.9])
    with torch.no_grad():
        head.outputs[0].bias.copy_(silent_logits)
    assert head.value(FEATURES).item() == 2.0
    expected = -torch.log_softmax(silent_logits, 0)[4]
    assert loss(head, 3.7)["loss"] == pytest.approx(float(expected))


def test_multiclass_bottleneck_has_rank_theta() -> None:
    """theta (F + 1) + N (theta + 1) parameters a target, and no activation: a linear map."""
    head = MulticlassSettings(levels=20, theta=3).head(FeatureShape(8), AGE)
    assert sum(p.numel() for p in head.parameters()) == 3 * 9 + 20 * 4
    first, second = head.outputs[0]
    assert torch.linalg.matrix_rank(second.weight @ first.weight) == 3


def test_hopenet_bins_are_the_published() -> None:
    head = HopenetSettings().head(ONE, YAW)
    assert head.grid.step == (3.0,)
    assert head.grid.low == (-97.5,)
    sharp = [-50.0] * 66
    sharp[40] = 50.0
    silent(head, sharp)
    assert head.value(FEATURES).item() == pytest.approx(3 * 40 - 99)
    low, high = head.density(FEATURES).interval(0.998)
    assert (low.item(), high.item()) == pytest.approx((21.0, 24.0), abs=0.01)
    parts = loss(head, 23.0)
    assert parts["cross_entropy"] == pytest.approx(0, abs=1e-5)
    assert parts["loss"] == pytest.approx(2 * 2.0**2, abs=1e-3)
    centred = silent(HopenetSettings(expectation="centre").head(ONE, YAW), sharp)
    assert centred.value(FEATURES).item() == pytest.approx(22.5)


@pytest.mark.parametrize(
    "target",
    [
        Target(name="yaw", unit="degree", low=-180, high=180),
        Target(name="gap", unit="m", low=-75, high=75),
    ],
)
def test_hopenet_divides_the_range_of_anything_else(target: Target) -> None:
    grid = HopenetSettings(bins=50).head(ONE, (target,)).grid
    assert grid.step[0] * 50 == pytest.approx(target.high - target.low)
    assert grid.low[0] - grid.step[0] / 2 == pytest.approx(target.low)


@pytest.mark.parametrize("name", ["or-cnn", "coral"])
def test_ordinal_counts_yeses(name: str) -> None:
    head = OrdinalSettings.model_validate({"name": name, "levels": 5}).head(ONE, AGE)
    # A new head finds all levels equally likely.
    with torch.no_grad():
        head.output.weight.zero_()
    torch.testing.assert_close(head.density(FEATURES).probabilities[0], torch.full((1, 5), 0.2))
    with torch.no_grad():
        head.thresholds.copy_(torch.tensor([[3.0, 1.0, 0.5, -2.0]]))
    assert head.value(FEATURES).item() == 3.0
    # The level of 1.2 is 1: yes to the first question only.
    yes, no = [3.0], [1.0, 0.5, -2.0]
    expected = sum(math.log1p(math.exp(-z)) for z in yes)
    expected += sum(math.log1p(math.exp(z)) for z in no)
    assert loss(head, 1.2)["loss"] == pytest.approx(expected, abs=1e-5)


def test_coral_shares_one_weight_vector() -> None:
    coral = OrdinalSettings(name="coral", levels=30).head(FeatureShape(7), AGE)
    own = OrdinalSettings(name="or-cnn", levels=30).head(FeatureShape(7), AGE)
    assert coral.output.weight.shape == (1, 7)
    assert own.output.weight.shape == (29, 7)
    # Consistent for all features while the thresholds fall, as they do at the start.
    answers = coral._logits(100 * torch.randn(50, 7))
    assert (answers.diff(dim=-1) < 0).all()


probabilities = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(probabilities)
def test_any_answers_make_a_proper_distribution(answers: list[float]) -> None:
    found = level_probabilities(torch.tensor([answers]).logit(1e-7))
    assert found.shape == (1, len(answers) + 1)
    assert (found >= 0).all()
    assert found.sum().item() == pytest.approx(1, abs=1e-5)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(probabilities)
def test_consistent_answers_are_kept(answers: list[float]) -> None:
    above = torch.tensor(sorted(answers, reverse=True))
    found = level_probabilities(above[None].logit(1e-7))[0]
    torch.testing.assert_close(1 - found.cumsum(0)[:-1], above, atol=1e-5, rtol=0)


def test_contradicting_answers_meet_in_the_middle() -> None:
    found = level_probabilities(torch.tensor([[0.9, 0.2, 0.6, 0.1]]).logit())
    expected: Tensor = torch.tensor([[0.1, 0.5, 0.0, 0.3, 0.1]])
    torch.testing.assert_close(found, expected)


def test_small_falls_near_one_are_exact() -> None:
    logits = torch.tensor([[20.0, 16.0, 12.0]])
    wanted = level_probabilities(logits.double())
    torch.testing.assert_close(level_probabilities(logits).double(), wanted, rtol=1e-5, atol=0)
