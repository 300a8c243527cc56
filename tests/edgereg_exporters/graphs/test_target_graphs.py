"""Refinement and density of low-dimensional energies, against numpy and torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from edgereg_exporters.graphs.target_graphs import (
    image_part,
    normalised,
    target_density_graph,
    target_refine_graph,
    value_and_gradient,
)
from edgereg_exporters.graphs.writer import (
    GraphWriter,
    checked_model,
    floats,
    node_count,
)
from edgereg_training.methods.ebm.energy import Ascent
from edgereg_training.methods.ebm.weights import TargetWeights

ACTIVATIONS = {
    "none": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "silu": lambda z: z / (1 + np.exp(-z)),
}


@pytest.fixture
def energy(dense: Callable[..., Any]) -> Callable[..., TargetWeights]:
    def make(activation: str = "silu", seed: int = 0) -> TargetWeights:
        rng = np.random.default_rng(seed)
        below = dense(rng, [3, 7, 6, 6], activation)[:-1]
        return TargetWeights(
            scale=np.array([10, 20, 5], np.float32),
            centre=np.array([1, -2, 3], np.float32),
            target_layers=below,
            target_weight=rng.normal(0, 0.5, (9, 6)).astype(np.float32),
            bias=rng.normal(0, 0.3, 9).astype(np.float32),
            activation=activation,
            trunk=dense(rng, [9, 8, 1], activation),
        )

    return make


def hill(energy: TargetWeights) -> TargetWeights:
    """The energy with an end that keeps it below a bound, so that long steps overshoot."""
    last = energy.trunk[-1]
    return replace(energy, trunk=(*energy.trunk[:-1], replace(last, weight=-np.abs(last.weight))))


def numpy_energy(energy: TargetWeights, features: Any, y: Any) -> Any:
    """f in float64: features [F], y [N, D] -> [N]."""
    t = (y.astype(np.float64) - energy.centre) / energy.scale
    for layer in energy.target_layers:
        t = ACTIVATIONS[layer.activation](t @ layer.weight.T.astype(np.float64) + layer.bias)
    z = ACTIVATIONS[energy.activation](features + energy.bias + t @ energy.target_weight.T)
    for layer in energy.trunk:
        z = ACTIVATIONS[layer.activation](z @ layer.weight.T.astype(np.float64) + layer.bias)
    return z[:, 0]


def gradient_model(energy: TargetWeights) -> Any:
    """`features`, `initial` -> f [N, 1] and its gradient [N, D], without any ascent."""
    g = GraphWriter()
    batch, count, start = normalised(g, energy, "initial")
    image = image_part(g, energy, batch, count)
    b = GraphWriter("body_", g.nodes, g.constants)
    value, slope = value_and_gradient(b, energy, image, start)
    g.op("Identity", value, out="f")
    g.op("Identity", slope(), out="df")
    inputs = [floats("features", ("B", energy.features)), floats("initial", ("B", "K", 3))]
    outputs = [floats("f", ("N", 1)), floats("df", ("N", 3))]
    return checked_model(g.graph("gradient", inputs, outputs))


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_the_gradient_is_that_of_finite_differences(
    run: Callable[..., Any], energy: Callable[..., TargetWeights], activation: str
) -> None:
    made = energy(activation)
    rng = np.random.default_rng(1)
    features = rng.normal(0, 1, (1, 9)).astype(np.float32)
    initial = rng.normal(0, 8, (1, 6, 3)).astype(np.float32)
    result = run(gradient_model(made), features=features, initial=initial)
    point = initial[0].astype(np.float64)
    np.testing.assert_allclose(result["f"][:, 0], numpy_energy(made, features[0], point), atol=2e-6)
    for d in range(3):
        shift = np.zeros(3)
        shift[d] = 1e-5 * made.scale[d]
        up = numpy_energy(made, features[0], point + shift)
        down = numpy_energy(made, features[0], point - shift)
        np.testing.assert_allclose(result["df"][:, d], (up - down) / 2e-5, atol=5e-6)


@pytest.mark.parametrize(("batch", "count", "steps"), [(1, 1, 10), (3, 4, 10), (2, 5, 0)])
def test_the_trajectory_is_that_of_autograd(
    run: Callable[..., Any],
    energy: Callable[..., TargetWeights],
    batch: int,
    count: int,
    steps: int,
) -> None:
    made = energy()
    rng = np.random.default_rng(batch)
    inputs = {
        "features": rng.normal(0, 1, (batch, made.features)).astype(np.float32),
        "initial": rng.normal(0, 12, (batch, count, 3)).astype(np.float32),
        "step_length": np.array([0.3, 0.2, 0.5], np.float32),
        "decay": np.float32(0.5),
        "steps": steps,
    }
    result = run(target_refine_graph(made), **inputs)
    path, energies = torch_refine(made, **inputs)
    assert result["trajectory"].shape == (batch, count, steps + 1, 3)
    assert result["energy"].shape == (batch, count, steps + 1)
    scaled = np.abs(result["trajectory"] - path) / made.scale
    assert scaled.max() < 1e-5
    np.testing.assert_allclose(result["energy"], energies, atol=1e-5)
    assert (np.diff(result["energy"], axis=2) >= 0).all()
    assert steps == 0 or np.abs(np.diff(result["trajectory"], axis=2)).max() > 0.01


def test_long_steps_are_refused_as_by_autograd(
    run: Callable[..., Any], energy: Callable[..., TargetWeights]
) -> None:
    made = hill(energy())
    rng = np.random.default_rng(5)
    inputs = {
        "features": rng.normal(0, 1, (2, 9)).astype(np.float32),
        "initial": rng.normal(0, 12, (2, 6, 3)).astype(np.float32),
        "step_length": np.full(3, 40, np.float32),
        "decay": np.float32(0.6),
        "steps": 12,
    }
    result = run(target_refine_graph(made), **inputs)
    path, _ = torch_refine(made, **inputs)
    np.testing.assert_allclose(result["trajectory"], path, atol=1e-3)
    still = (np.diff(result["trajectory"], axis=2) == 0).all(-1)
    assert still.any()
    assert not still.all(-1).all()


@pytest.mark.parametrize("best", [False, True])
@pytest.mark.parametrize("rule", ["plain", "algorithm-s1"])
@pytest.mark.parametrize("steps", [0, 12])
def test_the_other_rules_are_those_of_autograd(
    run: Callable[..., Any], energy: Callable[..., TargetWeights], rule: Any, best: bool, steps: int
) -> None:
    made = hill(energy())
    rng = np.random.default_rng(5)
    inputs = {
        "features": rng.normal(0, 1, (2, 9)).astype(np.float32),
        "initial": rng.normal(0, 12, (2, 6, 3)).astype(np.float32),
        "step_length": np.full(3, 4, np.float32),
        "decay": np.float32(0.9),
        "steps": steps,
    }
    result = run(target_refine_graph(made, Ascent(rule=rule, best=best)), **inputs)
    path, energies = torch_refine(made, rule=rule, best=best, **inputs)
    assert result["trajectory"].shape == (2, 6, steps + 1, 3)
    np.testing.assert_allclose(result["trajectory"], path, atol=1e-3)
    np.testing.assert_allclose(result["energy"], energies, atol=1e-5)
    if steps:
        falls = (np.diff(result["energy"], axis=2) < 0).any()
        assert falls != best
        still = (np.diff(result["trajectory"], axis=2) == 0).all(-1)
        assert still.any() == (best or rule == "algorithm-s1")
        assert not still.all()


def torch_refine(
    energy: TargetWeights, rule: Any = "algorithm-1", best: bool = False, **inputs: Any
) -> tuple[Any, Any]:
    """The ascent by autograd on a plain torch copy of the energy."""
    torch = pytest.importorskip("torch")
    from edgereg_training.methods.ebm import likelihood as ebm

    functions = {
        "none": lambda z: z,
        "relu": torch.relu,
        "silu": torch.nn.functional.silu,
    }
    tensor = torch.from_numpy
    initial = tensor(inputs["initial"])
    image = tensor(inputs["features"])[:, None]

    def f(t: Any) -> Any:
        for layer in energy.target_layers:
            t = functions[layer.activation](t @ tensor(layer.weight).T + tensor(layer.bias))
        z = image + tensor(energy.bias) + t @ tensor(energy.target_weight).T
        z = functions[energy.activation](z)
        for layer in energy.trunk:
            z = functions[layer.activation](z @ tensor(layer.weight).T + tensor(layer.bias))
        return z[..., 0]

    scale, centre = tensor(energy.scale), tensor(energy.centre)
    start, step = (initial - centre) / scale, tensor(inputs["step_length"])
    decay = float(inputs["decay"])
    path, energies = ebm.refine(f, start, inputs["steps"], step, decay, rule, best)
    return (path * scale + centre).numpy(), energies.numpy()


def test_the_density_is_the_energy_on_the_grid(
    run: Callable[..., Any], energy: Callable[..., TargetWeights]
) -> None:
    made = energy()
    rng = np.random.default_rng(2)
    features = rng.normal(0, 1, (2, 9)).astype(np.float32)
    grid = rng.uniform(-60, 60, (2, 33, 3)).astype(np.float32)
    found = run(target_density_graph(made), features=features, grid=grid)["log_density"]
    for row in range(2):
        wanted = numpy_energy(made, features[row], grid[row])
        np.testing.assert_allclose(found[row], wanted, atol=5e-6)


def test_a_linear_energy_climbs_straight(
    run: Callable[..., Any], energy: Callable[..., TargetWeights]
) -> None:
    result = run(
        target_refine_graph(energy("none")),
        features=np.zeros((1, 9)),
        initial=np.zeros((1, 4, 3)),
        step_length=np.ones(3),
        decay=0.5,
        steps=3,
    )
    steps = np.diff(result["trajectory"], axis=2)
    np.testing.assert_allclose(steps, np.broadcast_to(steps[:, :1, :1], steps.shape), atol=1e-5)


def test_nothing_to_refine_gives_nothing(
    run: Callable[..., Any], energy: Callable[..., TargetWeights]
) -> None:
    settings = {"step_length": np.ones(3), "decay": 0.5, "steps": 4}
    for batch, count in ((0, 2), (2, 0)):
        result = run(
            target_refine_graph(energy()),
            features=np.zeros((batch, 9)),
            initial=np.zeros((batch, count, 3)),
            **settings,
        )
        assert result["trajectory"].shape == (batch, count, 5, 3)
        assert result["energy"].shape == (batch, count, 5)


def test_the_graphs_are_small_and_say_what_they_are(energy: Callable[..., TargetWeights]) -> None:
    for model in (target_refine_graph(energy()), target_density_graph(energy())):
        assert node_count(model) < 100
        assert model.ir_version <= 10
        assert [item.version for item in model.opset_import] == [18]
        assert "features [B,F]" in model.graph.doc_string
