"""Eight cameras and one of the same frames, in turns: results a second together, against one.

    python -m benchmarks.serve.together [--turns 12] [--seconds 10]

The cameras of `soak`, none of which dies, and one source of the same frames at eight times the
rate, in one process; each turn starts the ones and stops the others, so that whatever else the
machine does falls on both alike. Ends with 1 where eight together make less than 0.95 of one.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from benchmarks.serve.cameras import Mjpeg, jpegs_of, remade
from benchmarks.serve.served import Served, serving, until
from benchmarks.serve.soak import FPS, eight, streamed
from edgereg.demo.clip import CLIP

TOGETHER = 0.95
SETTLING_S = 2.0


def main() -> int:
    """Make the cameras, take turns, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        fast = remade(CLIP, folder / "fast.mp4", 8 * FPS, "-c:v", "libx264", "-preset", "veryfast")
        hls = streamed(folder)
        many = eight(folder, hls, Mjpeg(jpegs_of(CLIP), FPS))
        one = {"one": {"source": str(fast), "loop": True}}
        try:
            with serving(folder, {"sources": {**one, **many}}) as served:
                return _in_turns(served, set(many), given.turns, given.seconds)
        finally:
            hls.close()


def _in_turns(served: Served, many: set[str], turns: int, seconds: float) -> int:
    ratios, costs = [], []
    for _ in range(turns):
        together, cost_together = _turn(served, many, seconds)
        alone, cost_alone = _turn(served, {"one"}, seconds)
        ratios.append(together / alone)
        costs.append((cost_together, cost_alone))
        print(
            f"results a second: eight {together:.2f}, one {alone:.2f}; processor time of each: "
            f"{1000 * cost_together:.1f} and {1000 * cost_alone:.1f} ms",
            flush=True,
        )
    of_eight, of_one = map(statistics.median, zip(*costs, strict=True))
    print(f"processor time of a result: eight {1000 * of_eight:.1f}, one {1000 * of_one:.1f} ms")
    ratio = statistics.median(ratios)
    low, high = statistics.quantiles(ratios, n=4)[::2] if len(ratios) > 1 else (ratio, ratio)
    print(f"eight / one: {ratio:.3f} (median of {turns} turns; quartiles {low:.3f}, {high:.3f})")
    return int(ratio < TOGETHER)


def _turn(served: Served, wanted: set[str], seconds: float) -> tuple[float, float]:
    """Results a second of these sources alone, and the seconds of a core for each."""
    states = served.states()
    for name in set(states) - wanted:
        _tell(served, name, "stop")
    for name in wanted:
        _tell(served, name, "start")
    until(lambda: {served.states()[name] for name in wanted} == {"running"}, 60, "a turn")
    time.sleep(SETTLING_S)
    process = psutil.Process(served.process.pid)
    before, spent, began = _frames(served, wanted), process.cpu_times(), time.monotonic()
    time.sleep(seconds)
    frames, times = _frames(served, wanted) - before, process.cpu_times()
    took = time.monotonic() - began
    return frames / took, (times.user + times.system - spent.user - spent.system) / frames


def _frames(served: Served, wanted: set[str]) -> float:
    counted: dict[str, Any] = served.of_sources("edgereg_frames_total")
    return float(sum(counted[name] for name in wanted))


def _tell(served: Served, name: str, what: str) -> None:
    request = urllib.request.Request(  # noqa: S310
        f"{served.address}sources/{name}/{what}", b"{}", {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310
        pass


if __name__ == "__main__":
    sys.exit(main())
