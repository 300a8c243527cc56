"""The method regcls: another method with class heads beside it."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from edgereg_training.loop.errors import RecipeError, TrainingError  # noqa: E402
from edgereg_training.methods.method import FeatureShape  # noqa: E402
from edgereg_training.methods.regcls.head import RegClsHead  # noqa: E402
from edgereg_training.methods.registry import parse_method  # noqa: E402

from edgereg.core.model_spec import Target  # noqa: E402

TARGETS = (
    Target(name="age", unit="year", low=0.0, high=100.0),
    Target(name="yaw", unit="degree", low=-90.0, high=90.0),
)


def head(**options: Any) -> RegClsHead:
    torch.manual_seed(0)
    made = parse_method({"name": "regcls", **options}).head(FeatureShape(12), TARGETS)
    assert isinstance(made, RegClsHead)
    return made


def examples(count: int = 600) -> tuple[torch.Tensor, torch.Tensor]:
    """Ages crowd at 20, yaws are even; the features show both."""
    generator = torch.Generator().manual_seed(1)
    age = (20 + 5 * torch.randn(count, generator=generator)).clamp(0, 100)
    yaw = 180 * torch.rand(count, generator=generator) - 90
    targets = torch.stack([age, yaw], 1)
    mixed = torch.randn(2, 12, generator=generator)
    return (targets / torch.tensor([100.0, 90.0])) @ mixed, targets


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(4)


def test_uniform_classes_count_from_the_start() -> None:
    made = head(classes=10, balance="uniform", weight=5)
    features, targets = examples()
    parts = made.loss(features, targets, generator())
    assert made.classes(0).edges.tolist() == pytest.approx(range(0, 101, 10))
    assert parts["classification"] > 1
    assert torch.allclose(parts["loss"], 5 * parts["regression"] + parts["classification"])


def test_equalised_classes_wait_for_fit_and_then_stay() -> None:
    made = head(classes=20)
    features, targets = examples()
    assert made.loss(features, targets, generator())["classification"] == 0
    made.fit(features, targets)
    assert made.loss(features, targets, generator())["classification"] > 0
    age, yaw = made.classes(0), made.classes(1)
    assert len(age.keep) < 8
    assert len(yaw.keep) >= 14
    assert float(age.keep.min()) < 1
    assert age.edges[0] == 0
    assert age.edges[-1] == 100
    before = made.edges.clone()
    made.fit(features, targets + 30)
    assert torch.equal(made.edges, before)


def test_what_is_ignored_is_drawn_anew_and_from_the_generator_only() -> None:
    made = head(classes=20)
    features, targets = examples()
    made.fit(features, targets)
    shared = generator()
    first, second = (float(made.loss(features, targets, shared)["loss"]) for _ in range(2))
    assert first != second
    assert float(made.loss(features, targets, generator())["loss"]) == first
    all_of_them = head(classes=20, keep=False)
    all_of_them.fit(features, targets)
    assert float(all_of_them.classes(0).keep.min()) == 1


def test_the_answer_is_the_regressions() -> None:
    made = head(regression={"name": "direct", "loss": "huber"}, classes=8)
    features, targets = examples()
    made.fit(features, targets)
    assert torch.equal(made.value(features), made.regression.value(features))
    assert torch.equal(made.density(features).mean(), made.regression.density(features).mean())
    assert made.refine(features, targets) is None


def test_a_batch_without_any_label_trains_the_regression() -> None:
    made = head(classes=8, balance="uniform")
    made.kept.zero_()
    features, targets = examples(16)
    parts = made.loss(features, targets, generator())
    parts["loss"].backward()
    assert parts["classification"] == 0
    assert all(torch.isfinite(p.grad).all() for p in made.parameters() if p.grad is not None)


def test_both_heads_learn() -> None:
    made = head(classes=10, balance="uniform", weight=20)
    features, targets = examples()
    adam = torch.optim.Adam(made.parameters(), 0.03)
    for _ in range(200):
        adam.zero_grad()
        made.loss(features, targets, generator())["loss"].backward()
        adam.step()
    assert float((made.value(features) - targets).abs().mean()) < 2
    classes = made.class_probabilities(features)[1].argmax(1)
    right = classes == ((targets[:, 1] + 90) / 18).long().clamp(max=9)
    assert float(right.float().mean()) > 0.6


def test_feature_maps_are_averaged_for_the_classes() -> None:
    made = head(classes=8, balance="uniform")
    features, _ = examples(5)
    maps = features[:, :, None, None].expand(-1, -1, 2, 3)
    for vector, mapped in zip(
        made.class_probabilities(features), made.class_probabilities(maps), strict=True
    ):
        assert torch.allclose(vector, mapped, atol=1e-6)


def test_a_checkpoint_holds_the_classes() -> None:
    made, fresh = head(classes=20), head(classes=20)
    features, targets = examples()
    made.fit(features, targets)
    fresh.load_state_dict(made.state_dict())
    assert torch.equal(fresh.classes(0).edges, made.classes(0).edges)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"regression": {"name": "regcls"}}, "can't be the regression of regcls"),
        ({"regression": {"name": "direct", "los": "l2"}}, "method 'direct': 'los'"),
        ({"regression": {"loss": "l2"}}, "unknown method 'None'"),
        ({"classes": 1}, "'classes'"),
        ({"weight": 0}, "'weight'"),
        ({"balance": "equal"}, "'balance'"),
    ],
)
def test_recipes_with_faults(options: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        parse_method({"name": "regcls", **options})


def test_a_target_that_is_not_a_number_is_refused() -> None:
    features, targets = examples(4)
    targets[2, 0] = torch.nan
    with pytest.raises(TrainingError, match="not a finite number"):
        head(classes=8, balance="uniform").loss(features, targets, generator())
