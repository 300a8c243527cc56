"""PrRoIPool and its gradient with respect to the box, as ONNX nodes.

The pooled value of bin (p, q) is A_y[p] F A_x[q]^T / area (EBM paper, appendix; METHODS of the
project): A holds the integrals of the hat function over the bins,

    A[p, i] = G(hi_p - i) - G(lo_p - i),   G(t) = 1/2 + c - c|c|/2,   c = clip(t, -1, 1),

and its derivative needs G' = hat(t) = 1 - |c|. All t of both axes come from one matrix product of
the boxes [N, 4] with a small constant matrix, and so does the way back. The feature map is laid
out twice before the ascent, [W, C * H] and [H, C * W], so that each axis' matrix meets it in one
product and nothing of its size is permuted in a round.

Layouts: N = B * K candidates, P bins a side. A row of edges holds those of x (P * W numbers), then
those of y (P * H), once for the bins' lower and once for their upper ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from edgereg_training.methods.ebm.weights import BoxWeights, Dense

from edgereg.core.arrays import FloatArray
from edgereg_exporters.graphs.writer import GraphWriter

# Twice G is c (1 + hat): the factor 2 of each axis is taken back in the area.
TWICE_BOTH_AXES = 4.0


@dataclass(frozen=True)
class Pooling:
    """Names of what every round shares: both layouts of the map, the matrices and the shapes."""

    columns: str
    rows: str
    to_edges: str
    cells: str
    from_edges: str
    axis_sizes: str
    x_shape: str
    y_shape: str
    y_rows_shape: str
    x_strips_shape: str
    y_strips_shape: str
    flat_shape: str
    by_row_shape: str
    bins_shape: str


@dataclass(frozen=True)
class Boxes:
    """Names of centre and size of N boxes in image pixels, [N, 2] each."""

    centre: str
    size: str


@dataclass(frozen=True)
class Pooled:
    """Names of one pooling: its result [N, P*P*C] (bin of y, bin of x, channel) and the tape."""

    values: str
    hat: str
    a_y: str
    x_strips: str
    inverse_area: str


def prepare_pooling(g: GraphWriter, energy: BoxWeights, batch: str) -> Pooling:
    """Nodes that run once: `features` [B, C, H, W] laid out, edge matrices for its H and W.

    batch: int64 [1], B.
    """
    p, c = energy.pool, energy.channels
    height = g.op("Shape", "features", out="height", start=2, end=3)
    width = g.op("Shape", "features", out="width", start=3, end=4)
    anyhow, bins = g.ints("any", -1), g.ints("bins", p)

    def shape(name: str, *parts: str) -> str:
        return g.op("Concat", *parts, out=name, axis=0)

    def layout(name: str, perm: list[int], cells: str) -> str:
        turned = g.op("Transpose", "features", out=f"{name}_4d", perm=perm)
        return g.op("Reshape", turned, shape(f"{name}_map_shape", batch, cells, anyhow), out=name)

    to_edges, from_edges, cells = edge_matrices(g, energy, height, width)
    strips = g.ints("strip_count", p * c)
    return Pooling(
        columns=layout("columns", [0, 3, 1, 2], width),
        rows=layout("rows", [0, 2, 1, 3], height),
        to_edges=to_edges,
        cells=cells,
        from_edges=from_edges,
        axis_sizes=g.op("Mul", shape("cells_of_axes", width, height), bins, out="axis_sizes"),
        x_shape=shape("x_shape", batch, anyhow, width),
        y_shape=shape("y_shape", anyhow, bins, height),
        y_rows_shape=shape("y_rows_shape", batch, anyhow, height),
        x_strips_shape=shape("x_strips_shape", anyhow, strips, height),
        y_strips_shape=shape("y_strips_shape", anyhow, strips, width),
        flat_shape=g.ints("flat_shape", -1, p * c * p),
        by_row_shape=g.ints("by_row_shape", -1, p, p * c),
        bins_shape=g.ints("bins_shape", -1, p, p, c),
    )


def coefficients(energy: BoxWeights) -> tuple[FloatArray, FloatArray]:
    """Bin edges from (cx, cy, w, h), [end, axis, 4, P]: lower ends first, x before y; and signed.

    The signed copy carries the gradient back: dA = hat(hi) d hi - hat(lo) d lo, and twice that,
    because A is carried as twice itself.
    """
    p, s = energy.pool, energy.spatial_scale
    edges = s * (np.arange(p + 1) / p - 0.5)
    table = np.zeros((2, 2, 4, p), np.float32)
    for end, offsets in enumerate((edges[:-1], edges[1:])):
        for axis in (0, 1):
            table[end, axis, axis] = s
            table[end, axis, 2 + axis] = offsets
    sign = np.array([-2.0, 2.0], np.float32).reshape(2, 1, 1, 1)
    return table, table * sign


def edge_matrices(
    g: GraphWriter, energy: BoxWeights, height: str, width: str
) -> tuple[str, str, str]:
    """Matrices [4, 2P(W+H)] from a box to all t, and signed for the way back; minus cells."""
    zero, one = g.constant("cell_zero", 0, np.int64), g.constant("cell_one", 1, np.int64)
    p, flat = energy.pool, g.ints("flat", -1)
    lengths, cells = [], []
    for name, size in (("x", width), ("y", height)):
        count = g.op("Squeeze", size, out=f"{name}_limit")
        numbers = g.op("Range", zero, count, one, out=f"{name}_numbers")
        floating = g.op("Cast", numbers, out=f"{name}_positions", to=1)
        bins = g.op("Concat", g.ints("bins", p), size, out=f"{name}_tile", axis=0)
        tiled = g.op("Expand", floating, bins, out=f"{name}_tiled")
        cells.append(g.op("Reshape", tiled, flat, out=f"{name}_cells"))
        lengths.append(g.op("Concat", g.ints("four_p", 4, p), size, out=f"{name}_wide", axis=0))
    matrices = []
    for name, table in zip(("to_edges", "from_edges"), coefficients(energy), strict=True):
        parts = []
        for end in (0, 1):
            for axis in (0, 1):
                label = f"{name}_{end}{'xy'[axis]}"
                column = g.constant(f"{label}_table", table[end, axis][..., None])
                wide = g.op("Expand", column, lengths[axis], out=f"{label}_wide")
                four = g.ints("four_rows", 4, -1)
                parts.append(g.op("Reshape", wide, four, out=label))
        matrices.append(g.op("Concat", *parts, out=name, axis=1))
    both = g.op("Concat", *cells, *cells, out="all_cells", axis=0)
    return matrices[0], matrices[1], g.op("Neg", both, out="minus_cells")


def pool(g: GraphWriter, shared: Pooling, boxes: Boxes, area: str) -> Pooled:
    """Pool N boxes; area: the factor 1/4 (P/scale)^2 of the inverse area, or 0, [N, 1]."""
    both_axes = g.op("Concat", boxes.centre, boxes.size, out="boxes", axis=1)
    t = g.op("Gemm", both_axes, shared.to_edges, shared.cells, out="t")
    c = g.op("Clip", t, g.constant("minus_one", -1.0), g.constant("one", 1.0), out="clipped")
    hat = g.op("Sub", g.constant("one", 1.0), g.op("Abs", c, out="abs_c"), out="hat")
    integral = g.op("Mul", c, g.op("Add", hat, g.constant("one", 1.0), out="slope"), out="twice_G")
    low, high = g.multi("Split", integral, out=("G_low", "G_high"), axis=1, num_outputs=2)
    both = g.op("Sub", high, low, out="A")
    a_x, a_y = g.multi("Split", both, shared.axis_sizes, out=("A_x", "A_y"), axis=1)
    x_bins = g.op("Reshape", a_x, shared.x_shape, out="A_x_bins")
    y_bins = g.op("Reshape", a_y, shared.y_shape, out="A_y_bins")
    crossed = g.op("MatMul", x_bins, shared.columns, out="x_strip_rows")
    strips = g.op("Reshape", crossed, shared.x_strips_shape, out="x_strips")
    turned = g.op("Transpose", strips, out="x_strips_turned", perm=[0, 2, 1])
    sums = g.op("MatMul", y_bins, turned, out="bin_sums")
    flat_sums = g.op("Reshape", sums, shared.flat_shape, out="bin_sums_flat")
    extent = g.op("ReduceProd", boxes.size, g.ints("second_axis", 1), out="extent")
    inverse = g.op("Div", area, extent, out="inverse_area")
    return Pooled(
        values=g.op("Mul", flat_sums, inverse, out="pooled"),
        hat=hat,
        a_y=a_y,
        x_strips=strips,
        inverse_area=inverse,
    )


def pool_gradient(g: GraphWriter, shared: Pooling, pooled: Pooled, gradient: str) -> str:
    """Gradient [N, 4] of (cx, cy, w, h) through the bins' edges, the area held fixed.

    gradient: [N, P*P*C] of the pooled values. dA_y[p] = sum over (q, c) of the gradient times the
    strips A_x F, and dA_x[q] = sum over (p, c) of the gradient times the strips A_y F.
    """
    weighted = g.op("Mul", gradient, pooled.inverse_area, out="bin_gradient_flat")
    by_row = g.op("Reshape", weighted, shared.by_row_shape, out="bin_gradient_rows")
    d_y = g.op("MatMul", by_row, pooled.x_strips, out="dA_y")
    y_bins = g.op("Reshape", pooled.a_y, shared.y_rows_shape, out="A_y_rows")
    crossed = g.op("MatMul", y_bins, shared.rows, out="y_strip_rows")
    strips = g.op("Reshape", crossed, shared.y_strips_shape, out="y_strips")
    bins = g.op("Reshape", weighted, shared.bins_shape, out="bin_gradient")
    turned = g.op("Transpose", bins, out="bin_gradient_turned", perm=[0, 2, 1, 3])
    by_column = g.op("Reshape", turned, shared.by_row_shape, out="bin_gradient_columns")
    d_x = g.op("MatMul", by_column, strips, out="dA_x")
    flat_x = g.op("Flatten", d_x, out="dA_x_flat", axis=1)
    flat_y = g.op("Flatten", d_y, out="dA_y_flat", axis=1)
    both = g.op("Concat", flat_x, flat_y, flat_x, flat_y, out="dA", axis=1)
    edges = g.op("Mul", pooled.hat, both, out="d_edges")
    return g.op("Gemm", edges, shared.from_edges, out="d_box", transB=1)


def reordered_first_layer(energy: BoxWeights) -> tuple[Dense, ...]:
    """The dense layers for pooled values that lie as (bin of y, bin of x, channel)."""
    first = energy.layers[0]
    p, c = energy.pool, energy.channels
    by_name = first.weight.reshape(-1, c, p, p)
    weight = np.ascontiguousarray(by_name.transpose(0, 2, 3, 1)).reshape(first.weight.shape)
    return (Dense(weight, first.bias, first.activation), *energy.layers[1:])
