"""Refinement of pose and age at the EBM paper's sizes: the graph against torch autograd.

    python benchmarks/refine_heads.py [--repeats 15] [--threads 1]

The paper's head: g_x of 2,048 numbers, g_y of 128 by dense layers of 16, 32, 64 and 128, both
concatenated, then layers of 2,048 and 1; ReLU. Ten steps of Algorithm 1 from the same starts, by

- the `refine` graph: first joint layer split, the image's half computed once before it, gradient
  written out;
- torch autograd on the network as the paper has it, which concatenates g_x and g_y;
- torch autograd on the same network with its first joint layer split.

All have the same weights, and the trajectories must agree to 1e-5 of the target's range, but for a
candidate in ten: f is piecewise linear, and of one that climbs to an edge rounding decides which
steps are accepted there. Runs are interleaved, and ratios are those of medians. Ends with 1 where
more disagree, or where the graph is less than 10 times as fast as the concatenating form.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from edgereg_exporters.graphs.target_graphs import target_refine_graph
from edgereg_exporters.graphs.writer import node_count
from edgereg_training.methods.ebm import likelihood as ebm
from edgereg_training.methods.ebm.weights import Dense, TargetWeights
from torch import Tensor, nn
from torch.nn import functional

from edgereg.engines.onnx import OnnxEngine

WANTED = 10.0
AGREEMENT, AGREEING = 1e-5, 0.9
STEPS = 10
# Far enough to climb, and short of the top, where rounding decides what is accepted.
STEP_LENGTH = 1.0
FEATURES, HIDDEN = 2048, 2048
TARGET_LAYERS = (16, 32, 64, 128)
RANGE = 100.0


@dataclass(frozen=True)
class Case:
    """targets: D; candidates climb for each of the images."""

    name: str
    targets: int
    images: int
    candidates: int


CASES = (
    Case("pose, one image", 3, 1, 10),
    Case("pose, a batch", 3, 32, 1),
    Case("age, one image", 1, 1, 10),
    Case("age, a batch", 1, 32, 1),
)


class PaperHead(nn.Module):
    """f(g_x, y) of the paper, y in tenths of its range."""

    def __init__(self, targets: int) -> None:
        super().__init__()
        sizes = (targets, *TARGET_LAYERS)
        self.target = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.joint = nn.Linear(FEATURES + sizes[-1], HIDDEN)
        self.last = nn.Linear(HIDDEN, 1)
        for layer in self.target:
            nn.init.kaiming_normal_(layer.get_parameter("weight"))

    def embedded(self, y: Tensor) -> Tensor:
        """g_y [..., 128]."""
        for layer in self.target:
            y = functional.relu(layer(y))
        return y

    def concatenating(self, features: Tensor, y: Tensor) -> Tensor:
        """features [B, F], y [B, K, D] -> f [B, K]."""
        wide = features[:, None].expand(-1, y.shape[1], -1)
        joint = functional.relu(self.joint(torch.cat([wide, self.embedded(y)], dim=-1)))
        found: Tensor = self.last(joint)[..., 0]
        return found

    def image_part(self, features: Tensor) -> Tensor:
        """W_x g_x + b: [B, 1, h]."""
        return functional.linear(features, self.joint.weight[:, :FEATURES], self.joint.bias)[
            :, None
        ]

    def split(self, image: Tensor, y: Tensor) -> Tensor:
        """The same f from what `image_part` gives."""
        rest = self.embedded(y) @ self.joint.weight[:, FEATURES:].T
        found: Tensor = self.last(functional.relu(image + rest))[..., 0]
        return found


def energy_of(net: PaperHead) -> TargetWeights:
    """The weights for the graph builder."""

    def dense(layer: nn.Module, activation: Any) -> Dense:
        weight, bias = layer.get_parameter("weight"), layer.get_parameter("bias")
        return Dense(weight.numpy(), bias.numpy(), activation)

    targets = net.target[0].get_parameter("weight").shape[1]
    joint = net.joint.weight.numpy()
    return TargetWeights(
        scale=np.full(targets, RANGE / 10, np.float32),
        centre=np.zeros(targets, np.float32),
        target_layers=tuple(dense(layer, "relu") for layer in net.target),
        target_weight=np.ascontiguousarray(joint[:, FEATURES:]),
        bias=net.joint.bias.numpy(),
        activation="relu",
        trunk=(dense(net.last, "none"),),
    )


@dataclass(frozen=True)
class Result:
    """Medians in seconds, share of candidates that agree, nodes of the graph."""

    engine: float
    concatenating: float
    split: float
    agreeing: float
    nodes: int


def inputs(case: Case) -> dict[str, Any]:
    """Random features and starts, from a fixed seed."""
    rng = np.random.default_rng(0)
    shape = (case.images, case.candidates, case.targets)
    return {
        "features": np.abs(rng.normal(0, 1, (case.images, FEATURES))).astype(np.float32),
        "initial": rng.uniform(-RANGE / 2, RANGE / 2, shape).astype(np.float32),
        "step_length": np.full(case.targets, STEP_LENGTH, np.float32),
        "decay": np.asarray(0.5, np.float32),
        "steps": np.asarray(STEPS, np.int64),
    }


def autograd(energy: ebm.EnergyFunction, given: dict[str, Any]) -> Tensor:
    """The trajectory [B, K, T+1, D] in units."""
    start = torch.from_numpy(given["initial"]) / (RANGE / 10)
    path, _ = ebm.refine(energy, start, STEPS, torch.from_numpy(given["step_length"]), 0.5)
    return path * (RANGE / 10)


def seconds(call: Callable[[], Any]) -> float:
    """Wall-clock time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(case: Case, repeats: int, threads: int, folder: Path) -> Result:
    """Interleaved repeats of all three, after one run of each that is checked."""
    torch.manual_seed(0)
    net, given = PaperHead(case.targets).requires_grad_(False), inputs(case)
    graph = target_refine_graph(energy_of(net))
    path = folder / "refine.onnx"
    onnx.save(graph, path)
    engine = OnnxEngine(path, threads=threads)
    features = torch.from_numpy(given["features"])

    def split() -> Tensor:
        image = net.image_part(features)
        return autograd(lambda y: net.split(image, y), given)

    def concatenating() -> Tensor:
        return autograd(lambda y: net.concatenating(features, y), given)

    to_hidden = net.joint.weight[:, :FEATURES].T

    def written_out() -> Any:
        # W_x g_x is part of the `predict` graph; here it counts with the ascent.
        return engine.run({**given, "features": (features @ to_hidden).numpy()})["trajectory"]

    found = written_out()
    moved = np.median(np.abs(found[:, :, -1] - found[:, :, 0]))
    assert moved > 0.001 * RANGE, "nothing climbs"
    apart = np.abs(np.stack([found - each().numpy() for each in (split, concatenating)]))
    agreeing = float((apart.max(axis=(0, 3, 4)) <= AGREEMENT * RANGE).mean())
    calls = (written_out, concatenating, split)
    times = np.array([[seconds(call) for call in calls] for _ in range(repeats)])
    graph_s, concatenating_s, split_s = (float(t) for t in np.median(times, axis=0))
    return Result(graph_s, concatenating_s, split_s, agreeing, node_count(graph))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1, help="of both, each in its own library")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{STEPS} steps, {options.threads} thread(s), medians of milliseconds")
    print(
        "| head | targets | images x candidates | nodes | engine | autograd, concatenating "
        "| times as fast | autograd, split | times as fast | agree |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            r = measure(case, options.repeats, options.threads, Path(folder))
            ratios = r.concatenating / r.engine, r.split / r.engine
            print(
                f"| {case.name} | {case.targets} | {case.images} x {case.candidates} | {r.nodes} "
                f"| {r.engine * 1e3:.2f} | {r.concatenating * 1e3:.1f} | {ratios[0]:.1f} "
                f"| {r.split * 1e3:.1f} | {ratios[1]:.1f} | {r.agreeing:.0%} |",
                flush=True,
            )
            failed |= ratios[0] < WANTED or r.agreeing < AGREEING
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
