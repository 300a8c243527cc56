"""Binary-encoded labels (BEL): label codes, quantisation, decoders and losses.

"Label Encoding for Regression Networks" (ICLR 2022). A target is quantised to a level
q in 0..N-1, level q has an M-bit code word, the network regresses the M bits, and a decoder turns
bit logits back into a level. Levels count from 0 throughout; `Quantiser` maps them to units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

Code = Literal["U", "J", "B1JDJ", "B2JDJ", "HEXJ", "HAD"]
Decoder = Literal["BEL-U", "BEL-J", "GEN", "GEN-EX"]
Loss = Literal["BCE", "CE", "L1", "L2"]
Bits: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Quantiser:
    """Affine map between units and levels: level = (value - low) / step, level 0 at `low`."""

    low: float
    step: float
    levels: int

    def level(self, values: torch.Tensor) -> torch.Tensor:
        """The nearest level (int64, clamped to 0..levels-1) of values in units."""
        return self.position(values).round().clamp(0, self.levels - 1).long()

    def position(self, values: torch.Tensor) -> torch.Tensor:
        """Fractional level of values in units, not clamped."""
        return (values - self.low) / self.step

    def value(self, position: torch.Tensor) -> torch.Tensor:
        """Units of a (fractional) level."""
        return self.low + self.step * position


def code_matrix(code: Code, levels: int) -> Bits:
    """The code words of a code: uint8 [levels, bits], row q for level q (paper Fig. 2).

    U has `levels` bits of which the last is always 0, as in the authors' tables.
    """
    if levels < 2:
        raise ValueError(f"a code needs at least 2 levels, got {levels}")
    rows = _GENERATORS[code](levels)
    return np.array(rows, dtype=np.uint8)


def decode(
    logits: torch.Tensor, code: torch.Tensor, decoder: Decoder, spare_zero: bool = True
) -> torch.Tensor:
    """Levels of bit logits: [..., bits] and the code matrix [levels, bits] -> [...].

    BEL-U counts set bits, BEL-J finds the two edges of the run of ones, GEN takes the code word of
    highest correlation, GEN-EX the posterior mean of the level (exact for independent bits and
    a uniform prior on code words, because code bits are 0/1). `spare_zero`: BEL-J's all-zero
    word is level 0, the word's true level, instead of the published decoder's N/2.
    """
    if decoder == "BEL-U":
        return (logits > 0).sum(-1).to(logits.dtype)
    if decoder == "BEL-J":
        return _decode_johnson(logits > 0, spare_zero).to(logits.dtype)
    correlation = logits @ code.to(logits.dtype).T
    if decoder == "GEN":
        return correlation.argmax(-1).to(logits.dtype)
    return moments(logits, code)[0]


def moments(logits: torch.Tensor, code: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Posterior mean and standard deviation of the level, in levels (GEN-EX): [...] each."""
    weights = torch.softmax(logits @ code.to(logits.dtype).T, dim=-1)
    index = torch.arange(len(code), dtype=logits.dtype, device=logits.device)
    mean = weights @ index
    spread = (weights * (index - mean[..., None]).square()).sum(-1)
    return mean, spread.sqrt()


def loss(
    logits: torch.Tensor,
    positions: torch.Tensor,
    code: torch.Tensor,
    kind: Loss = "BCE",
) -> torch.Tensor:
    """Loss of bit logits [B, bits] against fractional levels [B]; a mean over the batch.

    BCE: binary cross entropy summed over bits. CE: cross entropy on the correlations C z (never
    on a decoded value). L1, L2: of the GEN-EX level, which is not rounded.
    """
    levels = positions.round().clamp(0, len(code) - 1).long()
    if kind == "BCE":
        wanted = code.to(logits.dtype)[levels]
        return functional.binary_cross_entropy_with_logits(logits, wanted, reduction="sum") / len(
            logits
        )
    if kind == "CE":
        return functional.cross_entropy(logits @ code.to(logits.dtype).T, levels)
    error = moments(logits, code)[0] - positions
    return error.abs().mean() if kind == "L1" else error.square().mean()


class Bottleneck(torch.nn.Module):
    """Features -> Linear(theta) -> Linear(bits), no activation: a rank-theta map (paper 3.3)."""

    def __init__(self, features: int, theta: int, bits: int) -> None:
        super().__init__()
        self.reduce = torch.nn.Linear(features, theta)
        self.expand = torch.nn.Linear(theta, bits)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """[B, features] -> logits [B, bits]."""
        logits: torch.Tensor = self.expand(self.reduce(features))
        return logits


def _decode_johnson(bits: torch.Tensor, spare_zero: bool) -> torch.Tensor:
    count = bits.shape[-1]
    place = torch.arange(1, count + 1, device=bits.device)
    last = (bits * place).amax(-1)
    first = (bits * (count + 1 - place)).amax(-1)
    level = count - last + first
    return torch.where(bits.any(-1), level, torch.zeros_like(level)) if spare_zero else level


def _johnson(level: int, bits: int) -> list[int]:
    """Johnson counter word: ones enter from the right, then leave to the left."""
    ones = level if level <= bits else 2 * bits - level
    zeros = [0] * (bits - ones)
    return zeros + [1] * ones if level <= bits else [1] * ones + zeros


def _unary(levels: int) -> list[list[int]]:
    return [[int(bit < level) for bit in range(levels)] for level in range(levels)]


def _whole_johnson(levels: int) -> list[list[int]]:
    # An odd count takes the words of the next even one: levels // 2 bits would repeat a word.
    return [_johnson(level, -(-levels // 2)) for level in range(levels)]


def _based_johnson(levels: int, base_bits: int) -> list[list[int]]:
    """Displacement word, reflected in odd segments, then the word of the segment."""
    bits = -(-levels // (4 * base_bits))
    rows = []
    for level in range(levels):
        base, displacement = divmod(level, 2 * bits)
        if base % 2:
            displacement = 2 * bits - 1 - displacement
        rows.append(_johnson(displacement, bits) + _johnson(base, base_bits))
    return rows


def _hexadecimal_johnson(levels: int) -> list[list[int]]:
    """Two reflected 16-level digits of 8 bits each, and a third above 256 levels."""
    top_bits = (-(-levels // 256) + 1) // 2 if levels > 256 else 0
    rows = []
    for level in range(levels):
        top, rest = divmod(level, 256)
        high, low = divmod(255 - rest if top % 2 else rest, 16)
        low = 15 - low if high % 2 else low
        rows.append(_johnson(high, 8) + _johnson(low, 8) + _johnson(top, top_bits)[:top_bits])
    return rows


def _hadamard(levels: int) -> list[list[int]]:
    bits = 1 << (levels - 1).bit_length()
    return [[(level & bit).bit_count() % 2 ^ 1 for bit in range(bits)] for level in range(levels)]


_GENERATORS: dict[Code, Callable[[int], list[list[int]]]] = {
    "U": _unary,
    "J": _whole_johnson,
    "B1JDJ": lambda levels: _based_johnson(levels, 1),
    "B2JDJ": lambda levels: _based_johnson(levels, 2),
    "HEXJ": _hexadecimal_johnson,
    "HAD": _hadamard,
}
