"""The ascents that accept every step, as one ONNX Loop: Algorithm S1 and the plain rule.

A round takes the step that the last one's gradient asks for, and evaluates f there. The first
round, whose gradient is zero, evaluates the initial value; so T + 1 rounds give T + 1 iterates.
What a candidate carries from round to round: y [N, D], its gradient, f [N, 1], whether it still
moves; and of an ascent to the best point, that point and its f.
"""

from __future__ import annotations

import numpy as np
import onnx
from edgereg_training.methods.ebm.energy import Ascent
from edgereg_training.methods.ebm.likelihood import LARGE_FALL, SMALL_CHANGE
from onnx import TensorProto

from edgereg_exporters.graphs.ascent import Climb, Evaluate, go_on
from edgereg_exporters.graphs.writer import GraphWriter, floats, typed


def ascend_every_step(
    g: GraphWriter, start: str, targets: int, evaluate: Evaluate, how: Ascent
) -> Climb:
    """Climb from `start` [N, D] by the graph's inputs `step_length`, `decay` and `steps`.

    how: any rule but Algorithm 1; S1 takes no decay. `rounds` is T, as it is of `ascend`.
    """
    rows = g.op("Shape", start, out="candidates", start=0, end=1)
    column = g.op("Concat", rows, g.ints("one", 1), out="column", axis=0)
    still = g.op("Mul", start, g.constant("nought", 0.0), out="no_gradient")
    lowest = g.op("Expand", g.constant("lowest", [-np.inf]), column, out="no_energy")
    moving = g.op("Expand", g.constant("true", [True], np.bool_), column, out="all_move")
    carried = (start, still, lowest, moving, *((start, lowest) if how.best else ()))
    rounds = g.op("Add", "steps", g.constant("first_round", 1, np.int64), out="all_rounds")
    g.op("Reshape", "steps", g.ints("flat", -1), out="rounds")
    names = [f"last_{index}" for index in range(len(carried))]
    made = g.multi(
        "Loop", rounds, "", *carried, out=(*names, "path_of_rounds", "energy_of_rounds"),
        body=round(targets, evaluate, how),
    )  # fmt: skip
    return Climb(points=made[-2], energies=made[-1])


def round(targets: int, evaluate: Evaluate, how: Ascent) -> onnx.GraphProto:
    """One round: step, evaluate, and stop what Algorithm S1 stops."""
    b = GraphWriter(prefix="body_")
    move = b.op("Mul", length(b, how), "gradient", out="move")
    moved = b.op("Add", "y", move, out="moved")
    here = b.op("Where", "moving", moved, "y", out="here")
    value, write_gradient = evaluate(b, here)
    moving = still_moving(b, value) if how.rule == "algorithm-s1" else "moving"
    carried = [here, write_gradient(), value, b.op("Identity", moving, out="goes_on")]
    point, energy = here, value
    if how.best:
        better = b.op("GreaterOrEqual", value, "best_f", out="better")
        point = b.op("Where", better, here, "best_y", out="best_point")
        energy = b.op("Where", better, value, "best_f", out="best_value")
        carried += [point, energy]
    shown = [b.op("Identity", name, out=f"shown_{name}") for name in (point, energy)]
    go_on(b)
    inputs = [typed("round", TensorProto.INT64, ()), typed("going", TensorProto.BOOL, ())]
    sizes = [targets, targets, 1, 1, *((targets, 1) if how.best else ())]
    kinds = [TensorProto.BOOL if index == 3 else TensorProto.FLOAT for index in range(len(sizes))]
    held = ("y", "gradient", "f", "moving", "best_y", "best_f")[: len(sizes)]
    given = [typed(n, k, (None, s)) for n, k, s in zip(held, kinds, sizes, strict=True)]
    left = [typed(n, k, (None, s)) for n, k, s in zip(carried, kinds, sizes, strict=True)]
    outputs = [typed("body_go_on", TensorProto.BOOL, ()), *left]
    outputs += [floats(n, (None, s)) for n, s in zip(shown, (targets, 1), strict=True)]
    return b.graph("every_step_round", [*inputs, *given], outputs)


def length(b: GraphWriter, how: Ascent) -> str:
    """step_length, of the plain rule times decay for every step before this one."""
    if how.rule == "algorithm-s1":
        return "step_length"
    number = b.op("Cast", "round", out="number", to=TensorProto.FLOAT)
    before = b.op("Sub", number, b.constant("this_one", 1.0), out="steps_before")
    factor = b.op("Pow", "decay", before, out="decayed")
    return b.op("Mul", "step_length", factor, out="length")


def still_moving(b: GraphWriter, value: str) -> str:
    """Whether f changed by at least Omega_1, and fell by no more than Omega_2."""
    change = b.op("Sub", value, "f", out="change")
    size = b.op("Abs", change, out="size_of_change")
    enough = b.op("GreaterOrEqual", size, b.constant("small", SMALL_CHANGE), out="enough")
    held = b.op("GreaterOrEqual", change, b.constant("fall", LARGE_FALL), out="held")
    both = b.op("And", enough, held, out="fit")
    return b.op("And", "moving", both, out="still_moving")
