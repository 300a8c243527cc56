"""The weights of energies f(x, y), without a framework: what graphs are written from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from edgereg.core.arrays import FloatArray

Activation = Literal["none", "relu", "silu"]


def _check(name: str, array: FloatArray, shape: tuple[int | None, ...]) -> None:
    """ValueError unless `array` has `shape` (None: any size) and only finite numbers."""
    fits = array.ndim == len(shape) and all(
        want in (None, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(f"{name} must be [{wanted}], got {list(array.shape)}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite numbers")


def _check_activation(name: str, activation: str) -> None:
    known = get_args(Activation)
    if activation not in known:
        raise ValueError(f"{name}: unknown activation {activation!r}; known: {', '.join(known)}")


@dataclass(frozen=True)
class Dense:
    """act(weight x + bias); weight: float32 [out, in], bias: float32 [out]."""

    weight: FloatArray
    bias: FloatArray
    activation: Activation = "none"

    def __post_init__(self) -> None:
        _check("Dense.weight", self.weight, (None, None))
        _check("Dense.bias", self.bias, (self.weight.shape[0],))
        _check_activation("Dense", self.activation)

    @property
    def inputs(self) -> int:
        """Width of the layer's input."""
        return int(self.weight.shape[1])

    @property
    def outputs(self) -> int:
        """Width of the layer's output."""
        return int(self.weight.shape[0])


def _check_chain(name: str, layers: tuple[Dense, ...], width: int) -> int:
    """Check that the layers fit one after another from `width` on; returns the last width."""
    for i, layer in enumerate(layers):
        if layer.inputs != width:
            raise ValueError(f"{name}[{i}] takes {layer.inputs} numbers, but is given {width}")
        width = layer.outputs
    return width


@dataclass(frozen=True)
class TargetWeights:
    """f(x, y) = trunk(act(W_x g_x + b + W_y g_y(t))) with t = (y - centre) / scale.

    The split first layer: W_x g_x is computed once per image and stands in for the features, so
    that the ascent and the density pay only for y. EBM paper, section 4 (the network f is ours to
    choose).

    scale: float32 [D], all positive, in target units; centre: float32 [D].
    target_layers: g_y, from D to Dy numbers (empty: g_y(t) = t).
    target_weight: W_y, float32 [h, Dy]; bias: float32 [h]; trunk: from h to 1 number.
    """

    scale: FloatArray
    centre: FloatArray
    target_layers: tuple[Dense, ...]
    target_weight: FloatArray
    bias: FloatArray
    activation: Activation
    trunk: tuple[Dense, ...]

    def __post_init__(self) -> None:
        _check("scale", self.scale, (None,))
        if not (self.scale > 0).all():
            raise ValueError("scale must be positive")
        _check("centre", self.centre, (self.targets,))
        width = _check_chain("target_layers", self.target_layers, self.targets)
        _check("target_weight", self.target_weight, (None, width))
        hidden = self.target_weight.shape[0]
        _check("bias", self.bias, (hidden,))
        _check_activation("TargetWeights", self.activation)
        if _check_chain("trunk", self.trunk, hidden) != 1 or not self.trunk:
            raise ValueError("trunk must end in one number, the energy")

    @property
    def targets(self) -> int:
        """D, the number of regressed numbers."""
        return len(self.scale)

    @property
    def features(self) -> int:
        """h, the width of W_x g_x."""
        return int(self.target_weight.shape[0])


@dataclass(frozen=True)
class BoxWeights:
    """f(x, box): PrRoIPool (pool x pool) of the features, flattened (C, y, x), then dense layers.

    spatial_scale: feature cells per image pixel (1/8 for stride 8).
    layers: from C*pool*pool to 1 number.
    """

    pool: int
    spatial_scale: float
    layers: tuple[Dense, ...]

    def __post_init__(self) -> None:
        if self.pool < 1:
            raise ValueError(f"pool must be at least 1, got {self.pool}")
        if not (np.isfinite(self.spatial_scale) and self.spatial_scale > 0):
            raise ValueError(f"spatial_scale must be positive, got {self.spatial_scale}")
        if not self.layers:
            raise ValueError("layers is empty: the energy needs at least one dense layer")
        if self.layers[0].inputs % self.pool**2:
            raise ValueError(
                f"layers[0] takes {self.layers[0].inputs} numbers, not a multiple of the "
                f"{self.pool}x{self.pool} pooled cells"
            )
        if _check_chain("layers", self.layers, self.layers[0].inputs) != 1:
            raise ValueError("layers must end in one number, the energy")

    @property
    def channels(self) -> int:
        """C, the channels of the `features` input."""
        return self.layers[0].inputs // self.pool**2
