from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from edgereg_training.methods.ebm.weights import BoxWeights, Dense, TargetWeights


def layer(outputs: int, inputs: int, activation: Any = "none") -> Dense:
    shape = (outputs, inputs)
    return Dense(np.zeros(shape, np.float32), np.zeros(outputs, np.float32), activation)


def pose_energy() -> TargetWeights:
    return TargetWeights(
        scale=np.ones(3, np.float32),
        centre=np.zeros(3, np.float32),
        target_layers=(layer(5, 3, "silu"),),
        target_weight=np.zeros((8, 5), np.float32),
        bias=np.zeros(8, np.float32),
        activation="relu",
        trunk=(layer(4, 8, "relu"), layer(1, 4)),
    )


def test_sizes_are_told() -> None:
    energy = pose_energy()
    assert (energy.targets, energy.features) == (3, 8)
    assert BoxWeights(3, 0.125, (layer(1, 4 * 9),)).channels == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": np.array([1, 0, 1], np.float32)}, "scale must be positive"),
        ({"scale": np.array([1, np.nan, 1], np.float32)}, "scale holds NaN"),
        ({"centre": np.zeros(2, np.float32)}, r"centre must be \[3\], got \[2\]"),
        ({"target_weight": np.zeros((8, 3), np.float32)}, r"target_weight must be \[any, 5\]"),
        ({"bias": np.zeros((8, 1), np.float32)}, r"bias must be \[8\]"),
        ({"activation": "gelu"}, "unknown activation 'gelu'"),
        ({"trunk": (layer(2, 8),)}, "one number"),
        ({"trunk": ()}, "one number"),
        ({"trunk": (layer(1, 7),)}, r"trunk\[0\] takes 7 numbers, but is given 8"),
        ({"target_layers": (layer(5, 2),)}, r"target_layers\[0\] takes 2 numbers"),
    ],
)
def test_a_wrong_target_energy_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(pose_energy(), **change)


@pytest.mark.parametrize(
    ("pool", "scale", "layers", "message"),
    [
        (0, 0.125, (layer(1, 9),), "pool"),
        (3, 0.0, (layer(1, 9),), "spatial_scale"),
        (3, float("nan"), (layer(1, 9),), "spatial_scale"),
        (3, 0.125, (), "at least one"),
        (3, 0.125, (layer(1, 10),), "3x3"),
        (3, 0.125, (layer(2, 9),), "one number"),
    ],
)
def test_a_wrong_box_energy_is_refused(pool: int, scale: float, layers: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BoxWeights(pool, scale, layers)


def test_a_dense_layer_checks_its_bias() -> None:
    with pytest.raises(ValueError, match=r"Dense.bias must be \[2\]"):
        Dense(np.zeros((2, 3), np.float32), np.zeros(3, np.float32))
