"""How many labelled heads a second one core renders: 64 px, 2x supersampling, shadows, effects.

    python benchmarks/render_heads.py [--assets FOLDER] [--size 64] [--count 1500]

People are built beforehand (their time is printed apart); background, light, occluders, camera
faults and labels are within the measured time. Without --assets the stand-in head is rendered.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from edgereg_training.render.background import background_pool
from edgereg_training.render.cast import Cast
from edgereg_training.render.distributions import sampler
from edgereg_training.render.heads import render_head

PEOPLE = 24
WARM_UP = 50


def main() -> None:
    """Print seconds a person and images a second, by the wall clock and by processor time."""
    parser = argparse.ArgumentParser(description="Speed of the head renderer on one core.")
    parser.add_argument("--assets", type=Path, default=None)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--count", type=int, default=1500)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    cast = Cast(options.assets, None)
    _ = cast[0]  # reads the assets and compiles
    start = time.perf_counter()
    people = [cast[number] for number in range(1, PEOPLE + 1)]
    print(f"one person built in {(time.perf_counter() - start) / PEOPLE:.3f} s")
    rng = np.random.default_rng(0)
    poses = sampler("uniform")(rng, options.count + WARM_UP)
    pool = background_pool(0)
    wall, processor = 0.0, 0.0
    for i, pose in enumerate(poses):
        if i == WARM_UP:
            wall, processor = time.perf_counter(), time.process_time()
        yaw, pitch, roll = (float(angle) for angle in pose)
        render_head(people[i % PEOPLE], (yaw, pitch, roll), rng, options.size, pool)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(
        f"{options.count} heads of {options.size} px: {options.count / wall:.0f} a second "
        f"by the wall clock, {options.count / processor:.0f} by processor time"
    )


if __name__ == "__main__":
    main()
