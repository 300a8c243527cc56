"""Expected-error bounds of BEL: the published model, brute-force enumeration, known values."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.methods.bel import bounds as bel_bounds  # noqa: E402
from edgereg_training.methods.bel import code_words as bel  # noqa: E402


def words(bits: int) -> np.ndarray:
    return np.array(list(itertools.product([0, 1], repeat=bits)))


def label_word(levels: int, label: int) -> np.ndarray:
    """The paper's Johnson code (Eq. 13), bits 1..N/2."""
    bit = np.arange(1, levels // 2 + 1)
    return (levels // 2 - label < bit) & (bit <= levels - label)


def enumerated(errors: np.ndarray) -> float:
    """E|decoded - n| over all received words, with the published BEL-J decoder."""
    bits = errors.shape[1]
    received = words(bits)
    matrix = torch.from_numpy(bel.code_matrix("J", 2 * bits))
    logits = torch.from_numpy(2.0 * received - 1)
    decoded = bel.decode_words(logits, matrix, "BEL-J", spare_zero=False).numpy()
    each = []
    for label, e in enumerate(errors, start=1):
        wrong = received != label_word(2 * bits, label)
        chance = np.where(wrong, e, 1 - e).prod(1)
        each.append((chance * np.abs(decoded - label)).sum())
    return float(np.mean(each))


def edges(received: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of the first one (bits + 1 without any) and the last one (0 without any)."""
    place = np.arange(1, received.shape[1] + 1)
    first = np.where(received, place, len(place) + 1).min(1)
    return first, np.where(received, place, 0).max(1)


@pytest.mark.parametrize("label", [1, 3, 5])
def test_both_edges_equal_enumeration(label: int) -> None:
    e = np.random.default_rng(label).uniform(0, 0.7, 5)
    received, own = words(5), label_word(10, label)
    chance = np.where(received != own, e, 1 - e).prod(1)
    for found, place, right in zip(
        (bel_bounds.first_edge(e, 5 - label), bel_bounds.last_edge(e, 5 - label)),
        edges(received),
        edges(own[None]),
        strict=True,
    ):
        assert found == pytest.approx((chance * np.abs(place - right)).sum(), abs=1e-12)


@pytest.mark.parametrize(
    ("levels", "unary", "johnson", "printed", "true"),
    [(8, 0.404678, 0.627659, None, 0.523158), (16, 0.455516, 0.613668, 0.652997, 0.565827)],
)
def test_known_values_and_enumeration(
    levels: int, unary: float, johnson: float, printed: float | None, true: float
) -> None:
    errors = bel_bounds.johnson_errors(levels, 0.5, 1.0)
    assert bel_bounds.unary_bound(bel_bounds.unary_errors(levels, 0.5, 1.0)) == pytest.approx(
        unary, abs=1e-6
    )
    assert bel_bounds.johnson_bound(errors) == pytest.approx(johnson, abs=1e-6)
    assert enumerated(errors) == pytest.approx(true, abs=1e-6)
    if printed is not None:
        assert bel_bounds.johnson_bound(errors, printed=True) == pytest.approx(printed, abs=1e-6)


def test_known_values_of_64_levels() -> None:
    errors = bel_bounds.johnson_errors(64, 1.0, 2.0)
    unary = bel_bounds.unary_bound(bel_bounds.unary_errors(64, 1.0, 2.0))
    assert unary == pytest.approx(0.966464, abs=1e-6)
    assert bel_bounds.johnson_bound(errors) == pytest.approx(1.168397, abs=1e-6)
    assert bel_bounds.johnson_bound(errors, printed=True) == pytest.approx(1.257638, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_bound_holds_and_the_printed_one_is_looser(seed: int) -> None:
    errors = np.random.default_rng(seed).uniform(0, 0.5, (9, 5))
    exact = float(bel_bounds.johnson_bound(errors))
    assert enumerated(errors) <= exact < float(bel_bounds.johnson_bound(errors, printed=True))


def test_johnson_of_150_levels() -> None:
    """Fig. 10's setting; 1.4095 by simulation."""
    errors = bel_bounds.johnson_errors(150, 1.0, 3.0)
    assert bel_bounds.johnson_bound(errors) == pytest.approx(1.40908, abs=5e-6)


@pytest.mark.parametrize(
    ("r", "sigma", "exact", "printed"),
    [(1.0, 1.0, -5.68, -19.22), (2.0, 2.0, 0.28, -15.19), (2.0, 4.0, -33.07, -36.44)],
)
def test_unary_over_johnson_at_256_levels(
    r: float, sigma: float, exact: float, printed: float
) -> None:
    unary = bel_bounds.unary_bound(bel_bounds.unary_errors(256, r, sigma))
    errors = bel_bounds.johnson_errors(256, r, sigma)
    for form, rise in ((False, exact), (True, printed)):
        found = 100 * (unary / bel_bounds.johnson_bound(errors, printed=form) - 1)
        assert found == pytest.approx(rise, abs=0.006)


def test_many_settings_at_once() -> None:
    r, sigma = np.array([0.2, 0.5]), np.array([1.0, 2.0])
    both = bel_bounds.johnson_bound(bel_bounds.johnson_errors(16, r, sigma))
    alone = [
        bel_bounds.johnson_bound(bel_bounds.johnson_errors(16, a, b))
        for a, b in zip(r, sigma, strict=True)
    ]
    assert both == pytest.approx(np.array(alone))


def test_faults() -> None:
    with pytest.raises(ValueError, match="even number of levels"):
        bel_bounds.johnson_errors(15, 0.5, 1.0)
    with pytest.raises(ValueError, match=r"\[..., N-1, N/2\]"):
        bel_bounds.johnson_bound(np.zeros((8, 4)))
