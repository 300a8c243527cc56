"""Algorithm 1 of the EBM paper as one ONNX Loop, for any energy whose gradient is written out.

    y <- y + step * gradient; accept iff f does not fall, else keep y and step <- decay * step

The body evaluates f and its gradient together at the proposed point, so an iterate costs one
forward and one backward pass. Its first round proposes the initial value itself against an energy
of minus infinity: the initial point needs no second copy of the nodes.

A Loop rather than unrolled steps: the number of steps stays an input, the file has a tenth of the
nodes, and ONNX Runtime takes the same time for it within the spread of the measurement
(benchmarks/README.md): a step's matrix products outweigh the Loop's own work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from edgereg_exporters.graph_writer import GraphWriter, floats, typed

# Writes the nodes of f and its gradient at a point y [N, D]; returns f [N, 1], gradient [N, D].
Evaluate = Callable[[GraphWriter, str], tuple[str, str]]


@dataclass(frozen=True)
class Climb:
    """Names of what the ascent returns: points [T+1, N, D] and energies [T+1, N, 1]."""

    points: str
    energies: str


def ascend(g: GraphWriter, start: str, targets: int, evaluate: Evaluate) -> Climb:
    """Climb from `start` [N, D] by the graph's inputs `step_length`, `decay` and `steps`."""
    one = g.ints("one_step", 1)
    count = g.op("Add", "steps", g.constant("one_round", 1, np.int64), out="rounds")
    rows = g.op("Shape", start, out="candidates", start=0, end=1)
    wide = g.op("Concat", rows, g.ints("targets", targets), out="state_shape", axis=0)
    tall = g.op("Concat", rows, one, out="energy_shape", axis=0)
    still = g.op("Expand", g.constant("no_gradient", 0.0), wide, out="start_gradient")
    lowest = g.op("Expand", g.constant("lowest", -np.inf), tall, out="start_energy")
    step = g.op("Expand", "step_length", wide, out="start_step")
    state = (start, lowest, still, step)
    names = ("last_y", "last_f", "last_gradient", "last_step", "points", "energies")
    body = _body(targets, evaluate)
    results = g.multi("Loop", count, "", *state, out=names, body=body)
    return Climb(points=results[4], energies=results[5])


def _body(targets: int, evaluate: Evaluate):  # type: ignore[no-untyped-def]
    """One round: propose, evaluate, accept or shorten the step."""
    b = GraphWriter(prefix="body_")
    wide, tall = (None, targets), (None, 1)
    move = b.op("Mul", "step", "gradient", out="move")
    proposed = b.op("Add", "y", move, out="proposed")
    energy, slope = evaluate(b, proposed)
    accepted = b.op("GreaterOrEqual", energy, "f", out="accepted")
    shorter = b.op("Mul", "step", "decay", out="shorter")
    choices = (
        ("next_y", proposed, "y"),
        ("next_f", energy, "f"),
        ("next_gradient", slope, "gradient"),
        ("next_step", "step", shorter),
    )
    for name, new, old in choices:
        b.op("Where", accepted, new, old, out=name)
    b.op("Identity", "body_next_y", out="point")
    b.op("Identity", "body_next_f", out="energy")
    b.op("Identity", "going", out="go_on")
    inputs = [
        typed("round", TensorProto.INT64, ()),
        typed("going", TensorProto.BOOL, ()),
        floats("y", wide),
        floats("f", tall),
        floats("gradient", wide),
        floats("step", wide),
    ]
    shapes = (wide, tall, wide, wide, wide, tall)
    ends = ("next_y", "next_f", "next_gradient", "next_step", "point", "energy")
    outputs = [typed("body_go_on", TensorProto.BOOL, ())]
    outputs += [floats(f"body_{n}", shape) for n, shape in zip(ends, shapes, strict=True)]
    return b.graph("ascent_round", inputs, outputs)
