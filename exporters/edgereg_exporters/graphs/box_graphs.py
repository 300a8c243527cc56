"""The `refine` and `density` graphs of an energy over boxes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
from edgereg_training.methods.ebm.weights import BoxWeights
from onnx import TensorProto

from edgereg_exporters.graphs import boxes as box_nodes
from edgereg_exporters.graphs import dense as dense_nodes
from edgereg_exporters.graphs.ascent import Climb, ascend
from edgereg_exporters.graphs.writer import GraphWriter, checked_model, floats, typed

# A box thinner than this (image pixels) counts as empty: nothing is pooled, and it does not move.
THINNEST = 1e-3

REFINE_DOC = """Gradient ascent of boxes on their energy (EBM paper, Algorithm 1).
features [B,C,H,W]; initial [B,K,4] boxes (x1,y1,x2,y2) in image pixels; step_length [4] and decay
for y = (cx/w0, cy/h0, log w, log h), w0,h0 = size of the initial box; steps >= 0.
trajectory [B,K,steps+1,4] in image pixels, energy [B,K,steps+1]. A box of no area stays where it
is."""
DENSITY_DOC = """Unnormalised log-density f(x, box) of boxes.
features [B,C,H,W]; grid [B,G,4] boxes (x1,y1,x2,y2) in image pixels; log_density [B,G]."""


@dataclass(frozen=True)
class Candidates:
    """Names: boxes flattened to [N, 4] and taken apart; int64 [1] sizes of the batch."""

    batch: str
    count: str
    corners: str
    centre: str
    size: str
    valid: str
    area: str


def box_refine_graph(energy: BoxWeights) -> onnx.ModelProto:
    """The ascent of `energy`, see REFINE_DOC."""
    g = GraphWriter()
    boxes = candidates(g, energy, "initial")
    shared = box_nodes.prepare_pooling(g, energy, boxes.batch)
    place = g.op("Div", boxes.centre, boxes.size, out="place")
    log_size = g.op("Log", boxes.size, out="log_size")
    start = g.op("Concat", place, log_size, out="start", axis=1)
    climb = ascend(g, start, 4, lambda b, y: value_and_gradient(b, energy, shared, boxes, y))
    trajectory(g, boxes, climb)
    inputs = [
        floats("features", ("B", energy.channels, "H", "W")),
        floats("initial", ("B", "K", 4)),
        floats("step_length", (4,)),
        floats("decay", ()),
        typed("steps", TensorProto.INT64, ()),
    ]
    outputs = [floats("trajectory", ("B", "K", "T", 4)), floats("energy", ("B", "K", "T"))]
    return checked_model(g.graph("refine_boxes", inputs, outputs, REFINE_DOC))


def box_density_graph(energy: BoxWeights) -> onnx.ModelProto:
    """The energy on a grid of boxes, see DENSITY_DOC."""
    g = GraphWriter()
    boxes = candidates(g, energy, "grid")
    shared = box_nodes.prepare_pooling(g, energy, boxes.batch)
    pooled = box_nodes.pool(g, shared, box_nodes.Boxes(boxes.centre, boxes.size), boxes.area)
    layers = box_nodes.reordered_first_layer(energy)
    value, _ = dense_nodes.forward(g, layers, pooled.values, "layer")
    shape = g.op("Concat", boxes.batch, boxes.count, out="grid_shape", axis=0)
    g.op("Reshape", value, shape, out="log_density", allowzero=1)
    inputs = [
        floats("features", ("B", energy.channels, "H", "W")),
        floats("grid", ("B", "G", 4)),
    ]
    outputs = [floats("log_density", ("B", "G"))]
    return checked_model(g.graph("box_density", inputs, outputs, DENSITY_DOC))


def candidates(g: GraphWriter, energy: BoxWeights, source: str) -> Candidates:
    """Flatten the input boxes, replace a size of no area by 1 and note where that was."""
    batch = g.op("Shape", source, out="batch", start=0, end=1)
    count = g.op("Shape", source, out="count", start=1, end=2)
    corners = g.op("Reshape", source, g.ints("four_columns", -1, 4), out="corners")
    low, high = g.multi("Split", corners, out=("low", "high"), axis=1, num_outputs=2)
    extent = g.op("Sub", high, low, out="raw_size")
    doubled = g.op("Add", low, high, out="doubled")
    shortest = g.op("ReduceMin", extent, g.ints("second_axis", 1), out="shortest")
    valid = g.op("Greater", shortest, g.constant("thinnest", THINNEST), out="valid")
    bins = (energy.pool / energy.spatial_scale) ** 2 / box_nodes.TWICE_BOTH_AXES
    area = g.constant("bins_per_area", bins)
    return Candidates(
        batch=batch,
        count=count,
        corners=corners,
        centre=g.op("Mul", doubled, g.constant("half", 0.5), out="centre"),
        size=g.op("Where", valid, extent, g.constant("one", 1.0), out="size"),
        valid=valid,
        area=g.op("Where", valid, area, g.constant("zero", 0.0), out="area"),
    )


def value_and_gradient(
    b: GraphWriter, energy: BoxWeights, shared: box_nodes.Pooling, boxes: Candidates, y: str
) -> tuple[str, Callable[[], str]]:
    """f [N, 1], and what writes its gradient [N, 4] in the ascent's coordinates."""
    place, log_size = b.multi("Split", y, out=("place", "log_size"), axis=1, num_outputs=2)
    centre = b.op("Mul", place, boxes.size, out="centre")
    size = b.op("Exp", log_size, out="size")
    pooled = box_nodes.pool(b, shared, box_nodes.Boxes(centre, size), boxes.area)
    layers = box_nodes.reordered_first_layer(energy)
    value, tape = dense_nodes.forward(b, layers, pooled.values, "layer")

    def gradient() -> str:
        slope = dense_nodes.scalar_backward(b, layers, tape, "layer")
        units = b.op("Concat", boxes.size, size, out="units", axis=1)
        return _gradient(b, shared, pooled, slope, units)

    return value, gradient


