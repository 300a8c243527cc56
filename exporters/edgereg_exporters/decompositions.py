"""Operators that ONNX has not, written with those it has."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor


def solve_triangular(
    matrix: Tensor, right: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """torch.linalg.solve_triangular for left solves: [..., D, D] and [..., D, M].

    matrix = diag (1 + N) with N^D = 0, so that its inverse is a finite product,
    (1 - N)(1 + N^2)(1 + N^4) ... diag^-1: log2(D) matrix products, and none for D = 1.
    """
    if not left or unitriangular:
        raise NotImplementedError("only left solves with a diagonal of any numbers")
    size = matrix.shape[-1]
    diagonal = matrix.diagonal(dim1=-2, dim2=-1)[..., None]
    found = right / diagonal
    if size == 1:
        return found
    strict = matrix.triu(1) if upper else matrix.tril(-1)
    power = -strict / diagonal
    found = found + power @ found
    for _ in range(math.ceil(math.log2(size)) - 1):
        power = power @ power
        found = found + power @ found
    return found


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
    torch.ops.aten.linalg_solve_triangular.default: solve_triangular,
    torch.ops.aten.cummin.default: running_minimum,
    torch.ops.aten.cummax.default: running_maximum,
}
