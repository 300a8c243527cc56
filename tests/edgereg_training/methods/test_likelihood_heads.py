"""Direct, Gaussian, Laplace, mixture and cVAE heads: losses by hand, fits, extreme features."""

from __future__ import annotations

import math

import pytest
import torch
from edgereg_training.methods.baselines.cvae import CvaeSettings, gaussian_divergence
from edgereg_training.methods.baselines.direct import DirectSettings
from edgereg_training.methods.baselines.gaussian import LOG_VARIANCE, GaussianSettings
from edgereg_training.methods.baselines.laplace import LaplaceSettings
from edgereg_training.methods.baselines.mixture import MixtureSettings
from edgereg_training.methods.densities import LaplaceProduct, RadialLaplace
from edgereg_training.methods.layers import bounded
from edgereg_training.methods.method import FeatureShape, Head
from torch import Tensor, nn

from edgereg.core.model_spec import Target

# Half ranges of 50 years and 2 metres.
TARGETS = (
    Target(name="age", unit="year", low=0, high=100),
    Target(name="depth", unit="m", low=1, high=5),
)
ONE = FeatureShape(1)
GENERATOR = torch.Generator()


def answering(head: Head, *outputs: float) -> Head:
    """The head with a last layer that says `outputs` whatever the features."""
    layer = head.output
    assert isinstance(layer, nn.Linear)
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.copy_(torch.tensor(outputs))
    return head


def loss(head: Head, targets: list[list[float]]) -> float:
    values = torch.tensor(targets)
    return head.loss(torch.ones(len(values), 1), values, GENERATOR)["loss"].item()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        # Errors of 5 years (0.1 of half the range) and 1 m (0.5).
        ("l1", 0.1 + 0.5),
        ("l2", 0.01 + 0.25),
        # In units: 5 - 1/2 beyond beta = 1, and 1 - 1/2 on its edge.
        ("huber", 4.5 / 50 + 0.5 / 2),
    ],
)
def test_direct_losses_by_hand(kind: str, expected: float) -> None:
    head = answering(DirectSettings.model_validate({"loss": kind}).head(ONE, TARGETS), 0.0, 0.0)
    assert head.value(torch.ones(1, 1)).tolist() == [[50.0, 3.0]]
    assert loss(head, [[55.0, 2.0]]) == pytest.approx(expected, abs=1e-6)


def test_direct_learns_its_spread_from_residuals() -> None:
    targets = torch.tensor([[47.0, 3.0], [53.0, 3.0], [50.0, 5.0], [50.0, 1.0]])
    features = torch.ones(4, 1)
    squares = answering(DirectSettings(loss="l2").head(ONE, TARGETS), 0.0, 0.0)
    squares.fit(features, targets)
    torch.testing.assert_close(
        squares.density(features[:1]).std(), torch.tensor([[4.5**0.5, 2**0.5]])
    )
    absolute = answering(DirectSettings(loss="l1").head(ONE, TARGETS), 0.0, 0.0)
    absolute.fit(features, targets)
    density = absolute.density(features[:1])
    assert isinstance(density, LaplaceProduct)
    assert density.scale.tolist() == [[1.5, 1.0]]


def test_direct_without_residuals_has_a_density_still() -> None:
    head = answering(DirectSettings().head(ONE, TARGETS), 0.0, 0.0)
    head.fit(torch.ones(2, 1), torch.tensor([[50.0, 3.0]] * 2))
    assert head.density(torch.ones(1, 1)).log_prob(torch.tensor([[[50.0, 3.0]]])).isfinite()


def test_gaussian_loss_by_hand() -> None:
    head = answering(GaussianSettings().head(ONE, TARGETS), 0.0, 0.5, math.log(0.25), 0.0)
    # Errors 0.1 and 0: 0.01 / 0.25 + log 0.25 + 0 + 0.
    assert loss(head, [[55.0, 4.0]]) == pytest.approx(0.04 + math.log(0.25), abs=0.01)
    torch.testing.assert_close(
        head.density(torch.ones(1, 1)).std(), torch.tensor([[25.0, 2.0]]), atol=0.1, rtol=0.01
    )


def test_the_gaussian_loss_is_twice_the_likelihood_of_its_density() -> None:
    head = GaussianSettings().head(FeatureShape(3), TARGETS)
    features = torch.randn(6, 3)
    targets = torch.rand(6, 2) * 4 + 1
    found = head.loss(features, targets, GENERATOR)["loss"].item()
    nll = -head.density(features).log_prob(targets[:, None]).mean()
    constant = math.log(2 * math.pi) + math.log(50 * 2)
    assert found / 2 == pytest.approx(nll.item() - constant, abs=1e-4)


