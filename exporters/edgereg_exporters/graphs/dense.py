"""Dense layers as ONNX nodes: forward, and the gradient of a scalar written out analytically."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from edgereg_training.methods.ebm.weights import Activation, Dense

from edgereg_exporters.graphs.writer import GraphWriter


@dataclass(frozen=True)
class Activated:
    """What the backward pass needs of one activation: names of z (before) and a (after)."""

    kind: Activation
    before: str
    after: str


def activate(g: GraphWriter, kind: Activation, before: str, name: str) -> Activated:
    """a = act(z); silu is z * sigmoid(z)."""
    if kind == "none":
        return Activated(kind, before, before)
    if kind == "silu":
        gate = g.op("Sigmoid", before, out=f"{name}_gate")
        return Activated(kind, gate, g.op("Mul", before, gate, out=f"{name}_silu"))
    return Activated(kind, before, g.op("Relu", before, out=f"{name}_relu"))


def slope_times(g: GraphWriter, act: Activated, gradient: str, name: str) -> str:
    """act'(z) * gradient, from what the forward pass kept; relu' (0) = 0 as in torch."""
    if act.kind == "none":
        return gradient
    return g.op("Mul", _slope(g, act, name), gradient, out=f"{name}_grad")


def _slope(g: GraphWriter, act: Activated, name: str) -> str:
    if act.kind == "relu":
        return g.op("Sign", act.after, out=f"{name}_slope")
    # silu' = s + a (1 - s), where `before` holds the gate s = sigmoid(z).
    rest = g.op("Sub", g.constant("one", 1.0), act.before, out=f"{name}_rest")
    bent = g.op("Mul", act.after, rest, out=f"{name}_bent")
    return g.op("Add", act.before, bent, out=f"{name}_slope")


def forward(
    g: GraphWriter,
    layers: Sequence[Dense],
    x: str,
    name: str,
    shared: GraphWriter | None = None,
) -> tuple[str, list[Activated]]:
    """x [N, in] through the layers; returns the output [N, out] and the tape for `backward`.

    shared: the writer whose names the weights have, so that two passes share them; None: g.
    """
    tape = []
    keeper = shared or g
    for i, layer in enumerate(layers):
        weight = keeper.constant(f"{name}{i}_weight", layer.weight)
        bias = keeper.constant(f"{name}{i}_bias", layer.bias)
        x = g.op("Gemm", x, weight, bias, out=f"{name}{i}", transB=1)
        tape.append(activate(g, layer.activation, x, f"{name}{i}"))
        x = tape[-1].after
    return x, tape


def backward(
    g: GraphWriter, layers: Sequence[Dense], tape: Sequence[Activated], gradient: str, name: str
) -> str:
    """Gradient [N, in] from the gradient [N, out] (or [1, out], the same for every row)."""
    for i in reversed(range(len(layers))):
        gradient = slope_times(g, tape[i], gradient, f"{name}{i}")
        weight = g.constant(f"{name}{i}_weight", layers[i].weight)
        gradient = g.op("Gemm", gradient, weight, out=f"{name}{i}_back")
    return gradient


def scalar_backward(
    g: GraphWriter, layers: Sequence[Dense], tape: Sequence[Activated], name: str
) -> str:
    """Gradient [N or 1, in] of layers that end in one number without activation, df = 1.

    The last layer's gradient is its weight row, a constant: it is multiplied into the weights of
    the layer before, so that no node is spent on it.
    """
    last = layers[-1]
    if last.activation != "none":
        seed = g.constant("unit_gradient", np.ones((1, 1)))
        return backward(g, layers, tape, seed, name)
    if len(layers) == 1 or layers[-2].activation == "none":
        row = g.constant(f"{name}{len(layers) - 1}_row", last.weight)
        return backward(g, layers[:-1], tape[:-1], row, name)
    i = len(layers) - 2
    weight = g.constant(f"{name}{i}_row_weight", last.weight.T * layers[i].weight)
    slope = _slope(g, tape[i], f"{name}{i}")
    gradient = g.op("Gemm", slope, weight, out=f"{name}{i}_back")
    return backward(g, layers[:i], tape[:i], gradient, name)
