"""Classes of the targets, their balance and the classification loss."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from edgereg_training.methods.regcls.classes import (  # noqa: E402
    IGNORED,
    classification_loss,
    equalise,
    equalised_classes,
    label,
    thin,
    uniform_classes,
    weighted,
)

TOY = [100, 50, 25, 10, 5, 5, 3, 2]


def test_the_papers_toy_histogram() -> None:
    found = equalise(torch.tensor(TOY), 8)
    assert found.counts.tolist() == [100, 50, 25, 25]
    assert found.classes.tolist() == [0, 1, 2, 3, 3, 3, 3, 3]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60), st.integers(1, 200))
@settings(max_examples=80, deadline=None)
def test_equalising_is_the_exact_ceiling_and_loses_no_example(counts: list[int], c: int) -> None:
    if not sum(counts):
        counts[0] = 1
    found = equalise(torch.tensor(counts), c)
    total = sum(counts)
    exact = [ceil(Fraction(c * sum(counts[: i + 1]), total)) - 1 for i in range(len(counts))]
    first = next(value for value in exact if value >= 0)
    exact = [max(value, first) for value in exact]
    order = {value: index for index, value in enumerate(sorted(set(exact)))}
    assert found.classes.tolist() == [order[value] for value in exact]
    assert max(exact) <= c - 1
    assert int(found.counts.sum()) == total
    assert bool((found.counts > 0).all())


@pytest.mark.parametrize(
    ("counts", "classes", "words"),
    [
        (torch.tensor([0, 0]), 4, "not all of them 0"),
        (torch.tensor([3, -1]), 4, "0 or more"),
        (torch.tensor([1.5, 2.0]), 4, "integers"),
        (torch.tensor([[1, 2]]), 4, "integers"),
        (torch.tensor([1, 2]), 0, "at least one class"),
    ],
)
def test_histograms_that_are_none(counts: torch.Tensor, classes: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        equalise(counts, classes)


def test_labels_include_the_right_edge_and_clip_what_is_outside() -> None:
    edges = uniform_classes(0.0, 4.0, 4).edges
    targets = torch.tensor([-1.0, 0.0, 0.999, 1.0, 3.5, 4.0, 9.0])
    assert label(targets, edges).tolist() == [0, 0, 0, 1, 3, 3, 3]


@pytest.mark.parametrize(("low", "high", "classes"), [(1.0, 1.0, 4), (0.0, 1.0, 1)])
def test_classes_need_a_range_and_a_choice(low: float, high: float, classes: int) -> None:
    with pytest.raises(ValueError, match=r"range|two classes"):
        uniform_classes(low, high, classes)


def test_equalised_classes_keep_the_rarest_always_and_the_rest_as_often() -> None:
    generator = torch.Generator().manual_seed(3)
    targets = torch.randn(5000, generator=generator, dtype=torch.float64)
    classes = equalised_classes(targets, 32)
    labels = label(targets, classes.edges)
    counts = torch.bincount(labels)
    assert classes.edges[0] == targets.min()
    assert classes.edges[-1] == targets.max()
    assert len(counts) == len(classes.keep) < 32
    assert torch.allclose(classes.keep * counts, counts.min().double().expand_as(classes.keep))
    visits = [thin(labels, classes.keep, generator) for _ in range(40)]
    kept = torch.stack([torch.bincount(v[v != IGNORED], minlength=len(counts)) for v in visits])
    mean = kept.double().mean(0)
    assert bool(((mean - counts.min()).abs() < 0.1 * counts.min() + 3).all())
    assert not torch.equal(visits[0], visits[1])


def test_the_loss_is_the_mean_over_what_counts() -> None:
    logits = torch.randn(5, 3, generator=torch.Generator().manual_seed(1), requires_grad=True)
    labels = torch.tensor([0, -1, 2, 1, -1])
    expected = torch.nn.functional.cross_entropy(logits[labels >= 0], labels[labels >= 0])
    assert torch.allclose(classification_loss(logits, labels), expected)


def test_a_batch_that_is_all_ignored_has_no_loss_and_no_gradient() -> None:
    logits = torch.randn(4, 3, requires_grad=True)
    loss = classification_loss(logits, torch.full((4,), IGNORED))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_the_weight_never_scales_a_loss_down() -> None:
    two, three = torch.tensor(2.0), torch.tensor(3.0)
    assert weighted(two, three, 10).item() == 23
    assert weighted(two, three, 0.5).item() == 8
    assert weighted(two, three, 1).item() == 5