@pytest.mark.parametrize("kind", ["product", "multivariate"])
def test_the_laplace_loss_is_the_likelihood_of_its_density(kind: str) -> None:
    head = LaplaceSettings.model_validate({"kind": kind}).head(FeatureShape(3), TARGETS)
    features = torch.randn(6, 3)
    targets = torch.rand(6, 2) * 4 + 1
    density = head.density(features)
    assert isinstance(density, LaplaceProduct if kind == "product" else RadialLaplace)
    nll = -density.log_prob(targets[:, None]).mean()
    # 2 x 2 of the product; 2 pi, the integral of exp(-|u|) over the plane.
    constant = math.log(4 if kind == "product" else 2 * math.pi) + math.log(50 * 2)
    found = head.loss(features, targets, GENERATOR)["loss"].item()
    assert found == pytest.approx(nll.item() - constant, abs=1e-4)


def test_mixture_of_one_is_the_gaussian() -> None:
    one = answering(MixtureSettings(components=1).head(ONE, TARGETS), 0.3, 0.0, 0.5, -1.0, -2.0)
    plain = answering(GaussianSettings().head(ONE, TARGETS), 0.0, 0.5, -1.0, -2.0)
    points = torch.tensor([[[40.0, 3.0], [80.0, 4.4]]])
    features = torch.ones(1, 1)
    torch.testing.assert_close(
        one.density(features).log_prob(points), plain.density(features).log_prob(points)
    )
    torch.testing.assert_close(one.value(features), plain.value(features))


def test_mixture_starts_spread_over_the_range_and_decodes_both_ways() -> None:
    mean = MixtureSettings(components=4).head(ONE, TARGETS)
    features = torch.zeros(1, 1)
    density = mean.density(features)
    torch.testing.assert_close(density.means[0, :, 0], torch.tensor([12.5, 37.5, 62.5, 87.5]))
    torch.testing.assert_close(mean.value(features), torch.tensor([[50.0, 3.0]]))
    mode = MixtureSettings(components=4, decoder="mode").head(ONE, TARGETS)
    with torch.no_grad():
        mode.output.bias[3] = 1.0
        # Narrow enough for the components to have modes of their own.
        mode.output.bias[-4 * len(TARGETS) :] = -6.0
    torch.testing.assert_close(mode.value(features), torch.tensor([[87.5, 4.5]]))


def test_divergence_of_gaussians_is_torchs() -> None:
    q, p = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(q[0], (q[1] / 2).exp()),
        torch.distributions.Normal(p[0], (p[1] / 2).exp()),
    ).sum(-1)
    found = gaussian_divergence((q[0], q[1]), (p[0], p[1]))
    torch.testing.assert_close(found, expected)


def test_the_cvae_loss_bounds_the_likelihood_of_its_density() -> None:
    """-ELBO >= -log p(y|x), averaged over draws of z."""
    torch.manual_seed(0)
    head = CvaeSettings(samples=4000, hidden=8, latent=2).head(FeatureShape(3), TARGETS)
    nn.init.normal_(head.output.weight)
    nn.init.normal_(head.encoder[2].weight)
    features = torch.randn(4, 3)
    targets = torch.tensor([[20.0, 2.0], [50.0, 3.0], [60.0, 4.9], [99.0, 1.0]])
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        bound = sum(head.loss(features, targets, generator)["loss"].item() for _ in range(400))
        nll = -head.density(features).log_prob(targets[:, None]).mean() - math.log(50 * 2)
    assert bound / 400 > nll.item()


def test_the_cvae_answers_the_same_twice() -> None:
    head = CvaeSettings().head(FeatureShape(3), TARGETS)
    features = torch.randn(2, 3)
    torch.testing.assert_close(head.value(features), head.value(features), atol=0, rtol=0)


@pytest.mark.parametrize("make", [GaussianSettings, LaplaceSettings, MixtureSettings, CvaeSettings])
def test_features_out_of_all_bounds_keep_losses_and_gradients_finite(make: type) -> None:
    torch.manual_seed(0)
    head = make().head(FeatureShape(3), TARGETS)
    for scale in (1e4, -1e4, 1e-30):
        features = torch.full((2, 3), scale)
        head.zero_grad()
        found = head.loss(features, torch.tensor([[1.0, 2.0], [99.0, 4.0]]), GENERATOR)["loss"]
        found.backward()
        assert found.isfinite()
        gradients: list[Tensor] = [p.grad for p in head.parameters() if p.grad is not None]
        assert gradients
        assert all(gradient.isfinite().all() for gradient in gradients)


def test_bounded_keeps_the_middle_and_a_gradient_outside() -> None:
    raw = torch.tensor([-20.0, -4.0, 12.0], requires_grad=True)
    bent = bounded(raw, *LOG_VARIANCE)
    bent.sum().backward()
    assert bent[1].item() == pytest.approx(-4.0, abs=1e-3)
    assert LOG_VARIANCE[0] < bent[0] < bent[2] < LOG_VARIANCE[1]
    assert raw.grad is not None
    assert (raw.grad > 1e-3).all()
