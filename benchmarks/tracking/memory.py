"""Memory of the tracker over a long run: it must not grow.

    python benchmarks/tracking/memory.py [--frames 10000]

Two objects move over a picture of 640 x 360, go out of sight and come back. Prints the resident
memory as it goes, and fails where it grows by more than 20 MB after the first tenth.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
import psutil

import edgereg
from edgereg.api import Prompt

LIMIT = 20e6


def pictures(count: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Two patterned discs on their ways; both are hidden for 20 of every 500 frames."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(40, 200, (18, 32, 3)).astype(np.uint8)
    ground = cv2.resize(coarse, (640, 360), interpolation=cv2.INTER_CUBIC)
    for index in range(count):
        image = ground.copy()
        if index % 500 < 480:
            for place, colour in zip(places(index), ((230, 60, 40), (40, 80, 230)), strict=True):
                x, y = (int(value) for value in place)
                cv2.circle(image, (x, y), 30, colour, cv2.FILLED)
                cv2.circle(image, (x - 8, y - 6), 9, (245, 245, 220), cv2.FILLED)
        yield np.asarray(image, np.uint8)


def places(index: int) -> list[tuple[float, float]]:
    """Centres of the discs in frame `index`."""
    return [
        (200 + 120 * np.sin(index / 60), 180 + 80 * np.sin(index / 45)),
        (440 + 120 * np.cos(index / 70), 180 + 80 * np.cos(index / 50)),
    ]


def main() -> None:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=10_000)
    count = parser.parse_args().frames
    prompts = [Prompt((x - 30, y - 30, x + 30, y + 30)) for x, y in places(0)]
    process, began, early = psutil.Process(), time.perf_counter(), 0
    for result in edgereg.stream(pictures(count), tasks="tracking", prompts=prompts, threads=1):
        if result.index % max(1, count // 10) == count // 10 - 1:
            held = process.memory_info().rss
            early = early or held
            pace = (result.index + 1) / (time.perf_counter() - began)
            states = "/".join(result["tracking"].states or ())
            print(
                f"{result.index + 1:6d} frames {held / 1e6:7.1f} MB {pace:5.0f} a second {states}"
            )
    if held - early > LIMIT:
        raise SystemExit(f"memory grew by {(held - early) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
