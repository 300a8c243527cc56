"""The `spread` graph of an energy over boxes: how far their edges may be from the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx
from edgereg_training.methods.ebm.box_spread import (
    ELITE,
    FIRST,
    NARROWEST,
    SECOND,
    SLACK,
    WIDTHS,
    draws,
    first_log_q,
)
from edgereg_training.methods.ebm.weights import BoxWeights

from edgereg_exporters.graphs import boxes as box_nodes
from edgereg_exporters.graphs import dense as dense_nodes
from edgereg_exporters.graphs.box_graphs import Candidates, candidates
from edgereg_exporters.graphs.writer import GraphWriter, checked_model, floats

SPREAD_DOC = """How sure boxes are, by weighted samples of the density exp f about each.
features [B,C,H,W]; final [B,K,4] boxes (x1,y1,x2,y2) in image pixels.
std [B,K,4]: the standard deviation of each edge about the box, in image pixels, calibrated;
effective [B,K]: the effective number of the samples that it comes from."""


@dataclass(frozen=True)
class Samples:
    """Names: of N boxes f [N, S] at samples, and how far their edges lie from the box's, squared
    [N, S, 4] in pixels."""

    f: str
    squares: str


def box_spread_graph(energy: BoxWeights, factors: Sequence[float]) -> onnx.ModelProto:
    """The deviations that `edgereg_training.methods.ebm.box_spread` defines, times `factors` [4];
    see SPREAD_DOC."""
    g = GraphWriter()
    boxes = candidates(g, energy, "final")
    shared = box_nodes.prepare_pooling(g, energy, boxes.batch)
    numbers = draws()
    first = g.constant("first_offsets", numbers.first[None].numpy())
    near = samples(g, energy, shared, boxes, first, len(numbers.first))
    log_q = g.constant("first_log_q", first_log_q(numbers.first)[None].numpy())
    weights = g.op("Sub", near.f, log_q, out="first_log_weights")
    mean, deviation = moments(g, first, weights)
    steps = g.op("Mul", g.constant("normals", numbers.second[None].numpy()), deviation, out="steps")
    second = g.op("Add", mean, steps, out="second_offsets")
    # Names of the second round are kept apart from those of the first.
    beside = samples(replace(g, prefix="second_"), energy, shared, boxes, second, SECOND)
    shape = g.op("Shape", near.squares, out="first_shape")
    first_of_each = g.op("Expand", first, shape, out="first_of_each")
    every = g.op("Concat", first_of_each, second, out="offsets", axis=1)
    squares = g.op("Concat", near.squares, beside.squares, out="squares", axis=1)
    f = g.op("Concat", near.f, beside.f, out="f", axis=1)
    spread(g, boxes, (f, squares), mixture(g, every, mean, deviation), factors)
    inputs = [floats("features", ("B", energy.channels, "H", "W")), floats("final", ("B", "K", 4))]
    outputs = [floats("std", ("B", "K", 4)), floats("effective", ("B", "K"))]
    return checked_model(g.graph("box_spread", inputs, outputs, SPREAD_DOC))


def samples(
    g: GraphWriter,
    energy: BoxWeights,
    shared: box_nodes.Pooling,
    boxes: Candidates,
    offsets: str,
    count: int,
) -> Samples:
    """The energy at `count` samples of every box: offsets [N or 1, count, 4]."""
    place, log_size = g.multi("Split", offsets, out=("place", "log_size"), axis=2, num_outputs=2)
    row = g.ints("second_axis", 1)
    size = g.op("Unsqueeze", boxes.size, row, out="size_row")
    moved = g.op("Mul", place, size, out="moved")
    centre = g.op("Add", g.op("Unsqueeze", boxes.centre, row, out="centre_row"), moved, out="at")
    sides = g.op("Mul", g.op("Exp", log_size, out="grown"), size, out="sides")
    flat = g.ints("two_columns", -1, 2)
    area = g.op("Unsqueeze", boxes.area, row, out="area_row")
    wide = g.op("Expand", area, g.ints("wide_area", 1, count, 1), out="areas")
    pooled = box_nodes.pool(
        g,
        shared,
        box_nodes.Boxes(
            g.op("Reshape", centre, flat, out="centres"), g.op("Reshape", sides, flat, out="sizes")
        ),
        g.op("Reshape", wide, g.ints("one_column", -1, 1), out="flat_areas"),
    )
    layers = box_nodes.reordered_first_layer(energy)
    value, _ = dense_nodes.forward(g, layers, pooled.values, "layer", shared=replace(g, prefix=""))
    growth = g.op("Sub", sides, size, out="growth")
    half = g.op("Mul", growth, g.constant("half", 0.5), out="halves")
    low = g.op("Sub", moved, half, out="low_moves")
    high = g.op("Add", moved, half, out="high_moves")
    edges = g.op("Concat", low, high, out="edges", axis=2)
    return Samples(
        f=g.op("Reshape", value, g.ints("samples", -1, count), out="f_samples"),
        squares=g.op("Mul", edges, edges, out="edge_squares"),
    )


def moments(g: GraphWriter, offsets: str, log_weights: str) -> tuple[str, str]:
    """Mean and deviation [N, 1, 4] that the second round is drawn with."""
    top, _ = g.multi("TopK", log_weights, g.ints("elite", ELITE), out=("top", "top_rows"), axis=1)
    limit = g.op("Gather", top, g.ints("last", ELITE - 1), out="limit", axis=1)
    capped = g.op("Min", log_weights, limit, out="capped")
    weights = g.op("Softmax", capped, out="shares", axis=1)
    across = g.op("Unsqueeze", weights, g.ints("second_axis", 1), out="shares_row")
    mean = g.op("MatMul", across, offsets, out="mean")
    centred = g.op("Sub", offsets, mean, out="centred")
    square = g.op("Mul", centred, centred, out="centred_square")
    variance = g.op("MatMul", across, square, out="variance")
    root = g.op("Sqrt", variance, out="deviation_found")
    slack = g.op("Mul", root, g.constant("slack", SLACK), out="deviation_wide")
    return mean, g.op("Max", slack, g.constant("narrowest", NARROWEST), out="deviation")


def mixture(g: GraphWriter, offsets: str, mean: str, deviation: str) -> str:
    """log q [N, S] of the mixture of both rounds at offsets [N, S, 4], up to a constant."""
    last = g.ints("last_axis", -1)
    squares = g.op("Mul", offsets, offsets, out="offsets_square")
    distance = g.op("ReduceSum", squares, last, out="distance")
    parts = []
    for index, width in enumerate(WIDTHS):
        bend = g.constant(f"bend{index}", -0.5 / width**2)
        level = g.constant(f"level{index}", math.log(FIRST) - 4 * math.log(width))
        scaled = g.op("Mul", distance, bend, out=f"log_q{index}_scaled")
        parts.append(g.op("Add", scaled, level, out=f"log_q{index}"))
    white = g.op("Div", g.op("Sub", offsets, mean, out="from_mean"), deviation, out="white")
    whole = g.op("ReduceSum", g.op("Mul", white, white, out="white_square"), last, out="whole")
    scaled = g.op("Mul", whole, g.constant("minus_half", -0.5), out="adapted_scaled")
    logs = g.op("ReduceSum", g.op("Log", deviation, out="log_deviation"), last, out="log_volume")
    lower = g.op("Sub", scaled, logs, out="adapted_lower")
    count = g.constant("second_level", math.log(SECOND))
    parts.append(g.op("Add", lower, count, out="adapted_log_q"))
    together = g.op("Concat", *parts, out="all_log_q", axis=2)
    return g.op("ReduceLogSumExp", together, last, out="mixture_log_q", keepdims=0)


def spread(
    g: GraphWriter,
    boxes: Candidates,
    drawn: tuple[str, str],
    log_q: str,
    factors: Sequence[float],
) -> None:
    """The outputs, from f [N, S] and squares [N, S, 4] of the samples and their log q [N, S]."""
    f, squares = drawn
    row = g.ints("second_axis", 1)
    weights = g.op("Softmax", g.op("Sub", f, log_q, out="log_weights"), out="weights", axis=1)
    across = g.op("Unsqueeze", weights, row, out="weights_row")
    variance = g.op("MatMul", across, squares, out="edge_variance")
    times = g.constant("factors", np.asarray(factors, np.float32))
    found = g.op("Mul", g.op("Sqrt", variance, out="edge_deviation"), times, out="edge_std")
    of_boxes = g.op("Concat", boxes.batch, boxes.count, out="boxes_of", axis=0)
    wide = g.op("Concat", of_boxes, g.ints("four", 4), out="std_shape", axis=0)
    g.op("Reshape", found, wide, out="std", allowzero=1)
    both = g.op("Mul", weights, weights, out="weights_square")
    total = g.op("ReduceSum", both, row, out="weights_total", keepdims=0)
    effective = g.op("Reciprocal", total, out="effective_flat")
    g.op("Reshape", effective, of_boxes, out="effective", allowzero=1)
