"""Refinement and density of boxes, against numerical integration, finite differences and torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from edgereg_exporters.graphs import boxes as box_nodes
from edgereg_exporters.graphs.box_graphs import (
    box_density_graph,
    box_refine_graph,
    candidates,
    value_and_gradient,
)
from edgereg_exporters.graphs.writer import GraphWriter, checked_model, floats, node_count
from edgereg_training.methods.ebm.weights import BoxWeights, Dense

SCALE = 1 / 8


@pytest.fixture
def energy(dense: Callable[..., Any]) -> Callable[..., BoxWeights]:
    def make(channels: int = 4, pool: int = 3, activation: str = "silu") -> BoxWeights:
        rng = np.random.default_rng(pool)
        widths = [channels * pool * pool, 12, 6, 1]
        return BoxWeights(pool, SCALE, dense(rng, widths, activation))

    return make


def numpy_pool(features: Any, box: Any, size: int) -> Any:
    """PrRoIPool in float64: features [C, H, W], box in image pixels -> [C, size, size]."""
    x1, y1, x2, y2 = np.asarray(box, np.float64) * SCALE

    def bins(low: float, high: float, cells: int) -> Any:
        edges = np.linspace(low, high, size + 1)
        c = np.clip(edges[:, None] - np.arange(cells), -1, 1)
        integral = 0.5 + c - 0.5 * c * np.abs(c)
        return np.diff(integral, axis=0) * size / (high - low)

    rows = bins(y1, y2, features.shape[1])
    return rows @ features @ bins(x1, x2, features.shape[2]).T


def numpy_energy(energy: BoxWeights, features: Any, box: Any) -> float:
    z = numpy_pool(features, box, energy.pool).ravel()
    for layer in energy.layers:
        z = layer.weight.astype(np.float64) @ z + layer.bias
        z = z / (1 + np.exp(-z)) if layer.activation == "silu" else z
    return float(z[0])


def surface(features: Any, x: Any, y: Any) -> Any:
    """The zero-padded bilinear surface of features [H, W] at points x, y."""
    height, width = features.shape
    hats_y = np.maximum(0, 1 - np.abs(y[:, None] - np.arange(height)))
    hats_x = np.maximum(0, 1 - np.abs(x[:, None] - np.arange(width)))
    return hats_y @ features @ hats_x.T


@pytest.mark.parametrize(
    "box",
    [(11, 19, 47, 60), (-30, -20, 25, 30), (50, 30, 140, 90), (20.1, 20.2, 21.3, 22.9)],
    ids=["inside", "beyond the upper left", "beyond the lower right", "within a cell"],
)
def test_pooling_is_the_mean_of_the_bilinear_surface(
    run: Callable[..., Any], box: tuple[float, ...]
) -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(0, 1, (1, 2, 7, 9)).astype(np.float32)
    samples = 200
    for index in (0, 5, 10, 17):
        weight = np.zeros((1, 18), np.float32)
        weight[0, index] = 1
        one_bin = BoxWeights(3, SCALE, (Dense(weight, np.zeros(1, np.float32)),))
        found = run(box_density_graph(one_bin), features=features, grid=[[box]])["log_density"]
        channel, row, column = np.unravel_index(index, (2, 3, 3))
        x1, y1, x2, y2 = np.array(box) * SCALE
        inside = (np.arange(samples) + 0.5) / samples / 3
        x = x1 + (x2 - x1) * (column / 3 + inside)
        y = y1 + (y2 - y1) * (row / 3 + inside)
        wanted = surface(features[0, channel].astype(np.float64), x, y).mean()
        np.testing.assert_allclose(found[0, 0], wanted, atol=1e-4)


def gradient_model(energy: BoxWeights) -> Any:
    """`features`, `initial`, `y` [N, 4] -> f [N, 1] and its gradient [N, 4]."""
    g = GraphWriter()
    boxes = candidates(g, energy, "initial")
    shared = box_nodes.prepare_pooling(g, energy, boxes.batch)
    b = GraphWriter("body_", g.nodes, g.constants)
    value, slope = value_and_gradient(b, energy, shared, boxes, "y")
    g.op("Identity", value, out="f")
    g.op("Identity", slope(), out="df")
    inputs = [
        floats("features", ("B", energy.channels, "H", "W")),
        floats("initial", ("B", "K", 4)),
        floats("y", ("N", 4)),
    ]
    outputs = [floats("f", ("N", 1)), floats("df", ("N", 4))]
    return checked_model(g.graph("gradient", inputs, outputs))


def relative(boxes: Any) -> Any:
    low, high = boxes[..., :2], boxes[..., 2:]
    return np.concatenate([(low + high) / 2 / (high - low), np.log(high - low)], axis=-1)


def absolute(y: Any, size: Any) -> Any:
    centre, extent = y[..., :2] * size, np.exp(y[..., 2:])
    return np.concatenate([centre - extent / 2, centre + extent / 2], axis=-1)


@pytest.mark.parametrize("pool", [1, 2, 3, 5])
def test_the_gradient_is_that_of_finite_differences(
    run: Callable[..., Any], energy: Callable[..., BoxWeights], pool: int
) -> None:
    made = energy(pool=pool)
    rng = np.random.default_rng(3)
    features = rng.normal(0, 1, (1, 4, 8, 11)).astype(np.float32)
    boxes = np.array([[9, 13, 51, 58], [-20, -9, 31, 40], [60, 33, 120, 80]], np.float32)
    size = (boxes[:, 2:] - boxes[:, :2]).astype(np.float64)
    y = relative(boxes.astype(np.float64)) + rng.normal(0, 0.05, (3, 4))
    result = run(gradient_model(made), features=features, initial=boxes[None], y=y)
    for row in range(3):
        f = numpy_energy(made, features[0], absolute(y[row], size[row]))
        np.testing.assert_allclose(result["f"][row, 0], f, atol=1e-5)
        for d in range(4):
            shift = np.zeros(4)
            shift[d] = 1e-6
            up = numpy_energy(made, features[0], absolute(y[row] + shift, size[row]))
            down = numpy_energy(made, features[0], absolute(y[row] - shift, size[row]))
            np.testing.assert_allclose(result["df"][row, d], (up - down) / 2e-6, atol=1e-4)


def torch_refine(energy: BoxWeights, **inputs: Any) -> tuple[Any, Any]:
    """Algorithm 1 by autograd, as the training package does it."""
    torch = pytest.importorskip("torch")
    from edgereg_training.detection.boxes import from_relative, to_relative
    from edgereg_training.methods.ebm.likelihood import refine
    from edgereg_training.methods.ebm.prroi import prroi_pool

    features, boxes = torch.from_numpy(inputs["features"]), torch.from_numpy(inputs["initial"])
    size = boxes[..., 2:] - boxes[..., :2]
    bend = {"none": lambda z: z, "relu": torch.relu, "silu": torch.nn.functional.silu}

    def f(y: Any) -> Any:
        corners = from_relative(y, size)
        z = prroi_pool(features, corners, energy.pool, energy.spatial_scale).flatten(2)
        for layer in energy.layers:
            z = z @ torch.from_numpy(layer.weight).T + torch.from_numpy(layer.bias)
            z = bend[layer.activation](z)
        return z[..., 0]

    start, step = to_relative(boxes, size), torch.from_numpy(inputs["step_length"])
    path, energies = refine(f, start, inputs["steps"], step, float(inputs["decay"]))
    return from_relative(path, size[:, :, None]).numpy(), energies.numpy()


def trial(batch: int, count: int, steps: int, step: float, seed: int = 0) -> dict[str, Any]:
    """Inputs of `refine`: boxes of 20 to 60 pixels, some beyond the 88 x 64 pixels of the map."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0, 1, (batch, count, 2)) * (88, 64)
    half = rng.uniform(10, 30, (batch, count, 2))
    return {
        "features": rng.normal(0, 1, (batch, 4, 8, 11)).astype(np.float32),
        "initial": np.concatenate([centre - half, centre + half], axis=2).astype(np.float32),
        "step_length": np.array([1, 1, 4, 4], np.float32) * np.float32(step),
        "decay": np.float32(0.5),
        "steps": steps,
    }


