"""PrRoIPool and its gradient with respect to the box, as ONNX nodes.

The pooled value of bin (p, q) is A_y[p] F A_x[q]^T / area (EBM paper, appendix; METHODS of the
project): A holds the integrals of the hat function over the bins,

    A[p, i] = G(hi_p - i) - G(lo_p - i),   G(t) = 1/2 + c - c|c|/2,   c = clip(t, -1, 1),

and its derivative needs G' = hat(t) = 1 - |c|. All t of both axes come from one matrix product of
the boxes [N, 4] with a small constant matrix, and so does the way back. The features are used as
they lie, [C * H, W]; nothing of their size is permuted inside the ascent.

Layouts: N = B * K candidates, P bins a side, A columns first x (W of them), then y (H).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgereg_exporters.energies import BoxEnergy, Dense, FloatArray
from edgereg_exporters.graph_writer import GraphWriter

# Twice G is c (1 + hat): the factor 2 of each axis is taken back in the area.
TWICE_BOTH_AXES = 4.0


@dataclass(frozen=True)
class Pooling:
    """Names of what every round shares: the feature map, the matrices and the shapes."""

    columns: str
    rows: str
    to_bins: str
    cells: str
    from_bins: str
    axis_sizes: str
    edge_shape: str
    column_shape: str
    strip_shape: str
    flat_shape: str
    bin_shape: str
    map_shape: str
    width_shape: str


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
    strips: str
    inverse_area: str


def prepare_pooling(g: GraphWriter, energy: BoxEnergy, batch: str) -> Pooling:
    """Nodes that run once: `features` [B, C, H, W] laid out, bin matrices for its H and W.

    batch: int64 [1], B.
    """
    p, c = energy.pool, energy.channels
    height = g.op("Shape", "features", out="height", start=2, end=3)
    width = g.op("Shape", "features", out="width", start=3, end=4)
    anyhow, bins, ends = g.ints("any", -1), g.ints("bins", p), g.ints("ends", 2)
    cells = g.op("Add", width, height, out="cell_count")

    length = g.op("Mul", height, g.ints("channels", c), out="strip_length")

    def shape(name: str, *parts: str) -> str:
        return g.op("Concat", *parts, out=name, axis=0)

    to_bins, from_bins, positions = _bin_matrices(g, energy, height, width)
    both = g.ints("bins_twice", 2 * p)
    tiled = g.op("Expand", positions, shape("tiled_shape", both, cells), out="tiled")
    bias = g.op("Reshape", tiled, g.ints("flat", -1), out="bias")
    rows = g.op("Reshape", "features", shape("rows_shape", batch, anyhow, width), out="map_rows")
    return Pooling(
        columns=g.op("Transpose", rows, out="map_columns", perm=[0, 2, 1]),
        rows=rows,
        to_bins=to_bins,
        cells=g.op("Neg", bias, out="minus_cells"),
        from_bins=from_bins,
        axis_sizes=shape("axis_sizes", width, height),
        edge_shape=shape("edge_shape", anyhow, ends, bins, cells),
        column_shape=shape("column_shape", batch, anyhow, width),
        strip_shape=shape("strip_shape", anyhow, g.ints("strip_count", p * c), height),
        flat_shape=g.ints("flat_shape", -1, p * c * p),
        bin_shape=g.ints("bin_shape", -1, p, p * c),
        map_shape=shape("map_shape", batch, anyhow, length),
        width_shape=shape("width_shape", anyhow, g.ints("one_end", 1), bins, width),
    )


def _coefficients(energy: BoxEnergy) -> tuple[FloatArray, FloatArray]:
    """Bin edges from (cx, cy, w, h): [4 * 2P, 2] for the axes x and y, and the same signed.

    The signed copy carries the gradient back: dA = hat(hi) d hi - hat(lo) d lo, and twice that,
    because A is carried as twice itself.
    """
    p, s = energy.pool, energy.spatial_scale
    edge = np.arange(p + 1) / p - 0.5
    offsets = np.stack([edge[:-1], edge[1:]]).ravel()
    table = np.zeros((4, 2 * p, 2))
    table[0, :, 0] = table[1, :, 1] = s
    table[2, :, 0] = table[3, :, 1] = s * offsets
    sign = np.repeat([-2.0, 2.0], p)[:, None]
    flat = (4 * 2 * p, 2)
    forward = table.reshape(flat).astype(np.float32)
    return forward, (table * sign).reshape(flat).astype(np.float32)


def _bin_matrices(
    g: GraphWriter, energy: BoxEnergy, height: str, width: str
) -> tuple[str, str, str]:
    """Matrices [4, 2P(W+H)] from a box to all t, and signed for the way back; positions [W+H]."""
    zero, one = g.constant("cell_zero", 0, np.int64), g.constant("cell_one", 1, np.int64)
    parts = []
    for name, size in (("x", width), ("y", height)):
        limit = g.op("Squeeze", size, out=f"{name}_limit")
        cells = g.op("Range", zero, limit, one, out=f"{name}_cells")
        parts.append(g.op("Cast", cells, out=f"{name}_positions", to=1))
    positions = g.op("Concat", *parts, out="positions", axis=0)
    ones = [
        g.op("Expand", g.constant("axis_" + n, axis), size, out=f"{n}_axis_cells")
        for n, axis, size in (("x", [[1.0], [0.0]], width), ("y", [[0.0], [1.0]], height))
    ]
    axes = g.op("Concat", *ones, out="axes", axis=1)
    four = g.ints("four_rows", 4, -1)
    matrices = []
    for name, table in zip(("to_bins", "from_bins"), _coefficients(energy), strict=True):
        product = g.op("MatMul", g.constant(f"{name}_table", table), axes, out=f"{name}_axes")
        matrices.append(g.op("Reshape", product, four, out=name))
    return matrices[0], matrices[1], positions


def pool(g: GraphWriter, shared: Pooling, boxes: Boxes, area: str) -> Pooled:
    """Pool N boxes; area: the factor 1/4 (P/scale)^2 of the inverse area, or 0, [N, 1]."""
    both_axes = g.op("Concat", boxes.centre, boxes.size, out="boxes", axis=1)
    flat = g.op("Gemm", both_axes, shared.to_bins, shared.cells, out="t_flat")
    t = g.op("Reshape", flat, shared.edge_shape, out="t")
    c = g.op("Clip", t, g.constant("minus_one", -1.0), g.constant("one", 1.0), out="clipped")
    hat = g.op("Sub", g.constant("one", 1.0), g.op("Abs", c, out="abs_c"), out="hat")
    integral = g.op("Mul", c, g.op("Add", hat, g.constant("one", 1.0), out="slope"), out="twice_G")
    low, high = g.multi("Split", integral, out=("G_low", "G_high"), axis=1, num_outputs=2)
    both = g.op("Sub", high, low, out="A")
    a_x, a_y4 = g.multi("Split", both, shared.axis_sizes, out=("A_x", "A_y"), axis=3)
    columns = g.op("Reshape", a_x, shared.column_shape, out="A_x_rows")
    crossed = g.op("MatMul", columns, shared.columns, out="strip_rows")
    strips = g.op("Reshape", crossed, shared.strip_shape, out="strips")
    a_y = g.op("Squeeze", a_y4, g.ints("second_axis", 1), out="A_y_bins")
    turned = g.op("Transpose", strips, out="strips_turned", perm=[0, 2, 1])
    sums = g.op("MatMul", a_y, turned, out="bin_sums")
    flat_sums = g.op("Reshape", sums, shared.flat_shape, out="bin_sums_flat")
    extent = g.op("ReduceProd", boxes.size, g.ints("second_axis", 1), out="extent")
    inverse = g.op("Div", area, extent, out="inverse_area")
    return Pooled(
        values=g.op("Mul", flat_sums, inverse, out="pooled"),
        hat=hat,
        a_y=a_y,
        strips=strips,
        inverse_area=inverse,
    )


def pool_gradient(g: GraphWriter, shared: Pooling, pooled: Pooled, gradient: str) -> str:
    """Gradient [N, 4] of (cx, cy, w, h) through the bins' edges, the area held fixed.

    gradient: [N, P*P*C] of the pooled values.
    """
    weighted = g.op("Mul", gradient, pooled.inverse_area, out="bin_gradient_flat")
    bins = g.op("Reshape", weighted, shared.bin_shape, out="bin_gradient")
    d_y = g.op("MatMul", bins, pooled.strips, out="dA_y")
    turned = g.op("Transpose", bins, out="bin_gradient_turned", perm=[0, 2, 1])
    spread = g.op("MatMul", turned, pooled.a_y, out="spread")
    maps = g.op("Reshape", spread, shared.map_shape, out="spread_maps")
    across = g.op("MatMul", maps, shared.rows, out="dA_x_rows")
    d_x = g.op("Reshape", across, shared.width_shape, out="dA_x")
    tall = g.op("Unsqueeze", d_y, g.ints("second_axis", 1), out="dA_y_bins")
    both = g.op("Concat", d_x, tall, out="dA", axis=3)
    edges = g.op("Mul", pooled.hat, both, out="d_edges")
    flat = g.op("Flatten", edges, out="d_edges_flat", axis=1)
    return g.op("Gemm", flat, shared.from_bins, out="d_box", transB=1)


def reordered_first_layer(energy: BoxEnergy) -> tuple[Dense, ...]:
    """The dense layers for pooled values that lie as (bin of y, bin of x, channel)."""
    first = energy.layers[0]
    p, c = energy.pool, energy.channels
    by_name = first.weight.reshape(-1, c, p, p)
    weight = np.ascontiguousarray(by_name.transpose(0, 2, 3, 1)).reshape(first.weight.shape)
    return (Dense(weight, first.bias, first.activation), *energy.layers[1:])
