"""Frames of several sources in one run of a model, or one after the other: which is faster.

    python -m benchmarks.serve.batches [--rounds 20] [--engine cpu]

Milliseconds a frame (or crop) of the bundled models' `predict`, for 1 to 8 images in one run, in
turns; least and median. Sources that share a model take turns in `edgereg serve`: gathering frames
would pay where a run of many costs clearly less for each.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

import numpy as np

from edgereg.assembly import Choice, load
from edgereg.core.errors import EdgeregError
from edgereg.engines.base import Engine
from edgereg.pipeline.loading import LoadedRegionTask
from edgereg.plugins import load_plugins

SIZES = (1, 2, 4, 8)
# What `predict` looks at: a frame of 640 x 360 at the detector's size, and a crop.
SHAPES = {"detection": (288, 480), "headpose": (96, 96)}


def main() -> int:
    """Measure both models."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--engine", default="cpu")
    parser.add_argument("--threads", type=int, default=None)
    given = parser.parse_args()
    choice = Choice(tasks=("headpose",), engine=given.engine, threads=given.threads)
    for task in load(load_plugins(), choice):
        if isinstance(task, LoadedRegionTask):
            _measure(task.name, task.predict, given.rounds)
    return 0


def _measure(name: str, engine: Engine, rounds: int) -> None:
    dice = np.random.default_rng(0)
    times: dict[int, list[float]] = {size: [] for size in SIZES}
    images = dice.integers(0, 255, (max(SIZES), *SHAPES[name], 3), np.uint8)
    for turn in range(rounds + 1):
        for size in SIZES:
            began = time.perf_counter()
            try:
                engine.run({engine.inputs[0]: images[:size]})
            except EdgeregError as error:
                if turn == 0:
                    print(f"{name}, {size} at once: {error}")
                continue
            if turn:  # the first is for warming up
                times[size].append(1000 * (time.perf_counter() - began) / size)
    for size, each in times.items():
        if each:
            print(
                f"{name}, {size} at once: {min(each):.2f} ms each, median "
                f"{statistics.median(each):.2f}, {min(each) / min(times[1]):.2f} of one"
            )


if __name__ == "__main__":
    sys.exit(main())