@pytest.mark.parametrize("activation", ["relu", "silu"])
@pytest.mark.parametrize(
    ("batch", "count", "steps", "pool"),
    [(1, 10, 10, 3), (1, 10, 10, 5), (3, 2, 4, 2), (2, 3, 0, 3)],
)
def test_the_trajectory_is_that_of_autograd(
    run: Callable[..., Any],
    energy: Callable[..., BoxWeights],
    activation: str,
    batch: int,
    count: int,
    steps: int,
    pool: int,
) -> None:
    made = energy(pool=pool, activation=activation)
    inputs = trial(batch, count, steps, 0.01)
    result = run(box_refine_graph(made), **inputs)
    path, energies = torch_refine(made, **inputs)
    assert result["trajectory"].shape == (batch, count, steps + 1, 4)
    size = np.tile(inputs["initial"][..., 2:] - inputs["initial"][..., :2], 2)[:, :, None]
    assert (np.abs(result["trajectory"] - path) / size).max() < 1e-5
    np.testing.assert_allclose(result["energy"], energies, atol=1e-5)
    np.testing.assert_allclose(result["trajectory"][:, :, 0], inputs["initial"], atol=1e-4)
    assert (np.diff(result["energy"], axis=2) >= 0).all()
    assert steps == 0 or np.abs(np.diff(result["trajectory"], axis=2)).max() > 0.1


