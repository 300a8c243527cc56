"""A hundred losses of a camera: a hundred recoveries, to be seen in the metrics.

    python -m benchmarks.serve.losses [--losses 100]

Four cameras over HTTP that are switched off for a moment each, and on again. Ends with 1 where
results don't come within ten seconds of the return, or the metrics count another number.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.serve.cameras import Mjpeg, jpegs_of
from benchmarks.serve.served import Served, serving, until
from edgereg.demo.clip import CLIP

CAMERAS = 4
FPS = 2.0
LONGEST_S = 10.0


def main() -> int:
    """Switch off, on, and wait for results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--losses", type=int, default=100)
    given = parser.parse_args()
    pictures = jpegs_of(CLIP)
    cameras = {f"camera{number}": Mjpeg(pictures, FPS) for number in range(CAMERAS)}
    config = {
        "sources": {
            name: {"source": camera.address, "tasks": ["detection"], "reconnect": 0}
            for name, camera in cameras.items()
        }
    }
    each = given.losses // CAMERAS
    with tempfile.TemporaryDirectory() as scratch, serving(Path(scratch), config) as served:
        until(lambda: set(served.states().values()) == {"running"}, 120, "all cameras")
        took: list[float] = []
        threads = [
            threading.Thread(target=_lose, args=(served, name, camera, each, took))
            for name, camera in cameras.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        recoveries = served.of_sources("edgereg_recoveries_total")
        failures = served.of_sources("edgereg_failures_total")
    print(f"recoveries {recoveries}, failed runs {failures}")
    print(
        f"{len(took)} losses; back after {statistics.median(took):.1f} s (median), "
        f"{max(took):.1f} s (longest)"
    )
    return int(
        len(took) < each * CAMERAS
        or max(took) > LONGEST_S
        or sum(recoveries.values()) != each * CAMERAS
    )


def _lose(served: Served, name: str, camera: Mjpeg, times: int, took: list[float]) -> None:
    dice = random.Random(name)  # noqa: S311 - no secret
    for _ in range(times):
        before = served.of_sources("edgereg_recoveries_total")[name]
        camera.on.clear()
        until(lambda: served.states()[name] == "waiting", 60, f"the loss of {name}")
        time.sleep(dice.uniform(0.0, 5.0))
        camera.on.set()
        took.append(
            until(
                lambda before=before: served.of_sources("edgereg_recoveries_total")[name] > before,
                60,
                f"the return of {name}",
            )
        )


if __name__ == "__main__":
    sys.exit(main())
