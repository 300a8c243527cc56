"""Algorithm 1 itself, on energies whose path is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from edgereg_exporters.graphs.ascent import Evaluate, ascend
from edgereg_exporters.graphs.writer import GraphWriter, checked_model, floats, typed
from onnx import TensorProto

MU = [[1.0, -2.0]]


def quadratic(b: GraphWriter, y: str) -> tuple[str, Callable[[], str]]:
    """f = -1/2 |y - mu|^2."""
    away = b.op("Sub", y, b.constant("mu", MU), out="away")
    square = b.op("Mul", away, away, out="square")
    total = b.op("ReduceSum", square, b.ints("axis", 1), out="total")
    value = b.op("Mul", total, b.constant("half", -0.5), out="value")
    return value, lambda: b.op("Neg", away, out="slope")


def broken(b: GraphWriter, y: str) -> tuple[str, Callable[[], str]]:
    """An energy that is NaN everywhere (0 / 0)."""
    value, slope = quadratic(b, y)
    zero = b.op("Mul", value, b.constant("zero", 0.0), out="nothing")
    return b.op("Div", zero, zero, out="nan"), slope


def ascent(evaluate: Evaluate) -> Any:
    g = GraphWriter()
    climb = ascend(g, "start", 2, evaluate)
    g.op("Identity", climb.points, out="positions")
    g.op("Identity", climb.energies, out="values")
    inputs = [
        floats("start", ("N", 2)),
        floats("step_length", (2,)),
        floats("decay", ()),
        typed("steps", TensorProto.INT64, ()),
    ]
    outputs = [floats("positions", ("T", "N", 2)), floats("values", ("T", "N", 1))]
    return checked_model(g.graph("ascent", inputs, outputs))


def errors(result: dict[str, Any]) -> Any:
    return result["positions"] - np.array(MU)


def test_half_a_step_halves_the_error(run: Callable[..., Any]) -> None:
    start = np.array([[9, 6], [1, -2]], np.float32)
    model = ascent(quadratic)
    result = run(model, start=start, step_length=[0.5, 0.5], decay=0.5, steps=5)
    first = start - np.array(MU)
    for step in range(6):
        np.testing.assert_allclose(errors(result)[step], first * 0.5**step, atol=1e-6)
    np.testing.assert_allclose(
        result["values"][..., 0], -0.5 * (errors(result) ** 2).sum(-1), atol=1e-5
    )


def test_a_step_too_long_is_refused_and_shortened(run: Callable[..., Any]) -> None:
    start = np.array([[2, -1]], np.float32)
    model = ascent(quadratic)
    result = run(model, start=start, step_length=[3, 3], decay=0.5, steps=3)
    factors = [1, 1, -0.5, 0.25]
    for step, factor in enumerate(factors):
        np.testing.assert_allclose(errors(result)[step], factor * np.ones((1, 2)), atol=1e-6)


def test_each_candidate_has_its_own_step(run: Callable[..., Any]) -> None:
    # Step 2 maps the error to its negative: f ties, which is accepted. Step 2.5 is refused.
    start = np.array([[2, -1], [1, -2]], np.float32)
    model = ascent(quadratic)
    tie = run(model, start=start, step_length=[2, 2], decay=0.5, steps=2)
    np.testing.assert_allclose(errors(tie)[:, 0, 0], [1, -1, 1], atol=1e-6)
    alone = run(model, start=start[:1], step_length=[2.5, 2.5], decay=0.4, steps=2)
    both = run(model, start=start, step_length=[2.5, 2.5], decay=0.4, steps=2)
    np.testing.assert_array_equal(both["positions"][:, :1], alone["positions"])
    np.testing.assert_allclose(errors(alone)[:, 0, 0], [1, 1, 0], atol=1e-6)


def test_no_step_gives_the_start_and_its_energy(run: Callable[..., Any]) -> None:
    start = np.array([[2, -2]], np.float32)
    result = run(ascent(quadratic), start=start, step_length=[1, 1], decay=0.5, steps=0)
    np.testing.assert_array_equal(result["positions"], start[None])
    np.testing.assert_allclose(result["values"], [[[-0.5]]])


def test_an_energy_that_is_no_number_never_moves_a_candidate(run: Callable[..., Any]) -> None:
    start = np.array([[2, -2]], np.float32)
    result = run(ascent(broken), start=start, step_length=[1, 1], decay=0.5, steps=3)
    np.testing.assert_array_equal(result["positions"], np.repeat(start[None], 4, axis=0))
    assert (result["values"] == -np.inf).all()
