"""The GLLiM head: the same answers as the closed form, its fine-tuning loss, checkpoints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.loop.errors import RecipeError, TrainingError  # noqa: E402
from edgereg_training.methods.gllim.fit import GLLiM  # noqa: E402
from edgereg_training.methods.gllim.head import (  # noqa: E402
    GllimHead,
    GllimSettings,
    principal_components,
)
from edgereg_training.methods.method import FeatureShape  # noqa: E402
from edgereg_training.methods.registry import parse_method  # noqa: E402

from edgereg.core.model_spec import Target  # noqa: E402

TARGETS = (
    Target(name="yaw", unit="degree", low=-75.0, high=75.0),
    Target(name="pitch", unit="degree", low=-50.0, high=60.0),
)
COVARIANCES = ["full", "diagonal", "isotropic", "equal"]


def data(count: int = 400, channels: int = 10) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    y = rng.uniform(-50, 50, (count, 2))
    basis = np.concatenate([y / 50, np.sin(y / 20)], axis=1)
    x = basis @ rng.normal(size=(4, channels)) + 0.1 * rng.normal(size=(count, channels)) + 1
    return torch.from_numpy(x).float(), torch.from_numpy(y).float()


def fitted(**options: Any) -> tuple[GllimHead, Any, Any]:
    torch.manual_seed(0)
    features, targets = data()
    options = {"pca": None, **options}
    head = GllimSettings(warmup_fits=1, frozen=0, **options).head(FeatureShape(10), TARGETS)
    assert isinstance(head, GllimHead)
    head.eval()
    for _ in range(2):
        head.fit(features, targets)
    return head, features, targets


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize("components", [1, 4])
def test_values_and_densities_are_those_of_the_closed_form(
    covariance: Any, components: int
) -> None:
    head, x, y = fitted(components=components, covariance=covariance, batch_norm=False, pca=None)
    reference = GLLiM(components, covariance).fit(y.double().numpy(), x.double().numpy())
    expected = reference.density(x.double().numpy())
    np.testing.assert_allclose(head.value(x), expected.mean(), atol=0.02)
    density = head.density(x)
    np.testing.assert_allclose(density.log_weights.exp(), expected.weights, atol=2e-3)
    np.testing.assert_allclose(density.mean(), expected.mean(), atol=0.02)
    spread = density.cholesky[0] @ density.cholesky[0].transpose(1, 2)
    np.testing.assert_allclose(spread, expected.covariances, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_the_loss_is_one_where_the_fit_is_good_and_gradients_reach_the_features(
    covariance: Any,
) -> None:
    head, x, y = fitted(components=3, covariance=covariance, assignment="joint")
    x.requires_grad_()
    loss = head.loss(x, y, torch.Generator().manual_seed(0))["loss"]
    assert float(loss.detach()) == pytest.approx(1, abs=0.1)
    loss.backward()
    assert x.grad.abs().max() > 0
    assert float(head.loss(x.flip(0), y, torch.Generator())["loss"].detach()) > 3


@pytest.mark.parametrize("assignment", ["joint", "targets"])
def test_fine_tuned_features_are_predicted_better(assignment: Any) -> None:
    head, x, y = fitted(components=2, covariance="equal", assignment=assignment, pca=6)
    mixing = torch.nn.Linear(10, 10)
    torch.nn.init.eye_(mixing.weight)
    optimiser = torch.optim.AdamW([*mixing.parameters(), *head.parameters()], lr=3e-3)
    generator = torch.Generator().manual_seed(0)
    before = float((head.value(x) - y).abs().mean().detach())
    for _ in range(4):
        head.train()
        for _ in range(12):
            loss = head.loss(mixing(x), y, generator)["loss"]
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        head.eval()
        with torch.no_grad():
            head.fit(mixing(x), y)
    assert float((head.value(mixing(x)) - y).abs().mean().detach()) < 0.9 * before


def test_the_warm_up_is_direct_regression_and_ends() -> None:
    features, targets = data()
    settings = GllimSettings(components=2, warmup="L1", warmup_fits=2)
    head = settings.head(FeatureShape(10), TARGETS)
    generator = torch.Generator()
    assert float(head.value(features)[0, 1].detach()) == pytest.approx(5)
    for _ in range(2):
        loss = head.loss(features, targets, generator)["loss"]
        scaled = (targets - torch.tensor([0.0, 5.0])) / torch.tensor([75.0, 55.0])
        expected = (head.direct(features) - scaled).abs().mean()
        assert float(loss.detach()) == pytest.approx(float(expected.detach()))
        head.fit(features, targets)
    assert head.loss(features, targets, generator)["loss"].requires_grad
    assert float(head.loss(features, targets, generator)["loss"]) != pytest.approx(float(expected))


def test_the_first_fit_sets_principal_components() -> None:
    head, x, _ = fitted(components=2, pca=4)
    weight = head.reduce.weight.detach()
    np.testing.assert_allclose(weight @ weight.T, torch.eye(4), atol=1e-5)
    singular = torch.linalg.svd((x - x.mean(0)).double()).Vh[:4].float()
    np.testing.assert_allclose((weight * singular).sum(1).abs(), torch.ones(4), atol=1e-4)
    assert principal_components(x.double().numpy(), 3).shape == (3, 10)


def test_weights_carry_the_fit() -> None:
    head, x, y = fitted(components=3, pca=5)
    other = head.settings.head(FeatureShape(10), TARGETS).eval()
    other.load_state_dict(head.state_dict())
    np.testing.assert_array_equal(other.value(x).detach(), head.value(x).detach())
    assert float(other.loss(x, y, torch.Generator())["loss"]) < 3


def test_dropped_components_leave_no_trace() -> None:
    head, x, y = fitted(components=60, covariance="isotropic")
    assert int((head.log_weights > -100).sum()) < 60
    assert torch.isfinite(head.value(x)).all()
    assert torch.isfinite(head.density(x).std()).all()
    assert torch.isfinite(head.density(x).log_prob(y[:, None])).all()
    assert float((head.value(x) - y).abs().mean()) < 5
    assert torch.isfinite(head.loss(x, y, torch.Generator())["loss"])


@pytest.mark.parametrize("covariance", ["full", "equal"])
def test_onnx_runtime_agrees(covariance: Any, tmp_path: Any) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    head, x, _ = fitted(components=3, covariance=covariance, pca=6)

    class Value(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = head

        def forward(self, features: Any) -> Any:
            return self.head.value(features)

    path = tmp_path / "value.onnx"
    batch = torch.export.Dim("batch")
    torch.onnx.export(
        Value().eval(), (x[:5],), path, dynamo=True, dynamic_shapes=({0: batch},), verbose=False
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    (found,) = session.run(None, {name: x[:17].numpy()})
    np.testing.assert_allclose(found, head.value(x[:17]).detach(), rtol=1e-4, atol=1e-3)


def test_faults() -> None:
    with pytest.raises(RecipeError, match="'gllim': 'components'"):
        parse_method({"name": "gllim", "components": 0})
    features, targets = data(20)
    head = GllimSettings(components=30).head(FeatureShape(10), TARGETS)
    with pytest.raises(TrainingError, match="20 examples can't fit 30 components"):
        head.fit(features, targets)
    with pytest.raises(TrainingError, match="not finite"):
        GllimSettings().head(FeatureShape(10), TARGETS).fit(features * torch.nan, targets)