def _gradient(
    b: GraphWriter, shared: box_nodes.Pooling, pooled: box_nodes.Pooled, slope: str, units: str
) -> str:
    """df/dy [N, 4] from the slope dE/dv of the pooled values v; units: d(cx, cy, w, h)/dy.

    dv/d(log w) has two parts: the edges move, and v falls with the area (v = sum / area), which
    takes sum(dE/dv * v) off both log w and log h.
    """
    edges = box_nodes.pool_gradient(b, shared, pooled, slope)
    by_edges = b.op("Mul", edges, units, out="by_edges")
    share = b.op("Mul", slope, pooled.values, out="share")
    total = b.op("ReduceSum", share, b.ints("second_axis", 1), out="shares")
    on_sizes = b.constant("on_sizes", np.array([[0.0, 0.0, 1.0, 1.0]]))
    return b.op("Gemm", total, on_sizes, by_edges, out="slope_y", alpha=-1.0)


def trajectory(g: GraphWriter, boxes: Candidates, climb: Climb) -> None:
    """Points [T+1, N, 4] back to corners in pixels, batch and candidates first."""
    place, log_size = g.multi(
        "Split", climb.points, out=("places", "log_sizes"), axis=2, num_outputs=2
    )
    centre = g.op("Mul", place, boxes.size, out="centres_path")
    size = g.op("Exp", log_size, out="sizes_path")
    half = g.op("Mul", size, g.constant("half", 0.5), out="halves")
    low, high = g.op("Sub", centre, half, out="lows"), g.op("Add", centre, half, out="highs")
    path = g.op("Concat", low, high, out="path", axis=2)
    kept = g.op("Where", boxes.valid, path, boxes.corners, out="kept_path")
    reorder_outputs(g, boxes.batch, boxes.count, kept, climb.energies, 4)


def reorder_outputs(
    g: GraphWriter, batch: str, count: str, path: str, energies: str, targets: int
) -> None:
    """path [T+1, N, D], energies [T+1, N, 1] -> the outputs `trajectory` and `energy`."""
    turned = g.op("Transpose", path, out="path_turned", perm=[1, 0, 2])
    flat = g.op("Transpose", energies, out="energies_turned", perm=[1, 2, 0])
    length = g.op("Add", "rounds", g.ints("one_more", 1), out="length")
    shape = g.op("Concat", batch, count, length, out="energy_out_shape", axis=0)
    wide = g.op("Concat", shape, g.ints("targets", targets), out="path_out_shape", axis=0)
    g.op("Reshape", turned, wide, out="trajectory", allowzero=1)
    g.op("Reshape", flat, shape, out="energy", allowzero=1)
