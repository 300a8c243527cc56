"""BEL: decoders, losses, quantisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.methods.bel import code_words as bel  # noqa: E402

CODES = bel.CODES


def matrix(code: Any, levels: int) -> Any:
    return torch.from_numpy(bel.code_matrix(code, levels)).double()


@pytest.mark.parametrize(
    ("code", "hard", "soft", "cross_entropy"),
    [
        ("U", 167, 128.828937, 8.846114),
        ("J", 133, 175.655684, 10.827904),
        ("B1JDJ", 162, 155.525870, 6.421798),
        ("B2JDJ", 182, 161.235855, 13.541068),
        ("HEXJ", 195, 199.351205, 9.413888),
        ("HAD", 150, 150.0, 118.009748),
    ],
)
def test_decode_probe(code: Any, hard: int, soft: float, cross_entropy: float) -> None:
    table = matrix(code, 256)
    logits = 3 * torch.sin(torch.arange(table.shape[1], dtype=torch.float64))
    assert bel.decode(logits, code, 256, "GEN").item() == hard
    assert bel.decode(logits, code, 256, "GEN-EX").item() == pytest.approx(soft, abs=1e-5)
    loss = bel.loss(logits[None], torch.tensor([100.0]), table, "CE").item()
    assert loss == pytest.approx(cross_entropy, abs=1e-5)


@pytest.mark.parametrize(("code", "decoder"), [("U", "BEL-U"), ("J", "BEL-J")])
def test_threshold_decoders_return_the_level_of_a_word(code: Any, decoder: Any) -> None:
    for levels in (2, 5, 64):
        signed = 2 * matrix(code, levels) - 1
        assert bel.decode(signed, code, levels, decoder).tolist() == list(range(levels))
        assert bel.decode(signed, code, levels, "GEN").tolist() == list(range(levels))


def test_johnson_zero_word_as_published() -> None:
    table = matrix("J", 64)
    assert bel.decode_words(2 * table[:1] - 1, table, "BEL-J", spare_zero=False).item() == 32


@pytest.mark.parametrize("code", CODES)
def test_generic_decoders_agree_with_strong_words(code: Any) -> None:
    table = matrix(code, 40)
    for decoder in bel.DECODERS[2:]:
        found = bel.decode(60 * (2 * table - 1), code, 40, decoder)
        assert torch.allclose(found, torch.arange(40.0, dtype=torch.float64), atol=1e-6)


def test_arrays_give_arrays() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 3, 16))
    found = bel.decode(logits, "HEXJ", 151, "GEN-EX")
    assert isinstance(found, np.ndarray)
    assert found.shape == (2, 3)
    tensor = bel.decode(torch.from_numpy(logits), "HEXJ", 151, "GEN-EX")
    assert np.array_equal(found, tensor.numpy())
    assert bel.decode([1, -1, 0], "U", 4, "BEL-U") == 1


def test_unary_code_with_and_without_its_spare_bit() -> None:
    logits = 9 * (2 * matrix("U", 12) - 1)
    for decoder in ("BEL-U", "GEN", "GEN-EX"):
        whole = bel.decode(logits, "U", 12, decoder)
        assert torch.allclose(bel.decode(logits[:, :-1], "U", 12, decoder), whole, atol=1e-3)


def test_words_that_are_no_code_words_stay_in_range() -> None:
    everything = torch.ones(1, 7)
    assert bel.decode(everything, "U", 7, "BEL-U").item() == 6
    logits = torch.randn(500, 4)
    found = bel.decode(logits, "J", 7, "BEL-J")
    assert found.min() >= 0
    assert found.max() <= 6


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((np.zeros(15), "HEXJ", 151, "GEN"), "has 16 bits, the logits have 15"),
        ((np.zeros(6), "U", 8, "GEN"), "has 8 bits, the logits have 6"),
        ((np.zeros(8), "J", 16, "BEL-U"), "BEL-U is of code U, not of J"),
        ((np.zeros(8), "J", 16, "ECOC"), "unknown decoder 'ECOC'"),
        ((np.zeros(8), "K", 16, "GEN"), "unknown code 'K'"),
        ((np.float64(0), "J", 16, "GEN"), "last axis"),
    ],
)
def test_what_cannot_be_decoded(arguments: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        bel.decode(*arguments)


@pytest.mark.parametrize("code", CODES)
def test_signed_codes_only_double_the_temperature(code: Any) -> None:
    table = matrix(code, 32)
    logits = torch.randn(5, table.shape[1], dtype=torch.float64)
    signed = torch.softmax(logits @ (2 * table - 1).T, -1)
    assert torch.allclose(signed, torch.softmax(2 * logits @ table.T, -1), atol=1e-12)


@pytest.mark.parametrize("kind", ["BCE", "CE", "L1", "L2"])
def test_losses_fall_towards_the_right_word(kind: Any) -> None:
    table = matrix("B1JDJ", 32)
    positions = torch.tensor([3.2, 30.9], dtype=torch.float64)
    logits = torch.zeros(2, table.shape[1], dtype=torch.float64, requires_grad=True)
    before = bel.loss(logits, positions, table, kind)
    before.backward()  # type: ignore[no-untyped-call]
    after = bel.loss((logits - 0.01 * logits.grad).detach(), positions, table, kind)
    assert after < before


def test_bce_sums_over_bits() -> None:
    table = matrix("U", 16)
    value = bel.loss(torch.zeros(4, 16, dtype=torch.float64), torch.arange(4.0), table)
    assert value.item() == pytest.approx(16 * np.log(2))


def test_quantiser_round_trip_and_clamp() -> None:
    quantiser = bel.Quantiser(low=-99, step=3, levels=67)
    values = torch.tensor([-99.0, 0.0, 99.0, 150.0])
    assert quantiser.level(values).tolist() == [0, 33, 66, 66]
    assert torch.allclose(quantiser.value(quantiser.position(values)), values)


def test_bottleneck_is_linear_of_rank_theta() -> None:
    layer = bel.Bottleneck(20, 3, 12)
    images = torch.randn(50, 20)
    centred = layer(images) - layer(torch.zeros(1, 20))
    assert torch.linalg.matrix_rank(centred.double(), tol=1e-4).item() == 3
