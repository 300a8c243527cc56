"""BEL: the authors' code tables, decoders, losses."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training import bel  # noqa: E402

CODES = ("U", "J", "B1JDJ", "B2JDJ", "HEXJ", "HAD")


def matrix(code: Any, levels: int) -> Any:
    return torch.from_numpy(bel.code_matrix(code, levels)).double()


@pytest.mark.parametrize(
    ("code", "digest"),
    [
        ("U", "a2053a15197f"),
        ("J", "a13baef6b4b2"),
        ("B1JDJ", "6707f7d57224"),
        ("B2JDJ", "939e618c5260"),
        ("HEXJ", "7124fabea0bf"),
        ("HAD", "475c2c98742b"),
    ],
)
def test_tables_of_256_levels(code: Any, digest: str) -> None:
    assert (
        hashlib.sha1(bel.code_matrix(code, 256).tobytes(), usedforsecurity=False).hexdigest()[:12]
        == digest
    )


@pytest.mark.parametrize(
    ("levels", "bits"),
    [
        (62, (62, 31, 17, 10, 16, 64)),
        (105, (105, 53, 28, 16, 16, 128)),
        (360, (360, 180, 91, 47, 17, 512)),
        (700, (700, 350, 176, 90, 18, 1024)),
    ],
)
def test_bits_and_unique_words(levels: int, bits: tuple[int, ...]) -> None:
    for code, count in zip(CODES, bits, strict=True):
        table = bel.code_matrix(code, levels)  # type: ignore[arg-type]
        assert table.shape == (levels, count)
        assert len(np.unique(table, axis=0)) == levels


@pytest.mark.parametrize("code", CODES)
def test_neighbours_differ_in_one_bit_but_for_hadamard(code: Any) -> None:
    changes = np.abs(np.diff(bel.code_matrix(code, 256).astype(int), axis=0)).sum()
    assert changes == (32640 if code == "HAD" else 255)


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
    assert bel.decode_words(logits, table, "GEN").item() == hard
    assert bel.decode_words(logits, table, "GEN-EX").item() == pytest.approx(soft, abs=1e-5)
    loss = bel.loss(logits[None], torch.tensor([100.0]), table, "CE").item()
    assert loss == pytest.approx(cross_entropy, abs=1e-5)


@pytest.mark.parametrize(("code", "decoder"), [("U", "BEL-U"), ("J", "BEL-J")])
def test_threshold_decoders_return_the_level_of_a_word(code: Any, decoder: Any) -> None:
    table = matrix(code, 64)
    assert bel.decode_words(2 * table - 1, table, decoder).tolist() == list(range(64))


def test_johnson_zero_word_as_published() -> None:
    table = matrix("J", 64)
    assert bel.decode_words(2 * table[:1] - 1, table, "BEL-J", spare_zero=False).item() == 32


@pytest.mark.parametrize("code", CODES)
def test_generic_decoders_agree_with_strong_words(code: Any) -> None:
    table = matrix(code, 40)
    for decoder in ("GEN", "GEN-EX"):
        found = bel.decode_words(60 * (2 * table - 1), table, decoder)
        assert torch.allclose(found, torch.arange(40.0, dtype=torch.float64), atol=1e-6)


@pytest.mark.parametrize("code", CODES)
def test_signed_codes_only_double_the_temperature(code: Any) -> None:
    table = matrix(code, 32)
    logits = torch.randn(5, table.shape[1], dtype=torch.float64)
    signed = torch.softmax(logits @ (2 * table - 1).T, -1)
    assert torch.allclose(signed, torch.softmax(2 * logits @ table.T, -1), atol=1e-12)


def test_moments_are_those_of_the_posterior() -> None:
    table = matrix("U", 8)
    mean, spread = bel.moments(torch.zeros(1, 8, dtype=torch.float64), table)
    assert mean.item() == pytest.approx(3.5)
    assert spread.item() == pytest.approx(np.std(np.arange(8)))


@pytest.mark.parametrize("kind", ["BCE", "CE", "L1", "L2"])
def test_losses_fall_towards_the_right_word(kind: Any) -> None:
    table = matrix("B1JDJ", 32)
    positions = torch.tensor([3.2, 30.9], dtype=torch.float64)
    logits = torch.zeros(2, table.shape[1], dtype=torch.float64, requires_grad=True)
    before = bel.loss(logits, positions, table, kind)
    before.backward()
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


def test_too_few_levels() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        bel.code_matrix("U", 1)


def test_bottleneck_is_linear_of_rank_theta() -> None:
    layer = bel.Bottleneck(20, 3, 12)
    images = torch.randn(50, 20)
    centred = layer(images) - layer(torch.zeros(1, 20))
    assert torch.linalg.matrix_rank(centred.double(), tol=1e-4).item() == 3
