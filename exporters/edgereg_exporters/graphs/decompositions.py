"""Operators that ONNX lacks, written with those it has."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def solve_triangular(
    matrix: Tensor, right: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """torch.linalg.solve_triangular for left solves: [..., D, D] and [..., D, M].

    matrix = diag (1 + N) with N^D = 0, so that its inverse is a finite product,
    (1 - N)(1 + N^2)(1 + N^4) ... diag^-1: log2(D) matrix products, and none for D = 1.
    Diagonal and triangle are cut out by constants, as in `diagonal`.
    """
    if not left or unitriangular:
        raise NotImplementedError("only left solves with a diagonal of any numbers")
    size = matrix.shape[-1]
    whole = torch.ones(size, size, dtype=torch.bool)
    pivots: Tensor = diagonal(matrix, 0, -2, -1)[..., None]
    found = right / pivots
    if size == 1:
        return found
    strict = _cut(matrix, whole.triu(1) if upper else whole.tril(-1))
    power = -strict / pivots
    found = found + power @ found
    for _ in range(math.ceil(math.log2(size)) - 1):
        power = power @ power
        found = found + power @ found
    return found


def diagonal(matrix: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """torch.diagonal of square matrices, cut out by a constant; others are left to torch.

    torch's exporter writes an EyeLike of a size that is computed, which TensorRT does not take.
    """
    size = matrix.shape[dim1]
    if offset or not isinstance(size, int) or size != matrix.shape[dim2]:
        return NotImplemented
    turned = matrix.movedim((dim1, dim2), (-2, -1))
    return _cut(turned, torch.eye(size, dtype=torch.bool)).sum(-1)


def _cut(matrix: Tensor, mask: Tensor) -> Tensor:
    return torch.where(mask, matrix, torch.zeros((), dtype=matrix.dtype))


def logsumexp(values: Tensor, dim: list[int], keepdim: bool = False) -> Tensor:
    """torch.logsumexp around the largest value: TensorRT's ReduceLogSumExp sums the exponentials as
    they are, so that far from a density's mode nothing but -inf is left."""
    most = values.amax(dim, keepdim=True)
    # Where all values are -inf, the largest is nothing to measure from.
    most = torch.where(most > -torch.inf, most, torch.zeros((), dtype=values.dtype))
    found = (values - most).exp().sum(dim, keepdim=True).log() + most
    return found if keepdim else found.squeeze(tuple(dim))


def running_minimum(values: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """torch.cummin in log2(N) rounds; the indices, which no head asks for, are all 0."""
    return _running(values, dim, torch.minimum)


def running_maximum(values: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """torch.cummax in log2(N) rounds; the indices, which no head asks for, are all 0."""
    return _running(values, dim, torch.maximum)


def _running(
    values: Tensor, dim: int, better: Callable[[Tensor, Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Before each round an element stands for the `reach` elements up to it, after it for twice
    as many."""
    size, reach = values.shape[dim], 1
    while reach < size:
        done, late = values.narrow(dim, 0, reach), values.narrow(dim, reach, size - reach)
        early = values.narrow(dim, 0, size - reach)
        values = torch.cat([done, better(late, early)], dim=dim)
        reach *= 2
    return values, torch.zeros_like(values, dtype=torch.int64)


DECOMPOSITIONS = {
    torch.ops.aten.diagonal.default: diagonal,
    torch.ops.aten.logsumexp.default: logsumexp,
    torch.ops.aten.linalg_solve_triangular.default: solve_triangular,
    torch.ops.aten.cummin.default: running_minimum,
    torch.ops.aten.cummax.default: running_maximum,
}
