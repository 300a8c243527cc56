"""Refinement of 10 boxes by 10 steps: the analytic graph in the engine against torch autograd.

    python benchmarks/refine_boxes.py [--rounds 15] [--threads 1]

The same energy (PrRoIPool, dense layers with ReLU), the same weights, features and boxes, and
Algorithm 1 of the EBM paper both times; the trajectories must agree to 1e-5 of a box's size. The
two take turns in blocks of calls, as a video calls them one frame after the other, and the ratio is
that of the medians. Torch spends its time mostly on starting operators, the engine on the matrix
products: their arithmetic per call, and how much of it the engine does in a second, is printed
beside, because the ratio falls as the sizes grow. Ends with 1 where the trajectories disagree.
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
from edgereg_exporters.graphs.box_graphs import box_refine_graph
from edgereg_exporters.graphs.writer import node_count
from edgereg_exporters.models.box_energy import refine_reference
from edgereg_training.detection.energy import BoxEnergyNet

from edgereg.engines.onnx import OnnxEngine

AGREEMENT = 1e-5
BOXES, STEPS = 10, 10
ENGINE_CALLS, TORCH_CALLS = 20, 4


@dataclass(frozen=True)
class Case:
    """Sizes of one energy: features [channels, height, width], pool x pool bins, hidden layers."""

    name: str
    channels: int
    height: int
    width: int
    pool: int
    hidden: tuple[int, ...]

    @property
    def flops(self) -> int:
        """Multiplications and additions of the matrix products of one call."""
        bins, cells = BOXES * self.pool, self.height * self.width
        along_x = along_y = 2 * bins * cells * self.channels
        pooled = 2 * bins * self.pool * self.channels
        widths = (self.pool**2 * self.channels, *self.hidden, 1)
        dense = 2 * BOXES * sum(a * b for a, b in pairwise(widths))
        forward = along_x + pooled * self.height + dense
        backward = along_y + pooled * (self.height + self.width) + dense
        return (STEPS + 1) * forward + STEPS * backward


HEADS = (96, 64)
CASES = (
    Case("half the channels", 16, 18, 18, 3, HEADS),
    Case("half the channels", 16, 18, 18, 5, HEADS),
    Case("heads' layers, tracker's crop", 32, 18, 18, 3, HEADS),
    Case("heads' layers, tracker's crop", 32, 18, 18, 5, HEADS),
    Case("twice the channels", 64, 18, 18, 3, HEADS),
    Case("twice the channels", 64, 18, 18, 5, HEADS),
    Case("wider layers too", 64, 18, 18, 3, (128, 128)),
    Case("wider layers too", 64, 18, 18, 5, (128, 128)),
    Case("bundled head model, whole frame", 32, 32, 52, 5, HEADS),
)


@dataclass(frozen=True)
class Result:
    """Medians in seconds, largest difference in sizes of a box, nodes of the graph."""

    engine: float
    torch: float
    difference: float
    nodes: int

    @property
    def ratio(self) -> float:
        """How many times as fast the engine is."""
        return self.torch / self.engine


def inputs(case: Case) -> dict[str, Any]:
    """Random features, and boxes of 24 to 110 pixels on them, from a fixed seed."""
    rng = np.random.default_rng(0)
    extent = np.array([case.width, case.height]) * 8
    size = np.minimum(rng.uniform(24, 110, (1, BOXES, 2)), 0.8 * extent)
    corner = rng.uniform(0, 1, (1, BOXES, 2)) * (extent - size)
    features = rng.normal(0, 1, (1, case.channels, case.height, case.width))
    return {
        "features": features.astype(np.float32),
        "initial": np.concatenate([corner, corner + size], axis=2).astype(np.float32),
        "step_length": np.array([1e-3, 1e-3, 4e-3, 4e-3], np.float32),
        "decay": np.asarray(0.5, np.float32),
        "steps": np.asarray(STEPS, np.int64),
    }


def energy_net(case: Case) -> BoxEnergyNet:
    """An energy with random weights that change it by about 1 over a box."""
    torch.manual_seed(0)
    net = BoxEnergyNet(case.channels, case.pool, case.hidden)
    torch.nn.init.normal_(net.layers[-1].get_parameter("weight"), std=0.2)
    return net.requires_grad_(False)


def block(call: Callable[[], Any], calls: int) -> list[float]:
    """Seconds of each of some calls in a row, after one that is not counted."""
    call()
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times


def measure(case: Case, rounds: int, threads: int, folder: Path) -> Result:
    """Both in turns, after one run of each that is checked."""
    net, given = energy_net(case), inputs(case)
    graph = box_refine_graph(net.weights())
    path = folder / "refine.onnx"
    onnx.save(graph, path)
    engine = OnnxEngine(path, threads=threads)
    found, wanted = engine.run(given), refine_reference(net, given)
    corners = given["initial"]
    size = np.tile(corners[..., 2:] - corners[..., :2], 2)[:, :, None]
    difference = float((np.abs(found["trajectory"] - wanted["trajectory"]) / size).max())
    by_engine: list[float] = []
    by_torch: list[float] = []
    for _ in range(rounds):
        by_engine += block(lambda: engine.run(given), ENGINE_CALLS)
        by_torch += block(lambda: refine_reference(net, given), TORCH_CALLS)
    medians = float(np.median(by_engine)), float(np.median(by_torch))
    return Result(*medians, difference, node_count(graph))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1, help="of both, each in its own library")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{BOXES} boxes, {STEPS} steps, {options.threads} thread(s), medians of milliseconds")
    print(
        "| energy | features | bins | nodes | MFLOP | engine | GFLOP/s | torch autograd "
        "| times as fast | differ by |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            r = measure(case, options.rounds, options.threads, Path(folder))
            shape = f"{case.channels} x {case.height} x {case.width}"
            print(
                f"| {case.name} | {shape} | {case.pool} x {case.pool} | {r.nodes} "
                f"| {case.flops / 1e6:.0f} | {r.engine * 1e3:.2f} "
                f"| {case.flops / r.engine / 1e9:.0f} | {r.torch * 1e3:.2f} | {r.ratio:.1f} "
                f"| {r.difference:.0e} |",
                flush=True,
            )
            failed |= not r.difference <= AGREEMENT
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
