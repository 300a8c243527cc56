"""The methods bel and bel-coordinate: settings, levels, learning, decoders, density, faults."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from edgereg_training.loop.errors import RecipeError, TrainingError  # noqa: E402
from edgereg_training.methods.bel import code_words as bel  # noqa: E402
from edgereg_training.methods.bel.head import BelHead, BelSettings  # noqa: E402
from edgereg_training.methods.method import FeatureShape  # noqa: E402
from edgereg_training.methods.registry import parse_method  # noqa: E402

from edgereg.core.model_spec import Target  # noqa: E402

TARGETS = (
    Target(name="yaw", unit="degree", low=-60.0, high=60.0),
    Target(name="age", unit="year", low=0.0, high=20.0),
)


def head_of(features: FeatureShape, **options: Any) -> BelHead:
    torch.manual_seed(0)
    settings = parse_method({"name": "bel", **options})
    head = settings.head(features, TARGETS)
    assert isinstance(head, BelHead)
    return head


def values(count: int) -> Any:
    share = torch.linspace(0, 1, count)
    return torch.stack([-60 + 120 * share, 20 - 20 * share], dim=1)


@pytest.mark.parametrize(
    ("code", "loss"),
    [*((code, "CE") for code in bel.CODES), *(("B1JDJ", loss) for loss in ("BCE", "L1", "L2"))],
)
def test_every_code_and_loss_learns_two_targets(code: str, loss: str) -> None:
    head = head_of(FeatureShape(8), code=code, loss=loss, levels=16, theta=None)
    wanted = values(12)
    images = torch.nn.functional.one_hot(torch.arange(12) * 8 // 12, 8).float()
    optimiser = torch.optim.Adam(head.parameters(), 0.1)
    generator = torch.Generator()
    first = head.loss(images, wanted, generator)["loss"].item()
    for _ in range(40):
        loss_now = head.loss(images, wanted, generator)["loss"]
        optimiser.zero_grad()
        loss_now.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert loss_now.item() < 0.6 * first
    error = (head.value(images) - wanted).abs().mean(0)
    assert error[0] < 12
    assert error[1] < 2


def test_maps_learn_where_the_bright_spot_is() -> None:
    """bel-coordinate: a coordinate that a pixel of a 8 x 8 map shows."""
    settings = BelSettings(name="bel-coordinate", levels=16, theta=8, code="U")
    torch.manual_seed(0)
    head = settings.head(FeatureShape(3, 8, 8), (TARGETS[0],))
    assert head.takes == "map"
    maps = torch.zeros(8, 3, 8, 8)
    for index in range(8):
        maps[index, :, 4, index] = 5.0
    wanted = torch.linspace(-56, 56, 8)[:, None]
    # Pairs of columns share a cell after the 2 x 2 maximum.
    wanted = (wanted[0::2] + wanted[1::2]).repeat_interleave(2, dim=0) / 2
    optimiser = torch.optim.Adam(head.parameters(), 0.03)
    for _ in range(60):
        loss = head.loss(maps, wanted, torch.Generator())["loss"]
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert (head.eval().value(maps) - wanted).abs().mean() < 8


def test_maps_of_one_cell_are_not_halved() -> None:
    head = head_of(FeatureShape(5, 1, 1), name="bel-coordinate", levels=8)
    assert head.value(torch.randn(3, 5, 1, 1)).shape == (3, 2)


def test_levels_from_a_step_cover_the_range() -> None:
    for step, count in ((1.0, 121), (0.5, 241), (0.7, 173)):
        (quantiser,) = BelSettings(step=step).quantisers(TARGETS[:1])
        assert quantiser.levels == count
        assert quantiser.low == -60
        assert quantiser.value(torch.tensor(quantiser.levels - 1.0)) >= 60 - 1e-6


def test_levels_are_spread_over_each_range() -> None:
    settings = BelSettings(levels=41)
    assert [quantiser.step for quantiser in settings.quantisers(TARGETS)] == [3.0, 0.5]
    assert [quantiser.levels for quantiser in BelSettings().quantisers(TARGETS)] == [200, 200]


def test_the_unary_head_has_a_bit_less_than_levels() -> None:
    assert head_of(FeatureShape(4), code="U", levels=16).codec.bits() == (15, 15)


@pytest.mark.parametrize("theta", [3, None])
def test_theta_is_the_rank_of_the_logits(theta: int | None) -> None:
    head = head_of(FeatureShape(20), theta=theta, levels=64, code="J")
    logits = head.bits(torch.randn(50, 20))[0]
    rank = torch.linalg.matrix_rank((logits - logits.mean(0)).double(), tol=1e-4).item()
    assert rank == (3 if theta else 20)


def test_expected_value_is_the_mean_of_the_density() -> None:
    head = head_of(FeatureShape(6), code="HEXJ", levels=50)
    features = 3 * torch.randn(7, 6)
    density = head.density(features)
    assert torch.allclose(density.mean(), head.value(features), atol=1e-4)
    low, high = density.interval(0.9)
    assert (low < high).all()
    assert torch.allclose(density.probabilities[0].sum(-1), torch.ones(7), atol=1e-5)


def test_density_is_the_posterior_of_independent_bits() -> None:
    """p(level) is proportional to the product of its bits' probabilities."""
    head = head_of(FeatureShape(6), code="B1JDJ", levels=9)
    features = torch.randn(4, 6)
    z = head.bits(features)[0].double()
    words = torch.from_numpy(bel.code_matrix("B1JDJ", 9)).double()
    product = torch.where(words[None] > 0, z.sigmoid()[:, None], (-z).sigmoid()[:, None]).prod(-1)
    wanted = product / product.sum(-1, keepdim=True)
    assert torch.allclose(head.density(features).probabilities[0].double(), wanted, atol=1e-6)


def test_each_decoder_of_one_training() -> None:
    head = head_of(FeatureShape(6), code="J", levels=30, decoder="BEL-J")
    features = torch.randn(5, 6)
    assert torch.equal(head.value(features), head.decoded(features, "BEL-J"))
    whole = (head.decoded(features, "GEN")[:, 1] / (20 / 29)).round()
    assert torch.allclose(head.decoded(features, "GEN")[:, 1], whole * 20 / 29, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"code": "J", "decoder": "BEL-U"}, "'decoder'.*BEL-U decodes the code U only"),
        ({"levels": 8, "step": 1.0}, "'step'.*levels or step, not both"),
        ({"code": "U", "reflected": False}, "'reflected'.*can be plain"),
        ({"levels": 1}, "'levels"),
        ({"theta": 0}, "'theta'"),
        ({"codes": "U"}, "'codes'"),
    ],
)
def test_settings_that_cannot_be(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(RecipeError, match=reason):
        parse_method({"name": "bel", **options})


def test_a_missing_label_is_no_level() -> None:
    head = head_of(FeatureShape(6))
    wanted = values(3)
    wanted[1, 0] = float("nan")
    with pytest.raises(TrainingError, match="not a finite number"):
        head.loss(torch.randn(3, 6), wanted, torch.Generator())


def test_targets_without_a_range() -> None:
    with pytest.raises(ValueError, match="empty range"):
        BelSettings().head(FeatureShape(6), (Target(name="x", unit="px", low=1.0, high=1.0),))
