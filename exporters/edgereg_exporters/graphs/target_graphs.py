"""The `refine` and `density` graphs of an energy over a few numbers (pose, age ...).

refine: features (float32 [B, F], W_x g_x of each image), initial [B, K, D] in target units,
step_length [D] in the energy's coordinates, decay [], steps int64 [] -> trajectory
[B, K, steps+1, D] in target units, energy [B, K, steps+1]. density: features, grid [B, G, D] in
target units -> log_density [B, G], not normalised. B, K and G are free, and steps may be 0.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx
from edgereg_training.methods.ebm.energy import ALGORITHM_1, Ascent
from edgereg_training.methods.ebm.weights import TargetWeights
from onnx import TensorProto

from edgereg_exporters.graphs import dense as dense_nodes
from edgereg_exporters.graphs.ascent import ascend
from edgereg_exporters.graphs.box_graphs import reorder_outputs
from edgereg_exporters.graphs.every_step import ascend_every_step
from edgereg_exporters.graphs.writer import GraphWriter, checked_model, floats, typed

REFINE_DOC = """Gradient ascent of targets on their energy (EBM paper, {rule}).
features [B,F]; initial [B,K,D] in target units; step_length [D] and decay for
t = (y - centre) / scale; steps >= 0. trajectory [B,K,steps+1,D] in target units,
energy [B,K,steps+1]."""
DENSITY_DOC = """Unnormalised log-density f(x, y) of targets.
features [B,F]; grid [B,G,D] in target units; log_density [B,G]."""


def target_refine_graph(energy: TargetWeights, how: Ascent = ALGORITHM_1) -> onnx.ModelProto:
    """The ascent of `energy`, see REFINE_DOC."""
    g = GraphWriter()
    d = energy.targets
    batch, count, start = normalised(g, energy, "initial")
    image = image_part(g, energy, batch, count)

    def evaluate(b: GraphWriter, points: str) -> tuple[str, Callable[[], str]]:
        return value_and_gradient(b, energy, image, points)

    if how.rule == "algorithm-1":
        climb = ascend(g, start, d, evaluate)
    else:
        climb = ascend_every_step(g, start, d, evaluate, how)
    scaled = g.op("Mul", climb.points, g.constant("scale", energy.scale), out="scaled_path")
    path = g.op("Add", scaled, g.constant("target_centre", energy.centre), out="path")
    reorder_outputs(g, batch, count, path, climb.energies, d)
    inputs = [
        floats("features", ("B", energy.features)),
        floats("initial", ("B", "K", d)),
        floats("step_length", (d,)),
        floats("decay", ()),
        typed("steps", TensorProto.INT64, ()),
    ]
    outputs = [floats("trajectory", ("B", "K", "T", d)), floats("energy", ("B", "K", "T"))]
    return checked_model(
        g.graph("refine_targets", inputs, outputs, REFINE_DOC.format(rule=how.rule))
    )


def target_density_graph(energy: TargetWeights) -> onnx.ModelProto:
    """The energy on a grid of targets, see DENSITY_DOC."""
    g = GraphWriter()
    batch, count, points = normalised(g, energy, "grid")
    image = image_part(g, energy, batch, count)
    value = _forward(g, energy, image, points)[0]
    shape = g.op("Concat", batch, count, out="grid_shape", axis=0)
    g.op("Reshape", value, shape, out="log_density", allowzero=1)
    inputs = [
        floats("features", ("B", energy.features)),
        floats("grid", ("B", "G", energy.targets)),
    ]
    outputs = [floats("log_density", ("B", "G"))]
    return checked_model(g.graph("target_density", inputs, outputs, DENSITY_DOC))


def normalised(g: GraphWriter, energy: TargetWeights, source: str) -> tuple[str, str, str]:
    """int64 [1] B and K of the input, and its points t = (y - centre) / scale, [N, D]."""
    batch = g.op("Shape", source, out="batch", start=0, end=1)
    count = g.op("Shape", source, out="count", start=1, end=2)
    rows = g.op("Reshape", source, g.ints("rows", -1, energy.targets), out="target_rows")
    centred = g.op("Sub", rows, g.constant("target_centre", energy.centre), out="centred")
    return batch, count, g.op("Div", centred, g.constant("scale", energy.scale), out="start")


def image_part(g: GraphWriter, energy: TargetWeights, batch: str, count: str) -> str:
    """W_x g_x + b of each candidate [N, h]: once, before any ascent."""
    image = g.op("Add", "features", g.constant("bias", energy.bias), out="image")
    each = g.op("Unsqueeze", image, g.ints("second_axis", 1), out="image_each")
    one = g.ints("wide", 1)
    shape = g.op("Concat", batch, count, one, out="each_shape", axis=0)
    spread = g.op("Expand", each, shape, out="image_spread")
    hidden = len(energy.bias)
    return g.op("Reshape", spread, g.ints("hidden_rows", -1, hidden), out="image_rows")


def _forward(
    g: GraphWriter, energy: TargetWeights, image: str, points: str
) -> tuple[str, tuple[list[dense_nodes.Activated], ...]]:
    """f [N, 1] at normalised points [N, D], and the tapes of its three parts."""
    target, below = dense_nodes.forward(g, energy.target_layers, points, "target")
    weight = g.constant("target_weight", energy.target_weight)
    joint = g.op("Gemm", target, weight, image, out="joint", transB=1)
    first = dense_nodes.activate(g, energy.activation, joint, "joint")
    value, above = dense_nodes.forward(g, energy.trunk, first.after, "trunk")
    return value, (below, [first], above)


def value_and_gradient(
    b: GraphWriter, energy: TargetWeights, image: str, points: str
) -> tuple[str, Callable[[], str]]:
    """f [N, 1], and what writes its gradient [N, D] with respect to the normalised points."""
    value, (below, first, above) = _forward(b, energy, image, points)

    def gradient() -> str:
        slope = dense_nodes.scalar_backward(b, energy.trunk, above, "trunk")
        slope = dense_nodes.slope_times(b, first[0], slope, "joint")
        weight = b.constant("target_weight", energy.target_weight)
        slope = b.op("Gemm", slope, weight, out="joint_back")
        slope = dense_nodes.backward(b, energy.target_layers, below, slope, "target")
        if any(act.kind != "none" for act in (*below, *first, *above)):
            return slope
        # A linear energy has one gradient, a constant row, for all candidates.
        return b.op("Expand", slope, b.op("Shape", points, out="all"), out="same_gradient")

    return value, gradient
