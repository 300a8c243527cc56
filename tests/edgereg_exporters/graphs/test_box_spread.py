"""The graph that says how sure boxes are, against torch."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")

import torch
from edgereg_exporters.folder.parity import run_graph
from edgereg_exporters.graphs.box_spread import box_spread_graph
from edgereg_training.detection.energy import BoxEnergyNet


def sharp_energy() -> BoxEnergyNet:
    """Random weights that change the energy by several units over a box."""
    torch.manual_seed(0)
    net = BoxEnergyNet(6, 3, (12, 8)).requires_grad_(False)
    torch.nn.init.normal_(net.layers[-1].get_parameter("weight"), std=3.0)
    net.get_buffer("factors").copy_(torch.tensor([1.1, 0.8, 1.2, 1.3]))
    return net


@pytest.mark.parametrize(("batch", "count"), [(1, 1), (1, 5), (2, 3)])
def test_it_agrees_with_torch(batch: int, count: int) -> None:
    net, rng = sharp_energy(), np.random.default_rng(count)
    features = rng.normal(0, 1, (batch, 6, 20, 30)).astype(np.float32)
    centre = rng.uniform(20, 140, (batch, count, 2))
    half = rng.uniform(6, 40, (batch, count, 2))
    boxes = np.concatenate([centre - half, centre + half], 2).astype(np.float32)
    graph = box_spread_graph(net.weights(), net.get_buffer("factors").tolist())
    found = run_graph(graph, {"features": features, "final": boxes})
    std, effective = net.spread(torch.from_numpy(features), torch.from_numpy(boxes))
    np.testing.assert_allclose(found["std"], std.numpy(), rtol=1e-4)
    np.testing.assert_allclose(found["effective"], effective.numpy(), rtol=1e-3)
    assert (effective > 1).all()
    plain = run_graph(
        box_spread_graph(net.weights(), (1.0,) * 4), {"features": features, "final": boxes}
    )
    factors = np.broadcast_to([1.1, 0.8, 1.2, 1.3], boxes.shape)
    np.testing.assert_allclose(found["std"] / plain["std"], factors, rtol=1e-4)


def test_a_box_without_area_is_no_fault() -> None:
    net = sharp_energy()
    graph = box_spread_graph(net.weights(), (1.0,) * 4)
    boxes = np.array([[[20, 20, 60, 60], [30, 30, 30, 30]]], np.float32)
    found = run_graph(graph, {"features": np.ones((1, 6, 20, 30), np.float32), "final": boxes})
    assert np.isfinite(found["std"]).all()
    assert found["std"][0, 1].max() < 1


def test_no_boxes_give_no_deviations() -> None:
    graph = box_spread_graph(sharp_energy().weights(), (1.0,) * 4)
    none = np.zeros((1, 0, 4), np.float32)
    found = run_graph(graph, {"features": np.ones((1, 6, 20, 30), np.float32), "final": none})
    assert found["std"].shape == (1, 0, 4)
