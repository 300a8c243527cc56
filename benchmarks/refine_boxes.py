"""Refinement of 10 boxes by 10 steps: the analytic graph in the engine against torch autograd.

    python benchmarks/refine_boxes.py [--repeats 30] [--threads 1]

The same energy (PrRoIPool, dense layers with ReLU), the same weights, features and boxes, and
Algorithm 1 of the EBM paper both times; the trajectories must agree to 1e-5 of a box's size.
Runs are interleaved, and the ratio is that of the medians. Ends with 1 where they disagree, or
where the engine is less than 5 times as fast at the sizes of the bundled head model.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from edgereg_exporters.detection_adapter import box_energy, refine_reference
from edgereg_exporters.graph_writer import node_count
from edgereg_exporters.graphs import refine_graph
from edgereg_training.detection.energy import BoxEnergyNet

from edgereg.engines.onnx import OnnxEngine

WANTED = 5.0
AGREEMENT = 1e-5
BOXES, STEPS = 10, 10


@dataclass(frozen=True)
class Case:
    """Sizes of one energy: features [channels, height, width], pool x pool bins, hidden layers."""

    name: str
    channels: int
    height: int
    width: int
    pool: int
    hidden: tuple[int, ...]


BUNDLED = Case("bundled head model", 32, 32, 52, 5, (96, 64))
CASES = (
    BUNDLED,
    Case("tracker's crop, 3 x 3", 64, 18, 18, 3, (128, 128)),
    Case("tracker's crop, 5 x 5", 64, 18, 18, 5, (128, 128)),
    Case("wide map, 3 x 3", 64, 40, 40, 3, (128, 128)),
    Case("wide map, 5 x 5", 64, 40, 40, 5, (128, 128)),
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


def seconds(call: Callable[[], Any]) -> float:
    """Wall-clock time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(case: Case, repeats: int, threads: int, folder: Path) -> Result:
    """Interleaved repeats of both, after one run of each that is checked."""
    net, given = energy_net(case), inputs(case)
    graph = refine_graph(box_energy(net))
    path = folder / "refine.onnx"
    onnx.save(graph, path)
    engine = OnnxEngine(path, threads=threads)
    found, wanted = engine.run(given), refine_reference(net, given)
    corners = given["initial"]
    size = np.tile(corners[..., 2:] - corners[..., :2], 2)[:, :, None]
    difference = float((np.abs(found["trajectory"] - wanted["trajectory"]) / size).max())
    times = np.array(
        [
            (seconds(lambda: engine.run(given)), seconds(lambda: refine_reference(net, given)))
            for _ in range(repeats)
        ]
    )
    medians = np.median(times, axis=0)
    return Result(medians[0], medians[1], difference, node_count(graph))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1, help="of both, each in its own library")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{BOXES} boxes, {STEPS} steps, {options.threads} thread(s), medians of milliseconds")
    print(
        "| energy | features | bins | nodes | engine | torch autograd | times as fast | differ by |"
    )
    print("|---|---|---|---|---|---|---|---|")
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            r = measure(case, options.repeats, options.threads, Path(folder))
            shape = f"{case.channels} x {case.height} x {case.width}"
            print(
                f"| {case.name} | {shape} | {case.pool} x {case.pool} | {r.nodes} "
                f"| {r.engine * 1e3:.2f} | {r.torch * 1e3:.2f} | {r.ratio:.1f} "
                f"| {r.difference:.0e} |",
                flush=True,
            )
            slow = case == BUNDLED and r.ratio < WANTED
            failed |= slow or not r.difference <= AGREEMENT
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
