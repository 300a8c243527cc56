"""One thread or two for each graph of the bundled models: milliseconds a run, taken in turns.

    python benchmarks/threads.py [--runs 100] [--rounds 7]

The sessions are the product's own (threads that do not spin while they wait), the inputs those
that an engine is proven with: a noisy image, and for the other graphs what `predict` finds in it,
10 candidates climbing as many steps as the model says, and 1024 points of density. Runs with one
and with two threads alternate, so that a busy neighbour costs both alike: the ratio is what counts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from edgereg.engines.onnx import OnnxEngine
from edgereg.engines.probe import probe_of
from edgereg.models.folder import ModelFolder, load_model
from edgereg.plugins import load_plugins

WARM_UP = 3


def times(calls: Sequence[Callable[[], object]], runs: int, rounds: int) -> list[list[float]]:
    """Milliseconds of each run of each call, `rounds` turns of `runs` runs."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, kept in zip(calls, taken, strict=True):
            for run in range(runs + WARM_UP):
                start = time.perf_counter()
                call()
                if run >= WARM_UP:
                    kept.append(1000 * (time.perf_counter() - start))
    return taken


def on(path: Path, threads: int, model: ModelFolder) -> Callable[[], object]:
    """One run of a graph with so many threads."""
    engine, inputs = OnnxEngine(path, threads=threads), probe_of(path)
    if model.spec.refinement is not None and "steps" in inputs:
        inputs["steps"] = np.asarray(model.spec.refinement.steps, np.int64)
    return lambda: engine.run(inputs)


def main() -> None:
    """Print one row for each graph."""
    parser = argparse.ArgumentParser(description="One thread or two for each graph.")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print("| graph | one thread: least, median | two threads: least, median | two / one |")
    print("|---|---|---|---|")
    for task in load_plugins().tasks().values():
        if task.model is None:
            continue
        model = load_model(task.model)
        for graph in model.spec.graphs:
            path = model.graph_path(graph)
            calls = [on(path, threads, model) for threads in (1, 2)]
            one, two = times(calls, options.runs, options.rounds)
            cells = [f"{min(kept):.2f}, {statistics.median(kept):.2f}" for kept in (one, two)]
            ratio = statistics.median(two) / statistics.median(one)
            print(f"| {model.spec.name}/{graph} | {cells[0]} | {cells[1]} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
