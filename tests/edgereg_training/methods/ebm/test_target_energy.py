"""The energy of a few numbers: what leaves it for graphs is the same function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.methods.ebm.target_energy import TargetEnergy  # noqa: E402


@pytest.mark.parametrize("activation", ["silu", "relu"])
def test_the_exported_arrays_give_the_energy(activation: Any) -> None:
    torch.manual_seed(1)
    energy = TargetEnergy(12, (1.0, 0.0, 2.0), (10.0, 20.0, 5.0), (6, 7), 8, 2, activation)
    features, points = torch.randn(3, 12), torch.randn(3, 5, 3)
    with torch.no_grad():
        expected, projected = energy(features, points), energy.project(features)
    assert np.allclose(by_hand(energy, projected.numpy(), points), expected, atol=1e-5)


def by_hand(energy: Any, projected: Any, points: Any) -> Any:
    """f from the exported arrays alone, as the graphs compute it."""
    weights = energy.weights()
    bend = {
        "silu": lambda x: x / (1 + np.exp(-x)),
        "relu": lambda x: np.maximum(x, 0),
        "none": lambda x: x,
    }
    target = points.numpy()
    for layer in weights.target_layers:
        target = bend[layer.activation](target @ layer.weight.T + layer.bias)
    joint = projected[:, None] + weights.bias + target @ weights.target_weight.T
    joint = bend[weights.activation](joint)
    for layer in weights.trunk:
        joint = bend[layer.activation](joint @ layer.weight.T + layer.bias)
    return joint[..., 0]
