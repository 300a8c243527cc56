"""A network that needs no training: colours of blocks, and an energy that knows the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

SIZE = 96


def blocks(images: np.ndarray, stride: int) -> np.ndarray:
    """Mean colours of blocks about grey: [B, 3, S / stride, S / stride]."""
    count, size = images.shape[:2]
    cells = size // stride
    split = images.reshape(count, cells, stride, cells, stride, 3).astype(np.float32)
    return split.mean(axis=(2, 4)).transpose(0, 3, 1, 2) / 64 - 2


class ColourModel:
    """Runs the graphs of a tracking model; `calls` counts the runs of each."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        self.batches: list[int] = []

    def run(self, graph: str, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        self.calls[graph] = self.calls.get(graph, 0) + 1
        return getattr(self, f"_{graph}")(**inputs)

    def _predict(self, images: np.ndarray) -> dict[str, np.ndarray]:
        self.batches.append(len(images))
        far = blocks(images, 16)
        # Products of the colours, so that a mixture is another thing than its parts.
        more = far[:, [0, 1, 2]] * far[:, [1, 2, 0]]
        return {"fused": blocks(images, 8), "far": np.concatenate([far, more], axis=1)}

    def _code(self, fused: np.ndarray, boxes: np.ndarray) -> dict[str, np.ndarray]:
        return {"code": np.zeros((len(fused), 3), np.float32)}

    def _condition(self, fused: np.ndarray, code: np.ndarray) -> dict[str, np.ndarray]:
        return {"features": fused}

    def _refine(
        self, features: np.ndarray, initial: np.ndarray, steps: np.ndarray, **_: Any
    ) -> dict[str, np.ndarray]:
        path = np.repeat(initial[:, :, None], int(steps) + 1, axis=2)
        # The first candidate has the classifier's place and the old size.
        energy = -np.arange(initial.shape[1], dtype=np.float32)[None, :, None]
        return {
            "trajectory": path,
            "energy": np.broadcast_to(energy, path.shape[:3]).astype(np.float32),
        }

    def _density(self, features: np.ndarray, grid: np.ndarray) -> dict[str, np.ndarray]:
        return {"log_density": -((grid - grid.mean(axis=1, keepdims=True)) ** 2).sum(-1)}


def picture(*squares: tuple[float, float, tuple[int, int, int]], side: int = 24) -> np.ndarray:
    """A grey picture of 200 x 160 with coloured squares about (x, y)."""
    rng = np.random.default_rng(0)
    image = rng.integers(90, 130, (160, 200, 3)).astype(np.uint8)
    for x, y, colour in squares:
        left, top = int(x - side / 2), int(y - side / 2)
        image[max(top, 0) : top + side, max(left, 0) : left + side] = colour
    return image
