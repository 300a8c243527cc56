"""Gauss-Newton with inner conjugate gradients, without forming a matrix (numpy only).

The online optimiser of the ATOM tracker: minimises |r(x)|^2 for a residual r of many variables,
given the products of its Jacobian with vectors. Every round linearises r and solves
J^T J d = -J^T r with a few steps of preconditioned conjugate gradients.

    solution = minimise(linearise, start, rounds=6, steps=10)

`linearise(x)` gives a `Linearised`: the residual at x and the two products with its Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.floating[Any]]
Product: TypeAlias = Callable[[Array], Array]


@dataclass(frozen=True)
class Linearised:
    """A residual near a point x of n variables.

    residual: [m]; forward: v [n] -> J v [m]; backward: u [m] -> J^T u [n]; diagonal: an estimate of
    the diagonal of J^T J, > 0, [n] or a number (the Jacobi preconditioner; 1 for none).
    """

    residual: Array
    forward: Product
    backward: Product
    diagonal: Array | float = 1.0


@dataclass(frozen=True)
class Solution:
    """values: x [n]; losses: |r|^2 before every round, of which the last is not evaluated."""

    values: Array
    losses: tuple[float, ...]


def minimise(
    linearise: Callable[[Array], Linearised], start: Array, rounds: int, steps: int
) -> Solution:
    """Minimise |r(x)|^2 from start [n]: `rounds` linearisations, `steps` gradients in each.

    Raises ValueError for a start or a residual that is not finite.
    """
    if not np.isfinite(start).all():
        raise ValueError("Gauss-Newton: the start is not finite")
    values, losses = start, list[float]()
    for _ in range(rounds):
        near = linearise(values)
        losses.append(float(near.residual @ near.residual))
        if not np.isfinite(losses[-1]):
            raise ValueError("Gauss-Newton: the residual is not finite")
        values = values + _step(near, steps)
    return Solution(values, tuple(losses))


def conjugate_gradients(
    product: Product, right: Array, steps: int, diagonal: Array | float = 1.0
) -> Array:
    """x with A x near `right` [n], from 0, by at most `steps` steps.

    product: v -> A v, A symmetric and positive semidefinite; diagonal: of a matrix like A (Jacobi
    preconditioner). Directions are combined as Polak and Ribiere do, restarted where their factor
    is negative, so that a product which is not quite linear does no harm. Stops early where the
    residual is 0 or A does not bend in the direction.
    """
    values, left = np.zeros_like(right), right
    direction, before, weight = np.zeros_like(right), np.zeros_like(right), 1.0
    for _ in range(steps):
        scaled = left / diagonal
        previous, weight = weight, float(left @ scaled)
        if weight <= 0:
            break
        factor = max(0.0, float((left - before) @ scaled) / previous)
        direction = scaled + factor * direction
        bent = product(direction)
        curvature = float(direction @ bent)
        if curvature <= 0:
            break
        length = float(direction @ left) / curvature
        values = values + length * direction
        before, left = left, left - length * bent
    return values


def _step(near: Linearised, steps: int) -> Array:
    return conjugate_gradients(
        lambda direction: near.backward(near.forward(direction)),
        -near.backward(near.residual),
        steps,
        near.diagonal,
    )
