"""Binary-encoded labels (BEL): quantisation, decoders and losses; the codes are in `codes`.

"Label Encoding for Regression Networks" (ICLR 2022). A target is quantised to a level
q in 0..N-1, level q has an M-bit code word, the network regresses the M bits, and a decoder turns
bit logits back into a level. Levels count from 0 throughout; `Quantiser` maps them to units.

    code = code_matrix("HEXJ", 151)                         # uint8 [151, 16]
    levels = decode(logits, "HEXJ", 151, "GEN-EX")          # [..., 16] -> [...]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, overload

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from edgereg_training.methods.bel.codes import CODES, SEGMENTED, Bits, Code, code_matrix

__all__ = [
    "CODES", "DECODERS", "SEGMENTED", "Bits", "Bottleneck", "Code", "Decoder", "Loss",
    "Quantiser", "code_matrix", "decode", "decode_words", "expected_level", "loss",
]  # fmt: skip

Decoder = Literal["BEL-U", "BEL-J", "GEN", "GEN-EX"]
Loss = Literal["BCE", "CE", "L1", "L2"]
DECODERS: tuple[Decoder, ...] = ("BEL-U", "BEL-J", "GEN", "GEN-EX")


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


@overload
def decode(
    logits: torch.Tensor, code: Code, levels: int, decoder: Decoder = ...
) -> torch.Tensor: ...


@overload
def decode(
    logits: npt.ArrayLike, code: Code, levels: int, decoder: Decoder = ...
) -> npt.NDArray[np.floating]: ...


def decode(
    logits: torch.Tensor | npt.ArrayLike,
    code: Code,
    levels: int,
    decoder: Decoder = "GEN-EX",
) -> torch.Tensor | npt.NDArray[np.floating]:
    """Levels (0..levels-1, floating) of bit logits [..., bits] of a code: [...].

    A tensor gives a tensor, anything else a NumPy array; whole numbers count as float64. A logit
    above 0 is a bit that is set. U may have levels or levels - 1 bits. Raises ValueError for
    another number of bits, an unknown code or decoder, BEL-U of a code that is not U, and BEL-J of
    one that is not J.
    """
    if isinstance(logits, torch.Tensor):
        return _decoded(logits, code, levels, decoder)
    array = torch.from_numpy(np.array(logits, order="C"))
    found: npt.NDArray[np.floating] = _decoded(array, code, levels, decoder).numpy()
    return found


def decode_words(
    logits: torch.Tensor, code: torch.Tensor, decoder: Decoder, spare_zero: bool = True
) -> torch.Tensor:
    """Levels of bit logits [..., bits] under any code matrix [levels, bits]: [...].

    BEL-U counts set bits, BEL-J finds the two edges of the run of ones, GEN takes the code word of
    highest correlation, GEN-EX the posterior mean of the level (exact for independent bits and
    a uniform prior on code words, because code bits are 0/1). `spare_zero`: BEL-J's all-zero
    word is level 0, the word's true level, instead of the published decoder's N/2.
    """
    if decoder == "BEL-U":
        return (logits > 0).sum(-1).clamp(max=len(code) - 1).to(logits.dtype)
    if decoder == "BEL-J":
        level = _decode_johnson(logits > 0, spare_zero)
        return level.clamp(max=len(code) - 1).to(logits.dtype)
    if decoder == "GEN":
        return (logits @ code.to(logits.dtype).T).argmax(-1).to(logits.dtype)
    if decoder == "GEN-EX":
        return expected_level(logits, code)
    raise ValueError(f"unknown decoder '{decoder}' (known: {', '.join(DECODERS)})")


def expected_level(logits: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
    """Posterior mean of the level (GEN-EX) of [..., bits] and [levels, bits]: [...]."""
    weights = torch.softmax(logits @ code.to(logits.dtype).T, dim=-1)
    return weights @ torch.arange(len(code), dtype=logits.dtype, device=logits.device)


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
    error = expected_level(logits, code) - positions
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


def _decoded(logits: torch.Tensor, code: Code, levels: int, decoder: Decoder) -> torch.Tensor:
    if decoder in ("BEL-U", "BEL-J") and decoder != f"BEL-{code}":
        raise ValueError(f"decoder {decoder} is of code {decoder[-1]}, not of {code}")
    if logits.ndim == 0:
        raise ValueError("logits need the bits as their last axis, got a single number")
    bits = logits.shape[-1]
    matrix = code_matrix(code, levels, spare=bits != levels - 1)
    if bits != matrix.shape[1]:
        raise ValueError(
            f"code {code} of {levels} levels has {matrix.shape[1]} bits, the logits have {bits}"
        )
    if not logits.is_floating_point():
        logits = logits.double()
    return decode_words(logits, torch.from_numpy(matrix).to(logits.device), decoder)
