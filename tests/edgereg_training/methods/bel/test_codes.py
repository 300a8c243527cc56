"""BEL's label codes: the authors' tables, their properties, the plain forms."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from edgereg_training.methods.bel.codes import CODES, SEGMENTED, code_matrix

# The numbers of levels of the authors' tables.
SHIPPED = (26, 62, 100, 105, 150, 200, 256, 360, 700)


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
    found = hashlib.sha1(code_matrix(code, 256).tobytes(), usedforsecurity=False).hexdigest()
    assert found[:12] == digest


@pytest.mark.parametrize(
    ("code", "rows"),
    [
        ("U", {0: "0" * 256, 128: "1" * 128 + "0" * 128, 255: "1" * 255 + "0"}),
        ("J", {1: "0" * 127 + "1", 127: "0" + "1" * 127, 128: "1" * 128, 255: "1" + "0" * 127}),
        ("B1JDJ", {64: "1" * 64 + "0", 127: "1" + "0" * 64, 128: "1" + "0" * 63 + "1"}),
        ("B2JDJ", {63: "1" + "0" * 33, 64: "1" + "0" * 32 + "1", 255: "0" * 32 + "10"}),
        ("HEXJ", {15: "0" * 8 + "1" + "0" * 7, 16: "0" * 7 + "11" + "0" * 7}),
        ("HAD", {0: "1" * 256, 1: "10" * 128}),
    ],
)
def test_rows_as_published(code: Any, rows: dict[int, str]) -> None:
    table = code_matrix(code, 256)
    for level, word in rows.items():
        assert "".join(str(bit) for bit in table[level]) == word


def johnson(level: int, bits: int) -> list[int]:
    """The paper's counter, bit by bit."""
    word = [0] * bits
    for step in range(level):
        word = [*word[1:], 1] if step < bits else [*word[1:], 0]
    return word


@pytest.mark.parametrize("levels", SHIPPED)
def test_codes_against_counters(levels: int) -> None:
    """J, B1JDJ and HEXJ counted step by step, with segments run through to and fro."""
    half, quarter = -(-levels // 2), -(-levels // 4)
    whole, based, digits = (code_matrix(c, levels) for c in ("J", "B1JDJ", "HEXJ"))
    for level in range(0, levels, 7):
        assert whole[level].tolist() == johnson(level, half)
        base, place = divmod(level, 2 * quarter)
        place = 2 * quarter - 1 - place if base % 2 else place
        assert based[level].tolist() == johnson(place, quarter) + johnson(base, 1)
        if level < 256:
            high, low = divmod(level, 16)
            low = 15 - low if high % 2 else low
            assert digits[level, :16].tolist() == johnson(high, 8) + johnson(low, 8)


def hadamard_by_parity(levels: int) -> np.ndarray:
    bits = 1 << (levels - 1).bit_length()
    return np.array([[(q & b).bit_count() % 2 == 0 for b in range(bits)] for q in range(levels)])


@pytest.mark.parametrize("levels", [26, 105, 256])
def test_hadamard_against_parity(levels: int) -> None:
    assert np.array_equal(code_matrix("HAD", levels), hadamard_by_parity(levels))


@pytest.mark.parametrize("levels", SHIPPED)
@pytest.mark.parametrize("code", CODES)
def test_words_are_unique_and_neighbours_differ_in_one_bit(code: Any, levels: int) -> None:
    table = code_matrix(code, levels)
    assert table.dtype == np.uint8
    assert len(np.unique(table, axis=0)) == levels
    changes = np.abs(np.diff(table.astype(int), axis=0)).sum(1)
    if code == "HAD":
        assert (changes == table.shape[1] // 2).all()
    else:
        assert (changes == 1).all()


def test_transitions_of_hadamard() -> None:
    assert np.abs(np.diff(code_matrix("HAD", 256).astype(int), axis=0)).sum() == 32640


@pytest.mark.parametrize(
    ("levels", "bits"),
    [
        (62, (62, 31, 17, 10, 16, 64)),
        (105, (105, 53, 28, 16, 16, 128)),
        (360, (360, 180, 91, 47, 17, 512)),
        (700, (700, 350, 176, 90, 18, 1024)),
    ],
)
def test_numbers_of_bits(levels: int, bits: tuple[int, ...]) -> None:
    assert tuple(code_matrix(code, levels).shape[1] for code in CODES) == bits


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("levels", [2, 3, 5, 257, 1000])
def test_any_number_of_levels_has_unique_words(code: Any, levels: int) -> None:
    assert len(np.unique(code_matrix(code, levels), axis=0)) == levels


def test_the_spare_bit_of_the_unary_code() -> None:
    table = code_matrix("U", 9)
    assert not table[:, -1].any()
    assert np.array_equal(code_matrix("U", 9, spare=False), table[:, :-1])
    assert np.array_equal(code_matrix("J", 9, spare=False), code_matrix("J", 9))


@pytest.mark.parametrize("code", SEGMENTED)
def test_plain_codes_change_two_bits_between_segments(code: Any) -> None:
    table = code_matrix(code, 256, reflected=False)
    assert len(np.unique(table, axis=0)) == 256
    changes = np.abs(np.diff(table.astype(int), axis=0)).sum(1)
    segments = {"B1JDJ": 2, "B2JDJ": 4, "HEXJ": 16}[code]
    assert (changes == 2).sum() == segments - 1
    assert changes.max() == 2


def test_a_caller_cannot_spoil_the_table() -> None:
    code_matrix("J", 8)[:] = 7
    assert code_matrix("J", 8).max() == 1


@pytest.mark.parametrize(
    ("code", "levels", "reflected", "reason"),
    [
        ("U", 1, True, "at least 2"),
        ("K", 8, True, "unknown code 'K'"),
        ("J", 8, False, "has no segments"),
    ],
)
def test_what_is_no_code(code: Any, levels: int, reflected: bool, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        code_matrix(code, levels, reflected=reflected)