def test_long_steps_are_refused_as_by_autograd(
    run: Callable[..., Any], energy: Callable[..., BoxWeights]
) -> None:
    made = energy()
    inputs = trial(2, 6, 8, 0.5, seed=4)
    result = run(box_refine_graph(made), **inputs)
    path, _ = torch_refine(made, **inputs)
    np.testing.assert_allclose(result["trajectory"], path, atol=2e-3)
    still = (np.diff(result["trajectory"], axis=2) == 0).all(-1)
    assert still.any()
    assert not still.all(-1).all()


@pytest.mark.parametrize(
    "box",
    [(30, 30, 30, 50), (30, 30, 50, 30), (40, 40, 20, 20), (10, 10, 10, 10), (5, 5, 5.0005, 9)],
    ids=["no width", "no height", "upside down", "a point", "a hair"],
)
def test_a_box_of_no_area_stays_and_harms_nobody(
    run: Callable[..., Any], energy: Callable[..., BoxWeights], box: tuple[float, ...]
) -> None:
    made = energy()
    inputs = trial(1, 3, 5, 0.01)
    alone = run(box_refine_graph(made), **inputs)
    inputs["initial"] = np.concatenate([inputs["initial"], np.array([[box]], np.float32)], axis=1)
    result = run(box_refine_graph(made), **inputs)
    for row in result["trajectory"][0, 3]:
        np.testing.assert_array_equal(row, np.array(box, np.float32))
    nothing = made.layers[0].bias
    zero = BoxWeights(
        1, SCALE, (Dense(np.zeros((12, 1), np.float32), nothing, "silu"), *made.layers[1:])
    )
    wanted = numpy_energy(zero, np.zeros((1, 2, 2)), (0, 0, 9, 9))
    np.testing.assert_allclose(result["energy"][0, 3], wanted, atol=1e-6)
    np.testing.assert_allclose(result["trajectory"][:, :3], alone["trajectory"], atol=1e-4)


def test_a_box_beyond_the_map_stays_and_stays_finite(
    run: Callable[..., Any], energy: Callable[..., BoxWeights]
) -> None:
    inputs = trial(1, 1, 5, 0.1)
    inputs["initial"] = np.array([[[500, 500, 560, 580]]], np.float32)
    result = run(box_refine_graph(energy()), **inputs)
    np.testing.assert_allclose(result["trajectory"][0, 0], np.tile([500, 500, 560, 580], (6, 1)))
    assert np.isfinite(result["energy"]).all()


def test_a_broken_box_leaves_the_others_alone(
    run: Callable[..., Any], energy: Callable[..., BoxWeights]
) -> None:
    inputs = trial(1, 3, 5, 0.01)
    alone = run(box_refine_graph(energy()), **inputs)
    broken = np.array([[[np.nan, 0, 9, 9], [0, 0, np.inf, 9]]], np.float32)
    inputs["initial"] = np.concatenate([inputs["initial"], broken], axis=1)
    result = run(box_refine_graph(energy()), **inputs)
    np.testing.assert_allclose(result["trajectory"][:, :3], alone["trajectory"], atol=1e-4)


def test_the_density_of_many_boxes_is_that_of_each(
    run: Callable[..., Any], energy: Callable[..., BoxWeights]
) -> None:
    made = energy(pool=5)
    inputs = trial(2, 40, 0, 0.1)
    model = box_density_graph(made)
    found = run(model, features=inputs["features"], grid=inputs["initial"])["log_density"]
    for row in range(2):
        for column in (0, 17, 39):
            box = inputs["initial"][row, column]
            wanted = numpy_energy(made, inputs["features"][row], box)
            np.testing.assert_allclose(found[row, column], wanted, atol=1e-5)


def test_no_box_gives_no_path(run: Callable[..., Any], energy: Callable[..., BoxWeights]) -> None:
    result = run(box_refine_graph(energy()), **trial(1, 0, 4, 0.1))
    assert result["trajectory"].shape == (1, 0, 5, 4)
    assert result["energy"].shape == (1, 0, 5)


def test_the_map_may_have_any_size(
    run: Callable[..., Any], energy: Callable[..., BoxWeights]
) -> None:
    made = energy()
    model = box_refine_graph(made)
    rng = np.random.default_rng(0)
    for height, width in ((1, 1), (3, 40), (33, 2)):
        inputs = trial(1, 2, 3, 0.01)
        inputs["features"] = rng.normal(0, 1, (1, 4, height, width)).astype(np.float32)
        path, _ = torch_refine(made, **inputs)
        np.testing.assert_allclose(run(model, **inputs)["trajectory"], path, atol=1e-3)


def test_the_graphs_are_small_and_say_what_they_are(energy: Callable[..., BoxWeights]) -> None:
    model = box_refine_graph(energy(pool=5))
    assert node_count(model) < 300
    assert model.ir_version <= 10
    assert "features [B,C,H,W]" in model.graph.doc_string
    assert all(node.domain == "" for node in model.graph.node)
